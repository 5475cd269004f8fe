/* Initial parameters: the Hartree-Fock state, and first-order amplitudes. */
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "ansatz/lucj.h"
#include "base/error_message.h"
#include "base/missing.h"
#include "vqe/ansatz.h"

#define PI 3.14159265358979323846
#define MIN_GAP 1e-8 /* hartree */

void vqe_ansatz_hf_parameters(double *out, const struct vqe_ansatz *ansatz)
{
  if (out == NULL || ansatz == NULL) {
    return;
  }
  for (int k = 0; k < ansatz->nparam; k++) {
    out[k] = 0.0;
  }
  /* circuits without a state in front: the last RY layer flips */
  bool flips = vqe_ansatz_kind(ansatz->name)->ry;
  int seen = 0;
  for (size_t k = ansatz->ngate; flips && k-- > 0 && seen < ansatz->nqubit;) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind == VQE_GATE_RY) {
      int orbital = gate->q[0] % ansatz->norb;
      bool beta = gate->q[0] >= ansatz->norb;
      if (orbital < (beta ? ansatz->nbeta : ansatz->nalpha)) {
        out[gate->param] = PI;
      }
      seen++;
    }
  }
}

/* Amplitude / reps of every double that leaves occupied orbitals; of UCCSD
 * and its kin and of k-UpCCGSD. Doubles that share a parameter follow each
 * other: their mean, where they are not those of two spins but a singlet
 * pair. */
static int doubles_parameters(double *out, const struct vqe_ansatz *ansatz,
                              const double *eri,
                              const double *orbital_energies)
{
  size_t norb = (size_t)ansatz->norb;
  size_t npair = norb * (norb + 1) / 2;
  size_t occupied = (size_t)ansatz->nalpha;
  int param = -1;
  int shared = 0; /* doubles of `param` until now */
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
    if (gap > -MIN_GAP) {
      return vqe_error_set(VQE_ERR_NUMERIC,
                           "MP2 amplitudes diverge: occupied and virtual "
                           "orbital energies coincide; use init 'hf'");
    }
    double amplitude = (same ? direct - exchange : direct) / gap;
    shared = gate->param == param ? shared + 1 : 1;
    param = gate->param;
    amplitude = amplitude / ansatz->reps / gate->scale;
    out[param] += (amplitude - out[param]) / shared;
  }
  return VQE_OK;
}

int vqe_ansatz_mp2_parameters(double *out, const struct vqe_ansatz *ansatz,
                              const double *eri,
                              const double *orbital_energies)
{
  int missing = vqe_missing(__func__, "out ansatz eri orbital_energies", out,
                            ansatz, eri, orbital_energies);
  if (missing != VQE_OK) {
    return missing;
  }
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
  return doubles_parameters(out, ansatz, eri, orbital_energies);
}
