#include "chem/fock.h"

#include <string.h>

#include "chem/env.h"

/* From this many functions on the pairs are shared out in slices, each with
 * sums of its own: their number must not depend on the threads, or the result
 * would. */
#define MIN_N_SLICES 32
#define SLICES 8

static int slices_of(int n)
{
  return n < MIN_N_SLICES ? 1 : SLICES;
}

double vqe_fock_dot(const double *a, const double *b, size_t count)
{
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t k = 0; k < count; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

size_t vqe_fock_scratch(int n)
{
  size_t n2 = (size_t)n * (size_t)n;
  size_t npair = n2 / 2 + (size_t)n;
  return npair + (size_t)slices_of(n) * (npair + n2);
}

/* One row of integrals (pq|rs), rs up to pq: J_pq += a x, J_rs += a x_pq. */
static void add_coulomb(double *j, const double *a, const double *x, size_t pq)
{
  double sum = 0.0;
  double weight = x[pq];
#pragma omp simd reduction(+ : sum)
  for (size_t rs = 0; rs < pq; rs++) {
    sum += a[rs] * x[rs];
    j[rs] += a[rs] * weight;
  }
  j[pq] += sum + a[pq] * weight;
}

/* The same row for exchange, of which the four orders that the row stands for
 * are added here and the transposed four at the end: K_pr += a D_qs, K_ps +=
 * a D_qr, K_qr += a D_ps, K_qs += a D_pr. Elements with equal indices count
 * for fewer orders. */
static void add_exchange(double *k, const double *a, const double *dm, int n,
                         int p, int q)
{
  double *kp = k + (size_t)p * (size_t)n;
  double *kq = k + (size_t)q * (size_t)n;
  const double *dp = dm + (size_t)p * (size_t)n;
  const double *dq = dm + (size_t)q * (size_t)n;
  double factor = p == q ? 0.5 : 1.0;
  for (int r = 0; r <= p; r++) {
    int last = r < p ? r : q; /* the last element is weighted */
    double sum_p = 0.0;
    double sum_q = 0.0;
    double weight_p = factor * dq[r];
    double weight_q = factor * dp[r];
    if (p != q) {
#pragma omp simd reduction(+ : sum_p, sum_q)
      for (int s = 0; s < last; s++) {
        sum_p += a[s] * dq[s];
        sum_q += a[s] * dp[s];
        kp[s] += a[s] * weight_p;
        kq[s] += a[s] * weight_q;
      }
    } else {
#pragma omp simd reduction(+ : sum_p)
      for (int s = 0; s < last; s++) {
        sum_p += a[s] * dq[s];
        kp[s] += a[s] * 2.0 * weight_p;
      }
      sum_q = sum_p;
    }
    double tail = a[last] * (r == last ? 0.5 : 1.0) * (r == p ? 0.5 : 1.0);
    kp[r] += factor * (sum_p + tail * dq[last]);
    kq[r] += factor * (sum_q + tail * dp[last]);
    kp[last] += tail * weight_p;
    kq[last] += tail * weight_q;
    a += r + 1;
  }
}

/* Sums of the slices into j and k. */
static void collect(double *j, double *k, const double *sums, size_t width,
                    int slices)
{
  size_t n2 = width * width;
  size_t npair = n2 / 2 + width;
  for (size_t p = 0; p < width; p++) {
    for (size_t q = 0; q <= p; q++) {
      double coulomb = 0.0;
      double exchange = 0.0;
      for (int slice = 0; slice < slices; slice++) {
        const double *own = sums + (size_t)slice * (npair + n2);
        coulomb += own[vqe_pair(p, q)];
        own += npair;
        exchange += own[p * width + q] + own[q * width + p];
      }
      if (j != NULL) {
        j[p * width + q] = coulomb;
        j[q * width + p] = coulomb;
      }
      if (k != NULL) {
        k[p * width + q] = exchange;
        k[q * width + p] = exchange;
      }
    }
  }
}

void vqe_fock_jk(double *j, double *k, const double *eri, const double *dm,
                 int n, double *scratch, int threads)
{
  size_t width = (size_t)n;
  size_t n2 = width * width;
  size_t npair = n2 / 2 + width; /* with room to spare */
  int slices = slices_of(n);
  double *packed = scratch;
  double *sums = scratch + npair;
  for (size_t r = 0; r < width; r++) {
    for (size_t s = 0; s <= r; s++) {
      packed[vqe_pair(r, s)] =
          r == s ? dm[r * width + s] : 2.0 * dm[r * width + s];
    }
  }
  memset(sums, 0, (size_t)slices * (npair + n2) * sizeof(double));
#pragma omp parallel for schedule(dynamic, 1)                                 \
    num_threads(threads < 1 || slices == 1 ? 1 : threads)
  for (int slice = 0; slice < slices; slice++) {
    double *own = sums + (size_t)slice * (npair + n2);
    for (int p = slice; p < n; p += slices) {
      for (int q = 0; q <= p; q++) {
        size_t pq = vqe_pair((size_t)p, (size_t)q);
        const double *row = eri + pq * (pq + 1) / 2;
        if (j != NULL) {
          add_coulomb(own, row, packed, pq);
        }
        if (k != NULL) {
          add_exchange(own + npair, row, dm, n, p, q);
        }
      }
    }
  }
  collect(j, k, sums, width, slices);
}
