/* Reading a table back: everything that readers trust and do not verify. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_internal.h"

/* What a manifest holds, whatever the lists that carry it say. */
struct seen {
  struct vqe_iceberg_manifest found;
  bool read;                  /* it could be read */
  bool compared;              /* `found` is filled */
  int64_t size;               /* of the file, -1 when it is gone */
  int64_t files, rows, bytes; /* that live in it */
};

struct check {
  const struct vqe_iceberg_check_options *options;
  struct vqe_iceberg_check_result *result;
  struct vqe_objects *objects;
  struct vqe_iceberg_table *table;
  struct vqe_iceberg_definition *definition; /* NULL: types we do not know */
  json_t *there; /* key -> [size, modified_ms], of the table's folder */
  json_t *used;  /* keys that something refers to */
  json_t *index; /* URI of a manifest -> place in `seen` */
  struct seen *seen;
  size_t nseen;
};

static void report(struct check *check, enum vqe_iceberg_finding finding,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void report(struct check *check, enum vqe_iceberg_finding finding,
                   const char *format, ...)
{
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int length = vasprintf(&text, format, args);
  va_end(args);
  if (finding == VQE_ICEBERG_PROBLEM) {
    check->result->problems++;
  } else {
    check->result->orphans++;
  }
  if (check->options->report != NULL && length >= 0) {
    check->options->report(check->options->report_ctx, finding, text);
  }
  free(length >= 0 ? text : NULL);
}

#define PROBLEM(check, ...) report(check, VQE_ICEBERG_PROBLEM, __VA_ARGS__)

/* ---- what lies there ------------------------------------------------- */

static int note_object(void *ctx, const struct vqe_object *object)
{
  struct check *check = ctx;
  if (json_object_set_new(check->there, object->key,
                          json_pack("[II]", (json_int_t)object->size,
                                    (json_int_t)object->modified_ms)) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
  }
  return VQE_OK;
}

/* Size of a key, -1 when it is not there; notes that it is referred to. */
static int size_of(int64_t *size, struct check *check, const char *key)
{
  const json_t *found = json_object_get(check->there, key);
  uint64_t length;
  *size = -1;
  if (json_object_set_new(check->used, key, json_true()) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
  }
  if (found != NULL) {
    *size = json_integer_value(json_array_get(found, 0));
    return VQE_OK;
  }
  if (strncmp(key, check->table->folder, strlen(check->table->folder)) == 0) {
    return VQE_OK;
  }
  int status = vqe_objects_head(&length, check->objects, key);
  if (status == VQE_OK) {
    *size = (int64_t)length;
  }
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

/* The bytes of a URI; *data NULL with a problem reported when they cannot be
 * had. */
static int fetch(char **data, size_t *size, char **key, struct check *check,
                 const char *uri)
{
  int64_t length;
  *data = NULL;
  *key = NULL;
  if (vqe_objects_key_of_uri(key, check->objects, uri) != VQE_OK) {
    PROBLEM(check, "'%s' lies outside the warehouse", uri);
    return VQE_OK;
  }
  int status = size_of(&length, check, *key);
  if (status == VQE_OK && length < 0) {
    PROBLEM(check, "'%s' is gone", *key);
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_objects_get(data, size, check->objects, *key,
                             VQE_ICEBERG_MANIFEST_LIMIT);
  }
  return status;
}

/* ---- metadata -------------------------------------------------------- */

static void check_schemas(struct check *check)
{
  const json_t *metadata = check->table->metadata;
  int64_t last = vqe_iceberg_integer(metadata, "last-column-id", -1);
  size_t s, f;
  json_t *schema, *field;
  json_array_foreach(json_object_get(metadata, "schemas"), s, schema)
  {
    json_t *seen = json_object();
    int64_t id = vqe_iceberg_integer(schema, "schema-id", -1);
    if (vqe_iceberg_by_id(metadata, "schemas", "schema-id", id) != schema) {
      PROBLEM(check, "two schemas have the id %" PRId64, id);
    }
    json_array_foreach(json_object_get(schema, "fields"), f, field)
    {
      char name[32];
      int64_t number = vqe_iceberg_integer(field, "id", -1);
      snprintf(name, sizeof name, "%" PRId64, number);
      if (number < 1 || number > last || json_object_get(seen, name)) {
        PROBLEM(check,
                "schema %" PRId64 ": field id %" PRId64
                " is used twice, or above last-column-id",
                id, number);
      }
      json_object_set_new(seen, name, json_true());
    }
    json_decref(seen);
  }
  const json_t *spec = vqe_iceberg_default_spec(metadata);
  json_array_foreach(json_object_get(spec, "fields"), f, field)
  {
    if (vqe_iceberg_integer(field, "field-id", INT64_MAX) >
        vqe_iceberg_integer(metadata, "last-partition-id", -1)) {
      PROBLEM(check, "a partition field id is above last-partition-id");
    }
  }
}

static void check_refs(struct check *check)
{
  const json_t *metadata = check->table->metadata;
  const json_t *refs = json_object_get(metadata, "refs");
  int64_t current = vqe_iceberg_current_snapshot(check->table);
  int64_t head = vqe_iceberg_integer(json_object_get(refs, "main"),
                                     "snapshot-id", VQE_ICEBERG_NO_SNAPSHOT);
  const char *name;
  json_t *ref;
  size_t k;
  json_t *entry;
  int64_t before = INT64_MIN;
  if (head != current) {
    PROBLEM(check, "current-snapshot-id and the branch main differ");
  }
  json_object_foreach((json_t *)(uintptr_t)refs, name, ref)
  {
    if (vqe_iceberg_snapshot_json(
            metadata, vqe_iceberg_integer(ref, "snapshot-id", -1)) == NULL) {
      PROBLEM(check, "ref '%s' names a snapshot that is not there", name);
    }
  }
  const json_t *log = json_object_get(metadata, "snapshot-log");
  json_array_foreach(log, k, entry)
  {
    int64_t when = vqe_iceberg_integer(entry, "timestamp-ms", INT64_MIN);
    if (when < before) {
      PROBLEM(check, "the snapshot log goes back in time");
    }
    before = when;
  }
  if (json_array_size(log) > 0 &&
      vqe_iceberg_integer(json_array_get(log, json_array_size(log) - 1),
                          "snapshot-id", -1) != current) {
    PROBLEM(check, "the snapshot log does not end with the current snapshot");
  }
}

static int check_metadata_log(struct check *check)
{
  size_t k;
  json_t *entry;
  int status = VQE_OK;
  json_array_foreach(json_object_get(check->table->metadata, "metadata-log"),
                     k, entry)
  {
    const char *uri = vqe_iceberg_string(entry, "metadata-file");
    char *key = NULL;
    int64_t size = -1;
    if (uri == NULL ||
        vqe_objects_key_of_uri(&key, check->objects, uri) != VQE_OK) {
      PROBLEM(check, "the metadata log names '%s', outside the warehouse",
              uri == NULL ? "?" : uri);
      continue;
    }
    status = size_of(&size, check, key);
    if (status == VQE_OK && size < 0) {
      PROBLEM(check, "the metadata log names '%s', which is gone", key);
    }
    free(key);
    if (status != VQE_OK) {
      break;
    }
  }
  return status;
}

/* ---- manifests ------------------------------------------------------- */

static void check_stats(struct check *check, const char *key,
                        const struct vqe_iceberg_file *file,
                        const struct vqe_iceberg_stats *stats)
{
  const struct vqe_iceberg_column *column = NULL;
  for (size_t k = 0; k < check->definition->ncolumns; k++) {
    if (check->definition->columns[k].id == stats->field_id) {
      column = &check->definition->columns[k];
    }
  }
  if (column == NULL || vqe_iceberg_type_is_list(column->type)) {
    return; /* elements of lists, and columns dropped by others */
  }
  const struct vqe_iceberg_bytes *bounds[] = {&stats->lower, &stats->upper};
  for (size_t b = 0; b < 2; b++) {
    if (bounds[b]->data == NULL) {
      continue;
    }
    double number = 0.0;
    if (!vqe_iceberg_bytes_valid(bounds[b], column->type)) {
      PROBLEM(check, "'%s': a bound of '%s' has %zu bytes", key, column->name,
              bounds[b]->size);
      return;
    }
    if (column->type == VQE_ICEBERG_DOUBLE) {
      memcpy(&number, bounds[b]->data, sizeof number);
    }
    if (isnan(number)) {
      PROBLEM(check, "'%s': a bound of '%s' is not a number", key,
              column->name);
    }
  }
  if (stats->lower.data != NULL && stats->upper.data != NULL &&
      vqe_iceberg_bytes_compare(&stats->lower, &stats->upper, column->type) >
          0) {
    PROBLEM(check, "'%s': the lower bound of '%s' is above the upper", key,
            column->name);
  }
  if (stats->value_count >= 0 && stats->value_count != file->record_count) {
    PROBLEM(check, "'%s': %" PRId64 " values of '%s' in %" PRId64 " rows", key,
            stats->value_count, column->name, file->record_count);
  }
  if (stats->null_count > file->record_count ||
      stats->nan_count > file->record_count) {
    PROBLEM(check, "'%s': more nulls or NaN of '%s' than rows", key,
            column->name);
  }
}

static int check_file(struct check *check,
                      const struct vqe_iceberg_manifest *manifest,
                      const struct vqe_iceberg_entry *entry)
{
  const struct vqe_iceberg_file *file = &entry->file;
  char *key = NULL;
  int64_t size;
  if (vqe_objects_key_of_uri(&key, check->objects, entry->uri) != VQE_OK) {
    PROBLEM(check, "'%s': data file '%s' lies outside the warehouse",
            manifest->uri, entry->uri);
    return VQE_OK;
  }
  int status = size_of(&size, check, key);
  if (status == VQE_OK && size < 0) {
    PROBLEM(check, "data file '%s' is gone", key);
  } else if (status == VQE_OK && size != file->size) {
    PROBLEM(check,
            "data file '%s' has %" PRId64 " bytes, its manifest says %" PRId64,
            key, size, file->size);
  }
  for (size_t k = 0; check->definition != NULL && k < file->nstats; k++) {
    check_stats(check, key, file, &file->stats[k]);
  }
  free(key);
  return status;
}

static void check_manifest_header(struct check *check, const char *data,
                                  size_t size, const char *uri)
{
  static const char *const keys[] = {"schema", "partition-spec",
                                     "partition-spec-id", "format-version"};
  struct vqe_avro_reader *reader = NULL;
  if (vqe_avro_reader_open(&reader, data, size, uri) != VQE_OK) {
    return; /* said when it is decoded */
  }
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    if (vqe_avro_reader_meta(reader, keys[k], NULL) == NULL) {
      PROBLEM(check, "'%s': no header key '%s'", uri, keys[k]);
    }
  }
  size_t length;
  const char *text = vqe_avro_reader_meta(reader, "schema", &length);
  json_t *schema = text == NULL ? NULL : json_loadb(text, length, 0, NULL);
  const char *type = vqe_iceberg_string(schema, "type");
  if (text != NULL && (type == NULL || strcmp(type, "struct") != 0)) {
    PROBLEM(check, "'%s': header key 'schema' holds no Iceberg schema", uri);
  }
  json_decref(schema);
  vqe_avro_reader_close(reader);
}

static void compare_summary(struct check *check, const char *uri, size_t field,
                            const struct vqe_iceberg_field_summary *told,
                            const struct vqe_iceberg_field_summary *found)
{
  if ((found->contains_null && !told->contains_null) ||
      !vqe_iceberg_bytes_equal(&told->lower, &found->lower) ||
      !vqe_iceberg_bytes_equal(&told->upper, &found->upper)) {
    PROBLEM(check,
            "'%s': the summary of partition field %zu does not match its "
            "entries",
            uri, field);
  }
}

/* What the list should say, worked out from the entries. */
static int summarise_manifest(struct check *check, struct seen *seen,
                              const struct vqe_iceberg_manifest *told,
                              const struct vqe_iceberg_entries *entries)
{
  char *data = NULL;
  size_t size;
  if (check->definition == NULL ||
      told->spec_id !=
          vqe_iceberg_integer(check->table->metadata, "default-spec-id", 0)) {
    return VQE_OK;
  }
  int status = vqe_iceberg_manifest_encode(
      &data, &size, &seen->found, check->definition,
      vqe_iceberg_current_schema(check->table->metadata), 0, entries,
      told->sequence);
  free(data);
  if (status == VQE_OK) {
    seen->compared = true;
  } else if (status != VQE_ERR_MEMORY) {
    PROBLEM(check, "'%s': %s", told->uri, vqe_error_message());
    status = VQE_OK;
  }
  return status;
}

/* A list's record of a manifest against the manifest. */
static void compare_manifest(struct check *check,
                             const struct vqe_iceberg_manifest *told,
                             const struct seen *seen)
{
  const struct vqe_iceberg_manifest *found = &seen->found;
  if (seen->size >= 0 && seen->size != told->length) {
    PROBLEM(check, "'%s' has %" PRId64 " bytes, its list says %" PRId64,
            told->uri, seen->size, told->length);
  }
  if (!seen->compared) {
    return;
  }
  if (told->added_files != found->added_files ||
      told->existing_files != found->existing_files ||
      told->deleted_files != found->deleted_files ||
      told->added_rows != found->added_rows ||
      told->existing_rows != found->existing_rows ||
      told->deleted_rows != found->deleted_rows) {
    PROBLEM(check,
            "'%s': its list counts %" PRId64 " files and %" PRId64
            " rows, it holds %" PRId64 " and %" PRId64,
            told->uri, told->added_files + told->existing_files,
            told->added_rows + told->existing_rows,
            found->added_files + found->existing_files,
            found->added_rows + found->existing_rows);
  }
  if (told->min_sequence > found->min_sequence) {
    PROBLEM(check, "'%s': min_sequence_number is too high", told->uri);
  }
  if (told->npartitions != found->npartitions) {
    PROBLEM(check, "'%s': %zu partition summaries for %zu fields", told->uri,
            told->npartitions, found->npartitions);
  }
  for (size_t k = 0; k < found->npartitions && k < told->npartitions; k++) {
    compare_summary(check, told->uri, k, &told->partitions[k],
                    &found->partitions[k]);
  }
}

static int check_entries(struct check *check, struct seen *seen,
                         const struct vqe_iceberg_manifest *manifest,
                         const struct vqe_iceberg_entries *entries)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < entries->count; k++) {
    const struct vqe_iceberg_entry *entry = &entries->list[k];
    if (entry->status != VQE_ICEBERG_ADDED && entry->sequence < 0) {
      PROBLEM(check, "'%s': an entry has no sequence number to inherit",
              manifest->uri);
    }
    if (entry->sequence > manifest->sequence) {
      PROBLEM(check, "'%s': an entry is newer than its manifest",
              manifest->uri);
    }
    if (entry->status == VQE_ICEBERG_ADDED && entry->snapshot >= 0 &&
        entry->snapshot != manifest->snapshot) {
      PROBLEM(check, "'%s': an added entry belongs to another snapshot",
              manifest->uri);
    }
    if (entry->status != VQE_ICEBERG_DELETED) {
      seen->files++;
      seen->rows += entry->file.record_count;
      seen->bytes += entry->file.size;
      status = check_file(check, manifest, entry);
    }
  }
  return status;
}

