/* The lowest curvature of functions whose second derivatives are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vqe/curvature.h"
#include "vqe/error.h"

#define N 40

/* f = 1/2 sum c_k y_k^2 + y_0^4, y = x reflected by w: y = x - 2 w (w.x). */
struct bowl {
  double curvatures[N], w[N];
  int calls, fails_at;
};

static void reflect(double *out, const double *x, const double *w, int n)
{
  double sum = 0.0;
  for (int k = 0; k < n; k++) {
    sum += w[k] * x[k];
  }
  for (int k = 0; k < n; k++) {
    out[k] = x[k] - 2.0 * sum * w[k];
  }
}

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct bowl *bowl = ctx;
  double y[N] = {0.0};
  double slope[N] = {0.0};
  if (++bowl->calls == bowl->fails_at) {
    return VQE_ERR_INTERRUPTED;
  }
  reflect(y, x, bowl->w, n);
  *f = pow(y[0], 4.0);
  for (int k = 0; k < n; k++) {
    *f += 0.5 * bowl->curvatures[k] * y[k] * y[k];
    slope[k] = bowl->curvatures[k] * y[k];
  }
  slope[0] += 4.0 * pow(y[0], 3.0);
  reflect(gradient, slope, bowl->w, n);
  return VQE_OK;
}

static void fill(struct bowl *bowl, double lowest)
{
  double length = 0.0;
  *bowl = (struct bowl){.curvatures = {lowest}};
  for (int k = 0; k < N; k++) {
    bowl->w[k] = sin(1.0 + k);
    length += bowl->w[k] * bowl->w[k];
    if (k > 0) {
      bowl->curvatures[k] = 0.2 + 0.1 * k;
    }
  }
  for (int k = 0; k < N; k++) {
    bowl->w[k] /= sqrt(length);
  }
}

static const struct vqe_curvature_options options = {.max_steps = 30,
                                                     .difference = 1e-4,
                                                     .tolerance = 1e-4,
                                                     .stream = "test",
                                                     .purpose = "curvature"};

static void lowest_curvature_and_its_direction_are_found(void **state)
{
  (void)state;
  static const double lowest[] = {-1.0, -0.05, -0.01, 0.05};
  for (size_t c = 0; c < sizeof lowest / sizeof lowest[0]; c++) {
    struct bowl bowl;
    struct vqe_curvature found;
    double x[N] = {0.0};
    double direction[N];
    double expected[N] = {1.0};
    double overlap = 0.0;
    double length = 0.0;
    fill(&bowl, lowest[c]);
    assert_int_equal(vqe_curvature_lowest(&found, direction, N, x, objective,
                                          &bowl, &options),
                     VQE_OK);
    assert_true(fabs(found.value - lowest[c]) <=
                fmax(2e-4, 0.05 * fabs(lowest[c])));
    assert_int_equal(found.nfev, bowl.calls);
    assert_true(found.nfev <= 31);
    assert_true(found.f == 0.0);
    reflect(expected, expected, bowl.w, N);
    for (int k = 0; k < N; k++) {
      overlap += direction[k] * expected[k];
      length += direction[k] * direction[k];
    }
    assert_true(fabs(length - 1.0) < 1e-9);
    assert_true(fabs(overlap) > 0.9);
  }
}

/* As many steps as parameters know every curvature. */
static void few_parameters_are_exact(void **state)
{
  (void)state;
  for (int n = 1; n <= 6; n++) {
    struct bowl bowl;
    struct vqe_curvature found;
    double x[N] = {0.0};
    double direction[N];
    fill(&bowl, -0.3);
    for (int k = 0; k < N; k++) {
      bowl.w[k] = k < n ? 1.0 / sqrt(n) : 0.0;
    }
    assert_int_equal(vqe_curvature_lowest(&found, direction, n, x, objective,
                                          &bowl, &options),
                     VQE_OK);
    assert_true(fabs(found.value + 0.3) < 0.02);
    assert_true(found.nfev <= n + 1);
  }
}

static void direction_does_not_climb(void **state)
{
  (void)state;
  struct bowl bowl;
  struct vqe_curvature found;
  double x[N];
  double direction[N];
  double gradient[N];
  double f;
  for (int sign = -1; sign <= 1; sign += 2) {
    fill(&bowl, -0.5);
    for (int k = 0; k < N; k++) {
      x[k] = sign * 0.01 * (1 + k % 3);
    }
    assert_int_equal(vqe_curvature_lowest(&found, direction, N, x, objective,
                                          &bowl, &options),
                     VQE_OK);
    double slope = 0.0;
    (void)objective(&bowl, N, x, &f, gradient);
    for (int k = 0; k < N; k++) {
      slope += gradient[k] * direction[k];
    }
    assert_true(slope <= 0.0);
  }
}

static void failure_of_the_objective_is_returned(void **state)
{
  (void)state;
  for (int call = 1; call <= 3; call++) {
    struct bowl bowl;
    struct vqe_curvature found;
    double x[N] = {0.0};
    double direction[N];
    fill(&bowl, -0.5);
    bowl.fails_at = call;
    assert_int_equal(vqe_curvature_lowest(&found, direction, N, x, objective,
                                          &bowl, &options),
                     VQE_ERR_INTERRUPTED);
    assert_int_equal(bowl.calls, call);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lowest_curvature_and_its_direction_are_found),
      cmocka_unit_test(few_parameters_are_exact),
      cmocka_unit_test(direction_does_not_climb),
      cmocka_unit_test(failure_of_the_objective_is_returned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
