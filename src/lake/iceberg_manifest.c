/* Manifests and manifest lists: their Avro schemas, encoding, decoding. */
#include <endian.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "lake/iceberg_avro.h"
#include "lake/iceberg_internal.h"

/* ---- memory ---------------------------------------------------------- */

void vqe_iceberg_file_clear(struct vqe_iceberg_file *file)
{
  for (size_t k = 0; k < file->npartition; k++) {
    vqe_iceberg_bytes_clear(&file->partition[k]);
  }
  for (size_t k = 0; k < file->nstats; k++) {
    vqe_iceberg_bytes_clear(&file->stats[k].lower);
    vqe_iceberg_bytes_clear(&file->stats[k].upper);
  }
  free(file->partition);
  free(file->stats);
  free(file->split_offsets);
  free(file->key);
  memset(file, 0, sizeof *file);
}

void vqe_iceberg_entry_clear(struct vqe_iceberg_entry *entry)
{
  vqe_iceberg_file_clear(&entry->file);
  free(entry->uri);
  free(entry->format);
  memset(entry, 0, sizeof *entry);
}

int vqe_iceberg_entries_add(struct vqe_iceberg_entries *entries,
                            struct vqe_iceberg_entry *entry)
{
  if (entries->count == entries->capacity) {
    size_t capacity = entries->capacity < 16 ? 16 : 2 * entries->capacity;
    int status = vqe_memory_grow(&entries->list, entries->capacity, capacity,
                                 sizeof *entries->list, "manifest entries");
    if (status != VQE_OK) {
      vqe_iceberg_entry_clear(entry);
      return status;
    }
    entries->capacity = capacity;
  }
  entries->list[entries->count++] = *entry;
  memset(entry, 0, sizeof *entry);
  return VQE_OK;
}

void vqe_iceberg_entries_clear(struct vqe_iceberg_entries *entries)
{
  for (size_t k = 0; k < entries->count; k++) {
    vqe_iceberg_entry_clear(&entries->list[k]);
  }
  free(entries->list);
  memset(entries, 0, sizeof *entries);
}

static void clear_summaries(struct vqe_iceberg_manifest *manifest)
{
  for (size_t k = 0; k < manifest->npartitions; k++) {
    vqe_iceberg_bytes_clear(&manifest->partitions[k].lower);
    vqe_iceberg_bytes_clear(&manifest->partitions[k].upper);
  }
  free(manifest->partitions);
  manifest->partitions = NULL;
  manifest->npartitions = 0;
}

void vqe_iceberg_manifest_clear(struct vqe_iceberg_manifest *manifest)
{
  clear_summaries(manifest);
  free(manifest->uri);
  memset(manifest, 0, sizeof *manifest);
}

void vqe_iceberg_manifests_clear(struct vqe_iceberg_manifests *manifests)
{
  for (size_t k = 0; k < manifests->count; k++) {
    vqe_iceberg_manifest_clear(&manifests->list[k]);
  }
  free(manifests->list);
  memset(manifests, 0, sizeof *manifests);
}

int vqe_iceberg_manifests_add(struct vqe_iceberg_manifest **out,
                              struct vqe_iceberg_manifests *manifests)
{
  int status =
      vqe_memory_grow(&manifests->list, manifests->count, manifests->count + 1,
                      sizeof *manifests->list, "a manifest list");
  if (status == VQE_OK) {
    *out = &manifests->list[manifests->count++];
  }
  return status;
}

int vqe_iceberg_manifest_copy(struct vqe_iceberg_manifest *out,
                              const struct vqe_iceberg_manifest *manifest)
{
  *out = *manifest;
  out->uri = NULL;
  out->partitions = NULL;
  out->npartitions = 0;
  int status = vqe_memory_strdup(&out->uri, manifest->uri);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->partitions, manifest->npartitions,
                              sizeof *out->partitions, "a manifest list");
  }
  for (size_t k = 0; status == VQE_OK && k < manifest->npartitions; k++) {
    const struct vqe_iceberg_field_summary *from = &manifest->partitions[k];
    struct vqe_iceberg_field_summary *to = &out->partitions[k];
    to->contains_null = from->contains_null;
    to->contains_nan = from->contains_nan;
    out->npartitions = k + 1;
    status = vqe_iceberg_bytes_copy(&to->lower, &from->lower);
    if (status == VQE_OK) {
      status = vqe_iceberg_bytes_copy(&to->upper, &from->upper);
    }
  }
  return status;
}

/* ---- schemas --------------------------------------------------------- */

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

