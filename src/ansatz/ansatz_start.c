/* Initial parameters: the Hartree-Fock state, and first-order amplitudes. */
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "ansatz/ansatz_start.h"
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

/* Orbital, spin and place of one electron's move; false where it does not lead
 * from an occupied to a virtual orbital. */
struct move {
  int spin;
  size_t at;    /* i * nv + a */
  size_t count; /* no * nv */
};

static bool read_move(struct move *out, const struct vqe_ansatz *ansatz,
                      const int q[2])
{
  int norb = ansatz->norb;
  out->spin = q[0] / norb;
  int no = out->spin == 0 ? ansatz->nalpha : ansatz->nbeta;
  int i = q[0] % norb;
  int a = q[1] % norb;
  out->count = (size_t)no * (size_t)(norb - no);
  out->at = (size_t)i * (size_t)(norb - no) + (size_t)(a - no);
  return i < no && a >= no;
}

/* False where the gate is no excitation from occupied orbitals. */
static bool find_amplitude(double *out, const struct vqe_ansatz *ansatz,
                           const struct vqe_gate *gate,
                           const struct vqe_ansatz_amplitudes *amplitudes)
{
  struct move first;
  struct move second;
  if (gate->kind == VQE_GATE_SINGLE) {
    bool found = read_move(&first, ansatz, gate->q);
    *out = found ? amplitudes->single[first.spin][first.at] : 0.0;
    return found;
  }
  if (gate->kind != VQE_GATE_DOUBLE || !read_move(&first, ansatz, gate->q) ||
      !read_move(&second, ansatz, gate->q + 2)) {
    return false;
  }
  if (first.spin > second.spin) {
    struct move kept = first;
    first = second;
    second = kept;
  }
  int kind = first.spin != second.spin ? 2 : first.spin;
  *out = amplitudes->pair[kind][first.at * second.count + second.at];
  return true;
}

int vqe_ansatz_open_parameters(double *out, const struct vqe_ansatz *ansatz,
                               const struct vqe_ansatz_amplitudes *amplitudes)
{
  int param = -1;
  int shared = 0; /* excitations of `param` until now */
  if (!vqe_ansatz_takes_mp2(ansatz->name, true)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "MP2 amplitudes of an open shell do not start %s; "
                         "use init 'hf' or 'random'",
                         ansatz->name);
  }
  for (int k = 0; k < ansatz->nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    double amplitude;
    if (!find_amplitude(&amplitude, ansatz, gate, amplitudes)) {
      continue;
    }
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
