#include "estimator/shots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"

#define MAX_SHOTS 100000000

struct vqe_shots {
  const struct vqe_pauli_sum *paulis;
  int ngroup;
  size_t *start; /* ngroup + 1 into `order` */
  size_t *order; /* terms, group after group */
  double identity;
  size_t size; /* 2^nqubit */
  double *re, *im;
  double *work_re, *work_im;
  double *cumulative;
  size_t *guide; /* size: where the search of a draw begins */
  double *value; /* size: of outcomes of this group, where `seen` says so */
  int *seen;     /* size: the group that `value` was last filled for, from 1 */
};

/* Terms by group, in order within one; the identity is a number. */
static void sort_terms(struct vqe_shots *shots, const int *group)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  size_t total = 0;
  for (size_t k = 0; k < paulis->nterm; k++) {
    if (group[k] < 0) {
      shots->identity += paulis->coeff[k];
    } else {
      VQE_ASSERT(group[k] < shots->ngroup);
      shots->start[group[k] + 1]++;
      total++;
    }
  }
  for (int g = 0; g < shots->ngroup; g++) {
    shots->start[g + 1] += shots->start[g];
  }
  for (size_t k = paulis->nterm; k-- > 0;) {
    if (group[k] >= 0) {
      /* fills each group from its end */
      shots->order[--shots->start[group[k] + 1]] = k;
    }
  }
  /* the starts have moved down by one place */
  for (int g = 0; g < shots->ngroup; g++) {
    shots->start[g] = shots->start[g + 1];
  }
  shots->start[shots->ngroup] = total;
}

/* The groups that are measured together. */
static int make_groups(struct vqe_shots *shots)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  int *group = NULL;
  int status =
      vqe_memory_alloc(&group, paulis->nterm, sizeof *group, "Pauli groups");
  if (status == VQE_OK) {
    status = vqe_pauli_group_qwc(paulis, group, &shots->ngroup);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->start, (size_t)shots->ngroup + 2,
                              sizeof *shots->start, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->order, paulis->nterm,
                              sizeof *shots->order, "Pauli groups");
  }
  if (status == VQE_OK) {
    sort_terms(shots, group);
  }
  free(group);
  return status;
}

int vqe_shots_create(struct vqe_shots **out,
                     const struct vqe_pauli_sum *paulis)
{
  struct vqe_shots *shots = NULL;
  *out = NULL;
  if (paulis->nqubit > VQE_SHOTS_MAX_QUBITS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "finite shots work up to %d qubits, not %d; remove "
                         "'shots' or choose an active space",
                         VQE_SHOTS_MAX_QUBITS, paulis->nqubit);
  }
  int status = vqe_memory_alloc(&shots, 1, sizeof *shots, "shot sampler");
  if (status != VQE_OK) {
    return status;
  }
  shots->paulis = paulis;
  shots->size = (size_t)1 << paulis->nqubit;
  double **arrays[] = {&shots->re,      &shots->im,         &shots->work_re,
                       &shots->work_im, &shots->cumulative, &shots->value};
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k], shots->size, sizeof(double),
                              "shot sampler");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->guide, shots->size, sizeof *shots->guide,
                              "shot sampler");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->seen, shots->size, sizeof *shots->seen,
                              "shot sampler");
  }
  if (status == VQE_OK) {
    status = make_groups(shots);
  }
  if (status != VQE_OK) {
    vqe_shots_free(shots);
    return status;
  }
  *out = shots;
  return VQE_OK;
}

void vqe_shots_free(struct vqe_shots *shots)
{
  if (shots == NULL) {
    return;
  }
  free(shots->start);
  free(shots->order);
  free(shots->re);
  free(shots->im);
  free(shots->work_re);
  free(shots->work_im);
  free(shots->cumulative);
  free(shots->guide);
  free(shots->value);
  free(shots->seen);
  free(shots);
}

double *vqe_shots_re(struct vqe_shots *shots)
{
  return shots->re;
}

double *vqe_shots_im(struct vqe_shots *shots)
{
  return shots->im;
}

