#include "iceberg/iceberg_key.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "objects/objects.h"

int vqe_iceberg_key(char **out, const char *table, const char *format, ...)
{
  char *name = NULL;
  va_list args;
  va_start(args, format);
  int length = vasprintf(&name, format, args);
  va_end(args);
  *out = NULL;
  if (length < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a key");
  }
  if (asprintf(out, "%s/%s/%s", VQE_ICEBERG_NAMESPACE, table, name) < 0) {
    *out = NULL;
  }
  free(name);
  return *out == NULL ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a key")
                      : VQE_OK;
}

int vqe_iceberg_metadata_key(char **out, const char *table, int64_t version)
{
  return vqe_iceberg_key(out, table, "metadata/v%" PRId64 ".metadata.json",
                         version);
}

int vqe_iceberg_hint_key(char **out, const char *table)
{
  return vqe_iceberg_key(out, table, "metadata/version-hint.text");
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
  if (asprintf(&checksum, "%.*s/.%s.crc", (int)(name - key), key, name + 1) <
      0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a key");
  }
  int status = vqe_objects_delete(objects, checksum);
  free(checksum);
  return status;
}
