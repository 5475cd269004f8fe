#include "noise/noisy_density.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"

#define MOST VQE_NOISY_MOST_DENSITY
#define LANES 16
/* Numbers from which several threads gain. */
#define PARALLEL_SIZE ((size_t)1 << 14)

/* The gates of a pair of qubits that are not applied yet, as one matrix. */
struct pair_pending {
  int q[2];
  double matrix[256];
};

struct vqe_noisy_density {
  int nqubit, threads;
  size_t size; /* 4^nqubit */
  double *values;
  /* a qubit waits in a pair, or alone, or not at all */
  int pair_of[MOST]; /* into `pairs`, -1: none */
  struct pair_pending pairs[MOST];
  bool waits[MOST];
  double single[MOST][16];
};

int vqe_noisy_density_create(struct vqe_noisy_density **out, int nqubit,
                             int threads)
{
  struct vqe_noisy_density *density = NULL;
  *out = NULL;
  if (nqubit < 1 || nqubit > MOST) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a density matrix of %d qubits: at most %d, or "
                         "\"method\": \"trajectories\"",
                         nqubit, MOST);
  }
  int status = vqe_memory_alloc(&density, 1, sizeof *density, "noise");
  if (status != VQE_OK) {
    return status;
  }
  density->nqubit = nqubit;
  density->threads = threads;
  density->size = (size_t)1 << 2 * nqubit;
  status = vqe_memory_alloc(&density->values, density->size,
                            sizeof *density->values, "a density matrix");
  if (status != VQE_OK) {
    vqe_noisy_density_free(density);
    return status;
  }
  vqe_noisy_density_reset(density);
  *out = density;
  return VQE_OK;
}

void vqe_noisy_density_free(struct vqe_noisy_density *density)
{
  if (density == NULL) {
    return;
  }
  free(density->values);
  free(density);
}

void vqe_noisy_density_reset(struct vqe_noisy_density *density)
{
  memset(density->values, 0, density->size * sizeof *density->values);
  for (size_t z = 0; z < (size_t)1 << density->nqubit; z++) {
    density->values[vqe_noisy_density_index(0, z)] = 1.0;
  }
  for (int k = 0; k < MOST; k++) {
    density->pair_of[k] = -1;
    density->pairs[k].q[0] = -1;
    density->waits[k] = false;
  }
}

/* ---- a sweep ---- */

struct sweep {
  double *values;
  int rows;           /* 4 or 16 */
  size_t offset[16];  /* of the digits of its qubits */
  int lanes;          /* 1, 4 or 16: strings that are worked on side by side */
  size_t lane[LANES]; /* of the lowest digits that are not its own */
  int nfree;
  int rest[MOST]; /* the other digits */
  int start[17];  /* entries of each row */
  uint8_t column[256];
  double entry[256];
};

/* `quads`: lanes come in fours that lie side by side. Inlined, so that the
 * compiler knows the number of lanes. */
static inline __attribute__((always_inline)) void
sweep_unit(const struct sweep *sweep, long unit, int lanes, bool quads)
{
  double in[16 * LANES];
  size_t base = 0;
  for (int k = 0; k < sweep->nfree; k++) {
    base += (size_t)(unit >> 2 * k & 3) << 2 * sweep->rest[k];
  }
  double *values = sweep->values + base;
  /* copies of known size: gathers of single numbers take longer */
  for (int l = 0; l < lanes; l += quads ? 4 : 1) {
    const double *from = values + sweep->lane[l];
    for (int i = 0; i < sweep->rows; i++) {
      memcpy(&in[lanes * i + l], from + sweep->offset[i],
             (quads ? 4 : 1) * sizeof *in);
    }
  }
  for (int i = 0; i < sweep->rows; i++) {
    double out[LANES] = {0.0};
    double *to = values + sweep->offset[i];
    for (int k = sweep->start[i]; k < sweep->start[i + 1]; k++) {
      const double *column = &in[(size_t)lanes * sweep->column[k]];
      double entry = sweep->entry[k];
      for (int l = 0; l < lanes; l++) {
        out[l] += entry * column[l];
      }
    }
    for (int l = 0; l < lanes; l += quads ? 4 : 1) {
      memcpy(to + sweep->lane[l], out + l, (quads ? 4 : 1) * sizeof *out);
    }
  }
}

