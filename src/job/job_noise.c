#include "job/job_noise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "noise/noisy_model.h"

#define MOST_MODELS 1000
#define MOST_BYTES ((size_t)64 << 20)

/* In place of the path of a calibration its numbers. */
static int load_calibration(struct vqe_job_inputs *inputs, json_t *model,
                            const struct vqe_job_value *value)
{
  const json_t *name = json_object_get(model, "calibration");
  char *path = NULL;
  char *text = NULL;
  json_t *file = NULL;
  json_t *numbers = NULL;
  char where[400];
  size_t size = 0;
  if (!json_is_string(name)) {
    return VQE_OK;
  }
  int status =
      vqe_file_resolve(&path, value->base_file, json_string_value(name));
  if (status == VQE_OK) {
    snprintf(where, sizeof where, "file '%.300s'", path);
    status = vqe_file_read(&text, &size, path, MOST_BYTES);
    if (status != VQE_OK) {
      status = vqe_error_context(status, "%s, calibration", value->where);
    }
  }
  if (status == VQE_OK) {
    status = vqe_job_inputs_add(inputs, path);
  }
  if (status == VQE_OK) {
    status = vqe_json_parse_file(&file, text, size, 0, path);
  }
  if (status == VQE_OK) {
    status = vqe_noisy_calibration_read(&numbers, file, where);
  }
  if (status == VQE_OK &&
      json_object_set_new(model, "calibration", numbers) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a calibration");
  }
  json_decref(file);
  free(text);
  free(path);
  return status;
}

/* Two equal numbers, of both gates or both readings, are written as one. */
static int write_once(json_t *model, const char *key)
{
  const json_t *list = json_object_get(model, key);
  json_t *first = json_array_get(list, 0);
  return json_array_size(list) == 2 &&
                 json_number_value(first) ==
                     json_number_value(json_array_get(list, 1))
             ? json_object_set(model, key, first)
             : 0;
}

/* 3 and 3.0 are the same, also in lists. */
static bool same_value(const json_t *left, const json_t *right)
{
  bool same = json_array_size(left) == json_array_size(right);
  if (json_is_number(left) && json_is_number(right)) {
    return json_number_value(left) == json_number_value(right);
  }
  if (!json_is_array(left) || !json_is_array(right)) {
    return json_equal(left, right);
  }
  for (size_t k = 0; same && k < json_array_size(left); k++) {
    const json_t *a = json_array_get(left, k);
    const json_t *b = json_array_get(right, k);
    same = json_is_number(a) && json_is_number(b) &&
           json_number_value(a) == json_number_value(b);
  }
  return same;
}

static void leave_out(json_t *model, const char *key, const char *usual)
{
  json_t *value = json_loads(usual, JSON_DECODE_ANY, NULL);
  const json_t *given = json_object_get(model, key);
  if (value != NULL && given != NULL && same_value(given, value)) {
    json_object_del(model, key);
  }
  json_decref(value);
}

/* What was read, without what is the default anyway: then the same model is
 * the same experiment. */
static int write_plainly(json_t *model)
{
  json_t *zne = json_object_get(model, "zne");
  int failed = write_once(model, "depolarizing") |
               write_once(model, "gate_ns") | write_once(model, "readout");
  leave_out(model, "depolarizing", "0");
  leave_out(model, "readout", "0");
  leave_out(model, "strength", "1");
  leave_out(model, "virtual_z", "true");
  leave_out(model, "method", "\"auto\"");
  leave_out(model, "trajectories", "200");
  leave_out(model, "postselect", "false");
  if (json_is_object(zne)) {
    leave_out(zne, "by", "\"folding\"");
    leave_out(zne, "fit", "\"linear\"");
    leave_out(zne, "scales", "[1, 3, 5]");
    if (json_object_size(zne) == 0) {
      failed |= json_object_set_new(model, "zne", json_true());
    }
  }
  leave_out(model, "zne", "false");
  leave_out(model, "zne", "null");
  return failed == 0 ? VQE_OK
                     : vqe_error_set(VQE_ERR_MEMORY, "no memory for noise");
}

