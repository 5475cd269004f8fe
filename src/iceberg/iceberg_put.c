#include "iceberg/iceberg_put.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_write.h"
#include "iceberg/iceberg_snapshot.h"
#include "objects/objects.h"

int vqe_iceberg_put_manifest(struct vqe_iceberg_manifest *out, char **out_key,
                             struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition,
                             const json_t *metadata,
                             const struct vqe_iceberg_entries *entries,
                             int64_t snapshot, int64_t sequence,
                             const char *name)
{
  char *data = NULL;
  size_t size = 0;
  char *key = NULL;
  memset(out, 0, sizeof *out);
  *out_key = NULL;
  int status = vqe_iceberg_manifest_encode(
      &data, &size, out, definition, vqe_iceberg_current_schema(metadata),
      vqe_iceberg_integer(metadata, "default-spec-id", 0), entries, sequence);
  if (status == VQE_OK) {
    status = vqe_memory_print(&key, VQE_ICEBERG_NAMESPACE "/%s/metadata/%s",
                              definition->name, name);
  }
  if (status == VQE_OK) {
    status = vqe_objects_uri(&out->uri, objects, key);
  }
  if (status == VQE_OK) {
    out->length = (int64_t)size;
    out->snapshot = snapshot;
    out->sequence = sequence;
    status = vqe_objects_put(objects, key, data, size, VQE_OBJECTS_ONLY_NEW);
  }
  if (status == VQE_OK) {
    *out_key = key;
    key = NULL;
  } else {
    vqe_iceberg_manifest_clear(out);
  }
  free(key);
  free(data);
  return status;
}

int vqe_iceberg_put_list(char **uri, char **out_key,
                         struct vqe_objects *objects, const char *table,
                         const struct vqe_iceberg_manifests *manifests,
                         int64_t snapshot, int64_t parent, int64_t sequence,
                         int attempt, const char *uuid)
{
  char *data = NULL;
  size_t size = 0;
  char *key = NULL;
  *uri = NULL;
  *out_key = NULL;
  int status = vqe_iceberg_manifest_list_encode(&data, &size, manifests,
                                                snapshot, parent, sequence);
  if (status == VQE_OK) {
    status = vqe_memory_print(
        &key, VQE_ICEBERG_NAMESPACE "/%s/metadata/snap-%" PRId64 "-%d-%s.avro",
        table, snapshot, attempt, uuid);
  }
  if (status == VQE_OK) {
    status = vqe_objects_uri(uri, objects, key);
  }
  if (status == VQE_OK) {
    status = vqe_objects_put(objects, key, data, size, VQE_OBJECTS_ONLY_NEW);
  }
  if (status == VQE_OK) {
    *out_key = key;
    key = NULL;
  }
  free(key);
  free(data);
  return status;
}

void vqe_iceberg_remove(struct vqe_objects *objects, char **key)
{
  if (*key != NULL) {
    /* what cannot be deleted now is an orphan that `check` lists */
    (void)vqe_objects_delete(objects, *key);
    free(*key);
    *key = NULL;
  }
}

static int64_t total(const struct vqe_iceberg_manifests *manifests, bool rows)
{
  int64_t sum = 0;
  for (size_t k = 0; k < manifests->count; k++) {
    const struct vqe_iceberg_manifest *m = &manifests->list[k];
    if (m->content == 0) {
      sum += rows ? m->added_rows + m->existing_rows
                  : m->added_files + m->existing_files;
    }
  }
  return sum;
}

int vqe_iceberg_new_summary(json_t **out, const char *operation,
                            const struct vqe_iceberg_commit_options *options,
                            const struct vqe_iceberg_manifests *manifests,
                            const json_t *parent, int64_t added_bytes)
{
  json_t *summary = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "operation", operation,
      "engine-name", "vqe_batch", "engine-version", VQE_VERSION,
      VQE_ICEBERG_RUN_KEY, options->run_id, "total-delete-files", "0",
      "total-position-deletes", "0", "total-equality-deletes", "0");
  int failed = summary == NULL;
  int64_t bytes =
      parent == NULL ? 0 : vqe_iceberg_summary(parent, "total-files-size", -1);
  failed |= vqe_iceberg_set_number(summary, "total-data-files",
                                   total(manifests, false)) != 0;
  failed |= vqe_iceberg_set_number(summary, "total-records",
                                   total(manifests, true)) != 0;
  if (bytes >= 0) { /* others may have left it out */
    failed |= vqe_iceberg_set_number(summary, "total-files-size",
                                     bytes + added_bytes) != 0;
  }
  for (size_t k = 0; options->summary != NULL && options->summary[k] != NULL &&
                     options->summary[k + 1] != NULL;
       k += 2) {
    if (json_object_get(summary, options->summary[k]) == NULL) {
      failed |= json_object_set_new(summary, options->summary[k],
                                    json_string(options->summary[k + 1])) != 0;
    }
  }
  *out = summary;
  return failed ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a summary")
                : VQE_OK;
}
