/* Commits and what they leave in the files, read by avro-c itself; lost
 * races; damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <avro.h>
#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <string.h>

#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_fixture.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_read.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable()
#define __lsan_enable()
#endif

/* A damaged length makes avro-c ask for more than there is, and it copes
 * with being refused. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "allocator_may_return_null=1";
}

#define METADATA "quantum_features/small/metadata/"

static json_t *load_metadata(struct fixture *fixture, int version)
{
  char key[128];
  char *text;
  size_t size;
  snprintf(key, sizeof key, METADATA "v%d.metadata.json", version);
  assert_int_equal(
      vqe_objects_get(&text, &size, fixture->objects, key, 1 << 20), VQE_OK);
  json_t *metadata = json_loadb(text, size, 0, NULL);
  free(text);
  assert_non_null(metadata);
  return metadata;
}

static char *load_key(struct fixture *fixture, const char *uri, size_t *size)
{
  char *key = NULL;
  char *data = NULL;
  assert_int_equal(vqe_objects_key_of_uri(&key, fixture->objects, uri),
                   VQE_OK);
  assert_int_equal(
      vqe_objects_get(&data, size, fixture->objects, key, 1 << 20), VQE_OK);
  free(key);
  return data;
}

static const char *list_of(const json_t *metadata, size_t snapshot)
{
  return vqe_iceberg_string(
      json_array_get(json_object_get(metadata, "snapshots"), snapshot),
      "manifest-list");
}

/* Values of an Avro file as JSON, by avro-c's own file reader. */
static json_t *avro_values(const char *uri)
{
  avro_file_reader_t reader;
  json_t *list = json_array();
  assert_int_equal(avro_file_reader(strstr(uri, "//") + 2, &reader), 0);
  avro_schema_t schema = avro_file_reader_get_writer_schema(reader);
  avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
  avro_value_t value;
  avro_generic_value_new(iface, &value);
  while (avro_file_reader_read_value(reader, &value) == 0) {
    char *text;
    assert_int_equal(avro_value_to_json(&value, 1, &text), 0);
    json_t *item = json_loads(text, 0, NULL);
    assert_non_null(item);
    json_array_append_new(list, item);
    free(text);
    avro_value_reset(&value);
  }
  avro_value_decref(&value);
  avro_value_iface_decref(iface);
  avro_schema_decref(schema);
  avro_file_reader_close(reader);
  return list;
}

static bool holds(const char *data, size_t size, const char *text)
{
  return memmem(data, size, text, strlen(text)) != NULL;
}

/* A key of the header followed by its value, as Avro writes them. */
static bool holds_pair(const char *data, size_t size, const char *key,
                       const char *value)
{
  char bytes[256];
  int length =
      snprintf(bytes, sizeof bytes, "%c%s", (char)(2 * strlen(key)), key);
  length += snprintf(bytes + length, sizeof bytes - (size_t)length, "%c%s",
                     (char)(2 * strlen(value)), value);
  return memmem(data, size, bytes, (size_t)length) != NULL;
}

/* ---- what is written ------------------------------------------------- */

static struct vqe_iceberg_stats stats_of(int id, int64_t rows, int64_t nulls)
{
  struct vqe_iceberg_stats stats = {.field_id = id,
                                    .column_size = 100 + id,
                                    .value_count = rows,
                                    .null_count = nulls,
                                    .nan_count = -1};
  return stats;
}

