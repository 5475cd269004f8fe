#include "lake/warehouse_relocate.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"

/* Tables in a row that a store fails for before it counts as down. */
#define MOST_FAILURES 2

static int note_table(void *ctx, const struct vqe_object *object)
{
  bool *found = ctx;
  *found = *found || object->is_folder;
  return VQE_OK;
}

int vqe_warehouse_relocate_source(struct vqe_objects *from)
{
  bool found = false;
  int status =
      vqe_objects_list(from, VQE_ICEBERG_NAMESPACE, false, note_table, &found);
  if (status == VQE_OK && !found) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND, "no table of ours in %s",
                           vqe_objects_describe(from));
  }
  return status;
}

/* Equal URIs may be in different stores. */
static int require_elsewhere(const struct vqe_objects *to,
                             const struct vqe_objects *from)
{
  char *left = NULL;
  char *right = NULL;
  int status = vqe_objects_uri(&left, to, "");
  if (status == VQE_OK) {
    status = vqe_objects_uri(&right, from, "");
  }
  if (status == VQE_OK && strcmp(left, right) == 0 &&
      strcmp(vqe_objects_describe(to), vqe_objects_describe(from)) == 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "source and target are the same: '%s'", left);
  }
  free(left);
  free(right);
  return status;
}

static void add(struct vqe_iceberg_relocate_result *sum,
                const struct vqe_iceberg_relocate_result *one)
{
  sum->files += one->files;
  sum->bytes += one->bytes;
  sum->files_there += one->files_there;
  sum->metadata_files += one->metadata_files;
  sum->metadata_bytes += one->metadata_bytes;
  sum->removed += one->removed;
  sum->removed_bytes += one->removed_bytes;
  sum->kept += one->kept;
  sum->problems += one->problems;
  sum->is_committed = sum->is_committed || one->is_committed;
}

/* Fills *done; a table that is not there counts as nothing where all are
 * asked for. */
static int relocate_table(struct vqe_iceberg_relocate_result *done,
                          struct vqe_warehouse_relocate_result *result,
                          struct vqe_objects *to, struct vqe_objects *from,
                          enum vqe_lake_table_index index,
                          const struct vqe_warehouse_relocate_options *options)
{
  const char *name = vqe_lake_definitions[index].name;
  const struct vqe_iceberg_relocate_options relocate = {
      .scratch = options->scratch,
      .dry_run = options->dry_run,
      .remove = options->remove,
      .stopped = options->stopped,
      .report = options->report,
      .report_ctx = options->ctx};
  int status = vqe_iceberg_relocate(done, to, from, name, &relocate);
  if (status == VQE_ERR_NOT_FOUND && !options->tables[index]) {
    return VQE_OK;
  }
  bool whole = status == VQE_OK && done->problems == 0;
  add(&result->sum, done);
  result->tables += whole;
  result->failed += !whole;
  options->done(options->ctx, name, status, done);
  return status;
}

int vqe_warehouse_relocate(
    struct vqe_warehouse_relocate_result *result, struct vqe_objects *to,
    struct vqe_objects *from,
    const struct vqe_warehouse_relocate_options *options)
{
  bool all = true;
  int failures = 0;
  memset(result, 0, sizeof *result);
  int status = require_elsewhere(to, from);
  if (status != VQE_OK) {
    return status;
  }
  for (int k = 0; k < VQE_LAKE_TABLES; k++) {
    all = all && !options->tables[k];
  }
  for (int k = 0; k < VQE_LAKE_TABLES; k++) {
    struct vqe_iceberg_relocate_result done = {0};
    if (!all && !options->tables[k]) {
      continue;
    }
    status = relocate_table(&done, result, to, from,
                            (enum vqe_lake_table_index)k, options);
    failures = status == VQE_ERR_IO ? failures + 1 : 0;
    if (status == VQE_ERR_MEMORY || status == VQE_ERR_INTERRUPTED ||
        failures == MOST_FAILURES) {
      return status;
    }
  }
  return VQE_OK;
}
