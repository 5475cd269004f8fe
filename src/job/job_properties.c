#include "job/job_properties.h"

#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "vqe/property.h"

int vqe_job_properties_read(unsigned *out, const struct vqe_job_reader *reader)
{
  const char *names[VQE_PROPERTY_GROUPS];
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "properties");
  *out = 0;
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  if (json_is_boolean(value.json)) {
    *out = json_is_true(value.json) ? VQE_PROPERTY_ALL : 0;
    return VQE_OK;
  }
  if (!json_is_array(value.json)) {
    return vqe_job_refuse(value.where, value.json,
                          "true, false or a list out of rdm1, moments, "
                          "charges, entropies, variance, rdm2");
  }
  for (size_t k = 0; k < VQE_PROPERTY_GROUPS; k++) {
    names[k] = vqe_property_groups[k].name;
  }
  for (size_t k = 0; k < json_array_size(value.json); k++) {
    const char *name = NULL;
    int status =
        vqe_job_read_choice(&name, json_array_get(value.json, k), names,
                            VQE_PROPERTY_GROUPS, "property", value.where);
    if (status != VQE_OK) {
      return status;
    }
    for (size_t bit = 0; bit < VQE_PROPERTY_GROUPS; bit++) {
      *out |= name == names[bit] ? vqe_property_groups[bit].bit : 0;
    }
  }
  return VQE_OK;
}

int vqe_job_properties_put(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0) {
    json_object_set_new(given, "properties",
                        json_boolean(strcasecmp(text, "true") == 0));
    return VQE_OK;
  }
  json_t *list = json_array();
  json_object_set_new(given, "properties", list);
  for (const char *at = text;; at++) {
    size_t length = strcspn(at, ",");
    json_t *item = length > 0 ? json_stringn(at, length) : NULL;
    if (json_array_append_new(list, item) != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --properties: '%s' is not true, false or a "
                           "list of names between commas",
                           text);
    }
    at += length;
    if (*at == '\0') {
      return VQE_OK;
    }
  }
}
