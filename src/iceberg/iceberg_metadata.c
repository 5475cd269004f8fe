#include "iceberg/iceberg_metadata.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_schema.h"
#include "objects/objects.h"
#include "vqe/error.h"

#define METADATA_LOG_DEFAULT 100

int vqe_iceberg_metadata_new(json_t **out, struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition)
{
  char uuid[VQE_ICEBERG_UUID_SIZE];
  char folder[512];
  char *location = NULL;
  json_t *schema = NULL;
  json_t *spec = NULL;
  json_t *properties = NULL;
  *out = NULL;
  int last_partition =
      VQE_ICEBERG_FIRST_PARTITION_ID - 1 +
      (int)definition->npartition; /* 999 when there is none */
  snprintf(folder, sizeof folder, "%s/%s", VQE_ICEBERG_NAMESPACE,
           definition->name);
  int status = vqe_iceberg_uuid(uuid);
  if (status == VQE_OK) {
    status = vqe_objects_uri(&location, objects, folder);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_schema_json(&schema, definition, 0);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_spec_json(&spec, definition);
  }
  if (status == VQE_OK) {
    properties = json_pack("{s:s*, s:s}", "comment", definition->comment,
                           "write.parquet.compression-codec", "zstd");
    *out = json_pack(
        "{s:i, s:s, s:s, s:i, s:I, s:i, s:i, s:[O], s:i, s:[{s:i, s:O}], s:i,"
        " s:i, s:[{s:i, s:[]}], s:O, s:i, s:{}, s:[], s:[], s:[], s:[], s:[]}",
        "format-version", 2, "table-uuid", uuid, "location", location,
        "last-sequence-number", 0, "last-updated-ms",
        (json_int_t)vqe_iceberg_now_ms(), "last-column-id",
        vqe_iceberg_definition_last_id(definition), "current-schema-id", 0,
        "schemas", schema, "default-spec-id", 0, "partition-specs", "spec-id",
        0, "fields", spec, "last-partition-id", last_partition,
        "default-sort-order-id", 0, "sort-orders", "order-id", 0, "fields",
        "properties", properties, "current-snapshot-id", -1, "refs",
        "snapshots", "statistics", "partition-statistics", "snapshot-log",
        "metadata-log");
    status = *out == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
  }
  json_decref(properties);
  json_decref(spec);
  json_decref(schema);
  free(location);
  return status;
}

/* The member as an array, made when it is missing. */
static json_t *array_of(json_t *metadata, const char *key)
{
  json_t *array = json_object_get(metadata, key);
  if (!json_is_array(array)) {
    if (json_object_set_new(metadata, key, json_array()) != 0) {
      return NULL;
    }
    array = json_object_get(metadata, key);
  }
  return array;
}

static int log_metadata(json_t *metadata,
                        const struct vqe_iceberg_table *table, int64_t last_ms)
{
  char *uri = NULL;
  int status = vqe_objects_uri(&uri, table->objects, table->key);
  if (status == VQE_OK) {
    json_t *log = array_of(metadata, "metadata-log");
    json_t *entry = json_pack("{s:I, s:s}", "timestamp-ms",
                              (json_int_t)last_ms, "metadata-file", uri);
    const char *keep =
        vqe_iceberg_string(json_object_get(metadata, "properties"),
                           "write.metadata.previous-versions-max");
    long limit = keep == NULL ? METADATA_LOG_DEFAULT : strtol(keep, NULL, 10);
    if (json_array_append_new(log, entry) != 0) {
      status = vqe_iceberg_no_json_memory();
    }
    while (status == VQE_OK && limit > 0 &&
           json_array_size(log) > (size_t)limit) {
      json_array_remove(log, 0);
    }
  }
  free(uri);
  return status;
}

int vqe_iceberg_metadata_next(json_t **out, int64_t *timestamp_ms,
                              const struct vqe_iceberg_table *table)
{
  int64_t last = vqe_iceberg_integer(table->metadata, "last-updated-ms", 0);
  size_t k;
  json_t *snapshot;
  *out = NULL;
  json_t *metadata = json_deep_copy(table->metadata);
  if (metadata == NULL) {
    return vqe_iceberg_no_json_memory();
  }
  int status = log_metadata(metadata, table, last);
  /* clocks differ between machines, snapshots must not go back */
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    int64_t when = vqe_iceberg_integer(snapshot, "timestamp-ms", 0);
    last = when > last ? when : last;
  }
  *timestamp_ms = *timestamp_ms > last ? *timestamp_ms : last + 1;
  if (status == VQE_OK &&
      json_object_set_new(metadata, "last-updated-ms",
                          json_integer(*timestamp_ms)) != 0) {
    status = vqe_iceberg_no_json_memory();
  }
  if (status != VQE_OK) {
    json_decref(metadata);
    return status;
  }
  *out = metadata;
  return VQE_OK;
}

