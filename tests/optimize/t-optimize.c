/* Every optimizer on functions with known minima, and every way to end. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "base/rng.h"
#include "vqe/optimize.h"

#define MAX_N 32

/* What an objective sees and how it shall misbehave. */
struct probe {
  int calls;
  int values;    /* calls that returned a value */
  double lowest; /* of all values given out */
  double x_lowest[MAX_N];
  double last_gmax;
  int fail_at; /* call that returns fail_status */
  int fail_status;
  int nan_at; /* call that returns NaN */
  int nan_gradient_at;
  double noise;
  struct vqe_philox rng;
  double sum; /* of every value and coordinate: a fingerprint of the path */
  double first_step; /* length of the first move */
  double x_first[MAX_N];
  double (*f)(int n, const double *x, double *gradient);
};

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct probe *probe = ctx;
  probe->calls++;
  if (probe->calls == 1) {
    memcpy(probe->x_first, x, (size_t)n * sizeof *x);
  }
  if (probe->calls == 2) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
      sum += (x[i] - probe->x_first[i]) * (x[i] - probe->x_first[i]);
    }
    probe->first_step = sqrt(sum);
  }
  if (probe->calls == probe->fail_at) {
    return vqe_error_set(probe->fail_status, "the probe failed");
  }
  *f = probe->f(n, x, gradient);
  if (probe->noise > 0.0) {
    *f += probe->noise * vqe_philox_normal(&probe->rng);
  }
  if (probe->calls == probe->nan_at) {
    *f = NAN;
  }
  if (probe->calls == probe->nan_gradient_at && gradient != NULL) {
    gradient[n - 1] = NAN;
  }
  probe->values++;
  probe->last_gmax = 0.0;
  for (int i = 0; i < n; i++) {
    probe->sum = probe->sum * 1.0000001 + x[i];
    if (gradient != NULL) {
      probe->last_gmax = fmax(probe->last_gmax, fabs(gradient[i]));
    }
  }
  probe->sum += *f;
  if (probe->values == 1 || *f < probe->lowest) {
    probe->lowest = *f;
    memcpy(probe->x_lowest, x, (size_t)n * sizeof *x);
  }
  return 0;
}

/* Minimum 0 at (1, ..., 1). */
static double rosenbrock(int n, const double *x, double *gradient)
{
  double f = 0.0;
  for (int i = 0; gradient != NULL && i < n; i++) {
    gradient[i] = 0.0;
  }
  for (int i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i];
    double b = 1.0 - x[i];
    f += 100.0 * a * a + b * b;
    if (gradient != NULL) {
      gradient[i] += -400.0 * x[i] * a - 2.0 * b;
      gradient[i + 1] += 200.0 * a;
    }
  }
  return f;
}

/* Sum of k/2 (x_k - 1/k)^2 - 75, k from 1: minimum -75 at x_k = 1/k. */
static double quadratic(int n, const double *x, double *gradient)
{
  double f = -75.0;
  for (int i = 0; i < n; i++) {
    double k = i + 1;
    double d = x[i] - 1.0 / k;
    f += 0.5 * k * d * d;
    if (gradient != NULL) {
      gradient[i] = k * d;
    }
  }
  return f;
}

/* Energy of a chain of rotors, 50 times too steep for a unit step along the
 * gradient: minimum -50 (2 n - 1) where all angles are 0.3. */
static double rotors(int n, const double *x, double *gradient)
{
  double f = 0.0;
  for (int i = 0; i < n; i++) {
    f -= 50.0 * cos(x[i] - 0.3);
    if (gradient != NULL) {
      gradient[i] = 50.0 * sin(x[i] - 0.3);
    }
  }
  for (int i = 0; i + 1 < n; i++) {
    f -= 50.0 * cos(x[i + 1] - x[i]);
  }
  for (int i = 0; gradient != NULL && i + 1 < n; i++) {
    double s = 50.0 * sin(x[i + 1] - x[i]);
    gradient[i] -= s;
    gradient[i + 1] += s;
  }
  return f;
}

static double linear(int n, const double *x, double *gradient)
{
  (void)n;
  if (gradient != NULL) {
    gradient[0] = 1.0;
  }
  return x[0];
}

/* A maximum at 0, from where small steps change nothing. */
static double summit(int n, const double *x, double *gradient)
{
  double f = -75.0;
  for (int i = 0; i < n; i++) {
    f += cos(x[i]);
    if (gradient != NULL) {
      gradient[i] = -sin(x[i]);
    }
  }
  return f;
}

