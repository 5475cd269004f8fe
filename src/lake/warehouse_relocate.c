#include "lake/warehouse_relocate.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

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

/* The path without links, as far as it exists; "" for the root. */
static int resolve(char **out, const char *path)
{
  char *copy = NULL;
  char *real = NULL;
  *out = NULL;
  int status = vqe_memory_strdup(&copy, path);
  size_t length = strlen(path);
  if (status != VQE_OK || copy == NULL) {
    return status;
  }
  while (real == NULL && length > 0) {
    copy[length] = '\0';
    real = realpath(copy, NULL);
    while (real == NULL && length > 0 && copy[--length] != '/') {
    }
  }
  bool is_root = real == NULL || strcmp(real, "/") == 0;
  status =
      vqe_memory_print(out, "%s%s", is_root ? "" : real,
                       is_root && strcmp(path, "/") == 0 ? "" : path + length);
  free(real);
  free(copy);
  return status;
}

/* Where a place is; for a folder its path. */
static int whereabouts(char **out, const struct vqe_objects *objects)
{
  char *uri = NULL;
  *out = NULL;
  int status = vqe_objects_uri(&uri, objects, "");
  if (status == VQE_OK && uri != NULL && vqe_objects_is_local(objects)) {
    status = resolve(out, strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri);
    free(uri);
  } else {
    *out = uri;
  }
  return status;
}

static bool lies_in(const char *inner, const char *outer)
{
  size_t length = strlen(outer);
  return strncmp(inner, outer, length) == 0 &&
         (inner[length] == '/' || inner[length] == '\0');
}

static int refuse(const char *to, const char *to_name, const char *from,
                  const char *from_name)
{
  static const char *const remedy = "give a place of its own as target";
  if (strcmp(to, from) == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "source and target are the same: '%s', '%s'; %s",
                         from_name, to_name, remedy);
  }
  return lies_in(to, from)
             ? vqe_error_set(VQE_ERR_INPUT,
                             "the target '%s' lies in the source '%s'; %s",
                             to_name, from_name, remedy)
             : vqe_error_set(VQE_ERR_INPUT,
                             "the source '%s' lies in the target '%s'; %s",
                             from_name, to_name, remedy);
}

/* Equal URIs may be in different stores. */
int vqe_warehouse_relocate_apart(const struct vqe_objects *to,
                                 const char *to_name,
                                 const struct vqe_objects *from,
                                 const char *from_name)
{
  char *target = NULL;
  char *source = NULL;
  bool local = vqe_objects_is_local(to);
  if (local != vqe_objects_is_local(from) ||
      (!local &&
       strcmp(vqe_objects_describe(to), vqe_objects_describe(from)) != 0)) {
    return VQE_OK;
  }
  int status = whereabouts(&target, to);
  if (status == VQE_OK) {
    status = whereabouts(&source, from);
  }
  if (status == VQE_OK && target != NULL && source != NULL &&
      (lies_in(target, source) || lies_in(source, target))) {
    status = refuse(target, to_name, source, from_name);
  }
  free(target);
  free(source);
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
  int status = VQE_OK;
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
