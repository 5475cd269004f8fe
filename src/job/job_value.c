#include "job/job_value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/suggest.h"

void vqe_job_value_find(struct vqe_job_value *value,
                        const struct vqe_job_reader *reader, const char *key)
{
  value->json = json_object_get(reader->given, key);
  value->base_file = NULL;
  if (value->json != NULL) {
    snprintf(value->where, sizeof value->where, "option --%s", key);
    for (char *at = value->where; *at != '\0'; at++) {
      if (*at == '_') {
        *at = '-';
      }
    }
    return;
  }
  value->json = json_object_get(reader->job, key);
  if (value->json == NULL) {
    value->json = json_object_get(reader->defaults, key);
  }
  value->base_file = reader->path;
  snprintf(value->where, sizeof value->where, "file '%s', key '%s'",
           reader->path, key);
}

int vqe_job_refuse(const char *where, const json_t *value, const char *wanted)
{
  char *text = vqe_json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
                                         JSON_REAL_PRECISION(17));
  int status = vqe_error_set(VQE_ERR_INPUT, "%s: %.60s is not %s", where,
                             text != NULL ? text : "the value", wanted);
  free(text);
  return status;
}

/* "unknown key 'bassi': did you mean 'basis'? Known: ..." */
static int refuse_name(const char *where, const char *what, const char *name,
                       const char *const *known, size_t count)
{
  char list[512] = "";
  const char *nearest = vqe_suggest(name, known, count);
  for (size_t k = 0; k < count; k++) {
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "",
             known[k]);
  }
  if (nearest != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: unknown %s '%s': did you mean "
                         "'%s'? Known: %s",
                         where, what, name, nearest, list);
  }
  return vqe_error_set(VQE_ERR_INPUT, "%s: unknown %s '%s'. Known: %s", where,
                       what, name, list);
}

int vqe_job_read_int(int64_t *out, const json_t *value, int64_t low,
                     int64_t high, const char *where)
{
  char wanted[96];
  if (json_is_integer(value)) {
    *out = json_integer_value(value);
    if (*out >= low && *out <= high) {
      return VQE_OK;
    }
  } else if (json_is_real(value)) {
    double real = json_real_value(value);
    if (real == floor(real) && real >= (double)low && real <= (double)high) {
      *out = (int64_t)real;
      return VQE_OK;
    }
  }
  snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld",
           (long long)low, (long long)high);
  return vqe_job_refuse(where, value, wanted);
}

int vqe_job_read_size(double *out, const json_t *value, bool zero,
                      const char *where)
{
  double number = json_number_value(value);
  if (json_is_number(value) && isfinite(number) &&
      (number > 0.0 || (zero && number == 0.0))) {
    *out = number;
    return VQE_OK;
  }
  return vqe_job_refuse(where, value, zero ? "a number >= 0" : "a number > 0");
}

int vqe_job_read_choice(const char **out, const json_t *value,
                        const char *const *known, size_t count,
                        const char *what, const char *where)
{
  if (!json_is_string(value)) {
    return vqe_job_refuse(where, value, "a string");
  }
  for (size_t k = 0; k < count; k++) {
    if (strcasecmp(json_string_value(value), known[k]) == 0) {
      *out = known[k];
      return VQE_OK;
    }
  }
  return refuse_name(where, what, json_string_value(value), known, count);
}

bool vqe_job_is_known(const char *key, const char *const *known, size_t count)
{
  for (size_t k = 0; k < count; k++) {
    if (strcmp(key, known[k]) == 0) {
      return true;
    }
  }
  return false;
}

int vqe_job_check_keys(const json_t *object, const char *const *known,
                       size_t count, const char *where)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    if (!vqe_job_is_known(key, known, count)) {
      return refuse_name(where, "key", key, known, count);
    }
  }
  return VQE_OK;
}

size_t vqe_job_list_count(const json_t *value)
{
  return json_is_array(value) ? json_array_size(value) : 1;
}

int vqe_job_put_member(json_t *object, const char *member, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  char *end;
  errno = 0;
  long long whole = strtoll(text, &end, 10);
  json_t *value;
  if (*text != '\0' && *end == '\0' && errno == 0) {
    value = json_integer(whole);
  } else {
    double number = strtod(text, &end);
    if (strcasecmp(text, "none") == 0 || strcasecmp(text, "null") == 0) {
      value = json_null();
    } else if (*text != '\0' && *end == '\0' && isfinite(number)) {
      value = json_real(number);
    } else {
      value = json_string(text);
    }
  }
  if (json_object_set_new(object, member, value) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is not valid UTF-8",
                         member, text);
  }
  return VQE_OK;
}

void vqe_job_member_where(char *out, size_t size, const char *where,
                          const char *member, const char *option,
                          const char *given)
{
  if (given != NULL) {
    snprintf(out, size, "option --%s", option);
  } else {
    snprintf(out, size, "%.220s, key '%s'", where, member);
  }
}

int vqe_job_inputs_add(struct vqe_job_inputs *inputs, const char *path)
{
  int status =
      vqe_memory_grow(&inputs->paths, inputs->count, inputs->count + 1,
                      sizeof *inputs->paths, "names of files");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&inputs->paths[inputs->count++], path);
  }
  return status;
}

void vqe_job_inputs_clear(struct vqe_job_inputs *inputs)
{
  for (size_t k = 0; k < inputs->count; k++) {
    free(inputs->paths[k]);
  }
  free(inputs->paths);
  *inputs = (struct vqe_job_inputs){0, NULL};
}