/* One file with statistics for every kind of column. */
static void append_with_stats(struct fixture *fixture,
                              struct vqe_iceberg_commit *commit)
{
  struct vqe_iceberg_file file = fixture_file(fixture, NULL, 4);
  struct vqe_iceberg_commit_options options = {
      .run_id = "11112222-3333-4444-5555-666677778888",
      .timestamp_ms = 1767225600000,
      .base_snapshot = VQE_ICEBERG_NO_SNAPSHOT};
  file.nstats = 4;
  file.stats = calloc(4, sizeof *file.stats);
  file.stats[0] = stats_of(1, 4, 0);
  vqe_iceberg_bytes_string(&file.stats[0].lower, "abcdefghijklmnopqrst", 20);
  vqe_iceberg_bytes_string(&file.stats[0].upper, "zzzzzzzzzzzzzzzzzzzz", 20);
  file.stats[1] = stats_of(2, 4, 1);
  file.stats[1].nan_count = 1;
  vqe_iceberg_bytes_double(&file.stats[1].lower, 0.0);
  vqe_iceberg_bytes_double(&file.stats[1].upper, NAN);
  file.stats[2] = stats_of(5, 4, 0); /* elements of `list` */
  file.stats[2].value_count = 99;
  vqe_iceberg_bytes_double(&file.stats[2].lower, 1.0);
  file.stats[3] = stats_of(4, 4, 4); /* all null */
  vqe_iceberg_bytes_string(&file.stats[3].lower, "x", 1);
  file.split_offsets = malloc(sizeof *file.split_offsets);
  file.split_offsets[0] = 4;
  file.nsplit_offsets = 1;
  assert_int_equal(vqe_iceberg_append(commit, fixture->objects,
                                      fixture->definition, &file, 1, &options),
                   VQE_OK);
  vqe_iceberg_file_clear(&file);
}

static json_t *path(json_t *json, const char *first, ...)
{
  va_list names;
  va_start(names, first);
  for (const char *name = first; name != NULL && json != NULL;
       name = va_arg(names, const char *)) {
    json = json_is_array(json) ? json_array_get(json, (size_t)atoi(name))
                               : json_object_get(json, name);
  }
  va_end(names);
  return json;
}

/* {"key", "value"} pairs of a map, as "key" -> value */
static json_t *map_of(json_t *entry, const char *name)
{
  json_t *map = json_object();
  json_t *list = path(entry, "data_file", name, "array", NULL);
  size_t k;
  json_t *pair;
  char key[16];
  json_array_foreach(list, k, pair)
  {
    snprintf(key, sizeof key, "%d",
             (int)json_integer_value(json_object_get(pair, "key")));
    json_object_set(map, key, json_object_get(pair, "value"));
  }
  return map;
}

static void expect_keys(json_t *entry, const char *name, const char *keys)
{
  json_t *map = map_of(entry, name);
  char found[64] = "";
  const char *key;
  json_t *value;
  json_object_foreach(map, key, value)
  {
    strcat(found, key);
    strcat(found, " ");
  }
  assert_string_equal(found, keys);
  json_decref(map);
}

