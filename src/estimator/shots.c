#include "estimator/shots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "estimator/diagonal.h"
#include "operators/qubits.h"

/* Of a group, so that it has a mean and a variance. */
#define LEAST 2

/* Draws of a group: Welford, Technometrics 4, 419 (1962). */
struct tally {
  int64_t count;
  double sum, square;
  int64_t more; /* draws in `square` that are not in `sum` */
};

struct vqe_shots {
  const struct vqe_pauli_sum *paulis;
  int ngroup;
  size_t *start; /* ngroup + 1 into `order` */
  size_t *order; /* terms, group after group */
  /* of a term in `order`, as it is read: weight * (-1)^|outcome & mask| */
  uint64_t *mask;
  double *weight;
  struct vqe_diagonal *circuits; /* ngroup; NULL: qubit by qubit */
  bool by_variance;
  struct tally *tallies; /* ngroup */
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

/* What each term is read as: qubit by qubit what it acts on is turned to Z. */
static void read_directly(struct vqe_shots *shots)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  for (size_t k = 0; k < shots->start[shots->ngroup]; k++) {
    size_t term = shots->order[k];
    shots->mask[k] = vqe_qubits_word(paulis->x[term] | paulis->z[term]);
    shots->weight[k] = paulis->coeff[term];
  }
}

static int read_by_circuits(struct vqe_shots *shots)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  bool *negative = NULL;
  int status = vqe_memory_alloc(&negative, paulis->nterm, sizeof *negative,
                                "Pauli groups");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->circuits, (size_t)shots->ngroup,
                              sizeof *shots->circuits, "Pauli groups");
  }
  for (int g = 0; status == VQE_OK && g < shots->ngroup; g++) {
    size_t first = shots->start[g];
    status = vqe_diagonal_create(
        &shots->circuits[g], shots->mask + first, negative + first, paulis,
        shots->order + first, shots->start[g + 1] - first);
  }
  for (size_t k = 0; status == VQE_OK && k < shots->start[shots->ngroup];
       k++) {
    double coeff = paulis->coeff[shots->order[k]];
    shots->weight[k] = negative[k] ? -coeff : coeff;
  }
  free(negative);
  return status;
}

/* The groups that are measured together. */
static int make_groups(struct vqe_shots *shots, bool commuting)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  int *group = NULL;
  int status =
      vqe_memory_alloc(&group, paulis->nterm, sizeof *group, "Pauli groups");
  if (status == VQE_OK) {
    status = commuting
                 ? vqe_pauli_group_commuting(paulis, group, &shots->ngroup)
                 : vqe_pauli_group_qwc(paulis, group, &shots->ngroup);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->start, (size_t)shots->ngroup + 2,
                              sizeof *shots->start, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->tallies, (size_t)shots->ngroup,
                              sizeof *shots->tallies, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->order, paulis->nterm,
                              sizeof *shots->order, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->mask, paulis->nterm, sizeof *shots->mask,
                              "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots->weight, paulis->nterm,
                              sizeof *shots->weight, "Pauli groups");
  }
  if (status == VQE_OK) {
    sort_terms(shots, group);
    if (commuting) {
      status = read_by_circuits(shots);
    } else {
      read_directly(shots);
    }
  }
  free(group);
  return status;
}

int vqe_shots_check(int nqubit)
{
  return nqubit <= VQE_SHOTS_MAX_QUBITS
             ? VQE_OK
             : vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "finite shots work up to %d qubits, not %d; "
                             "remove 'shots' or choose an active space",
                             VQE_SHOTS_MAX_QUBITS, nqubit);
}

int vqe_shots_create(struct vqe_shots **out,
                     const struct vqe_pauli_sum *paulis, unsigned measurement)
{
  struct vqe_shots *shots = NULL;
  *out = NULL;
  int status = vqe_shots_check(paulis->nqubit);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&shots, 1, sizeof *shots, "shot sampler");
  }
  if (status != VQE_OK) {
    return status;
  }
  shots->paulis = paulis;
  shots->by_variance = (measurement & VQE_MEASUREMENT_VARIANCE) != 0;
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
    status =
        make_groups(shots, (measurement & VQE_MEASUREMENT_COMMUTING) != 0);
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
  for (int g = 0; shots->circuits != NULL && g < shots->ngroup; g++) {
    vqe_diagonal_clear(&shots->circuits[g]);
  }
  free(shots->circuits);
  free(shots->start);
  free(shots->order);
  free(shots->mask);
  free(shots->weight);
  free(shots->tallies);
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
  if (shots->seen[bits] == g + 1) {
    return shots->value[bits];
  }
  double value = 0.0;
  for (size_t k = shots->start[g]; k < shots->start[g + 1]; k++) {
    value += __builtin_parityll(bits & shots->mask[k]) ? -shots->weight[k]
                                                       : shots->weight[k];
  }
  shots->value[bits] = value;
  shots->seen[bits] = g + 1;
  return value;
}