/* A map with int keys: an array of key-value records, said to be a map. */
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
    char **out, const struct vqe_iceberg_definition *definition)
{
  json_t *partition = json_array();
  for (size_t k = 0; k < definition->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    char name[256];
    avro_name(name, sizeof name, column->name);
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
  *out = entry == NULL ? NULL : json_dumps(entry, JSON_COMPACT);
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
  *out = schema == NULL ? NULL : json_dumps(schema, JSON_COMPACT);
  json_decref(schema);
  return *out == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a manifest list")
             : VQE_OK;
}

/* ---- encoding -------------------------------------------------------- */

static void put_bytes(struct vqe_avro_fields *to, const char *name,
                      const struct vqe_iceberg_bytes *value)
{
  avro_value_t branch;
  vqe_avro_put_branch(&branch, to, name, value->data != NULL);
  if (!to->failed && value->data != NULL &&
      avro_value_set_bytes(&branch, value->data, value->size) != 0) {
    to->failed = true;
  }
}

/* What a map takes from the statistics of a column. */
enum map_kind { SIZES, VALUES, NULLS, NANS, LOWER, UPPER };

static int64_t map_count(const struct vqe_iceberg_stats *stats,
                         enum map_kind kind)
{
  switch (kind) {
  case SIZES:
    return stats->column_size;
  case VALUES:
    return stats->value_count;
  case NULLS:
    return stats->null_count;
  case NANS:
    return stats->nan_count;
  case LOWER:
    return stats->lower.data == NULL ? -1 : 0;
  default:
    return stats->upper.data == NULL ? -1 : 0;
  }
}

static void put_map(struct vqe_avro_fields *to, const char *name,
                    const struct vqe_iceberg_file *file, enum map_kind kind)
{
  avro_value_t array, item;
  bool any = false;
  for (size_t k = 0; k < file->nstats; k++) {
    any = any || map_count(&file->stats[k], kind) >= 0;
  }
  vqe_avro_put_branch(&array, to, name, any);
  for (size_t k = 0; any && !to->failed && k < file->nstats; k++) {
    const struct vqe_iceberg_stats *stats = &file->stats[k];
    int64_t count = map_count(stats, kind);
    if (count < 0) {
      continue;
    }
    if (avro_value_append(&array, &item, NULL) != 0) {
      to->failed = true;
      return;
    }
    struct vqe_avro_fields pair = {.record = item};
    vqe_avro_put_int(&pair, "key", stats->field_id);
    if (kind == LOWER || kind == UPPER) {
      put_bytes(&pair, "value", kind == LOWER ? &stats->lower : &stats->upper);
    } else {
      vqe_avro_put_long(&pair, "value", count);
    }
    to->failed = pair.failed;
  }
}

static void put_partition(struct vqe_avro_fields *to,
                          const struct vqe_iceberg_definition *definition,
                          const struct vqe_iceberg_file *file)
{
  avro_value_t record;
  vqe_avro_put_branch(&record, to, "partition", true);
  for (size_t k = 0; !to->failed && k < file->npartition; k++) {
    const struct vqe_iceberg_bytes *value = &file->partition[k];
    enum vqe_iceberg_type type =
        definition->columns[definition->partition[k]].type;
    avro_value_t slot, branch;
    int rc = avro_value_get_by_index(&record, k, &slot, NULL);
    rc = rc != 0 ? rc
                 : avro_value_set_branch(&slot, value->data == NULL ? 0 : 1,
                                         &branch);
    if (rc != 0) {
      to->failed = true;
      return;
    }
    if (value->data == NULL) {
      rc = avro_value_set_null(&branch);
    } else if (type == VQE_ICEBERG_STRING) {
      rc = avro_value_set_string_len(&branch, (const char *)value->data,
                                     value->size + 1);
    } else if (type == VQE_ICEBERG_BOOLEAN) {
      rc = avro_value_set_boolean(&branch, value->data[0]);
    } else if (value->size == 4) {
      uint32_t bits;
      memcpy(&bits, value->data, sizeof bits);
      rc = avro_value_set_int(&branch, (int32_t)le32toh(bits));
    } else {
      uint64_t bits;
      memcpy(&bits, value->data, sizeof bits);
      rc = avro_value_set_long(&branch, (int64_t)le64toh(bits));
    }
    to->failed = rc != 0;
  }
}

static void put_offsets(struct vqe_avro_fields *to,
                        const struct vqe_iceberg_file *file)
{
  avro_value_t array, item;
  vqe_avro_put_branch(&array, to, "split_offsets", file->nsplit_offsets > 0);
  for (size_t k = 0; !to->failed && k < file->nsplit_offsets; k++) {
    to->failed = avro_value_append(&array, &item, NULL) != 0 ||
                 avro_value_set_long(&item, file->split_offsets[k]) != 0;
  }
}

static void put_optional(struct vqe_avro_fields *to, const char *name,
                         int64_t value)
{
  avro_value_t branch;
  vqe_avro_put_branch(&branch, to, name, value >= 0);
  if (!to->failed && value >= 0 && avro_value_set_long(&branch, value) != 0) {
    to->failed = true;
  }
}

static int put_entry(struct vqe_avro_writer *writer,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_entry *entry)
{
  const struct vqe_iceberg_file *file = &entry->file;
  struct vqe_avro_fields to = {.record = *vqe_avro_writer_value(writer)};
  avro_value_t record;
  vqe_avro_put_int(&to, "status", entry->status);
  put_optional(&to, "snapshot_id", entry->snapshot);
  put_optional(&to, "sequence_number", entry->sequence);
  put_optional(&to, "file_sequence_number", entry->file_sequence);
  vqe_avro_put_branch(&record, &to, "data_file", true);
  if (!to.failed) {
    to.record = record;
    vqe_avro_put_int(&to, "content", entry->content);
    vqe_avro_put_string(&to, "file_path", entry->uri);
    vqe_avro_put_string(&to, "file_format", entry->format);
    put_partition(&to, definition, file);
    vqe_avro_put_long(&to, "record_count", file->record_count);
    vqe_avro_put_long(&to, "file_size_in_bytes", file->size);
    put_map(&to, "column_sizes", file, SIZES);
    put_map(&to, "value_counts", file, VALUES);
    put_map(&to, "null_value_counts", file, NULLS);
    put_map(&to, "nan_value_counts", file, NANS);
    put_map(&to, "lower_bounds", file, LOWER);
    put_map(&to, "upper_bounds", file, UPPER);
    put_offsets(&to, file);
    avro_value_t branch;
    vqe_avro_put_branch(&branch, &to, "sort_order_id", entry->sort_order >= 0);
    if (!to.failed && entry->sort_order >= 0) {
      to.failed = avro_value_set_int(&branch, (int32_t)entry->sort_order) != 0;
    }
  }
  if (to.failed) {
    return vqe_error_set(VQE_ERR_IO, "manifest entry of '%s': %s", entry->uri,
                         avro_strerror());
  }
  return vqe_avro_writer_append(writer);
}

/* Widen a summary by one value. */
static int summarise_value(struct vqe_iceberg_field_summary *summary,
                           const struct vqe_iceberg_bytes *value,
                           enum vqe_iceberg_type type)
{
  int status = VQE_OK;
  if (value->data == NULL) {
    summary->contains_null = true;
    return VQE_OK;
  }
  if (!vqe_iceberg_bytes_valid(value, type)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a partition value of %zu bytes is no %s",
                         value->size, vqe_iceberg_type_name(type));
  }
  if (summary->lower.data == NULL ||
      vqe_iceberg_bytes_compare(value, &summary->lower, type) < 0) {
    vqe_iceberg_bytes_clear(&summary->lower);
    status = vqe_iceberg_bytes_copy(&summary->lower, value);
  }
  if (status == VQE_OK &&
      (summary->upper.data == NULL ||
       vqe_iceberg_bytes_compare(value, &summary->upper, type) > 0)) {
    vqe_iceberg_bytes_clear(&summary->upper);
    status = vqe_iceberg_bytes_copy(&summary->upper, value);
  }
  return status;
}

