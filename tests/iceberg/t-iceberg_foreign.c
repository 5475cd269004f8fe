/* Commits of other engines are read, or stop ours: never taken for none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "iceberg/iceberg_fixture.h"
#include "iceberg/iceberg_gzip.h"
#include "iceberg/iceberg_versions.h"

#define FOLDER "quantum_features/small/metadata/"
#define CATALOG FOLDER "00001-0c9e2a4e-94d3-4b57-8f0c-0123456789ab"
#define OF_CATALOG CATALOG ".metadata.json"

static void put(struct fixture *fixture, const char *key, const char *text,
                size_t size)
{
  assert_int_equal(
      vqe_objects_put(fixture->objects, key, text, size, VQE_OBJECTS_REPLACE),
      VQE_OK);
}

static void put_json(struct fixture *fixture, const char *key,
                     const json_t *metadata, bool packed)
{
  char *text = json_dumps(metadata, JSON_COMPACT);
  size_t size = strlen(text);
  if (packed) {
    assert_int_equal(vqe_iceberg_pack(&text, &size), VQE_OK);
    assert_true(vqe_iceberg_is_gzip(text, size));
  }
  put(fixture, key, text, size);
  free(text);
}

static bool is_there(struct fixture *fixture, const char *key)
{
  uint64_t size;
  return vqe_objects_head(&size, fixture->objects, key) == VQE_OK;
}

static void remove_key(struct fixture *fixture, const char *key)
{
  assert_int_equal(vqe_objects_delete(fixture->objects, key), VQE_OK);
}

/* One commit of ours, v1, and its metadata. */
static json_t *one_commit(struct fixture *fixture)
{
  struct vqe_iceberg_commit commit;
  char *key = NULL;
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  json_t *metadata = fixture_metadata(&key, fixture);
  assert_non_null(metadata);
  free(key);
  return metadata;
}

/* What another engine's change of columns makes of it. */
static void change_columns(json_t *metadata)
{
  json_t *schemas = json_object_get(metadata, "schemas");
  json_t *schema = json_deep_copy(json_array_get(schemas, 0));
  json_object_set_new(schema, "schema-id", json_integer(1));
  json_array_append_new(json_object_get(schema, "fields"),
                        json_pack("{s:i, s:s, s:b, s:s}", "id", 9, "name",
                                  "note", "required", 0, "type", "string"));
  json_array_append_new(schemas, schema);
  json_object_set_new(metadata, "current-schema-id", json_integer(1));
  json_object_set_new(metadata, "last-column-id", json_integer(9));
  json_object_set_new(metadata, "last-updated-ms",
                      json_integer(json_integer_value(json_object_get(
                                       metadata, "last-updated-ms")) +
                                   1));
}

/* Nothing is committed, expired or found sound, and the message says why. */
static void expect_stop(struct fixture *fixture, const char *words)
{
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_expire_options options = {.older_than_ms = 1};
  struct vqe_iceberg_expire_result expired;
  assert_int_equal(fixture_append(&commit, fixture, "stopped", "a", 1),
                   VQE_ERR_INPUT);
  if (strstr(vqe_error_message(), words) == NULL) {
    fail_msg("'%s' does not say '%s'", vqe_error_message(), words);
  }
  assert_int_equal(
      vqe_iceberg_expire(&expired, fixture->objects, "small", &options),
      VQE_ERR_INPUT);
  assert_true(fixture_faults(fixture) > 0);
}

static void names_are_told_apart(void **state)
{
  static const struct {
    const char *name;
    enum vqe_iceberg_name kind;
    int64_t version;
  } names[] = {{"v7.metadata.json", VQE_ICEBERG_NAME_VERSION, 7},
               {"v12.gz.metadata.json", VQE_ICEBERG_NAME_VERSION, 12},
               {"v12.metadata.json.gz", VQE_ICEBERG_NAME_VERSION, 12},
               {"v3.zstd.metadata.json", VQE_ICEBERG_NAME_STRAY, 3},
               {"v3.metadata.json.zst", VQE_ICEBERG_NAME_STRAY, 3},
               {"v0.metadata.json", VQE_ICEBERG_NAME_STRAY, 0},
               {"v3.metadata.json.claim", VQE_ICEBERG_NAME_OTHER, 0},
               {"version-hint.text", VQE_ICEBERG_NAME_OTHER, 0},
               {"v.metadata.json", VQE_ICEBERG_NAME_OTHER, 0},
               {"00000-0c9e2a4e-94d3-4b57-8f0c-0123456789ab.metadata.json",
                VQE_ICEBERG_NAME_CATALOG, 0},
               {"100000-0c9e2a4e-94d3-4b57-8f0c-0123456789ab.gz.metadata.json",
                VQE_ICEBERG_NAME_CATALOG, 0},
               {"0000-0c9e2a4e-94d3-4b57-8f0c-0123456789ab.metadata.json",
                VQE_ICEBERG_NAME_OTHER, 0},
               {"0c9e2a4e-94d3-4b57-8f0c-0123456789ab-m0.avro",
                VQE_ICEBERG_NAME_OTHER, 0},
               {"00000-", VQE_ICEBERG_NAME_OTHER, 0}};
  (void)state;
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    int64_t version = -1;
    char key[128];
    snprintf(key, sizeof key, FOLDER "%s", names[k].name);
    assert_int_equal(vqe_iceberg_name_of(&version, key), names[k].kind);
    assert_int_equal(version, names[k].version);
  }
}