static int read_manifest(struct check *check, struct seen *seen,
                         const struct vqe_iceberg_manifest *manifest)
{
  struct vqe_iceberg_entries entries = {.list = NULL};
  char *data = NULL;
  char *key = NULL;
  size_t size = 0;
  int status = fetch(&data, &size, &key, check, manifest->uri);
  if (status != VQE_OK || data == NULL) {
    goto out;
  }
  seen->size = (int64_t)size;
  check_manifest_header(check, data, size, key);
  status = vqe_iceberg_manifest_decode(&entries, data, size, key);
  if (status != VQE_OK) {
    PROBLEM(check, "%s", vqe_error_message());
    status = status == VQE_ERR_MEMORY ? status : VQE_OK;
    goto out;
  }
  seen->read = true;
  if (manifest->content == 0) {
    status = summarise_manifest(check, seen, manifest, &entries);
  }
  if (status == VQE_OK) {
    status = check_entries(check, seen, manifest, &entries);
  }

out:
  vqe_iceberg_entries_clear(&entries);
  free(data);
  free(key);
  return status;
}

/* Each manifest is read once, however many snapshots carry it. */
static int check_manifest(const struct seen **out, struct check *check,
                          const struct vqe_iceberg_manifest *manifest)
{
  const json_t *place = json_object_get(check->index, manifest->uri);
  int status = VQE_OK;
  if (place == NULL) {
    status = vqe_memory_grow(&check->seen, check->nseen, check->nseen + 1,
                             sizeof *check->seen, "a list of manifests");
    if (status != VQE_OK) {
      return status;
    }
    struct seen *seen = &check->seen[check->nseen];
    seen->size = -1;
    json_object_set_new(check->index, manifest->uri,
                        json_integer((json_int_t)check->nseen));
    check->nseen++;
    check->result->manifests++;
    status = read_manifest(check, seen, manifest);
    place = json_object_get(check->index, manifest->uri);
  }
  *out = &check->seen[json_integer_value(place)];
  compare_manifest(check, manifest, *out);
  return status;
}

