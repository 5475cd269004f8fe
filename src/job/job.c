#include "job/job.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "job/job_lake.h"
#include "job/job_molecules.h"
#include "job/job_settings.h"
#include "job/job_stream.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"

#define FILE_LIMIT ((size_t)1 << 30)
#define MAX_EXPERIMENTS ((size_t)100000)
#define WARNINGS_SHOWN 20

/* Spatial core orbitals of an atom: the noble gas before it. */
static int core_orbitals(int z)
{
  static const int noble[] = {2, 10, 18, 36, 54, 86};
  static const int orbitals[] = {1, 5, 9, 18, 27, 43};
  int core = 0;
  for (size_t k = 0; k < sizeof noble / sizeof noble[0]; k++) {
    core = z > noble[k] ? orbitals[k] : core;
  }
  return core;
}

static int frozen_core_of(const struct vqe_job_settings *settings,
                          const struct vqe_molecule *molecule)
{
  int core = 0;
  if (settings->frozen_core != VQE_FROZEN_CORE_AUTO) {
    return settings->frozen_core;
  }
  for (size_t k = 0; molecule != NULL && k < molecule->natom; k++) {
    core += core_orbitals(molecule->z[k]);
  }
  return core;
}

static double default_noise(const char *ansatz, const char *strategy)
{
  /* from a symmetric start the generalised ones keep the symmetry */
  if (strcmp(ansatz, "k-UpCCGSD") == 0 &&
      (strcmp(strategy, "hf") == 0 || strcmp(strategy, "mp2") == 0)) {
    return 0.05;
  }
  if (strcmp(ansatz, "LUCJ") == 0) {
    return strcmp(strategy, "hf") == 0    ? 0.1
           : strcmp(strategy, "mp2") == 0 ? 0.02
                                          : 0.0;
  }
  if (strcmp(strategy, "hf") != 0 || vqe_ansatz_conserves(ansatz)) {
    return 0.0;
  }
  return strcmp(ansatz, "ExcitationPreserving") == 0 ? 0.5 : 0.05;
}