static int summarise(struct vqe_iceberg_manifest *out,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_entries *entries,
                     int64_t inherit)
{
  clear_summaries(out);
  out->added_files = out->existing_files = out->deleted_files = 0;
  out->added_rows = out->existing_rows = out->deleted_rows = 0;
  out->min_sequence = -1;
  int status =
      vqe_memory_alloc(&out->partitions, definition->npartition,
                       sizeof *out->partitions, "partition summaries");
  if (status != VQE_OK) {
    return status;
  }
  out->npartitions = definition->npartition;
  for (size_t k = 0; status == VQE_OK && k < entries->count; k++) {
    const struct vqe_iceberg_entry *entry = &entries->list[k];
    int64_t rows = entry->file.record_count;
    int64_t sequence = entry->sequence < 0 ? inherit : entry->sequence;
    if (entry->status == VQE_ICEBERG_ADDED) {
      out->added_files++;
      out->added_rows += rows;
    } else if (entry->status == VQE_ICEBERG_EXISTING) {
      out->existing_files++;
      out->existing_rows += rows;
    } else {
      out->deleted_files++;
      out->deleted_rows += rows;
    }
    if (entry->status != VQE_ICEBERG_DELETED &&
        (out->min_sequence < 0 || sequence < out->min_sequence)) {
      out->min_sequence = sequence;
    }
    if (entry->file.npartition != definition->npartition) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "'%s' has %zu partition values, its table's spec "
                           "%zu",
                           entry->uri, entry->file.npartition,
                           definition->npartition);
    }
    for (size_t p = 0; status == VQE_OK && p < definition->npartition; p++) {
      status =
          summarise_value(&out->partitions[p], &entry->file.partition[p],
                          definition->columns[definition->partition[p]].type);
    }
  }
  if (out->min_sequence < 0) {
    out->min_sequence = inherit;
  }
  return status;
}

