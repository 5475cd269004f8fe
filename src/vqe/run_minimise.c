/* The optimisation: one call of the objective is one recorded evaluation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/adapt.h"
#include "vqe/canonical.h"
#include "vqe/evaluations.h"
#include "vqe/initial.h"
#include "vqe/landscape.h"
#include "vqe/orbital.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"
#include "vqe/run_replay.h"
#include "vqe/run_shots.h"
#include "vqe/saddle.h"
#include "vqe/starts.h"

/* For properties after a limit of time, seconds. */
#define PROPERTIES_SECONDS 5.0

static void announce(void *ctx, int n, const double *points, int count)
{
  struct vqe_run *run = ctx;
  (void)n;
  run->ahead.count = count <= VQE_RUN_AHEAD ? count : 0;
  run->ahead.points = points;
  run->ahead.known = false;
}

/* The energy at x, and of all that was announced with it. */
static int energy_at(struct vqe_run *run, int n, const double *x,
                     double *energy)
{
  struct vqe_run_ahead *ahead = &run->ahead;
  size_t size = (size_t)n;
  int k = 0;
  while (k < ahead->count &&
         memcmp(ahead->points + (size_t)k * size, x, size * sizeof *x) != 0) {
    k++;
  }
  if (k == ahead->count) {
    return vqe_estimator_energy(run->estimator, energy, x);
  }
  if (!ahead->known) {
    int status = vqe_estimator_many(run->estimator, ahead->energies, NULL,
                                    ahead->points, (size_t)ahead->count);
    if (status != VQE_OK) {
      return status;
    }
    ahead->known = true;
  }
  *energy = ahead->energies[k];
  if (k + 1 == ahead->count) {
    ahead->count = 0; /* their memory is the optimizer's again */
  }
  return VQE_OK;
}

/* One call of the objective is one record. */
static int evaluate(void *ctx, int n, const double *x, double *f,
                    double *gradient)
{
  struct vqe_run *run = ctx;
  struct vqe_result *result = run->result;
  const struct vqe_callbacks *callbacks = run->callbacks;
  const struct vqe_experiment *experiment = run->experiment;
  int iteration = (int)result->neval + 1;
  bool penalised = vqe_run_penalty_asked(experiment);
  double energy = NAN;
  double std = 0.0;
  int status = VQE_OK;
  if (vqe_run_must_end(run) && !run->late) {
    return vqe_error_set(VQE_ERR_INTERRUPTED, "the run was interrupted");
  }
  int known = vqe_run_replay(run, iteration, n, x, f, &std, gradient);
  if (known == 0) {
    status = vqe_run_replay_check(run);
  }
  if (status != VQE_OK) {
    /* nothing that follows could be trusted */
  } else if (penalised) {
    /* the penalty is not recorded and computed again */
    status = vqe_run_penalty_evaluate(run, f, &energy,
                                      known > 0 ? NULL : gradient, x);
  } else if (known <= 0) {
    if (experiment->shots > 0) {
      status = vqe_run_shots_evaluate(run, f, &std, gradient, x, iteration);
    } else if (run->rotation != NULL) {
      status = vqe_orbital_evaluate(run, f, gradient, x);
    } else if (gradient != NULL) {
      status = vqe_estimator_gradient(run->estimator, f, gradient, x);
    } else {
      status = energy_at(run, n, x, f);
    }
  }
  if (status == VQE_ERR_INTERRUPTED && run->late) {
    *f = NAN; /* ends the optimizer, which keeps what it had */
    return VQE_OK;
  }
  vqe_run_shots_noise(run, std);
  energy = penalised ? energy : *f;
  if (status == VQE_OK) {
    status = vqe_evaluations_append(result, &run->capacity, x, energy, std,
                                    gradient, vqe_clock_wall() - run->started);
  }
  if (status == VQE_OK && callbacks != NULL && callbacks->evaluation != NULL &&
      known <= 0) {
    status = callbacks->evaluation(callbacks->ctx, experiment, iteration, n, x,
                                   energy, std, gradient);
  }
  return status;
}

static int set_optimizer_options(struct vqe_optimizer_options *options,
                                 const struct vqe_experiment *experiment)
{
  int status = VQE_OK;
  vqe_optimizer_options_init(options);
  options->max_evaluations = experiment->max_evaluations;
  options->gtol = experiment->gtol;
  options->ftol = experiment->ftol;
  options->max_seconds = experiment->max_seconds;
  for (size_t k = 0;
       status == VQE_OK && k < experiment->optimizer_options.count; k++) {
    const struct vqe_option *option = &experiment->optimizer_options.items[k];
    char *end;
    double value = strtod(option->json, &end);
    if (end == option->json || *end != '\0') {
      return vqe_error_set(VQE_ERR_INPUT,
                           "optimizer option '%s': %s is not a number",
                           option->key, option->json);
    }
    status = vqe_optimizer_option_set(options, experiment->optimizer,
                                      option->key, value);
  }
  return status;
}

/* From the minimum of the energy alone to that of energy and penalty. */
static int minimise_steep(struct vqe_optimize_result *found,
                          struct vqe_run *run,
                          const struct vqe_optimizer_options *options)
{
  const char *optimizer = run->experiment->optimizer;
  double *x = run->result->optimal_parameters;
  int n = run->result->nparam;
  struct vqe_optimizer_options left;
  run->penalty_rests = true;
  int status = vqe_optimize(found, optimizer, n, x, evaluate, run, options);
  run->penalty_rests = false;
  int nit = found->nit;
  if (status != VQE_OK || run->late) {
    return status;
  }
  if (!vqe_run_within_limits(&left, run, options)) {
    found->converged = false;
    vqe_run_limit_text(found->reason, run, options);
    return VQE_OK;
  }
  status = vqe_optimize(found, optimizer, n, x, evaluate, run, &left);
  found->nit = nit < 0 || found->nit < 0 ? -1 : nit + found->nit;
  return status;
}