static void gzip_unpacks_to_what_was_packed(void **state)
{
  size_t size = 300000;
  char *text = malloc(size + 1);
  char *damaged = malloc(100);
  (void)state;
  for (size_t k = 0; k < size; k++) {
    text[k] = (char)('a' + k * k % 23);
  }
  text[size] = '\0';
  char *copy = strdup(text);
  assert_int_equal(vqe_iceberg_pack(&text, &size), VQE_OK);
  assert_true(size < 300000);
  memcpy(damaged, text, 100);
  size_t part = 100;
  assert_int_equal(vqe_iceberg_unpack(&damaged, &part, 1 << 20),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_iceberg_unpack(&text, &size, 299999), VQE_ERR_INPUT);
  assert_int_equal(vqe_iceberg_unpack(&text, &size, 300000), VQE_OK);
  assert_int_equal(size, 300000);
  assert_string_equal(text, copy);
  free(damaged);
  free(copy);
  free(text);
}

static void packed_version_is_read_and_followed(void **state)
{
  static const char *const names[] = {FOLDER "v2.gz.metadata.json",
                                      FOLDER "v2.metadata.json.gz"};
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  json_t *metadata = one_commit(fixture);
  change_columns(metadata);
  put_json(fixture, names[0], metadata, true);
  assert_int_equal(fixture_rows(fixture), 3);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  assert_int_equal(commit.version, 3);
  assert_int_equal(fixture_rows(fixture), 7);
  assert_int_equal(fixture_faults(fixture), 0);
  remove_key(fixture, names[0]);
  remove_key(fixture, FOLDER "v3.metadata.json");
  put_json(fixture, names[1], metadata, true);
  assert_int_equal(fixture_append(&commit, fixture, "three", "a", 5), VQE_OK);
  assert_int_equal(commit.version, 3);
  assert_int_equal(fixture_rows(fixture), 8);
  json_decref(metadata);
}

static void table_that_asks_for_gzip_gets_it(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  char *key = NULL;
  json_decref(one_commit(fixture));
  json_t *metadata = fixture_metadata(&key, fixture);
  json_object_set_new(json_object_get(metadata, "properties"),
                      "write.metadata.compression-codec", json_string("gzip"));
  fixture_replace(fixture, key, metadata);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  assert_true(is_there(fixture, FOLDER "v2.gz.metadata.json"));
  assert_false(is_there(fixture, FOLDER "v2.metadata.json"));
  assert_int_equal(fixture_append(&commit, fixture, "three", "a", 1), VQE_OK);
  assert_int_equal(fixture_rows(fixture), 8);
  assert_int_equal(fixture_faults(fixture), 0);
}

static void two_spellings_of_a_version_are_refused(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  json_t *metadata = one_commit(fixture);
  put_json(fixture, FOLDER "v1.gz.metadata.json", metadata, true);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  change_columns(metadata);
  put_json(fixture, FOLDER "v2.gz.metadata.json", metadata, true);
  assert_int_equal(fixture_append(&commit, fixture, "three", "a", 1),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "two newest versions"));
  assert_int_equal(fixture_faults(fixture), 1);
  json_decref(metadata);
}

static void change_in_a_catalog_stops_commits(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  json_t *metadata = one_commit(fixture);
  change_columns(metadata);
  put_json(fixture, OF_CATALOG, metadata, false);
  expect_stop(fixture, "copy it to v2.metadata.json");
  assert_int_equal(fixture_rows(fixture), 3);
  /* the remedy that the message names */
  put_json(fixture, FOLDER "v2.metadata.json", metadata, false);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  assert_int_equal(fixture_rows(fixture), 7);
  assert_int_equal(fixture_faults(fixture), 1); /* the file not committed */
  json_decref(metadata);
}

