#include "iceberg/iceberg_check_metadata.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iceberg/iceberg_check_avro.h"
#include "iceberg/iceberg_check_report.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"
#include "vqe/error.h"

/* ---- what must be there ---------------------------------------------- */

static bool is_uuid(const char *text)
{
  size_t k = 0;
  for (; text != NULL && k < 36; k++) {
    bool dash = k == 8 || k == 13 || k == 18 || k == 23;
    if (dash ? text[k] != '-' : !isxdigit((unsigned char)text[k])) {
      return false;
    }
  }
  return text != NULL && text[k] == '\0';
}

static void check_required(struct vqe_iceberg_checking *check)
{
  static const char *const numbers[] = {
      "format-version",    "last-sequence-number", "last-updated-ms",
      "last-column-id",    "current-schema-id",    "default-spec-id",
      "last-partition-id", "default-sort-order-id"};
  static const char *const lists[] = {"schemas", "partition-specs",
                                      "sort-orders"};
  const json_t *metadata = check->table->metadata;
  const char *name;
  json_t *value;
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    if (!json_is_integer(json_object_get(metadata, numbers[k]))) {
      PROBLEM(check, "the metadata has no number '%s'", numbers[k]);
    }
  }
  for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
    if (json_array_size(json_object_get(metadata, lists[k])) == 0) {
      PROBLEM(check, "the metadata has no list '%s'", lists[k]);
    }
  }
  if (!is_uuid(vqe_iceberg_string(metadata, "table-uuid"))) {
    PROBLEM(check, "table-uuid is no UUID");
  }
  json_object_foreach(json_object_get(metadata, "properties"), name, value)
  {
    if (!json_is_string(value)) {
      PROBLEM(check, "the property '%s' is no string", name);
    }
  }
}

/* ---- schemas --------------------------------------------------------- */

struct fields {
  struct vqe_iceberg_checking *check;
  int64_t schema; /* its id */
  int64_t last;   /* last-column-id */
  json_t *seen;   /* ids */
};

static void check_id(struct fields *fields, int64_t id)
{
  char key[32];
  snprintf(key, sizeof key, "%" PRId64, id);
  if (id < 1 || id > fields->last || json_object_get(fields->seen, key)) {
    PROBLEM(fields->check,
            "schema %" PRId64 ": field id %" PRId64
            " is used twice, or above last-column-id",
            fields->schema, id);
  }
  json_object_set_new(fields->seen, key, json_true());
}

/* Ids in a type, however deep. */
static void check_type_ids(struct fields *fields, const json_t *type)
{
  static const char *const inner[][2] = {
      {"element-id", "element"}, {"key-id", "key"}, {"value-id", "value"}};
  size_t k;
  json_t *field;
  if (!json_is_object(type)) {
    if (!json_is_string(type)) {
      PROBLEM(fields->check, "schema %" PRId64 ": a field has no type",
              fields->schema);
    }
    return;
  }
  for (k = 0; k < sizeof inner / sizeof inner[0]; k++) {
    const json_t *part = json_object_get(type, inner[k][1]);
    if (part != NULL) {
      check_id(fields, vqe_iceberg_integer(type, inner[k][0], -1));
      check_type_ids(fields, part);
    }
  }
  json_array_foreach(json_object_get(type, "fields"), k, field)
  {
    check_id(fields, vqe_iceberg_integer(field, "id", -1));
    check_type_ids(fields, json_object_get(field, "type"));
  }
}

static void check_schema(struct vqe_iceberg_checking *check,
                         const json_t *schema, int64_t last)
{
  struct fields fields = {.check = check,
                          .schema =
                              vqe_iceberg_integer(schema, "schema-id", -1),
                          .last = last,
                          .seen = json_object()};
  json_t *names = json_object();
  const char *type = vqe_iceberg_string(schema, "type");
  size_t k;
  json_t *field;
  if (type == NULL || strcmp(type, "struct") != 0) {
    PROBLEM(check, "schema %" PRId64 " is no struct", fields.schema);
  }
  check_type_ids(&fields, schema);
  json_array_foreach(json_object_get(schema, "fields"), k, field)
  {
    const char *name = vqe_iceberg_string(field, "name");
    if (name == NULL || json_object_get(names, name) != NULL) {
      PROBLEM(check,
              "schema %" PRId64 ": a field has no name, or that of another",
              fields.schema);
    } else {
      json_object_set_new(names, name, json_true());
    }
    if (!json_is_boolean(json_object_get(field, "required"))) {
      PROBLEM(check,
              "schema %" PRId64 ": field '%s' does not say if it is required",
              fields.schema, name == NULL ? "?" : name);
    }
  }
  json_decref(names);
  json_decref(fields.seen);
}

