#include "job/job.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "job/job_expand.h"
#include "job/job_given.h"
#include "job/job_lake.h"
#include "job/job_metrics.h"
#include "job/job_molecules.h"
#include "job/job_names.h"
#include "job/job_scan_points.h"
#include "job/job_scan_text.h"
#include "job/job_settings.h"
#include "job/job_stream.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_qcschema.h"

#define FILE_LIMIT ((size_t)1 << 30)

/* The job's name with .h5, in the current directory. Several molecule files
 * have a name that none of them has alone. */
static int default_output(char **out, const char *path, size_t more)
{
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  int length =
      dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name);
  return more == 0 ? vqe_memory_print(out, "%.*s.h5", length, name)
                   : vqe_memory_print(out, "%.*s-and-%zu-more.h5", length,
                                      name, more);
}

/* Parsed JSON when the text is a job; *job NULL when it holds molecules. */
static int parse_json(json_t **job, const char *text, size_t size,
                      const char *path)
{
  *job = NULL;
  int status = vqe_molecule_skip_mark(&text, &size, path);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_json_parse_file(job, text, size, JSON_REJECT_DUPLICATES, path);
  if (status != VQE_OK) {
    return status;
  }
  if (json_is_object(*job) && json_object_get(*job, "symbols") == NULL &&
      !vqe_qcschema_is(*job)) {
    return VQE_OK;
  }
  json_decref(*job);
  *job = NULL;
  return VQE_OK;
}

/* The molecules of a job, or of the file itself where `json` is NULL, then
 * those of further files. */
static int read_molecules(struct vqe_job_molecules *molecules,
                          const json_t *json,
                          const struct vqe_job_value *value, const char *text,
                          size_t size, const char *path,
                          const struct vqe_job_settings *settings,
                          const struct vqe_job_overrides *overrides)
{
  struct vqe_job_value here = {.json = NULL, .where = "command line"};
  size_t nfile = overrides != NULL ? overrides->nfile : 0;
  if (json != NULL && nfile > 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is a job file and runs on its own; name '%s' "
                         "in its key 'molecules', or give molecule files "
                         "only",
                         path, overrides->files[0]);
  }
  int status =
      json != NULL
          ? vqe_job_molecules_read(molecules, value, path, settings)
          : vqe_job_molecules_parse(molecules, text, size, path, settings);
  for (size_t k = 0; status == VQE_OK && k < nfile; k++) {
    status = vqe_job_molecules_read_file(molecules, overrides->files[k], &here,
                                         settings);
  }
  if (status == VQE_OK) {
    status = vqe_job_names_settle(molecules);
  }
  return status == VQE_OK ? vqe_job_scan_apply(molecules, &settings->scan)
                          : status;
}

/* Where results, tables and records go: out of the settings
 * into the job. */
static int move_places(struct vqe_job *job, struct vqe_job_settings *settings,
                       size_t more)
{
  job->ranks_per_molecule = settings->ranks_per_molecule;
  job->lake = settings->lake;
  memset(&settings->lake, 0, sizeof settings->lake);
  job->stream = settings->stream;
  memset(&settings->stream, 0, sizeof settings->stream);
  job->metrics = settings->metrics;
  memset(&settings->metrics, 0, sizeof settings->metrics);
  job->output = settings->output;
  settings->output = NULL;
  int status = job->output != NULL
                   ? VQE_OK
                   : default_output(&job->output, job->path, more);
  return status == VQE_OK ? vqe_file_follow(&job->file, job->output) : status;
}

/* Which files were read: out of molecules and settings into the job. */
static int collect_inputs(struct vqe_job *job,
                          struct vqe_job_molecules *molecules,
                          const struct vqe_job_settings *settings)
{
  const struct vqe_job_inputs *noise = &settings->noise.inputs;
  int status = VQE_OK;
  job->inputs = molecules->inputs;
  molecules->inputs = (struct vqe_job_inputs){0, NULL};
  for (size_t k = 0; status == VQE_OK && k < settings->nbasis; k++) {
    if (settings->bases[k].sha256 != NULL) {
      status = vqe_job_inputs_add(&job->inputs, settings->bases[k].name);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < settings->ninit; k++) {
    if (settings->inits[k].file != NULL) {
      status = vqe_job_inputs_add(&job->inputs, settings->inits[k].file);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < noise->count; k++) {
    status = vqe_job_inputs_add(&job->inputs, noise->paths[k]);
  }
  return status;
}

int vqe_job_parse(struct vqe_job **out, char **warnings, const char *text,
                  size_t size, const char *path,
                  const struct vqe_job_overrides *overrides)
{
  struct vqe_job *job = NULL;
  struct vqe_job_settings *settings = NULL;
  struct vqe_job_molecules molecules = {.count = 0};
  struct vqe_job_value value = {.json = NULL};
  json_t *json = NULL;
  json_t *empty = json_object();
  *out = NULL;
  *warnings = NULL;
  int status = vqe_memory_alloc(&job, 1, sizeof *job, "a job");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&job->path, path);
  }
  if (status == VQE_OK &&
      vqe_job_format_of(text, size, path) == VQE_JOB_FORMAT_JSON) {
    status = parse_json(&json, text, size, path);
  }
  if (status == VQE_OK) {
    status = vqe_job_settings_read(
        &settings, &value, json != NULL ? json : empty, path, overrides);
  }
  if (status == VQE_OK) {
    status = read_molecules(&molecules, json, &value, text, size, path,
                            settings, overrides);
  }
  if (status == VQE_OK) {
    status =
        move_places(job, settings, overrides != NULL ? overrides->nfile : 0);
  }
  if (status == VQE_OK) {
    status = collect_inputs(job, &molecules, settings);
  }
  if (status == VQE_OK) {
    status = vqe_job_expand(job, warnings, &molecules, settings,
                            overrides != NULL && overrides->strict);
  }
  if (status == VQE_OK) {
    *out = job;
  } else {
    vqe_job_free(job);
  }
  vqe_job_settings_free(settings);
  vqe_job_molecules_clear(&molecules);
  json_decref(json);
  json_decref(empty);
  return status;
}

int vqe_job_load(struct vqe_job **out, char **warnings, const char *path,
                 const struct vqe_job_overrides *overrides)
{
  char *text = NULL;
  char *name = NULL;
  size_t size = 0;
  int status = VQE_OK;
  *out = NULL;
  *warnings = NULL;
  if (path != NULL) {
    status = vqe_file_read(&text, &size, path, FILE_LIMIT);
  } else {
    VQE_ASSERT(overrides != NULL && overrides->scan != NULL);
    struct vqe_molecule_given given;
    status = vqe_job_given_read(&given, overrides);
    if (status == VQE_OK) {
      status = vqe_job_scan_make(&text, &name, overrides->scan, &given);
    }
    size = text != NULL ? strlen(text) : 0;
  }
  if (status == VQE_OK) {
    status = vqe_job_parse(out, warnings, text, size,
                           path != NULL ? path : name, overrides);
  }
  free(text);
  free(name);
  return status;
}

void vqe_job_free(struct vqe_job *job)
{
  if (job == NULL) {
    return;
  }
  for (size_t k = 0; k < job->count; k++) {
    vqe_experiment_free(job->experiments[k]);
  }
  free(job->experiments);
  free(job->qcschema);
  free(job->positions);
  free(job->orders);
  free(job->chains);
  free(job->path);
  free(job->output);
  free(job->file);
  vqe_job_lake_clear(&job->lake);
  vqe_job_stream_clear(&job->stream);
  vqe_job_metrics_clear(&job->metrics);
  vqe_job_inputs_clear(&job->inputs);
  free(job);
}
