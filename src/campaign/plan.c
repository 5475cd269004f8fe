#include "campaign/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"

static bool same_text(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_options(const struct vqe_option_list *a,
                         const struct vqe_option_list *b)
{
  bool same = a->count == b->count;
  for (size_t k = 0; same && k < a->count; k++) {
    same = same_text(a->items[k].key, b->items[k].key) &&
           same_text(a->items[k].json, b->items[k].json);
  }
  return same;
}

bool vqe_plan_alike(const struct vqe_experiment *a,
                    const struct vqe_experiment *b)
{
  return a->molecule_id == b->molecule_id &&
         same_text(a->basis_set, b->basis_set) &&
         same_text(a->ansatz_name, b->ansatz_name) &&
         a->ansatz_reps == b->ansatz_reps &&
         same_text(a->entanglement, b->entanglement) &&
         same_options(&a->ansatz_options, &b->ansatz_options) &&
         same_text(a->optimizer, b->optimizer) &&
         a->max_evaluations == b->max_evaluations &&
         same_options(&a->optimizer_options, &b->optimizer_options);
}

/* ---- rules ---- */

static int check_rules(const struct vqe_tier *tier, const struct vqe_job *job)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < tier->npriority; k++) {
    status = vqe_rule_check(&tier->priorities[k], job);
  }
  for (size_t k = 0; status == VQE_OK && k < tier->nlane; k++) {
    status = vqe_rule_check(&tier->lanes[k].rule, job);
  }
  for (size_t k = 0; status == VQE_OK && k < tier->nrestriction; k++) {
    status = vqe_rule_check(&tier->restrictions[k].whose, job);
    if (status == VQE_OK) {
      status = vqe_rule_check(&tier->restrictions[k].only, job);
    }
  }
  return status;
}

