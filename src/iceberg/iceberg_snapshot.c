#include "iceberg/iceberg_snapshot.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_table.h"

void vqe_iceberg_snapshots_free(struct vqe_iceberg_snapshot *snapshots,
                                size_t count)
{
  for (size_t k = 0; snapshots != NULL && k < count; k++) {
    for (size_t r = 0; r < snapshots[k].nrefs; r++) {
      free(snapshots[k].refs[r]);
    }
    free(snapshots[k].refs);
    free(snapshots[k].operation);
    free(snapshots[k].run_id);
  }
  free(snapshots);
}

static int read_snapshot(struct vqe_iceberg_snapshot *out, const json_t *json,
                         const struct vqe_iceberg_table *table)
{
  const json_t *summary = json_object_get(json, "summary");
  const char *operation = vqe_iceberg_string(summary, "operation");
  out->id = vqe_iceberg_integer(json, "snapshot-id", -1);
  out->parent =
      vqe_iceberg_integer(json, "parent-snapshot-id", VQE_ICEBERG_NO_SNAPSHOT);
  out->sequence = vqe_iceberg_integer(json, "sequence-number", 0);
  out->timestamp_ms = vqe_iceberg_integer(json, "timestamp-ms", 0);
  out->schema_id = (int)vqe_iceberg_integer(json, "schema-id", -1);
  out->current = out->id == vqe_iceberg_current_snapshot(table);
  out->added_files = vqe_iceberg_summary(json, "added-data-files", 0);
  out->added_records = vqe_iceberg_summary(json, "added-records", 0);
  out->deleted_records = vqe_iceberg_summary(json, "deleted-records", 0);
  out->total_files = vqe_iceberg_summary(json, "total-data-files", -1);
  out->total_records = vqe_iceberg_summary(json, "total-records", -1);
  int status =
      vqe_memory_strdup(&out->operation, operation == NULL ? "" : operation);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(
        &out->run_id, vqe_iceberg_string(summary, VQE_ICEBERG_RUN_KEY));
  }
  return status;
}

static int by_id(const void *a, const void *b)
{
  const struct vqe_iceberg_snapshot *x = a;
  const struct vqe_iceberg_snapshot *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

/* A list has room for a power of two of names. */
static int add_ref(struct vqe_iceberg_snapshot *snapshot, const char *name)
{
  int status = VQE_OK;
  size_t count = snapshot->nrefs;
  if ((count & (count - 1)) == 0) {
    status = vqe_memory_grow(&snapshot->refs, count, count > 0 ? 2 * count : 1,
                             sizeof *snapshot->refs, "tags and branches");
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&snapshot->refs[count], name);
  }
  snapshot->nrefs += status == VQE_OK ? 1 : 0;
  return status;
}

/* Give each of the snapshots, which are sorted by their ids, its tags and
 * branches: others may have made very many of both. */
static int add_refs(struct vqe_iceberg_snapshot *snapshots, size_t total,
                    const struct vqe_iceberg_table *table)
{
  const char *name;
  json_t *ref;
  int status = VQE_OK;
  json_object_foreach(json_object_get(table->metadata, "refs"), name, ref)
  {
    const struct vqe_iceberg_snapshot key = {
        .id = vqe_iceberg_integer(ref, "snapshot-id", -1)};
    struct vqe_iceberg_snapshot *found =
        status == VQE_OK && total > 0
            ? bsearch(&key, snapshots, total, sizeof key, by_id)
            : NULL;
    if (found != NULL) {
      status = add_ref(found, name);
    }
  }
  return status;
}

static int by_sequence(const void *a, const void *b)
{
  const struct vqe_iceberg_snapshot *x = a;
  const struct vqe_iceberg_snapshot *y = b;
  if (x->sequence != y->sequence) {
    return x->sequence < y->sequence ? -1 : 1;
  }
  return (x->timestamp_ms > y->timestamp_ms) -
         (x->timestamp_ms < y->timestamp_ms);
}

int vqe_iceberg_snapshots(struct vqe_iceberg_snapshot **out, size_t *count,
                          const struct vqe_iceberg_table *table)
{
  const json_t *list = json_object_get(table->metadata, "snapshots");
  size_t total = json_array_size(list);
  *out = NULL;
  *count = 0;
  int status = vqe_memory_alloc(out, total, sizeof **out, "snapshots");
  for (size_t k = 0; status == VQE_OK && k < total; k++) {
    status = read_snapshot(&(*out)[k], json_array_get(list, k), table);
  }
  if (status == VQE_OK && total > 0) {
    qsort(*out, total, sizeof **out, by_id);
    status = add_refs(*out, total, table);
  }
  if (status != VQE_OK) {
    vqe_iceberg_snapshots_free(*out, total);
    *out = NULL;
    return status;
  }
  qsort(*out, total, sizeof **out, by_sequence);
  *count = total;
  return VQE_OK;
}

int vqe_iceberg_find_ref(int64_t *snapshot,
                         const struct vqe_iceberg_table *table,
                         const char *ref)
{
  const json_t *found =
      json_object_get(json_object_get(table->metadata, "refs"), ref);
  *snapshot = vqe_iceberg_integer(found, "snapshot-id", -1);
  if (*snapshot < 0) {
    *snapshot = VQE_ICEBERG_NO_SNAPSHOT;
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "table '%s' has no tag or branch '%s'", table->name,
                         ref);
  }
  return VQE_OK;
}

int64_t vqe_iceberg_find_run(const struct vqe_iceberg_table *table,
                             const char *run_id)
{
  size_t k;
  json_t *snapshot;
  json_array_foreach(json_object_get(table->metadata, "snapshots"), k,
                     snapshot)
  {
    const char *found = vqe_iceberg_string(
        json_object_get(snapshot, "summary"), VQE_ICEBERG_RUN_KEY);
    if (found != NULL && strcmp(found, run_id) == 0) {
      return vqe_iceberg_integer(snapshot, "snapshot-id",
                                 VQE_ICEBERG_NO_SNAPSHOT);
    }
  }
  return VQE_ICEBERG_NO_SNAPSHOT;
}
