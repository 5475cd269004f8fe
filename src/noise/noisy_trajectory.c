#include "noise/noisy_trajectory.h"

#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "operators/qubits.h"

/* ---- gates ---- */

static void apply_single(double complex *state, size_t size, int q,
                         const double complex u[4])
{
  size_t bit = (size_t)1 << q;
  for (size_t high = 0; high < size; high += 2 * bit) {
    for (size_t b = high; b < high + bit; b++) {
      double complex low = state[b];
      double complex up = state[b | bit];
      state[b] = u[0] * low + u[1] * up;
      state[b | bit] = u[2] * low + u[3] * up;
    }
  }
}

/* CX, CZ, CP: they act where the first qubit is 1. */
static void apply_pair(double complex *state, size_t size,
                       const struct vqe_noisy_gate *gate)
{
  size_t control = (size_t)1 << gate->q[0];
  size_t target = (size_t)1 << gate->q[1];
  double complex turn = cos(gate->angle) + I * sin(gate->angle);
  turn = gate->kind == VQE_PROGRAM_CZ ? -1.0 : turn;
  for (size_t b = 0; b < size; b++) {
    if ((b & control) == 0 || (b & target) == 0) {
      continue;
    }
    if (gate->kind == VQE_PROGRAM_CX) {
      double complex other = state[b ^ target];
      state[b ^ target] = state[b];
      state[b] = other;
    } else {
      state[b] *= turn;
    }
  }
}

/* ---- noise ---- */

/* The letter `digit` (bit 0 X, bit 1 Z) on a qubit, up to a phase. */
static void apply_letter(double complex *state, size_t size, int q, int digit)
{
  static const double complex letters[4][4] = {{1.0, 0.0, 0.0, 1.0},
                                               {0.0, 1.0, 1.0, 0.0},
                                               {1.0, 0.0, 0.0, -1.0},
                                               {0.0, -1.0, 1.0, 0.0}};
  if (digit != 0) {
    apply_single(state, size, q, letters[digit]);
  }
}

static double norm_of(const double complex *state, size_t size, size_t bit)
{
  double sum = 0.0;
  for (size_t b = 0; b < size; b++) {
    double re = creal(state[b]);
    double im = cimag(state[b]);
    sum += (b & bit) == bit ? re * re + im * im : 0.0;
  }
  return sum;
}

/* Loss of phase by Z, then of energy by a jump from 1 to 0 or, as it does not
 * come, by less weight of 1. The norm is left as it becomes: it is asked for
 * where a jump may come only. */
static void relax(double complex *state, size_t size, int q, double f1,
                  double f2, struct vqe_philox *rng)
{
  size_t bit = (size_t)1 << q;
  double flip = (1.0 - f2 / sqrt(f1)) / 2.0;
  double lost = 1.0 - f1;
  double draw;
  if (flip > 0.0 && vqe_philox_uniform(rng) < flip) {
    apply_letter(state, size, q, 2);
  }
  if (lost <= 0.0) {
    return;
  }
  draw = vqe_philox_uniform(rng);
  bool jumps = draw < lost && draw * norm_of(state, size, 0) <
                                  lost * norm_of(state, size, bit);
  double keep = sqrt(f1);
  for (size_t b = 0; b < size; b++) {
    if ((b & bit) == 0) {
      continue;
    }
    if (jumps) {
      state[b ^ bit] = state[b];
      state[b] = 0.0;
    } else {
      state[b] *= keep;
    }
  }
}

static void disturb(double complex *state, size_t size,
                    const struct vqe_noisy_gate *gate,
                    const struct vqe_noisy_effect *effect,
                    struct vqe_philox *rng)
{
  if (effect->p > 0.0 && vqe_philox_uniform(rng) < effect->p) {
    uint32_t letters = vqe_philox_next(rng) >> 28;
    for (int k = 0; k < gate->count; k++) {
      apply_letter(state, size, gate->q[k], (int)(letters >> 2 * k & 3));
    }
  }
  for (int k = 0; k < gate->count; k++) {
    if (effect->f1[k] < 1.0 || effect->f2[k] < 1.0) {
      relax(state, size, gate->q[k], effect->f1[k], effect->f2[k], rng);
    }
  }
}

int vqe_noisy_trajectory_run(double complex *state,
                             const struct vqe_noisy_circuit *circuit,
                             const struct vqe_noisy_model *model, double scale,
                             struct vqe_philox *rng, bool (*stop)(void *),
                             void *ctx)
{
  size_t size = (size_t)1 << circuit->program->nqubit;
  size_t count = vqe_noisy_circuit_count(circuit);
  memset(state, 0, size * sizeof *state);
  state[0] = 1.0;
  for (size_t k = 0; k < count; k++) {
    struct vqe_noisy_gate gate;
    struct vqe_noisy_effect effect;
    double complex u[16];
    if (stop != NULL && stop(ctx)) {
      return vqe_error_set(VQE_ERR_INTERRUPTED, "interrupted");
    }
    vqe_noisy_circuit_gate(&gate, circuit, k);
    if (gate.kind == VQE_PROGRAM_NONE) {
      continue;
    }
    if (gate.count == 1) {
      vqe_noisy_gate_unitary(u, &gate);
      apply_single(state, size, gate.q[0], u);
    } else {
      apply_pair(state, size, &gate);
    }
    if (model != NULL) {
      vqe_noisy_gate_effect(&effect, &gate, model, scale);
      disturb(state, size, &gate, &effect, rng);
    }
  }
  double scale_back = 1.0 / sqrt(norm_of(state, size, 0));
  for (size_t b = 0; b < size; b++) {
    state[b] *= scale_back;
  }
  return VQE_OK;
}

/* ---- the energy ---- */

void vqe_noisy_trajectory_transform(double complex *values, size_t size)
{
  for (size_t half = 1; half < size; half *= 2) {
    for (size_t high = 0; high < size; high += 2 * half) {
      for (size_t b = high; b < high + half; b++) {
        double complex low = values[b];
        values[b] = low + values[b + half];
        values[b + half] = low - values[b + half];
      }
    }
  }
}

double vqe_noisy_trajectory_energy(const double complex *state,
                                   double complex *work,
                                   const struct vqe_pauli_sum *sum)
{
  size_t size = (size_t)1 << sum->nqubit;
  double energy = 0.0;
  for (size_t k = 0; k < sum->nterm;) {
    uint64_t x = vqe_qubits_word(sum->x[k]);
    for (size_t b = 0; b < size; b++) {
      work[b] = conj(state[b ^ x]) * state[b];
    }
    vqe_noisy_trajectory_transform(work, size);
    for (; k < sum->nterm && sum->x[k] == x; k++) {
      uint64_t z = vqe_qubits_word(sum->z[k]);
      double complex value = work[z];
      int power = __builtin_popcountll(x & z) % 4;
      double real = power % 2 == 0 ? creal(value) : -cimag(value);
      energy += power < 2 ? sum->coeff[k] * real : -sum->coeff[k] * real;
    }
  }
  return energy;
}
