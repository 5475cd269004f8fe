#include "sim/sigma.h"

#include <cblas.h>
#include <omp.h>
#include <string.h>

#include "base/assert.h"
#include "sim/parallel.h"
#include "sim/product.h"
#include "sim/sigma_tables.h"

void vqe_sigma_watch(struct vqe_sigma *sigma, struct vqe_stop *stop)
{
  sigma->stop = stop;
}

/* A tile is a run of strings by VQE_SIGMA_TILE neighbours: each element of a
 * sparse matrix works on whole vectors, sums stay in registers, and what is
 * read again and again is in one piece. */
enum { TILE = VQE_SIGMA_TILE };

static double *own_tile(const struct vqe_sigma *sigma,
                        const struct vqe_spin_matrix *matrix)
{
  VQE_ASSERT(matrix->count <= sigma->tile_columns);
  return sigma->tile +
         TILE * sigma->tile_columns * (size_t)omp_get_thread_num();
}

/* eight doubles, wherever they stand */
typedef double v8 __attribute__((vector_size(64), aligned(8)));

/* sum = row `s` of the matrix times the tile. Vectors by name: compilers take
 * the loop over elements for the one to vectorise, with gathers. */
static inline void multiply_row(double sum[TILE],
                                const struct vqe_spin_matrix *matrix,
                                uint32_t s, const double *tile)
{
  v8 a = {0.0};
  v8 b = {0.0};
  v8 c = {0.0};
  v8 d = {0.0};
  for (size_t j = matrix->row[s]; j < matrix->row[s + 1]; j++) {
    const v8 *x = (const v8 *)(tile + (size_t)matrix->column[j] * TILE);
    double value = matrix->value[j];
    a += value * x[0];
    b += value * x[1];
    c += value * x[2];
    d += value * x[3];
  }
  memcpy(sum, &a, sizeof a);
  memcpy(sum + 8, &b, sizeof b);
  memcpy(sum + 16, &c, sizeof c);
  memcpy(sum + 24, &d, sizeof d);
}

/* out = H_alpha in by a sparse matrix, for `width` columns of its run. */
static void apply_sparse_alpha(const struct vqe_sigma *sigma,
                               const struct vqe_spin_matrix *matrix,
                               size_t cols, uint32_t width, double *out,
                               const double *in)
{
  double *tile = own_tile(sigma, matrix);
  for (uint32_t first = 0; first < width; first += TILE) {
    size_t n = width - first < TILE ? width - first : TILE;
    for (size_t s = 0; s < matrix->count; s++) {
      double *row = tile + s * TILE;
      memcpy(row, in + s * cols + first, n * sizeof *row);
      memset(row + n, 0, (TILE - n) * sizeof *row);
    }
    for (uint32_t s = 0; s < matrix->count; s++) {
      double sum[TILE];
      multiply_row(sum, matrix, s, tile);
      memcpy(out + s * cols + first, sum, n * sizeof *sum);
    }
  }
}

/* out += in H_beta by a sparse matrix, columns [first, last) of its run, for
 * `rows` rows. */
static void apply_sparse_beta(const struct vqe_sigma *sigma,
                              const struct vqe_spin_matrix *matrix,
                              uint32_t first, uint32_t last, size_t rows,
                              size_t cols, double *out, const double *in)
{
  double *tile = own_tile(sigma, matrix);
  for (size_t s = 0; s < rows; s += TILE) {
    size_t n = rows - s < TILE ? rows - s : TILE;
    for (size_t k = 0; k < TILE; k++) {
      const double *source = in + (s + (k < n ? k : 0)) * cols;
      for (size_t c = 0; c < matrix->count; c++) {
        tile[c * TILE + k] = source[c];
      }
    }
    for (uint32_t c = first; c < last; c++) {
      double sum[TILE];
      multiply_row(sum, matrix, c, tile);
      for (size_t k = 0; k < n; k++) {
        out[(s + k) * cols + c] += sum[k];
      }
    }
  }
}

void vqe_sigma_apply_alpha(const struct vqe_sigma *sigma, int ca, size_t cols,
                           uint32_t width, double *out, const double *in)
{
  const struct vqe_strings *alpha = sigma->alpha;
  for (uint32_t r = alpha->class_run[ca]; r < alpha->class_run[ca + 1]; r++) {
    const struct vqe_spin_matrix *matrix = &sigma->alpha_run[r];
    if (matrix->count == 0 ||
        vqe_stop_asked(sigma->stop, (size_t)matrix->count * width)) {
      continue;
    }
    size_t at = (size_t)(matrix->first - alpha->class_start[ca]) * cols;
    if (matrix->dense != NULL) {
      vqe_product_left(matrix->count, width, matrix->dense, cols, out + at,
                       in + at);
    } else {
      apply_sparse_alpha(sigma, matrix, cols, width, out + at, in + at);
    }
  }
}

