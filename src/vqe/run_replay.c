#include "vqe/run_replay.h"

#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/orbital.h"
#include "vqe/run_penalty.h"
#include "vqe/run_shots.h"

/* Hartree, or a part of the energy where that is larger: other processors,
 * libraries and numbers of threads round otherwise, by 1e-12, and single
 * precision by more. */
#define TOLERANCE 1e-6
#define TOLERANCE_SINGLE 1e-3
/* A sample that falls on the other side by rounding. */
#define TOLERANCE_STD 6.0

int vqe_run_replay(struct vqe_run *run, int iteration, int n, const double *x,
                   double *energy, double *std, double *gradient)
{
  const struct vqe_callbacks *callbacks = run->callbacks;
  struct vqe_run_replay *replay = &run->replay;
  if (callbacks == NULL || callbacks->replay == NULL || replay->afresh) {
    return 0;
  }
  int known = callbacks->replay(callbacks->ctx, run->experiment, iteration, n,
                                x, energy, std, gradient);
  if (known > 0) {
    replay->count = (size_t)iteration;
    replay->unchecked = true;
    replay->gradient = gradient != NULL;
  }
  return known > 0 ? 1 : 0;
}

/* The energy at x as it would be computed at this iteration. */
static int compute(struct vqe_run *run, double *energy, double *std,
                   const double *x, size_t iteration)
{
  double *gradient = NULL;
  int status = VQE_OK;
  *std = 0.0;
  if (run->experiment->shots > 0) {
    /* with the samples of a gradient come others of the energy */
    if (run->replay.gradient) {
      status = vqe_memory_alloc(&gradient, (size_t)run->result->nparam,
                                sizeof *gradient, "gradient");
    }
    if (status == VQE_OK) {
      status = vqe_run_shots_evaluate(run, energy, std, gradient, x,
                                      (int)iteration);
    }
  } else if (run->rotation != NULL) {
    status = vqe_orbital_evaluate(run, energy, NULL, x);
  } else {
    status = vqe_estimator_energy(run->estimator, energy, x);
  }
  free(gradient);
  return status;
}

/* `recorded` of evaluation `iteration` at x. */
static int compare(struct vqe_run *run, double recorded, const double *x,
                   size_t iteration)
{
  const struct vqe_callbacks *callbacks = run->callbacks;
  double energy = NAN;
  double std = 0.0;
  int status = compute(run, &energy, &std, x, iteration);
  double scale = fmax(1.0, fabs(energy));
  double most =
      (vqe_run_is_single(run->experiment) ? TOLERANCE_SINGLE : TOLERANCE) *
          scale +
      TOLERANCE_STD * std;
  if (status != VQE_OK || fabs(energy - recorded) <= most) {
    return status;
  }
  run->replay.refused = true;
  if (callbacks->replay_refused != NULL) {
    callbacks->replay_refused(callbacks->ctx, run->experiment, (int)iteration,
                              recorded, energy);
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "evaluation %zu of an earlier run is %.9g hartree, "
                       "computed again it is %.9g",
                       iteration, recorded, energy);
}

int vqe_run_replay_check(struct vqe_run *run)
{
  const struct vqe_result *result = run->result;
  if (!run->replay.unchecked) {
    return VQE_OK;
  }
  run->replay.unchecked = false;
  /* penalties are not recorded: there, all is computed again */
  if (vqe_run_penalty_asked(run->experiment)) {
    return VQE_OK;
  }
  /* as it stands on record: an ansatz may have grown since */
  size_t last = result->neval - 1;
  return compare(run, result->eval_energy[last],
                 result->eval_parameters + last * (size_t)result->nparam,
                 result->neval);
}

int vqe_run_replay_check_minimum(struct vqe_run *run, double energy)
{
  const struct vqe_result *result = run->result;
  size_t lowest = 0;
  for (size_t k = 0; k < result->neval; k++) {
    lowest = result->eval_energy[k] < result->eval_energy[lowest] ? k : lowest;
  }
  /* a sampled minimum is sampled again at the end */
  if (run->replay.count == 0 || lowest >= run->replay.count ||
      run->experiment->shots > 0 || vqe_run_penalty_asked(run->experiment)) {
    return vqe_run_replay_check(run);
  }
  run->replay.unchecked = false;
  int status = compare(run, energy, result->optimal_parameters, lowest + 1);
  /* no time is left to compute it */
  return status == VQE_ERR_INTERRUPTED && run->late ? VQE_OK : status;
}