/* ---- snapshots ------------------------------------------------------- */

static void check_list_header(struct check *check, const char *data,
                              size_t size, const char *key,
                              const json_t *snapshot)
{
  struct vqe_avro_reader *reader = NULL;
  if (vqe_avro_reader_open(&reader, data, size, key) != VQE_OK) {
    return;
  }
  const struct {
    const char *name;
    int64_t value;
  } keys[] = {
      {"snapshot-id", vqe_iceberg_integer(snapshot, "snapshot-id", -1)},
      {"sequence-number",
       vqe_iceberg_integer(snapshot, "sequence-number", -1)},
      {"format-version", 2}};
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    const char *text = vqe_avro_reader_meta(reader, keys[k].name, NULL);
    if (text == NULL || strtoll(text, NULL, 10) != keys[k].value) {
      PROBLEM(check, "'%s': header key '%s' is not %" PRId64, key,
              keys[k].name, keys[k].value);
    }
  }
  vqe_avro_reader_close(reader);
}

static void check_summary(struct check *check, const json_t *snapshot,
                          int64_t files, int64_t rows, int64_t bytes)
{
  const struct {
    const char *name;
    int64_t found;
  } totals[] = {{"total-data-files", files},
                {"total-records", rows},
                {"total-files-size", bytes}};
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  if (vqe_iceberg_string(json_object_get(snapshot, "summary"), "operation") ==
      NULL) {
    PROBLEM(check, "snapshot %" PRId64 ": no operation in its summary", id);
  }
  for (size_t k = 0; k < sizeof totals / sizeof totals[0]; k++) {
    int64_t told = vqe_iceberg_summary(snapshot, totals[k].name, -1);
    if (told >= 0 && told != totals[k].found) {
      PROBLEM(check,
              "snapshot %" PRId64 ": %s is %" PRId64 ", its manifests have "
              "%" PRId64,
              id, totals[k].name, told, totals[k].found);
    }
  }
}

