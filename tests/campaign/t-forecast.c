/* The time left: the model, corrected by what ran. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "campaign/forecast.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void kind_goes_before_optimizer_and_optimizer_before_all(void **state)
{
  (void)state;
  struct vqe_forecast *forecast = NULL;
  assert_int_equal(vqe_forecast_create(&forecast), 0);
  NEAR(vqe_forecast_seconds(forecast, "H2 COBYLA", "COBYLA", 3.0), 3.0);
  assert_true(isnan(vqe_forecast_ratio(forecast)));
  assert_true(isnan(vqe_forecast_at_once(forecast)));
  vqe_forecast_learn(forecast, "H2 COBYLA", "COBYLA", 1.0, 4.0, NAN);
  vqe_forecast_learn(forecast, "H2 COBYLA", "COBYLA", 1.0, 6.0, NAN);
  vqe_forecast_learn(forecast, "H2 BFGS", "BFGS", 1.0, 1.0, NAN);
  vqe_forecast_learn(forecast, "LiH BFGS", "BFGS", 1.5, 4.0, NAN);
  NEAR(vqe_forecast_seconds(forecast, "H2 COBYLA", "COBYLA", 1.0), 5.0);
  NEAR(vqe_forecast_seconds(forecast, "N2 BFGS", "BFGS", 8.0), 16.0);
  NEAR(vqe_forecast_seconds(forecast, "N2 CG", "CG", 3.0), 10.0);
  NEAR(vqe_forecast_ratio(forecast), 15.0 / 4.5);
  vqe_forecast_free(forecast);
}

/* What starting an experiment takes is not what a larger one takes more. */
static void small_ones_say_nothing_of_large_ones(void **state)
{
  (void)state;
  struct vqe_forecast *forecast = NULL;
  assert_int_equal(vqe_forecast_create(&forecast), 0);
  vqe_forecast_learn(forecast, "H2", "CG", 1e-4, 0.1, NAN);
  vqe_forecast_learn(forecast, "H2", "CG", 1e-4, 0.3, NAN);
  NEAR(vqe_forecast_ratio(forecast), 2000.0);
  NEAR(vqe_forecast_seconds(forecast, "H3", "CG", 5e-4), 0.2);
  NEAR(vqe_forecast_seconds(forecast, "H3", "BFGS", 5e-4), 0.2);
  NEAR(vqe_forecast_seconds(forecast, "NH3", "CG", 3.0), 3.2);
  vqe_forecast_learn(forecast, "N2", "BFGS", 10.0, 20.0, NAN);
  NEAR(vqe_forecast_ratio(forecast), 2.0);
  NEAR(vqe_forecast_seconds(forecast, "NH3", "CG", 3.0),
       20.0 * pow(0.3, 0.4)); /* on the line through both */
  NEAR(vqe_forecast_seconds(forecast, "H2", "CG", 1e-4), 0.2);
  vqe_forecast_free(forecast);
}

/* Time grows as the square root of the cost here, whatever the model says. */
static void growth_of_an_optimizer_is_carried_on(void **state)
{
  (void)state;
  struct vqe_forecast *forecast = NULL;
  assert_int_equal(vqe_forecast_create(&forecast), 0);
  vqe_forecast_learn(forecast, "H2", "CG", 1e-4, 0.1, NAN);
  vqe_forecast_learn(forecast, "LiH", "CG", 1e-2, 1.0, NAN);
  vqe_forecast_learn(forecast, "N2", "BFGS", 1.0, 1e3, NAN);
  NEAR(vqe_forecast_seconds(forecast, "NH3", "CG", 1.0), 10.0);
  vqe_forecast_learn(forecast, "BeH2", "CG", 1.0, 10.0, NAN);
  NEAR(vqe_forecast_seconds(forecast, "NH3", "CG", 4.0), 20.0);
  /* one of which little is known grows as all, from where it is */
  vqe_forecast_learn(forecast, "H2 SLSQP", "SLSQP", 1e-4, 7.0, NAN);
  NEAR(vqe_forecast_seconds(forecast, "N2 SLSQP", "SLSQP", 1e-4), 7.0);
  assert_true(vqe_forecast_seconds(forecast, "N2 SLSQP", "SLSQP", 1.0) > 7.0);
  /* larger ones are never quicker */
  vqe_forecast_learn(forecast, "a", "TNC", 1.0, 8.0, NAN);
  vqe_forecast_learn(forecast, "b", "TNC", 4.0, 2.0, NAN);
  NEAR(vqe_forecast_seconds(forecast, "NH3", "TNC", 100.0), 4.0);
  vqe_forecast_free(forecast);
}

/* Times without work, as between two runs, do not count. */
static void at_once_is_work_over_the_time_with_work(void **state)
{
  (void)state;
  struct vqe_forecast *forecast = NULL;
  assert_int_equal(vqe_forecast_create(&forecast), 0);
  vqe_forecast_learn(forecast, "a", "o", 1.0, 10.0, 110.0);
  vqe_forecast_learn(forecast, "a", "o", 1.0, 5.0, 105.0);
  vqe_forecast_learn(forecast, "a", "o", 1.0, 5.0, 110.0);
  NEAR(vqe_forecast_at_once(forecast), 2.0);
  vqe_forecast_learn(forecast, "a", "o", 1.0, 20.0, 1020.0);
  NEAR(vqe_forecast_at_once(forecast), 40.0 / 30.0);
  vqe_forecast_learn(forecast, "a", "o", 1.0, NAN, 5000.0);
  NEAR(vqe_forecast_at_once(forecast), 40.0 / 30.0);
  vqe_forecast_free(forecast);
  vqe_forecast_free(NULL);
}

static void thousands_of_kinds_are_kept_apart(void **state)
{
  (void)state;
  struct vqe_forecast *forecast = NULL;
  char kind[32];
  assert_int_equal(vqe_forecast_create(&forecast), 0);
  for (int k = 0; k < 2000; k++) {
    snprintf(kind, sizeof kind, "kind %d", k);
    assert_int_equal(vqe_forecast_learn(forecast, kind, "o", 1.0, k, 1e9 + k),
                     0);
  }
  for (int k = 0; k < 2000; k++) {
    snprintf(kind, sizeof kind, "kind %d", k);
    NEAR(vqe_forecast_seconds(forecast, kind, "o", 1.0), k);
  }
  vqe_forecast_free(forecast);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kind_goes_before_optimizer_and_optimizer_before_all),
      cmocka_unit_test(small_ones_say_nothing_of_large_ones),
      cmocka_unit_test(growth_of_an_optimizer_is_carried_on),
      cmocka_unit_test(at_once_is_work_over_the_time_with_work),
      cmocka_unit_test(thousands_of_kinds_are_kept_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
