#include "noise/noisy_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "noise/noisy_density.h"
#include "noise/noisy_readout.h"
#include "operators/qubits.h"

/* Probabilities of outcomes, each qubit measured in a basis: X where x has its
 * bit, Z where z has it, Y where both have it, Z where none has. */
static void distribution(double *out, const double *values, int nqubit,
                         uint64_t x, uint64_t z,
                         const struct vqe_noisy_model *model)
{
  size_t size = (size_t)1 << nqubit;
  z |= ~x;
  for (uint64_t letters = 0; letters < size; letters++) {
    out[letters] = values[vqe_noisy_density_index(x & letters, z & letters)] /
                   (double)size;
  }
  for (size_t half = 1; half < size; half *= 2) {
    for (size_t high = 0; high < size; high += 2 * half) {
      for (size_t b = high; b < high + half; b++) {
        double low = out[b];
        out[b] = low + out[b + half];
        out[b + half] = low - out[b + half];
      }
    }
  }
  for (size_t b = 0; b < size; b++) {
    out[b] = fmax(out[b], 0.0); /* rounding */
  }
  vqe_noisy_readout_confuse(out, nqubit, model);
}

/* Draw outcomes; probabilities become their running sums. */
static void draw(int *counts, double *probabilities, size_t size, int shots,
                 struct vqe_philox *rng)
{
  memset(counts, 0, size * sizeof *counts);
  for (size_t b = 1; b < size; b++) {
    probabilities[b] += probabilities[b - 1];
  }
  for (int k = 0; k < shots; k++) {
    double at = vqe_philox_uniform(rng) * probabilities[size - 1];
    size_t low = 0;
    size_t high = size - 1;
    while (low < high) {
      size_t middle = (low + high) / 2;
      if (probabilities[middle] > at) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    counts[low]++;
  }
}

struct sampling {
  size_t size;
  double *probabilities;
  int *counts;
};

static int prepare(struct sampling *out, int nqubit)
{
  out->size = (size_t)1 << nqubit;
  int status = vqe_memory_alloc(&out->probabilities, out->size,
                                sizeof *out->probabilities, "shots");
  return status == VQE_OK ? vqe_memory_alloc(&out->counts, out->size,
                                             sizeof *out->counts, "shots")
                          : status;
}

static void clear(struct sampling *sampling)
{
  free(sampling->probabilities);
  free(sampling->counts);
}

/* Mean and variance of what the group's terms give. */
static void measure(double *mean, double *variance,
                    const struct sampling *sampling,
                    const struct vqe_pauli_sum *paulis, const int *group,
                    int number, int shots)
{
  double sum = 0.0;
  double squares = 0.0;
  for (size_t b = 0; b < sampling->size; b++) {
    double value = 0.0;
    for (size_t k = 0; sampling->counts[b] > 0 && k < paulis->nterm; k++) {
      if (group[k] == number) {
        uint64_t support = vqe_qubits_word(paulis->x[k] | paulis->z[k]);
        value += __builtin_popcountll(support & b) % 2 == 0
                     ? paulis->coeff[k]
                     : -paulis->coeff[k];
      }
    }
    sum += sampling->counts[b] * value;
    squares += sampling->counts[b] * value * value;
  }
  *mean = sum / shots;
  *variance = shots > 1 ? fmax(squares - sum * *mean, 0.0) / (shots - 1) : 0.0;
}

int vqe_noisy_sample_energy(double *energy, double *error,
                            const double *values,
                            const struct vqe_pauli_sum *paulis,
                            const struct vqe_noisy_model *model, int shots,
                            struct vqe_philox *rng)
{
  struct sampling sampling = {0, NULL, NULL};
  int *group = NULL;
  int ngroup = 0;
  double spread = 0.0;
  *energy = 0.0;
  int status = prepare(&sampling, paulis->nqubit);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&group, paulis->nterm, sizeof *group, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_pauli_group_qwc(paulis, group, &ngroup);
  }
  for (int g = 0; status == VQE_OK && g < ngroup; g++) {
    uint64_t x = 0;
    uint64_t z = 0;
    double mean, variance;
    for (size_t k = 0; k < paulis->nterm; k++) {
      x |= group[k] == g ? vqe_qubits_word(paulis->x[k]) : 0;
      z |= group[k] == g ? vqe_qubits_word(paulis->z[k]) : 0;
    }
    distribution(sampling.probabilities, values, paulis->nqubit, x, z, model);
    draw(sampling.counts, sampling.probabilities, sampling.size, shots, rng);
    measure(&mean, &variance, &sampling, paulis, group, g, shots);
    *energy += mean;
    spread += variance / shots;
  }
  for (size_t k = 0; status == VQE_OK && k < paulis->nterm; k++) {
    *energy += group[k] < 0 ? paulis->coeff[k] : 0.0;
  }
  *error = sqrt(spread);
  free(group);
  clear(&sampling);
  return status;
}

int vqe_noisy_sample_counts(struct vqe_noisy_outcome *out,
                            const double *values, int nqubit,
                            const struct vqe_noisy_model *model, int shots,
                            struct vqe_philox *rng)
{
  struct sampling sampling = {0, NULL, NULL};
  int status = prepare(&sampling, nqubit);
  out->ncount = 0;
  if (status == VQE_OK) {
    distribution(sampling.probabilities, values, nqubit, 0, 0, model);
    draw(sampling.counts, sampling.probabilities, sampling.size, shots, rng);
    for (size_t b = 0; b < sampling.size; b++) {
      int at = out->ncount;
      if (sampling.counts[b] == 0) {
        continue;
      }
      while (at > 0 && out->count[at - 1] < sampling.counts[b]) {
        if (at < VQE_NOISY_MOST_COUNTS) {
          out->count[at] = out->count[at - 1];
          out->outcome[at] = out->outcome[at - 1];
        }
        at--;
      }
      if (at < VQE_NOISY_MOST_COUNTS) {
        out->count[at] = sampling.counts[b];
        out->outcome[at] = b;
        out->ncount += out->ncount < VQE_NOISY_MOST_COUNTS;
      }
    }
  }
  clear(&sampling);
  return status;
}