static void check_order(struct check *check, const json_t *snapshot)
{
  const json_t *metadata = check->table->metadata;
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  int64_t sequence = vqe_iceberg_integer(snapshot, "sequence-number", -1);
  const json_t *parent = vqe_iceberg_snapshot_json(
      metadata, vqe_iceberg_integer(snapshot, "parent-snapshot-id", -1));
  if (id < 0 || vqe_iceberg_snapshot_json(metadata, id) != snapshot) {
    PROBLEM(check, "snapshot id %" PRId64 " is negative or used twice", id);
  }
  if (sequence < 1 ||
      sequence > vqe_iceberg_integer(metadata, "last-sequence-number", -1)) {
    PROBLEM(check,
            "snapshot %" PRId64 ": sequence number %" PRId64
            " is above the table's last",
            id, sequence);
  }
  if (parent != NULL &&
      (vqe_iceberg_integer(parent, "sequence-number", 0) >= sequence ||
       vqe_iceberg_integer(parent, "timestamp-ms", 0) >
           vqe_iceberg_integer(snapshot, "timestamp-ms", 0))) {
    PROBLEM(check, "snapshot %" PRId64 " is older than its parent", id);
  }
  if (vqe_iceberg_by_id(metadata, "schemas", "schema-id",
                        vqe_iceberg_integer(snapshot, "schema-id", 0)) ==
      NULL) {
    PROBLEM(check, "snapshot %" PRId64 " names a schema that is not there",
            id);
  }
}

