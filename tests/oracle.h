/* Brute-force references for small systems: Jordan-Wigner ladder operators
 * on basis states, dense matrices built from them, exponentials, eigenvalues
 * and a gate-by-gate simulator. Nothing here uses the library's own
 * arithmetic; sizes are 2^(2 norb) with norb <= 4 or so. */
#ifndef VQE_TESTS_ORACLE_H
#define VQE_TESTS_ORACLE_H

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORACLE_PI 3.14159265358979323846

#define assert_close(a, b, tolerance)                                         \
  do {                                                                        \
    double oracle_a = (a);                                                    \
    double oracle_b = (b);                                                    \
    if (!(fabs(oracle_a - oracle_b) <= (tolerance))) {                        \
      fail_msg("%s = %.15g, expected %.15g, difference %.3g", #a, oracle_a,   \
               oracle_b, oracle_a - oracle_b);                                \
    }                                                                         \
  } while (0)

static inline double *oracle_new(size_t count)
{
  double *out = calloc(count == 0 ? 1 : count, sizeof *out);
  assert_non_null(out);
  return out;
}

/* splitmix64, uniform in [-1, 1) */
static inline double oracle_random(uint64_t *seed)
{
  uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  z ^= z >> 31;
  return (double)(z >> 11) * 0x1.0p-52 - 1.0;
}

/* ---- integrals ---- */

static inline size_t oracle_pair(int p, int q)
{
  return p >= q ? (size_t)(p * (p + 1) / 2 + q)
                : (size_t)(q * (q + 1) / 2 + p);
}

static inline double oracle_eri(const double *eri, int norb, int p, int q,
                                int r, int s)
{
  size_t npair = (size_t)(norb * (norb + 1) / 2);
  return eri[oracle_pair(p, q) * npair + oracle_pair(r, s)];
}

/* Random integrals with the symmetry of real orbitals; `irrep` NULL for no
 * further symmetry. Falling off the diagonal so that the Aufbau determinant
 * leads. */
static inline void oracle_integrals(double **h1e, double **eri, int norb,
                                    const uint8_t *irrep, uint64_t seed)
{
  size_t npair = (size_t)(norb * (norb + 1) / 2);
  *h1e = oracle_new((size_t)(norb * norb));
  *eri = oracle_new(npair * npair);
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      double value = 0.4 * oracle_random(&seed) + (p == q ? 0.7 * p - 2 : 0);
      if (irrep != NULL && irrep[p] != irrep[q]) {
        value = 0.0;
      }
      (*h1e)[p * norb + q] = value;
      (*h1e)[q * norb + p] = value;
      for (int r = 0; r <= p; r++) {
        for (int s = 0; s <= r; s++) {
          size_t pq = oracle_pair(p, q);
          size_t rs = oracle_pair(r, s);
          if (rs > pq) {
            continue;
          }
          double two =
              0.25 * oracle_random(&seed) + (p == q && r == s ? 0.4 : 0.0);
          if (irrep != NULL &&
              (irrep[p] ^ irrep[q] ^ irrep[r] ^ irrep[s]) != 0) {
            two = 0.0;
          }
          (*eri)[pq * npair + rs] = two;
          (*eri)[rs * npair + pq] = two;
        }
      }
    }
  }
}

/* ---- ladder operators ---- */

/* a+_p (create) or a_p on |bits>: the sign, 0 when it vanishes. */
static inline int oracle_ladder(uint64_t *bits, int p, bool create)
{
  uint64_t bit = UINT64_C(1) << p;
  if (((*bits & bit) != 0) == create) {
    return 0;
  }
  *bits ^= bit;
  int below = 0;
  for (int k = 0; k < p; k++) {
    below += (int)(*bits >> k & 1);
  }
  return below % 2 == 0 ? 1 : -1;
}

/* a+_p a_q on |bits> */
static inline int oracle_move(uint64_t *bits, int p, int q)
{
  int sign = oracle_ladder(bits, q, false);
  return sign == 0 ? 0 : sign * oracle_ladder(bits, p, true);
}

typedef void (*oracle_visit)(void *ctx, uint64_t bits, double value);

/* H |bits>, H = sum h_pq a+_p a_q + 1/2 sum (pq|rs) a+_p a+_r a_s a_q over
 * spatial orbitals and spins; repeated visits of one state add up. */