void vqe_sigma_apply_beta(const struct vqe_sigma *sigma, int cb,
                          uint32_t first_column, uint32_t count, size_t rows,
                          size_t cols, double *out, const double *in)
{
  const struct vqe_strings *beta = sigma->beta;
  uint32_t base = beta->class_start[cb];
  for (uint32_t r = beta->class_run[cb]; r < beta->class_run[cb + 1]; r++) {
    const struct vqe_spin_matrix *matrix = &sigma->beta_run[r];
    uint32_t run = matrix->first - base; /* relative to the class */
    uint32_t first = first_column > run ? first_column : run;
    uint32_t last = first_column + count < run + matrix->count
                        ? first_column + count
                        : run + matrix->count;
    if (matrix->count == 0 || first >= last ||
        vqe_stop_asked(sigma->stop, rows * (last - first))) {
      continue;
    }
    if (matrix->dense != NULL) {
      vqe_product_add_right(rows, matrix->count, first - run, last - first,
                            matrix->dense, cols, out + first, in + run);
      continue;
    }
    apply_sparse_beta(sigma, matrix, first - run, last - run, rows, cols,
                      out + run, in + run);
  }
}

/* One row into the panel; `to` is its first column. */
static inline void gather_row(const struct vqe_sigma_gather *gather,
                              double *restrict to, size_t stride,
                              const double *restrict row)
{
  const uint32_t *restrict place = gather->to;
  const uint32_t *restrict from = gather->from;
  uint32_t positive = gather->positive;
  uint32_t count = gather->count;
  for (uint32_t k = 0; k < positive; k++) {
    to[(place[k] >> 16) * stride + (place[k] & 0xffff)] = row[from[k]];
  }
  for (uint32_t k = positive; k < count; k++) {
    to[(place[k] >> 16) * stride + (place[k] & 0xffff)] = -row[from[k]];
  }
}

static inline void add_row(double *restrict target, const double *restrict add,
                           double sign, uint32_t width)
{
  for (uint32_t c = 0; c < width; c++) {
    target[c] += sign * add[c];
  }
}

/* Alpha-beta part of one item: for each pair symmetry g, sources are the
 * blocks (ca, cb ^ g), results the blocks (ca ^ g, cb). */
static void apply_mixed(const struct vqe_sigma *sigma,
                        const struct vqe_layout *layout,
                        const struct vqe_sigma_item *item, bool lower,
                        double *scratch, double *out, const double *in)
{
  uint32_t width = item->count;
  size_t cols = vqe_layout_cols(layout, item->cb);
  size_t nirrep = (size_t)sigma->nirrep;
  for (int g = 0; g < sigma->nirrep; g++) {
    const struct vqe_sigma_gather *gather = &item->gather[g];
    size_t npair = (size_t)sigma->npair[g];
    int cb_in = item->cb ^ g;
    size_t cols_in = vqe_layout_cols(layout, cb_in);
    if (npair == 0 || gather->count == 0) {
      continue;
    }
    size_t batch = sigma->panel / (npair * width);
    VQE_ASSERT(batch > 0 && item->first + width <= cols);
    double *gathered = scratch;
    double *product = scratch + sigma->panel;
    for (int ca = 0; ca < sigma->nirrep; ca++) {
      if (!vqe_layout_has(layout, ca, cb_in) ||
          (lower && (ca ^ g) < item->cb)) {
        continue;
      }
      size_t rows = vqe_layout_rows(layout, ca);
      uint32_t s0 = sigma->alpha->class_start[ca];
      const double *source = in + layout->offset[ca][cb_in];
      for (size_t done = 0; done < rows; done += batch) {
        size_t n = rows - done < batch ? rows - done : batch;
        size_t stride = n * width;
        /* a product of matrices has several multiplications a cycle */
        if (vqe_stop_asked(sigma->stop, npair * stride * npair / 4)) {
          return;
        }
        /* Places that no list writes stay zero from row to row, and the
         * lists are the same for every row: clear once a panel shape. */
        if (done == 0 || n < batch) {
          memset(gathered, 0, npair * stride * sizeof *gathered);
        }
        for (size_t r = 0; r < n; r++) {
          gather_row(gather, gathered + r * width, stride,
                     source + (done + r) * cols_in);
        }
        vqe_product_left(npair, stride, sigma->w[g], stride, product,
                         gathered);
        double *block = out + layout->offset[ca ^ g][item->cb] + item->first;
        uint32_t t0 = sigma->alpha->class_start[ca ^ g];
        /* rows above the item's own columns are mirrored */
        uint32_t first = lower && (ca ^ g) == item->cb ? t0 + item->first : t0;
        for (size_t r = 0; r < n; r++) {
          size_t s = s0 + done + r;
          for (size_t k = sigma->link_start[s * nirrep + (size_t)g];
               k < sigma->link_start[s * nirrep + (size_t)g + 1]; k++) {
            const struct vqe_sigma_link *link = &sigma->links[k];
            VQE_ASSERT(link->partner >= t0 && link->pair < npair);
            if (link->partner < first) {
              continue;
            }
            add_row(block + (size_t)(link->partner - t0) * cols,
                    product + link->pair * stride + r * width, link->sign,
                    width);
          }
        }
      }
    }
  }
}

