#include "iceberg/iceberg_check_manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_check_avro.h"
#include "iceberg/iceberg_check_report.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_manifest_write.h"
#include "iceberg/iceberg_spec.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"
#include "objects/objects.h"

#define BOUND_CODE_POINTS 16

static const struct vqe_iceberg_column *
column_of(const struct vqe_iceberg_checking *check, int id)
{
  for (size_t k = 0; k < check->definition->ncolumns; k++) {
    if (check->definition->columns[k].id == id) {
      return &check->definition->columns[k];
    }
  }
  return NULL;
}

static size_t code_points(const struct vqe_iceberg_bytes *text)
{
  size_t count = 0;
  for (size_t k = 0; k < text->size; k++) {
    count += (text->data[k] & 0xc0) != 0x80;
  }
  return count;
}

static void check_bound(struct vqe_iceberg_checking *check, const char *key,
                        const struct vqe_iceberg_column *column,
                        const struct vqe_iceberg_bytes *bound, bool ours)
{
  double number = 0.0;
  if (bound->data == NULL) {
    return;
  }
  if (!vqe_iceberg_bytes_valid(bound, column->type)) {
    PROBLEM(check, "'%s': a bound of '%s' has %zu byte%s", key, column->name,
            bound->size, bound->size == 1 ? "" : "s");
    return;
  }
  if (column->type == VQE_ICEBERG_DOUBLE) {
    memcpy(&number, bound->data, sizeof number);
  }
  if (isnan(number)) {
    PROBLEM(check, "'%s': a bound of '%s' is not a number", key, column->name);
  }
  if (ours && column->type == VQE_ICEBERG_STRING &&
      code_points(bound) > BOUND_CODE_POINTS) {
    PROBLEM(check, "'%s': a bound of '%s' has more than %d characters", key,
            column->name, BOUND_CODE_POINTS);
  }
}

/* Is it a list, or the elements of one? */
static bool is_in_list(const struct vqe_iceberg_checking *check, int id)
{
  for (size_t k = 0; k < check->definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &check->definition->columns[k];
    if (vqe_iceberg_type_is_list(column->type) &&
        (column->id == id || column->element_id == id ||
         column->inner_id == id)) {
      return true;
    }
  }
  return false;
}

/* Lists and their elements have sizes only. */
static void check_list_stats(struct vqe_iceberg_checking *check,
                             const char *key,
                             const struct vqe_iceberg_stats *stats)
{
  if (stats->value_count >= 0 || stats->null_count >= 0 ||
      stats->nan_count >= 0 || stats->lower.data != NULL ||
      stats->upper.data != NULL) {
    PROBLEM(check, "'%s': counts or bounds of field %d, which is in a list",
            key, stats->field_id);
  }
}

