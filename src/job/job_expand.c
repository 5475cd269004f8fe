#include "job/job_expand.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/optimize.h"

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
                          const struct vqe_job_molecule *entry)
{
  const struct vqe_molecule *molecule = entry->molecule;
  int frozen_core = entry->frozen_core != VQE_FROZEN_CORE_NONE
                        ? entry->frozen_core
                        : settings->frozen_core;
  int core = 0;
  if (frozen_core != VQE_FROZEN_CORE_AUTO) {
    return frozen_core;
  }
  for (size_t k = 0; molecule != NULL && k < molecule->natom; k++) {
    core += core_orbitals(molecule->z[k]);
  }
  return core;
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
  int64_t seed;
  bool drawn;                             /* the seed */
  const struct vqe_job_noise_item *noise; /* NULL: none */
  int molecule_id;
  bool follows; /* its neighbours on a curve */
};

/* That of the molecule before the job's. */
static const struct vqe_job_space *
space_of(const struct choice *choice, const struct vqe_job_settings *settings)
{
  const struct vqe_job_space *own = &choice->molecule->space;
  return vqe_job_space_given(own) ? own : &settings->space;
}

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
      {&out->notes, molecule->notes},
      {&out->scan, molecule->scan},
      {&out->active_space, space_of(choice, settings)->rule},
      {&out->curve, choice->follows ? molecule->curve : NULL},
      {&out->noise, choice->noise != NULL ? choice->noise->text : NULL},
      {&out->noise_backend,
       choice->noise != NULL ? choice->noise->name : NULL},
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

/* The ansatz of an open shell may not be one that MP2 amplitudes start. */
static int check_mp2(struct vqe_experiment *experiment, int multiplicity)
{
  const char *ansatz = experiment->ansatz_name;
  if (strcmp(experiment->init_strategy, "mp2") != 0 || multiplicity == 1 ||
      vqe_ansatz_takes_mp2(ansatz, true) || experiment->input_error != NULL) {
    return VQE_OK;
  }
  if (asprintf(&experiment->input_error,
               "%s: init 'mp2' of %s needs a closed shell, and the "
               "multiplicity is %d: use 'hf' or 'random'",
               experiment->source, ansatz, multiplicity) < 0) {
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
    strategy = vqe_ansatz_default_start(choice->ansatz->name,
                                        choice->molecule->multiplicity > 1);
  }
  experiment->molecule_id = choice->molecule_id;
  experiment->frozen_core = frozen_core_of(settings, choice->molecule);
  /* one start is all that ADAPT-VQE has, also in a list of others */
  experiment->restarts =
      vqe_ansatz_grows(choice->ansatz->name) ? 1 : settings->restarts;
  experiment->escape_saddles = settings->escape_saddles;
  experiment->penalty_number = settings->penalty_number;
  experiment->penalty_spin = settings->penalty_spin;
  const struct vqe_job_space *space = space_of(choice, settings);
  experiment->active_electrons = space->electrons;
  experiment->active_orbitals = space->orbitals;
  experiment->properties = settings->properties;
  experiment->measurement = settings->measurement;
  experiment->symmetry = settings->symmetry;
  experiment->ansatz_reps = choice->ansatz->reps;
  experiment->max_evaluations = choice->optimizer->max_evaluations;
  experiment->gtol = choice->optimizer->gtol;
  experiment->ftol = choice->optimizer->ftol;
  experiment->max_seconds = choice->optimizer->max_seconds;
  experiment->init_noise =
      isnan(choice->init->noise)
          ? vqe_ansatz_default_noise(choice->ansatz->name, strategy)
          : choice->init->noise;
  experiment->shots = settings->shots;
  experiment->references = settings->references;
  experiment->references_given = settings->references_given;
  experiment->init_default = choice->init->strategy == NULL;
  experiment->fci_max_seconds = settings->fci_max_seconds;
  experiment->seed_drawn = choice->drawn;
  experiment->seed = choice->seed;
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
  size_t unfollowed; /* experiments that `follow` has no effect on */
  size_t position;   /* in the product, of the next combination */
  int64_t drawn;     /* the last seed that was drawn, */
  size_t drawn_for;  /* for which combination, counted from 1 */
  const int *groups; /* of each position, -1: not selected */
};