static struct probe probe_of(double (*f)(int, const double *, double *))
{
  struct probe probe = {.f = f, .lowest = NAN};
  assert_int_equal(vqe_philox_init(&probe.rng, "test", "noise"), 0);
  return probe;
}

static struct vqe_optimizer_options defaults(void)
{
  struct vqe_optimizer_options options;
  vqe_optimizer_options_init(&options);
  options.experiment_id = "0123";
  return options;
}

/* The result is the lowest value given out, at its point, and counts agree. */
static void check_record(const struct vqe_optimize_result *result,
                         const struct probe *probe, int n, const double *x)
{
  assert_int_equal(result->nfev, probe->values);
  assert_true(result->f == probe->lowest);
  assert_memory_equal(x, probe->x_lowest, (size_t)n * sizeof *x);
  assert_true(result->reason[0] != '\0');
}

static void names_are_scipys_in_any_case(void **state)
{
  (void)state;
  static const char *const names[] = {
      "L-BFGS-B", "SLSQP", "COBYLA", "BOBYQA", "Nelder-Mead", "TNC",
      "Powell",   "BFGS",  "CG",     "SPSA",   "Adam"};
  const struct vqe_optimizer_info *info;
  int count = 0;
  for (info = vqe_optimizer_list(); info->name != NULL; info++) {
    count++;
    assert_false(info->exact_only);
  }
  assert_int_equal(count, 11);
  for (int k = 0; k < 11; k++) {
    assert_int_equal(vqe_optimizer_find(&info, names[k]), 0);
    assert_string_equal(info->name, names[k]);
  }
  assert_int_equal(vqe_optimizer_find(&info, "l-bfgs-b"), 0);
  assert_string_equal(info->native, "NLopt LD_LBFGS");
  assert_int_equal(vqe_optimizer_find(&info, "bobyqa"), 0);
  assert_int_equal(info->warn_parameters, 200);
  assert_false(info->needs_gradient);
  assert_int_equal(vqe_optimizer_find(&info, "COBLYA"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "did you mean 'COBYLA'?"));
  assert_non_null(strstr(vqe_error_message(), "Nelder-Mead, TNC, Powell"));
}

static void gradient_methods_reach_the_minimum(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    if (!info->needs_gradient) {
      continue;
    }
    struct {
      double (*f)(int, const double *, double *);
      int n;
      double start, minimum;
    } cases[] = {{quadratic, 1, 3.0, -75.0},
                 {quadratic, 20, 2.0, -75.0},
                 {rosenbrock, 2, -1.2, 0.0},
                 {rosenbrock, 10, 0.5, 0.0},
                 {rotors, 12, 0.9, -50.0 * 23}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
      double x[MAX_N];
      int n = cases[k].n;
      struct probe probe = probe_of(cases[k].f);
      struct vqe_optimizer_options options = defaults();
      struct vqe_optimize_result result;
      options.gtol = 1e-5;
      options.learning_rate = 0.01;
      options.max_evaluations = 50000;
      for (int i = 0; i < n; i++) {
        x[i] = cases[k].start + (k == 4 ? 0.1 * (i % 3) : 0.0);
      }
      assert_int_equal(
          vqe_optimize(&result, info->name, n, x, objective, &probe, &options),
          0);
      print_message("%-12s case %zu: %5d evaluations, %.2e above, %s\n",
                    info->name, k, result.nfev, result.f - cases[k].minimum,
                    result.reason);
      check_record(&result, &probe, n, x);
      if (strcmp(info->name, "Adam") == 0 && (k == 2 || k == 3)) {
        /* constant steps circle in a narrow valley */
        assert_true(result.f < 1e-6);
        continue;
      }
      assert_true(result.converged);
      assert_non_null(strstr(result.reason, "converged"));
      assert_true(result.f - cases[k].minimum < 1e-7);
      assert_true(result.f - cases[k].minimum > -1e-9);
      assert_true(probe.last_gmax <= options.gtol);
      /* the steep one and the first steps of line searches */
      assert_true(probe.first_step < 1.0 + 1e-9);
      if (strncmp(info->native, "NLopt", 5) == 0) {
        assert_int_equal(result.nit, -1);
      } else {
        assert_in_range(result.nit, 1, result.nfev);
      }
    }
  }
}

