#include "iceberg/iceberg_check_metadata.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "iceberg/iceberg_check_report.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"
#include "vqe/error.h"

static void check_schemas(struct vqe_iceberg_checking *check)
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

static void check_refs(struct vqe_iceberg_checking *check)
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
  check_schemas(check);
  check_refs(check);
  return check_metadata_log(check);
}
