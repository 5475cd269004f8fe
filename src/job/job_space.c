#include "job/job_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "chem/space_rule.h"

#define EXPECTED                                                              \
  "an object with 'electrons' and 'orbitals', \"pi\", \"valence\", or an "    \
  "object with 'indices', 'avas', 'natural' or 'auto'"

static int read_counts(struct vqe_job_space *out,
                       const struct vqe_job_value *value)
{
  static const char *const known[] = {"electrons", "orbitals", "indices",
                                      "avas",      "natural",  "auto"};
  int64_t electrons = 0;
  int64_t orbitals = 0;
  const json_t *ne = json_object_get(value->json, "electrons");
  const json_t *no = json_object_get(value->json, "orbitals");
  int status = VQE_OK;
  if (json_is_object(value->json)) {
    status = vqe_job_check_keys(value->json, known, VQE_JOB_COUNT(known),
                                value->where);
  }
  if (status == VQE_OK && (ne == NULL || no == NULL)) {
    status = vqe_job_refuse(value->where, value->json, EXPECTED);
  }
  if (status == VQE_OK) {
    status = vqe_job_read_int(&electrons, ne, 0, 100000, value->where);
  }
  if (status == VQE_OK) {
    status = vqe_job_read_int(&orbitals, no, 1, 100000, value->where);
  }
  if (status == VQE_OK && electrons > 2 * orbitals) {
    status = vqe_job_refuse(value->where, value->json,
                            "possible: two electrons fit "
                            "into an orbital");
  }
  if (status == VQE_OK) {
    out->electrons = (int)electrons;
    out->orbitals = (int)orbitals;
  }
  return status;
}

static int read_rule(struct vqe_job_space *out,
                     const struct vqe_job_value *value)
{
  struct vqe_space_rule rule = {.nindex = 0};
  char *text = vqe_json_dumps(value->json, JSON_ENCODE_ANY);
  if (text == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for an active space");
  }
  int status = vqe_space_rule_parse(&rule, text, value->where);
  if (status == VQE_OK) {
    status = vqe_space_rule_text(&out->rule, &rule);
  }
  vqe_space_rule_clear(&rule);
  free(text);
  return status;
}

/* Strings and objects with a key of a rule. */
static bool is_rule(const json_t *value)
{
  static const char *const keys[] = {"indices", "avas", "natural", "auto"};
  bool found = json_is_string(value);
  for (size_t k = 0; k < VQE_JOB_COUNT(keys); k++) {
    found = found || json_object_get(value, keys[k]) != NULL;
  }
  return found;
}

int vqe_job_space_read(struct vqe_job_space *out,
                       const struct vqe_job_value *value)
{
  *out = (struct vqe_job_space)VQE_JOB_SPACE_NONE;
  if (value->json == NULL || json_is_null(value->json)) {
    return VQE_OK;
  }
  return is_rule(value->json) ? read_rule(out, value)
                              : read_counts(out, value);
}

void vqe_job_space_clear(struct vqe_job_space *space)
{
  free(space->rule);
  space->rule = NULL;
}

bool vqe_job_space_given(const struct vqe_job_space *space)
{
  return space->orbitals >= 0 || space->rule != NULL;
}

bool vqe_job_space_same(const struct vqe_job_space *a,
                        const struct vqe_job_space *b)
{
  bool rules = a->rule != NULL && b->rule != NULL;
  return a->electrons == b->electrons && a->orbitals == b->orbitals &&
         (rules ? strcmp(a->rule, b->rule) == 0 : a->rule == b->rule);
}

int vqe_job_space_option(json_t **out, const char *text)
{
  static const char *const words[] = {"pi", "valence"};
  int electrons, orbitals;
  int used = 0;
  *out = NULL;
  for (size_t k = 0; k < VQE_JOB_COUNT(words); k++) {
    if (strcasecmp(text, words[k]) == 0) {
      *out = json_string(words[k]);
    }
  }
  if (strcasecmp(text, "none") == 0) {
    *out = json_null();
  } else if (text[0] == '{') {
    return vqe_json_parse(out, text, strlen(text), 0, "option --active-space");
  } else if (*out == NULL &&
             sscanf(text, "%9d,%9d%n", &electrons, &orbitals, &used) == 2 &&
             text[used] == '\0') {
    *out =
        json_pack("{s:i, s:i}", "electrons", electrons, "orbitals", orbitals);
  }
  return *out != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "option --active-space: '%s' is not "
                             "ELECTRONS,ORBITALS, pi, valence, none or a JSON "
                             "object as in a job file",
                             text);
}
