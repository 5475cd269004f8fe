#include "campaign/rule.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/suggest.h"
#include "job/job_value.h"
#include "vqe/chem.h"

static const char *const list_keys[VQE_RULE_LISTS] = {
    "molecules", "basis", "ansatz", "optimizer", "init"};

bool vqe_rule_has_key(const char *key)
{
  static const char *const others[] = {"seed", "min_qubits", "max_qubits"};
  return vqe_job_is_known(key, list_keys, VQE_RULE_LISTS) ||
         vqe_job_is_known(key, others, VQE_JOB_COUNT(others));
}

static const json_t *item_of(const json_t *list, size_t k)
{
  return json_is_array(list) ? json_array_get(list, k) : list;
}

static int read_list(const json_t **out, const json_t *object, const char *key,
                     const char *where)
{
  char place[400];
  const json_t *value = json_object_get(object, key);
  *out = value;
  if (value == NULL) {
    return VQE_OK;
  }
  snprintf(place, sizeof place, "%s, key '%s'", where, key);
  size_t count = vqe_job_list_count(value);
  for (size_t k = 0; k < count; k++) {
    if (!json_is_string(item_of(value, k))) {
      return vqe_job_refuse(place, value, "a name or a list of names");
    }
  }
  return count > 0
             ? VQE_OK
             : vqe_job_refuse(place, value, "a list with at least one name");
}

static int read_qubits(int *out, const json_t *object, const char *key,
                       const char *where)
{
  char place[400];
  int64_t number = -1;
  const json_t *value = json_object_get(object, key);
  *out = -1;
  if (value == NULL) {
    return VQE_OK;
  }
  snprintf(place, sizeof place, "%s, key '%s'", where, key);
  int status = vqe_job_read_int(&number, value, 0, INT_MAX, place);
  *out = (int)number;
  return status;
}

static int read_seeds(struct vqe_job_ranges *out, const json_t *object,
                      const char *where)
{
  char place[400];
  const json_t *value = json_object_get(object, "seed");
  if (value == NULL) {
    return VQE_OK;
  }
  snprintf(place, sizeof place, "%s, key 'seed'", where);
  return json_is_string(value)
             ? vqe_job_ranges_read(out, json_string_value(value), place)
             : vqe_job_refuse(place, value,
                              "a text of seeds and ranges, like \"1-10\"");
}

int vqe_rule_read(struct vqe_rule *out, const json_t *object,
                  const char *where)
{
  *out = (struct vqe_rule){.min_qubits = -1, .max_qubits = -1};
  snprintf(out->where, sizeof out->where, "%s", where);
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < VQE_RULE_LISTS; k++) {
    status = read_list(&out->lists[k], object, list_keys[k], where);
  }
  if (status == VQE_OK) {
    status = read_seeds(&out->seeds, object, where);
  }
  if (status == VQE_OK) {
    status = read_qubits(&out->min_qubits, object, "min_qubits", where);
  }
  if (status == VQE_OK) {
    status = read_qubits(&out->max_qubits, object, "max_qubits", where);
  }
  if (status == VQE_OK && out->max_qubits >= 0 &&
      out->min_qubits > out->max_qubits) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: min_qubits %d is greater than max_qubits %d, "
                           "so that nothing fits; exchange them",
                           where, out->min_qubits, out->max_qubits);
  }
  return status;
}

void vqe_rule_clear(struct vqe_rule *rule)
{
  vqe_job_ranges_clear(&rule->seeds);
}

/* What the experiment has for a list. */
static const char *value_of(const struct vqe_experiment *experiment, int list)
{
  switch (list) {
  case VQE_RULE_MOLECULES:
    return experiment->name;
  case VQE_RULE_BASIS:
    return experiment->basis_set;
  case VQE_RULE_ANSATZ:
    return experiment->ansatz_name;
  case VQE_RULE_OPTIMIZER:
    return experiment->optimizer;
  default:
    return experiment->init_strategy;
  }
}

/* A basis has several spellings, all others one, in any case. */
static bool is_called(const char *value, const char *name, int list)
{
  const char *canonical = NULL;
  if (list == VQE_RULE_BASIS &&
      vqe_basis_canonical(&canonical, name) == VQE_OK) {
    name = canonical;
  }
  return value != NULL && strcasecmp(value, name) == 0;
}

bool vqe_rule_fits(const struct vqe_rule *rule,
                   const struct vqe_experiment *experiment, int num_qubits)
{
  for (int list = 0; list < VQE_RULE_LISTS; list++) {
    const json_t *names = rule->lists[list];
    bool found = names == NULL;
    for (size_t k = 0; !found && k < vqe_job_list_count(names); k++) {
      found = is_called(value_of(experiment, list),
                        json_string_value(item_of(names, k)), list);
    }
    if (!found) {
      return false;
    }
  }
  return (rule->seeds.count == 0 ||
          vqe_job_ranges_hold(&rule->seeds, experiment->seed)) &&
         (rule->min_qubits < 0 || num_qubits >= rule->min_qubits) &&
         (rule->max_qubits < 0 || num_qubits <= rule->max_qubits);
}

#define SUGGESTED 64

/* No experiment has it: which name was meant? */
static int refuse_name(const struct vqe_rule *rule, int list, const char *name,
                       const struct vqe_job *job)
{
  const char *known[SUGGESTED];
  size_t count = 0;
  for (size_t k = 0; k < job->count && count < SUGGESTED; k++) {
    const char *value = value_of(job->experiments[k], list);
    if (value != NULL && !vqe_job_is_known(value, known, count)) {
      known[count++] = value;
    }
  }
  const char *nearest = vqe_suggest(name, known, count);
  return vqe_error_set(
      VQE_ERR_INPUT, "%s, key '%s': no experiment of the tier has '%s'%s%s%s",
      rule->where, list_keys[list], name,
      nearest != NULL ? ": did you mean '" : "",
      nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

int vqe_rule_check(const struct vqe_rule *rule, const struct vqe_job *job)
{
  for (int list = 0; list < VQE_RULE_LISTS; list++) {
    const json_t *names = rule->lists[list];
    for (size_t k = 0; names != NULL && k < vqe_job_list_count(names); k++) {
      const char *name = json_string_value(item_of(names, k));
      bool found = false;
      for (size_t e = 0; !found && e < job->count; e++) {
        found = is_called(value_of(job->experiments[e], list), name, list);
      }
      if (!found) {
        return refuse_name(rule, list, name, job);
      }
    }
  }
  return VQE_OK;
}
