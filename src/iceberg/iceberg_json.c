/* Reading members of table metadata, which other programs may have written:
 * nothing is taken for granted. */
#include "iceberg/iceberg_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"

int vqe_iceberg_no_json_memory(void)
{
  return vqe_error_set(VQE_ERR_MEMORY, "no memory for table metadata");
}

int vqe_iceberg_note(json_t *names, const char *name)
{
  /* names of others need not be UTF-8 */
  return json_object_set_new_nocheck(names, name, json_true()) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
}

int64_t vqe_iceberg_integer(const json_t *object, const char *key,
                            int64_t otherwise)
{
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) ? (int64_t)json_integer_value(value)
                                : otherwise;
}

const char *vqe_iceberg_string(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

int64_t vqe_iceberg_summary(const json_t *snapshot, const char *key,
                            int64_t otherwise)
{
  const char *text =
      vqe_iceberg_string(json_object_get(snapshot, "summary"), key);
  char *end;
  if (text == NULL || text[0] == '\0') {
    return otherwise;
  }
  long long value = strtoll(text, &end, 10);
  return *end == '\0' ? value : otherwise;
}

json_t *vqe_iceberg_by_id(const json_t *metadata, const char *array,
                          const char *key, int64_t id)
{
  size_t k;
  json_t *item;
  json_array_foreach(json_object_get(metadata, array), k, item)
  {
    const json_t *value = json_object_get(item, key);
    if (json_is_integer(value) && json_integer_value(value) == id) {
      return item;
    }
  }
  return NULL;
}

json_t *vqe_iceberg_snapshot_json(const json_t *metadata, int64_t id)
{
  return vqe_iceberg_by_id(metadata, "snapshots", "snapshot-id", id);
}

json_t *vqe_iceberg_current_schema(const json_t *metadata)
{
  return vqe_iceberg_by_id(
      metadata, "schemas", "schema-id",
      vqe_iceberg_integer(metadata, "current-schema-id", -1));
}

json_t *vqe_iceberg_default_spec(const json_t *metadata)
{
  return vqe_iceberg_by_id(
      metadata, "partition-specs", "spec-id",
      vqe_iceberg_integer(metadata, "default-spec-id", -1));
}

int vqe_iceberg_set_number(json_t *summary, const char *key, int64_t value)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  return json_object_set_new(summary, key, json_string(text));
}