static int put_header_json(struct vqe_avro_writer *writer, const char *key,
                           const json_t *value)
{
  char *text = json_dumps(value, JSON_COMPACT);
  int status = text == NULL
                   ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a manifest")
                   : vqe_avro_writer_meta(writer, key, text, strlen(text));
  free(text);
  return status;
}

static int put_header_text(struct vqe_avro_writer *writer, const char *key,
                           const char *text)
{
  return vqe_avro_writer_meta(writer, key, text, strlen(text));
}

static int put_header_number(struct vqe_avro_writer *writer, const char *key,
                             int64_t number)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, number);
  return put_header_text(writer, key, text);
}

int vqe_iceberg_manifest_encode(
    char **data, size_t *size, struct vqe_iceberg_manifest *out,
    const struct vqe_iceberg_definition *definition, const json_t *schema,
    int64_t spec_id, const struct vqe_iceberg_entries *entries,
    int64_t inherit)
{
  struct vqe_avro_writer *writer = NULL;
  char *avro_schema = NULL;
  json_t *spec = NULL;
  *data = NULL;
  *size = 0;
  int status = summarise(out, definition, entries, inherit);
  out->spec_id = spec_id;
  out->content = 0;
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_schema(&avro_schema, definition);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_spec_json(&spec, definition);
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_open(&writer, avro_schema);
  }
  if (status == VQE_OK) {
    status = put_header_json(writer, "schema", schema);
  }
  if (status == VQE_OK) {
    status = put_header_number(writer, "schema-id",
                               vqe_iceberg_integer(schema, "schema-id", 0));
  }
  if (status == VQE_OK) {
    status = put_header_json(writer, "partition-spec", spec);
  }
  if (status == VQE_OK) {
    status = put_header_number(writer, "partition-spec-id", spec_id);
  }
  if (status == VQE_OK) {
    status = put_header_text(writer, "format-version", "2");
  }
  if (status == VQE_OK) {
    status = put_header_text(writer, "content", "data");
  }
  for (size_t k = 0; status == VQE_OK && k < entries->count; k++) {
    status = put_entry(writer, definition, &entries->list[k]);
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_finish(data, size, writer);
  }
  vqe_avro_writer_close(writer);
  json_decref(spec);
  free(avro_schema);
  return status;
}

static int put_manifest(struct vqe_avro_writer *writer,
                        const struct vqe_iceberg_manifest *manifest)
{
  const int64_t counts[] = {manifest->added_files, manifest->existing_files,
                            manifest->deleted_files};
  static const char *const names[] = {
      "added_files_count", "existing_files_count", "deleted_files_count"};
  struct vqe_avro_fields to = {.record = *vqe_avro_writer_value(writer)};
  avro_value_t array, item;
  vqe_avro_put_string(&to, "manifest_path", manifest->uri);
  vqe_avro_put_long(&to, "manifest_length", manifest->length);
  vqe_avro_put_int(&to, "partition_spec_id", (int32_t)manifest->spec_id);
  vqe_avro_put_int(&to, "content", (int32_t)manifest->content);
  vqe_avro_put_long(&to, "sequence_number", manifest->sequence);
  vqe_avro_put_long(&to, "min_sequence_number", manifest->min_sequence);
  vqe_avro_put_long(&to, "added_snapshot_id", manifest->snapshot);
  for (size_t k = 0; k < 3; k++) {
    to.failed = to.failed || counts[k] > INT32_MAX;
    vqe_avro_put_int(&to, names[k], (int32_t)counts[k]);
  }
  vqe_avro_put_long(&to, "added_rows_count", manifest->added_rows);
  vqe_avro_put_long(&to, "existing_rows_count", manifest->existing_rows);
  vqe_avro_put_long(&to, "deleted_rows_count", manifest->deleted_rows);
  vqe_avro_put_branch(&array, &to, "partitions", true);
  for (size_t k = 0; !to.failed && k < manifest->npartitions; k++) {
    const struct vqe_iceberg_field_summary *summary = &manifest->partitions[k];
    if (avro_value_append(&array, &item, NULL) != 0) {
      to.failed = true;
      break;
    }
    struct vqe_avro_fields in = {.record = item};
    avro_value_t slot;
    vqe_avro_put_branch(&slot, &in, "contains_null", true);
    in.failed = in.failed ||
                avro_value_set_boolean(&slot, summary->contains_null) != 0;
    vqe_avro_put_branch(&slot, &in, "contains_nan",
                        summary->contains_nan >= 0);
    if (!in.failed && summary->contains_nan >= 0) {
      in.failed = avro_value_set_boolean(&slot, summary->contains_nan) != 0;
    }
    put_bytes(&in, "lower_bound", &summary->lower);
    put_bytes(&in, "upper_bound", &summary->upper);
    to.failed = in.failed;
  }
  if (to.failed) {
    return vqe_error_set(VQE_ERR_IO, "manifest list, '%s': %s", manifest->uri,
                         avro_strerror());
  }
  return vqe_avro_writer_append(writer);
}