static int check_snapshot(struct check *check, const json_t *snapshot)
{
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  const char *uri = vqe_iceberg_string(snapshot, "manifest-list");
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  int64_t sequence = vqe_iceberg_integer(snapshot, "sequence-number", -1);
  int64_t files = 0, rows = 0, bytes = 0;
  char *data = NULL;
  char *key = NULL;
  size_t size = 0;
  bool whole = true;
  check->result->snapshots++;
  check_order(check, snapshot);
  if (uri == NULL) {
    PROBLEM(check, "snapshot %" PRId64 " has no manifest list", id);
    return VQE_OK;
  }
  int status = fetch(&data, &size, &key, check, uri);
  if (status != VQE_OK || data == NULL) {
    goto out;
  }
  check_list_header(check, data, size, key, snapshot);
  status = vqe_iceberg_manifest_list_decode(&manifests, data, size, key);
  if (status != VQE_OK) {
    PROBLEM(check, "%s", vqe_error_message());
    status = status == VQE_ERR_MEMORY ? status : VQE_OK;
    goto out;
  }
  for (size_t k = 0; status == VQE_OK && k < manifests.count; k++) {
    const struct vqe_iceberg_manifest *manifest = &manifests.list[k];
    const struct seen *seen = NULL;
    if (manifest->sequence > sequence ||
        (manifest->snapshot == id && manifest->sequence != sequence)) {
      PROBLEM(check,
              "'%s': manifest '%s' has sequence number %" PRId64
              ", its snapshot %" PRId64,
              key, manifest->uri, manifest->sequence, sequence);
    }
    status = check_manifest(&seen, check, manifest);
    if (status == VQE_OK && manifest->content == 0) {
      whole = whole && seen->read;
      files += seen->files;
      rows += seen->rows;
      bytes += seen->bytes;
    }
  }
  if (status == VQE_OK && whole) {
    check_summary(check, snapshot, files, rows, bytes);
  }

out:
  vqe_iceberg_manifests_clear(&manifests);
  free(data);
  free(key);
  return status;
}

