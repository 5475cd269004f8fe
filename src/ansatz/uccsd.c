/* Disentangled unitary coupled cluster with singles and doubles: a product of
 * exp(t (tau - tau^+)) in a fixed order (Evangelista, Chan, Scuseria, J. Chem.
 * Phys. 151, 244112 (2019) for the form).
 *
 * Order within one repetition: singles (i outer, a inner), same-spin doubles
 * (i < j outer, a < b inner), alpha-beta doubles (i, a, j, b with ia >= jb,
 * ia = i * nv + a). Closed shells: every factor is followed at once by its
 * spin partner or mirror, with the same parameter. Open shells: all factors
 * are independent; alpha before beta. */
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_build.h"
#include "ansatz/lucj.h"
#include "base/error_message.h"
#include "base/memory.h"

bool vqe_ansatz_allowed(const struct vqe_ansatz_options *options, int p, int r,
                        int q, int s)
{
  const uint8_t *irrep = options->irrep;
  if (options->nirrep == 1 || irrep == NULL) {
    return true;
  }
  int product = irrep[p] ^ irrep[r];
  if (q >= 0) {
    product ^= irrep[q] ^ irrep[s];
  }
  return product == 0;
}

int vqe_ansatz_add_excitation(struct vqe_ansatz_builder *builder, int param,
                              int spin1, int i, int a, int spin2, int j, int b)
{
  int norb = builder->ansatz->norb;
  struct vqe_gate gate = {
      VQE_GATE_SINGLE, {i + spin1 * norb, a + spin1 * norb, 0, 0}, param, 1.0};
  if (j >= 0) {
    gate.kind = VQE_GATE_DOUBLE;
    gate.q[2] = j + spin2 * norb;
    gate.q[3] = b + spin2 * norb;
  }
  return vqe_ansatz_add(builder, &gate);
}

static int add_singles(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  bool restricted = options->restricted;
  int status = VQE_OK;
  for (int spin = 0; spin < (restricted ? 1 : 2); spin++) {
    int occupied = spin == 0 ? ansatz->nalpha : ansatz->nbeta;
    for (int i = 0; i < occupied; i++) {
      for (int a = occupied; a < ansatz->norb; a++) {
        if (!vqe_ansatz_allowed(options, i, a, -1, -1)) {
          continue;
        }
        int param = ansatz->nparam++;
        status =
            vqe_ansatz_add_excitation(builder, param, spin, i, a, 0, -1, -1);
        if (status == VQE_OK && restricted) {
          status =
              vqe_ansatz_add_excitation(builder, param, 1, i, a, 0, -1, -1);
        }
        if (status != VQE_OK) {
          return status;
        }
      }
    }
  }
  return status;
}

static int add_same_spin(struct vqe_ansatz_builder *builder,
                         const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  bool restricted = options->restricted;
  int status = VQE_OK;
  for (int spin = 0; spin < (restricted ? 1 : 2); spin++) {
    int occupied = spin == 0 ? ansatz->nalpha : ansatz->nbeta;
    for (int i = 0; i < occupied; i++) {
      for (int j = i + 1; j < occupied; j++) {
        for (int a = occupied; a < ansatz->norb; a++) {
          for (int b = a + 1; b < ansatz->norb; b++) {
            if (!vqe_ansatz_allowed(options, i, a, j, b)) {
              continue;
            }
            int param = ansatz->nparam++;
            status = vqe_ansatz_add_excitation(builder, param, spin, i, a,
                                               spin, j, b);
            if (status == VQE_OK && restricted) {
              status =
                  vqe_ansatz_add_excitation(builder, param, 1, i, a, 1, j, b);
            }
            if (status != VQE_OK) {
              return status;
            }
          }
        }
      }
    }
  }
  return status;
}