int vqe_iceberg_manifest_list_encode(
    char **data, size_t *size, const struct vqe_iceberg_manifests *manifests,
    int64_t snapshot, int64_t parent, int64_t sequence)
{
  struct vqe_avro_writer *writer = NULL;
  char *schema = NULL;
  *data = NULL;
  *size = 0;
  int status = vqe_iceberg_manifest_list_schema(&schema);
  if (status == VQE_OK) {
    status = vqe_avro_writer_open(&writer, schema);
  }
  if (status == VQE_OK) {
    status = put_header_number(writer, "snapshot-id", snapshot);
  }
  if (status == VQE_OK) {
    status = parent == VQE_ICEBERG_NO_SNAPSHOT
                 ? put_header_text(writer, "parent-snapshot-id", "null")
                 : put_header_number(writer, "parent-snapshot-id", parent);
  }
  if (status == VQE_OK) {
    status = put_header_number(writer, "sequence-number", sequence);
  }
  if (status == VQE_OK) {
    status = put_header_text(writer, "format-version", "2");
  }
  for (size_t k = 0; status == VQE_OK && k < manifests->count; k++) {
    status = put_manifest(writer, &manifests->list[k]);
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_finish(data, size, writer);
  }
  free(schema);
  vqe_avro_writer_close(writer);
  return status;
}

/* ---- decoding -------------------------------------------------------- */

static int missing(const char *what, const char *name)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s: no field '%s'", what, name);
}

/* A value of a partition record or a bound, as bytes. */
static int get_value(struct vqe_iceberg_bytes *out, const avro_value_t *value)
{
  avro_value_t at = *value;
  const char *text = "";
  const void *data = "";
  size_t size = 1; /* of a string, its NUL is counted */
  int32_t number = 0;
  int64_t wide = 0;
  int flag = 0;
  double real = 0.0;
  out->data = NULL;
  out->size = 0;
  if (avro_value_get_type(&at) == AVRO_UNION &&
      avro_value_get_current_branch(value, &at) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "Avro: %s", avro_strerror());
  }
  switch (avro_value_get_type(&at)) {
  case AVRO_NULL:
    return VQE_OK;
  case AVRO_STRING:
    avro_value_get_string(&at, &text, &size);
    return vqe_iceberg_bytes_string(out, text, size - 1);
  case AVRO_BYTES:
    avro_value_get_bytes(&at, &data, &size);
    return vqe_iceberg_bytes_string(out, data, size);
  case AVRO_INT32:
    avro_value_get_int(&at, &number);
    return vqe_iceberg_bytes_int(out, number);
  case AVRO_INT64:
    avro_value_get_long(&at, &wide);
    return vqe_iceberg_bytes_long(out, wide);
  case AVRO_BOOLEAN:
    avro_value_get_boolean(&at, &flag);
    return vqe_iceberg_bytes_boolean(out, flag != 0);
  case AVRO_DOUBLE:
    avro_value_get_double(&at, &real);
    return vqe_iceberg_bytes_double(out, real);
  default:
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a partition value of an unknown type");
  }
}

