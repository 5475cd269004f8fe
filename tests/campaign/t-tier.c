/* Tiers: what the four come to, rules, and a message for what is wrong. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "campaign/plan.h"
#include "campaign/tier.h"
#include "vqe/error.h"

#define H2                                                                    \
  "{\"name\": \"H2\", \"symbols\": [\"H\", \"H\"], "                          \
  "\"coords\": [[0,0,0],[0,0,0.74]]}"
#define LIH                                                                   \
  "{\"name\": \"LiH\", \"symbols\": [\"Li\", \"H\"], "                        \
  "\"coords\": [[0,0,0],[0,0,1.6]]}"
#define TIER                                                                  \
  "\"name\": \"small\", \"molecules\": [" H2 ", " LIH "], "                   \
  "\"ansatz\": \"EfficientSU2\", \"optimizer\": [\"L-BFGS-B\", \"COBYLA\"], " \
  "\"init\": [\"random\", \"hf\"], \"seed\": \"1-3,7\""

static const struct vqe_plan_options defaults = {.memory_gb = 24.0,
                                                 .cost_limit = NAN};

static struct vqe_tier *tier;
static struct vqe_plan *plan;

static void clear(void)
{
  vqe_plan_free(plan);
  vqe_tier_free(tier);
  plan = NULL;
  tier = NULL;
}

static int parse(const char *keys)
{
  char text[2048];
  clear();
  snprintf(text, sizeof text, "{%s%s}", TIER, keys);
  return vqe_tier_parse(&tier, text, strlen(text), "small.json");
}

static int make(const char *keys, const struct vqe_plan_options *options)
{
  int status = parse(keys);
  return status == 0 ? vqe_plan_make(&plan, tier, options) : status;
}

static size_t count(enum vqe_plan_reason reason)
{
  size_t found = 0;
  for (size_t k = 0; k < plan->count; k++) {
    found += plan->items[k].reason == reason;
  }
  return found;
}

/* molecules x optimizers x ansätze x seeds x 2 starts */
static void the_four_tiers_have_their_numbers_of_runs(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    size_t runs;
  } tiers[] = {{"1", 8 * 8 * 1 * 25 * 2},
               {"2", 5 * 8 * 1 * 15 * 2},
               {"3", 8 * 3 * 2 * 15 * 2},
               {"4", 3 * 3 * 1 * 10 * 2}};
  const size_t table[] = {3200, 1200, 1440, 180};
  for (size_t k = 0; k < 4; k++) {
    clear();
    assert_int_equal(vqe_tier_load(&tier, tiers[k].name), 0);
    assert_int_equal(vqe_plan_make(&plan, tier, &defaults), 0);
    assert_int_equal(plan->count, tiers[k].runs);
    assert_int_equal(plan->count, table[k]);
  }
}

/* 2^30 amplitudes of 16 bytes, three of these: 51.5 GB, and integrals. */
static void co2_is_set_aside_with_its_need(void **state)
{
  (void)state;
  clear();
  assert_int_equal(vqe_tier_load(&tier, "1"), 0);
  assert_int_equal(vqe_plan_make(&plan, tier, &defaults), 0);
  assert_int_equal(count(VQE_PLAN_MEMORY), 400);
  assert_int_equal(count(VQE_PLAN_RUNS), 2800);
  json_t *groups = vqe_plan_set_aside(plan);
  assert_int_equal(json_array_size(groups), 1);
  const json_t *group = json_array_get(groups, 0);
  assert_string_equal(json_string_value(json_object_get(group, "molecule")),
                      "CO2");
  assert_int_equal(json_integer_value(json_object_get(group, "runs")), 400);
  assert_int_equal(json_integer_value(json_object_get(group, "qubits")), 30);
  double need = json_real_value(json_object_get(group, "memory_gb"));
  assert_true(need > 51.5 && need < 53.7);
  assert_string_equal(json_string_value(json_object_get(group, "reason")),
                      "needs 51.7 GB, there are 24.0 GB");
  json_decref(groups);
  struct vqe_plan_options larger = defaults;
  larger.memory_gb = 60.0;
  vqe_plan_free(plan);
  assert_int_equal(vqe_plan_make(&plan, tier, &larger), 0);
  assert_int_equal(count(VQE_PLAN_RUNS), 3200);
}

static void seeds_are_numbers_in_the_job(void **state)
{
  (void)state;
  assert_int_equal(make("", &defaults), 0);
  assert_int_equal(plan->count, 2 * 2 * 2 * 4);
  const int seeds[] = {1, 2, 3, 7};
  for (size_t k = 0; k < plan->count; k++) {
    assert_int_equal(plan->items[k].experiment->seed, seeds[k % 4]);
    assert_int_equal(plan->items[k].position, (int)k);
  }
}

