/* The check of the first field of a struct of options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "base/struct_size.h"

static void equal_sizes_pass(void **state)
{
  (void)state;
  assert_int_equal(vqe_struct_size_check("vqe_x_options", 24, 24), VQE_OK);
}

static void another_size_is_named(void **state)
{
  (void)state;
  static const size_t sizes[] = {0, 23, 25};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    assert_int_equal(vqe_struct_size_check("vqe_x_options", sizes[k], 24),
                     VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), "struct vqe_x_options"));
    assert_non_null(strstr(vqe_error_message(), "this library's is 24"));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_sizes_pass),
      cmocka_unit_test(another_size_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
