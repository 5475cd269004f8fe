/* Tiers: any bytes give a plan in which each experiment runs or has a reason,
 * or a message. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "campaign/plan.h"
#include "campaign/tier.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Relative paths of a tier lead nowhere from here. */
static const char path[] = "/nonexistent/fuzz.json";

#define FEW 32

static void check(const struct vqe_plan *plan)
{
  json_t *groups = vqe_plan_set_aside(plan);
  json_t *group;
  size_t aside = 0;
  size_t k;
  json_array_foreach(groups, k, group)
  {
    aside += (size_t)json_integer_value(json_object_get(group, "runs"));
  }
  json_decref(groups);
  for (k = 0; k < plan->count; k++) {
    const struct vqe_plan_item *item = &plan->items[k];
    aside -= item->reason != VQE_PLAN_RUNS;
    if (item->position < 0 || (size_t)item->position >= plan->job->product ||
        (item->reason == VQE_PLAN_RUNS &&
         !(item->cost > 0.0 && item->num_qubits > 0))) {
      abort();
    }
  }
  if (aside != 0) {
    abort();
  }
}

/* Products of long lists take long and show nothing new. */
static bool is_small(const struct vqe_tier *tier)
{
  static const char *const keys[] = {"molecules", "basis", "ansatz",
                                     "optimizer", "init",  "seed"};
  size_t product = 1;
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    const json_t *list = json_object_get(tier->job, keys[k]);
    product *= json_is_array(list) && json_array_size(list) > 0
                   ? json_array_size(list)
                   : 1;
    if (product > FEW) {
      return false;
    }
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const struct vqe_plan_options options = {.memory_gb = 1.0,
                                           .cost_limit = NAN};
  struct vqe_tier *tier;
  struct vqe_plan *plan = NULL;
  int status = vqe_tier_parse(&tier, (const char *)data, size, path);
  if (status != 0 && (tier != NULL || vqe_error_message()[0] == '\0')) {
    abort();
  }
  if (status == 0 && is_small(tier)) {
    status = vqe_plan_make(&plan, tier, &options);
    if (status == 0) {
      check(plan);
    } else if (plan != NULL || vqe_error_message()[0] == '\0') {
      abort();
    }
  }
  vqe_plan_free(plan);
  vqe_tier_free(tier);
  return 0;
}