static void lanes_priorities_and_limits_go_by_conditions(void **state)
{
  (void)state;
  struct vqe_plan_options lanes = defaults;
  const char *keys =
      ", \"lanes\": [{\"name\": \"small\", \"molecules\": \"h2\"}, "
      "{\"name\": \"rest\", \"device\": \"cpu\", \"partition\": \"long\"}], "
      "\"priority\": [{\"optimizer\": [\"cobyla\"], \"init\": \"hf\"}, "
      "{\"basis\": \"STO-3G\", \"max_qubits\": 4}], "
      "\"restrict\": [{\"molecules\": \"LiH\", \"only\": {\"seed\": "
      "\"1-2\"}}]";
  lanes.lanes = true;
  assert_int_equal(make(keys, &lanes), 0);
  assert_int_equal(count(VQE_PLAN_RESTRICTED), 2 * 2 * 2);
  for (size_t k = 0; k < plan->count; k++) {
    const struct vqe_plan_item *item = &plan->items[k];
    bool h2 = item->experiment->molecule_id == 0;
    bool first = strcmp(item->experiment->optimizer, "COBYLA") == 0 &&
                 strcmp(item->experiment->init_strategy, "hf") == 0;
    assert_int_equal(item->num_qubits, h2 ? 4 : 12);
    assert_int_equal(item->lane, h2 ? 0 : 1);
    assert_int_equal(item->priority, first ? 0 : h2 ? 1 : 2);
    assert_true((item->reason == VQE_PLAN_RESTRICTED) ==
                (!h2 && item->experiment->seed > 2));
  }
  assert_string_equal(tier->lanes[1].partition, "long");
  struct vqe_plan_options few = defaults;
  few.max_qubits = 4;
  assert_int_equal(make("", &few), 0);
  assert_int_equal(count(VQE_PLAN_QUBITS), 16);
  double most = 0.0;
  double least = INFINITY;
  for (size_t k = 0; k < plan->count; k++) {
    most = fmax(most, plan->items[k].cost);
    least = fmin(least, plan->items[k].cost);
  }
  struct vqe_plan_options cheap = defaults;
  cheap.cost_limit = (most + least) / 2.0;
  assert_int_equal(make("", &cheap), 0);
  assert_true(count(VQE_PLAN_COST) > 0 && count(VQE_PLAN_RUNS) > 0);
  assert_int_equal(make(", \"cost_limit\": 1e-9", &defaults), 0);
  assert_int_equal(count(VQE_PLAN_COST), 32);
}

/* A lane has the memory of its device. */
static void memory_of_a_lane_counts_instead_of_the_machines(void **state)
{
  (void)state;
  struct vqe_plan_options options = {
      .lanes = true, .memory_gb = 1e-6, .cost_limit = NAN};
  const char *keys =
      ", \"lanes\": [{\"name\": \"gpu\", \"molecules\": [\"LiH\"], "
      "\"memory_gb\": 80}, {\"name\": \"rest\"}]";
  assert_int_equal(make(keys, &options), 0);
  assert_int_equal(count(VQE_PLAN_MEMORY), 16);
  options.lanes = false;
  assert_int_equal(make(keys, &options), 0);
  assert_int_equal(count(VQE_PLAN_MEMORY), 32);
}

/* Both numbers have units that show how they differ. */
static void little_memory_shows_how_it_differs(void **state)
{
  (void)state;
  struct vqe_plan_options options = defaults;
  options.memory_gb = 1e-7;
  assert_int_equal(make("", &options), 0);
  assert_int_equal(count(VQE_PLAN_MEMORY), plan->count);
  double need = plan->items[0].memory_gb;
  char reason[400];
  char wanted[80];
  assert_true(need > 1e-6 && need < 0.9);
  snprintf(wanted, sizeof wanted,
           need >= 1e-3 ? "needs %.1f MB, there are 100 bytes"
                        : "needs %.1f kB, there are 100 bytes",
           need >= 1e-3 ? need * 1e3 : need * 1e6);
  json_t *groups = vqe_plan_set_aside(plan);
  snprintf(
      reason, sizeof reason, "%s",
      json_string_value(json_object_get(json_array_get(groups, 0), "reason")));
  json_decref(groups);
  assert_string_equal(reason, wanted);
  /* as many digits as it takes */
  options.memory_gb = need * (1.0 - 3e-6);
  assert_int_equal(make("", &options), 0);
  assert_int_equal(plan->items[0].reason, VQE_PLAN_MEMORY);
  groups = vqe_plan_set_aside(plan);
  snprintf(
      reason, sizeof reason, "%s",
      json_string_value(json_object_get(json_array_get(groups, 0), "reason")));
  json_decref(groups);
  double numbers[2] = {0.0, 0.0};
  assert_int_equal(
      sscanf(reason, "needs %lf %*s there are %lf", &numbers[0], &numbers[1]),
      2);
  assert_true(numbers[0] > numbers[1]);
}