/* Note that `experiment` asks for what number `first` does. */
static void warn_repetition(struct expansion *expansion,
                            const struct vqe_experiment *experiment,
                            size_t first)
{
  expansion->nwarning++;
  if (expansion->nwarning <= WARNINGS_SHOWN) {
    fprintf(expansion->warnings,
            "%s: asks for the same as experiment %zu (%s), and is run once\n",
            experiment->source, first,
            expansion->job->experiments[first]->source);
  }
}

/* What of a molecule's input has no effect. */
static void warn_ignored(struct expansion *expansion,
                         const struct vqe_job_molecule *molecule)
{
  const char *at = molecule->notes;
  struct vqe_notes_line line;
  while (vqe_notes_next(&line, &at)) {
    expansion->nwarning++;
    if (expansion->nwarning <= WARNINGS_SHOWN) {
      fprintf(expansion->warnings, "%s: %.*s\n", molecule->source,
              (int)line.text_length, line.text);
    }
  }
}

/* Take over the experiment: into the job, or dropped as a repetition. `chain`:
 * of the points that follow each other, or -1. */
static int keep(struct expansion *expansion, struct vqe_experiment *experiment,
                int chain)
{
  struct vqe_job *job = expansion->job;
  const json_t *earlier = json_object_get(expansion->seen, experiment->id);
  bool bad = experiment->input_error != NULL;
  int status = VQE_OK;
  if (earlier != NULL) {
    warn_repetition(expansion, experiment,
                    (size_t)json_integer_value(earlier));
    vqe_experiment_free(experiment);
    return VQE_OK;
  }
  if (bad && expansion->strict) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error);
  }
  if (status == VQE_OK &&
      json_object_set_new(expansion->seen, experiment->id,
                          json_integer((json_int_t)job->count)) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for experiments");
  }
  if (status != VQE_OK) {
    vqe_experiment_free(experiment);
    return status;
  }
  job->nbad += bad;
  experiment->index = (int)job->count;
  job->positions[job->count] = (int)expansion->position;
  job->orders[job->count] = expansion->groups[expansion->position];
  job->chains[job->count] = chain;
  job->experiments[job->count++] = experiment;
  return VQE_OK;
}

/* Without models there is one experiment of each combination too. */
static size_t noise_models(const struct vqe_job_settings *settings)
{
  return settings->noise.count > 0 ? settings->noise.count : 1;
}

/* Of the lists, for one molecule. */
static size_t combinations(const struct vqe_job_molecule *molecule,
                           const struct vqe_job_settings *settings)
{
  /* integrals from a file have no other basis, and a calculation of QCSchema
   * names its own */
  bool one_basis = molecule->fcidump != NULL || molecule->basis.name != NULL;
  return (one_basis ? 1 : settings->nbasis) * settings->nansatz *
         settings->noptimizer * settings->ninit *
         (settings->nseed > 0 ? settings->nseed : 1) * noise_models(settings);
}

/* Orbitals that are optimised are not those of SCF. */
static bool moves_orbitals(const struct vqe_job_ansatz *ansatz)
{
  bool moves = false;
  for (size_t k = 0; k < ansatz->options.count; k++) {
    const struct vqe_option *option = &ansatz->options.items[k];
    moves = moves || (strcmp(option->key, "orbital_optimization") == 0 &&
                      strcmp(option->json, "false") != 0);
  }
  return moves;
}

/* Do the points of the molecule's curve follow each other in this combination,
 * one of `total`? Only where all of them are in this job, with exact energies
 * and a start of the ansatz's own. */