/* The statistics of a field, made when there are none yet. */
static int stats_of(struct vqe_iceberg_stats **out,
                    struct vqe_iceberg_file *file, int field_id)
{
  for (size_t k = 0; k < file->nstats; k++) {
    if (file->stats[k].field_id == field_id) {
      *out = &file->stats[k];
      return VQE_OK;
    }
  }
  int status =
      vqe_memory_grow(&file->stats, file->nstats, file->nstats + 1,
                      sizeof *file->stats, "statistics of a data file");
  if (status == VQE_OK) {
    *out = &file->stats[file->nstats++];
    (*out)->field_id = field_id;
    (*out)->column_size = -1;
    (*out)->value_count = -1;
    (*out)->null_count = -1;
    (*out)->nan_count = -1;
  }
  return status;
}

static int get_map(struct vqe_iceberg_file *file, const avro_value_t *record,
                   const char *name, enum map_kind kind)
{
  avro_value_t array, item, value;
  size_t count = 0;
  int status = VQE_OK;
  if (!vqe_avro_get(&array, record, name)) {
    return VQE_OK;
  }
  if (avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "field '%s' is no map", name);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_iceberg_stats *stats;
    int64_t key, number;
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        !vqe_avro_get_integer(&key, &item, "key") || key < INT32_MIN ||
        key > INT32_MAX) {
      return missing(name, "key");
    }
    status = stats_of(&stats, file, (int)key);
    if (status != VQE_OK) {
      break;
    }
    if (kind == LOWER || kind == UPPER) {
      struct vqe_iceberg_bytes *bound =
          kind == LOWER ? &stats->lower : &stats->upper;
      vqe_iceberg_bytes_clear(bound);
      if (vqe_avro_get(&value, &item, "value")) {
        status = get_value(bound, &value);
      }
    } else if (!vqe_avro_get_integer(&number, &item, "value")) {
      return missing(name, "value");
    } else if (kind == SIZES) {
      stats->column_size = number;
    } else if (kind == VALUES) {
      stats->value_count = number;
    } else if (kind == NULLS) {
      stats->null_count = number;
    } else {
      stats->nan_count = number;
    }
  }
  return status;
}

static int get_partition(struct vqe_iceberg_file *file,
                         const avro_value_t *record, const char *what)
{
  avro_value_t partition, value;
  size_t count = 0;
  if (!vqe_avro_get(&partition, record, "partition") ||
      avro_value_get_type(&partition) != AVRO_RECORD ||
      avro_value_get_size(&partition, &count) != 0) {
    return missing(what, "partition");
  }
  int status = vqe_memory_alloc(&file->partition, count,
                                sizeof *file->partition, "partition values");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (avro_value_get_by_index(&partition, k, &value, NULL) != 0) {
      return missing(what, "partition");
    }
    status = get_value(&file->partition[k], &value);
    file->npartition = k + 1;
  }
  return status;
}

static int get_offsets(struct vqe_iceberg_file *file,
                       const avro_value_t *record)
{
  avro_value_t array, item;
  size_t count = 0;
  if (!vqe_avro_get(&array, record, "split_offsets") ||
      avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&file->split_offsets, count,
                                sizeof *file->split_offsets, "split offsets");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        avro_value_get_long(&item, &file->split_offsets[k]) != 0) {
      return missing("split_offsets", "element");
    }
    file->nsplit_offsets = k + 1;
  }
  return status;
}

static int get_entry(struct vqe_iceberg_entry *entry,
                     const avro_value_t *value, const char *what)
{
  static const struct {
    const char *name;
    enum map_kind kind;
  } maps[] = {{"column_sizes", SIZES},      {"value_counts", VALUES},
              {"null_value_counts", NULLS}, {"nan_value_counts", NANS},
              {"lower_bounds", LOWER},      {"upper_bounds", UPPER}};
  struct vqe_iceberg_file *file = &entry->file;
  avro_value_t record;
  const char *text;
  int64_t number;
  if (!vqe_avro_get_integer(&number, value, "status") || number < 0 ||
      number > 2) {
    return missing(what, "status");
  }
  entry->status = (int)number;
  entry->snapshot = entry->sequence = VQE_ICEBERG_INHERITED;
  entry->file_sequence = VQE_ICEBERG_INHERITED;
  vqe_avro_get_integer(&entry->snapshot, value, "snapshot_id");
  vqe_avro_get_integer(&entry->sequence, value, "sequence_number");
  vqe_avro_get_integer(&entry->file_sequence, value, "file_sequence_number");
  if (!vqe_avro_get(&record, value, "data_file")) {
    return missing(what, "data_file");
  }
  number = 0; /* files of format version 1 have no content */
  vqe_avro_get_integer(&number, &record, "content");
  entry->content = (int)number;
  if (!vqe_avro_get_string(&text, &record, "file_path")) {
    return missing(what, "file_path");
  }
  int status = vqe_memory_strdup(&entry->uri, text);
  if (status == VQE_OK &&
      !vqe_avro_get_string(&text, &record, "file_format")) {
    return missing(what, "file_format");
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->format, text);
  }
  if (status == VQE_OK &&
      (!vqe_avro_get_integer(&file->record_count, &record, "record_count") ||
       file->record_count < 0)) {
    return missing(what, "record_count");
  }
  if (status == VQE_OK &&
      (!vqe_avro_get_integer(&file->size, &record, "file_size_in_bytes") ||
       file->size < 0)) {
    return missing(what, "file_size_in_bytes");
  }
  entry->sort_order = -1;
  vqe_avro_get_integer(&entry->sort_order, &record, "sort_order_id");
  if (status == VQE_OK) {
    status = get_partition(file, &record, what);
  }
  for (size_t k = 0; status == VQE_OK && k < sizeof maps / sizeof maps[0];
       k++) {
    status = get_map(file, &record, maps[k].name, maps[k].kind);
  }
  if (status == VQE_OK) {
    status = get_offsets(file, &record);
  }
  return status;
}

