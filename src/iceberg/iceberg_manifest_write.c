#include "iceberg/iceberg_manifest_write.h"

#include <endian.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_schema.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"

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
  if (type == VQE_ICEBERG_OTHER) {
    return VQE_OK; /* no order is known */
  }
  if (!vqe_iceberg_bytes_valid(value, type)) {
    return vqe_error_set(
        VQE_ERR_INPUT, "a partition value of %zu byte%s is no %s", value->size,
        value->size == 1 ? "" : "s", vqe_iceberg_type_name(type));
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

int vqe_iceberg_manifest_summarise(struct vqe_iceberg_manifest *out,
                                   const enum vqe_iceberg_type *types,
                                   size_t ntypes,
                                   const struct vqe_iceberg_entries *entries,
                                   int64_t inherit)
{
  vqe_iceberg_manifest_clear_summaries(out);
  out->added_files = out->existing_files = out->deleted_files = 0;
  out->added_rows = out->existing_rows = out->deleted_rows = 0;
  out->min_sequence = -1;
  int status =
      vqe_memory_alloc(&out->partitions, ntypes, sizeof *out->partitions,
                       "partition summaries");
  if (status != VQE_OK) {
    return status;
  }
  out->npartitions = ntypes;
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
    if (entry->file.npartition != ntypes) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "'%s' has %zu partition value%s, its spec %zu",
                           entry->uri, entry->file.npartition,
                           entry->file.npartition == 1 ? "" : "s", ntypes);
    }
    for (size_t p = 0; status == VQE_OK && p < ntypes; p++) {
      status = summarise_value(&out->partitions[p], &entry->file.partition[p],
                               types[p]);
    }
  }
  if (out->min_sequence < 0) {
    out->min_sequence = inherit;
  }
  return status;
}

/* The same for files of the definition's partition. */
static int summarise(struct vqe_iceberg_manifest *out,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_entries *entries,
                     int64_t inherit)
{
  enum vqe_iceberg_type *types = NULL;
  int status = vqe_memory_alloc(&types, definition->npartition, sizeof *types,
                                "partition summaries");
  for (size_t p = 0; status == VQE_OK && p < definition->npartition; p++) {
    types[p] = definition->columns[definition->partition[p]].type;
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_summarise(out, types, definition->npartition,
                                            entries, inherit);
  }
  free(types);
  return status;
}

static int put_header_json(struct vqe_avro_writer *writer, const char *key,
                           const json_t *value)
{
  char *text = vqe_json_dumps(value, JSON_COMPACT);
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
    const json_t *spec, const struct vqe_iceberg_entries *entries,
    int64_t inherit)
{
  struct vqe_avro_writer *writer = NULL;
  char *avro_schema = NULL;
  *data = NULL;
  *size = 0;
  int64_t spec_id = vqe_iceberg_integer(spec, "spec-id", 0);
  int status = summarise(out, definition, entries, inherit);
  out->spec_id = spec_id;
  out->content = 0;
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_schema(&avro_schema, definition, spec);
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
    status = put_header_json(writer, "partition-spec",
                             json_object_get(spec, "fields"));
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
  vqe_avro_put_branch(&array, &to, "partitions", !manifest->unsummarised);
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