static bool follows(const struct expansion *expansion,
                    const struct choice *choice, size_t total,
                    const struct vqe_job_settings *settings)
{
  const struct vqe_job_molecule *molecule = choice->molecule;
  bool whole = settings->follow && molecule->curve[0] != '\0' &&
               settings->shots == 0 && settings->restarts <= 1 &&
               choice->init->file == NULL &&
               strcmp(choice->optimizer->name, VQE_LANDSCAPE) != 0 &&
               space_of(choice, settings)->rule == NULL &&
               !moves_orbitals(choice->ansatz);
  size_t first =
      expansion->position - (whole ? molecule->curve_at : 0) * total;
  for (size_t k = 0; whole && k < molecule->curve_count; k++) {
    whole = expansion->groups[first + k * total] ==
            expansion->groups[expansion->position];
  }
  return whole;
}

/* The one start of those that have no choice, whatever the job says for the
 * others: ADAPT-VQE's, and the points of a landscape, which are random. NULL:
 * the job's. */
static const struct vqe_job_init *only_start(const struct choice *choice)
{
  static const struct vqe_job_init hartree_fock = {.strategy = "hf"};
  static const struct vqe_job_init random = {.strategy = "random"};
  bool landscape = strcmp(choice->optimizer->name, VQE_LANDSCAPE) == 0;
  return vqe_ansatz_grows(choice->ansatz->name)
             ? (choice->init->strategy == NULL ? choice->init : &hartree_fock)
         : landscape ? &random
                     : NULL;
}

/* Models of noise share the seed of their combination. */
static int take_seed(struct choice *choice, struct expansion *expansion,
                     const struct vqe_job_settings *settings, size_t number)
{
  size_t nnoise = noise_models(settings);
  size_t combination = expansion->position / nnoise + 1;
  int status = VQE_OK;
  choice->drawn = settings->nseed == 0;
  if (!choice->drawn) {
    choice->seed = settings->seeds[number];
    return VQE_OK;
  }
  if (expansion->drawn_for != combination) {
    status = draw_seed(&expansion->drawn);
    expansion->drawn_for = combination;
  }
  choice->seed = expansion->drawn;
  return status;
}

/* One that has one start takes it at the first place of 'init' that is
 * selected: whether that is this one, number `init`. */
static bool is_first_start(const struct expansion *expansion, size_t init,
                           size_t stride)
{
  bool first = true;
  for (size_t k = 1; k <= init; k++) {
    first = first && expansion->groups[expansion->position - k * stride] < 0;
  }
  return first;
}

/* Every combination for one molecule that is selected; noise is innermost,
 * then the seed. */