static int draw_seed(int64_t *seed)
{
  uint32_t bits;
  ssize_t got;
  do {
    got = getrandom(&bits, sizeof bits, 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof bits) {
    return vqe_error_set(VQE_ERR_IO,
                         "the system gives no random seed: %s; "
                         "set 'seed'",
                         strerror(errno));
  }
  *seed = bits & 0x7fffffffu;
  return VQE_OK;
}

/* One choice out of each list. */
struct choice {
  const struct vqe_job_molecule *molecule;
  const struct vqe_job_basis *basis;
  const struct vqe_job_ansatz *ansatz;
  const struct vqe_job_optimizer *optimizer;
  const struct vqe_job_init *init;
  const int64_t *seed; /* NULL: drawn */
  int molecule_id;
};

static int copy_strings(struct vqe_experiment *out,
                        const struct choice *choice, const char *strategy,
                        const struct vqe_job_settings *settings)
{
  const struct vqe_job_molecule *molecule = choice->molecule;
  struct {
    char **out;
    const char *text;
  } strings[] = {
      {&out->source, molecule->source},
      {&out->input_error, molecule->reason},
      {&out->name, molecule->name},
      {&out->fcidump, molecule->fcidump},
      {&out->fcidump_sha256, molecule->fcidump_sha256},
      {&out->basis_set,
       molecule->fcidump != NULL ? "fcidump" : choice->basis->name},
      {&out->basis_sha256,
       molecule->fcidump != NULL ? NULL : choice->basis->sha256},
      {&out->ansatz_name, choice->ansatz->name},
      {&out->entanglement, choice->ansatz->entanglement},
      {&out->optimizer, choice->optimizer->name},
      {&out->init_strategy, strategy},
      {&out->init_file, choice->init->file},
      {&out->init_file_sha256, choice->init->file_sha256},
      {&out->device, settings->device},
      {&out->precision, settings->precision},
  };
  int status = VQE_OK;
  for (size_t k = 0;
       status == VQE_OK && k < sizeof strings / sizeof strings[0]; k++) {
    status = vqe_memory_strdup(strings[k].out, strings[k].text);
  }
  return status;
}

static int copy_options(struct vqe_option_list *out,
                        const struct vqe_option_list *options)
{
  int status = VQE_OK;
  if (options->count == 0) {
    return VQE_OK;
  }
  status = vqe_memory_alloc(&out->items, options->count, sizeof *out->items,
                            "options of an experiment");
  for (size_t k = 0; status == VQE_OK && k < options->count; k++) {
    out->count++;
    status = vqe_memory_strdup(&out->items[k].key, options->items[k].key);
    if (status == VQE_OK) {
      status = vqe_memory_strdup(&out->items[k].json, options->items[k].json);
    }
  }
  return status;
}

/* MP2 amplitudes exist for closed shells only. */
static int check_mp2(struct vqe_experiment *experiment, int multiplicity)
{
  if (strcmp(experiment->init_strategy, "mp2") != 0 || multiplicity == 1 ||
      experiment->input_error != NULL) {
    return VQE_OK;
  }
  if (asprintf(&experiment->input_error,
               "%s: init 'mp2' needs a closed shell, and the multiplicity is "
               "%d: use 'hf' or 'random'",
               experiment->source, multiplicity) < 0) {
    experiment->input_error = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a message");
  }
  return VQE_OK;
}

static int create_experiment(struct vqe_experiment **out,
                             const struct choice *choice,
                             const struct vqe_job_settings *settings)
{
  struct vqe_experiment *experiment = NULL;
  const char *strategy = choice->init->strategy;
  int status =
      vqe_memory_alloc(&experiment, 1, sizeof *experiment, "an experiment");
  if (status != VQE_OK) {
    return status;
  }
  if (strategy == NULL) {
    strategy = vqe_ansatz_has_mp2(choice->ansatz->name) &&
                       choice->molecule->multiplicity <= 1
                   ? "mp2"
                   : "hf";
  }
  experiment->molecule_id = choice->molecule_id;
  experiment->frozen_core =
      frozen_core_of(settings, choice->molecule->molecule);
  experiment->active_electrons = settings->active_electrons;
  experiment->active_orbitals = settings->active_orbitals;
  experiment->symmetry = settings->symmetry;
  experiment->ansatz_reps = choice->ansatz->reps;
  experiment->max_evaluations = choice->optimizer->max_evaluations;
  experiment->gtol = choice->optimizer->gtol;
  experiment->ftol = choice->optimizer->ftol;
  experiment->max_seconds = choice->optimizer->max_seconds;
  experiment->init_noise = isnan(choice->init->noise)
                               ? default_noise(choice->ansatz->name, strategy)
                               : choice->init->noise;
  experiment->shots = settings->shots;
  experiment->references = settings->references;
  experiment->references_given = settings->references_given;
  experiment->seed_drawn = choice->seed == NULL;
  if (choice->seed != NULL) {
    experiment->seed = *choice->seed;
  } else {
    status = draw_seed(&experiment->seed);
  }
  if (status == VQE_OK) {
    status = copy_strings(experiment, choice, strategy, settings);
  }
  if (status == VQE_OK && choice->molecule->molecule != NULL) {
    status =
        vqe_molecule_copy(&experiment->molecule, choice->molecule->molecule);
  }
  if (status == VQE_OK) {
    status = copy_options(&experiment->optimizer_options,
                          &choice->optimizer->options);
  }
  if (status == VQE_OK) {
    status =
        copy_options(&experiment->ansatz_options, &choice->ansatz->options);
  }
  if (status == VQE_OK) {
    status = check_mp2(experiment, choice->molecule->multiplicity);
  }
  if (status == VQE_OK) {
    status = vqe_experiment_id(experiment->id, NULL, experiment);
  }
  if (status != VQE_OK) {
    vqe_experiment_free(experiment);
    return status;
  }
  *out = experiment;
  return VQE_OK;
}

/* What expansion keeps between experiments. */
struct expansion {
  struct vqe_job *job;
  json_t *seen; /* id -> index */
  FILE *warnings;
  size_t nwarning;
  bool strict;
};

/* Take over the experiment: into the job, or dropped as a repetition. */
static int keep(struct expansion *expansion, struct vqe_experiment *experiment)
{
  struct vqe_job *job = expansion->job;
  const json_t *earlier = json_object_get(expansion->seen, experiment->id);
  int status = VQE_OK;
  if (earlier != NULL) {
    size_t first = (size_t)json_integer_value(earlier);
    expansion->nwarning++;
    if (expansion->nwarning <= WARNINGS_SHOWN) {
      fprintf(
          expansion->warnings,
          "%s: asks for the same as experiment %zu (%s), and is run once\n",
          experiment->source, first, job->experiments[first]->source);
    }
    goto out;
  }
  if (experiment->input_error != NULL) {
    if (expansion->strict) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error);
      goto out;
    }
    job->nbad++;
  }
  if (json_object_set_new(expansion->seen, experiment->id,
                          json_integer((json_int_t)job->count)) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for experiments");
    goto out;
  }
  experiment->index = (int)job->count;
  job->experiments[job->count++] = experiment;
  experiment = NULL;
