/* The learned metric: the secant equation, its triangle, widening, and that
 * it brings a quadratic form to its minimum at once. */
#include "oracle.h"

#include "vqe/error.h"
#include "vqe/metric.h"
#include "vqe/optimize.h"

#define N 6

/* A = B^T B + 1/10, badly scaled */
static double *curvature(uint64_t seed)
{
  double *b = oracle_new(N * N);
  double *a = oracle_new(N * N);
  for (int k = 0; k < N * N; k++) {
    b[k] = oracle_random(&seed) * (k % N == 0 ? 30.0 : 1.0);
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      for (int k = 0; k < N; k++) {
        a[i * N + j] += b[k * N + i] * b[k * N + j];
      }
    }
    a[i * N + i] += 0.1;
  }
  free(b);
  return a;
}

static void times(double *out, const double *a, const double *x, int n)
{
  for (int i = 0; i < n; i++) {
    out[i] = 0.0;
    for (int j = 0; j < n; j++) {
      out[i] += a[i * n + j] * x[j];
    }
  }
}

static void check_factor(struct vqe_metric *metric)
{
  const double *l = vqe_metric_factor(metric);
  int n = metric->n;
  assert_non_null(l);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int k = 0; k <= j; k++) {
        sum += l[i * n + k] * l[j * n + k];
      }
      double wanted = metric->inverse[i * n + j];
      assert_close(sum, wanted, 1e-12 * (1.0 + fabs(wanted)));
    }
  }
}

static void metric_fulfils_the_secant_equation(void **state)
{
  (void)state;
  struct vqe_metric metric = {0};
  double *a = curvature(3);
  double x[2][N];
  double g[2][N];
  uint64_t seed = 8;
  assert_int_equal(vqe_metric_widen(&metric, N), VQE_OK);
  check_factor(&metric);
  for (int step = 0; step < 40; step++) {
    int now = step % 2;
    for (int k = 0; k < N; k++) {
      x[now][k] = oracle_random(&seed);
    }
    times(g[now], a, x[now], N);
    vqe_metric_observe(&metric, x[now], g[now]);
    if (step == 0) {
      continue;
    }
    double turn[N];
    double product[N];
    for (int k = 0; k < N; k++) {
      turn[k] = g[now][k] - g[1 - now][k];
    }
    times(product, metric.inverse, turn, N);
    for (int k = 0; k < N; k++) {
      assert_close(product[k], x[now][k] - x[1 - now][k], 1e-9);
    }
    check_factor(&metric);
  }
  /* a pair that sees no curvature teaches nothing */
  double before = metric.inverse[0];
  for (int k = 0; k < N; k++) {
    x[0][k] = x[1][k] + 1.0;
    g[0][k] = g[1][k] - 1.0;
  }
  vqe_metric_observe(&metric, x[0], g[0]);
  assert_true(metric.inverse[0] == before);
  vqe_metric_clear(&metric);
  free(a);
}

static void new_parameters_get_the_mean_curvature(void **state)
{
  (void)state;
  struct vqe_metric metric = {0};
  double x[2] = {0.0, 0.0};
  double g[2] = {0.0, 0.0};
  assert_int_equal(vqe_metric_widen(&metric, 2), VQE_OK);
  vqe_metric_observe(&metric, x, g);
  x[0] = 1.0;
  g[0] = 4.0;
  vqe_metric_observe(&metric, x, g);
  assert_close(metric.inverse[0], 0.25, 1e-14);
  assert_int_equal(vqe_metric_widen(&metric, 4), VQE_OK);
  double mean = (0.25 + metric.inverse[5]) / 2.0;
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      double wanted = i != j   ? 0.0
                      : i == 0 ? 0.25
                      : i == 1 ? metric.inverse[5]
                               : mean;
      assert_close(metric.inverse[4 * i + j], wanted, 1e-14);
    }
  }
  check_factor(&metric);
  vqe_metric_clear(&metric);
}

struct form {
  const double *a;
  int calls;
};

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct form *form = ctx;
  double g[N];
  times(g, form->a, x, n);
  *f = 0.0;
  for (int k = 0; k < n; k++) {
    *f += 0.5 * x[k] * g[k] - x[k];
    if (gradient != NULL) {
      gradient[k] = g[k] - 1.0;
    }
  }
  form->calls++;
  return VQE_OK;
}

/* With the whole curvature known a quasi-Newton step ends at the minimum. */
static void known_curvature_ends_in_few_steps(void **state)
{
  (void)state;
  static const char *const names[] = {"L-BFGS-B", "TNC"};
  double *a = curvature(5);
  for (size_t method = 0; method < 2; method++) {
    struct vqe_metric metric = {0};
    struct vqe_optimizer_options options;
    struct vqe_optimize_result found;
    int calls[2];
    uint64_t seed = 4;
    vqe_optimizer_options_init(&options);
    options.gtol = 1e-5;
    assert_int_equal(vqe_metric_widen(&metric, N), VQE_OK);
    for (int step = 0; step < 400; step++) {
      double x[N];
      double g[N];
      for (int k = 0; k < N; k++) {
        x[k] = oracle_random(&seed);
      }
      times(g, a, x, N);
      vqe_metric_observe(&metric, x, g);
    }
    for (int with = 0; with < 2; with++) {
      struct form form = {a, 0};
      double x[N] = {0};
      double g[N];
      options.metric = with ? vqe_metric_factor(&metric) : NULL;
      assert_int_equal(vqe_optimize(&found, names[method], N, x, objective,
                                    &form, &options),
                       VQE_OK);
      assert_true(found.converged);
      times(g, a, x, N);
      for (int k = 0; k < N; k++) {
        assert_close(g[k], 1.0, 1e-5);
      }
      calls[with] = form.calls;
    }
    if (2 * calls[1] > calls[0]) {
      fail_msg("%s: %d calls with the metric, %d without", names[method],
               calls[1], calls[0]);
    }
    vqe_metric_clear(&metric);
  }
  free(a);
}

/* A diagonal is the same walk whichever way it is given. */
static void diagonal_scale_walks_as_its_matrix(void **state)
{
  (void)state;
  double *a = curvature(6);
  double scale[N];
  double triangle[N * N] = {0};
  double x[2][N] = {{0}};
  int calls[2];
  for (int k = 0; k < N; k++) {
    scale[k] = 1.0 / sqrt(a[k * N + k]);
    triangle[k * N + k] = scale[k];
  }
  for (int way = 0; way < 2; way++) {
    struct form form = {a, 0};
    struct vqe_optimizer_options options;
    struct vqe_optimize_result found;
    vqe_optimizer_options_init(&options);
    options.scale = way == 0 ? scale : NULL;
    options.metric = way == 0 ? NULL : triangle;
    assert_int_equal(vqe_optimize(&found, "L-BFGS-B", N, x[way], objective,
                                  &form, &options),
                     VQE_OK);
    assert_true(found.converged);
    calls[way] = form.calls;
  }
  assert_int_equal(calls[0], calls[1]);
  for (int k = 0; k < N; k++) {
    assert_close(x[0][k], x[1][k], 1e-12 * (1.0 + fabs(x[1][k])));
  }
  free(a);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(metric_fulfils_the_secant_equation),
      cmocka_unit_test(new_parameters_get_the_mean_curvature),
      cmocka_unit_test(known_curvature_ends_in_few_steps),
      cmocka_unit_test(diagonal_scale_walks_as_its_matrix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
