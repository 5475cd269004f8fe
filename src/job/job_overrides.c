#include "job/job_overrides.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "job/job_noise.h"
#include "job/job_properties.h"
#include "job/job_scan_text.h"
#include "job/job_space.h"
#include "job/job_value.h"

#define MOST_SEEDS 100000

/* The comma that ends the word at `at`, or the end: one in parentheses, as in
 * 6-31G(d,p), is part of the word. */
static const char *word_end(const char *at)
{
  const char *comma = strchrnul(at, ',');
  const char *open = strchr(at, '(');
  const char *close = open != NULL ? strchr(open, ')') : NULL;
  return open < comma && close > comma ? strchrnul(close, ',') : comma;
}

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
    const char *comma = word_end(at);
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

/* "3" or "1-20" at *at, which is behind it afterwards. */
static bool read_range(long long *first, long long *last, const char **at)
{
  char *end;
  if (!isdigit((unsigned char)**at) && **at != '+' && **at != '-') {
    return false;
  }
  errno = 0;
  *first = strtoll(*at, &end, 10);
  *last = *first;
  if (end == *at || errno != 0) {
    return false;
  }
  if (*end == '-') {
    const char *start = end + 1;
    *last = strtoll(start, &end, 10);
    if (!isdigit((unsigned char)*start) || errno != 0 || *last < *first) {
      return false;
    }
  }
  *at = end;
  return *end == '\0' || *end == ',';
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
    long long first, last;
    if (!read_range(&first, &last, &at)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --seed: '%s' is not a list of whole "
                           "numbers and ranges (1-20) between commas",
                           text);
    }
    if (last - first >= MOST_SEEDS ||
        json_array_size(list) + (size_t)(last - first) >= MOST_SEEDS) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --seed: '%s' is more than %d seeds: split "
                           "the job",
                           text, MOST_SEEDS);
    }
    for (long long seed = first; seed <= last; seed++) {
      json_array_append_new(list, json_integer(seed));
    }
    if (*at == '\0') {
      return VQE_OK;
    }
    at++;
  }
}

static int put_escape(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *value = strcasecmp(text, "true") == 0    ? json_true()
                  : strcasecmp(text, "false") == 0 ? json_false()
                  : strcasecmp(text, "auto") == 0  ? json_null()
                                                   : NULL;
  if (value == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --escape-saddles: '%s' is not true, false "
                         "or auto",
                         text);
  }
  json_object_set_new(given, "escape_saddles", value);
  return VQE_OK;
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
  json_t *space = NULL;
  int status = text != NULL ? vqe_job_space_option(&space, text) : VQE_OK;
  if (status == VQE_OK && space != NULL) {
    json_object_set_new(given, "active_space", space);
  }
  return status;
}

static int put_text(json_t *given, const char *key, const char *text)
{
  if (text != NULL && json_object_set_new(given, key, json_string(text))) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is not valid UTF-8",
                         key, text);
  }
  return VQE_OK;
}

static int put_scan(json_t *given, const char *text)
{
  json_t *scan = NULL;
  int status = text != NULL ? vqe_job_scan_parse(&scan, text) : VQE_OK;
  if (status == VQE_OK && scan != NULL) {
    json_object_set_new(given, "scan", scan);
  }
  return status;
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
    status = put_words(given, "measurement", overrides->measurement, false);
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
    status = vqe_job_put_member(given, "restarts", overrides->restarts);
  }
  if (status == VQE_OK) {
    status = vqe_job_put_member(given, "fci_max_seconds",
                                overrides->fci_max_seconds);
  }
  if (status == VQE_OK) {
    status = put_escape(given, overrides->escape_saddles);
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
  if (status == VQE_OK) {
    status = put_scan(given, overrides->scan);
  }
  if (status == VQE_OK) {
    status = vqe_job_properties_put(given, overrides->properties);
  }
  if (status == VQE_OK) {
    status = vqe_job_noise_put(given, overrides->noise);
  }
  return status;
}