out:
  vqe_experiment_free(experiment);
  return status;
}

/* Every combination for one molecule, seed innermost. */
static int expand_molecule(struct expansion *expansion,
                           const struct vqe_job_molecule *molecule,
                           int molecule_id,
                           const struct vqe_job_settings *settings)
{
  size_t nseed = settings->nseed > 0 ? settings->nseed : 1;
  /* integrals from a file have no other basis */
  size_t nbasis = molecule->fcidump != NULL ? 1 : settings->nbasis;
  size_t total = nbasis * settings->nansatz * settings->noptimizer *
                 settings->ninit * nseed;
  for (size_t k = 0; k < total; k++) {
    struct vqe_experiment *experiment;
    size_t rest = k;
    struct choice choice = {.molecule = molecule, .molecule_id = molecule_id};
    choice.seed = settings->nseed > 0 ? &settings->seeds[rest % nseed] : NULL;
    rest /= nseed;
    choice.init = &settings->inits[rest % settings->ninit];
    rest /= settings->ninit;
    choice.optimizer = &settings->optimizers[rest % settings->noptimizer];
    rest /= settings->noptimizer;
    choice.ansatz = &settings->ansatze[rest % settings->nansatz];
    rest /= settings->nansatz;
    choice.basis = &settings->bases[rest];
    int status = create_experiment(&experiment, &choice, settings);
    if (status == VQE_OK) {
      status = keep(expansion, experiment);
    }
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

static int count_experiments(size_t *total,
                             const struct vqe_job_molecules *molecules,
                             const struct vqe_job_settings *settings)
{
  const size_t factors[] = {settings->nbasis, settings->nansatz,
                            settings->noptimizer, settings->ninit,
                            settings->nseed > 0 ? settings->nseed : 1};
  *total = molecules->count;
  for (size_t k = 0; k < sizeof factors / sizeof factors[0]; k++) {
    if (!vqe_memory_mul(total, *total, factors[k]) ||
        *total > MAX_EXPERIMENTS) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "the lists of this job multiply to "
                           "more than %zu experiments: split it",
                           MAX_EXPERIMENTS);
    }
  }
  return VQE_OK;
}

static int expand(struct vqe_job *job, char **warnings,
                  const struct vqe_job_molecules *molecules,
                  const struct vqe_job_settings *settings, bool strict)
{
  struct expansion expansion = {.job = job, .strict = strict};
  char *text = NULL;
  size_t text_size = 0;
  size_t total;
  int status = count_experiments(&total, molecules, settings);
  if (status == VQE_OK && total == 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "file '%s' holds no molecules",
                           job->path);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&job->experiments, total,
                              sizeof *job->experiments, "experiments");
  }
  if (status != VQE_OK) {
    return status;
  }
  expansion.seen = json_object();
  expansion.warnings = open_memstream(&text, &text_size);
  if (expansion.seen == NULL || expansion.warnings == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for experiments");
    goto out;
  }
  for (size_t k = 0; status == VQE_OK && k < molecules->count; k++) {
    status =
        expand_molecule(&expansion, &molecules->items[k], (int)k, settings);
  }
  if (expansion.nwarning > WARNINGS_SHOWN) {
    fprintf(expansion.warnings, "and %zu more repetitions\n",
            expansion.nwarning - WARNINGS_SHOWN);
  }
out:
  if (expansion.warnings != NULL) {
    fclose(expansion.warnings);
  }
  if (status == VQE_OK && expansion.nwarning > 0) {
    *warnings = text;
    text = NULL;
  }
  free(text);
  json_decref(expansion.seen);
  return status;
}

/* The job's name with .h5, in the current directory. */
static int default_output(char **out, const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  int length =
      dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name);
  if (asprintf(out, "%.*s.h5", length, name) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return VQE_OK;
}