static void sweep_quads(const void *ctx, long unit)
{
  sweep_unit(ctx, unit, LANES, true);
}

static void sweep_wide(const void *ctx, long unit)
{
  sweep_unit(ctx, unit, LANES, false);
}

static void sweep_small(const void *ctx, long unit)
{
  const struct sweep *sweep = ctx;
  sweep_unit(sweep, unit, sweep->lanes, false);
}

/* values = matrix values, on the digits of `count` qubits. */
static void run_sweep(struct vqe_noisy_density *density, const double *matrix,
                      const int *q, int count)
{
  struct sweep sweep = {
      .values = density->values, .rows = count == 2 ? 16 : 4, .lanes = 1};
  int lane_digits[2] = {0, 0};
  int nlane = 0;
  for (int i = 0; i < sweep.rows; i++) {
    sweep.offset[i] = (size_t)(i & 3) << 2 * q[0];
    sweep.offset[i] += count == 2 ? (size_t)(i >> 2) << 2 * q[1] : 0;
  }
  for (int k = 0; k < density->nqubit; k++) {
    if (k == q[0] || (count == 2 && k == q[1])) {
      continue;
    }
    if (nlane < 2) {
      lane_digits[nlane++] = k;
      sweep.lanes *= 4;
    } else {
      sweep.rest[sweep.nfree++] = k;
    }
  }
  for (int l = 0; l < sweep.lanes; l++) {
    for (int k = 0; k < nlane; k++) {
      sweep.lane[l] += (size_t)(l >> 2 * k & 3) << 2 * lane_digits[k];
    }
  }
  int nentry = 0;
  for (int k = 0; k < sweep.rows * sweep.rows; k++) {
    if (matrix[k] != 0.0) {
      sweep.column[nentry] = (uint8_t)(k % sweep.rows);
      sweep.entry[nentry++] = matrix[k];
    }
    sweep.start[k / sweep.rows + 1] = nentry;
  }
  long units = 1L << 2 * sweep.nfree;
  int threads = density->size >= PARALLEL_SIZE ? density->threads : 1;
  vqe_parallel_for(units, threads,
                   sweep.lanes < LANES  ? sweep_small
                   : sweep.lane[1] == 1 ? sweep_quads
                                        : sweep_wide,
                   &sweep);
}

/* ---- what waits ---- */

static void identity(double *matrix, int n)
{
  memset(matrix, 0, (size_t)(n * n) * sizeof *matrix);
  for (int i = 0; i < n; i++) {
    matrix[(size_t)(n + 1) * (size_t)i] = 1.0;
  }
}

/* right = left right; n x n */
static void multiply(double *right, const double *left, int n)
{
  double out[256] = {0.0};
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < n; k++) {
      double factor = left[n * i + k];
      for (int j = 0; factor != 0.0 && j < n; j++) {
        out[n * i + j] += factor * right[n * k + j];
      }
    }
  }
  memcpy(right, out, (size_t)(n * n) * sizeof *right);
}

/* A matrix of one qubit over a pair, of which it is qubit `place`. */
static void widen(double out[256], const double single[16], int place)
{
  memset(out, 0, 256 * sizeof *out);
  for (int other = 0; other < 4; other++) {
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        int row = place == 0 ? i + 4 * other : other + 4 * i;
        int column = place == 0 ? j + 4 * other : other + 4 * j;
        out[16 * row + column] = single[4 * i + j];
      }
    }
  }
}

static void flush_pair(struct vqe_noisy_density *density, int q)
{
  int index = density->pair_of[q];
  if (index < 0) {
    return;
  }
  struct pair_pending *pair = &density->pairs[index];
  run_sweep(density, pair->matrix, pair->q, 2);
  density->pair_of[pair->q[0]] = -1;
  density->pair_of[pair->q[1]] = -1;
  pair->q[0] = -1;
}

