#include "vqe/starts.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "vqe/initial.h"

struct starts {
  struct vqe_run *run;
  struct vqe_optimize_result *best;
  json_t *list;
};

/* Parameters of start k, as initial and as optimal ones of the result. */
static int set_start(struct vqe_run *run, int k)
{
  struct vqe_result *result = run->result;
  int status = VQE_OK;
  if (k > 0) {
    status = vqe_initial_parameters(
        result->initial_parameters, &result->notes, run->experiment,
        run->ansatz, result->nparam - run->ansatz->nparam, run->integrals, k);
  }
  if (status == VQE_OK) {
    memcpy(result->optimal_parameters, result->initial_parameters,
           (size_t)result->nparam * sizeof(double));
  }
  run->start = k;
  run->start_neval = result->neval;
  run->start_unrecorded = run->unrecorded;
  run->start_clock = vqe_clock_wall();
  return status;
}

/* One object of the list: what this start came to. */
static int note_start(struct starts *starts, int k,
                      const struct vqe_optimize_result *found)
{
  const struct vqe_run *run = starts->run;
  const struct vqe_experiment *experiment = run->experiment;
  bool seeded = strcmp(experiment->init_strategy, "random") == 0;
  json_t *energy =
      isfinite(found->f)
          ? json_real(found->f + run->result->nuclear_repulsion_energy)
          : json_null();
  json_t *object = json_pack(
      "{s:i, s:o, s:o, s:I, s:b, s:s}", "start", k, "seed",
      seeded ? json_integer(vqe_initial_seed(experiment, k)) : json_null(),
      "energy", energy, "evaluations",
      (json_int_t)(run->result->neval - run->start_neval), "converged",
      found->converged, "reason", found->reason);
  return object != NULL && json_array_append_new(starts->list, object) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a start");
}

static int keep_best(struct starts *starts, int k,
                     const struct vqe_optimize_result *found)
{
  const struct vqe_result *result = starts->run->result;
  size_t bytes = (size_t)result->nparam * sizeof(double);
  bool better = isfinite(found->f) &&
                (!isfinite(starts->best->f) || found->f < starts->best->f);
  if (k == 0 || better) {
    *starts->best = *found;
    memcpy(starts->run->best_initial, result->initial_parameters, bytes);
    memcpy(starts->run->best_optimal, result->optimal_parameters, bytes);
  }
  return note_start(starts, k, found);
}

/* The starts as text, and the best one back into the result. */
static int finish(struct starts *starts)
{
  struct vqe_result *result = starts->run->result;
  size_t bytes = (size_t)result->nparam * sizeof(double);
  memcpy(result->initial_parameters, starts->run->best_initial, bytes);
  memcpy(result->optimal_parameters, starts->run->best_optimal, bytes);
  result->starts = vqe_json_dumps(starts->list, JSON_COMPACT);
  return result->starts != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for the starts");
}

static int run_several(struct starts *starts, int count,
                       vqe_starts_minimise minimise,
                       const struct vqe_optimizer_options *options)
{
  struct vqe_run *run = starts->run;
  struct vqe_optimize_result found;
  size_t n = (size_t)run->result->nparam;
  int status = vqe_memory_alloc(&run->best_initial, n, sizeof(double),
                                "parameters of the best start");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&run->best_optimal, n, sizeof(double),
                              "parameters of the best start");
  }
  starts->list = json_array();
  if (status == VQE_OK && starts->list == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for the starts");
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = set_start(run, k);
    if (status == VQE_OK) {
      status = minimise(&found, run, options);
    }
    if (status == VQE_OK) {
      status = keep_best(starts, k, &found);
    }
  }
  if (status == VQE_OK) {
    status = finish(starts);
  }
  free(run->best_initial);
  free(run->best_optimal);
  run->best_initial = NULL;
  run->best_optimal = NULL;
  json_decref(starts->list);
  return status;
}

int vqe_starts_run(struct vqe_optimize_result *found, struct vqe_run *run,
                   vqe_starts_minimise minimise,
                   const struct vqe_optimizer_options *options)
{
  struct starts starts = {.run = run, .best = found};
  int count = run->experiment->restarts;
  int status = VQE_OK;
  if (count > 1) {
    status = run_several(&starts, count, minimise, options);
  } else {
    status = set_start(run, 0);
    if (status == VQE_OK) {
      status = minimise(found, run, options);
    }
  }
  if (status == VQE_OK && !(isfinite(found->f) && run->result->neval > 0)) {
    status =
        vqe_error_set(VQE_ERR_NUMERIC, "no finite energy: %s", found->reason);
  }
  return status;
}
