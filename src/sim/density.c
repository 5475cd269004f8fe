#include "sim/density.h"

#include <cblas.h>
#include <lapacke.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Determinants whose F_P psi are held at a time. */
#define BATCH 4096

struct vqe_density {
  const struct vqe_strings *alpha, *beta;
  int norb;
  size_t npair;
  uint8_t irrep[VQE_MAX_ORBITALS];
  struct vqe_string_pairs *on_beta; /* of each pair, q -> p */
  size_t batch;                     /* determinants */
  double *x;                        /* npair x batch */
  double *product;                  /* npair x npair */
  size_t *order;                    /* pairs of one irrep */
};

int vqe_density_create(struct vqe_density **out,
                       const struct vqe_strings *alpha,
                       const struct vqe_strings *beta, const uint8_t *irrep)
{
  struct vqe_density *density = NULL;
  size_t norb = (size_t)alpha->norb;
  size_t npair = norb * (norb + 1) / 2;
  *out = NULL;
  int status = vqe_memory_alloc(&density, 1, sizeof *density, "densities");
  if (status != VQE_OK) {
    return status;
  }
  density->alpha = alpha;
  density->beta = beta;
  density->norb = alpha->norb;
  density->npair = npair;
  density->batch = beta->count > BATCH ? beta->count : BATCH;
  for (int p = 0; p < alpha->norb; p++) {
    density->irrep[p] = alpha->nclass == 1 ? 0 : irrep[p];
  }
  status = vqe_memory_alloc(&density->on_beta, npair, sizeof *density->on_beta,
                            "densities");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&density->x, npair * density->batch,
                              sizeof(double), "densities");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&density->product, npair * npair, sizeof(double),
                              "densities");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&density->order, npair, sizeof *density->order,
                              "densities");
  }
  for (int p = 0; status == VQE_OK && p < alpha->norb; p++) {
    for (int q = 0; status == VQE_OK && q <= p; q++) {
      status = vqe_string_pairs_init(&density->on_beta[p * (p + 1) / 2 + q],
                                     beta, q, p, -1, -1);
    }
  }
  if (status != VQE_OK) {
    vqe_density_free(density);
    return status;
  }
  *out = density;
  return VQE_OK;
}

void vqe_density_free(struct vqe_density *density)
{
  if (density == NULL) {
    return;
  }
  for (size_t k = 0; density->on_beta != NULL && k < density->npair; k++) {
    vqe_string_pairs_clear(&density->on_beta[k]);
  }
  free(density->on_beta);
  free(density->x);
  free(density->product);
  free(density->order);
  free(density);
}

/* F_PQ psi on the determinants of rows [row, row + nrow) and the columns of
 * class cb; these are of total symmetry g times that of the layout. */
static void apply_pair(const struct vqe_density *density,
                       const struct vqe_layout *layout, int p, int q, int ca,
                       int cb, uint32_t row, uint32_t nrow, double *x,
                       const double *psi)
{
  const struct vqe_strings *alpha = density->alpha;
  const struct vqe_strings *beta = density->beta;
  const struct vqe_string_pairs *pairs =
      &density->on_beta[p * (p + 1) / 2 + q];
  int g = density->irrep[p] ^ density->irrep[q];
  size_t cols = vqe_layout_cols(layout, cb);
  uint64_t both = UINT64_C(1) << p | UINT64_C(1) << q;
  uint32_t to = beta->class_start[cb];
  uint32_t from = beta->class_start[cb ^ g];
  for (uint32_t k = 0; k < nrow; k++) {
    uint64_t bits = alpha->bits[row + k];
    uint64_t found = bits & both;
    double *out = x + k * cols;
    memset(out, 0, cols * sizeof *out);
    if (found != 0 && (p == q || found != both)) {
      uint32_t s = p == q ? row + k : vqe_strings_position(alpha, bits ^ both);
      int sign = p == q ? 1 : vqe_strings_sign(bits, p, q);
      cblas_daxpy((int)cols, sign, psi + vqe_layout_row(layout, ca ^ g, cb, s),
                  1, out, 1);
    }
    const double *in = psi + vqe_layout_row(layout, ca, cb ^ g, row + k);
    for (uint32_t l = pairs->start[cb ^ g]; l < pairs->start[(cb ^ g) + 1];
         l++) {
      const struct vqe_string_pair *pair = &pairs->items[l];
      out[pair->to - to] += pair->sign * in[pair->from - from];
    }
    for (uint32_t l = pairs->start[cb]; p != q && l < pairs->start[cb + 1];
         l++) {
      const struct vqe_string_pair *pair = &pairs->items[l];
      out[pair->from - to] += pair->sign * in[pair->to - from];
    }
  }
}

