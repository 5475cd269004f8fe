/* The recorded evaluations: derived columns, growing, widening. */
#include "vqe_fixture.h"

#include "vqe/evaluations.h"

static struct vqe_result *new_result(int nparam)
{
  struct vqe_result *result = calloc(1, sizeof *result);
  assert_non_null(result);
  result->nparam = nparam;
  result->initial_parameters = calloc((size_t)nparam + 1, sizeof(double));
  result->optimal_parameters = calloc((size_t)nparam + 1, sizeof(double));
  return result;
}

static void changes_and_minimum_follow_from_the_row_before(void **state)
{
  (void)state;
  static const double energies[] = {-1.0, -3.0, -2.0, -4.0};
  struct vqe_result *result = new_result(2);
  size_t capacity = 0;
  for (int k = 0; k < 4; k++) {
    double x[2] = {3.0 * k, 4.0 * k};
    double gradient[2] = {-6.0 * k, 8.0 * k};
    assert_int_equal(vqe_evaluations_append(result, &capacity, x, energies[k],
                                            0.5, k < 3 ? gradient : NULL,
                                            0.1 * k),
                     VQE_OK);
  }
  assert_int_equal(result->neval, 4);
  assert_true(isnan(result->eval_energy_delta[0]));
  assert_true(isnan(result->eval_parameter_delta_norm[0]));
  assert_true(result->eval_gradient_norm[0] == 0.0);
  near(result->eval_gradient_norm[2], 20.0, 1e-14);
  assert_true(isnan(result->eval_gradient_norm[3]));
  double lowest = energies[0];
  for (int k = 1; k < 4; k++) {
    lowest = energies[k] < lowest ? energies[k] : lowest;
    assert_true(result->eval_energy_delta[k] == energies[k] - energies[k - 1]);
    near(result->eval_parameter_delta_norm[k], 5.0, 1e-14);
    assert_true(result->eval_cumulative_min_energy[k] == lowest);
    assert_true(result->eval_parameters[2 * k + 1] == 4.0 * k);
  }
  vqe_result_free(result);
}

static void growing_keeps_every_row(void **state)
{
  (void)state;
  struct vqe_result *result = new_result(1);
  size_t capacity = 0;
  for (int k = 0; k < 1000; k++) {
    double x = k;
    assert_int_equal(
        vqe_evaluations_append(result, &capacity, &x, -1.0 * k, 0.0, NULL, k),
        VQE_OK);
    assert_true(capacity >= result->neval);
  }
  for (int k = 0; k < 1000; k++) {
    assert_true(result->eval_parameters[k] == k);
    assert_true(result->eval_energy[k] == -1.0 * k);
    assert_true(result->eval_seconds[k] == k);
  }
  vqe_result_free(result);
}

static void widened_rows_end_in_zeros(void **state)
{
  (void)state;
  struct vqe_result *result = new_result(2);
  size_t capacity = 0;
  for (int k = 0; k < 3; k++) {
    double x[2] = {10.0 * k + 1.0, 10.0 * k + 2.0};
    assert_int_equal(
        vqe_evaluations_append(result, &capacity, x, 0.0, 0.0, NULL, 0.0),
        VQE_OK);
  }
  result->optimal_parameters[1] = 7.0;
  assert_int_equal(vqe_evaluations_widen(result, capacity, 5), VQE_OK);
  assert_int_equal(result->nparam, 5);
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 5; i++) {
      assert_true(result->eval_parameters[5 * k + i] ==
                  (i < 2 ? 10.0 * k + i + 1.0 : 0.0));
    }
  }
  assert_true(result->optimal_parameters[1] == 7.0);
  assert_true(result->optimal_parameters[4] == 0.0);
  double wide[5] = {1.0, 2.0, 3.0, 4.0, 5.0};
  assert_int_equal(
      vqe_evaluations_append(result, &capacity, wide, 0.0, 0.0, NULL, 0.0),
      VQE_OK);
  assert_memory_equal(result->eval_parameters + 15, wide, sizeof wide);
  vqe_result_free(result);
}

static void spread_rows_have_zeros_between(void **state)
{
  (void)state;
  static const int map[3] = {0, 3, 4};
  struct vqe_result *result = new_result(3);
  size_t capacity = 0;
  for (int k = 0; k < 4; k++) {
    double x[3] = {k + 1.0, k + 2.0, k + 3.0};
    assert_int_equal(
        vqe_evaluations_append(result, &capacity, x, 0.0, 0.0, NULL, 0.0),
        VQE_OK);
  }
  result->optimal_parameters[2] = 7.0;
  result->initial_parameters[1] = 8.0;
  assert_int_equal(vqe_evaluations_spread(result, capacity, 6, map), VQE_OK);
  assert_int_equal(result->nparam, 6);
  for (int k = 0; k < 4; k++) {
    const double expected[6] = {k + 1.0, 0, 0, k + 2.0, k + 3.0, 0};
    assert_memory_equal(result->eval_parameters + 6 * k, expected,
                        sizeof expected);
  }
  assert_true(result->optimal_parameters[4] == 7.0);
  assert_true(result->initial_parameters[3] == 8.0);
  assert_true(result->initial_parameters[1] == 0.0);
  double *none = NULL;
  assert_int_equal(vqe_evaluations_spread_row(&none, 3, 6, map), VQE_OK);
  assert_null(none);
  vqe_result_free(result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(changes_and_minimum_follow_from_the_row_before),
      cmocka_unit_test(growing_keeps_every_row),
      cmocka_unit_test(widened_rows_end_in_zeros),
      cmocka_unit_test(spread_rows_have_zeros_between),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