/* Parsed JSON when the text is a job; *job NULL when it holds molecules. */
static int parse_json(json_t **job, const char *text, size_t size,
                      const char *path)
{
  json_error_t error;
  *job = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (*job == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "file '%s', line %d, column %d: %s",
                         path, error.line, error.column, error.text);
  }
  if (json_is_object(*job) && json_object_get(*job, "symbols") == NULL &&
      json_object_get(*job, "schema_name") == NULL) {
    return VQE_OK;
  }
  json_decref(*job);
  *job = NULL;
  return VQE_OK;
}

int vqe_job_parse(struct vqe_job **out, char **warnings, const char *text,
                  size_t size, const char *path,
                  const struct vqe_job_overrides *overrides)
{
  struct vqe_job *job = NULL;
  struct vqe_job_settings *settings = NULL;
  struct vqe_job_molecules molecules = {0, 0, NULL};
  struct vqe_job_value value;
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
  if (status != VQE_OK) {
    goto out;
  }
  status =
      json != NULL
          ? vqe_job_molecules_read(&molecules, &value, path, settings)
          : vqe_job_molecules_parse(&molecules, text, size, path, settings);
  if (status != VQE_OK) {
    goto out;
  }
  job->ranks_per_molecule = settings->ranks_per_molecule;
  job->lake = settings->lake;
  memset(&settings->lake, 0, sizeof settings->lake);
  job->stream = settings->stream;
  memset(&settings->stream, 0, sizeof settings->stream);
  if (settings->output != NULL) {
    job->output = settings->output;
    settings->output = NULL;
  } else {
    status = default_output(&job->output, path);
  }
  if (status == VQE_OK) {
    status = expand(job, warnings, &molecules, settings,
                    overrides != NULL && overrides->strict);
  }
  if (status == VQE_OK) {
    *out = job;
    job = NULL;
  }
out:
  vqe_job_free(job);
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
  size_t size;
  *out = NULL;
  *warnings = NULL;
  int status = vqe_file_read(&text, &size, path, FILE_LIMIT);
  if (status == VQE_OK) {
    status = vqe_job_parse(out, warnings, text, size, path, overrides);
  }
  free(text);
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
  free(job->path);
  free(job->output);
  vqe_job_lake_clear(&job->lake);
  vqe_job_stream_clear(&job->stream);
  free(job);
}

/* Id of the request with the seed left out. */
static int seedless_id(char id[VQE_EXPERIMENT_ID_SIZE],
                       const struct vqe_experiment *experiment)
{
  struct vqe_experiment request = *experiment;
  request.seed = 0;
  return vqe_experiment_id(id, NULL, &request);
}

/* Seeds of earlier results by seedless id, of finished ones or the others. */
static int collect_seeds(json_t *seeds, struct vqe_result *const *earlier,
                         size_t count, bool finished)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  for (size_t k = 0; k < count; k++) {
    const struct vqe_experiment *experiment = earlier[k]->experiment;
    if (experiment == NULL || !experiment->seed_drawn ||
        (earlier[k]->status == VQE_EXPERIMENT_OK) != finished) {
      continue;
    }
    int status = seedless_id(id, experiment);
    if (status != VQE_OK) {
      return status;
    }
    json_t *list = json_object_get(seeds, id);
    if (list == NULL) {
      list = json_array();
      json_object_set_new(seeds, id, list);
    }
    if (json_array_append_new(list, json_integer(experiment->seed)) != 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for earlier seeds");
    }
  }
  return VQE_OK;
}

int vqe_job_reuse_seeds(struct vqe_job *job, struct vqe_result *const *earlier,
                        size_t count)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  json_t *seeds = json_object();
  int status = collect_seeds(seeds, earlier, count, true);
  if (status == VQE_OK) {
    status = collect_seeds(seeds, earlier, count, false);
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_experiment *experiment = job->experiments[k];
    if (!experiment->seed_drawn) {
      continue;
    }
    status = seedless_id(id, experiment);
    json_t *list = json_object_get(seeds, id);
    if (status != VQE_OK || json_array_size(list) == 0) {
      continue;
    }
    experiment->seed = json_integer_value(json_array_get(list, 0));
    json_array_remove(list, 0);
    status = vqe_experiment_id(experiment->id, NULL, experiment);
  }
  json_decref(seeds);
  return status;
}
