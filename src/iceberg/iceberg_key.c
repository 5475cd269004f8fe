#include "iceberg/iceberg_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "objects/objects.h"
#include "vqe/error.h"

int vqe_iceberg_metadata_key(char **out, const char *table, int64_t version,
                             bool packed)
{
  return vqe_memory_print(
      out, VQE_ICEBERG_NAMESPACE "/%s/metadata/v%" PRId64 "%s.metadata.json",
      table, version, packed ? ".gz" : "");
}

int vqe_iceberg_hint_key(char **out, const char *table)
{
  return vqe_memory_print(
      out, VQE_ICEBERG_NAMESPACE "/%s/metadata/version-hint.text", table);
}

bool vqe_iceberg_is_checksum(const char *key)
{
  const char *name = strrchr(key, '/');
  size_t length = strlen(key);
  name = name == NULL ? key : name + 1;
  return name[0] == '.' && length > 4 && strcmp(key + length - 4, ".crc") == 0;
}

int vqe_iceberg_drop_checksum(struct vqe_objects *objects, const char *key)
{
  const char *name = strrchr(key, '/');
  char *checksum = NULL;
  if (!vqe_objects_is_local(objects) || name == NULL) {
    return VQE_OK;
  }
  int status = vqe_memory_print(&checksum, "%.*s/.%s.crc", (int)(name - key),
                                key, name + 1);
  if (status == VQE_OK) {
    status = vqe_objects_delete(objects, checksum);
  }
  free(checksum);
  return status;
}
