#include "sim/phases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"

/* Pieces of a sweep: their number is fixed, so that sums do not depend on the
 * number of threads. */
#define CHUNKS 32
/* Blocks smaller than this are swept by one thread. */
#define PARALLEL_SIZE 16384
/* Bits of the columns are looked up in parts of at most this many. */
#define PART_BITS 8
#define PART_SIZE (1 << PART_BITS)
#define MAX_PARTS (VQE_MAX_ORBITALS / PART_BITS)

struct vqe_phases {
  size_t nterm;
  struct vqe_phase_term *terms;
  bool mixed;       /* some term has a mask on both sides */
  bool on_columns;  /* some term has none on the rows */
  int nparts, bits; /* parts of the columns' bits, bits of one */
  int norb, threads;
  double *partial; /* CHUNKS x nterm */
  /* in the caller's scratch */
  long columns;
  double *phase;       /* of a column: re and im, `columns` each */
  double *column_sums; /* CHUNKS x columns */
};

struct part_table {
  double re[MAX_PARTS][PART_SIZE], im[MAX_PARTS][PART_SIZE];
};

size_t vqe_phases_scratch(size_t columns)
{
  return (CHUNKS + 2) * columns;
}

size_t vqe_phases_read(struct vqe_phase_term *terms,
                       const struct vqe_ansatz *ansatz, size_t first,
                       bool alpha_rows)
{
  size_t n = 0;
  for (; first + n < ansatz->ngate; n++) {
    const struct vqe_gate *gate = &ansatz->gates[first + n];
    if (gate->kind != VQE_GATE_PHASE && gate->kind != VQE_GATE_CPHASE) {
      break;
    }
    if (terms == NULL) {
      continue;
    }
    terms[n] = (struct vqe_phase_term){0, 0, gate->param, gate->scale};
    for (int j = 0; j < (gate->kind == VQE_GATE_CPHASE ? 2 : 1); j++) {
      uint64_t bit = UINT64_C(1) << gate->q[j] % ansatz->norb;
      bool alpha = gate->q[j] < ansatz->norb;
      *(alpha == alpha_rows ? &terms[n].rows : &terms[n].columns) |= bit;
    }
  }
  return n;
}

int vqe_phases_create(struct vqe_phases **out, int norb,
                      const struct vqe_phase_term *terms, size_t nterm,
                      double *scratch, long columns, int threads)
{
  struct vqe_phases *phases = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&phases, 1, sizeof *phases, "phase gates");
  if (status != VQE_OK) {
    return status;
  }
  VQE_ASSERT(norb <= VQE_MAX_ORBITALS);
  phases->nterm = nterm;
  phases->norb = norb;
  phases->threads = threads;
  phases->columns = columns;
  phases->phase = scratch;
  phases->column_sums = scratch + 2 * columns;
  /* two parts at least: tables must stay short compared with short rows */
  phases->nparts = norb <= 2 * PART_BITS ? 2 : (norb + 7) / PART_BITS;
  phases->bits = (norb + phases->nparts - 1) / phases->nparts;
  status =
      vqe_memory_alloc(&phases->terms, nterm, sizeof *terms, "phase gates");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&phases->partial, CHUNKS * nterm, sizeof(double),
                              "partial sums");
  }
  if (status != VQE_OK) {
    vqe_phases_free(phases);
    return status;
  }
  memcpy(phases->terms, terms, nterm * sizeof *terms);
  for (size_t k = 0; k < nterm; k++) {
    phases->mixed |= terms[k].rows != 0 && terms[k].columns != 0;
    phases->on_columns |= terms[k].rows == 0;
  }
  *out = phases;
  return VQE_OK;
}

void vqe_phases_free(struct vqe_phases *phases)
{
  if (phases == NULL) {
    return;
  }
  free(phases->terms);
  free(phases->partial);
  free(phases);
}

static inline uint64_t bits_at(const uint64_t *bits, long k)
{
  return bits == NULL ? (uint64_t)k : bits[k];
}