static int expand_molecule(struct expansion *expansion,
                           const struct vqe_job_molecule *molecule,
                           int molecule_id,
                           const struct vqe_job_settings *settings)
{
  size_t nseed = settings->nseed > 0 ? settings->nseed : 1;
  size_t nnoise = noise_models(settings);
  bool own_basis = molecule->basis.name != NULL;
  size_t total = combinations(molecule, settings);
  for (size_t k = 0; k < total; k++, expansion->position++) {
    struct vqe_experiment *experiment;
    if (expansion->groups[expansion->position] < 0) {
      continue;
    }
    size_t rest = k;
    struct choice choice = {.molecule = molecule, .molecule_id = molecule_id};
    if (settings->noise.count > 0) {
      choice.noise = &settings->noise.items[rest % settings->noise.count];
      rest /= settings->noise.count;
    }
    int status = take_seed(&choice, expansion, settings, rest % nseed);
    rest /= nseed;
    size_t init = rest % settings->ninit;
    choice.init = &settings->inits[init];
    rest /= settings->ninit;
    choice.optimizer = &settings->optimizers[rest % settings->noptimizer];
    rest /= settings->noptimizer;
    choice.ansatz = &settings->ansatze[rest % settings->nansatz];
    rest /= settings->nansatz;
    const struct vqe_job_init *only = only_start(&choice);
    if (only != NULL) {
      if (!is_first_start(expansion, init, nseed * nnoise)) {
        continue;
      }
      choice.init = only;
    }
    choice.basis = own_basis ? &molecule->basis : &settings->bases[rest];
    choice.follows = follows(expansion, &choice, total, settings);
    expansion->unfollowed += settings->follow && !choice.follows;
    if (status == VQE_OK) {
      status = create_experiment(&experiment, &choice, settings);
    }
    if (status == VQE_OK) {
      status =
          keep(expansion, experiment,
               choice.follows
                   ? (int)(expansion->position - molecule->curve_at * total)
                   : -1);
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
  const size_t factors[] = {settings->nbasis,
                            settings->nansatz,
                            settings->noptimizer,
                            settings->ninit,
                            settings->nseed > 0 ? settings->nseed : 1,
                            noise_models(settings)};
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
  *total = 0;
  for (size_t k = 0; k < molecules->count; k++) {
    *total += combinations(&molecules->items[k], settings);
  }
  return VQE_OK;
}

static int expand_molecules(struct expansion *expansion,
                            const struct vqe_job_molecules *molecules,
                            const struct vqe_job_settings *settings)
{
  int status = VQE_OK;
  if (expansion->seen == NULL || expansion->warnings == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for experiments");
  }
  for (size_t k = 0; status == VQE_OK && k < molecules->count; k++) {
    warn_ignored(expansion, &molecules->items[k]);
    expansion->job->qcschema[k] = molecules->items[k].qcschema;
    status =
        expand_molecule(expansion, &molecules->items[k], (int)k, settings);
  }
  if (expansion->nwarning > WARNINGS_SHOWN) {
    fprintf(expansion->warnings, "and %zu more of these\n",
            expansion->nwarning - WARNINGS_SHOWN);
  }
  if (expansion->unfollowed > 0) {
    expansion->nwarning++;
    fprintf(expansion->warnings,
            "key 'follow' has no effect on %zu of the experiments: it is for "
            "the points of a scan's bond, angle or torsion that are all in "
            "the job, with exact energies and one start, and without "
            "optimised orbitals or a rule of active orbitals\n",
            expansion->unfollowed);
  }
  return status;
}

static int allocate_places(struct vqe_job *job, size_t total)
{
  int status =
      vqe_memory_alloc(&job->positions, total, sizeof(int), "experiments");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&job->orders, total, sizeof(int), "experiments");
  }
  return status == VQE_OK ? vqe_memory_alloc(&job->chains, total, sizeof(int),
                                             "experiments")
                          : status;
}

int vqe_job_expand(struct vqe_job *job, char **warnings,
                   const struct vqe_job_molecules *molecules,
                   const struct vqe_job_settings *settings, bool strict)
{
  struct expansion expansion = {.job = job, .strict = strict};
  char *text = NULL;
  size_t text_size = 0;
  int *groups = NULL;
  size_t total;
  int status = count_experiments(&total, molecules, settings);
  if (status == VQE_OK && total == 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "file '%s' holds no molecules",
                           job->path);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&job->experiments, total,
                              sizeof(struct vqe_experiment *), "experiments");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&job->qcschema, molecules->count,
                              sizeof *job->qcschema, "experiments");
  }
  if (status == VQE_OK) {
    status = allocate_places(job, total);
  }
  if (status == VQE_OK) {
    status = vqe_job_select_groups(&groups, &settings->select, total);
  }
  if (status != VQE_OK) {
    free(groups);
    return status;
  }
  job->product = total;
  job->calculation = molecules->items[0].calculation;
  expansion.groups = groups;
  expansion.seen = json_object();
  expansion.warnings = open_memstream(&text, &text_size);
  status = expand_molecules(&expansion, molecules, settings);
  if (expansion.warnings != NULL) {
    fclose(expansion.warnings);
  }
  if (status == VQE_OK && expansion.nwarning > 0) {
    *warnings = text;
    text = NULL;
  }
  free(text);
  free(groups);
  json_decref(expansion.seen);
  return status;
}