/* ---- the rest -------------------------------------------------------- */

struct live {
  struct check *check;
  json_t *seen;
};

static int check_live(void *ctx, const struct vqe_iceberg_file *file,
                      int64_t snapshot)
{
  struct live *live = ctx;
  struct check *check = live->check;
  check->result->files++;
  check->result->records += file->record_count;
  if (json_object_get(live->seen, file->key) != NULL) {
    PROBLEM(check, "data file '%s' is in the table twice", file->key);
  }
  json_object_set_new(live->seen, file->key, json_true());
  return check->options->visit == NULL
             ? VQE_OK
             : check->options->visit(check->options->visit_ctx, file,
                                     snapshot);
}

static bool is_metadata_file(const struct check *check, const char *key)
{
  const char *name = strrchr(key, '/');
  char *end;
  if (name == NULL || name[1] != 'v') {
    return false;
  }
  long long version = strtoll(name + 2, &end, 10);
  return end > name + 2 && strcmp(end, ".metadata.json") == 0 &&
         version <= check->table->version;
}

static int list_orphans(struct check *check)
{
  const struct vqe_iceberg_check_options *options = check->options;
  const char *key;
  json_t *found;
  int status = VQE_OK;
  json_object_foreach(check->there, key, found)
  {
    const char *name = strrchr(key, '/');
    if (json_object_get(check->used, key) == NULL &&
        !is_metadata_file(check, key) && !vqe_iceberg_is_checksum(key) &&
        (name == NULL || strcmp(name, "/version-hint.text") != 0)) {
      report(check, VQE_ICEBERG_ORPHAN,
             "'%s' (%" JSON_INTEGER_FORMAT " bytes) belongs to no snapshot",
             key, json_integer_value(json_array_get(found, 0)));
      if (status == VQE_OK && options->orphan != NULL) {
        status = options->orphan(options->orphan_ctx, key,
                                 json_integer_value(json_array_get(found, 1)));
      }
    }
  }
  return status;
}

