#include "chem/transform.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/transform_row.h"

#define TILE 32
/* Below this many functions starting threads costs more than it saves. */
#define MIN_NAO_THREADS 20

/* The rows [start, start + count) of a symmetric matrix of which `in` is the
 * lower triangle. */
static void gather(double *rows, const double *in, size_t n, size_t start,
                   size_t count)
{
  for (size_t k = 0; k < count; k++) {
    size_t row = start + k;
    memcpy(rows + k * n, in + vqe_pair(row, 0), (row + 1) * sizeof(double));
  }
  for (size_t column = start; column < n; column++) {
    const double *from = in + vqe_pair(column, 0);
    for (size_t k = 0; k < count && start + k < column; k++) {
      rows[k * n + column] = from[start + k];
    }
  }
}

/* Transform `nrow` packed matrices and store the result transposed, so that
 * the second pass finds the other pair in its rows. */
static int transform_rows(double *out, const double *in, bool square,
                          size_t nrow, const double *mo_coeff, int n, int norb,
                          int threads)
{
  double *scratch = NULL;
  size_t nin = (size_t)n * (size_t)(n + 1) / 2;
  size_t nout = (size_t)norb * (size_t)(norb + 1) / 2;
  size_t work = vqe_transform_row_work(n, norb);
  size_t rows = square ? 0 : TILE * nin;
  size_t each = (work + TILE * nout + rows + 7) / 8 * 8;
  if (threads < 1 || n < MIN_NAO_THREADS) {
    threads = 1;
  }
  int status = vqe_memory_alloc(&scratch, each * (size_t)threads,
                                sizeof(double), "integral transformation");
  if (status != VQE_OK) {
    return status;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (size_t start = 0; start < nrow; start += TILE) {
    double *mine = scratch + each * (size_t)omp_get_thread_num();
    double *tile = mine + work;
    double *gathered = tile + TILE * nout;
    size_t count = nrow - start < TILE ? nrow - start : TILE;
    if (!square) {
      gather(gathered, in, nin, start, count);
    }
    for (size_t k = 0; k < count; k++) {
      vqe_transform_row(tile + k * nout,
                        square ? in + (start + k) * nin : gathered + k * nin,
                        mo_coeff, n, norb, mine);
    }
    for (size_t ij = 0; ij < nout; ij++) {
      for (size_t k = 0; k < count; k++) {
        out[ij * nrow + start + k] = tile[k * nout + ij];
      }
    }
  }
  free(scratch);
  return VQE_OK;
}

/* The columns as a matrix of their own. */
static int take_columns(double **out, const double *mo_coeff, int nao, int nmo,
                        int first, int norb)
{
  int status = vqe_memory_alloc(out, (size_t)nao * (size_t)norb,
                                sizeof(double), "active orbitals");
  for (int p = 0; status == VQE_OK && p < nao; p++) {
    memcpy(*out + (size_t)p * (size_t)norb,
           mo_coeff + (size_t)p * (size_t)nmo + first,
           (size_t)norb * sizeof(double));
  }
  return status;
}

/* Both passes, the first from a square, a triangle or direct integrals. */
static int transform(double *out, const double *eri, bool square,
                     const struct vqe_direct *direct, const double *mo_coeff,
                     int nao, int nmo, int first, int norb, int threads)
{
  double *columns = NULL;
  double *half = NULL;
  size_t npair_ao = (size_t)nao * (size_t)(nao + 1) / 2;
  size_t npair = (size_t)norb * (size_t)(norb + 1) / 2;
  VQE_ASSERT(first >= 0 && first + norb <= nmo && nmo <= nao);
  int status = take_columns(&columns, mo_coeff, nao, nmo, first, norb);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&half, npair_ao * npair, sizeof(double),
                              "half-transformed integrals");
  }
  if (status == VQE_OK) {
    status = eri != NULL ? transform_rows(half, eri, square, npair_ao, columns,
                                          nao, norb, threads)
                         : vqe_direct_half(half, direct, columns, norb);
  }
  if (status == VQE_OK) {
    status =
        transform_rows(out, half, true, npair, columns, nao, norb, threads);
  }
  for (size_t p = 0; status == VQE_OK && p < npair; p++) {
    for (size_t q = 0; q < p; q++) {
      double mean = 0.5 * (out[p * npair + q] + out[q * npair + p]);
      out[p * npair + q] = mean;
      out[q * npair + p] = mean;
    }
  }
  free(columns);
  free(half);
  return status;
}

int vqe_transform_eri(double *out, const double *eri, const double *mo_coeff,
                      int nao, int nmo, int first, int norb, int threads)
{
  return transform(out, eri, true, NULL, mo_coeff, nao, nmo, first, norb,
                   threads);
}

int vqe_transform_functions(double *out, const double *eri,
                            const struct vqe_direct *direct,
                            const double *mo_coeff, int nao, int nmo,
                            int first, int norb, int threads)
{
  return transform(out, eri, false, direct, mo_coeff, nao, nmo, first, norb,
                   threads);
}

int vqe_transform_matrix(double *out, const double *matrix,
                         const double *mo_coeff, int nao, int nmo, int first,
                         int norb)
{
  double *half = NULL;
  int status = vqe_memory_alloc(&half, (size_t)nao * (size_t)norb,
                                sizeof(double), "integral transformation");
  if (status != VQE_OK) {
    return status;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, norb, nao, 1.0,
              matrix, nao, mo_coeff + first, nmo, 0.0, half, norb);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, norb, norb, nao, 1.0,
              mo_coeff + first, nmo, half, norb, 0.0, out, norb);
  for (int i = 0; i < norb; i++) {
    for (int j = 0; j < i; j++) {
      double mean = 0.5 * (out[i * norb + j] + out[j * norb + i]);
      out[i * norb + j] = mean;
      out[j * norb + i] = mean;
    }
  }
  free(half);
  return VQE_OK;
}