static void derivative_free_methods_reach_the_minimum(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    double tolerance;
  } cases[] = {{"COBYLA", 1e-4},
               {"BOBYQA", 1e-6},
               {"Nelder-Mead", 1e-5},
               {"Powell", 1e-6},
               {"SPSA", 1e-5}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    for (int n = 1; n <= 4; n++) {
      double x[4] = {0.2, 0.9, 0.1, 0.5};
      struct probe probe = probe_of(quadratic);
      struct vqe_optimizer_options options = defaults();
      struct vqe_optimize_result result;
      assert_int_equal(vqe_optimize(&result, cases[k].name, n, x, objective,
                                    &probe, &options),
                       0);
      print_message("%-12s n = %d: %5d evaluations, %.2e above, %s\n",
                    cases[k].name, n, result.nfev, result.f + 75.0,
                    result.reason);
      check_record(&result, &probe, n, x);
      assert_true(result.converged);
      /* BOBYQA's models of few parameters are exact here */
      assert_non_null(strstr(
          result.reason, strcmp(cases[k].name, "BOBYQA") == 0 && n > 1 && n < 4
                             ? "rounding"
                             : "ftol"));
      assert_true(result.f + 75.0 < cases[k].tolerance);
      if (n == 1 && (strcmp(cases[k].name, "BOBYQA") == 0 ||
                     strcmp(cases[k].name, "Powell") == 0)) {
        assert_non_null(strstr(result.reason, "COBYLA took over"));
      }
      if (strcmp(cases[k].name, "SPSA") == 0) {
        assert_true(result.nit > 0 && 2 * result.nit < result.nfev);
      }
    }
  }
}

/* As energies of two excitations by Hartree-Fock. */
static void first_values_alike_are_no_constant(void **state)
{
  (void)state;
  static const char *const names[] = {"COBYLA", "BOBYQA", "Nelder-Mead",
                                      "Powell"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    for (int n = 1; n <= 4; n++) {
      double x[4] = {0.0};
      struct probe probe = probe_of(summit);
      struct vqe_optimizer_options options = defaults();
      struct vqe_optimize_result result;
      assert_int_equal(
          vqe_optimize(&result, names[k], n, x, objective, &probe, &options),
          0);
      print_message("%-12s n = %d: %5d evaluations, %.2e above, %s\n",
                    names[k], n, result.nfev, result.f + 75.0 + n,
                    result.reason);
      assert_true(result.f + 75.0 + n < 1e-3);
    }
  }
}

static void spsa_descends_through_noise(void **state)
{
  (void)state;
  double x[6] = {0};
  struct probe probe = probe_of(quadratic);
  struct vqe_optimizer_options options = defaults();
  struct vqe_optimize_result result;
  double before = quadratic(6, x, NULL);
  probe.noise = 0.01;
  options.max_evaluations = 2000;
  assert_int_equal(
      vqe_optimize(&result, "SPSA", 6, x, objective, &probe, &options), 0);
  check_record(&result, &probe, 6, x);
  assert_int_equal(result.nfev, 2000);
  assert_false(result.converged);
  assert_non_null(strstr(result.reason, "limit of 2000 evaluations"));
  /* the exact value at the point found: noise makes the recorded one low */
  double after = quadratic(6, x, NULL);
  print_message("SPSA, noise 0.01: %.4f to %.4f above\n", before + 75.0,
                after + 75.0);
  assert_true(after + 75.0 < 0.05 && before + 75.0 > 0.5);
}

static void spsa_first_step_is_calibrated(void **state)
{
  (void)state;
  /* slope 1 in the only parameter: the calibrated first step is 2 pi / 10,
   * after 25 probes and the start */
  double x[1] = {0.0};
  struct probe probe = probe_of(linear);
  struct vqe_optimizer_options options = defaults();
  struct vqe_optimize_result result;
  options.max_evaluations = 54; /* start, 50, one step, the iterate */
  assert_int_equal(
      vqe_optimize(&result, "SPSA", 1, x, objective, &probe, &options), 0);
  assert_int_equal(result.nfev, 54);
  assert_int_equal(result.nit, 1);
  assert_true(fabs(x[0] - (-0.62831853071795862)) <= 1e-12);
}