static inline void oracle_apply_h(int norb, const double *h1e,
                                  const double *eri, uint64_t bits,
                                  oracle_visit visit, void *ctx)
{
  for (int q = 0; q < 2 * norb; q++) {
    uint64_t one = bits;
    int sign_q = oracle_ladder(&one, q, false);
    if (sign_q == 0) {
      continue;
    }
    int shift1 = q < norb ? 0 : norb;
    for (int p = 0; p < norb; p++) {
      uint64_t done = one;
      int sign = sign_q * oracle_ladder(&done, p + shift1, true);
      if (sign != 0) {
        visit(ctx, done, sign * h1e[p * norb + (q - shift1)]);
      }
    }
    for (int s = 0; s < 2 * norb; s++) {
      uint64_t two = one;
      int sign_s = sign_q * oracle_ladder(&two, s, false);
      int shift2 = s < norb ? 0 : norb;
      if (sign_s == 0) {
        continue;
      }
      for (int r = 0; r < norb; r++) {
        uint64_t three = two;
        int sign_r = sign_s * oracle_ladder(&three, r + shift2, true);
        if (sign_r == 0) {
          continue;
        }
        for (int p = 0; p < norb; p++) {
          uint64_t done = three;
          int sign = sign_r * oracle_ladder(&done, p + shift1, true);
          if (sign != 0) {
            visit(ctx, done,
                  0.5 * sign *
                      oracle_eri(eri, norb, p, q - shift1, r, s - shift2));
          }
        }
      }
    }
  }
}

struct oracle_column {
  double *matrix; /* n x n, row major */
  size_t n, column;
};

static inline void oracle_add_element(void *ctx, uint64_t bits, double value)
{
  struct oracle_column *target = ctx;
  target->matrix[bits * target->n + target->column] += value;
}

/* Dense H over all 2^(2 norb) basis states. */
static inline double *oracle_hamiltonian(int norb, const double *h1e,
                                         const double *eri, double constant)
{
  size_t n = (size_t)1 << (2 * norb);
  double *matrix = oracle_new(n * n);
  for (size_t x = 0; x < n; x++) {
    struct oracle_column target = {matrix, n, x};
    oracle_apply_h(norb, h1e, eri, x, oracle_add_element, &target);
    matrix[x * n + x] += constant;
  }
  return matrix;
}

/* S^2 |bits>, S^2 = S- S+ + S_z (S_z + 1), S+ = sum_p a+_p(alpha)
 * a_p(beta). */
static inline void oracle_apply_spin(int norb, uint64_t bits,
                                     oracle_visit visit, void *ctx)
{
  double sz = 0.0;
  for (int p = 0; p < norb; p++) {
    sz += 0.5 * (double)(bits >> p & 1);
    sz -= 0.5 * (double)(bits >> (p + norb) & 1);
    uint64_t raised = bits;
    int up = oracle_move(&raised, p, p + norb);
    for (int q = 0; up != 0 && q < norb; q++) {
      uint64_t back = raised;
      int down = oracle_move(&back, q + norb, q);
      if (down != 0) {
        visit(ctx, back, up * down);
      }
    }
  }
  visit(ctx, bits, sz * (sz + 1.0));
}

static inline double *oracle_spin(int norb)
{
  size_t n = (size_t)1 << (2 * norb);
  double *matrix = oracle_new(n * n);
  for (size_t x = 0; x < n; x++) {
    struct oracle_column target = {matrix, n, x};
    oracle_apply_spin(norb, x, oracle_add_element, &target);
  }
  return matrix;
}

/* Dense tau - tau^+, tau = a+_a a_i [a+_b a_j] over spin orbitals; j < 0 for
 * a single. */
static inline double *oracle_excitation(int nqubit, int i, int a, int j, int b)
{
  size_t n = (size_t)1 << nqubit;
  double *matrix = oracle_new(n * n);
  for (size_t x = 0; x < n; x++) {
    uint64_t y = x;
    int sign = 1;
    if (j >= 0) {
      sign = oracle_move(&y, b, j);
    }
    sign = sign == 0 ? 0 : sign * oracle_move(&y, a, i);
    if (sign != 0) {
      matrix[y * n + x] += sign;
      matrix[x * n + y] -= sign;
    }
  }
  return matrix;
}

/* ---- dense linear algebra ---- */

static inline void oracle_multiply(double *out, const double *a,
                                   const double *b, size_t n)
{
  memset(out, 0, n * n * sizeof *out);
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < n; k++) {
      double value = a[i * n + k];
      if (value == 0.0) {
        continue;
      }
      for (size_t j = 0; j < n; j++) {
        out[i * n + j] += value * b[k * n + j];
      }
    }
  }
}

/* vector <- exp(t A) vector, by the Taylor series of the squarable part
 * exp(t A / 8), eight times. */
