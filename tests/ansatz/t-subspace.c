/* Bases that do not depend on which basis of the space was given. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ansatz/subspace.h"
#include "vqe/error.h"

#define N 5

/* Two vectors of length 1 at right angles, as columns. */
static void fill(double v[2 * N], double angle, double sign)
{
  double a[N] = {0.5, 0.5, 0.5, 0.5, 0.0};
  double b[N] = {0.5, -0.5, 0.5, -0.5, 0.0};
  for (int i = 0; i < N; i++) {
    v[2 * i] = cos(angle) * a[i] + sin(angle) * b[i];
    v[2 * i + 1] = sign * (cos(angle) * b[i] - sin(angle) * a[i]);
  }
}

static void rotations_and_signs_give_the_same_basis(void **state)
{
  (void)state;
  double known[2 * N];
  fill(known, 0.0, 1.0);
  assert_int_equal(vqe_ansatz_fix_basis(known, N, 2, 2, 1), VQE_OK);
  /* e0 and e2 lie as near as e1 and e3: the first ones count */
  const double half = sqrt(0.5);
  const double expected[2 * N] = {half, 0, 0, half, half, 0, 0, half, 0, 0};
  for (int k = 0; k < 2 * N; k++) {
    assert_true(fabs(known[k] - expected[k]) < 1e-14);
  }
  for (int step = 1; step < 12; step++) {
    double v[2 * N];
    fill(v, 0.5 * step, step % 2 == 0 ? 1.0 : -1.0);
    assert_int_equal(vqe_ansatz_fix_basis(v, N, 2, 2, 1), VQE_OK);
    for (int k = 0; k < 2 * N; k++) {
      assert_true(fabs(v[k] - known[k]) < 1e-14);
    }
  }
}

static void one_vector_gets_a_sign(void **state)
{
  (void)state;
  double v[3] = {0.48, -0.8, 0.36};
  const double expected[3] = {-0.48, 0.8, -0.36};
  assert_int_equal(vqe_ansatz_fix_basis(v, 3, 1, 1, 3), VQE_OK);
  for (int k = 0; k < 3; k++) {
    assert_true(fabs(v[k] - expected[k]) < 1e-15);
  }
  assert_int_equal(vqe_ansatz_fix_basis(v, 3, 0, 1, 3), VQE_OK);
}

static void equal_values_are_counted(void **state)
{
  (void)state;
  const double values[5] = {1.0, 1.0 + 1e-12, 1.0 + 1e-6, 2.0, 2.0};
  assert_int_equal(vqe_ansatz_count_equal(values, 5, 1e-9), 2);
  assert_int_equal(vqe_ansatz_count_equal(values + 3, 2, 1e-9), 2);
  assert_int_equal(vqe_ansatz_count_equal(values + 4, 1, 1e-9), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rotations_and_signs_give_the_same_basis),
      cmocka_unit_test(one_vector_gets_a_sign),
      cmocka_unit_test(equal_values_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
