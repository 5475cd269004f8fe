#include "job/job_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"

/* A string member of `value`; NULL when it is absent or null. */
static int read_text(char **out, const struct vqe_job_value *value,
                     const char *key, bool is_path)
{
  const json_t *item = json_object_get(value->json, key);
  const char *text = json_string_value(item);
  char where[400];
  if (item == NULL || json_is_null(item)) {
    return VQE_OK;
  }
  if (text == NULL || text[0] == '\0') {
    snprintf(where, sizeof where, "%s, key '%s'", value->where, key);
    return vqe_job_refuse(where, item, "a string");
  }
  return is_path ? vqe_file_resolve(out, value->base_file, text)
                 : vqe_memory_strdup(out, text);
}

/* Values as librdkafka takes them: texts. */
static int text_of(char **out, const json_t *item)
{
  if (json_is_string(item)) {
    return vqe_memory_strdup(out, json_string_value(item));
  }
  if (json_is_boolean(item)) {
    return vqe_memory_strdup(out, json_is_true(item) ? "true" : "false");
  }
  *out = vqe_json_dumps(item, JSON_ENCODE_ANY);
  return *out != NULL ? VQE_OK
                      : vqe_error_set(VQE_ERR_MEMORY, "no memory for a text");
}

static int read_properties(struct vqe_job_stream *out,
                           const struct vqe_job_value *value)
{
  json_t *all = json_object_get(value->json, "properties");
  const char *name;
  json_t *item;
  char where[400];
  snprintf(where, sizeof where, "%s, key 'properties'", value->where);
  if (all == NULL || json_is_null(all)) {
    return VQE_OK;
  }
  if (!json_is_object(all)) {
    return vqe_job_refuse(where, all, "an object");
  }
  int status =
      vqe_memory_alloc(&out->properties, json_object_size(all),
                       sizeof *out->properties, "properties of Kafka");
  json_object_foreach(all, name, item)
  {
    if (status == VQE_OK && !json_is_string(item) && !json_is_number(item) &&
        !json_is_boolean(item)) {
      /* not echoed: it may be a secret in the wrong place */
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: the value of '%s' must be a string, a "
                             "number, true or false",
                             where, name);
    }
    if (status == VQE_OK) {
      struct vqe_job_property *property = &out->properties[out->nproperty++];
      status = vqe_memory_strdup(&property->name, name);
      if (status == VQE_OK) {
        status = text_of(&property->value, item);
      }
    }
  }
  return status;
}

static int read_kafka(struct vqe_job_stream *out,
                      const struct vqe_job_value *value)
{
  static const char *const known[] = {"brokers", "topic", "spool",
                                      "properties"};
  if (value->json == NULL || json_is_null(value->json) ||
      json_is_false(value->json)) {
    return VQE_OK;
  }
  if (!json_is_object(value->json)) {
    return vqe_job_refuse(value->where, value->json,
                          "an object, null or false");
  }
  out->wanted = true;
  int status = vqe_job_check_keys(value->json, known, VQE_JOB_COUNT(known),
                                  value->where);
  if (status == VQE_OK) {
    status = read_text(&out->brokers, value, "brokers", false);
  }
  if (status == VQE_OK) {
    status = read_text(&out->topic, value, "topic", false);
  }
  if (status == VQE_OK) {
    status = read_text(&out->spool, value, "spool", true);
  }
  return status == VQE_OK ? read_properties(out, value) : status;
}

static int read_registry(struct vqe_job_stream *out,
                         const struct vqe_job_value *value)
{
  static const char *const known[] = {"url", "ca_file"};
  if (value->json == NULL || json_is_null(value->json)) {
    return VQE_OK;
  }
  if (json_is_string(value->json)) {
    return vqe_memory_strdup(&out->registry, json_string_value(value->json));
  }
  if (!json_is_object(value->json)) {
    return vqe_job_refuse(value->where, value->json, "a URL or an object");
  }
  int status = vqe_job_check_keys(value->json, known, VQE_JOB_COUNT(known),
                                  value->where);
  if (status == VQE_OK) {
    status = read_text(&out->registry, value, "url", false);
  }
  if (status == VQE_OK) {
    status = read_text(&out->registry_ca_file, value, "ca_file", true);
  }
  return status;
}

int vqe_job_stream_read(struct vqe_job_stream *out,
                        const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "kafka");
  int status = read_kafka(out, &value);
  if (status == VQE_OK) {
    vqe_job_value_find(&value, reader, "registry");
    status = read_registry(out, &value);
  }
  if (status == VQE_OK) {
    vqe_job_value_find(&value, reader, "insecure_http");
    out->insecure_http = json_is_true(value.json);
    if (value.json != NULL && !json_is_boolean(value.json) &&
        !json_is_null(value.json)) {
      status = vqe_job_refuse(value.where, value.json, "true or false");
    }
  }
  return status;
}

void vqe_job_stream_clear(struct vqe_job_stream *stream)
{
  for (size_t k = 0; k < stream->nproperty; k++) {
    free(stream->properties[k].name);
    free(stream->properties[k].value);
  }
  free(stream->properties);
  free(stream->brokers);
  free(stream->topic);
  free(stream->spool);
  free(stream->registry);
  free(stream->registry_ca_file);
  memset(stream, 0, sizeof *stream);
}