int vqe_iceberg_manifest_decode(struct vqe_iceberg_entries *out,
                                const char *data, size_t size,
                                const char *what)
{
  struct vqe_avro_reader *reader = NULL;
  memset(out, 0, sizeof *out);
  int status = vqe_avro_reader_open(&reader, data, size, what);
  while (status == VQE_OK) {
    struct vqe_iceberg_entry entry = {.status = 0};
    avro_value_t *value;
    status = vqe_avro_reader_next(&value, reader);
    if (status != VQE_OK || value == NULL) {
      break;
    }
    status = get_entry(&entry, value, what);
    if (status == VQE_OK) {
      status = vqe_iceberg_entries_add(out, &entry);
    } else {
      vqe_iceberg_entry_clear(&entry);
    }
  }
  vqe_avro_reader_close(reader);
  if (status != VQE_OK) {
    vqe_iceberg_entries_clear(out);
  }
  return status;
}

static int get_summaries(struct vqe_iceberg_manifest *manifest,
                         const avro_value_t *value, const char *what)
{
  avro_value_t array, item, slot;
  size_t count = 0;
  int flag;
  if (!vqe_avro_get(&array, value, "partitions")) {
    return VQE_OK;
  }
  if (avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return missing(what, "partitions");
  }
  int status =
      vqe_memory_alloc(&manifest->partitions, count,
                       sizeof *manifest->partitions, "partition summaries");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_iceberg_field_summary *summary = &manifest->partitions[k];
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        !vqe_avro_get(&slot, &item, "contains_null") ||
        avro_value_get_type(&slot) != AVRO_BOOLEAN) {
      return missing(what, "contains_null");
    }
    avro_value_get_boolean(&slot, &flag);
    summary->contains_null = flag != 0;
    summary->contains_nan = -1;
    if (vqe_avro_get(&slot, &item, "contains_nan") &&
        avro_value_get_type(&slot) == AVRO_BOOLEAN) {
      avro_value_get_boolean(&slot, &summary->contains_nan);
    }
    manifest->npartitions = k + 1;
    if (vqe_avro_get(&slot, &item, "lower_bound")) {
      status = get_value(&summary->lower, &slot);
    }
    if (status == VQE_OK && vqe_avro_get(&slot, &item, "upper_bound")) {
      status = get_value(&summary->upper, &slot);
    }
  }
  return status;
}

static int get_manifest(struct vqe_iceberg_manifest *manifest,
                        const avro_value_t *value, const char *what)
{
  /* the second name is that of older writers */
  const struct {
    int64_t *to;
    const char *names[2];
    bool required;
  } fields[] = {
      {&manifest->length, {"manifest_length", NULL}, true},
      {&manifest->spec_id, {"partition_spec_id", NULL}, true},
      {&manifest->content, {"content", NULL}, false},
      {&manifest->sequence, {"sequence_number", NULL}, false},
      {&manifest->min_sequence, {"min_sequence_number", NULL}, false},
      {&manifest->snapshot, {"added_snapshot_id", NULL}, true},
      {&manifest->added_files,
       {"added_files_count", "added_data_files_count"},
       true},
      {&manifest->existing_files,
       {"existing_files_count", "existing_data_files_count"},
       true},
      {&manifest->deleted_files,
       {"deleted_files_count", "deleted_data_files_count"},
       true},
      {&manifest->added_rows, {"added_rows_count", NULL}, true},
      {&manifest->existing_rows, {"existing_rows_count", NULL}, true},
      {&manifest->deleted_rows, {"deleted_rows_count", NULL}, true}};
  const char *uri;
  if (!vqe_avro_get_string(&uri, value, "manifest_path")) {
    return missing(what, "manifest_path");
  }
  int status = vqe_memory_strdup(&manifest->uri, uri);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
    bool found = false;
    for (size_t n = 0; n < 2 && !found && fields[k].names[n] != NULL; n++) {
      found = vqe_avro_get_integer(fields[k].to, value, fields[k].names[n]);
    }
    if (!found && fields[k].required) {
      return missing(what, fields[k].names[0]);
    }
  }
  return get_summaries(manifest, value, what);
}

