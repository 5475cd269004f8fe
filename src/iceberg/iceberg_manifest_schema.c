#include "iceberg/iceberg_manifest_schema.h"

#include <jansson.h>
#include <stdio.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_type.h"

/* {"name", "type", "field-id"}; optional ones are unions with null. */
static json_t *field(const char *name, json_t *type, int id, bool optional)
{
  if (!optional) {
    return json_pack("{s:s, s:o, s:i}", "name", name, "type", type, "field-id",
                     id);
  }
  return json_pack("{s:s, s:[s, o], s:n, s:i}", "name", name, "type", "null",
                   type, "default", "field-id", id);
}

static json_t *plain(const char *name, const char *type, int id, bool optional)
{
  return field(name, json_string(type), id, optional);
}

/* A map with int keys: an array of key-value records, marked as a map. */
static json_t *int_map(const char *name, const char *value_type, int id,
                       int key_id, int value_id)
{
  char record[32];
  snprintf(record, sizeof record, "k%d_v%d", key_id, value_id);
  json_t *item =
      json_pack("{s:s, s:s, s:[o, o]}", "type", "record", "name", record,
                "fields", plain("key", "int", key_id, false),
                plain("value", value_type, value_id, false));
  json_t *array = json_pack("{s:s, s:o, s:s}", "type", "array", "items", item,
                            "logicalType", "map");
  return field(name, array, id, true);
}

static json_t *partition_type(enum vqe_iceberg_type type)
{
  switch (type) {
  case VQE_ICEBERG_INT:
    return json_string("int");
  case VQE_ICEBERG_LONG:
    return json_string("long");
  case VQE_ICEBERG_BOOLEAN:
    return json_string("boolean");
  case VQE_ICEBERG_DATE:
    return json_pack("{s:s, s:s}", "type", "int", "logicalType", "date");
  case VQE_ICEBERG_TIMESTAMPTZ:
    return json_pack("{s:s, s:s, s:b}", "type", "long", "logicalType",
                     "timestamp-micros", "adjust-to-utc", 1);
  default:
    return json_string("string");
  }
}

/* An Avro name: letters, digits and '_'; others as Iceberg's Java library
 * replaces them. */
static void avro_name(char *to, size_t size, const char *name)
{
  size_t at = 0;
  for (size_t k = 0; name[k] != '\0' && at + 8 < size; k++) {
    unsigned char byte = (unsigned char)name[k];
    bool letter = (byte >= 'a' && byte <= 'z') ||
                  (byte >= 'A' && byte <= 'Z') || byte == '_';
    bool digit = byte >= '0' && byte <= '9';
    if (letter || (digit && k > 0)) {
      to[at++] = (char)byte;
    } else if (digit) {
      to[at++] = '_';
      to[at++] = (char)byte;
    } else {
      at += (size_t)snprintf(to + at, size - at, "_x%X", byte);
    }
  }
  to[at] = '\0';
}

int vqe_iceberg_manifest_schema(
    char **out, const struct vqe_iceberg_definition *definition,
    const json_t *spec)
{
  const json_t *fields = json_object_get(spec, "fields");
  json_t *partition = json_array();
  for (size_t k = 0; k < definition->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    const char *spelled =
        vqe_iceberg_string(json_array_get(fields, k), "name");
    char name[256];
    avro_name(name, sizeof name, spelled == NULL ? column->name : spelled);
    json_array_append_new(
        partition, field(name, partition_type(column->type),
                         VQE_ICEBERG_FIRST_PARTITION_ID + (int)k, true));
  }
  json_t *r102 = json_pack("{s:s, s:s, s:o}", "type", "record", "name", "r102",
                           "fields", partition);
  json_t *offsets = json_pack("{s:s, s:s, s:i}", "type", "array", "items",
                              "long", "element-id", 133);
  json_t *file = json_pack(
      "{s:s, s:s, s:[o, o, o, o, o, o, o, o, o, o, o, o, o, o]}", "type",
      "record", "name", "r2", "fields", plain("content", "int", 134, false),
      plain("file_path", "string", 100, false),
      plain("file_format", "string", 101, false),
      field("partition", r102, 102, false),
      plain("record_count", "long", 103, false),
      plain("file_size_in_bytes", "long", 104, false),
      int_map("column_sizes", "long", 108, 117, 118),
      int_map("value_counts", "long", 109, 119, 120),
      int_map("null_value_counts", "long", 110, 121, 122),
      int_map("nan_value_counts", "long", 137, 138, 139),
      int_map("lower_bounds", "bytes", 125, 126, 127),
      int_map("upper_bounds", "bytes", 128, 129, 130),
      field("split_offsets", offsets, 132, true),
      plain("sort_order_id", "int", 140, true));
  json_t *entry =
      json_pack("{s:s, s:s, s:[o, o, o, o, o]}", "type", "record", "name",
                "manifest_entry", "fields", plain("status", "int", 0, false),
                plain("snapshot_id", "long", 1, true),
                plain("sequence_number", "long", 3, true),
                plain("file_sequence_number", "long", 4, true),
                field("data_file", file, 2, false));
  *out = entry == NULL ? NULL : vqe_json_dumps(entry, JSON_COMPACT);
  json_decref(entry);
  return *out == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a manifest")
             : VQE_OK;
}

int vqe_iceberg_manifest_list_schema(char **out)
{
  static const struct {
    const char *name;
    const char *type;
    int id;
  } plains[] = {{"manifest_path", "string", 500},
                {"manifest_length", "long", 501},
                {"partition_spec_id", "int", 502},
                {"content", "int", 517},
                {"sequence_number", "long", 515},
                {"min_sequence_number", "long", 516},
                {"added_snapshot_id", "long", 503},
                {"added_files_count", "int", 504},
                {"existing_files_count", "int", 505},
                {"deleted_files_count", "int", 506},
                {"added_rows_count", "long", 512},
                {"existing_rows_count", "long", 513},
                {"deleted_rows_count", "long", 514}};
  json_t *fields = json_array();
  for (size_t k = 0; k < sizeof plains / sizeof plains[0]; k++) {
    json_array_append_new(
        fields, plain(plains[k].name, plains[k].type, plains[k].id, false));
  }
  json_t *summary =
      json_pack("{s:s, s:s, s:[o, o, o, o]}", "type", "record", "name", "r508",
                "fields", plain("contains_null", "boolean", 509, false),
                plain("contains_nan", "boolean", 518, true),
                plain("lower_bound", "bytes", 510, true),
                plain("upper_bound", "bytes", 511, true));
  json_t *list = json_pack("{s:s, s:o, s:i}", "type", "array", "items",
                           summary, "element-id", 508);
  json_array_append_new(fields, field("partitions", list, 507, true));
  json_t *schema = json_pack("{s:s, s:s, s:o}", "type", "record", "name",
                             "manifest_file", "fields", fields);
  *out = schema == NULL ? NULL : vqe_json_dumps(schema, JSON_COMPACT);
  json_decref(schema);
  return *out == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a manifest list")
             : VQE_OK;
}
