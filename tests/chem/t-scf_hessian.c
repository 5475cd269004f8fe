/* The orbital gradient and Hessian against differences of energies of rotated
 * orbitals, which the code never takes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chem/scf_hessian.h"
#include "chem/scf_work.h"
#include "vqe/error.h"

#define N 5

/* Random symmetric integrals over N orthonormal functions. */
struct problem {
  double overlap[N * N], hcore[N * N];
  double eri[N * (N + 1) / 2 * (N * (N + 1) / 2)];
  struct vqe_scf_input in;
  struct vqe_symmetry symmetry;
};

static double next(uint32_t *seed)
{
  *seed = *seed * 1664525u + 1013904223u;
  return (double)(*seed >> 8) / (1u << 24) - 0.5;
}

static void fill(struct problem *p, int nalpha, int nbeta)
{
  uint32_t seed = 7;
  int pairs = N * (N + 1) / 2;
  memset(p, 0, sizeof *p);
  for (int i = 0; i < N; i++) {
    p->overlap[i * N + i] = 1.0;
    for (int j = 0; j <= i; j++) {
      p->hcore[i * N + j] = p->hcore[j * N + i] =
          next(&seed) - (i == j ? 2.0 : 0.0);
    }
  }
  for (int r = 0; r < pairs; r++) {
    for (int s = 0; s <= r; s++) {
      p->eri[r * (r + 1) / 2 + s] = 0.4 * next(&seed);
    }
  }
  p->in = (struct vqe_scf_input){.name = "test",
                                 .nao = N,
                                 .nalpha = nalpha,
                                 .nbeta = nbeta,
                                 .threads = 1,
                                 .max_cycles = 100,
                                 .energy_tol = 1e-12,
                                 .gradient_tol = 1e-9,
                                 .overlap = p->overlap,
                                 .hcore = p->hcore,
                                 .eri = p->eri,
                                 .symmetry = &p->symmetry};
}

/* Energy of the orbitals exp(t K), K from `x`, by a long Taylor series. */
static double energy_at(struct vqe_scf_work *work,
                        const struct vqe_scf_hessian *h, const double *x,
                        double t)
{
  double k[N * N] = {0};
  double power[N * N] = {0};
  double product[N * N];
  memset(work->mo_coeff, 0, N * N * sizeof(double));
  for (size_t i = 0; i < h->size; i++) {
    k[h->upper[i] * N + h->lower[i]] = t * x[i];
    k[h->lower[i] * N + h->upper[i]] = -t * x[i];
  }
  for (int i = 0; i < N; i++) {
    power[i * N + i] = 1.0;
    work->mo_coeff[i * N + i] = 1.0;
  }
  for (int order = 1; order < 20; order++) {
    vqe_scf_multiply(product, power, false, k, false, N, N, N);
    for (int i = 0; i < N * N; i++) {
      power[i] = product[i] / order;
      work->mo_coeff[i] += power[i];
    }
  }
  vqe_scf_build_fock(work);
  return work->energy;
}

static void check(int nalpha, int nbeta)
{
  struct problem problem;
  struct vqe_scf_work work;
  struct vqe_scf_hessian h;
  double identity[N * N] = {0};
  double x[N * N];
  double g[N * N];
  double y[N * N];
  uint32_t seed = 99;
  fill(&problem, nalpha, nbeta);
  assert_int_equal(vqe_scf_work_alloc(&work, &problem.in), 0);
  work.nmo = N;
  for (int i = 0; i < N; i++) {
    identity[i * N + i] = 1.0;
  }
  memcpy(work.mo_coeff, identity, sizeof identity);
  vqe_scf_build_fock(&work);
  double *fock_a = work.closed ? work.fock : work.fock_a;
  double *fock_b = work.closed ? work.fock : work.fock_b;
  assert_int_equal(
      vqe_scf_hessian_init(&h, &problem.in, N, identity, fock_a, fock_b, NULL),
      0);
  double slope = 0.0;
  double curvature = 0.0;
  for (size_t i = 0; i < h.size; i++) {
    x[i] = next(&seed);
  }
  vqe_scf_hessian_gradient(g, &h);
  vqe_scf_hessian_apply(y, &h, x);
  for (size_t i = 0; i < h.size; i++) {
    slope += 2.0 * g[i] * x[i];
    curvature += 2.0 * x[i] * y[i];
  }
  double step = 1e-3;
  double minus = energy_at(&work, &h, x, -step);
  double zero = energy_at(&work, &h, x, 0.0);
  double plus = energy_at(&work, &h, x, step);
  assert_true(fabs((plus - minus) / (2.0 * step) - slope) < 1e-5);
  assert_true(fabs((plus - 2.0 * zero + minus) / (step * step) - curvature) <
              1e-4);
  assert_true(fabs(curvature) > 0.1);
  vqe_scf_hessian_clear(&h);
  vqe_scf_work_free(&work);
}

static void closed_shell_derivatives_equal_differences(void **state)
{
  (void)state;
  check(2, 2);
}

static void open_shell_derivatives_equal_differences(void **state)
{
  (void)state;
  check(3, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_shell_derivatives_equal_differences),
      cmocka_unit_test(open_shell_derivatives_equal_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
