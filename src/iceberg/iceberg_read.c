#include "iceberg/iceberg_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"

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
  size_t size = 0;
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

static int refuse_deletes(const struct vqe_iceberg_table *table)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "table '%s' has delete files, which this version "
                       "does not read; let their writer compact it",
                       table->name);
}

int vqe_iceberg_check_deletes(struct vqe_iceberg_table *table,
                              const struct vqe_iceberg_manifest *manifest)
{
  struct vqe_iceberg_entries entries = {.count = 0};
  char *data = NULL;
  size_t size = 0;
  if (manifest->added_files > 0 || manifest->existing_files > 0) {
    return refuse_deletes(table);
  }
  /* its counts may be wrong */
  int status = get_by_uri(&data, &size, table, manifest->uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_decode(&entries, data, size, manifest->uri);
  }
  for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
    if (entries.list[k].status != VQE_ICEBERG_DELETED) {
      status = refuse_deletes(table);
    }
  }
  free(data);
  vqe_iceberg_entries_clear(&entries);
  return status;
}

int vqe_iceberg_read_entries(struct vqe_iceberg_entries *out,
                             struct vqe_iceberg_table *table,
                             const struct vqe_iceberg_manifest *manifest)
{
  char *data = NULL;
  size_t size = 0;
  memset(out, 0, sizeof *out);
  if (manifest->content != 0) {
    return refuse_deletes(table);
  }
  int status = get_by_uri(&data, &size, table, manifest->uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_decode(out, data, size, manifest->uri);
  }
  for (size_t k = 0; status == VQE_OK && k < out->count; k++) {
    struct vqe_iceberg_entry *entry = &out->list[k];
    entry->file.spec_id = manifest->spec_id;
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