static void bad_molecules_are_set_aside_with_their_reason(void **state)
{
  (void)state;
  const char *text =
      "{\"name\": \"bad\", \"seed\": \"1-2\", \"molecules\": [" H2
      ", {\"name\": \"X\", \"symbols\": [\"H\"], "
      "\"coords\": [[0,0,\"x\"]]}]}";
  clear();
  assert_int_equal(vqe_tier_parse(&tier, text, strlen(text), "bad.json"), 0);
  assert_int_equal(vqe_plan_make(&plan, tier, &defaults), 0);
  assert_int_equal(count(VQE_PLAN_INPUT), 2);
  assert_int_equal(count(VQE_PLAN_RUNS), 2);
  json_t *groups = vqe_plan_set_aside(plan);
  const char *reason =
      json_string_value(json_object_get(json_array_get(groups, 0), "reason"));
  assert_non_null(strstr(reason, "bad.json"));
  json_decref(groups);
}

static void what_is_wrong_is_named(void **state)
{
  (void)state;
  struct vqe_plan_options lanes = defaults;
  static const struct {
    const char *keys, *message;
  } cases[] = {
      {", \"output\": \"x.h5\"", "generate sets it"},
      {", \"select\": \"1\"", "generate sets it"},
      {", \"lane\": []", "did you mean 'lanes'"},
      {", \"priority\": {}", "is not a list of objects"},
      {", \"priority\": [{\"qubits\": 3}]", "unknown key 'qubits'"},
      {", \"priority\": [{\"molecules\": []}]", "at least one name"},
      {", \"priority\": [{\"molecules\": [3]}]", "a name or a list"},
      {", \"priority\": [{\"max_qubits\": -1}]", "whole number"},
      {", \"priority\": [{\"seed\": 3}]", "a text of seeds"},
      {", \"priority\": [3]", "an object with conditions"},
      {", \"lanes\": [{\"device\": \"cpu\"}]", "a name of letters"},
      {", \"lanes\": [{\"name\": \"a-b\"}]", "a name of letters"},
      {", \"lanes\": [{\"name\": \"a\"}, {\"name\": \"a\"}]", "two lanes"},
      {", \"lanes\": [{\"name\": \"a\", \"memory_gb\": 0}]", "number > 0"},
      {", \"lanes\": [{\"name\": \"a\", \"device\": \"tpu\"}]",
       "key 'device': \"tpu\" is not \"auto\", \"cpu\" or \"cuda\""},
      {", \"lanes\": [{\"name\": \"a\", \"device\": 3}]", "key 'device': 3"},
      {", \"lanes\": [{\"name\": \"a\", \"min_qubits\": 5, "
       "\"max_qubits\": 4}]",
       "min_qubits 5 is greater than max_qubits 4"},
      {", \"restrict\": [{\"molecules\": \"H2\", \"only\": "
       "{\"min_qubits\": 2, \"max_qubits\": 0}}]",
       "min_qubits 2 is greater"},
      {", \"restrict\": [{\"molecules\": \"H2\"}]", "an object with"},
      {", \"cost_limit\": -1", "number > 0"},
      {", \"priority\": [{\"molecules\": \"LiHH\"}]", "did you mean 'LiH'"},
      {", \"lanes\": [{\"name\": \"a\", \"ansatz\": \"UCCSD\"}]",
       "no experiment of the tier has 'UCCSD'"},
      {", \"lanes\": [{\"name\": \"a\", \"molecules\": \"H2\"}]",
       "no lane takes LiH"},
      {", \"bassi\": 3", "a tier has no such key"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    lanes.lanes = strstr(cases[k].keys, "lanes") != NULL;
    assert_int_equal(make(cases[k].keys, &lanes), VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), cases[k].message));
    assert_non_null(strstr(vqe_error_message(), "small.json"));
  }
  lanes.lanes = true;
  assert_int_equal(make("", &lanes), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "no key 'lanes'"));
  const char *text = "{\"molecules\": [" H2 "]}";
  clear();
  assert_int_equal(vqe_tier_parse(&tier, text, strlen(text), "a.json"),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "needs the key 'seed'"));
  assert_int_equal(vqe_tier_load(&tier, "5"), VQE_ERR_NOT_FOUND);
  assert_non_null(strstr(vqe_error_message(), "name 1 to 4"));
}

static int end(void **state)
{
  (void)state;
  clear();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_four_tiers_have_their_numbers_of_runs),
      cmocka_unit_test(co2_is_set_aside_with_its_need),
      cmocka_unit_test(seeds_are_numbers_in_the_job),
      cmocka_unit_test(lanes_priorities_and_limits_go_by_conditions),
      cmocka_unit_test(memory_of_a_lane_counts_instead_of_the_machines),
      cmocka_unit_test(little_memory_shows_how_it_differs),
      cmocka_unit_test(bad_molecules_are_set_aside_with_their_reason),
      cmocka_unit_test(what_is_wrong_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