static void manifest_keeps_field_ids_map_types_and_iceberg_schema(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  size_t size;
  append_with_stats(fixture, &commit);
  assert_true(commit.created);
  assert_int_equal(commit.outcome, VQE_ICEBERG_COMMITTED);
  assert_string_equal(commit.tag, "v_11112222333344445555666677778888");
  json_t *metadata = load_metadata(fixture, 1);
  json_t *list = avro_values(list_of(metadata, 0));
  assert_int_equal(json_array_size(list), 1);
  const char *uri = json_string_value(path(list, "0", "manifest_path", NULL));
  char *data = load_key(fixture, uri, &size);
  assert_int_equal(
      json_integer_value(path(list, "0", "manifest_length", NULL)), size);

  /* what avro-c alone would have dropped */
  assert_true(holds(data, size, "\"name\":\"manifest_entry\""));
  assert_true(holds(data, size, "\"name\":\"r102\""));
  assert_true(holds(data, size, "\"logicalType\":\"map\""));
  assert_true(holds(data, size, "\"name\":\"k117_v118\""));
  assert_true(holds(data, size, "\"name\":\"k129_v130\""));
  assert_true(holds(data, size, "\"element-id\":133"));
  static const int field_ids[] = {0,   1,   2,   3,   4,   100, 101, 102,
                                  103, 104, 108, 109, 110, 117, 118, 119,
                                  120, 121, 122, 125, 126, 127, 128, 129,
                                  130, 132, 134, 137, 138, 139, 140, 1000};
  for (size_t k = 0; k < sizeof field_ids / sizeof field_ids[0]; k++) {
    char text[32];
    snprintf(text, sizeof text, "\"field-id\":%d}", field_ids[k]);
    assert_true(holds(data, size, text));
  }
  /* the header: Iceberg's schema, the fields of the spec alone */
  assert_true(holds(data, size, "{\"type\":\"struct\",\"schema-id\":0,"));
  assert_true(holds_pair(data, size, "schema-id", "0"));
  assert_true(holds(data, size,
                    "[{\"name\":\"basis_set\",\"transform\":\"identity\","
                    "\"source-id\":4,\"field-id\":1000}]"));
  assert_true(holds_pair(data, size, "partition-spec-id", "0"));
  assert_true(holds_pair(data, size, "format-version", "2"));
  assert_true(holds_pair(data, size, "content", "data"));
  assert_true(holds_pair(data, size, "avro.codec", "deflate"));

  json_t *entries = avro_values(uri);
  assert_int_equal(json_array_size(entries), 1);
  json_t *entry = json_array_get(entries, 0);
  assert_int_equal(json_integer_value(path(entry, "status", NULL)), 1);
  assert_int_equal(
      json_integer_value(path(entry, "snapshot_id", "long", NULL)),
      commit.snapshot);
  /* inherited, so that the manifest survives a lost race */
  assert_true(json_is_null(path(entry, "sequence_number", NULL)));
  assert_true(json_is_null(path(entry, "file_sequence_number", NULL)));
  assert_true(
      json_is_null(path(entry, "data_file", "partition", "basis_set", NULL)));
  assert_string_equal(
      json_string_value(path(entry, "data_file", "file_format", NULL)),
      "PARQUET");
  expect_keys(entry, "column_sizes", "1 2 5 4 ");
  expect_keys(entry, "value_counts", "1 2 4 ");
  expect_keys(entry, "null_value_counts", "1 2 4 ");
  expect_keys(entry, "nan_value_counts", "2 ");
  expect_keys(entry, "lower_bounds", "1 2 ");
  expect_keys(entry, "upper_bounds", "1 "); /* NaN is none */
  json_t *lower = map_of(entry, "lower_bounds");
  json_t *upper = map_of(entry, "upper_bounds");
  assert_string_equal(json_string_value(json_object_get(lower, "1")),
                      "abcdefghijklmnop");
  assert_string_equal(json_string_value(json_object_get(upper, "1")),
                      "zzzzzzzzzzzzzzz{");
  /* the minimum 0.0 may stand for -0.0 */
  struct vqe_iceberg_entries decoded;
  assert_int_equal(
      vqe_iceberg_manifest_decode(&decoded, data, size, "manifest"), VQE_OK);
  assert_int_equal(decoded.list[0].file.stats[1].lower.size, 8);
  assert_memory_equal(decoded.list[0].file.stats[1].lower.data,
                      "\0\0\0\0\0\0\0\x80", 8);
  vqe_iceberg_entries_clear(&decoded);
  json_decref(lower);
  json_decref(upper);
  json_decref(entries);
  json_decref(list);
  json_decref(metadata);
  free(data);
}