/* Rotate one qubit so that a Z measurement reads X (H) or Y (H S^+). */
static void to_z_basis(double *re, double *im, size_t size, int qubit, bool y)
{
  const double r = 0.70710678118654752440;
  size_t step = (size_t)1 << qubit;
  for (size_t base = 0; base < size; base += 2 * step) {
    for (size_t k = base; k < base + step; k++) {
      double ar = re[k];
      double ai = im[k];
      /* S^+ turns |1> by -i */
      double br = y ? im[k + step] : re[k + step];
      double bi = y ? -re[k + step] : im[k + step];
      re[k] = r * (ar + br);
      im[k] = r * (ai + bi);
      re[k + step] = r * (ar - br);
      im[k + step] = r * (ai - bi);
    }
  }
}

/* Probabilities of the outcomes of a group, summed up, and for each of as many
 * equal slices of their total the first outcome that reaches into it. */
static void sum_up(struct vqe_shots *shots)
{
  double total = 0.0;
  for (size_t k = 0; k < shots->size; k++) {
    total += shots->work_re[k] * shots->work_re[k] +
             shots->work_im[k] * shots->work_im[k];
    shots->cumulative[k] = total;
  }
  size_t at = 0;
  double slice = total / (double)shots->size;
  for (size_t k = 0; k < shots->size; k++) {
    while (at + 1 < shots->size &&
           shots->cumulative[at] <= (double)k * slice) {
      at++;
    }
    shots->guide[k] = at;
  }
}

/* First outcome whose cumulative probability passes u of the total. */
static size_t draw(const struct vqe_shots *shots, double u)
{
  const double *cumulative = shots->cumulative;
  double target = u * cumulative[shots->size - 1];
  size_t at = shots->guide[(size_t)(u * (double)shots->size)];
  while (at > 0 && cumulative[at - 1] > target) {
    at--; /* the slice was rounded up */
  }
  while (at + 1 < shots->size && cumulative[at] <= target) {
    at++;
  }
  return at;
}

/* What group g gives for an outcome. */
static double value_of(struct vqe_shots *shots, int g, size_t bits)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  if (shots->seen[bits] == g + 1) {
    return shots->value[bits];
  }
  double value = 0.0;
  for (size_t k = shots->start[g]; k < shots->start[g + 1]; k++) {
    size_t term = shots->order[k];
    uint64_t support = paulis->x[term] | paulis->z[term];
    value += __builtin_parityll(bits & support) ? -paulis->coeff[term]
                                                : paulis->coeff[term];
  }
  shots->value[bits] = value;
  shots->seen[bits] = g + 1;
  return value;
}

static void sample_group(struct vqe_shots *shots, int g, int count,
                         struct vqe_philox *rng, double *mean,
                         double *variance)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  uint64_t x = 0;
  uint64_t y = 0;
  memcpy(shots->work_re, shots->re, shots->size * sizeof(double));
  memcpy(shots->work_im, shots->im, shots->size * sizeof(double));
  for (size_t k = shots->start[g]; k < shots->start[g + 1]; k++) {
    size_t term = shots->order[k];
    x |= paulis->x[term];
    y |= paulis->x[term] & paulis->z[term];
  }
  for (int q = 0; q < paulis->nqubit; q++) {
    if (x >> q & 1) {
      to_z_basis(shots->work_re, shots->work_im, shots->size, q, y >> q & 1);
    }
  }
  sum_up(shots);
  double sum = 0.0;
  double square = 0.0;
  for (int shot = 0; shot < count; shot++) {
    double value = value_of(shots, g, draw(shots, vqe_philox_uniform(rng)));
    double old = shot == 0 ? value : sum / shot;
    sum += value;
    square += (value - old) * (value - sum / (shot + 1)); /* Welford */
  }
  *mean = sum / count;
  *variance = count > 1 ? square / (count - 1) : 0.0;
}

int vqe_shots_sample(struct vqe_shots *shots, double *energy, double *std,
                     int count, const char *experiment_id, const char *stream)
{
  struct vqe_philox rng;
  if (count < 1 || count > MAX_SHOTS) {
    return vqe_error_set(VQE_ERR_INPUT, "shots %d: between 1 and %d", count,
                         MAX_SHOTS);
  }
  int status = vqe_philox_init(&rng, experiment_id, stream);
  if (status != VQE_OK) {
    return status;
  }
  double total = shots->identity;
  double variances = 0.0;
  for (int g = 0; g < shots->ngroup; g++) {
    double mean;
    double variance;
    sample_group(shots, g, count, &rng, &mean, &variance);
    total += mean;
    variances += variance;
  }
  *energy = total;
  *std = sqrt(variances / count);
  return VQE_OK;
}

int vqe_shots_groups(const struct vqe_shots *shots)
{
  return shots->ngroup;
}