static json_t *seen_as(json_t *seen, int64_t id)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, id);
  return json_object_get(seen, text);
}

static void see(json_t *seen, int64_t id)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, id);
  json_object_set_new(seen, text, json_true());
}

/* Has the item an id of its own? There may be very many. */
static bool is_new_id(json_t *seen, const json_t *item, const char *key)
{
  const json_t *id = json_object_get(item, key);
  bool first =
      json_is_integer(id) && seen_as(seen, json_integer_value(id)) == NULL;
  if (first) {
    see(seen, json_integer_value(id));
  }
  return first;
}

static void check_schemas(struct vqe_iceberg_checking *check)
{
  json_t *seen = json_object();
  const json_t *metadata = check->table->metadata;
  int64_t last = vqe_iceberg_integer(metadata, "last-column-id", -1);
  size_t s;
  json_t *schema;
  json_array_foreach(json_object_get(metadata, "schemas"), s, schema)
  {
    int64_t id = vqe_iceberg_integer(schema, "schema-id", -1);
    if (!is_new_id(seen, schema, "schema-id")) {
      PROBLEM(check, "two schemas have the id %" PRId64, id);
    }
    check_schema(check, schema, last);
  }
  json_decref(seen);
}

/* ---- partition specs and sort orders --------------------------------- */

/* The ids of the columns of all schemas. */
static json_t *columns_of(const json_t *metadata)
{
  size_t s, k;
  json_t *schema, *field;
  json_t *columns = json_object();
  json_array_foreach(json_object_get(metadata, "schemas"), s, schema)
  {
    json_array_foreach(json_object_get(schema, "fields"), k, field)
    {
      see(columns, vqe_iceberg_integer(field, "id", -1));
    }
  }
  return columns;
}

/* No two fields of a spec have one name or one id. */
static void check_once(struct vqe_iceberg_checking *check, int64_t spec,
                       json_t *seen, const json_t *field)
{
  const char *name = vqe_iceberg_string(field, "name");
  char id[32];
  snprintf(id, sizeof id, "#%" PRId64,
           vqe_iceberg_integer(field, "field-id", -1));
  if (name != NULL && (json_object_get(seen, name) != NULL ||
                       json_object_get(seen, id) != NULL)) {
    PROBLEM(check,
            "partition spec %" PRId64
            ": two fields have one name or one field id",
            spec);
  }
  json_object_set_new(seen, name != NULL ? name : "?", json_true());
  json_object_set_new(seen, id, json_true());
}

static void check_specs(struct vqe_iceberg_checking *check)
{
  const json_t *metadata = check->table->metadata;
  int64_t last = vqe_iceberg_integer(metadata, "last-partition-id", -1);
  size_t s, k;
  json_t *spec, *field;
  json_t *columns = columns_of(metadata);
  json_t *seen = json_object();
  if (last < VQE_ICEBERG_FIRST_PARTITION_ID - 1) {
    PROBLEM(check, "last-partition-id is below %d",
            VQE_ICEBERG_FIRST_PARTITION_ID - 1);
  }
  if (vqe_iceberg_default_spec(metadata) == NULL) {
    PROBLEM(check, "default-spec-id names a partition spec that is not there");
  }
  json_array_foreach(json_object_get(metadata, "partition-specs"), s, spec)
  {
    json_t *names = json_object();
    int64_t id = vqe_iceberg_integer(spec, "spec-id", -1);
    if (!is_new_id(seen, spec, "spec-id")) {
      PROBLEM(check, "two partition specs have the id %" PRId64, id);
    }
    json_array_foreach(json_object_get(spec, "fields"), k, field)
    {
      int64_t number = vqe_iceberg_integer(field, "field-id", -1);
      if (number > last) {
        PROBLEM(check, "a partition field id is above last-partition-id");
      }
      if (number < VQE_ICEBERG_FIRST_PARTITION_ID) {
        PROBLEM(check, "a partition field id is below %d",
                VQE_ICEBERG_FIRST_PARTITION_ID);
      }
      if (vqe_iceberg_string(field, "name") == NULL ||
          vqe_iceberg_string(field, "transform") == NULL ||
          seen_as(columns, vqe_iceberg_integer(field, "source-id", -1)) ==
              NULL) {
        PROBLEM(check,
                "partition spec %" PRId64
                ": a field has no name, transform or source column",
                id);
      }
      check_once(check, id, names, field);
    }
    json_decref(names);
  }
  json_decref(columns);
  json_decref(seen);
}