static void check_stats(struct vqe_iceberg_checking *check, const char *key,
                        const struct vqe_iceberg_file *file,
                        const struct vqe_iceberg_stats *stats, bool ours)
{
  const struct vqe_iceberg_column *column = column_of(check, stats->field_id);
  if (column == NULL || !vqe_iceberg_type_has_bounds(column->type)) {
    if (ours && is_in_list(check, stats->field_id)) {
      check_list_stats(check, key, stats);
    }
    return; /* elements of lists, and columns dropped by others */
  }
  check_bound(check, key, column, &stats->lower, ours);
  check_bound(check, key, column, &stats->upper, ours);
  if (stats->lower.data != NULL && stats->upper.data != NULL &&
      vqe_iceberg_bytes_valid(&stats->lower, column->type) &&
      vqe_iceberg_bytes_valid(&stats->upper, column->type) &&
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
  if (stats->value_count >= 0 && stats->null_count == stats->value_count &&
      (stats->lower.data != NULL || stats->upper.data != NULL)) {
    PROBLEM(check, "'%s': bounds of '%s', which is null in all rows", key,
            column->name);
  }
  if (stats->nan_count >= 0 && column->type != VQE_ICEBERG_DOUBLE) {
    PROBLEM(check, "'%s': a count of NaN of '%s', which is no double", key,
            column->name);
  }
}

static void check_offsets(struct vqe_iceberg_checking *check, const char *key,
                          const struct vqe_iceberg_file *file)
{
  int64_t before = 0;
  for (size_t k = 0; k < file->nsplit_offsets; k++) {
    if (file->split_offsets[k] <= before ||
        file->split_offsets[k] >= file->size) {
      PROBLEM(check, "'%s': its split offsets do not rise within the file",
              key);
      return;
    }
    before = file->split_offsets[k];
  }
}

static int check_file(struct vqe_iceberg_checking *check,
                      const struct vqe_iceberg_manifest *manifest,
                      const struct vqe_iceberg_entry *entry)
{
  const struct vqe_iceberg_file *file = &entry->file;
  char *key = NULL;
  int64_t size;
  bool ours = vqe_iceberg_check_is_ours(check, manifest->snapshot);
  if (strchr(entry->uri, ':') == NULL ||
      vqe_objects_key_of_uri(&key, check->objects, entry->uri) != VQE_OK) {
    PROBLEM(check, "'%s': data file '%s' is outside the warehouse, or no URI",
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
  if (strcasecmp(entry->format, "PARQUET") != 0 && manifest->content == 0) {
    PROBLEM(check, "data file '%s' has the format %s, not PARQUET", key,
            entry->format);
  }
  if (entry->content != 0 && manifest->content == 0) {
    PROBLEM(check, "data file '%s' has content %d among data files", key,
            entry->content);
  }
  if (entry->of_deletes && entry->content == 0) {
    PROBLEM(check,
            "data file '%s' has equality_ids or a referenced data file, which "
            "only delete files have",
            key);
  }
  if (entry->sort_order >= 0 &&
      vqe_iceberg_by_id(check->table->metadata, "sort-orders", "order-id",
                        entry->sort_order) == NULL) {
    PROBLEM(check,
            "data file '%s' names sort order %" PRId64
            ", which the table has not",
            key, entry->sort_order);
  } else if (ours && entry->sort_order < 0) {
    PROBLEM(check, "data file '%s' has no sort order", key);
  }
  if (file->record_count == 0) {
    PROBLEM(check, "data file '%s' has no rows", key);
  }
  if (check->definition != NULL && manifest->content == 0) {
    for (size_t k = 0; k < file->nstats; k++) {
      check_stats(check, key, file, &file->stats[k], ours);
    }
    check_offsets(check, key, file);
  }
  free(key);
  return status;
}

static void compare_summary(struct vqe_iceberg_checking *check,
                            const char *uri, size_t field,
                            enum vqe_iceberg_type type,
                            const struct vqe_iceberg_field_summary *listed,
                            const struct vqe_iceberg_field_summary *found)
{
  bool known = type != VQE_ICEBERG_OTHER;
  if (found->contains_null != listed->contains_null ||
      (known && type != VQE_ICEBERG_DOUBLE && listed->contains_nan > 0) ||
      (known && !vqe_iceberg_bytes_equal(&listed->lower, &found->lower)) ||
      (known && !vqe_iceberg_bytes_equal(&listed->upper, &found->upper))) {
    PROBLEM(check,
            "'%s': the summary of partition field %zu does not match its "
            "entries",
            uri, field);
  }
}

/* Types of the partition values of a spec; *known false where there is no
 * such spec, which is reported where the manifest is read. */
static int types_of(enum vqe_iceberg_type **out, size_t *count, bool *known,
                    const struct vqe_iceberg_checking *check, int64_t spec_id)
{
  struct vqe_iceberg_partition_field *fields = NULL;
  *out = NULL;
  int status = vqe_iceberg_spec_fields(&fields, count, check->table, spec_id);
  *known = status == VQE_OK;
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(out, *count, sizeof **out, "partition summaries");
  }
  for (size_t k = 0; status == VQE_OK && k < *count; k++) {
    (*out)[k] = fields[k].type;
  }
  free(fields);
  return status;
}

/* What the list should say, worked out from the entries. */
static int summarise_manifest(struct vqe_iceberg_checking *check,
                              struct vqe_iceberg_seen *seen,
                              const struct vqe_iceberg_manifest *listed,
                              const struct vqe_iceberg_entries *entries)
{
  enum vqe_iceberg_type *types = NULL;
  size_t count = 0;
  bool known = false;
  int status = types_of(&types, &count, &known, check, listed->spec_id);
  if (status == VQE_OK && known) {
    status = vqe_iceberg_manifest_summarise(&seen->found, types, count,
                                            entries, listed->sequence);
    seen->compared = status == VQE_OK;
  }
  if (status != VQE_OK && status != VQE_ERR_MEMORY) {
    PROBLEM(check, "'%s': %s", listed->uri, vqe_error_message());
    status = VQE_OK;
  }
  free(types);
  return status;
}

/* The summaries of the partition values, which other writers may leave out. */
static int compare_summaries(struct vqe_iceberg_checking *check,
                             const struct vqe_iceberg_manifest *listed,
                             const struct vqe_iceberg_manifest *found)
{
  enum vqe_iceberg_type *types = NULL;
  size_t count = 0;
  bool known = false;
  if (listed->unsummarised) {
    return VQE_OK;
  }
  if (listed->npartitions != found->npartitions) {
    PROBLEM(check,
            "'%s': its list has partition summaries for %zu of %zu "
            "fields",
            listed->uri, listed->npartitions, found->npartitions);
  }
  int status = types_of(&types, &count, &known, check, listed->spec_id);
  for (size_t k = 0; status == VQE_OK && known && k < count &&
                     k < found->npartitions && k < listed->npartitions;
       k++) {
    compare_summary(check, listed->uri, k, types[k], &listed->partitions[k],
                    &found->partitions[k]);
  }
  free(types);
  return status;
}

/* A list's record of a manifest against the manifest. */
static int compare_manifest(struct vqe_iceberg_checking *check,
                            const struct vqe_iceberg_manifest *listed,
                            const struct vqe_iceberg_seen *seen)
{
  const struct vqe_iceberg_manifest *found = &seen->found;
  if (seen->size >= 0 && seen->size != listed->length) {
    PROBLEM(check, "'%s' has %" PRId64 " bytes, its list says %" PRId64,
            listed->uri, seen->size, listed->length);
  }
  if (!seen->compared) {
    return VQE_OK;
  }
  if (listed->added_files != found->added_files ||
      listed->existing_files != found->existing_files ||
      listed->deleted_files != found->deleted_files ||
      listed->added_rows != found->added_rows ||
      listed->existing_rows != found->existing_rows ||
      listed->deleted_rows != found->deleted_rows) {
    PROBLEM(check,
            "'%s': its list counts files %" PRId64 " and rows %" PRId64
            ", it holds %" PRId64 " and %" PRId64,
            listed->uri, listed->added_files + listed->existing_files,
            listed->added_rows + listed->existing_rows,
            found->added_files + found->existing_files,
            found->added_rows + found->existing_rows);
  }
  if (listed->min_sequence != found->min_sequence) {
    PROBLEM(check, "'%s': min_sequence_number is not that of its entries",
            listed->uri);
  }
  return compare_summaries(check, listed, found);
}

static int check_entries(struct vqe_iceberg_checking *check,
                         struct vqe_iceberg_seen *seen,
                         const struct vqe_iceberg_manifest *manifest,
                         const struct vqe_iceberg_entries *entries)
{
  bool ours = vqe_iceberg_check_is_ours(check, manifest->snapshot);
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < entries->count; k++) {
    const struct vqe_iceberg_entry *entry = &entries->list[k];
    if (entry->status != VQE_ICEBERG_ADDED &&
        (entry->sequence < 0 || entry->file_sequence < 0 ||
         entry->snapshot < 0)) {
      PROBLEM(check,
              "'%s': an entry that was there before has not both sequence "
              "numbers and its snapshot",
              manifest->uri);
    }
    /* others may rewrite files under the number that they had */
    if (ours && entry->status == VQE_ICEBERG_ADDED &&
        (entry->sequence >= 0 || entry->file_sequence >= 0)) {
      PROBLEM(check,
              "'%s': an added entry does not inherit its sequence numbers",
              manifest->uri);
    }
    if (entry->file_sequence > manifest->sequence ||
        (entry->file_sequence >= 0 &&
         entry->sequence > entry->file_sequence)) {
      PROBLEM(check, "'%s': a file sequence number does not fit",
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
      if (entry->status == VQE_ICEBERG_ADDED) {
        seen->added_files++;
        seen->added_rows += entry->file.record_count;
        seen->added_bytes += entry->file.size;
      }
      status = check_file(check, manifest, entry);
    } else {
      seen->deleted_files++;
      seen->deleted_rows += entry->file.record_count;
      seen->deleted_bytes += entry->file.size;
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
    status = vqe_iceberg_check_manifest_form(check, data, size, manifest);
  }
  if (status == VQE_OK && data != NULL) {
    int decoded = decode_entries(&entries, check, data, size, key);
    seen->read = decoded == VQE_OK;
    status = decoded == VQE_ERR_MEMORY ? decoded : VQE_OK;
  }
  if (status == VQE_OK && seen->read) {
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
  return status == VQE_OK ? compare_manifest(check, manifest, *out) : status;
}