static int choose_lane(struct vqe_plan_item *item, const struct vqe_tier *tier)
{
  for (size_t k = 0; k < tier->nlane; k++) {
    if (vqe_rule_fits(&tier->lanes[k].rule, item->experiment,
                      item->num_qubits)) {
      item->lane = (int)k;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "file '%s', key 'lanes': no lane takes %s %s %s of %d "
                       "qubits; add a last lane without conditions",
                       tier->path, item->experiment->name,
                       item->experiment->basis_set,
                       item->experiment->optimizer, item->num_qubits);
}

static int priority_of(const struct vqe_plan_item *item,
                       const struct vqe_tier *tier)
{
  size_t k = 0;
  while (k < tier->npriority &&
         !vqe_rule_fits(&tier->priorities[k], item->experiment,
                        item->num_qubits)) {
    k++;
  }
  return (int)k;
}

static bool is_restricted(const struct vqe_plan_item *item,
                          const struct vqe_tier *tier)
{
  for (size_t k = 0; k < tier->nrestriction; k++) {
    const struct vqe_tier_restriction *rule = &tier->restrictions[k];
    if (vqe_rule_fits(&rule->whose, item->experiment, item->num_qubits) &&
        !vqe_rule_fits(&rule->only, item->experiment, item->num_qubits)) {
      return true;
    }
  }
  return false;
}

/* Does it run? The first reason against it counts. */
static void judge(struct vqe_plan_item *item, const struct vqe_plan *plan,
                  const struct vqe_plan_options *options)
{
  const struct vqe_tier *tier = plan->tier;
  double memory = plan->memory_gb;
  double cost =
      isnan(options->cost_limit) ? tier->cost_limit : options->cost_limit;
  if (options->lanes && tier->nlane > 0 &&
      !isnan(tier->lanes[item->lane].memory_gb)) {
    memory = tier->lanes[item->lane].memory_gb;
  }
  if (is_restricted(item, tier)) {
    item->reason = VQE_PLAN_RESTRICTED;
  } else if (options->max_qubits > 0 &&
             item->num_qubits > options->max_qubits) {
    item->reason = VQE_PLAN_QUBITS;
    item->limit = options->max_qubits;
  } else if (item->memory_gb > memory) {
    item->reason = VQE_PLAN_MEMORY;
    item->limit = memory;
  } else if (!isnan(cost) && item->cost > cost) {
    item->reason = VQE_PLAN_COST;
    item->limit = cost;
  }
}

/* ---- the plan ---- */

static int estimate(struct vqe_plan_item *item,
                    const struct vqe_plan_item *before)
{
  struct vqe_experiment_estimate found = {.num_qubits = 0};
  const struct vqe_experiment *experiment = item->experiment;
  if (experiment->input_error == NULL && before != NULL &&
      before->reason != VQE_PLAN_INPUT &&
      vqe_plan_alike(before->experiment, experiment)) {
    item->num_qubits = before->num_qubits;
    item->memory_gb = before->memory_gb;
    item->cost = before->cost;
    return VQE_OK;
  }
  if (vqe_experiment_estimate(&found, experiment) != VQE_OK) {
    item->reason = VQE_PLAN_INPUT;
    return vqe_memory_strdup(&item->text, vqe_error_message());
  }
  item->num_qubits = found.num_qubits;
  item->memory_gb = (double)found.bytes / 1e9;
  item->cost = found.cost;
  return VQE_OK;
}

static int plan_items(struct vqe_plan *plan,
                      const struct vqe_plan_options *options)
{
  int status = vqe_memory_alloc(&plan->items, plan->job->count,
                                sizeof *plan->items, "a plan");
  for (size_t k = 0; status == VQE_OK && k < plan->job->count; k++) {
    struct vqe_plan_item *item = &plan->items[k];
    item->experiment = plan->job->experiments[k];
    item->position = plan->job->positions[k];
    plan->count = k + 1;
    status = estimate(item, k > 0 ? item - 1 : NULL);
    if (status == VQE_OK && item->reason == VQE_PLAN_RUNS) {
      item->priority = priority_of(item, plan->tier);
      if (options->lanes && plan->tier->nlane > 0) {
        status = choose_lane(item, plan->tier);
      }
      judge(item, plan, options);
    }
  }
  return status;
}

int vqe_plan_job(struct vqe_job **out, const struct vqe_tier *tier)
{
  char *warnings = NULL;
  char *text = vqe_json_dumps(tier->job, JSON_COMPACT);
  int status =
      text != NULL
          ? vqe_job_parse(out, &warnings, text, strlen(text), tier->path, NULL)
          : vqe_error_set(VQE_ERR_MEMORY, "no memory for the job of a tier");
  free(warnings); /* what runs says it again */
  free(text);
  return status;
}

int vqe_plan_make(struct vqe_plan **out, const struct vqe_tier *tier,
                  const struct vqe_plan_options *options)
{
  struct vqe_plan *plan = NULL;
  *out = NULL;
  if (options->lanes && tier->nlane == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "file '%s' has no key 'lanes'; leave --lanes out, or "
                         "say which molecules go where",
                         tier->path);
  }
  int status = vqe_memory_alloc(&plan, 1, sizeof *plan, "a plan");
  if (status == VQE_OK) {
    plan->tier = tier;
    plan->memory_gb = isnan(options->memory_gb)
                          ? (double)vqe_memory_available() / 1e9
                          : options->memory_gb;
    status = vqe_plan_job(&plan->job, tier);
  }
  if (status == VQE_OK) {
    status = check_rules(tier, plan->job);
  }
  if (status == VQE_OK) {
    status = plan_items(plan, options);
  }
  if (status == VQE_OK) {
    *out = plan;
  } else {
    vqe_plan_free(plan);
  }
  return status;
}

void vqe_plan_free(struct vqe_plan *plan)
{
  if (plan == NULL) {
    return;
  }
  for (size_t k = 0; k < plan->count; k++) {
    free(plan->items[k].text);
  }
  free(plan->items);
  vqe_job_free(plan->job);
  free(plan);
}

/* ---- what is set aside ---- */

