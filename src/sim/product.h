/* Products with a symmetric matrix on the left or on the right, by DGEMM in
 * the forms that allocate nothing: on AVX-512, OpenBLAS takes a buffer from
 * malloc for small products of two factors that both go as they stand. A
 * symmetric matrix may go as its transpose, which changes no result. */
#ifndef VQE_SIM_PRODUCT_H
#define VQE_SIM_PRODUCT_H

#include <cblas.h>
#include <stddef.h>

/* Matrices up to this size go as they stand: no buffer is taken for them, and
 * that form is the faster one. */
#define VQE_PRODUCT_SHORT 15

static inline enum CBLAS_TRANSPOSE vqe_product_form(size_t n)
{
  return n > VQE_PRODUCT_SHORT ? CblasTrans : CblasNoTrans;
}

/* out = matrix in, n x n times n x width; rows of `in` and of `out` are
 * `stride` apart. */
static inline void vqe_product_left(size_t n, size_t width,
                                    const double *matrix, size_t stride,
                                    double *out, const double *in)
{
  cblas_dgemm(CblasRowMajor, vqe_product_form(n), CblasNoTrans, (int)n,
              (int)width, (int)n, 1.0, matrix, (int)n, in, (int)stride, 0.0,
              out, (int)stride);
}

/* out += in matrix, rows x n times columns `first` to `first` + width of the
 * n x n matrix; `out` starts at its column `first`, and rows of `in` and of
 * `out` are `stride` apart. */
static inline void vqe_product_add_right(size_t rows, size_t n, size_t first,
                                         size_t width, const double *matrix,
                                         size_t stride, double *out,
                                         const double *in)
{
  enum CBLAS_TRANSPOSE form = vqe_product_form(n);
  const double *part = matrix + (form == CblasTrans ? first * n : first);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, form, (int)rows, (int)width, (int)n,
              1.0, in, (int)stride, part, (int)n, 1.0, out, (int)stride);
}

#endif
