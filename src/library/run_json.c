#include "vqe/run_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/missing.h"
#include "job/job.h"
#include "job/job_molecules.h"
#include "job/job_value.h"
#include "molecule/molecule_build.h"
#include "report/report_json.h"

/* What messages call the text, and a molecule without a name. */
static const char place[] = "input";

/* Keys of a job that a library has nothing to do for. */
static const char *const program_keys[] = {
    "output",  "warehouse",          "s3",
    "kafka",   "registry",           "insecure_http",
    "metrics", "ranks_per_molecule", "select"};

static int refuse_program_keys(const char *text, size_t size)
{
  int status = VQE_OK;
  json_t *json = vqe_json_parse_any(text, size);
  for (size_t k = 0; k < VQE_JOB_COUNT(program_keys); k++) {
    if (status == VQE_OK && json_is_object(json) &&
        json_object_get(json, program_keys[k]) != NULL) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key '%s': this is for the program "
                             "vqe_batch; the library gives one result back "
                             "and writes none: leave it out",
                             place, program_keys[k]);
    }
  }
  json_decref(json);
  return status;
}

/* A job of one experiment. */
static int read_job(struct vqe_job **out, char **warnings, const char *text,
                    size_t size)
{
  struct vqe_job_overrides strict = {.strict = true};
  *out = NULL;
  *warnings = NULL;
  if (size > VQE_MAX_JSON) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: %zu bytes; at most %zu are read",
                         place, size, (size_t)VQE_MAX_JSON);
  }
  int status = vqe_molecule_skip_mark(&text, &size, place);
  if (status != VQE_OK) {
    return status;
  }
  if (vqe_job_format_of(text, size, place) != VQE_JOB_FORMAT_JSON) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: this is no JSON; a job, a molecule or a "
                         "QCSchema AtomicInput is expected",
                         place);
  }
  status = refuse_program_keys(text, size);
  if (status == VQE_OK) {
    status = vqe_job_parse(out, warnings, text, size, place, &strict);
  }
  if (status == VQE_OK && (*out)->count != 1) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: it asks for %zu experiments and one is run at "
                           "a time; give one molecule and one value of each "
                           "setting",
                           place, (*out)->count);
  }
  if (status != VQE_OK) {
    vqe_job_free(*out);
    free(*warnings);
    *out = NULL;
    *warnings = NULL;
  }
  return status;
}

/* "a\nb\n" as ["a", "b"]; NULL: no memory. */
static json_t *lines_of(const char *text)
{
  json_t *array = json_array();
  while (array != NULL && text != NULL && *text != '\0') {
    size_t length = strcspn(text, "\n");
    json_t *line = json_stringn(text, length);
    if (json_array_append_new(
            array, line != NULL ? line : json_string("(not UTF-8)")) != 0) {
      json_decref(array);
      array = NULL;
    }
    text += length + (text[length] == '\n' ? 1 : 0);
  }
  return array;
}

static json_t *evaluations_of(const struct vqe_result *result)
{
  double *energy = NULL;
  json_t *object = NULL;
  size_t count = result->eval_energy != NULL ? result->neval : 0;
  if (vqe_memory_alloc(&energy, count, sizeof *energy, "energies") == VQE_OK) {
    for (size_t k = 0; k < count; k++) {
      energy[k] = result->eval_energy[k] + result->nuclear_repulsion_energy;
    }
    object = json_pack("{s:o, s:o, s:o}", "energy",
                       vqe_report_numbers(energy, count), "energy_std",
                       vqe_report_numbers(result->eval_std, count), "seconds",
                       vqe_report_numbers(result->eval_seconds, count));
  }
  free(energy);
  return object;
}

/* The summary, and what a caller without files wants beside it. NULL: no
 * memory. */
static json_t *object_of(const struct vqe_result *result, const char *warnings)
{
  json_t *object = vqe_report_summary_of(result, false);
  size_t nparam = (size_t)result->nparam;
  struct {
    const char *key;
    json_t *value;
  } fields[] = {
      {"initial_parameters",
       vqe_report_numbers(result->initial_parameters, nparam)},
      {"parameters", vqe_report_numbers(result->optimal_parameters, nparam)},
      {"evaluations", evaluations_of(result)},
      {"warnings", lines_of(warnings)},
  };
  for (size_t k = 0; k < VQE_JOB_COUNT(fields); k++) {
    if (object == NULL) {
      json_decref(fields[k].value);
    } else if (json_object_set_new(object, fields[k].key, fields[k].value) !=
               0) {
      json_decref(object);
      object = NULL;
    }
  }
  return object;
}

static int write_text(char **out, const struct vqe_result *result,
                      int qcschema, const char *warnings)
{
  json_t *value = qcschema > 0 ? vqe_report_qcschema_of(result, qcschema)
                               : object_of(result, warnings);
  *out = value != NULL ? vqe_json_dumps(value, VQE_REPORT_JSON_FLAGS) : NULL;
  json_decref(value);
  return *out != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a result as JSON");
}

static int run_job(char **out, const struct vqe_job *job, const char *warnings,
                   const struct vqe_run_options *options,
                   const struct vqe_callbacks *callbacks)
{
  const struct vqe_run_options defaults = VQE_RUN_OPTIONS_INIT;
  const struct vqe_experiment *experiment = job->experiments[0];
  struct vqe_result *result = NULL;
  int status = vqe_experiment_run(
      &result, experiment, options != NULL ? options : &defaults, callbacks);
  if (status == VQE_OK) {
    int qcschema =
        job->calculation ? job->qcschema[experiment->molecule_id] : 0;
    status = write_text(out, result, qcschema, warnings);
  }
  vqe_result_free(result);
  return status;
}

int vqe_run_json(char **out, const char *text, size_t size,
                 const struct vqe_run_options *options,
                 const struct vqe_callbacks *callbacks)
{
  struct vqe_job *job = NULL;
  char *warnings = NULL;
  int status = vqe_missing(__func__, "out text", out, text);
  if (status != VQE_OK) {
    return status;
  }
  *out = NULL;
  status = read_job(&job, &warnings, text, size);
  if (status == VQE_OK && job != NULL) {
    status = run_job(out, job, warnings, options, callbacks);
  }
  vqe_job_free(job);
  free(warnings);
  return status;
}

int vqe_library_experiment(struct vqe_experiment **out, char **warnings,
                           const char *text, size_t size)
{
  struct vqe_job *job = NULL;
  char *lines = NULL;
  int status = vqe_missing(__func__, "out text", out, text);
  if (status != VQE_OK) {
    return status;
  }
  *out = NULL;
  status = read_job(&job, &lines, text, size);
  if (status == VQE_OK && job != NULL) {
    status = vqe_experiment_copy(out, job->experiments[0]);
  }
  vqe_job_free(job);
  if (warnings != NULL) {
    *warnings = status == VQE_OK ? lines : NULL;
  }
  if (warnings == NULL || status != VQE_OK) {
    free(lines);
  }
  return status;
}