static void check_sort_orders(struct vqe_iceberg_checking *check)
{
  const json_t *metadata = check->table->metadata;
  int64_t id = vqe_iceberg_integer(metadata, "default-sort-order-id", -1);
  size_t k;
  json_t *order;
  json_t *columns = columns_of(metadata);
  json_t *seen = json_object();
  if (vqe_iceberg_by_id(metadata, "sort-orders", "order-id", id) == NULL) {
    PROBLEM(check, "default-sort-order-id names an order that is not there");
  }
  json_array_foreach(json_object_get(metadata, "sort-orders"), k, order)
  {
    int64_t number = vqe_iceberg_integer(order, "order-id", -1);
    size_t fields = json_array_size(json_object_get(order, "fields"));
    for (size_t f = 0; f < fields; f++) {
      int64_t source = vqe_iceberg_integer(
          json_array_get(json_object_get(order, "fields"), f), "source-id",
          -1);
      if (seen_as(columns, source) == NULL) {
        PROBLEM(check, "sort order %" PRId64 ": a field has no source column",
                number);
      }
    }
    if (!is_new_id(seen, order, "order-id") ||
        (number == 0) != (fields == 0)) {
      PROBLEM(check,
              "sort order %" PRId64
              " is there twice, or has fields that do not fit its id",
              number);
    }
  }
  json_decref(columns);
  json_decref(seen);
}

/* ---- refs and logs --------------------------------------------------- */

static void check_log(struct vqe_iceberg_checking *check, const char *name)
{
  size_t k;
  json_t *entry;
  int64_t before = INT64_MIN;
  json_array_foreach(json_object_get(check->table->metadata, name), k, entry)
  {
    int64_t when = vqe_iceberg_integer(entry, "timestamp-ms", INT64_MIN);
    if (when < before || when == INT64_MIN) {
      PROBLEM(check, "the %s goes back in time", name);
    }
    before = when;
  }
  if (before >
      vqe_iceberg_integer(check->table->metadata, "last-updated-ms", 0) +
          VQE_ICEBERG_CLOCKS_MS) {
    PROBLEM(check, "the %s ends after last-updated-ms", name);
  }
}

/* When a snapshot became the current one, against when it was made: at once,
 * where we did it; others may go back to an earlier one. */
static void check_log_time(struct vqe_iceberg_checking *check,
                           const json_t *entry, const json_t *snapshot,
                           bool first)
{
  int64_t id = vqe_iceberg_integer(entry, "snapshot-id", -1);
  int64_t when = vqe_iceberg_integer(entry, "timestamp-ms", INT64_MIN);
  int64_t made = vqe_iceberg_integer(snapshot, "timestamp-ms", INT64_MIN);
  if (when + VQE_ICEBERG_CLOCKS_MS < made ||
      (first && when != made && vqe_iceberg_check_is_ours(check, id))) {
    PROBLEM(check,
            "snapshot %" PRId64 ": its timestamp-ms is not that of the "
            "snapshot log",
            id);
  }
}

/* Is it the first entry of that snapshot? */
static bool is_first(const json_t *log, size_t index)
{
  int64_t id =
      vqe_iceberg_integer(json_array_get(log, index), "snapshot-id", -1);
  for (size_t k = 0; k < index; k++) {
    if (vqe_iceberg_integer(json_array_get(log, k), "snapshot-id", -1) == id) {
      return false;
    }
  }
  return true;
}