static void manifest_list_has_ids_counts_and_partition_bounds(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit first, second;
  char number[32];
  size_t size;
  append_with_stats(fixture, &first);
  assert_int_equal(fixture_append(&second, fixture, "two", "sto3g", 3),
                   VQE_OK);
  assert_string_equal(second.tag, "v_incr_two");
  json_t *metadata = load_metadata(fixture, 2);
  const char *uri = list_of(metadata, 1);
  char *data = load_key(fixture, uri, &size);
  assert_true(holds(data, size, "\"name\":\"manifest_file\""));
  assert_true(holds(data, size, "\"name\":\"r508\""));
  assert_true(holds(data, size, "\"element-id\":508"));
  for (int id = 500; id <= 518; id++) {
    snprintf(number, sizeof number, "\"field-id\":%d}", id);
    /* 508 is the element, 519 the key metadata, 511 closes the record */
    assert_int_equal(holds(data, size, number), id != 508);
  }
  snprintf(number, sizeof number, "%lld", (long long)second.snapshot);
  assert_true(holds_pair(data, size, "snapshot-id", number));
  snprintf(number, sizeof number, "%lld", (long long)first.snapshot);
  assert_true(holds_pair(data, size, "parent-snapshot-id", number));
  assert_true(holds_pair(data, size, "sequence-number", "2"));
  assert_true(holds_pair(data, size, "format-version", "2"));
  free(data);
  json_t *list = avro_values(uri);
  assert_int_equal(json_array_size(list), 2);
  for (size_t k = 0; k < 2; k++) {
    json_t *m = json_array_get(list, k);
    bool old = json_integer_value(path(m, "added_snapshot_id", NULL)) ==
               first.snapshot;
    assert_int_equal(json_integer_value(path(m, "sequence_number", NULL)),
                     old ? 1 : 2);
    assert_int_equal(json_integer_value(path(m, "min_sequence_number", NULL)),
                     old ? 1 : 2);
    assert_int_equal(json_integer_value(path(m, "added_files_count", NULL)),
                     1);
    assert_int_equal(json_integer_value(path(m, "added_rows_count", NULL)),
                     old ? 4 : 3);
    json_t *field = path(m, "partitions", "array", "0", NULL);
    assert_int_equal(json_is_true(path(field, "contains_null", NULL)), old);
    if (old) { /* only nulls: said so, and no bounds */
      assert_true(json_is_null(path(field, "lower_bound", NULL)));
      assert_true(json_is_null(path(field, "upper_bound", NULL)));
    } else {
      assert_string_equal(
          json_string_value(path(field, "lower_bound", "bytes", NULL)),
          "sto3g");
    }
  }
  json_decref(list);
  json_decref(metadata);
}

static void metadata_names_both_snapshots_and_their_totals(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit first, second;
  char *hint;
  size_t size;
  append_with_stats(fixture, &first);
  fixture_append(&second, fixture, "two", "sto3g", 3);
  json_t *m = load_metadata(fixture, 2);
  assert_int_equal(vqe_iceberg_integer(m, "format-version", 0), 2);
  assert_int_equal(vqe_iceberg_integer(m, "last-sequence-number", 0), 2);
  assert_int_equal(vqe_iceberg_integer(m, "last-column-id", 0), 5);
  assert_int_equal(vqe_iceberg_integer(m, "last-partition-id", 0), 1000);
  assert_int_equal(vqe_iceberg_integer(m, "current-snapshot-id", 0),
                   second.snapshot);
  assert_int_equal(
      json_integer_value(path(m, "refs", "main", "snapshot-id", NULL)),
      second.snapshot);
  assert_int_equal(
      json_integer_value(path(m, "refs", first.tag, "snapshot-id", NULL)),
      first.snapshot);
  assert_int_equal(
      json_integer_value(path(m, "snapshots", "0", "timestamp-ms", NULL)),
      1767225600000);
  assert_true(json_integer_value(path(m, "snapshots", "1", "timestamp-ms",
                                      NULL)) > 1767225600000);
  assert_int_equal(json_integer_value(
                       path(m, "snapshots", "1", "parent-snapshot-id", NULL)),
                   first.snapshot);
  const char *const summary[][2] = {
      {"operation", "append"},     {"added-data-files", "1"},
      {"added-records", "3"},      {"added-files-size", "5"},
      {"total-data-files", "2"},   {"total-records", "7"},
      {"total-files-size", "10"},  {"engine-name", "vqe_batch"},
      {VQE_ICEBERG_RUN_KEY, "two"}};
  for (size_t k = 0; k < sizeof summary / sizeof summary[0]; k++) {
    const char *found = json_string_value(
        path(m, "snapshots", "1", "summary", summary[k][0], NULL));
    assert_non_null(found);
    assert_string_equal(found, summary[k][1]);
  }
  /* ids are drawn, not counted from the parent */
  int64_t step = second.snapshot - first.snapshot;
  assert_true(first.snapshot > 0 && second.snapshot > 0);
  assert_true(step > 1000000 || step < -1000000);
  assert_int_equal(vqe_objects_get(&hint, &size, fixture->objects,
                                   METADATA "version-hint.text", 64),
                   VQE_OK);
  assert_int_equal(size, 1);
  assert_int_equal(hint[0], '2');
  free(hint);
  json_decref(m);
  assert_int_equal(fixture_faults(fixture), 0);
}