int vqe_iceberg_manifest_list_decode(struct vqe_iceberg_manifests *out,
                                     const char *data, size_t size,
                                     const char *what)
{
  struct vqe_avro_reader *reader = NULL;
  memset(out, 0, sizeof *out);
  int status = vqe_avro_reader_open(&reader, data, size, what);
  while (status == VQE_OK) {
    struct vqe_iceberg_manifest *manifest;
    avro_value_t *value;
    status = vqe_avro_reader_next(&value, reader);
    if (status != VQE_OK || value == NULL) {
      break;
    }
    status = vqe_iceberg_manifests_add(&manifest, out);
    if (status == VQE_OK) {
      status = get_manifest(manifest, value, what);
    }
  }
  vqe_avro_reader_close(reader);
  if (status != VQE_OK) {
    vqe_iceberg_manifests_clear(out);
  }
  return status;
}

/* ---- from the store -------------------------------------------------- */

static int get_by_uri(char **data, size_t *size,
                      struct vqe_iceberg_table *table, const char *uri)
{
  char *key = NULL;
  int status = vqe_objects_key_of_uri(&key, table->objects, uri);
  if (status == VQE_OK) {
    status = vqe_objects_get(data, size, table->objects, key,
                             VQE_ICEBERG_MANIFEST_LIMIT);
  }
  if (status == VQE_ERR_NOT_FOUND) {
    /* only a table can be missing: this one is damaged */
    status = vqe_error_context(VQE_ERR_INPUT,
                               "table '%s' refers to a file that is gone",
                               table->name);
  }
  free(key);
  return status;
}

int vqe_iceberg_read_manifests(struct vqe_iceberg_manifests *out,
                               struct vqe_iceberg_table *table,
                               int64_t snapshot)
{
  char *data = NULL;
  size_t size;
  memset(out, 0, sizeof *out);
  if (snapshot == VQE_ICEBERG_NO_SNAPSHOT) {
    return VQE_OK;
  }
  const json_t *json = vqe_iceberg_snapshot_json(table->metadata, snapshot);
  const char *uri = vqe_iceberg_string(json, "manifest-list");
  if (uri == NULL) {
    return vqe_error_set(json == NULL ? VQE_ERR_NOT_FOUND
                                      : VQE_ERR_UNSUPPORTED,
                         "table '%s': no snapshot %lld with a manifest list",
                         table->name, (long long)snapshot);
  }
  int status = get_by_uri(&data, &size, table, uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_list_decode(out, data, size, uri);
  }
  free(data);
  return status;
}

int vqe_iceberg_read_entries(struct vqe_iceberg_entries *out,
                             struct vqe_iceberg_table *table,
                             const struct vqe_iceberg_manifest *manifest)
{
  char *data = NULL;
  size_t size;
  memset(out, 0, sizeof *out);
  if (manifest->content != 0) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s' has delete files, which this version "
                         "does not read; let their writer compact it",
                         table->name);
  }
  int status = get_by_uri(&data, &size, table, manifest->uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_decode(out, data, size, manifest->uri);
  }
  for (size_t k = 0; status == VQE_OK && k < out->count; k++) {
    struct vqe_iceberg_entry *entry = &out->list[k];
    if (entry->content != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "'%s' lists a delete file among data files",
                             manifest->uri);
      break;
    }
    if (entry->snapshot < 0) {
      entry->snapshot = manifest->snapshot;
    }
    if (entry->status == VQE_ICEBERG_ADDED) {
      if (entry->sequence < 0) {
        entry->sequence = manifest->sequence;
      }
      if (entry->file_sequence < 0) {
        entry->file_sequence = manifest->sequence;
      }
    }
    status =
        vqe_objects_key_of_uri(&entry->file.key, table->objects, entry->uri);
  }
  free(data);
  if (status != VQE_OK) {
    vqe_iceberg_entries_clear(out);
  }
  return status;
}
