/* Removing what a crashed writer left: files that no snapshot refers to. */
#include "iceberg/iceberg_orphans.h"

#include <jansson.h>

#include "base/error_message.h"
#include "iceberg/iceberg_check.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"

struct orphans {
  json_t *keys;
  int64_t older_than_ms;
};

static int note_orphan(void *ctx, const char *key, int64_t modified_ms)
{
  struct orphans *orphans = ctx;
  return modified_ms > 0 && modified_ms < orphans->older_than_ms
             ? vqe_iceberg_note(orphans->keys, key)
             : VQE_OK;
}

static int require_collection(struct vqe_objects *objects, const char *name)
{
  struct vqe_iceberg_table *table = NULL;
  int status = vqe_iceberg_open(&table, objects, name);
  if (status == VQE_OK) {
    status = vqe_iceberg_require_collection(table);
  }
  vqe_iceberg_close(table);
  return status;
}

int vqe_iceberg_remove_orphans(int64_t *count, struct vqe_objects *objects,
                               const char *table, int64_t older_than_ms)
{
  struct orphans orphans = {json_object(), older_than_ms};
  struct vqe_iceberg_check_options options = {.orphan = note_orphan,
                                              .orphan_ctx = &orphans};
  struct vqe_iceberg_check_result result;
  const char *key;
  json_t *value;
  *count = 0;
  int status = require_collection(objects, table);
  if (status == VQE_OK) {
    status = vqe_iceberg_check(&result, objects, table, &options);
  }
  if (status == VQE_OK && result.problems > 0) {
    /* what cannot be read may refer to what looks like an orphan */
    status = vqe_error_set(VQE_ERR_INPUT,
                           "table '%s' has %lld problem%s (vqe_lake check): "
                           "nothing is removed from it",
                           table, (long long)result.problems,
                           result.problems == 1 ? "" : "s");
  }
  json_object_foreach(orphans.keys, key, value)
  {
    if (status == VQE_OK) {
      status = vqe_objects_delete(objects, key);
    }
    if (status == VQE_OK) {
      status = vqe_iceberg_drop_checksum(objects, key);
    }
    *count += status == VQE_OK;
  }
  json_decref(orphans.keys);
  return status;
}
