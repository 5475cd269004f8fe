#include "job/job_overrides.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "job/job_value.h"

/* "a,b" as a list of strings; "file:PATH" as {"file": PATH} for init. */
static int put_words(json_t *given, const char *key, const char *text,
                     bool files)
{
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *list = json_array();
  json_object_set_new(given, key, list);
  const char *at = text;
  for (;;) {
    const char *comma = strchrnul(at, ',');
    size_t length = (size_t)(comma - at);
    json_t *item = NULL;
    if (files && length >= 5 && strncmp(at, "file:", 5) == 0) {
      item = json_pack("{s:s%}", "file", at + 5, length - 5);
    } else if (length > 0) {
      item = json_stringn(at, length);
    }
    if (json_array_append_new(list, item) != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --%s: '%s' is not a list of "
                           "names between commas",
                           key, text);
    }
    if (*comma == '\0') {
      return VQE_OK;
    }
    at = comma + 1;
  }
}

static int put_seeds(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *list = json_array();
  json_object_set_new(given, "seed", list);
  const char *at = text;
  for (;;) {
    char *end;
    errno = 0;
    long long seed = strtoll(at, &end, 10);
    if (end == at || (*end != '\0' && *end != ',') || errno != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --seed: '%s' is not a list "
                           "of whole numbers between commas",
                           text);
    }
    json_array_append_new(list, json_integer(seed));
    if (*end == '\0') {
      return VQE_OK;
    }
    at = end + 1;
  }
}

static int put_frozen_core(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0) {
    json_object_set_new(given, "frozen_core",
                        json_boolean(strcasecmp(text, "true") == 0));
    return VQE_OK;
  }
  return vqe_job_put_member(given, "frozen_core", text);
}

static int put_active_space(json_t *given, const char *text)
{
  int electrons, orbitals, used = 0;
  if (text == NULL) {
    return VQE_OK;
  }
  if (strcasecmp(text, "none") == 0) {
    json_object_set_new(given, "active_space", json_null());
    return VQE_OK;
  }
  if (sscanf(text, "%9d,%9d%n", &electrons, &orbitals, &used) != 2 ||
      text[used] != '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --active-space: '%s' is not "
                         "ELECTRONS,ORBITALS",
                         text);
  }
  json_object_set_new(
      given, "active_space",
      json_pack("{s:i, s:i}", "electrons", electrons, "orbitals", orbitals));
  return VQE_OK;
}

static int put_text(json_t *given, const char *key, const char *text)
{
  if (text != NULL && json_object_set_new(given, key, json_string(text))) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is not valid UTF-8",
                         key, text);
  }
  return VQE_OK;
}

int vqe_job_put_overrides(json_t *given,
                          const struct vqe_job_overrides *overrides)
{
  int status = put_words(given, "basis", overrides->basis, false);
  if (status == VQE_OK) {
    status = put_words(given, "ansatz", overrides->ansatz, false);
  }
  if (status == VQE_OK) {
    status = put_words(given, "optimizer", overrides->optimizer, false);
  }
  if (status == VQE_OK) {
    status = put_words(given, "init", overrides->init, true);
  }
  if (status == VQE_OK) {
    status = put_words(given, "references", overrides->references, false);
  }
  if (status == VQE_OK) {
    status = put_seeds(given, overrides->seed);
  }
  if (status == VQE_OK) {
    status = put_frozen_core(given, overrides->frozen_core);
  }
  if (status == VQE_OK) {
    status = put_active_space(given, overrides->active_space);
  }
  if (status == VQE_OK) {
    status = vqe_job_put_member(given, "shots", overrides->shots);
  }
  if (status == VQE_OK) {
    status = vqe_job_put_member(given, "ranks_per_molecule",
                                overrides->ranks_per_molecule);
  }
  if (status == VQE_OK) {
    status = put_text(given, "device", overrides->device);
  }
  if (status == VQE_OK) {
    status = put_text(given, "precision", overrides->precision);
  }
  if (status == VQE_OK) {
    status = put_text(given, "output", overrides->output);
  }
  return status;
}