static int check_all(struct check *check)
{
  size_t k;
  json_t *snapshot;
  int status = vqe_objects_list(check->objects, check->table->folder, true,
                                note_object, check);
  if (status != VQE_OK) {
    return status;
  }
  if (check->table->hint != check->table->version) {
    PROBLEM(check,
            "version-hint.text says %" PRId64 ", the newest metadata is "
            "%" PRId64 ": readers that trust it see an older table; the next "
            "commit mends it",
            check->table->hint, check->table->version);
  }
  if (vqe_iceberg_definition_of(&check->definition, check->table) != VQE_OK) {
    PROBLEM(check, "%s", vqe_error_message());
  }
  check_schemas(check);
  check_refs(check);
  status = check_metadata_log(check);
  json_array_foreach(json_object_get(check->table->metadata, "snapshots"), k,
                     snapshot)
  {
    if (status == VQE_OK) {
      status = check_snapshot(check, snapshot);
    }
  }
  if (status == VQE_OK) {
    struct live live = {.check = check, .seen = json_object()};
    status = vqe_iceberg_scan(check->table,
                              vqe_iceberg_current_snapshot(check->table),
                              check_live, &live);
    json_decref(live.seen);
    if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
      PROBLEM(check, "%s", vqe_error_message());
      status = VQE_OK;
    }
  }
  if (status == VQE_OK) {
    status = list_orphans(check);
  }
  return status;
}

int vqe_iceberg_check(struct vqe_iceberg_check_result *result,
                      struct vqe_objects *objects, const char *table,
                      const struct vqe_iceberg_check_options *options)
{
  struct check check = {
      .options = options, .result = result, .objects = objects};
  memset(result, 0, sizeof *result);
  check.there = json_object();
  check.used = json_object();
  check.index = json_object();
  int status = vqe_iceberg_open(&check.table, objects, table);
  if (status == VQE_OK) {
    status = check_all(&check);
  } else if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    PROBLEM(&check, "%s", vqe_error_message());
    status = VQE_OK;
  }
  vqe_iceberg_definition_free(check.definition);
  vqe_iceberg_close(check.table);
  json_decref(check.there);
  json_decref(check.used);
  json_decref(check.index);
  for (size_t k = 0; k < check.nseen; k++) {
    vqe_iceberg_manifest_clear(&check.seen[k].found);
  }
  free(check.seen);
  return status;
}