/* Append the fields of `full` whose ids come after `last`. */
static int add_fields(json_t *fields, const json_t *full, int64_t last)
{
  size_t k;
  json_t *item;
  json_array_foreach(json_object_get(full, "fields"), k, item)
  {
    if (vqe_iceberg_integer(item, "id", 0) > last &&
        json_array_append(fields, item) != 0) {
      return vqe_iceberg_no_json_memory();
    }
  }
  return VQE_OK;
}

int vqe_iceberg_metadata_evolve(
    json_t *metadata, const struct vqe_iceberg_definition *definition)
{
  json_t *full = NULL;
  json_t *schemas = json_object_get(metadata, "schemas");
  json_t *schema = json_deep_copy(vqe_iceberg_current_schema(metadata));
  int64_t last = vqe_iceberg_integer(metadata, "last-column-id", 0);
  int64_t top = vqe_iceberg_definition_last_id(definition);
  int64_t newest = -1;
  size_t k;
  json_t *item;
  int status = schema == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
  if (status == VQE_OK) {
    status = vqe_iceberg_schema_json(&full, definition, 0);
  }
  json_array_foreach(schemas, k, item)
  {
    int64_t id = vqe_iceberg_integer(item, "schema-id", 0);
    newest = id > newest ? id : newest;
  }
  if (status == VQE_OK) {
    status = add_fields(json_object_get(schema, "fields"), full, last);
  }
  if (status == VQE_OK &&
      (json_object_set_new(schema, "schema-id", json_integer(newest + 1)) !=
           0 ||
       json_array_append(schemas, schema) != 0 ||
       json_object_set_new(metadata, "current-schema-id",
                           json_integer(newest + 1)) != 0 ||
       json_object_set_new(metadata, "last-column-id",
                           json_integer(top > last ? top : last)) != 0)) {
    status = vqe_iceberg_no_json_memory();
  }
  json_decref(full);
  json_decref(schema);
  return status;
}

int vqe_iceberg_metadata_snapshot(
    json_t *metadata, const struct vqe_iceberg_new_snapshot *snapshot)
{
  int64_t parent = vqe_iceberg_integer(metadata, "current-snapshot-id", -1);
  int64_t schema = vqe_iceberg_integer(metadata, "current-schema-id", 0);
  json_t *item = json_pack(
      "{s:I, s:I, s:I, s:O, s:s, s:I}", "sequence-number",
      (json_int_t)snapshot->sequence, "snapshot-id", (json_int_t)snapshot->id,
      "timestamp-ms", (json_int_t)snapshot->timestamp_ms, "summary",
      snapshot->summary, "manifest-list", snapshot->manifest_list, "schema-id",
      (json_int_t)schema);
  if (parent >= 0 && json_object_set_new(item, "parent-snapshot-id",
                                         json_integer(parent)) != 0) {
    json_decref(item);
    return vqe_iceberg_no_json_memory();
  }
  json_t *refs = json_object_get(metadata, "refs");
  if (!json_is_object(refs)) {
    json_object_set_new(metadata, "refs", json_object());
    refs = json_object_get(metadata, "refs");
  }
  /* a branch may carry retention settings of others: keep them */
  json_t *branch = json_object_get(refs, "main");
  if (branch == NULL) {
    json_object_set_new(refs, "main", json_pack("{s:s}", "type", "branch"));
    branch = json_object_get(refs, "main");
  }
  json_t *log = json_pack("{s:I, s:I}", "timestamp-ms",
                          (json_int_t)snapshot->timestamp_ms, "snapshot-id",
                          (json_int_t)snapshot->id);
  int failed =
      json_array_append_new(array_of(metadata, "snapshots"), item) != 0;
  failed |=
      json_array_append_new(array_of(metadata, "snapshot-log"), log) != 0;
  failed |= json_object_set_new(branch, "snapshot-id",
                                json_integer(snapshot->id)) != 0;
  failed |= json_object_set_new(metadata, "current-snapshot-id",
                                json_integer(snapshot->id)) != 0;
  failed |= json_object_set_new(metadata, "last-sequence-number",
                                json_integer(snapshot->sequence)) != 0;
  if (snapshot->tag != NULL && snapshot->tag[0] != '\0') {
    failed |= json_object_set_new(refs, snapshot->tag,
                                  json_pack("{s:I, s:s}", "snapshot-id",
                                            (json_int_t)snapshot->id, "type",
                                            "tag")) != 0;
  }
  return failed ? vqe_iceberg_no_json_memory() : VQE_OK;
}