/* ---- repeating and racing -------------------------------------------- */

static void same_run_adds_its_files_once(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit first, second;
  assert_int_equal(fixture_append(&first, fixture, "run", "a", 3), VQE_OK);
  assert_int_equal(fixture_append(&second, fixture, "run", "a", 3), VQE_OK);
  assert_int_equal(second.outcome, VQE_ICEBERG_ALREADY);
  assert_int_equal(second.snapshot, first.snapshot);
  assert_string_equal(second.tag, first.tag);
  assert_int_equal(second.version, 1);
  assert_int_equal(fixture_rows(fixture), 3);
}

struct rival {
  struct fixture *fixture;
  int left;  /* commits that get in between */
  int asked; /* calls of validate */
  int response;
};

/* Another writer commits between our manifest list and our metadata. */
static void intrude(void *ctx, enum vqe_iceberg_step step)
{
  struct rival *rival = ctx;
  struct vqe_iceberg_commit commit;
  char run[32];
  if (step == VQE_ICEBERG_STEP_MANIFEST_LIST && rival->left > 0) {
    rival->left--;
    snprintf(run, sizeof run, "rival-%d", rival->fixture->nfiles);
    assert_int_equal(fixture_append(&commit, rival->fixture, run, "r", 10),
                     VQE_OK);
    assert_int_equal(commit.outcome, VQE_ICEBERG_COMMITTED);
  }
}

static int validate(void *ctx, struct vqe_iceberg_table *newest)
{
  struct rival *rival = ctx;
  assert_true(vqe_iceberg_current_snapshot(newest) > 0);
  rival->asked++;
  return rival->response;
}

static int race(struct vqe_iceberg_commit *commit, struct rival *rival,
                bool with_validate, int64_t base, int max_retries)
{
  struct vqe_iceberg_file file = fixture_file(rival->fixture, "mine", 1);
  struct vqe_iceberg_commit_options options = {
      .run_id = "mine",
      .base_snapshot = base,
      .validate = with_validate ? validate : NULL,
      .validate_ctx = rival,
      .max_retries = max_retries,
      .on_step = intrude,
      .on_step_ctx = rival};
  int status =
      vqe_iceberg_append(commit, rival->fixture->objects,
                         rival->fixture->definition, &file, 1, &options);
  if (commit->outcome != VQE_ICEBERG_COMMITTED) {
    vqe_objects_delete(rival->fixture->objects, file.key);
  }
  vqe_iceberg_file_clear(&file);
  return status;
}

static void lost_races_rebase_onto_the_winner(void **state)
{
  struct fixture *fixture = *state;
  struct rival rival = {.fixture = fixture, .left = 3};
  struct vqe_iceberg_commit commit;
  /* the first loss is the creation of the table itself */
  assert_int_equal(race(&commit, &rival, false, VQE_ICEBERG_ANY_SNAPSHOT, 0),
                   VQE_OK);
  assert_int_equal(commit.outcome, VQE_ICEBERG_COMMITTED);
  assert_int_equal(commit.retries, 3);
  assert_int_equal(commit.version, 4);
  assert_false(commit.created);
  assert_string_equal(commit.tag, "v_incr_mine");
  assert_int_equal(fixture_rows(fixture), 31);
  /* one manifest was written for four attempts, no list of a lost one is
   * left: the check lists no orphan */
  assert_int_equal(fixture_faults(fixture), 0);
  json_t *m = load_metadata(fixture, 4);
  json_t *list = avro_values(list_of(m, 3));
  assert_int_equal(json_array_size(list), 4);
  for (size_t k = 0; k < 4; k++) {
    json_t *item = json_array_get(list, k);
    if (json_integer_value(path(item, "added_snapshot_id", NULL)) ==
        commit.snapshot) {
      assert_int_equal(json_integer_value(path(item, "sequence_number", NULL)),
                       4);
    }
  }
  json_decref(list);
  json_decref(m);
}