/* Each ends early in its way; nothing is called after. */
static void every_ending_has_its_reason_and_no_later_call(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    for (int ending = 0; ending < 8; ending++) {
      double x[3] = {-1.2, 1.0, 0.4};
      struct probe probe = probe_of(rosenbrock);
      struct vqe_optimizer_options options = defaults();
      struct vqe_optimize_result result;
      int expect = 0;
      int calls = 7;
      const char *reason = "";
      switch (ending) {
      case 0:
        probe.nan_at = 7;
        reason = "evaluation 7 gave a value that is not a number";
        break;
      case 1:
        probe.nan_at = 1;
        calls = 1;
        reason = "evaluation 1 gave a value that is not a number";
        break;
      case 2:
        probe.fail_at = 7;
        probe.fail_status = VQE_ERR_NUMERIC;
        expect = VQE_ERR_NUMERIC;
        reason = "the probe failed";
        break;
      case 3:
        probe.fail_at = 7;
        probe.fail_status = VQE_ERR_INTERRUPTED;
        expect = VQE_ERR_INTERRUPTED;
        reason = "stopped from outside";
        break;
      case 4:
        options.max_evaluations = 7;
        reason = "limit of 7 evaluations";
        break;
      case 5:
        options.max_seconds = 1e-9;
        calls = 1;
        reason = "limit of 1e-09 seconds";
        break;
      case 6:
        options.has_threshold = true;
        options.threshold = 1e6;
        calls = 1;
        reason = "threshold";
        break;
      default:
        if (!info->needs_gradient) {
          continue;
        }
        probe.nan_gradient_at = 5;
        calls = 5;
        reason = "evaluation 5 gave a gradient that is not a number";
        break;
      }
      assert_int_equal(
          vqe_optimize(&result, info->name, 3, x, objective, &probe, &options),
          expect);
      if (ending == 4 && strcmp(info->name, "SPSA") == 0) {
        calls = 6; /* one is left, too few for a pair */
      }
      assert_int_equal(probe.calls, calls);
      assert_int_equal(result.nfev, calls - (expect != 0));
      assert_false(result.converged);
      if (strstr(result.reason, reason) == NULL) {
        fail_msg("%s: '%s' instead of '%s'", info->name, result.reason,
                 reason);
      }
      if (ending == 1) {
        assert_true(isnan(result.f));
        assert_true(x[0] == -1.2 && x[1] == 1.0 && x[2] == 0.4);
      } else {
        assert_true(isfinite(result.f));
        assert_true(rosenbrock(3, x, NULL) == result.f);
      }
    }
  }
}

static void threshold_ends_the_run_on_the_way(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    double x[3] = {2.0, 2.0, 2.0};
    struct probe probe = probe_of(quadratic);
    struct vqe_optimizer_options options = defaults();
    struct vqe_optimize_result result;
    options.learning_rate = 0.05;
    assert_int_equal(
        vqe_optimizer_option_set(&options, info->name, "threshold", -74.9), 0);
    assert_int_equal(
        vqe_optimize(&result, info->name, 3, x, objective, &probe, &options),
        0);
    check_record(&result, &probe, 3, x);
    assert_true(result.f <= -74.9);
    assert_non_null(strstr(result.reason, "threshold -74.9"));
  }
}

static void runs_repeat_bit_for_bit(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    double first[5], second[5];
    struct probe probes[2];
    struct vqe_optimize_result results[2];
    for (int run = 0; run < 2; run++) {
      double *x = run == 0 ? first : second;
      struct vqe_optimizer_options options = defaults();
      options.max_evaluations = 300;
      probes[run] = probe_of(rosenbrock);
      for (int i = 0; i < 5; i++) {
        x[i] = 0.3 * i;
      }
      assert_int_equal(vqe_optimize(&results[run], info->name, 5, x, objective,
                                    &probes[run], &options),
                       0);
    }
    assert_memory_equal(first, second, sizeof first);
    assert_memory_equal(&probes[0].sum, &probes[1].sum, sizeof(double));
    assert_int_equal(results[0].nfev, results[1].nfev);
    assert_true(results[0].f == results[1].f);
  }
}

/* Both sides of a probe are announced, and then asked for in that order. */
struct announced {
  struct probe probe;
  int announcements, asked, wrong;
  double points[2 * 5];
};

static void take_announced(void *ctx, int n, const double *points, int count)
{
  struct announced *announced = ctx;
  assert_int_equal(count, 2);
  assert_int_equal(n, 5);
  announced->announcements++;
  announced->asked = 0;
  memcpy(announced->points, points, sizeof announced->points);
}

static int constant_objective(void *ctx, int n, const double *x, double *f,
                              double *gradient)
{
  (void)ctx;
  (void)x;
  *f = -75.25;
  if (gradient != NULL) {
    memset(gradient, 0, (size_t)n * sizeof *gradient);
  }
  return 0;
}

/* Without a tolerance, or with one that the rounding of the energy never falls
 * below, they go on to the last digit, and come back: COBYLA halved its steps
 * for ever. */
