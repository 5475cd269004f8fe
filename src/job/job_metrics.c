#include "job/job_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"

static int read_place(char **out, const struct vqe_job_value *value,
                      const json_t *item, const char *where)
{
  const char *place = json_string_value(item);
  if (item == NULL || json_is_null(item)) {
    return VQE_OK;
  }
  if (place == NULL || place[0] == '\0') {
    /* not echoed: an address may hold credentials */
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s must be a file FILE.prom or the URL of a "
                         "Pushgateway",
                         where);
  }
  return strstr(place, "://") != NULL
             ? vqe_memory_strdup(out, place)
             : vqe_file_resolve(out, value->base_file, place);
}

/* A port alone may be a number. */
static int read_listen(char **out, const json_t *item, const char *where)
{
  const char *text = json_string_value(item);
  if (item == NULL || json_is_null(item)) {
    return VQE_OK;
  }
  if (json_is_integer(item)) {
    return vqe_memory_print(out, "%lld", (long long)json_integer_value(item));
  }
  if (text == NULL || text[0] == '\0') {
    return vqe_job_refuse(where, item, "a port or \"ADDRESS:PORT\"");
  }
  return vqe_memory_strdup(out, text);
}

int vqe_job_metrics_read(struct vqe_job_metrics *out,
                         const struct vqe_job_reader *reader)
{
  static const char *const known[] = {"place", "listen"};
  struct vqe_job_value value;
  char where[400];
  vqe_job_value_find(&value, reader, "metrics");
  if (value.json == NULL || json_is_null(value.json) ||
      json_is_false(value.json)) {
    return VQE_OK;
  }
  if (json_is_string(value.json)) {
    return read_place(&out->place, &value, value.json, value.where);
  }
  if (!json_is_object(value.json)) {
    return vqe_job_refuse(value.where, value.json,
                          "a place, an object, null or false");
  }
  int status =
      vqe_job_check_keys(value.json, known, VQE_JOB_COUNT(known), value.where);
  if (status == VQE_OK) {
    snprintf(where, sizeof where, "%s, key 'place'", value.where);
    status = read_place(&out->place, &value,
                        json_object_get(value.json, "place"), where);
  }
  if (status == VQE_OK) {
    snprintf(where, sizeof where, "%s, key 'listen'", value.where);
    status = read_listen(&out->listen, json_object_get(value.json, "listen"),
                         where);
  }
  return status;
}

void vqe_job_metrics_clear(struct vqe_job_metrics *metrics)
{
  free(metrics->place);
  free(metrics->listen);
  memset(metrics, 0, sizeof *metrics);
}
