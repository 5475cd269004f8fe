#include "iceberg/iceberg_scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_read.h"

/* Names of the live files so far. */
struct names {
  char **list;
  size_t count, capacity;
};

static int add_name(struct names *names, const char *key)
{
  int status = VQE_OK;
  if (names->count == names->capacity) {
    size_t more = names->capacity == 0 ? 64 : 2 * names->capacity;
    status = vqe_memory_grow(&names->list, names->count, more,
                             sizeof *names->list, "the names of data files");
    names->capacity = status == VQE_OK ? more : names->capacity;
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&names->list[names->count], key);
    names->count += status == VQE_OK;
  }
  return status;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A file that is named twice would have its rows read twice. */
static int check_named_once(struct names *names,
                            const struct vqe_iceberg_table *table)
{
  int status = VQE_OK;
  if (names->count > 1) {
    qsort(names->list, names->count, sizeof *names->list, compare_names);
  }
  for (size_t k = 1; status == VQE_OK && k < names->count; k++) {
    if (strcmp(names->list[k - 1], names->list[k]) == 0) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "table '%s' is damaged: its manifests name data "
                             "file '%s' more than once (vqe_lake check)",
                             table->name, names->list[k]);
    }
  }
  return status;
}

static void free_names(struct names *names)
{
  for (size_t k = 0; k < names->count; k++) {
    free(names->list[k]);
  }
  free(names->list);
}

static int scan_manifest(struct vqe_iceberg_table *table,
                         const struct vqe_iceberg_manifest *manifest,
                         struct names *names, vqe_iceberg_visit visit,
                         void *ctx)
{
  struct vqe_iceberg_entries entries;
  if (manifest->content != 0) {
    return vqe_iceberg_check_deletes(table, manifest);
  }
  int status = vqe_iceberg_read_entries(&entries, table, manifest);
  for (size_t e = 0; status == VQE_OK && e < entries.count; e++) {
    const struct vqe_iceberg_entry *entry = &entries.list[e];
    if (entry->status == VQE_ICEBERG_DELETED) {
      continue;
    }
    if (strcasecmp(entry->format, "PARQUET") != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "'%s' is a file of format %s; this version "
                             "reads Parquet",
                             entry->file.key, entry->format);
    }
    if (status == VQE_OK) {
      status = add_name(names, entry->file.key);
    }
    if (status == VQE_OK) {
      status = visit(ctx, &entry->file, entry->snapshot);
    }
  }
  vqe_iceberg_entries_clear(&entries);
  return status;
}

/* All manifests are read, whatever counts the list has of them: a wrong one
 * must hide no rows. */
int vqe_iceberg_scan(struct vqe_iceberg_table *table, int64_t snapshot,
                     vqe_iceberg_visit visit, void *ctx)
{
  struct vqe_iceberg_manifests manifests;
  struct names names = {.count = 0};
  int status = vqe_iceberg_read_manifests(&manifests, table, snapshot);
  for (size_t k = 0; status == VQE_OK && k < manifests.count; k++) {
    status = scan_manifest(table, &manifests.list[k], &names, visit, ctx);
  }
  if (status == VQE_OK) {
    status = check_named_once(&names, table);
  }
  free_names(&names);
  vqe_iceberg_manifests_clear(&manifests);
  return status;
}
