/* Expiry drops our old tags and their snapshots, never those of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

/* A commit at a time of its own. */
static void append_at(struct fixture *fixture, const char *run, int64_t when)
{
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_file file = fixture_file(fixture, "a", 1);
  struct vqe_iceberg_commit_options options = {.run_id = run,
                                               .timestamp_ms = when,
                                               .base_snapshot =
                                                   VQE_ICEBERG_ANY_SNAPSHOT};
  assert_int_equal(vqe_iceberg_append(&commit, fixture->objects,
                                      fixture->definition, &file, 1, &options),
                   VQE_OK);
  vqe_iceberg_file_clear(&file);
}

static struct vqe_iceberg_expire_result expire(struct fixture *fixture,
                                               int64_t older_than_ms)
{
  struct vqe_iceberg_expire_options options = {.older_than_ms = older_than_ms,
                                               .alone = true};
  struct vqe_iceberg_expire_result result;
  assert_int_equal(
      vqe_iceberg_expire(&result, fixture->objects, "small", &options),
      VQE_OK);
  return result;
}

static size_t count_snapshots(struct fixture *fixture)
{
  struct vqe_iceberg_table *table = NULL;
  struct vqe_iceberg_snapshot *snapshots = NULL;
  size_t count = 0;
  assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                   VQE_OK);
  assert_int_equal(vqe_iceberg_snapshots(&snapshots, &count, table), VQE_OK);
  vqe_iceberg_snapshots_free(snapshots, count);
  vqe_iceberg_close(table);
  return count;
}

static void old_snapshots_go_with_their_tags(void **state)
{
  struct fixture *fixture = *state;
  append_at(fixture, "one", 1000);
  append_at(fixture, "two", 2000);
  append_at(fixture, "three", 3000);
  assert_int_equal(expire(fixture, 1000).snapshots, 0);
  struct vqe_iceberg_expire_result result = expire(fixture, 2500);
  assert_int_equal(result.tags, 2);
  assert_int_equal(result.snapshots, 2);
  assert_int_equal(result.manifest_lists, 2);
  /* the newest snapshot still has the files of all */
  assert_int_equal(result.data_files, 0);
  assert_int_equal(fixture_rows(fixture), 3);
  assert_int_equal(count_snapshots(fixture), 1);
  /* the current one stays however old it is */
  assert_int_equal(expire(fixture, 9000).snapshots, 0);
  assert_int_equal(fixture_faults(fixture), 0);
}

static void snapshots_that_others_tagged_stay(void **state)
{
  struct fixture *fixture = *state;
  char *key;
  append_at(fixture, "one", 1000);
  append_at(fixture, "two", 2000);
  json_t *metadata = fixture_metadata(&key, fixture);
  json_t *refs = json_object_get(metadata, "refs");
  json_object_set(refs, "release", json_object_get(refs, "v_one"));
  fixture_replace(fixture, key, metadata);
  struct vqe_iceberg_expire_result result = expire(fixture, 9000);
  assert_int_equal(result.tags, 1);
  assert_int_equal(result.snapshots, 0);
  assert_int_equal(count_snapshots(fixture), 2);
  assert_int_equal(fixture_faults(fixture), 0);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(old_snapshots_go_with_their_tags),
      TEST(snapshots_that_others_tagged_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