static void too_many_lost_races_leave_nothing(void **state)
{
  struct fixture *fixture = *state;
  struct rival rival = {.fixture = fixture, .left = 100};
  struct vqe_iceberg_commit commit;
  assert_int_equal(race(&commit, &rival, false, VQE_ICEBERG_ANY_SNAPSHOT, 2),
                   VQE_ERR_EXISTS);
  assert_int_equal(commit.outcome, VQE_ICEBERG_NOTHING);
  assert_string_equal(commit.tag, "");
  assert_int_equal(fixture_rows(fixture), 30);
  assert_int_equal(fixture_faults(fixture), 0);
}

static void changed_table_is_appended_to_only_when_validated(void **state)
{
  struct fixture *fixture = *state;
  struct rival rival = {.fixture = fixture, .left = 1};
  struct vqe_iceberg_commit commit;
  /* what was new for an empty table need not be new after the rival */
  assert_int_equal(race(&commit, &rival, false, VQE_ICEBERG_NO_SNAPSHOT, 0),
                   VQE_ERR_EXISTS);
  assert_int_equal(commit.outcome, VQE_ICEBERG_NOTHING);
  assert_int_equal(fixture_rows(fixture), 10);
  assert_int_equal(fixture_faults(fixture), 0);
  /* asked, and refused */
  rival.response = VQE_ERR_EXISTS;
  assert_int_equal(race(&commit, &rival, true, VQE_ICEBERG_NO_SNAPSHOT, 0),
                   VQE_ERR_EXISTS);
  assert_int_equal(rival.asked, 1);
  /* asked twice, and agreed */
  rival = (struct rival){.fixture = fixture, .left = 1};
  assert_int_equal(race(&commit, &rival, true, VQE_ICEBERG_NO_SNAPSHOT, 0),
                   VQE_OK);
  assert_int_equal(rival.asked, 2);
  assert_int_equal(fixture_rows(fixture), 21);
  assert_int_equal(fixture_faults(fixture), 0);
}

/* ---- merging manifests ------------------------------------------------ */

static void small_manifests_are_merged_at_64(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_table *table;
  struct vqe_iceberg_manifests manifests;
  size_t most = 0;
  char run[32];
  for (int k = 0; k < 140; k++) {
    snprintf(run, sizeof run, "run-%d", k);
    assert_int_equal(
        fixture_append(&commit, fixture, run, k % 2 ? "a" : "b", 1), VQE_OK);
    assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                     VQE_OK);
    assert_int_equal(
        vqe_iceberg_read_manifests(&manifests, table, commit.snapshot),
        VQE_OK);
    most = manifests.count > most ? manifests.count : most;
    vqe_iceberg_manifests_clear(&manifests);
    vqe_iceberg_close(table);
  }
  assert_int_equal(most, 64);
  assert_int_equal(fixture_rows(fixture), 140);
  assert_int_equal(fixture_faults(fixture), 0);
}

/* ---- input ----------------------------------------------------------- */