static void every_optimizer_ends_without_ftol(void **state)
{
  static const char *const names[] = {"COBYLA", "BOBYQA", "Nelder-Mead",
                                      "Powell"};
  static const double ftols[] = {0.0, 1e-14, 1e-13};
  (void)state;
  alarm(60);
  for (size_t k = 0; k < 3 * sizeof names / sizeof names[0]; k++) {
    for (int n = 1; n <= 4; n++) {
      double x[4] = {0.2, 0.9, 0.1, 0.5};
      struct probe probe = probe_of(quadratic);
      struct vqe_optimizer_options options = defaults();
      struct vqe_optimize_result result;
      options.ftol = ftols[k % 3];
      options.max_evaluations = 1000000;
      assert_int_equal(vqe_optimize(&result, names[k / 3], n, x, objective,
                                    &probe, &options),
                       0);
      print_message("%-12s n = %d: %5d evaluations, %.2e above, %s\n",
                    names[k / 3], n, result.nfev, result.f + 75.0,
                    result.reason);
      assert_true(result.nfev < 100000);
      assert_true(result.f + 75.0 < 1e-10);
    }
  }
  alarm(0);
}

/* The energy of a state that fills every orbital of one spin, where COBYLA
 * never came back. */
static void every_optimizer_ends_where_nothing_depends_on_x(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    for (int n = 1; n <= 4; n++) {
      struct vqe_optimize_result result;
      struct vqe_optimizer_options options;
      double x[4] = {0.1, 0.2, 0.3, 0.4};
      vqe_optimizer_options_init(&options);
      options.max_evaluations = 500;
      options.experiment_id = "constant";
      assert_int_equal(vqe_optimize(&result, info->name, n, x,
                                    constant_objective, NULL, &options),
                       0);
      assert_true(result.f == -75.25);
      assert_in_range(result.nfev, 1, 500);
    }
  }
}

static int announced_objective(void *ctx, int n, const double *x, double *f,
                               double *gradient)
{
  struct announced *announced = ctx;
  if (announced->announcements > 0 && announced->asked < 2) {
    announced->wrong += memcmp(x, announced->points + announced->asked * n,
                               (size_t)n * sizeof *x) != 0;
    announced->asked++;
  }
  return objective(&announced->probe, n, x, f, gradient);
}

static void spsa_announces_both_sides_of_a_probe(void **state)
{
  (void)state;
  struct vqe_optimize_result results[2];
  double sums[2];
  for (int run = 0; run < 2; run++) {
    double x[5] = {0};
    struct announced announced = {.probe = probe_of(rosenbrock)};
    struct vqe_optimizer_options options = defaults();
    options.max_evaluations = 100;
    options.announce = run == 0 ? take_announced : NULL;
    assert_int_equal(vqe_optimize(&results[run], "SPSA", 5, x,
                                  announced_objective, &announced, &options),
                     0);
    assert_int_equal(announced.announcements, run == 0 ? 49 : 0);
    assert_int_equal(announced.wrong, 0);
    sums[run] = announced.probe.sum;
  }
  assert_true(sums[0] == sums[1]);
  assert_int_equal(results[0].nfev, results[1].nfev);
}

static void spsa_draws_follow_the_experiment(void **state)
{
  (void)state;
  double sums[2];
  for (int run = 0; run < 2; run++) {
    double x[5] = {0};
    struct probe probe = probe_of(rosenbrock);
    struct vqe_optimizer_options options = defaults();
    struct vqe_optimize_result result;
    options.experiment_id = run == 0 ? "a" : "b";
    options.max_evaluations = 100;
    assert_int_equal(
        vqe_optimize(&result, "SPSA", 5, x, objective, &probe, &options), 0);
    sums[run] = probe.sum;
  }
  assert_true(sums[0] != sums[1]);
}

static void start_at_the_minimum_ends_at_once(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    double x[3] = {1.0, 0.5, 1.0 / 3.0};
    struct probe probe = probe_of(quadratic);
    struct vqe_optimizer_options options = defaults();
    struct vqe_optimize_result result;
    assert_int_equal(
        vqe_optimize(&result, info->name, 3, x, objective, &probe, &options),
        0);
    check_record(&result, &probe, 3, x);
    assert_true(result.f == -75.0);
    print_message("%s: %d evaluations, %s\n", info->name, result.nfev,
                  result.reason);
    assert_true(result.converged);
    if (info->needs_gradient) {
      assert_int_equal(result.nfev, 1);
    }
  }
}

