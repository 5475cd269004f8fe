#include "chem/fock.h"

#include <string.h>

#include "chem/env.h"

/* Below this many functions starting threads costs more than it saves. */
#define MIN_N_THREADS 32

double vqe_fock_dot(const double *a, const double *b, size_t count)
{
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t k = 0; k < count; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

/* y += A x for a symmetric A whose lower triangle lies packed by rows. */
static void packed_matvec(double *y, const double *a, const double *x, int n)
{
  for (int r = 0; r < n; r++) {
    double sum = 0.0;
    double xr = x[r];
#pragma omp simd reduction(+ : sum)
    for (int s = 0; s < r; s++) {
      sum += a[s] * x[s];
      y[s] += a[s] * xr;
    }
    y[r] += sum + a[r] * xr;
    a += r + 1;
  }
}

static int team_size(int n, int threads)
{
  return threads < 1 || n < MIN_N_THREADS ? 1 : threads;
}

void vqe_fock_jk(double *j, double *k, const double *eri, const double *dm,
                 int n, double *packed, int threads)
{
  size_t width = (size_t)n;
  size_t npair = width * (width + 1) / 2;
  for (size_t r = 0; r < width; r++) {
    for (size_t s = 0; s <= r; s++) {
      packed[vqe_pair(r, s)] =
          r == s ? dm[r * width + s] : 2.0 * dm[r * width + s];
    }
  }
#pragma omp parallel for schedule(dynamic, 1)                                 \
    num_threads(team_size(n, threads))
  for (size_t p = 0; p < width; p++) {
    if (j != NULL) {
      for (size_t q = 0; q <= p; q++) {
        double value =
            vqe_fock_dot(eri + vqe_pair(p, q) * npair, packed, npair);
        j[p * width + q] = value;
        j[q * width + p] = value;
      }
    }
    /* Row p of K needs the pairs (p, q) of every q, so each row of integrals
     * is read twice, but rows of K are independent of each other. */
    if (k != NULL) {
      double *row = k + p * width;
      memset(row, 0, width * sizeof(double));
      for (size_t q = 0; q < width; q++) {
        packed_matvec(row, eri + vqe_pair(p, q) * npair, dm + q * width, n);
      }
    }
  }
}
