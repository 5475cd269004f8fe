/* Every optimizer on values and gradients that are samples: it descends, its
 * result is its own iterate and no lucky sample, and it knows when to end. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "base/rng.h"
#include "vqe/optimize.h"

#define N 6

struct probe {
  int calls;
  double noise; /* standard error of values */
  double steep; /* of gradients, in units of it */
  struct vqe_philox rng;
  double lowest;
  double x_lowest[N];
};

/* Curvatures 1 to 2 hartree, minimum 0 where all are 0.3. */
static double exact(const double *x, double *gradient)
{
  double f = 0.0;
  for (int i = 0; i < N; i++) {
    double h = 1.0 + i / (N - 1.0);
    double d = x[i] - 0.3;
    f += h * (1.0 - cos(d));
    if (gradient != NULL) {
      gradient[i] = h * sin(d);
    }
  }
  return f;
}

static int sampled(void *ctx, int n, const double *x, double *f,
                   double *gradient)
{
  struct probe *probe = ctx;
  *f = exact(x, gradient) + probe->noise * vqe_philox_normal(&probe->rng);
  for (int i = 0; gradient != NULL && i < n; i++) {
    gradient[i] +=
        probe->steep * probe->noise * vqe_philox_normal(&probe->rng);
  }
  if (probe->calls++ == 0 || *f < probe->lowest) {
    probe->lowest = *f;
    memcpy(probe->x_lowest, x, sizeof probe->x_lowest);
  }
  return 0;
}

static double noise_of(void *ctx)
{
  const struct probe *probe = ctx;
  return probe->noise;
}

/* One run from `start` on every axis; the exact value at its result. */
static double minimise(struct vqe_optimize_result *result, struct probe *probe,
                       const char *name, double start, int seed,
                       int max_evaluations)
{
  struct vqe_optimizer_options options;
  double x[N];
  double errors[N];
  char id[16];
  snprintf(id, sizeof id, "%d", seed);
  *probe = (struct probe){.noise = 0.005, .steep = 1.2};
  assert_int_equal(vqe_philox_init(&probe->rng, id, "noise"), 0);
  vqe_optimizer_options_init(&options);
  options.experiment_id = id;
  options.max_evaluations = max_evaluations;
  options.noise = noise_of;
  options.gradient_noise = errors;
  options.gradient_cost = 25;
  for (int i = 0; i < N; i++) {
    x[i] = start;
    errors[i] = probe->steep * probe->noise;
  }
  assert_int_equal(vqe_optimize(result, name, N, x, sampled, probe, &options),
                   0);
  assert_true(result->f == probe->lowest);
  if (result->converged) {
    assert_true(memcmp(x, probe->x_lowest, sizeof x) != 0);
  }
  return exact(x, NULL);
}

/* From 1.9 hartree and from 12 mHa above. */
static void every_method_comes_down_and_knows_its_end(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    assert_false(info->exact_only);
    struct probe probe;
    struct vqe_optimize_result result;
    double far = minimise(&result, &probe, info->name, 1.0, 1, 20000);
    print_message("%-12s %5d evaluations, %.5f above, %s\n", info->name,
                  result.nfev, far, result.reason);
    assert_true(far < 0.05);
    assert_true(result.converged);
    assert_non_null(strstr(result.reason, "converged"));
    assert_int_equal(result.nfev,
                     probe.calls * (info->needs_gradient ? 25 : 1));
  }
}

/* Where samples cannot tell the start from the minimum much better. */
static void steps_are_no_larger_than_the_samples_allow(void **state)
{
  (void)state;
  static const char *const names[] = {"SPSA", "L-BFGS-B", "SLSQP", "TNC",
                                      "BFGS", "CG",       "Adam"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    int below = 0;
    for (int seed = 1; seed <= 20; seed++) {
      struct probe probe;
      struct vqe_optimize_result result;
      double x[N];
      for (int i = 0; i < N; i++) {
        x[i] = 0.35;
      }
      double after = minimise(&result, &probe, names[k], 0.35, seed, 20000);
      below += after < exact(x, NULL);
      assert_true(result.converged);
    }
    print_message("%s: %d of 20 below the start\n", names[k], below);
    assert_true(below >= 18);
  }
}

/* A limit counts what a gradient costs and leaves an iterate behind. */
static void limits_count_every_energy(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    struct probe probe;
    struct vqe_optimize_result result;
    double x[N] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    double after = minimise(&result, &probe, info->name, 1.0, 2, 80);
    assert_false(result.converged);
    assert_in_range(result.nfev, 50, 80);
    assert_true(after < exact(x, NULL));
    assert_non_null(strstr(result.reason, "limit of 80 evaluations"));
    if (info->needs_gradient) {
      assert_int_equal(probe.calls, 3);
      assert_non_null(strstr(result.reason, "25 for each gradient"));
    }
  }
}

static void what_walks_is_named(void **state)
{
  (void)state;
  const struct vqe_optimizer_info *info;
  assert_int_equal(vqe_optimizer_find(&info, "L-BFGS-B"), 0);
  assert_string_equal(vqe_optimizer_native(info, false), "NLopt LD_LBFGS");
  assert_string_equal(vqe_optimizer_native(info, true), "vqe L-BFGS (noise)");
  assert_int_equal(vqe_optimizer_find(&info, "Adam"), 0);
  assert_string_equal(vqe_optimizer_native(info, true), info->native);
  assert_int_equal(vqe_optimizer_find(&info, "COBYLA"), 0);
  assert_string_equal(vqe_optimizer_native(info, true), info->native);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_method_comes_down_and_knows_its_end),
      cmocka_unit_test(steps_are_no_larger_than_the_samples_allow),
      cmocka_unit_test(limits_count_every_energy),
      cmocka_unit_test(what_walks_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