static int add_item(struct vqe_job_noise *out, json_t *model,
                    const struct vqe_job_value *value)
{
  struct vqe_noisy_model *read = NULL;
  if (out->count == MOST_MODELS) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: more than %d models: split the job",
                         value->where, MOST_MODELS);
  }
  int status = vqe_memory_grow(&out->items, out->count, out->count + 1,
                               sizeof *out->items, "noise of a job");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_job_noise_item *item = &out->items[out->count++];
  if (model == NULL) {
    return VQE_OK;
  }
  status = vqe_memory_alloc(&read, 1, sizeof *read, "a noise model");
  if (status == VQE_OK) {
    status = vqe_noisy_model_read(read, model, value->where);
  }
  if (status == VQE_OK) {
    status = write_plainly(model);
  }
  if (status == VQE_OK) {
    item->text = vqe_json_dumps(model, JSON_COMPACT | JSON_SORT_KEYS);
    status = item->text != NULL
                 ? vqe_memory_strdup(&item->name, read->name)
                 : vqe_error_set(VQE_ERR_MEMORY, "no memory for noise");
  }
  free(read);
  return status;
}

/* One model, with each of its strengths. */
static int add_model(struct vqe_job_noise *out, const json_t *given,
                     const struct vqe_job_value *value)
{
  const json_t *strength = json_object_get(given, "strength");
  if (json_is_null(given)) {
    return add_item(out, NULL, value);
  }
  if (!json_is_object(given)) {
    return vqe_job_refuse(value->where, given,
                          "an object, a list of objects, or null");
  }
  if (json_is_array(strength) && json_array_size(strength) == 0) {
    return vqe_job_refuse(value->where, strength,
                          "a list of strengths with at least one");
  }
  json_t *model = json_deep_copy(given);
  int status = model != NULL
                   ? load_calibration(&out->inputs, model, value)
                   : vqe_error_set(VQE_ERR_MEMORY, "no memory for noise");
  size_t count = json_is_array(strength) ? json_array_size(strength) : 1;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (json_is_array(strength) &&
        json_object_set(model, "strength", json_array_get(strength, k)) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for noise");
    }
    if (status == VQE_OK) {
      status = add_item(out, model, value);
    }
  }
  json_decref(model);
  return status;
}

int vqe_job_noise_read(struct vqe_job_noise *out,
                       const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "noise");
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  if (!json_is_array(value.json)) {
    return add_model(out, value.json, &value);
  }
  if (json_array_size(value.json) == 0) {
    return vqe_job_refuse(value.where, value.json,
                          "a list with at least one model");
  }
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < json_array_size(value.json);
       k++) {
    status = add_model(out, json_array_get(value.json, k), &value);
  }
  return status;
}

bool vqe_job_noise_any(const struct vqe_job_noise *noise)
{
  bool any = false;
  for (size_t k = 0; k < noise->count; k++) {
    any = any || noise->items[k].text != NULL;
  }
  return any;
}

void vqe_job_noise_clear(struct vqe_job_noise *noise)
{
  for (size_t k = 0; k < noise->count; k++) {
    free(noise->items[k].text);
    free(noise->items[k].name);
  }
  free(noise->items);
  vqe_job_inputs_clear(&noise->inputs);
  *noise = (struct vqe_job_noise){.count = 0};
}

int vqe_job_noise_put(json_t *given, const char *text)
{
  json_t *value = NULL;
  int status = VQE_OK;
  if (text == NULL) {
    return VQE_OK;
  }
  if (text[0] == '{' || text[0] == '[') {
    status = vqe_json_parse(&value, text, strlen(text), 0, "option --noise");
  } else if (strcasecmp(text, "none") == 0) {
    value = json_null();
  } else {
    value = json_pack("{s:s}", "calibration", text);
  }
  if (status == VQE_OK && json_object_set_new(given, "noise", value) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "option --noise: '%.80s' is no path, no JSON and "
                           "not none",
                           text);
  }
  return status;
}