/* Phases of the terms that do not depend on the rows. */
static void column_phases(const struct vqe_phases *phases,
                          const struct vqe_phase_block *block,
                          const double *parameters, double direction)
{
  for (long c = 0; c < block->ncol; c++) {
    uint64_t bits = bits_at(block->column_bits, c);
    double angle = 0.0;
    for (size_t k = 0; phases->on_columns && k < phases->nterm; k++) {
      const struct vqe_phase_term *term = &phases->terms[k];
      if (term->rows == 0 && (bits & term->columns) == term->columns) {
        angle += term->scale * parameters[term->param];
      }
    }
    phases->phase[c] = cos(angle);
    phases->phase[phases->columns + c] = direction * sin(angle);
  }
}

/* Tables of one row: its own phase times those of the mixed terms. */
static void row_phases(struct part_table *table,
                       const struct vqe_phases *phases, uint64_t bits,
                       const double *parameters, double direction)
{
  double own = 0.0;
  double angle[VQE_MAX_ORBITALS] = {0};
  for (size_t k = 0; k < phases->nterm; k++) {
    const struct vqe_phase_term *term = &phases->terms[k];
    if (term->rows == 0 || (bits & term->rows) != term->rows) {
      continue;
    }
    double value = term->scale * parameters[term->param];
    if (term->columns == 0) {
      own += value;
    } else {
      angle[__builtin_ctzll(term->columns)] += value;
    }
  }
  for (int part = 0; part < phases->nparts; part++) {
    double *re = table->re[part];
    double *im = table->im[part];
    re[0] = part == 0 ? cos(own) : 1.0;
    im[0] = part == 0 ? direction * sin(own) : 0.0;
    for (int k = 0; phases->mixed && k < phases->bits; k++) {
      int orbital = part * phases->bits + k;
      double turn = orbital < phases->norb ? angle[orbital] : 0.0;
      double c = cos(turn);
      double s = direction * sin(turn);
      int half = 1 << k;
      for (int j = 0; j < half; j++) {
        re[half + j] = c * re[j] - s * im[j];
        im[half + j] = c * im[j] + s * re[j];
      }
    }
  }
}

static inline void turn(double *re, double *im, double c, double s)
{
  double old = *re;
  *re = c * old - s * *im;
  *im = c * *im + s * old;
}

/* One row of psi, and of lambda with the sums of w = Re conj(lambda) i psi:
 * to `column` and, by the parts' bits, to `parts`; returns their total. */
static double sweep_row(const struct vqe_phases *phases,
                        const struct vqe_phase_block *block, long row,
                        const struct part_table *table, double *column,
                        double parts[MAX_PARTS][PART_SIZE])
{
  size_t at = (size_t)(row * block->ncol);
  double *re = block->psi.re + at;
  double *im = block->psi.im + at;
  const double *cr = phases->phase;
  const double *ci = phases->phase + phases->columns;
  uint64_t mask = ((uint64_t)1 << phases->bits) - 1;
  double total = 0.0;
  for (long c = 0; c < block->ncol; c++) {
    uint64_t bits = bits_at(block->column_bits, c);
    double pr = cr[c];
    double pi = ci[c];
    turn(&pr, &pi, table->re[0][phases->mixed ? bits & mask : 0],
         table->im[0][phases->mixed ? bits & mask : 0]);
    for (int part = 1; phases->mixed && part < phases->nparts; part++) {
      uint64_t key = bits >> (part * phases->bits) & mask;
      turn(&pr, &pi, table->re[part][key], table->im[part][key]);
    }
    if (column != NULL) {
      double *lr = block->lambda.re + at;
      double *li = block->lambda.im + at;
      double w = li[c] * re[c] - lr[c] * im[c];
      total += w;
      column[c] += w;
      for (int part = 0; phases->mixed && part < phases->nparts; part++) {
        parts[part][bits >> (part * phases->bits) & mask] += w;
      }
      turn(&lr[c], &li[c], pr, pi);
    }
    turn(&re[c], &im[c], pr, pi);
  }
  return total;
}

/* Sums over the columns that hold an orbital, from the sums by parts: fold
 * the top bit away each time. */