static void no_parameters_is_one_evaluation(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    double x[1] = {7.0};
    struct probe probe = probe_of(quadratic);
    struct vqe_optimizer_options options = defaults();
    struct vqe_optimize_result result;
    assert_int_equal(
        vqe_optimize(&result, info->name, 0, x, objective, &probe, &options),
        0);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(result.nfev, 1);
    assert_true(result.converged);
    assert_true(result.f == -75.0);
    assert_true(x[0] == 7.0);
  }
}

/* A function without a minimum must end, not hang. */
static void function_without_minimum_ends(void **state)
{
  (void)state;
  for (const struct vqe_optimizer_info *info = vqe_optimizer_list();
       info->name != NULL; info++) {
    double x[1] = {0.0};
    struct probe probe = probe_of(linear);
    struct vqe_optimizer_options options = defaults();
    struct vqe_optimize_result result;
    options.max_evaluations = 500;
    assert_int_equal(
        vqe_optimize(&result, info->name, 1, x, objective, &probe, &options),
        0);
    assert_true(probe.calls <= 500);
    assert_true(result.f < -0.5);
    if (info->needs_gradient) {
      assert_false(result.converged);
    }
  }
}

static void bad_arguments_are_refused(void **state)
{
  (void)state;
  double x[2] = {0.0, NAN};
  struct probe probe = probe_of(quadratic);
  struct vqe_optimizer_options options = defaults();
  struct vqe_optimize_result result;
  assert_int_equal(
      vqe_optimize(&result, "nope", 1, x, objective, &probe, &options),
      VQE_ERR_INPUT);
  assert_int_equal(
      vqe_optimize(&result, "CG", 2, x, objective, &probe, &options),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "parameter 1"));
  options.max_evaluations = 0;
  assert_int_equal(
      vqe_optimize(&result, "CG", 1, x, objective, &probe, &options),
      VQE_ERR_INPUT);
  assert_int_equal(probe.calls, 0);
}

static void options_belong_to_their_optimizers(void **state)
{
  (void)state;
  struct vqe_optimizer_options options = defaults();
  assert_int_equal(
      vqe_optimizer_option_set(&options, "adam", "learning_rate", 0.25), 0);
  assert_true(options.learning_rate == 0.25);
  assert_int_equal(vqe_optimizer_option_set(&options, "SPSA", "c", 0.1), 0);
  assert_true(options.spsa_c == 0.1);
  assert_int_equal(
      vqe_optimizer_option_set(&options, "Powell", "initial_step", 0.5), 0);
  assert_true(options.initial_step == 0.5);
  assert_false(options.has_threshold);
  assert_int_equal(vqe_optimizer_option_set(&options, "CG", "threshold", -1.0),
                   0);
  assert_true(options.has_threshold && options.threshold == -1.0);
  assert_int_equal(
      vqe_optimizer_option_set(&options, "CG", "initial_step", 0.5),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "it knows threshold"));
  assert_int_equal(vqe_optimizer_option_set(&options, "SPSA", "alpha", -0.5),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_optimizer_option_set(&options, "Adam", "beta1", 1.0),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_optimizer_option_set(&options, "Adam", "beta1", 0.0),
                   0);
  assert_int_equal(vqe_optimizer_option_set(&options, "Adam", "beta2", NAN),
                   VQE_ERR_INPUT);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_scipys_in_any_case),
      cmocka_unit_test(gradient_methods_reach_the_minimum),
      cmocka_unit_test(derivative_free_methods_reach_the_minimum),
      cmocka_unit_test(first_values_alike_are_no_constant),
      cmocka_unit_test(spsa_descends_through_noise),
      cmocka_unit_test(spsa_first_step_is_calibrated),
      cmocka_unit_test(every_ending_has_its_reason_and_no_later_call),
      cmocka_unit_test(threshold_ends_the_run_on_the_way),
      cmocka_unit_test(runs_repeat_bit_for_bit),
      cmocka_unit_test(spsa_announces_both_sides_of_a_probe),
      cmocka_unit_test(spsa_draws_follow_the_experiment),
      cmocka_unit_test(start_at_the_minimum_ends_at_once),
      cmocka_unit_test(no_parameters_is_one_evaluation),
      cmocka_unit_test(function_without_minimum_ends),
      cmocka_unit_test(every_optimizer_ends_where_nothing_depends_on_x),
      cmocka_unit_test(every_optimizer_ends_without_ftol),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(options_belong_to_their_optimizers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
