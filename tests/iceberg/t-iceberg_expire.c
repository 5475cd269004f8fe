/* Expiry drops our old tags and their snapshots, never those of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"
#include "iceberg/iceberg_old_metadata.h"

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

static void set_property(struct fixture *fixture, const char *name,
                         const char *value)
{
  char *key = NULL;
  json_t *metadata = fixture_metadata(&key, fixture);
  json_object_set_new(json_object_get(metadata, "properties"), name,
                      json_string(value));
  fixture_replace(fixture, key, metadata);
}

static void properties_of_the_table_keep_snapshots(void **state)
{
  struct fixture *fixture = *state;
  int64_t now = vqe_iceberg_now_ms();
  append_at(fixture, "one", now - 4000000);
  append_at(fixture, "two", now - 3000000);
  append_at(fixture, "three", now - 2000000);
  append_at(fixture, "four", now - 1000000);
  set_property(fixture, "history.expire.max-snapshot-age-ms", "3500000");
  set_property(fixture, "history.expire.max-ref-age-ms", "3900000");
  struct vqe_iceberg_expire_result result = expire(fixture, now);
  assert_int_equal(result.tags, 1);
  assert_int_equal(result.snapshots, 1);
  set_property(fixture, "history.expire.max-ref-age-ms", "1");
  result = expire(fixture, now);
  assert_int_equal(result.tags, 2);
  assert_int_equal(result.snapshots, 0);
  set_property(fixture, "history.expire.max-snapshot-age-ms", "1");
  set_property(fixture, "history.expire.min-snapshots-to-keep", "2");
  assert_int_equal(expire(fixture, now).snapshots, 1);
  assert_int_equal(count_snapshots(fixture), 2);
  assert_int_equal(fixture_faults(fixture), 0);
}

static void table_without_collection_keeps_all(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_expire_options options = {.older_than_ms = 5000};
  struct vqe_iceberg_expire_result result;
  int64_t removed;
  append_at(fixture, "one", 1000);
  append_at(fixture, "two", 2000);
  set_property(fixture, "gc.enabled", "false");
  assert_int_equal(
      vqe_iceberg_expire(&result, fixture->objects, "small", &options),
      VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "gc.enabled"));
  assert_int_equal(vqe_iceberg_remove_orphans(&removed, fixture->objects,
                                              "small", INT64_MAX),
                   VQE_ERR_UNSUPPORTED);
  assert_int_equal(count_snapshots(fixture), 2);
}

static void put_statistics(struct fixture *fixture, const char *name)
{
  char *key = NULL;
  char *uri = NULL;
  char path[128];
  json_t *metadata = fixture_metadata(&key, fixture);
  snprintf(path, sizeof path, "quantum_features/small/metadata/%s.puffin",
           name);
  assert_int_equal(
      vqe_objects_put(fixture->objects, path, "PFA1", 4, VQE_OBJECTS_REPLACE),
      VQE_OK);
  assert_int_equal(vqe_objects_uri(&uri, fixture->objects, path), VQE_OK);
  json_array_append_new(
      json_object_get(metadata, name),
      json_pack("{s:O, s:s, s:i}", "snapshot-id",
                json_object_get(metadata, "current-snapshot-id"),
                "statistics-path", uri, "file-size-in-bytes", 4));
  fixture_replace(fixture, key, metadata);
  free(uri);
}

static void statistics_of_others_stay(void **state)
{
  struct fixture *fixture = *state;
  int64_t removed = -1;
  append_at(fixture, "one", 1000);
  append_at(fixture, "two", 2000);
  put_statistics(fixture, "statistics");
  put_statistics(fixture, "partition-statistics");
  assert_int_equal(expire(fixture, 5000).snapshots, 1);
  assert_int_equal(fixture_faults(fixture), 0);
  assert_int_equal(vqe_iceberg_remove_orphans(&removed, fixture->objects,
                                              "small", INT64_MAX),
                   VQE_OK);
  assert_int_equal(removed, 0);
}

static void snapshot_of_a_catalog_stays(void **state)
{
  struct fixture *fixture = *state;
  char *key = NULL;
  append_at(fixture, "one", 1000);
  json_t *metadata = fixture_metadata(&key, fixture);
  free(key);
  key = strdup("quantum_features/small/metadata/"
               "00000-0c9e2a4e-94d3-4b57-8f0c-0123456789ab.metadata.json");
  fixture_replace(fixture, key, metadata);
  append_at(fixture, "two", 2000);
  append_at(fixture, "three", 3000);
  struct vqe_iceberg_expire_result result = expire(fixture, 5000);
  assert_int_equal(result.tags, 2);
  assert_int_equal(result.snapshots, 1);
  assert_int_equal(result.data_files, 0);
  assert_int_equal(count_snapshots(fixture), 2);
  assert_int_equal(fixture_faults(fixture), 0);
}

static int left_to_grant;

static void *grant(size_t size)
{
  return --left_to_grant == 0 ? NULL : malloc(size);
}

static void metadata_in_the_log_outlives_memory_that_ends(void **state)
{
  struct fixture *fixture = *state;
  json_malloc_t was_malloc;
  json_free_t was_free;
  append_at(fixture, "one", 1000);
  append_at(fixture, "two", 2000);
  append_at(fixture, "three", 3000);
  json_get_alloc_funcs(&was_malloc, &was_free);
  for (int n = 1; n < 40; n++) {
    struct vqe_iceberg_table *table = NULL;
    int64_t count = 0;
    assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                     VQE_OK);
    left_to_grant = n;
    json_set_alloc_funcs(grant, free);
    int status = vqe_iceberg_remove_old_metadata(&count, table, INT64_MAX);
    json_set_alloc_funcs(was_malloc, was_free);
    vqe_iceberg_close(table);
    assert_int_equal(status, left_to_grant > 0 ? VQE_OK : VQE_ERR_MEMORY);
    assert_int_equal(count, 0);
    assert_int_equal(fixture_faults(fixture), 0);
  }
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(old_snapshots_go_with_their_tags),
      TEST(snapshots_that_others_tagged_stay),
      TEST(properties_of_the_table_keep_snapshots),
      TEST(table_without_collection_keeps_all),
      TEST(statistics_of_others_stay),
      TEST(snapshot_of_a_catalog_stays),
      TEST(metadata_in_the_log_outlives_memory_that_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