static void fold(double *sums, const struct vqe_phases *phases,
                 double parts[MAX_PARTS][PART_SIZE])
{
  for (int part = 0; part < phases->nparts; part++) {
    for (int k = phases->bits - 1; k >= 0; k--) {
      int half = 1 << k;
      int orbital = part * phases->bits + k;
      double sum = 0.0;
      for (int j = 0; j < half; j++) {
        sum += parts[part][half + j];
        parts[part][j] += parts[part][half + j];
      }
      if (orbital < phases->norb) {
        sums[orbital] = sum;
      }
    }
  }
}

static void sweep_rows(const struct vqe_phases *phases,
                       const struct vqe_phase_block *block, long begin,
                       long end, long chunk, const double *parameters)
{
  struct part_table table;
  double parts[MAX_PARTS][PART_SIZE];
  double sums[VQE_MAX_ORBITALS];
  bool back = block->lambda.re != NULL;
  double *partial = phases->partial + (size_t)chunk * phases->nterm;
  double *column = phases->column_sums + chunk * phases->columns;
  for (long row = begin; row < end; row++) {
    uint64_t bits = bits_at(block->row_bits, row);
    row_phases(&table, phases, bits, parameters, back ? -1.0 : 1.0);
    if (!back) {
      (void)sweep_row(phases, block, row, &table, NULL, NULL);
      continue;
    }
    for (int part = 0; phases->mixed && part < phases->nparts; part++) {
      memset(parts[part], 0, sizeof(double) << phases->bits);
    }
    double total = sweep_row(phases, block, row, &table, column, parts);
    if (phases->mixed) {
      fold(sums, phases, parts);
    }
    for (size_t k = 0; k < phases->nterm; k++) {
      const struct vqe_phase_term *term = &phases->terms[k];
      if (term->rows != 0 && (bits & term->rows) == term->rows) {
        partial[k] +=
            term->columns == 0 ? total : sums[__builtin_ctzll(term->columns)];
      }
    }
  }
}

/* Sum of the columns that hold the orbitals of a mask. */
static double sum_columns(const struct vqe_phase_block *block, uint64_t mask,
                          const double *column)
{
  double sum = 0.0;
  for (long c = 0; c < block->ncol; c++) {
    if ((bits_at(block->column_bits, c) & mask) == mask) {
      sum += column[c];
    }
  }
  return sum;
}

struct rows_loop {
  const struct vqe_phases *phases;
  const struct vqe_phase_block *block;
  const double *parameters;
  long chunks;
};

static void rows_chunk(const void *ctx, long chunk)
{
  const struct rows_loop *loop = ctx;
  long nrow = loop->block->nrow;
  sweep_rows(loop->phases, loop->block, nrow * chunk / loop->chunks,
             nrow * (chunk + 1) / loop->chunks, chunk, loop->parameters);
}

void vqe_phases_apply(const struct vqe_phases *phases,
                      const struct vqe_phase_block *block,
                      const double *parameters, double *gradient)
{
  bool back = block->lambda.re != NULL;
  VQE_ASSERT(block->ncol <= phases->columns);
  bool large = block->nrow * block->ncol >= PARALLEL_SIZE;
  long chunks = large ? CHUNKS : 1;
  column_phases(phases, block, parameters, back ? -1.0 : 1.0);
  if (back) {
    memset(phases->partial, 0,
           (size_t)chunks * phases->nterm * sizeof(double));
    memset(phases->column_sums, 0,
           (size_t)(chunks * phases->columns) * sizeof(double));
  }
  const struct rows_loop loop = {phases, block, parameters, chunks};
  vqe_parallel_for(chunks, large ? phases->threads : 1, rows_chunk, &loop);
  if (!back) {
    return;
  }
  double *column = phases->column_sums;
  for (long chunk = 1; chunk < chunks; chunk++) {
    for (long c = 0; c < block->ncol; c++) {
      column[c] += column[chunk * phases->columns + c];
    }
  }
  for (size_t k = 0; k < phases->nterm; k++) {
    const struct vqe_phase_term *term = &phases->terms[k];
    double sum = 0.0;
    if (term->rows == 0) {
      sum = sum_columns(block, term->columns, column);
    }
    for (long chunk = 0; term->rows != 0 && chunk < chunks; chunk++) {
      sum += phases->partial[(size_t)chunk * phases->nterm + k];
    }
    gradient[term->param] += 2.0 * term->scale * sum;
  }
}
