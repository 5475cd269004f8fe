/* Sizes that overflow or pass the machine are refused before they are taken,
 * and growing keeps what was there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "vqe/error.h"

static void elements_are_zero_and_aligned(void **state)
{
  (void)state;
  for (size_t count = 0; count < 200; count += 37) {
    double *values = NULL;
    assert_int_equal(vqe_memory_alloc(&values, count, sizeof *values, "test"),
                     VQE_OK);
    assert_non_null(values);
    assert_int_equal((uintptr_t)values % 64, 0);
    for (size_t k = 0; k < count; k++) {
      assert_true(values[k] == 0.0);
    }
    free(values);
  }
}

static void sizes_that_cannot_be_taken_are_refused(void **state)
{
  (void)state;
  char *bytes = NULL;
  assert_int_equal(vqe_memory_alloc(&bytes, SIZE_MAX / 2, 3, "the thing"),
                   VQE_ERR_MEMORY);
  assert_non_null(strstr(vqe_error_message(), "the thing"));
  assert_int_equal(vqe_memory_alloc(&bytes, SIZE_MAX - 8, 1, "the thing"),
                   VQE_ERR_MEMORY);
  assert_int_equal(vqe_memory_alloc(&bytes, (size_t)1 << 60, 1, "the thing"),
                   VQE_ERR_MEMORY);
  assert_non_null(strstr(vqe_error_message(), "are available"));
  assert_null(bytes);
}

static void growing_keeps_values_and_zeroes_new_ones(void **state)
{
  (void)state;
  int *values = NULL;
  assert_int_equal(vqe_memory_grow(&values, 0, 3, sizeof *values, "test"),
                   VQE_OK);
  for (int k = 0; k < 3; k++) {
    values[k] = k + 1;
  }
  assert_int_equal(vqe_memory_grow(&values, 3, 100, sizeof *values, "test"),
                   VQE_OK);
  for (int k = 0; k < 100; k++) {
    assert_int_equal(values[k], k < 3 ? k + 1 : 0);
  }
  int *before = values;
  assert_int_equal(
      vqe_memory_grow(&values, 100, SIZE_MAX / 2, sizeof *values, "test"),
      VQE_ERR_MEMORY);
  assert_ptr_equal(values, before);
  assert_int_equal(values[2], 3);
  free(values);
}

static void product_reports_overflow(void **state)
{
  (void)state;
  size_t product = 0;
  assert_true(vqe_memory_mul(&product, 6, 7));
  assert_int_equal(product, 42);
  assert_true(vqe_memory_mul(&product, SIZE_MAX, 1));
  assert_false(vqe_memory_mul(&product, SIZE_MAX / 2 + 1, 2));
}

static void copy_of_no_string_is_no_string(void **state)
{
  (void)state;
  char *copy = NULL;
  assert_int_equal(vqe_memory_strdup(&copy, "text"), VQE_OK);
  assert_string_equal(copy, "text");
  free(copy);
  assert_int_equal(vqe_memory_strdup(&copy, NULL), VQE_OK);
  assert_null(copy);
}

static void machine_has_memory_and_this_process_uses_some(void **state)
{
  (void)state;
  assert_true(vqe_memory_available() > 0);
  assert_true(vqe_memory_fits(1024));
  assert_false(vqe_memory_fits(UINT64_MAX - 1));
  assert_true(vqe_memory_peak() > 100 * 1024);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elements_are_zero_and_aligned),
      cmocka_unit_test(sizes_that_cannot_be_taken_are_refused),
      cmocka_unit_test(growing_keeps_values_and_zeroes_new_ones),
      cmocka_unit_test(product_reports_overflow),
      cmocka_unit_test(copy_of_no_string_is_no_string),
      cmocka_unit_test(machine_has_memory_and_this_process_uses_some),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