static void check_snapshot_log(struct vqe_iceberg_checking *check)
{
  const json_t *metadata = check->table->metadata;
  const json_t *log = json_object_get(metadata, "snapshot-log");
  int64_t current = vqe_iceberg_current_snapshot(check->table);
  size_t k;
  json_t *entry;
  json_array_foreach(log, k, entry)
  {
    const json_t *snapshot = vqe_iceberg_snapshot_json(
        metadata, vqe_iceberg_integer(entry, "snapshot-id", -1));
    if (snapshot == NULL) {
      PROBLEM(check, "the snapshot log names a snapshot that is not there");
    } else {
      check_log_time(check, entry, snapshot, is_first(log, k));
    }
  }
  if (json_array_size(log) > 0 &&
      vqe_iceberg_integer(json_array_get(log, json_array_size(log) - 1),
                          "snapshot-id", -1) != current) {
    PROBLEM(check, "the snapshot log does not end with the current snapshot");
  }
}

static void check_refs(struct vqe_iceberg_checking *check)
{
  const json_t *metadata = check->table->metadata;
  const json_t *refs = json_object_get(metadata, "refs");
  int64_t current = vqe_iceberg_current_snapshot(check->table);
  const json_t *branch = json_object_get(refs, "main");
  int64_t head =
      vqe_iceberg_integer(branch, "snapshot-id", VQE_ICEBERG_NO_SNAPSHOT);
  const char *kind = vqe_iceberg_string(branch, "type");
  const char *name;
  json_t *ref;
  if (head != current) {
    PROBLEM(check, "current-snapshot-id and the branch main differ");
  }
  if (branch != NULL && (kind == NULL || strcmp(kind, "branch") != 0)) {
    PROBLEM(check, "the ref main is no branch");
  }
  json_object_foreach((json_t *)(uintptr_t)refs, name, ref)
  {
    const char *type = vqe_iceberg_string(ref, "type");
    if (vqe_iceberg_snapshot_json(
            metadata, vqe_iceberg_integer(ref, "snapshot-id", -1)) == NULL) {
      PROBLEM(check, "ref '%s' names a snapshot that is not there", name);
    }
    if (type == NULL ||
        (strcmp(type, "tag") != 0 && strcmp(type, "branch") != 0)) {
      PROBLEM(check, "ref '%s' is neither a tag nor a branch", name);
    }
  }
}

/* Statistics of snapshots that are there, in files that are. */
static int check_statistics(struct vqe_iceberg_checking *check,
                            const char *list)
{
  const json_t *metadata = check->table->metadata;
  size_t k;
  json_t *item;
  int status = VQE_OK;
  json_array_foreach(json_object_get(metadata, list), k, item)
  {
    const char *uri = vqe_iceberg_string(item, "statistics-path");
    char *key = NULL;
    int64_t size = -1;
    if (vqe_iceberg_snapshot_json(
            metadata, vqe_iceberg_integer(item, "snapshot-id", -1)) == NULL) {
      PROBLEM(check, "%s: of a snapshot that is not there", list);
    }
    if (uri == NULL ||
        vqe_objects_key_of_uri(&key, check->objects, uri) != VQE_OK) {
      PROBLEM(check, "%s: '%s' is outside the warehouse", list,
              uri == NULL ? "?" : uri);
      continue;
    }
    status = vqe_iceberg_check_size(&size, check, key);
    if (status == VQE_OK && size < 0) {
      PROBLEM(check, "%s: '%s' is gone", list, key);
    }
    free(key);
    if (status != VQE_OK) {
      break;
    }
  }
  return status;
}

static int check_metadata_log(struct vqe_iceberg_checking *check)
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
    status = vqe_iceberg_check_size(&size, check, key);
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

int vqe_iceberg_check_metadata(struct vqe_iceberg_checking *check)
{
  check_required(check);
  check_schemas(check);
  check_specs(check);
  check_sort_orders(check);
  check_refs(check);
  check_log(check, "snapshot-log");
  check_log(check, "metadata-log");
  check_snapshot_log(check);
  int status = check_statistics(check, "statistics");
  if (status == VQE_OK) {
    status = check_statistics(check, "partition-statistics");
  }
  return status == VQE_OK ? check_metadata_log(check) : status;
}