/* Turn each qubit that the group's terms act on by X or Y. */
static void turn_qubits(struct vqe_shots *shots, int g)
{
  const struct vqe_pauli_sum *paulis = shots->paulis;
  uint64_t x = 0;
  uint64_t y = 0;
  for (size_t k = shots->start[g]; k < shots->start[g + 1]; k++) {
    size_t term = shots->order[k];
    x |= vqe_qubits_word(paulis->x[term]);
    y |= vqe_qubits_word(paulis->x[term] & paulis->z[term]);
  }
  for (int q = 0; q < paulis->nqubit; q++) {
    if (x >> q & 1) {
      to_z_basis(shots->work_re, shots->work_im, shots->size, q, y >> q & 1);
    }
  }
}

/* Make the draws of group g ready. */
static void turn_to(struct vqe_shots *shots, int g)
{
  memcpy(shots->work_re, shots->re, shots->size * sizeof(double));
  memcpy(shots->work_im, shots->im, shots->size * sizeof(double));
  if (shots->circuits != NULL) {
    vqe_diagonal_apply(shots->work_re, shots->work_im, shots->size,
                       &shots->circuits[g]);
  } else {
    turn_qubits(shots, g);
  }
  sum_up(shots);
}

/* `count` more of group g, which turn_to has made ready. */
static void draw_more(struct vqe_shots *shots, int g, int64_t count,
                      struct vqe_philox *rng)
{
  struct tally *tally = &shots->tallies[g];
  for (int64_t shot = 0; shot < count; shot++) {
    double value = value_of(shots, g, draw(shots, vqe_philox_uniform(rng)));
    double old = tally->count == 0 ? value : tally->sum / (double)tally->count;
    tally->count++;
    tally->sum += value;
    tally->square +=
        (value - old) * (value - tally->sum / (double)tally->count);
  }
}

/* Of one draw of group g. */
static double variance_of(const struct vqe_shots *shots, int g)
{
  const struct tally *tally = &shots->tallies[g];
  double free = (double)(tally->count - 1 + tally->more);
  return free > 0.0 ? tally->square / free : 0.0;
}

/* Know the variance from the draws before too, which the mean leaves out. */
static void add_spread(struct tally *tally, const struct tally *first)
{
  double between =
      tally->sum / (double)tally->count - first->sum / (double)first->count;
  tally->square += first->square + between * between /
                                       (1.0 / (double)tally->count +
                                        1.0 / (double)first->count);
  tally->more = first->count;
}

/* What is left goes to the groups as their standard deviations, which makes
 * the variance of the sum least (Neyman, J. R. Stat. Soc. 97, 558 (1934)).
 * Few draws may all have been equal: the variance of terms without any order,
 * the sum of their squares, counts as one draw more. */
static double share_of(const struct vqe_shots *shots, int g)
{
  double squares = 0.0;
  for (size_t k = shots->start[g]; k < shots->start[g + 1]; k++) {
    squares += shots->weight[k] * shots->weight[k];
  }
  return sqrt(variance_of(shots, g) +
              squares / (double)shots->tallies[g].count);
}

/* `total` shots over all groups, at least LEAST in each, by their shares. They
 * alone make the mean: how many a group gets depends on its first draws, and a
 * mean that held those would lean to one side. */
static void spread(struct vqe_shots *shots, double total,
                   struct vqe_philox *rng)
{
  double all = 0.0;
  double before = 0.0;
  double rest = total - (double)LEAST * shots->ngroup;
  int64_t given = 0;
  for (int g = 0; g < shots->ngroup; g++) {
    all += share_of(shots, g);
  }
  for (int g = 0; g < shots->ngroup; g++) {
    struct tally *tally = &shots->tallies[g];
    before += share_of(shots, g);
    int64_t upto = all > 0.0 ? llround(rest * before / all) : 0;
    upto = g + 1 < shots->ngroup ? upto : llround(rest);
    struct tally first = *tally;
    *tally = (struct tally){0};
    turn_to(shots, g);
    draw_more(shots, g, LEAST + (upto > given ? upto - given : 0), rng);
    add_spread(tally, &first);
    given = upto > given ? upto : given;
  }
}

int vqe_shots_sample(struct vqe_shots *shots, double *energy, double *std,
                     int count, const char *experiment_id, const char *stream)
{
  struct vqe_philox rng;
  if (count < 1 || count > VQE_SHOTS_MAX) {
    return vqe_error_set(VQE_ERR_INPUT, "shots %d: between 1 and %d", count,
                         VQE_SHOTS_MAX);
  }
  int status = vqe_philox_init(&rng, experiment_id, stream);
  if (status != VQE_OK) {
    return status;
  }
  /* a tenth of them shows how much each group varies */
  bool twice = shots->by_variance && count >= 2 * LEAST;
  int first = !twice ? count : count >= 20 ? count / 10 : LEAST;
  for (int g = 0; g < shots->ngroup; g++) {
    shots->tallies[g] = (struct tally){0};
    turn_to(shots, g);
    draw_more(shots, g, first, &rng);
  }
  if (first < count) {
    spread(shots, (double)(count - first) * shots->ngroup, &rng);
  }
  *energy = shots->identity;
  double variance = 0.0;
  for (int g = 0; g < shots->ngroup; g++) {
    const struct tally *tally = &shots->tallies[g];
    *energy += tally->sum / (double)tally->count;
    variance += variance_of(shots, g) * ((double)count / (double)tally->count);
  }
  *std = sqrt(variance / count);
  return VQE_OK;
}

int vqe_shots_groups(const struct vqe_shots *shots)
{
  return shots->ngroup;
}