static int add_opposite_spin(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int na = ansatz->nalpha;
  int nb = ansatz->nbeta;
  int nv = norb - na;
  bool restricted = options->restricted;
  int status = VQE_OK;
  for (int i = 0; i < na; i++) {
    for (int a = na; a < norb; a++) {
      for (int j = 0; j < nb; j++) {
        for (int b = nb; b < norb; b++) {
          int ia = i * nv + (a - na);
          int jb = j * nv + (b - nb);
          if ((restricted && ia < jb) ||
              !vqe_ansatz_allowed(options, i, a, j, b)) {
            continue;
          }
          int param = ansatz->nparam++;
          status = vqe_ansatz_add_excitation(builder, param, 0, i, a, 1, j, b);
          if (status == VQE_OK && restricted && ia != jb) {
            status =
                vqe_ansatz_add_excitation(builder, param, 0, j, b, 1, i, a);
          }
          if (status != VQE_OK) {
            return status;
          }
        }
      }
    }
  }
  return status;
}

int vqe_ansatz_build_uccsd_factors(struct vqe_ansatz_builder *builder,
                                   const struct vqe_ansatz_options *options)
{
  if (options->restricted && options->nalpha != options->nbeta) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "shared UCCSD amplitudes need a closed shell, not "
                         "%d alpha and %d beta electrons",
                         options->nalpha, options->nbeta);
  }
  int status = add_singles(builder, options);
  if (status == VQE_OK) {
    status = add_same_spin(builder, options);
  }
  if (status == VQE_OK) {
    status = add_opposite_spin(builder, options);
  }
  return status;
}

int vqe_ansatz_build_uccsd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options)
{
  int status = vqe_ansatz_build_hf_state(builder);
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = vqe_ansatz_build_uccsd_factors(builder, options);
  }
  return status;
}

int vqe_ansatz_mp2_parameters(double *out, const struct vqe_ansatz *ansatz,
                              const double *eri,
                              const double *orbital_energies)
{
  size_t norb = (size_t)ansatz->norb;
  size_t npair = norb * (norb + 1) / 2;
  size_t occupied = (size_t)ansatz->nalpha;
  if (!vqe_ansatz_has_mp2(ansatz->name)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "MP2 amplitudes do not start %s; use init 'hf' or "
                         "'random'",
                         ansatz->name);
  }
  if (ansatz->nalpha != ansatz->nbeta) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "MP2 amplitudes need a closed shell; use init "
                         "'hf'");
  }
  if (strcmp(ansatz->name, "LUCJ") == 0) {
    return vqe_lucj_mp2_parameters(out, ansatz, eri, orbital_energies);
  }
  for (int k = 0; k < ansatz->nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind != VQE_GATE_DOUBLE) {
      continue;
    }
    size_t i = (size_t)gate->q[0] % norb;
    size_t a = (size_t)gate->q[1] % norb;
    size_t j = (size_t)gate->q[2] % norb;
    size_t b = (size_t)gate->q[3] % norb;
    if (i >= occupied || a < occupied || j >= occupied || b < occupied) {
      continue; /* a generalised excitation */
    }
    bool same = (size_t)gate->q[0] / norb == (size_t)gate->q[2] / norb;
    /* a > i, b > j: the packed pair is a(a+1)/2 + i */
    double direct = eri[(a * (a + 1) / 2 + i) * npair + b * (b + 1) / 2 + j];
    double exchange = eri[(b * (b + 1) / 2 + i) * npair + a * (a + 1) / 2 + j];
    double gap = orbital_energies[i] + orbital_energies[j] -
                 orbital_energies[a] - orbital_energies[b];
    if (gap > -1e-8) {
      return vqe_error_set(VQE_ERR_NUMERIC,
                           "MP2 amplitudes diverge: occupied and virtual "
                           "orbital energies coincide; use init 'hf'");
    }
    double amplitude = (same ? direct - exchange : direct) / gap;
    out[gate->param] = amplitude / ansatz->reps / gate->scale;
  }
  return VQE_OK;
}
