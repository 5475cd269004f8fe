/* What methods make of samples: errors and averages. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "optimize/noise.h"

static void ratio_is_one_for_components_as_large_as_their_errors(void **state)
{
  (void)state;
  struct vqe_optimizer_options options;
  vqe_optimizer_options_init(&options);
  const double errors[3] = {0.1, 0.2, 0.4};
  const double gradient[3] = {-0.1, 0.2, 0.4};
  struct vqe_recorder recorder = {.n = 3, .options = &options};
  recorder.last_noise = 0.1;
  /* without errors of its own each counts by that of the value */
  assert_true(fabs(vqe_noise_ratio(&recorder, gradient) - 7.0) <= 1e-12);
  options.gradient_noise = errors;
  assert_true(fabs(vqe_noise_ratio(&recorder, gradient) - 1.0) <= 1e-12);
  /* below gtol nothing stands out */
  options.gtol = 0.4;
  assert_true(fabs(vqe_noise_ratio(&recorder, gradient) -
                   ((0.0625 + 0.25 + 1.0) / 3.0)) <= 1e-12);
  assert_true(vqe_noise_vanishes(1.0 + 2.0 * sqrt(2.0 / 8.0), 8.0));
  assert_false(vqe_noise_vanishes(2.01, 8.0));
}

/* Weights of the points by an average that is done step by step. */
static void average_is_that_of_the_last_points(void **state)
{
  (void)state;
  double average = NAN;
  double late = 0.0;
  average = 5.0; /* what was there before the first does not count */
  for (int k = 1; k <= 400; k++) {
    double x = k > 300 ? 1.0 : 0.0;
    vqe_noise_average(&average, &x, 1, k);
    if (k == 1) {
      assert_true(fabs(average - 0.0) <= 1e-15);
    }
    late = average;
  }
  /* 1 - (3/4)^4 of the weight of k^3 */
  assert_true(fabs(late - (1.0 - pow(0.75, 4.0))) <= 0.01);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ratio_is_one_for_components_as_large_as_their_errors),
      cmocka_unit_test(average_is_that_of_the_last_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