static void apply_item(const struct vqe_sigma *sigma,
                       const struct vqe_layout *layout,
                       const struct vqe_sigma_item *item, bool lower,
                       double *scratch, double *out, const double *in)
{
  size_t cols = vqe_layout_cols(layout, item->cb);
  for (int ca = 0; ca < sigma->nirrep; ca++) {
    if (!vqe_layout_has(layout, ca, item->cb)) {
      continue;
    }
    size_t block = layout->offset[ca][item->cb];
    size_t rows = vqe_layout_rows(layout, ca);
    if (rows == 0 || (lower && ca < item->cb)) {
      continue;
    }
    vqe_sigma_apply_alpha(sigma, ca, cols, item->count,
                          out + block + item->first, in + block + item->first);
    size_t above = lower && ca == item->cb ? item->first : 0;
    vqe_sigma_apply_beta(sigma, item->cb, item->first, item->count,
                         rows - above, cols, out + block + above * cols,
                         in + block + above * cols);
  }
  apply_mixed(sigma, layout, item, lower, scratch, out, in);
}

/* ---- the one-spin parts by themselves ---- */

/* Columns of H_alpha and rows of H_beta that one thread takes at once. */
#define COLUMNS VQE_SIGMA_TILE
#define ROWS VQE_SIGMA_TILE

struct one_spin_loop {
  const struct vqe_sigma *sigma;
  const struct vqe_layout *layout;
  int ca, cb;
  double *out;
  const double *in;
};

static void apply_columns(const void *ctx, long k)
{
  const struct one_spin_loop *loop = ctx;
  size_t cols = vqe_layout_cols(loop->layout, loop->cb);
  size_t first = (size_t)k * COLUMNS;
  size_t count = cols - first < COLUMNS ? cols - first : COLUMNS;
  vqe_sigma_apply_alpha(loop->sigma, loop->ca, cols, (uint32_t)count,
                        loop->out + first, loop->in + first);
}

static void apply_rows(const void *ctx, long k)
{
  const struct one_spin_loop *loop = ctx;
  size_t rows = vqe_layout_rows(loop->layout, loop->ca);
  size_t cols = vqe_layout_cols(loop->layout, loop->cb);
  size_t first = (size_t)k * ROWS;
  size_t count = rows - first < ROWS ? rows - first : ROWS;
  vqe_sigma_apply_beta(loop->sigma, loop->cb, 0, (uint32_t)cols, count, cols,
                       loop->out + first * cols, loop->in + first * cols);
}

/* out = (H_alpha + H_beta) in */
static void apply_one_spin(const struct vqe_sigma *sigma,
                           const struct vqe_layout *layout, int threads,
                           double *out, const double *in)
{
  for (int ca = 0; ca < sigma->nirrep; ca++) {
    for (int cb = 0; cb < sigma->nirrep; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      size_t rows = vqe_layout_rows(layout, ca);
      size_t cols = vqe_layout_cols(layout, cb);
      size_t block = layout->offset[ca][cb];
      const struct one_spin_loop loop = {sigma, layout,      ca,
                                         cb,    out + block, in + block};
      if (rows == 0 || cols == 0) {
        continue;
      }
      vqe_parallel_for((long)((cols + COLUMNS - 1) / COLUMNS), threads,
                       apply_columns, &loop);
      vqe_parallel_for((long)((rows + ROWS - 1) / ROWS), threads, apply_rows,
                       &loop);
    }
  }
}

/* The form over pairs; `lower`: only where the row's string does not stand
 * before the item's columns. */
static void apply_items(const struct vqe_sigma *sigma,
                        const struct vqe_layout *layout, bool lower,
                        double *out, const double *in)
{
  long count = (long)sigma->nitem;
  if (sigma->threads == 1 || layout->size <= 2048) {
    /* no region for one thread: see parallel.h */
    for (long k = 0; k < count; k++) {
      apply_item(sigma, layout, &sigma->items[k], lower, sigma->scratch, out,
                 in);
    }
    return;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(sigma->threads)
  for (long k = 0; k < count; k++) {
    double *scratch =
        sigma->scratch + 2 * sigma->panel * (size_t)omp_get_thread_num();
    apply_item(sigma, layout, &sigma->items[k], lower, scratch, out, in);
  }
}

void vqe_sigma_apply(const struct vqe_sigma *sigma,
                     const struct vqe_layout *layout, double *out,
                     const double *in)
{
  if (sigma->annihilation != NULL) {
    apply_one_spin(sigma, layout, sigma->threads, out, in);
    vqe_annihilation_apply(sigma->annihilation, layout, sigma->stop, out, in);
    return;
  }
  apply_items(sigma, layout, false, out, in);
}

void vqe_sigma_apply_mirror(const struct vqe_sigma *sigma,
                            const struct vqe_layout *layout, double *out,
                            const double *in)
{
  VQE_ASSERT(sigma->alpha == sigma->beta);
  if (sigma->annihilation != NULL) {
    vqe_sigma_apply(sigma, layout, out, in);
  } else {
    apply_items(sigma, layout, true, out, in);
  }
  vqe_layout_mirror(layout, out, false);
}
