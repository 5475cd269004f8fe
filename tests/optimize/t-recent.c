/* The last points of methods that compare sampled values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "optimize/recent.h"

static void centre_is_of_the_lower_half_of_the_last_points(void **state)
{
  (void)state;
  struct vqe_recent recent;
  double out[2];
  assert_int_equal(vqe_recent_init(&recent, 2), 0);
  /* one: itself */
  double far[2] = {100.0, -100.0};
  vqe_recent_add(&recent, far, -1000.0);
  vqe_recent_centre(&recent, out);
  assert_true(fabs(out[0] - 100.0) <= 0.0);
  /* six more push it out, however low it was */
  for (int k = 0; k < 6; k++) {
    double x[2] = {k, k < 3 ? 1.0 : 7.0};
    vqe_recent_add(&recent, x, k < 3 ? 0.1 * k : 5.0);
  }
  vqe_recent_centre(&recent, out);
  assert_true(fabs(out[0] - 1.0) <= 1e-15);
  assert_true(fabs(out[1] - 1.0) <= 1e-15);
  vqe_recent_clear(&recent);
}

/* A parabola of curvature 2 around (0.3, -0.2), seen at points in one corner,
 * with noise: the model goes to the minimum. */
static void model_finds_the_minimum_between_samples(void **state)
{
  (void)state;
  struct vqe_recent recent;
  struct vqe_philox rng;
  assert_int_equal(vqe_philox_init(&rng, "test", "recent"), 0);
  for (int exact = 1; exact >= 0; exact--) {
    assert_int_equal(vqe_recent_init(&recent, 2), 0);
    for (int k = 0; k < 150; k++) {
      double x[2] = {0.5 * vqe_philox_uniform(&rng),
                     0.5 * vqe_philox_uniform(&rng)};
      double a = x[0] - 0.3;
      double b = x[1] + 0.2;
      double noise = exact ? 0.0 : 0.005 * vqe_philox_normal(&rng);
      vqe_recent_add(&recent, x, a * a + b * b - 75.0 + noise);
    }
    double centre[2] = {0.2, 0.1};
    double h = 0.0;
    assert_true(vqe_recent_model(&recent, centre, &h, 0.5));
    double tolerance = exact ? 1e-9 : 0.05;
    assert_true(fabs(centre[0] - 0.3) <= tolerance);
    assert_true(fabs(centre[1] - (-0.2)) <= tolerance);
    assert_true(fabs(h - 2.0) <= (exact ? 1e-8 : 0.3));
    /* no further than the radius */
    double far[2] = {0.3, 0.5};
    assert_true(vqe_recent_model(&recent, far, &h, 0.25));
    assert_true(fabs(far[1] - 0.25) <= 0.03);
    vqe_recent_clear(&recent);
  }
}

static void model_needs_a_valley_and_enough_points(void **state)
{
  (void)state;
  struct vqe_recent recent;
  double h = 7.0;
  double centre[2] = {0.5, 0.5};
  assert_int_equal(vqe_recent_init(&recent, 2), 0);
  for (int k = 0; k < 3; k++) {
    double x[2] = {k, k * k};
    vqe_recent_add(&recent, x, 1.0);
  }
  assert_false(vqe_recent_model(&recent, centre, &h, 1.0));
  /* a hill */
  for (int k = 0; k < 20; k++) {
    double x[2] = {0.1 * k, sin(k)};
    vqe_recent_add(&recent, x, -x[0] * x[0] - x[1] * x[1]);
  }
  assert_false(vqe_recent_model(&recent, centre, &h, 1.0));
  assert_true(h == 7.0 && centre[0] == 0.5 && centre[1] == 0.5);
  vqe_recent_clear(&recent);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(centre_is_of_the_lower_half_of_the_last_points),
      cmocka_unit_test(model_finds_the_minimum_between_samples),
      cmocka_unit_test(model_needs_a_valley_and_enough_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
