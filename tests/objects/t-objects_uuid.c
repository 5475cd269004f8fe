/* Random names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "objects/objects_uuid.h"
#include "vqe/error.h"

static void uuids_are_of_version_4_and_differ(void **state)
{
  char first[VQE_OBJECTS_UUID_SIZE];
  char second[VQE_OBJECTS_UUID_SIZE];
  (void)state;
  for (int k = 0; k < 100; k++) {
    assert_int_equal(vqe_objects_uuid(first), VQE_OK);
    assert_int_equal(vqe_objects_uuid(second), VQE_OK);
    assert_true(vqe_objects_is_uuid(first));
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
    assert_string_not_equal(first, second);
  }
}

static void other_texts_are_no_uuids(void **state)
{
  static const char *const others[] = {"",
                                       "README",
                                       "00000000-0000-4000-8000-00000000000",
                                       "00000000-0000-4000-8000-0000000000000",
                                       "00000000-0000-4000-8000-00000000000G",
                                       "00000000-0000-4000-8000-00000000000A",
                                       "00000000x0000-4000-8000-000000000000",
                                       "../00000-0000-4000-8000-000000000000"};
  (void)state;
  assert_true(vqe_objects_is_uuid("00000000-0000-4000-8000-000000000000"));
  for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
    assert_false(vqe_objects_is_uuid(others[k]));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(uuids_are_of_version_4_and_differ),
      cmocka_unit_test(other_texts_are_no_uuids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
