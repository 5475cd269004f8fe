#include "iceberg/iceberg_check_manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_check_report.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_manifest_write.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"
#include "objects/objects.h"

static void check_stats(struct vqe_iceberg_checking *check, const char *key,
                        const struct vqe_iceberg_file *file,
                        const struct vqe_iceberg_stats *stats)
{
  const struct vqe_iceberg_column *column = NULL;
  for (size_t k = 0; k < check->definition->ncolumns; k++) {
    if (check->definition->columns[k].id == stats->field_id) {
      column = &check->definition->columns[k];
    }
  }
  if (column == NULL || !vqe_iceberg_type_has_bounds(column->type)) {
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

static int check_file(struct vqe_iceberg_checking *check,
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
  int status = vqe_iceberg_check_size(&size, check, key);
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

static void check_manifest_header(struct vqe_iceberg_checking *check,
                                  const char *data, size_t size,
                                  const char *uri)
{
  static const char *const keys[] = {"schema", "partition-spec",
                                     "partition-spec-id", "format-version"};
  struct vqe_avro_reader *reader = NULL;
  if (vqe_avro_reader_open(&reader, data, size, uri) != VQE_OK) {
    return; /* decoding it reports that */
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

static void compare_summary(struct vqe_iceberg_checking *check,
                            const char *uri, size_t field,
                            const struct vqe_iceberg_field_summary *listed,
                            const struct vqe_iceberg_field_summary *found)
{
  if ((found->contains_null && !listed->contains_null) ||
      !vqe_iceberg_bytes_equal(&listed->lower, &found->lower) ||
      !vqe_iceberg_bytes_equal(&listed->upper, &found->upper)) {
    PROBLEM(check,
            "'%s': the summary of partition field %zu does not match its "
            "entries",
            uri, field);
  }
}

/* What the list should say, worked out from the entries. */
static int summarise_manifest(struct vqe_iceberg_checking *check,
                              struct vqe_iceberg_seen *seen,
                              const struct vqe_iceberg_manifest *listed,
                              const struct vqe_iceberg_entries *entries)
{
  char *data = NULL;
  size_t size;
  if (check->definition == NULL ||
      listed->spec_id !=
          vqe_iceberg_integer(check->table->metadata, "default-spec-id", 0)) {
    return VQE_OK;
  }
  int status = vqe_iceberg_manifest_encode(
      &data, &size, &seen->found, check->definition,
      vqe_iceberg_current_schema(check->table->metadata),
      vqe_iceberg_default_spec(check->table->metadata), entries,
      listed->sequence);
  free(data);
  if (status == VQE_OK) {
    seen->compared = true;
  } else if (status != VQE_ERR_MEMORY) {
    PROBLEM(check, "'%s': %s", listed->uri, vqe_error_message());
    status = VQE_OK;
  }
  return status;
}

/* A list's record of a manifest against the manifest. */
static void compare_manifest(struct vqe_iceberg_checking *check,
                             const struct vqe_iceberg_manifest *listed,
                             const struct vqe_iceberg_seen *seen)
{
  const struct vqe_iceberg_manifest *found = &seen->found;
  if (seen->size >= 0 && seen->size != listed->length) {
    PROBLEM(check, "'%s' has %" PRId64 " bytes, its list says %" PRId64,
            listed->uri, seen->size, listed->length);
  }
  if (!seen->compared) {
    return;
  }
  if (listed->added_files != found->added_files ||
      listed->existing_files != found->existing_files ||
      listed->deleted_files != found->deleted_files ||
      listed->added_rows != found->added_rows ||
      listed->existing_rows != found->existing_rows ||
      listed->deleted_rows != found->deleted_rows) {
    PROBLEM(check,
            "'%s': its list counts %" PRId64 " files and %" PRId64
            " rows, it holds %" PRId64 " and %" PRId64,
            listed->uri, listed->added_files + listed->existing_files,
            listed->added_rows + listed->existing_rows,
            found->added_files + found->existing_files,
            found->added_rows + found->existing_rows);
  }
  if (listed->min_sequence > found->min_sequence) {
    PROBLEM(check, "'%s': min_sequence_number is too high", listed->uri);
  }
  if (listed->npartitions != found->npartitions) {
    PROBLEM(check, "'%s': %zu partition summaries for %zu fields", listed->uri,
            listed->npartitions, found->npartitions);
  }
  for (size_t k = 0; k < found->npartitions && k < listed->npartitions; k++) {
    compare_summary(check, listed->uri, k, &listed->partitions[k],
                    &found->partitions[k]);
  }
}

static int check_entries(struct vqe_iceberg_checking *check,
                         struct vqe_iceberg_seen *seen,
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

/* What a problem leaves unread is no failure of the check. */
static int decode_entries(struct vqe_iceberg_entries *entries,
                          struct vqe_iceberg_checking *check, const char *data,
                          size_t size, const char *key)
{
  int status = vqe_iceberg_manifest_decode(entries, data, size, key);
  if (status != VQE_OK && status != VQE_ERR_MEMORY) {
    PROBLEM(check, "%s", vqe_error_message());
  }
  return status;
}

static int read_manifest(struct vqe_iceberg_checking *check,
                         struct vqe_iceberg_seen *seen,
                         const struct vqe_iceberg_manifest *manifest)
{
  struct vqe_iceberg_entries entries = {.list = NULL};
  char *data = NULL;
  char *key = NULL;
  size_t size = 0;
  int status =
      vqe_iceberg_check_fetch(&data, &size, &key, check, manifest->uri);
  if (status == VQE_OK && data != NULL) {
    seen->size = (int64_t)size;
    check_manifest_header(check, data, size, key);
    int decoded = decode_entries(&entries, check, data, size, key);
    seen->read = decoded == VQE_OK;
    status = decoded == VQE_ERR_MEMORY ? decoded : VQE_OK;
  }
  if (seen->read && manifest->content == 0) {
    status = summarise_manifest(check, seen, manifest, &entries);
  }
  if (status == VQE_OK && seen->read) {
    status = check_entries(check, seen, manifest, &entries);
  }
  vqe_iceberg_entries_clear(&entries);
  free(data);
  free(key);
  return status;
}

int vqe_iceberg_check_manifest(const struct vqe_iceberg_seen **out,
                               struct vqe_iceberg_checking *check,
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
    struct vqe_iceberg_seen *seen = &check->seen[check->nseen];
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