static inline void oracle_exp_apply(double *vector, const double *a, double t,
                                    size_t n)
{
  double *term = oracle_new(n);
  double *next = oracle_new(n);
  for (int step = 0; step < 8; step++) {
    memcpy(term, vector, n * sizeof *term);
    for (int k = 1; k < 24; k++) {
      for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++) {
          sum += a[i * n + j] * term[j];
        }
        next[i] = sum * t / 8 / k;
      }
      memcpy(term, next, n * sizeof *term);
      for (size_t i = 0; i < n; i++) {
        vector[i] += term[i];
      }
    }
  }
  free(term);
  free(next);
}

/* Eigenvalues of a symmetric matrix by cyclic Jacobi rotations, ascending;
 * the matrix is destroyed. */
static inline void oracle_eigenvalues(double *values, double *a, size_t n)
{
  for (int sweep = 0; sweep < 60; sweep++) {
    double off = 0.0;
    for (size_t p = 0; p < n; p++) {
      for (size_t q = p + 1; q < n; q++) {
        off += a[p * n + q] * a[p * n + q];
        if (fabs(a[p * n + q]) < 1e-300) {
          continue;
        }
        double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
        double t = (theta < 0.0 ? -1.0 : 1.0) /
                   (fabs(theta) + sqrt(theta * theta + 1.0));
        double c = 1.0 / sqrt(t * t + 1.0);
        double s = t * c;
        for (size_t k = 0; k < n; k++) {
          double x = a[k * n + p];
          double y = a[k * n + q];
          a[k * n + p] = c * x - s * y;
          a[k * n + q] = s * x + c * y;
        }
        for (size_t k = 0; k < n; k++) {
          double x = a[p * n + k];
          double y = a[q * n + k];
          a[p * n + k] = c * x - s * y;
          a[q * n + k] = s * x + c * y;
        }
      }
    }
    if (off < 1e-24) {
      break;
    }
  }
  for (size_t k = 0; k < n; k++) {
    size_t at = k;
    double value = a[k * n + k];
    while (at > 0 && values[at - 1] > value) {
      values[at] = values[at - 1];
      at--;
    }
    values[at] = value;
  }
}

/* Re <x| A |x> of a complex vector and a real symmetric matrix. */
static inline double oracle_expectation(const double *a,
                                        const double complex *x, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    double complex row = 0.0;
    for (size_t j = 0; j < n; j++) {
      row += a[i * n + j] * x[j];
    }
    sum += creal(conj(x[i]) * row);
  }
  return sum;
}

/* ---- gates, one at a time on one amplitude pair at a time ---- */

/* 2 x 2 matrix on qubit q where all bits of `control` are set. */
static inline void oracle_gate(double complex *x, size_t n, int q,
                               uint64_t control, const double complex m[4])
{
  size_t bit = (size_t)1 << q;
  for (size_t k = 0; k < n; k++) {
    if ((k & bit) != 0 || (k & control) != control) {
      continue;
    }
    double complex a = x[k];
    double complex b = x[k | bit];
    x[k] = m[0] * a + m[1] * b;
    x[k | bit] = m[2] * a + m[3] * b;
  }
}

static inline void oracle_ry(double complex *x, size_t n, int q, double t)
{
  const double complex m[4] = {cos(t / 2), -sin(t / 2), sin(t / 2),
                               cos(t / 2)};
  oracle_gate(x, n, q, 0, m);
}

static inline void oracle_rz(double complex *x, size_t n, int q, double t)
{
  const double complex m[4] = {cexp(-0.5 * I * t), 0, 0, cexp(0.5 * I * t)};
  oracle_gate(x, n, q, 0, m);
}

static inline void oracle_x(double complex *x, size_t n, int q,
                            uint64_t control)
{
  const double complex m[4] = {0, 1, 1, 0};
  oracle_gate(x, n, q, control, m);
}

/* cos(t/2) - i sin(t/2) P for P = X X or Y Y on qubits a, b */
static inline void oracle_two(double complex *x, size_t n, int a, int b,
                              bool y, double t)
{
  size_t flip = (size_t)1 << a | (size_t)1 << b;
  for (size_t k = 0; k < n; k++) {
    size_t l = k ^ flip;
    if (l < k) {
      continue;
    }
    bool equal = (k >> a & 1) == (k >> b & 1);
    double sign = y && equal ? -1.0 : 1.0;
    double complex u = x[k];
    double complex v = x[l];
    x[k] = cos(t / 2) * u - I * sin(t / 2) * sign * v;
    x[l] = cos(t / 2) * v - I * sin(t / 2) * sign * u;
  }
}

#endif