/* From the start in result->optimal_parameters to where the run ends. */
static int minimise_from(struct vqe_optimize_result *found,
                         struct vqe_run *run,
                         const struct vqe_optimizer_options *options)
{
  const struct vqe_experiment *experiment = run->experiment;
  struct vqe_result *result = run->result;
  if (vqe_landscape_asked(experiment)) {
    return vqe_landscape_run(found, run, evaluate, options);
  }
  if (vqe_ansatz_grows(experiment->ansatz_name)) {
    return vqe_adapt_minimise(found, run, evaluate, options);
  }
  int status =
      vqe_run_penalty_is_steep(experiment)
          ? minimise_steep(found, run, options)
          : vqe_optimize(found, experiment->optimizer, result->nparam,
                         result->optimal_parameters, evaluate, run, options);
  if (status == VQE_OK) {
    status = vqe_saddle_leave(found, run, evaluate, options);
  }
  return status == VQE_OK ? vqe_run_shots_compare(found, run) : status;
}

/* The lowest evaluation on record, for a search that was cut off before it
 * could name one. */
static void take_lowest(struct vqe_optimize_result *found,
                        struct vqe_result *result)
{
  size_t lowest = 0;
  size_t n = (size_t)result->nparam;
  for (size_t k = 1; k < result->neval; k++) {
    lowest = result->eval_energy[k] < result->eval_energy[lowest] ? k : lowest;
  }
  found->f = result->eval_energy[lowest];
  found->nit = -1;
  if (n > 0) {
    memcpy(result->optimal_parameters, result->eval_parameters + lowest * n,
           n * sizeof(double));
  }
}

/* An evaluation was given up at the limit of time: that is how the run ended,
 * with the best of those before. */
static int end_late(struct vqe_optimize_result *found, struct vqe_run *run,
                    int status)
{
  double limit = run->experiment->max_seconds;
  /* properties of that state take an evaluation, too; they may not take
   * longer than this */
  vqe_run_limit(run, PROPERTIES_SECONDS);
  if (run->result->neval == 0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "the limit of %g seconds (max_seconds) ended the "
                         "first evaluation, which takes longer",
                         limit);
  }
  if (status == VQE_OK || status == VQE_ERR_INTERRUPTED) {
    /* of samples the lowest is the luckiest: then the optimizer's point */
    if (!isfinite(found->f) ||
        (status != VQE_OK && run->experiment->shots == 0)) {
      take_lowest(found, run->result);
    }
    found->converged = false;
    snprintf(found->reason, sizeof found->reason,
             "limit of %g seconds reached during an evaluation (max_seconds)",
             limit);
    status = VQE_OK;
  }
  return status;
}

int vqe_run_minimise(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_experiment *experiment = run->experiment;
  const struct vqe_optimizer_info *info;
  struct vqe_optimizer_options options;
  struct vqe_optimize_result found = {.f = NAN};
  int status = vqe_experiment_stream(run->stream, experiment);
  if (status == VQE_OK) {
    status = set_optimizer_options(&options, experiment);
    options.experiment_id = run->stream;
  }
  if (status == VQE_OK) {
    status = vqe_optimizer_find(&info, experiment->optimizer);
  }
  if (status != VQE_OK) {
    return status;
  }
  snprintf(result->optimizer_native, sizeof result->optimizer_native, "%s",
           vqe_optimizer_native(info, experiment->shots > 0));
  double *scale = NULL;
  if (vqe_ansatz_kind(experiment->ansatz_name)->curvatures &&
      run->rotation == NULL) {
    status = vqe_initial_scale(&scale, run->ansatz, run->integrals);
    options.scale = scale;
  }
  if (status == VQE_OK) {
    status = vqe_run_shots_options(run, &options, info->needs_gradient);
  }
  if (status != VQE_OK) {
    free(scale);
    return status;
  }
  /* the CPU takes as long for one after the other, and its records would
   * come in pairs */
  options.announce =
      run->usage.on_device && !vqe_ansatz_grows(experiment->ansatz_name)
          ? announce
          : NULL;
  double cpu = vqe_run_cpu_seconds(run);
  run->started = vqe_clock_wall();
  vqe_run_limit(run, experiment->max_seconds);
  status = vqe_starts_run(&found, run, minimise_from, &options);
  free(scale);
  run->ahead.count = 0;
  result->seconds_vqe = vqe_clock_wall() - run->started;
  result->cpu_seconds_vqe = vqe_run_cpu_seconds(run) - cpu;
  if (run->late) {
    status = end_late(&found, run, status);
  }
  if (status == VQE_OK) {
    status = vqe_run_replay_check_minimum(run, found.f);
  }
  if (status != VQE_OK) {
    return status;
  }
  result->minimum = found.f;
  result->success = found.converged;
  result->nfev = (int)(result->neval + run->unrecorded);
  result->nit = found.nit;
  if (experiment->shots > 0) {
    status = vqe_run_shots_finish(run);
  } else if (vqe_run_penalty_asked(experiment)) {
    status = vqe_estimator_energy(run->estimator, &result->minimum,
                                  result->optimal_parameters);
  }
  if (status != VQE_OK) {
    return status;
  }
  return vqe_memory_strdup(&result->reason, found.reason);
}
