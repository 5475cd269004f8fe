#include "job/job_lake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"

static int read_warehouse(struct vqe_job_lake *out,
                          const struct vqe_job_value *value)
{
  if (value->json == NULL || json_is_null(value->json)) {
    return VQE_OK;
  }
  if (json_is_false(value->json)) {
    out->none = true;
    return VQE_OK;
  }
  const char *place = json_string_value(value->json);
  if (place == NULL || place[0] == '\0') {
    return vqe_job_refuse(value->where, value->json,
                          "a folder, s3://bucket/prefix, null or false");
  }
  return strstr(place, "://") != NULL
             ? vqe_memory_strdup(&out->warehouse, place)
             : vqe_file_resolve(&out->warehouse, value->base_file, place);
}

static int read_s3(struct vqe_job_lake *out, const struct vqe_job_value *value)
{
  static const char *const known[] = {"endpoint", "region", "scheme",
                                      "ca_file",  "etag",   "virtual_host"};
  char **const texts[] = {&out->endpoint, &out->region, &out->scheme,
                          &out->ca_file, &out->etag};
  char where[400];
  if (value->json == NULL || json_is_null(value->json)) {
    return VQE_OK;
  }
  if (!json_is_object(value->json)) {
    return vqe_job_refuse(value->where, value->json, "an object");
  }
  int status = vqe_job_check_keys(value->json, known, VQE_JOB_COUNT(known),
                                  value->where);
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(texts); k++) {
    const json_t *item = json_object_get(value->json, known[k]);
    const char *text = json_string_value(item);
    snprintf(where, sizeof where, "%s, key '%s'", value->where, known[k]);
    if (item == NULL || json_is_null(item)) {
      continue;
    }
    if (text == NULL || text[0] == '\0') {
      status = vqe_job_refuse(where, item, "a string");
    } else if (texts[k] == &out->ca_file) {
      status = vqe_file_resolve(texts[k], value->base_file, text);
    } else if (texts[k] == &out->scheme && strcmp(text, "s3") != 0 &&
               strcmp(text, "s3a") != 0) {
      status = vqe_job_refuse(where, item, "\"s3a\" or \"s3\"");
    } else if (texts[k] == &out->etag && strcmp(text, "auto") != 0 &&
               strcmp(text, "opaque") != 0) {
      status = vqe_job_refuse(where, item, "\"auto\" or \"opaque\"");
    } else {
      status = vqe_memory_strdup(texts[k], text);
    }
  }
  const json_t *host = json_object_get(value->json, "virtual_host");
  if (status == VQE_OK && host != NULL) {
    snprintf(where, sizeof where, "%s, key 'virtual_host'", value->where);
    out->virtual_host = json_is_true(host);
    if (!json_is_boolean(host)) {
      status = vqe_job_refuse(where, host, "true or false");
    }
  }
  return status;
}

int vqe_job_lake_read(struct vqe_job_lake *out,
                      const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "warehouse");
  int status = read_warehouse(out, &value);
  if (status == VQE_OK) {
    vqe_job_value_find(&value, reader, "s3");
    status = read_s3(out, &value);
  }
  return status;
}

void vqe_job_lake_clear(struct vqe_job_lake *lake)
{
  free(lake->warehouse);
  free(lake->endpoint);
  free(lake->region);
  free(lake->scheme);
  free(lake->ca_file);
  free(lake->etag);
  memset(lake, 0, sizeof *lake);
}