/* The pair of the qubits, with what waits at them alone. */
static struct pair_pending *join(struct vqe_noisy_density *density,
                                 const int q[2])
{
  int index = density->pair_of[q[0]];
  if (index >= 0 && index == density->pair_of[q[1]]) {
    return &density->pairs[index];
  }
  flush_pair(density, q[0]);
  flush_pair(density, q[1]);
  index = 0;
  while (density->pairs[index].q[0] >= 0) {
    index++;
  }
  struct pair_pending *pair = &density->pairs[index];
  identity(pair->matrix, 16);
  for (int k = 0; k < 2; k++) {
    double wide[256];
    pair->q[k] = q[k];
    density->pair_of[q[k]] = index;
    if (density->waits[q[k]]) {
      widen(wide, density->single[q[k]], k);
      multiply(pair->matrix, wide, 16);
      density->waits[q[k]] = false;
    }
  }
  return pair;
}

static void apply_single(struct vqe_noisy_density *density, int q,
                         const double matrix[16])
{
  int index = density->pair_of[q];
  if (index >= 0) {
    double wide[256];
    struct pair_pending *pair = &density->pairs[index];
    widen(wide, matrix, pair->q[0] == q ? 0 : 1);
    multiply(pair->matrix, wide, 16);
  } else if (density->waits[q]) {
    multiply(density->single[q], matrix, 4);
  } else {
    memcpy(density->single[q], matrix, sizeof density->single[q]);
    density->waits[q] = true;
  }
}

/* Digits of the other order of qubits. */
static void swap_places(double out[256], const double in[256])
{
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 16; j++) {
      out[16 * (i >> 2 | (i & 3) << 2) + (j >> 2 | (j & 3) << 2)] =
          in[16 * i + j];
    }
  }
}

void vqe_noisy_density_apply(struct vqe_noisy_density *density,
                             const struct vqe_noisy_gate *gate,
                             const struct vqe_noisy_model *model, double scale)
{
  double matrix[256];
  struct vqe_noisy_effect effect;
  if (gate->kind == VQE_PROGRAM_NONE) {
    return;
  }
  vqe_noisy_gate_transfer(matrix, gate);
  vqe_noisy_gate_effect(&effect, gate, model, scale);
  vqe_noisy_gate_damp(matrix, &effect, gate->count);
  if (gate->count == 1) {
    apply_single(density, gate->q[0], matrix);
    return;
  }
  struct pair_pending *pair = join(density, gate->q);
  if (pair->q[0] == gate->q[0]) {
    multiply(pair->matrix, matrix, 16);
  } else {
    double swapped[256];
    swap_places(swapped, matrix);
    multiply(pair->matrix, swapped, 16);
  }
}

void vqe_noisy_density_finish(struct vqe_noisy_density *density)
{
  for (int q = 0; q < density->nqubit; q++) {
    flush_pair(density, q);
    if (density->waits[q]) {
      run_sweep(density, density->single[q], &q, 1);
      density->waits[q] = false;
    }
  }
}

/* ---- what is read off ---- */

const double *vqe_noisy_density_values(const struct vqe_noisy_density *density)
{
  return density->values;
}

static uint64_t spread(uint64_t bits)
{
  bits &= 0xffffffffu;
  bits = (bits | bits << 16) & UINT64_C(0x0000ffff0000ffff);
  bits = (bits | bits << 8) & UINT64_C(0x00ff00ff00ff00ff);
  bits = (bits | bits << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  bits = (bits | bits << 2) & UINT64_C(0x3333333333333333);
  return (bits | bits << 1) & UINT64_C(0x5555555555555555);
}

size_t vqe_noisy_density_index(uint64_t x, uint64_t z)
{
  return (size_t)(spread(x) | spread(z) << 1);
}

double vqe_noisy_density_purity(const struct vqe_noisy_density *density)
{
  double sum = 0.0;
  for (size_t k = 0; k < density->size; k++) {
    sum += density->values[k] * density->values[k];
  }
  return sum / (double)((size_t)1 << density->nqubit);
}
