/* Removing orphans deletes what nothing refers to, and that alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

#define FUTURE_MS INT64_C(4102444800000) /* 2100-01-01 */

static bool is_there(struct fixture *fixture, const char *key)
{
  uint64_t size;
  return vqe_objects_head(&size, fixture->objects, key) == VQE_OK;
}

static void old_orphans_go_and_live_files_stay(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  int64_t count = -1;
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  struct vqe_iceberg_file orphan = fixture_file(fixture, "a", 1);
  /* written after that time: a commit under way may still name it */
  assert_int_equal(
      vqe_iceberg_remove_orphans(&count, fixture->objects, "small", 1000),
      VQE_OK);
  assert_int_equal(count, 0);
  assert_true(is_there(fixture, orphan.key));
  assert_int_equal(
      vqe_iceberg_remove_orphans(&count, fixture->objects, "small", FUTURE_MS),
      VQE_OK);
  assert_int_equal(count, 1);
  assert_false(is_there(fixture, orphan.key));
  assert_int_equal(fixture_rows(fixture), 3);
  assert_int_equal(fixture_faults(fixture), 0);
  vqe_iceberg_file_clear(&orphan);
}

static void damaged_table_loses_no_file(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  char *key;
  int64_t count = -1;
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  struct vqe_iceberg_file orphan = fixture_file(fixture, "a", 1);
  json_t *metadata = fixture_metadata(&key, fixture);
  json_object_set_new(metadata, "snapshot-log", json_pack("[{s:i}]", "x", 1));
  fixture_replace(fixture, key, metadata);
  assert_int_equal(
      vqe_iceberg_remove_orphans(&count, fixture->objects, "small", FUTURE_MS),
      VQE_ERR_INPUT);
  assert_int_equal(count, 0);
  assert_true(is_there(fixture, orphan.key));
  vqe_iceberg_file_clear(&orphan);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(old_orphans_go_and_live_files_stay),
      TEST(damaged_table_loses_no_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
