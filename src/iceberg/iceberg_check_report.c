/* The findings of a check, and the files that it finds. */
#include "iceberg/iceberg_check_report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "iceberg/iceberg_check.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_read.h"
#include "objects/objects.h"

void vqe_iceberg_check_report(struct vqe_iceberg_checking *check,
                              enum vqe_iceberg_finding finding,
                              const char *format, ...)
{
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int length = vasprintf(&text, format, args);
  va_end(args);
  if (length >= 0) {
    vqe_error_mask_text(text);
  }
  if (finding == VQE_ICEBERG_PROBLEM) {
    check->result->problems++;
  } else if (finding == VQE_ICEBERG_ORPHAN) {
    check->result->orphans++;
  }
  if (check->options->report != NULL && length >= 0) {
    check->options->report(check->options->report_ctx, finding, text);
  }
  free(length >= 0 ? text : NULL);
}

static int note_object(void *ctx, const struct vqe_object *object)
{
  struct vqe_iceberg_checking *check = ctx;
  /* names of others need not be UTF-8 */
  if (json_object_set_new_nocheck(
          check->there, object->key,
          json_pack("[II]", (json_int_t)object->size,
                    (json_int_t)object->modified_ms)) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
  }
  return VQE_OK;
}

int vqe_iceberg_check_list(struct vqe_iceberg_checking *check)
{
  return vqe_objects_list(check->objects, check->table->folder, true,
                          note_object, check);
}

int vqe_iceberg_check_size(int64_t *size, struct vqe_iceberg_checking *check,
                           const char *key)
{
  const json_t *found = json_object_get(check->there, key);
  uint64_t length;
  *size = -1;
  int status = vqe_iceberg_note(check->used, key);
  if (status != VQE_OK) {
    return status;
  }
  if (found != NULL) {
    *size = json_integer_value(json_array_get(found, 0));
    return VQE_OK;
  }
  if (strncmp(key, check->table->folder, strlen(check->table->folder)) == 0) {
    return VQE_OK;
  }
  status = vqe_objects_head(&length, check->objects, key);
  if (status == VQE_OK) {
    *size = (int64_t)length;
  }
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

int vqe_iceberg_check_fetch(char **data, size_t *size, char **key,
                            struct vqe_iceberg_checking *check,
                            const char *uri)
{
  int64_t length;
  *data = NULL;
  *key = NULL;
  if (vqe_objects_key_of_uri(key, check->objects, uri) != VQE_OK) {
    PROBLEM(check, "'%s' lies outside the warehouse", uri);
    return VQE_OK;
  }
  int status = vqe_iceberg_check_size(&length, check, *key);
  if (status == VQE_OK && length < 0) {
    PROBLEM(check, "'%s' is gone", *key);
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_objects_get(data, size, check->objects, *key,
                             VQE_ICEBERG_MANIFEST_LIMIT);
  }
  return status;
}
