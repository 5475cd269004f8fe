#include "chem/transform_row.h"

#include <cblas.h>

size_t vqe_transform_row_work(int n, int norb)
{
  return (size_t)n * (size_t)n + (size_t)n * (size_t)norb +
         (size_t)norb * (size_t)norb;
}

void vqe_transform_row(double *out, const double *in, const double *mo_coeff,
                       int n, int norb, double *work)
{
  double *full = work;
  double *half = full + (size_t)n * (size_t)n;
  double *small = half + (size_t)n * (size_t)norb;
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      full[p * n + q] = *in;
      full[q * n + p] = *in++;
    }
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, norb, n, 1.0, full,
              n, mo_coeff, norb, 0.0, half, norb);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, norb, norb, n, 1.0,
              mo_coeff, norb, half, norb, 0.0, small, norb);
  for (int i = 0; i < norb; i++) {
    for (int j = 0; j <= i; j++) {
      *out++ = 0.5 * (small[i * norb + j] + small[j * norb + i]);
    }
  }
}