static void each_kind_of_change_is_seen(void **state)
{
  struct fixture *fixture = *state;
  json_t *sound = one_commit(fixture);
  int64_t id =
      json_integer_value(json_object_get(sound, "current-snapshot-id"));
  json_t *metadata = json_deep_copy(sound);
  json_object_set_new(
      json_object_get(metadata, "refs"), "release",
      json_pack("{s:I, s:s}", "snapshot-id", (json_int_t)id, "type", "tag"));
  put_json(fixture, CATALOG ".gz.metadata.json", metadata, true);
  expect_stop(fixture, "has tag 'release'");
  remove_key(fixture, CATALOG ".gz.metadata.json");
  json_decref(metadata);

  metadata = json_deep_copy(sound);
  json_object_set_new(metadata, "current-snapshot-id", json_integer(77));
  json_array_append_new(json_object_get(metadata, "snapshots"),
                        json_pack("{s:i, s:{s:s}}", "snapshot-id", 77,
                                  "summary", "operation", "overwrite"));
  put_json(fixture, OF_CATALOG, metadata, false);
  expect_stop(fixture, "snapshot 77 (overwrite)");
  remove_key(fixture, OF_CATALOG);
  /* beyond a gap, and in a codec that cannot be read */
  put_json(fixture, FOLDER "v9.metadata.json", metadata, false);
  expect_stop(fixture, "'v9.metadata.json' of another engine");
  remove_key(fixture, FOLDER "v9.metadata.json");
  put(fixture, FOLDER "v2.zstd.metadata.json", "\x28\xb5\x2f\xfd", 4);
  expect_stop(fixture, "'v2.zstd.metadata.json' cannot be read");
  remove_key(fixture, FOLDER "v2.zstd.metadata.json");
  json_decref(metadata);
  json_decref(sound);
}

static void what_holds_no_commit_stops_nothing(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  json_t *metadata = one_commit(fixture);
  /* a catalog that has registered the table as it is */
  put_json(fixture, OF_CATALOG, metadata, false);
  put(fixture, FOLDER "v2.metadata.json.claim", "", 0);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  remove_key(fixture, OF_CATALOG);
  /* of a table that had the place before */
  json_object_set_new(metadata, "table-uuid", json_string("another"));
  change_columns(metadata);
  put_json(fixture, OF_CATALOG, metadata, false);
  assert_int_equal(fixture_append(&commit, fixture, "three", "a", 1), VQE_OK);
  assert_int_equal(fixture_rows(fixture), 8);
  json_decref(metadata);
}

static void table_of_a_catalog_alone_is_not_made_anew(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  json_t *metadata = one_commit(fixture);
  put_json(fixture, OF_CATALOG, metadata, false);
  remove_key(fixture, FOLDER "v1.metadata.json");
  remove_key(fixture, FOLDER "version-hint.text");
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "made by another engine"));
  json_decref(metadata);
}

static void files_of_a_catalog_are_no_orphans(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  int64_t removed = -1;
  json_t *metadata = one_commit(fixture);
  assert_int_equal(fixture_append(&commit, fixture, "two", "b", 4), VQE_OK);
  char *key = NULL;
  json_t *second = fixture_metadata(&key, fixture);
  free(key);
  /* back to v1: what the second commit put is named by the catalog alone */
  put_json(fixture, OF_CATALOG, second, false);
  remove_key(fixture, FOLDER "v2.metadata.json");
  assert_int_equal(fixture_faults(fixture), 2); /* the hint, the catalog */
  assert_int_equal(vqe_iceberg_remove_orphans(&removed, fixture->objects,
                                              "small", INT64_MAX),
                   VQE_ERR_INPUT);
  assert_int_equal(removed, 0);
  json_decref(second);
  json_decref(metadata);
}

static void metadata_that_left_the_log_goes_where_asked_for(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  char *key = NULL;
  json_decref(one_commit(fixture));
  json_t *metadata = fixture_metadata(&key, fixture);
  json_t *properties = json_object_get(metadata, "properties");
  json_object_set_new(properties, "write.metadata.previous-versions-max",
                      json_string("1"));
  json_object_set_new(properties, "write.metadata.delete-after-commit.enabled",
                      json_string("true"));
  fixture_replace(fixture, key, metadata);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 1), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "three", "a", 1), VQE_OK);
  /* younger than a put that may be under way */
  assert_true(is_there(fixture, FOLDER "v1.metadata.json"));
  assert_int_equal(
      vqe_objects_path(&key, fixture->objects, FOLDER "v1.metadata.json"),
      VQE_OK);
  assert_int_equal(utimensat(AT_FDCWD, key, old, 0), 0);
  free(key);
  assert_int_equal(fixture_append(&commit, fixture, "four", "a", 1), VQE_OK);
  assert_false(is_there(fixture, FOLDER "v1.metadata.json"));
  assert_true(is_there(fixture, FOLDER "v2.metadata.json"));
  assert_int_equal(fixture_faults(fixture), 0);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_told_apart),
      cmocka_unit_test(gzip_unpacks_to_what_was_packed),
      TEST(packed_version_is_read_and_followed),
      TEST(table_that_asks_for_gzip_gets_it),
      TEST(two_spellings_of_a_version_are_refused),
      TEST(change_in_a_catalog_stops_commits),
      TEST(each_kind_of_change_is_seen),
      TEST(what_holds_no_commit_stops_nothing),
      TEST(table_of_a_catalog_alone_is_not_made_anew),
      TEST(files_of_a_catalog_are_no_orphans),
      TEST(metadata_that_left_the_log_goes_where_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
