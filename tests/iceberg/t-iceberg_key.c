/* Keys of metadata files, and the checksum files of Hadoop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

static void metadata_keys_follow_the_hadoop_layout(void **state)
{
  char *key = NULL;
  (void)state;
  assert_int_equal(vqe_iceberg_metadata_key(&key, "t", 12, false), VQE_OK);
  assert_string_equal(key, "quantum_features/t/metadata/v12.metadata.json");
  free(key);
  assert_int_equal(vqe_iceberg_hint_key(&key, "t"), VQE_OK);
  assert_string_equal(key, "quantum_features/t/metadata/version-hint.text");
  free(key);
}

static void only_hidden_crc_files_are_checksums(void **state)
{
  (void)state;
  assert_true(vqe_iceberg_is_checksum("a/.v1.metadata.json.crc"));
  assert_true(vqe_iceberg_is_checksum(".x.crc"));
  assert_false(vqe_iceberg_is_checksum("a/x.crc"));
  assert_false(vqe_iceberg_is_checksum("a/.x"));
}

static void checksum_of_a_key_is_deleted(void **state)
{
  struct fixture *fixture = *state;
  char path[64];
  FILE *file;
  snprintf(path, sizeof path, "%s/a", fixture->folder);
  assert_int_equal(
      vqe_objects_put(fixture->objects, "a/x", "1", 1, VQE_OBJECTS_REPLACE),
      VQE_OK);
  snprintf(path, sizeof path, "%s/a/.x.crc", fixture->folder);
  file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
  assert_int_equal(vqe_iceberg_drop_checksum(fixture->objects, "a/x"), VQE_OK);
  assert_int_not_equal(access(path, F_OK), 0);
  /* without one nothing happens */
  assert_int_equal(vqe_iceberg_drop_checksum(fixture->objects, "a/x"), VQE_OK);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(metadata_keys_follow_the_hadoop_layout),
      TEST(only_hidden_crc_files_are_checksums),
      TEST(checksum_of_a_key_is_deleted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