static void add_batch(struct vqe_density *density,
                      const struct vqe_layout *layout, int g, int ca, int cb,
                      uint32_t row, uint32_t nrow, double *pairs1,
                      double *pairs2, const double *psi)
{
  size_t n = 0;
  size_t length = nrow * vqe_layout_cols(layout, cb);
  size_t npair = density->npair;
  for (int p = 0; p < density->norb; p++) {
    for (int q = 0; q <= p; q++) {
      if ((density->irrep[p] ^ density->irrep[q]) == g) {
        apply_pair(density, layout, p, q, ca, cb, row, nrow,
                   density->x + n * length, psi);
        density->order[n++] = (size_t)p * (size_t)(p + 1) / 2 + (size_t)q;
      }
    }
  }
  VQE_ASSERT(n <= npair && length <= density->batch);
  if (n == 0 || length == 0) {
    return;
  }
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n, (int)length,
              1.0, density->x, (int)length, 0.0, density->product, (int)n);
  for (size_t k = 0; k < n; k++) {
    for (size_t l = 0; l <= k; l++) {
      double value = density->product[k * n + l];
      pairs2[density->order[k] * npair + density->order[l]] += value;
      if (l != k) {
        pairs2[density->order[l] * npair + density->order[k]] += value;
      }
    }
  }
  if (g == 0) {
    const double *own = psi + vqe_layout_row(layout, ca, cb, row);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)length, 1.0,
                density->x, (int)length, own, 1, 0.0, density->product, 1);
    for (size_t k = 0; k < n; k++) {
      pairs1[density->order[k]] += density->product[k];
    }
  }
}

void vqe_density_add(struct vqe_density *density,
                     const struct vqe_layout *layout, double *pairs1,
                     double *pairs2, const double *psi)
{
  const struct vqe_strings *alpha = density->alpha;
  const struct vqe_strings *beta = density->beta;
  for (int ca = 0; ca < alpha->nclass; ca++) {
    for (int cb = 0; cb < beta->nclass; cb++) {
      size_t cols = vqe_layout_cols(layout, cb);
      /* F_P of irrep g comes to this block when (ca ^ g, cb) is stored */
      for (int g = 0; g < alpha->nclass && cols > 0; g++) {
        if (!vqe_layout_has(layout, ca ^ g, cb)) {
          continue;
        }
        uint32_t step = (uint32_t)(density->batch / cols);
        for (uint32_t row = alpha->class_start[ca];
             row < alpha->class_start[ca + 1]; row += step) {
          uint32_t left = alpha->class_start[ca + 1] - row;
          add_batch(density, layout, g, ca, cb, row, left < step ? left : step,
                    pairs1, pairs2, psi);
        }
      }
    }
  }
}

int vqe_density_occupations(double *out, const double *rdm1, int norb)
{
  size_t n = (size_t)norb;
  double *copy = NULL;
  int status =
      vqe_memory_alloc(&copy, n * n, sizeof *copy, "natural occupations");
  if (status == VQE_OK) {
    memcpy(copy, rdm1, n * n * sizeof *copy);
    if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'U', norb, copy, norb, out) !=
        0) {
      status = vqe_error_set(VQE_ERR_NUMERIC,
                             "the density matrix could not be diagonalised");
    }
  }
  for (size_t k = 0; status == VQE_OK && k < n / 2; k++) {
    double least = out[k];
    out[k] = out[n - 1 - k];
    out[n - 1 - k] = least;
  }
  free(copy);
  return status;
}
