/* The data files that a caller gives, as entries of a manifest: checked
 * against the definition, their bounds made safe. */
#include "iceberg/iceberg_prepare.h"

#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"
#include "objects/objects.h"

/* The leaf with that field id: its type, and whether it is in a list. */
static const struct vqe_iceberg_column *
find_leaf(const struct vqe_iceberg_definition *definition, int id)
{
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    if (vqe_iceberg_column_leaf(column) == id) {
      return column;
    }
  }
  return NULL;
}

static int prepare_stats(struct vqe_iceberg_stats *to,
                         const struct vqe_iceberg_stats *from,
                         const struct vqe_iceberg_column *column,
                         const struct vqe_iceberg_file *file)
{
  vqe_iceberg_stats_unknown(to, from->field_id);
  to->column_size = from->column_size;
  if (!vqe_iceberg_type_has_bounds(column->type)) {
    return VQE_OK; /* readers want sizes only for what is in a list */
  }
  to->value_count = from->value_count;
  to->null_count = from->null_count;
  if (column->type == VQE_ICEBERG_DOUBLE) {
    to->nan_count = from->nan_count;
  }
  if (from->value_count >= 0 && (from->value_count != file->record_count ||
                                 from->null_count > from->value_count ||
                                 from->nan_count > from->value_count)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s': column '%s' has %lld values, %lld of them "
                         "null, in %lld rows",
                         file->key, column->name, (long long)from->value_count,
                         (long long)from->null_count,
                         (long long)file->record_count);
  }
  bool none = from->value_count >= 0 && from->null_count == from->value_count;
  if (none) {
    return VQE_OK;
  }
  int status = vqe_iceberg_bytes_copy(&to->lower, &from->lower);
  if (status == VQE_OK) {
    status = vqe_iceberg_bytes_copy(&to->upper, &from->upper);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_bound(&to->lower, column->type, false);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_bound(&to->upper, column->type, true);
  }
  return status == VQE_OK ? status
                          : vqe_error_context(status, "'%s': column '%s'",
                                              file->key, column->name);
}

static int prepare_partition(struct vqe_iceberg_file *to,
                             const struct vqe_iceberg_file *from,
                             const struct vqe_iceberg_definition *definition)
{
  if (from->npartition != definition->npartition) {
    return vqe_error_set(
        VQE_ERR_INPUT, "'%s' has %zu partition values, table '%s' needs %zu",
        from->key, from->npartition, definition->name, definition->npartition);
  }
  int status = vqe_memory_alloc(&to->partition, from->npartition,
                                sizeof *to->partition, "partition values");
  for (size_t k = 0; status == VQE_OK && k < from->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    const struct vqe_iceberg_bytes *value = &from->partition[k];
    if (value->data != NULL && !vqe_iceberg_bytes_valid(value, column->type)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "'%s': partition value of '%s' has %zu bytes, "
                           "which is no %s",
                           from->key, column->name, value->size,
                           vqe_iceberg_type_name(column->type));
    }
    status = vqe_iceberg_bytes_copy(&to->partition[k], value);
    to->npartition = k + 1;
  }
  return status;
}

static int check_file(const struct vqe_iceberg_file *file,
                      const struct vqe_iceberg_definition *definition)
{
  char folder[512];
  snprintf(folder, sizeof folder, "%s/%s/data/", VQE_ICEBERG_NAMESPACE,
           definition->name);
  if (file->key == NULL || strncmp(file->key, folder, strlen(folder)) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "data file '%s' is not in '%s'",
                         file->key == NULL ? "" : file->key, folder);
  }
  if (file->record_count <= 0 || file->size <= 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s': %lld rows in %lld bytes: leave empty files "
                         "out",
                         file->key, (long long)file->record_count,
                         (long long)file->size);
  }
  return VQE_OK;
}

static int prepare_leaves(struct vqe_iceberg_file *to,
                          const struct vqe_iceberg_file *from,
                          const struct vqe_iceberg_definition *definition)
{
  int status = vqe_memory_alloc(&to->stats, from->nstats, sizeof *to->stats,
                                "statistics");
  for (size_t k = 0; status == VQE_OK && k < from->nstats; k++) {
    const struct vqe_iceberg_stats *stats = &from->stats[k];
    const struct vqe_iceberg_column *column =
        find_leaf(definition, stats->field_id);
    if (column == NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "'%s': table '%s' has no column of field id %d",
                           from->key, definition->name, stats->field_id);
    }
    to->nstats = k + 1;
    status = prepare_stats(&to->stats[k], stats, column, from);
  }
  return status;
}

static int copy_offsets(struct vqe_iceberg_file *to,
                        const struct vqe_iceberg_file *from)
{
  if (from->nsplit_offsets == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&to->split_offsets, from->nsplit_offsets,
                                sizeof *to->split_offsets, "split offsets");
  if (status == VQE_OK) {
    memcpy(to->split_offsets, from->split_offsets,
           from->nsplit_offsets * sizeof *to->split_offsets);
    to->nsplit_offsets = from->nsplit_offsets;
  }
  return status;
}

int vqe_iceberg_entry_prepare(struct vqe_iceberg_entry *entry,
                              struct vqe_objects *objects,
                              const struct vqe_iceberg_definition *definition,
                              const struct vqe_iceberg_file *from,
                              int64_t snapshot)
{
  struct vqe_iceberg_file *to = &entry->file;
  memset(entry, 0, sizeof *entry);
  int status = check_file(from, definition);
  if (status != VQE_OK) {
    return status;
  }
  entry->status = VQE_ICEBERG_ADDED;
  entry->snapshot = snapshot;
  entry->sequence = entry->file_sequence = VQE_ICEBERG_INHERITED;
  entry->sort_order = 0;
  to->record_count = from->record_count;
  to->size = from->size;
  status = vqe_memory_strdup(&to->key, from->key);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->format, "PARQUET");
  }
  if (status == VQE_OK) {
    status = vqe_objects_uri(&entry->uri, objects, from->key);
  }
  if (status == VQE_OK) {
    status = prepare_partition(to, from, definition);
  }
  if (status == VQE_OK) {
    status = prepare_leaves(to, from, definition);
  }
  if (status == VQE_OK) {
    status = copy_offsets(to, from);
  }
  if (status != VQE_OK) {
    vqe_iceberg_entry_clear(entry);
  }
  return status;
}
