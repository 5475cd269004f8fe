#include "lake/warehouse_maintain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_writer.h"

#define MAX_RACES 20
/* No writer of ours takes longer between its first file and its commit. */
#define DAY_MS INT64_C(86400000)

struct merging {
  struct vqe_warehouse *warehouse;
  struct vqe_table *table;
  const char *run_id;
};

/* Files of one partition, one after another, as one. */
static int merge(void *ctx, struct vqe_iceberg_file *out,
                 const struct vqe_iceberg_definition *definition,
                 const struct vqe_iceberg_file *files, size_t nfiles)
{
  struct merging *merging = ctx;
  struct vqe_table_writer *writer = NULL;
  struct vqe_table part = {.name = merging->table->name,
                           .index = merging->table->index,
                           .definition = merging->table->definition,
                           .exists = true,
                           .snapshot = merging->table->snapshot};
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  int status = VQE_OK;
  (void)definition;
  part.paths = calloc(nfiles, sizeof(char *));
  if (part.paths == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
  }
  for (size_t k = 0; status == VQE_OK && k < nfiles; k++) {
    status = vqe_warehouse_fetch(&part.paths[k], merging->warehouse,
                                 files[k].key, files[k].size);
    part.npaths = k + 1;
  }
  if (status == VQE_OK) {
    status = vqe_table_require_ids(vqe_warehouse_duck(merging->warehouse),
                                   part.name, part.paths, part.npaths);
  }
  if (status == VQE_OK) {
    /* only then all paths are there */
    vqe_duck_add(&sql, "SELECT * FROM ");
    vqe_table_add_scan(&sql, &part);
    status = sql.status;
  }
  if (status == VQE_OK) {
    status = vqe_table_writer_create(&writer, merging->warehouse, &part,
                                     merging->run_id);
  }
  if (status == VQE_OK) {
    status = vqe_table_writer_rows(writer, "compact", sql.data);
  }
  if (status == VQE_OK && !vqe_table_writer_take(writer, out)) {
    status = vqe_error_set(VQE_ERR_INPUT, "table '%s': files without rows",
                           part.name);
  }
  vqe_table_writer_free(writer);
  free(sql.data);
  for (size_t k = 0; k < part.npaths; k++) {
    free(part.paths[k]);
  }
  free(part.paths);
  return status;
}

static int compact_table(struct vqe_warehouse_compact_result *result,
                         struct vqe_warehouse *warehouse,
                         enum vqe_lake_table_index index)
{
  struct vqe_iceberg_compact_result done = {0};
  struct vqe_iceberg_compact_options compact = {0, 0};
  struct vqe_table *table = NULL;
  char run_id[37];
  int status = vqe_iceberg_uuid(run_id);
  if (status == VQE_OK) {
    status = vqe_table_open(&table, warehouse, index, false);
  }
  if (status == VQE_OK) {
    status = vqe_table_add_others(table, warehouse);
  }
  if (status == VQE_OK) {
    status = vqe_table_require_types(table);
  }
  if (status == VQE_OK && table->snapshot != VQE_ICEBERG_NO_SNAPSHOT) {
    struct merging merging = {warehouse, table, run_id};
    struct vqe_iceberg_commit_options options = {
        .run_id = run_id, .exclusive = vqe_warehouse_exclusive(warehouse)};
    vqe_warehouse_forget(warehouse, index);
    status = vqe_iceberg_compact(&done, vqe_warehouse_objects(warehouse),
                                 table->definition, merge, &merging, &compact,
                                 &options);
  }
  if (status == VQE_OK) {
    result->files_before += done.files_before;
    result->files_after += done.files_after;
    result->merged += done.merged;
  }
  vqe_table_close(table);
  return status;
}

int vqe_warehouse_compact(struct vqe_warehouse_compact_result *result,
                          struct vqe_warehouse *warehouse)
{
  int status = VQE_OK;
  memset(result, 0, sizeof *result);
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    int races = 0;
    do {
      status = compact_table(result, warehouse, (enum vqe_lake_table_index)k);
    } while (status == VQE_ERR_EXISTS && ++races < MAX_RACES);
    if (status == VQE_ERR_UNSUPPORTED) {
      vqe_warehouse_warn(warehouse, "%s: it is left as it is",
                         vqe_error_message());
      result->left_alone++;
      status = VQE_OK;
    }
  }
  return status;
}

int vqe_warehouse_expire(struct vqe_iceberg_expire_result *result,
                         struct vqe_warehouse *warehouse,
                         int64_t older_than_ms)
{
  struct vqe_iceberg_expire_options options = {
      .older_than_ms = older_than_ms,
      .exclusive = vqe_warehouse_exclusive(warehouse)};
  int status = vqe_warehouse_alone(&options.alone, warehouse);
  memset(result, 0, sizeof *result);
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    struct vqe_iceberg_expire_result done = {0};
    status = vqe_iceberg_expire(&done, vqe_warehouse_objects(warehouse),
                                vqe_lake_definitions[k].name, &options);
    if (status == VQE_ERR_UNSUPPORTED) {
      vqe_warehouse_warn(warehouse, "%s: it is left as it is",
                         vqe_error_message());
    }
    if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_UNSUPPORTED) {
      status = VQE_OK;
    }
    result->tags += done.tags;
    result->snapshots += done.snapshots;
    result->data_files += done.data_files;
    result->manifests += done.manifests;
    result->manifest_lists += done.manifest_lists;
    result->metadata_files += done.metadata_files;
  }
  return status == VQE_OK ? vqe_warehouse_share(warehouse) : status;
}

int vqe_warehouse_remove_orphans(int64_t *count,
                                 struct vqe_warehouse *warehouse,
                                 int64_t older_than_ms)
{
  int64_t day_ago_ms = (int64_t)time(NULL) * 1000 - DAY_MS;
  bool alone;
  int status = vqe_warehouse_alone(&alone, warehouse);
  if (!alone && older_than_ms > day_ago_ms) {
    older_than_ms = day_ago_ms;
  }
  *count = 0;
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    int64_t removed = 0;
    status = vqe_iceberg_remove_orphans(
        &removed, vqe_warehouse_objects(warehouse),
        vqe_lake_definitions[k].name, older_than_ms);
    if (status == VQE_ERR_UNSUPPORTED) {
      vqe_warehouse_warn(warehouse, "%s: it is left as it is",
                         vqe_error_message());
    }
    if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_UNSUPPORTED) {
      status = VQE_OK;
    }
    *count += removed;
  }
  return status == VQE_OK ? vqe_warehouse_share(warehouse) : status;
}