static void files_that_do_not_fit_are_refused(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit_options options = {
      .run_id = "x", .base_snapshot = VQE_ICEBERG_ANY_SNAPSHOT};
  struct vqe_iceberg_commit commit;
  for (int fault = 0; fault < 8; fault++) {
    struct vqe_iceberg_file file = fixture_file(fixture, "a", 2);
    const char *word = "";
    options.run_id = "x";
    file.nstats = 1;
    file.stats = calloc(1, sizeof *file.stats);
    file.stats[0] = stats_of(1, 2, 0);
    switch (fault) {
    case 0:
      free(file.key);
      file.key = strdup("elsewhere/x.parquet");
      word = "is not in";
      break;
    case 1:
      file.record_count = 0;
      word = "0 rows";
      break;
    case 2:
      file.npartition = 0;
      word = "partition values";
      break;
    case 3:
      file.stats[0].field_id = 77;
      word = "field id 77";
      break;
    case 4:
      file.stats[0].value_count = 3;
      word = "3 values";
      break;
    case 5:
      file.stats[0].field_id = 2;
      vqe_iceberg_bytes_int(&file.stats[0].lower, 1);
      word = "does not fit type double";
      break;
    case 6:
      options.run_id = "";
      word = "run id";
      break;
    default:
      file.stats[0].null_count = 3;
      word = "3 of them null";
    }
    assert_int_equal(vqe_iceberg_append(&commit, fixture->objects,
                                        fixture->definition, &file, 1,
                                        &options),
                     VQE_ERR_INPUT);
    assert_int_equal(commit.outcome, VQE_ICEBERG_NOTHING);
    if (strstr(vqe_error_message(), word) == NULL) {
      fail_msg("%d: '%s' does not say '%s'", fault, vqe_error_message(), word);
    }
    file.npartition = 1;
    vqe_iceberg_file_clear(&file);
  }
  struct vqe_iceberg_table *table = NULL;
  assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                   VQE_ERR_NOT_FOUND);
  assert_null(table);
}

/* No cut and no changed byte may do worse than fail. */
static void damaged_manifests_fail_with_a_message(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_entries entries;
  struct vqe_iceberg_manifests manifests;
  size_t sizes[2];
  append_with_stats(fixture, &commit);
  json_t *m = load_metadata(fixture, 1);
  json_t *list = avro_values(list_of(m, 0));
  char *files[2] = {
      load_key(fixture, list_of(m, 0), &sizes[0]),
      load_key(fixture,
               json_string_value(path(list, "0", "manifest_path", NULL)),
               &sizes[1])};
  assert_int_equal(
      vqe_iceberg_manifest_decode(&entries, files[1], sizes[1], "m"), VQE_OK);
  vqe_iceberg_entries_clear(&entries);
  __lsan_disable(); /* avro-c leaks what a damaged file ends in */
  for (size_t f = 0; f < 2; f++) {
    for (size_t k = 0; k < sizes[f]; k++) {
      size_t cut = k;
      char saved = files[f][k];
      for (int turn = 0; turn < 4; turn++) {
        files[f][k] = (char)(turn == 0   ? saved
                             : turn == 1 ? saved ^ 1
                             : turn == 2 ? saved ^ 0x80
                                         : 0xff);
        size_t size = turn == 0 ? cut : sizes[f];
        int status =
            f == 0
                ? vqe_iceberg_manifest_list_decode(&manifests, files[f], size,
                                                   "l")
                : vqe_iceberg_manifest_decode(&entries, files[f], size, "m");
        if (status == VQE_OK && f == 0) {
          vqe_iceberg_manifests_clear(&manifests);
        } else if (status == VQE_OK) {
          vqe_iceberg_entries_clear(&entries);
        } else {
          assert_true(vqe_error_message()[0] != '\0');
        }
      }
      files[f][k] = saved;
    }
  }
  __lsan_enable();
  free(files[0]);
  free(files[1]);
  json_decref(list);
  json_decref(m);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(manifest_keeps_field_ids_map_types_and_iceberg_schema),
      TEST(manifest_list_has_ids_counts_and_partition_bounds),
      TEST(metadata_names_both_snapshots_and_their_totals),
      TEST(same_run_adds_its_files_once),
      TEST(lost_races_rebase_onto_the_winner),
      TEST(too_many_lost_races_leave_nothing),
      TEST(changed_table_is_appended_to_only_when_validated),
      TEST(small_manifests_are_merged_at_64),
      TEST(files_that_do_not_fit_are_refused),
      TEST(damaged_manifests_fail_with_a_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
