#include "batch_generate.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/text.h"
#include "batch_common.h"
#include "batch_lake.h"
#include "campaign/folder.h"
#include "campaign/generate.h"
#include "campaign/tier.h"
#include "campaign_options.h"
#include "cmd_log.h"
#include "option_table.h"

#define COLUMNS 80

static int read_amount(double *out, const char *text, const char *option)
{
  char *end;
  *out = NAN;
  if (text == NULL) {
    return VQE_OK;
  }
  *out = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*out) && *out > 0.0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "option --%s: '%s' is no number "
                             "above 0",
                             option, text);
}

static void print_hours(double cost)
{
  if (cost < 100.0) {
    printf("%.3g core seconds", cost);
  } else if (cost < 360000.0) {
    printf("%.3g core hours", cost / 3600.0);
  } else {
    printf("%.0f core hours", cost / 3600.0);
  }
}

static void print_lane(const struct vqe_generate_lane *lane)
{
  printf("  %zu to run", lane->runs);
  if (lane->name != NULL) {
    printf(" in lane %s", lane->name);
  }
  if (lane->runs == 0) {
    printf("\n");
    return;
  }
  printf(", about ");
  print_hours(lane->cost);
  if (lane->parts > 1) {
    printf(", in %d parts of\n    ", lane->parts);
    print_hours(lane->least);
    printf(" to ");
    print_hours(lane->greatest);
  }
  printf("\n");
}

static void print_set_aside(const struct vqe_generated *generated)
{
  size_t k;
  json_t *group;
  json_array_foreach(generated->set_aside, k, group)
  {
    printf("  %lld set aside: %s %s %s\n    ",
           (long long)json_integer_value(json_object_get(group, "runs")),
           json_string_value(json_object_get(group, "molecule")),
           json_string_value(json_object_get(group, "basis")),
           json_string_value(json_object_get(group, "ansatz")));
    vqe_text_wrap(stdout, json_string_value(json_object_get(group, "reason")),
                  COLUMNS - 4, 4);
  }
}

/* Some of all cannot run here, and nothing else is there. */
static bool all_set_aside(const struct vqe_generated *generated)
{
  return generated->total > 0 && generated->nset_aside == generated->total;
}

static void print_nothing(const struct vqe_generated *generated)
{
  if (all_set_aside(generated)) {
    printf("Nothing to run: all is set aside.\n");
  } else if (generated->nset_aside > 0) {
    printf("Nothing to run: all that is not done is set aside.\n");
  } else {
    printf("Nothing to run: all is done.\n");
  }
}

static void print_file(const char *folder, const char *file)
{
  char *path = NULL;
  if (vqe_folder_path(&path, folder, file) == VQE_OK) {
    vqe_text_shell_word(stdout, path);
  }
  free(path);
}

static void print_job_files(const struct vqe_generate_lane *lane,
                            const char *folder)
{
  char file[80];
  const char *dash = lane->name != NULL ? "-" : "";
  const char *name = lane->name != NULL ? lane->name : "";
  snprintf(file, sizeof file, "part-%s%s0001.json", name, dash);
  if (lane->parts > 0) {
    printf("Job file%s: ", vqe_cmd_plural((size_t)lane->parts));
    print_file(folder, file);
  }
  if (lane->parts > 1) {
    printf(" to %04d", lane->parts);
  }
  if (lane->parts > 0) {
    printf("\n");
  }
}

static void print_text(const struct vqe_generated *generated,
                       const char *folder)
{
  printf("Tier %s: %zu run%s\n", generated->plan->tier->name, generated->total,
         vqe_cmd_plural(generated->total));
  if (generated->done > 0) {
    printf("  %zu done already\n", generated->done);
  }
  for (size_t k = 0; k < generated->nlane; k++) {
    print_lane(&generated->lanes[k]);
  }
  print_set_aside(generated);
  for (size_t k = 0; k < generated->nlane; k++) {
    print_job_files(&generated->lanes[k], folder);
  }
  if (generated->runs == 0) {
    print_nothing(generated);
  }
  printf("Its state: vqe_batch status ");
  vqe_text_shell_word(stdout, folder);
  printf("\n");
}

static int print_json(const struct vqe_generated *generated,
                      const char *folder)
{
  json_t *lanes = json_array();
  for (size_t k = 0; k < generated->nlane; k++) {
    const struct vqe_generate_lane *lane = &generated->lanes[k];
    json_array_append_new(
        lanes, json_pack("{s:s?, s:s?, s:s?, s:i, s:I, s:f, s:f, s:f}", "lane",
                         lane->name, "device", lane->device, "partition",
                         lane->partition, "parts", lane->parts, "runs",
                         (json_int_t)lane->runs, "core_seconds", lane->cost,
                         "core_seconds_least", lane->least,
                         "core_seconds_greatest", lane->greatest));
  }
  json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:o, s:O}",
                           "tier", generated->plan->tier->name, "folder",
                           folder, "total", (json_int_t)generated->total,
                           "done", (json_int_t)generated->done, "runs",
                           (json_int_t)generated->runs, "set_aside_runs",
                           (json_int_t)generated->nset_aside, "memory_gb",
                           generated->plan->memory_gb, "lanes", lanes,
                           "set_aside", generated->set_aside);
  char *text =
      json != NULL
          ? vqe_json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9))
          : NULL;
  bool lost = text == NULL;
  json_decref(json);
  if (!lost) {
    vqe_text_show(stdout, text);
    printf("\n");
  }
  free(text);
  return lost ? vqe_error_set(VQE_ERR_IO, "the JSON could not be printed")
              : VQE_OK;
}

int vqe_batch_generate(int argc, char **argv)
{
  struct vqe_cmd_generate_options options;
  struct vqe_generate_options how = {.parts = 1, .log = &vqe_cmd_log};
  struct vqe_tier *tier = NULL;
  struct vqe_generated *generated = NULL;
  json_t *done = NULL;
  int code = EXIT_GOOD;
  int status = vqe_cmd_generate_parse(&options, argc, argv);
  if (status == VQE_OK && options.help) {
    (void)vqe_cmd_generate_help(stdout);
    return EXIT_GOOD;
  }
  if (status == VQE_OK && options.man) {
    vqe_cmd_generate_man(stdout);
    return EXIT_GOOD;
  }
  how.plan.lanes = options.lanes;
  how.plan.max_qubits = options.max_qubits;
  how.parts = options.parts > 0 ? options.parts : 1;
  if (status == VQE_OK) {
    status = read_amount(&how.plan.memory_gb, options.memory, "memory");
  }
  if (status == VQE_OK) {
    status =
        read_amount(&how.plan.cost_limit, options.cost_limit, "cost-limit");
  }
  if (status == VQE_OK) {
    status = vqe_tier_load(&tier, options.tier);
  }
  if (status == VQE_OK && options.done != NULL) {
    status = vqe_batch_lake_done(&done, options.done);
    how.done = done;
  }
  if (status == VQE_OK) {
    status = vqe_generate(&generated, tier, options.folder, &how);
  }
  if (status == VQE_OK && options.json) {
    status = print_json(generated, options.folder);
  } else if (status == VQE_OK) {
    print_text(generated, options.folder);
  }
  if (status == VQE_OK && all_set_aside(generated)) {
    code = EXIT_SOME_FAILED;
  }
  vqe_generated_free(generated);
  vqe_tier_free(tier);
  json_decref(done);
  return status == VQE_OK ? code : vqe_batch_complain();
}
