/* The wrapper around the objective: what it calls, serves and stops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "optimize/recorder.h"

struct probe {
  int calls;
  int status; /* returned instead of a value when negative */
};

/* f = x^2, one parameter */
static int square(void *ctx, int n, const double *x, double *f,
                  double *gradient)
{
  struct probe *probe = ctx;
  assert_int_equal(n, 1);
  probe->calls++;
  if (probe->status < 0) {
    return vqe_error_set(probe->status, "the probe failed");
  }
  *f = x[0] * x[0];
  if (gradient != NULL) {
    gradient[0] = 2.0 * x[0];
  }
  return VQE_OK;
}

static void begin(struct vqe_recorder *recorder, struct probe *probe,
                  struct vqe_optimizer_options *options)
{
  vqe_optimizer_options_init(options);
  assert_int_equal(
      vqe_recorder_init(recorder, 1, square, probe, true, options), VQE_OK);
}

static void known_point_is_served_without_a_call(void **state)
{
  (void)state;
  struct vqe_recorder recorder;
  struct vqe_optimizer_options options;
  struct probe probe = {0};
  begin(&recorder, &probe, &options);
  double f;
  double g;
  /* the lowest stays known when the others have pushed it out of the cache */
  for (int k = 0; k < 8; k++) {
    double x = 3.0 + k;
    assert_true(vqe_recorder_evaluate(&recorder, &x, &f, &g));
  }
  assert_int_equal(probe.calls, 8);
  static const double served[] = {3.0, 10.0, 9.0, 8.0, 7.0};
  for (int k = 0; k < 5; k++) {
    f = 0.0;
    g = 0.0;
    assert_true(vqe_recorder_evaluate(&recorder, &served[k], &f, &g));
    assert_true(f == served[k] * served[k] && g == 2.0 * served[k]);
  }
  assert_int_equal(probe.calls, 8);
  assert_int_equal(recorder.nfev, 8);
  double forgotten = 4.0;
  assert_true(vqe_recorder_evaluate(&recorder, &forgotten, &f, NULL));
  assert_int_equal(probe.calls, 9);
  vqe_recorder_clear(&recorder);
}

static void known_points_for_ever_end_the_run(void **state)
{
  (void)state;
  struct vqe_recorder recorder;
  struct vqe_optimizer_options options;
  struct probe probe = {0};
  begin(&recorder, &probe, &options);
  double x = 3.0;
  double f;
  int count = 0;
  while (vqe_recorder_evaluate(&recorder, &x, &f, NULL) && count < 1000) {
    count++;
  }
  assert_true(count > 10 && count < 1000);
  assert_int_equal(probe.calls, 1);
  assert_non_null(strstr(recorder.reason, "no step lowers the energy"));
  assert_non_null(strstr(recorder.reason, "above gtol"));
  vqe_recorder_clear(&recorder);
}

static void nothing_is_called_after_the_stop(void **state)
{
  (void)state;
  struct vqe_recorder recorder;
  struct vqe_optimizer_options options;
  struct probe probe = {0};
  begin(&recorder, &probe, &options);
  double x = 3.0;
  double f;
  double g;
  assert_true(vqe_recorder_evaluate(&recorder, &x, &f, &g));
  x = 0.0;
  assert_false(vqe_recorder_evaluate(&recorder, &x, &f, &g));
  assert_true(recorder.converged);
  vqe_recorder_stop(&recorder, false, "a later reason");
  assert_true(recorder.converged);
  assert_memory_equal(recorder.reason, "converged", 9);
  x = 5.0;
  assert_false(vqe_recorder_evaluate(&recorder, &x, &f, &g));
  assert_int_equal(probe.calls, 2);
  assert_true(f == 0.0 && g == 0.0);
  assert_true(recorder.lowest == 0.0 && recorder.x_lowest[0] == 0.0);
  vqe_recorder_clear(&recorder);
}

static void failed_objective_stops_with_its_message(void **state)
{
  (void)state;
  struct vqe_recorder recorder;
  struct vqe_optimizer_options options;
  struct probe probe = {.status = VQE_ERR_NUMERIC};
  begin(&recorder, &probe, &options);
  double x = 3.0;
  double f = 1.0;
  assert_false(vqe_recorder_evaluate(&recorder, &x, &f, NULL));
  assert_int_equal(recorder.status, VQE_ERR_NUMERIC);
  assert_string_equal(recorder.reason, "the probe failed");
  assert_true(isnan(f));
  assert_int_equal(recorder.nfev, 0);
  vqe_recorder_clear(&recorder);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_point_is_served_without_a_call),
      cmocka_unit_test(known_points_for_ever_end_the_run),
      cmocka_unit_test(nothing_is_called_after_the_stop),
      cmocka_unit_test(failed_objective_stops_with_its_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
