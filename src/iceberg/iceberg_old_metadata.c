#include "iceberg/iceberg_old_metadata.h"

#include <jansson.h>
#include <stdlib.h>

#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_versions.h"
#include "objects/objects.h"
#include "vqe/error.h"

/* Keys that the metadata log names. */
static int read_log(json_t *kept, const struct vqe_iceberg_table *table)
{
  size_t k;
  json_t *entry;
  int status = VQE_OK;
  json_array_foreach(json_object_get(table->metadata, "metadata-log"), k,
                     entry)
  {
    const char *uri = vqe_iceberg_string(entry, "metadata-file");
    char *key = NULL;
    if (uri == NULL) {
      continue;
    }
    status = vqe_objects_key_of_uri(&key, table->objects, uri);
    if (status == VQE_OK) {
      status = vqe_iceberg_note(kept, key);
    }
    free(key);
    if (status == VQE_ERR_MEMORY) {
      return status;
    }
  }
  return VQE_OK; /* what lies elsewhere is not listed here */
}

int vqe_iceberg_remove_old_metadata(int64_t *count,
                                    const struct vqe_iceberg_table *table,
                                    int64_t before_ms)
{
  struct vqe_iceberg_versions versions = {.list = NULL};
  json_t *kept = json_object();
  int status = read_log(kept, table);
  if (status == VQE_OK) {
    status = vqe_iceberg_note(kept, table->key);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_versions_list(&versions, table->objects, table->name);
  }
  for (size_t k = 0; status == VQE_OK && k < versions.count; k++) {
    const struct vqe_iceberg_version *file = &versions.list[k];
    if (file->kind != VQE_ICEBERG_NAME_VERSION ||
        file->version >= table->version || file->modified_ms == 0 ||
        file->modified_ms >= before_ms ||
        json_object_get(kept, file->key) != NULL) {
      continue;
    }
    status = vqe_objects_delete(table->objects, file->key);
    if (status == VQE_OK) {
      status = vqe_iceberg_drop_checksum(table->objects, file->key);
    }
    *count += status == VQE_OK;
  }
  vqe_iceberg_versions_clear(&versions);
  json_decref(kept);
  return status;
}