/* "51.7 GB", in the unit that suits it. */
static void print_size(char out[40], double gigabytes, int digits)
{
  static const char *const units[] = {"GB", "MB", "kB", "bytes"};
  size_t unit = 0;
  while (unit < 3 && gigabytes < 0.9995) {
    gigabytes *= 1e3;
    unit++;
  }
  snprintf(out, 40, "%.*f %s", unit == 3 ? 0 : digits, gigabytes, units[unit]);
}

/* With as many digits as show that they differ. */
static void describe_memory(char out[400], const struct vqe_plan_item *item)
{
  char need[40];
  char there[40];
  int digits = 1;
  do {
    print_size(need, item->memory_gb, digits);
    print_size(there, item->limit, digits);
    digits += 2;
  } while (strcmp(need, there) == 0 && digits < 9);
  snprintf(out, 400, "needs %s, there are %s", need, there);
}

static void describe(char out[400], const struct vqe_plan_item *item)
{
  switch (item->reason) {
  case VQE_PLAN_INPUT:
    snprintf(out, 400, "%s", item->text);
    break;
  case VQE_PLAN_RESTRICTED:
    snprintf(out, 400, "left out by a restriction of the tier");
    break;
  case VQE_PLAN_QUBITS:
    snprintf(out, 400, "needs %d qubits, %.0f are allowed", item->num_qubits,
             item->limit);
    break;
  case VQE_PLAN_COST:
    snprintf(out, 400, "needs %.3g core seconds, %.3g are allowed", item->cost,
             item->limit);
    break;
  case VQE_PLAN_MEMORY:
    describe_memory(out, item);
    break;
  case VQE_PLAN_RUNS:
    break;
  }
}

/* The group that the item belongs to, or NULL. */
static json_t *group_of(const json_t *groups, const struct vqe_plan_item *item,
                        const char *reason)
{
  const struct vqe_experiment *experiment = item->experiment;
  size_t k;
  json_t *group;
  json_array_foreach(groups, k, group)
  {
    const json_t *basis = json_object_get(group, "basis");
    const json_t *ansatz = json_object_get(group, "ansatz");
    if (json_integer_value(json_object_get(group, "molecule_id")) ==
            experiment->molecule_id &&
        same_text(json_string_value(basis), experiment->basis_set) &&
        same_text(json_string_value(ansatz), experiment->ansatz_name) &&
        same_text(json_string_value(json_object_get(group, "reason")),
                  reason)) {
      return group;
    }
  }
  return NULL;
}

static json_t *new_group(const struct vqe_plan_item *item, const char *reason)
{
  static const char *const rules[] = {"",       "input",      "restrict",
                                      "qubits", "cost_limit", "memory"};
  const struct vqe_experiment *experiment = item->experiment;
  bool known = item->reason != VQE_PLAN_INPUT;
  return json_pack(
      "{s:s, s:i, s:s?, s:s?, s:s, s:s, s:o, s:o, s:o, s:i}", "molecule",
      experiment->name, "molecule_id", experiment->molecule_id, "basis",
      experiment->basis_set, "ansatz", experiment->ansatz_name, "rule",
      rules[item->reason], "reason", reason, "qubits",
      known ? json_integer(item->num_qubits) : json_null(), "memory_gb",
      known ? json_real(item->memory_gb) : json_null(), "core_seconds",
      known ? json_real(item->cost) : json_null(), "runs", 0);
}

json_t *vqe_plan_set_aside(const struct vqe_plan *plan)
{
  json_t *groups = json_array();
  for (size_t k = 0; k < plan->count; k++) {
    const struct vqe_plan_item *item = &plan->items[k];
    char reason[400] = "";
    if (item->reason == VQE_PLAN_RUNS) {
      continue;
    }
    describe(reason, item);
    json_t *group = group_of(groups, item, reason);
    if (group == NULL) {
      group = new_group(item, reason);
      json_array_append_new(groups, group);
    }
    json_int_t runs = json_integer_value(json_object_get(group, "runs"));
    json_object_set_new(group, "runs", json_integer(runs + 1));
  }
  return groups;
}
