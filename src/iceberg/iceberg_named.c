#include "iceberg/iceberg_named.h"
#include "base/error_message.h"

#include <stdlib.h>
#include <string.h>

#include "iceberg/iceberg_foreign.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_read.h"
#include "objects/objects.h"
#include "vqe/error.h"

/* Note the key of a URI; *fresh when it was not noted before. */
static int add(bool *fresh, char **key, json_t *keys,
               struct vqe_objects *objects, const char *uri)
{
  *key = NULL;
  *fresh = false;
  if (uri == NULL) {
    return VQE_OK;
  }
  int status = vqe_objects_key_of_uri(key, objects, uri);
  if (status == VQE_OK && json_object_get(keys, *key) == NULL) {
    status = vqe_iceberg_note(keys, *key);
    *fresh = status == VQE_OK;
  }
  return status == VQE_ERR_MEMORY ? status : VQE_OK;
}

int vqe_iceberg_named_statistics(json_t *keys, struct vqe_objects *objects,
                                 const json_t *metadata)
{
  static const char *const lists[] = {"statistics", "partition-statistics"};
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
    size_t k;
    json_t *item;
    json_array_foreach(json_object_get(metadata, lists[l]), k, item)
    {
      char *key;
      bool fresh;
      int status = add(&fresh, &key, keys, objects,
                       vqe_iceberg_string(item, "statistics-path"));
      free(key);
      if (status != VQE_OK) {
        return status;
      }
    }
  }
  return VQE_OK;
}

/* Note the key of a manifest or a list; *data its bytes, NULL where it was
 * noted before or is gone. */
static int fetch(char **data, size_t *size, json_t *keys,
                 struct vqe_objects *objects, const char *uri)
{
  char *key;
  bool fresh;
  *data = NULL;
  int status = add(&fresh, &key, keys, objects, uri);
  if (fresh) {
    status =
        vqe_objects_get(data, size, objects, key, VQE_ICEBERG_MANIFEST_LIMIT);
  }
  free(key);
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

static int add_manifest(json_t *keys, struct vqe_objects *objects,
                        const char *uri)
{
  struct vqe_iceberg_entries entries = {.list = NULL};
  char *data;
  size_t size = 0;
  int status = fetch(&data, &size, keys, objects, uri);
  if (status == VQE_OK && data != NULL) {
    status = vqe_iceberg_manifest_decode(&entries, data, size, uri);
  }
  for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
    char *file;
    bool fresh;
    if (entries.list[k].status != VQE_ICEBERG_DELETED) {
      status = add(&fresh, &file, keys, objects, entries.list[k].uri);
      free(file);
    }
  }
  vqe_iceberg_entries_clear(&entries);
  free(data);
  return status;
}

static int add_snapshot(json_t *keys, struct vqe_objects *objects,
                        const json_t *snapshot)
{
  const char *uri = vqe_iceberg_string(snapshot, "manifest-list");
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  char *data;
  size_t size = 0;
  int status = fetch(&data, &size, keys, objects, uri);
  if (status == VQE_OK && data != NULL) {
    status = vqe_iceberg_manifest_list_decode(&manifests, data, size, uri);
  }
  for (size_t k = 0; status == VQE_OK && k < manifests.count; k++) {
    status = add_manifest(keys, objects, manifests.list[k].uri);
  }
  vqe_iceberg_manifests_clear(&manifests);
  free(data);
  return status;
}

int vqe_iceberg_named_snapshots(json_t *keys, struct vqe_objects *objects,
                                const json_t *metadata)
{
  size_t k;
  json_t *snapshot;
  int status = VQE_OK;
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    if (status == VQE_OK) {
      status = add_snapshot(keys, objects, snapshot);
    }
  }
  return status;
}

int vqe_iceberg_named_by_catalogs(json_t *keys,
                                  const struct vqe_iceberg_table *table)
{
  const char *own = vqe_iceberg_string(table->metadata, "table-uuid");
  const char *file;
  json_t *unused;
  int status = VQE_OK;
  json_object_foreach(table->catalogs, file, unused)
  {
    json_t *theirs = NULL;
    status = vqe_iceberg_fetch_metadata(&theirs, table->objects, file);
    const char *uuid = vqe_iceberg_string(theirs, "table-uuid");
    if (status == VQE_OK && uuid != NULL && strcasecmp(uuid, own) == 0) {
      status = vqe_iceberg_named_statistics(keys, table->objects, theirs);
      if (status == VQE_OK) {
        status = vqe_iceberg_named_snapshots(keys, table->objects, theirs);
      }
    }
    json_decref(theirs);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_OK;
    }
    if (status != VQE_OK) {
      status = vqe_error_context(status, "'%s'", file);
      break;
    }
  }
  return status;
}
