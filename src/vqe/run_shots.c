#include "vqe/run_shots.h"

#include <math.h>
#include <stdlib.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Coupled-cluster amplitudes and the angles of LUCJ are about this large at
 * most; circuits use the whole circle. Radian. */
#define TYPICAL_STEP 0.1

/* The evaluation of a stream that no recorded one has: they count from 1. */
#define FINAL 0

static double noise(void *ctx)
{
  const struct vqe_run *run = ctx;
  return run->shots.std;
}

/* Standard errors of the gradient, from the samples of evaluation 1. They are
 * drawn here too, and not again later: an evaluation that is known from an
 * interrupted run has no errors with it, and they change little on the way, as
 * shifted angles lie far from any minimum. */
static int measure_noise(struct vqe_run *run)
{
  struct vqe_run_shots *shots = &run->shots;
  const struct vqe_experiment *experiment = run->experiment;
  double energy;
  double std;
  double *gradient = NULL;
  size_t n = (size_t)run->ansatz->nparam;
  free(shots->gradient_noise);
  int status = vqe_memory_alloc(&shots->gradient_noise, n, sizeof(double),
                                "errors of the gradient");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&gradient, n, sizeof(double), "gradient");
  }
  if (status == VQE_OK) {
    status = vqe_estimator_sample_gradient(
        run->estimator, &energy, &std, gradient, shots->gradient_noise,
        run->result->initial_parameters, run->paulis, experiment->shots,
        run->stream, 1);
  }
  free(gradient);
  return status;
}

int vqe_run_shots_options(struct vqe_run *run,
                          struct vqe_optimizer_options *options,
                          bool gradients)
{
  struct vqe_run_shots *shots = &run->shots;
  const struct vqe_experiment *experiment = run->experiment;
  if (vqe_ansatz_conserves(experiment->ansatz_name)) {
    options->typical_step = TYPICAL_STEP;
  }
  if (experiment->shots == 0) {
    return VQE_OK;
  }
  int status = vqe_estimator_measure(run->estimator, experiment->measurement);
  if (status != VQE_OK) {
    return status;
  }
  uint64_t energies = 1 + (gradients ? vqe_estimator_shifts(run->ansatz) : 0);
  if (energies > INT32_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "one gradient with shots takes %llu energies; use "
                         "SPSA or COBYLA, or a smaller ansatz",
                         (unsigned long long)energies);
  }
  shots->energies = (int)energies;
  status = vqe_estimator_groups(run->estimator, &shots->groups, run->paulis);
  if (status == VQE_OK && gradients) {
    status = measure_noise(run);
  }
  options->noise = noise;
  options->gradient_noise = shots->gradient_noise;
  options->gradient_cost = shots->energies;
  return status;
}

int vqe_run_shots_evaluate(struct vqe_run *run, double *energy, double *std,
                           double *gradient, const double *x, int iteration)
{
  const struct vqe_experiment *experiment = run->experiment;
  return gradient != NULL
             ? vqe_estimator_sample_gradient(
                   run->estimator, energy, std, gradient, NULL, x, run->paulis,
                   experiment->shots, run->stream, iteration)
             : vqe_estimator_sample(run->estimator, energy, std, x,
                                    run->paulis, experiment->shots,
                                    run->stream, iteration);
}

void vqe_run_shots_noise(struct vqe_run *run, double std)
{
  run->shots.std = std;
}

int vqe_run_shots_compare(struct vqe_optimize_result *found,
                          struct vqe_run *run)
{
  double std;
  if (run->experiment->shots == 0 || run->experiment->restarts <= 1) {
    return VQE_OK;
  }
  run->shots.compared++;
  return vqe_run_shots_evaluate(run, &found->f, &std, NULL,
                                run->result->optimal_parameters,
                                FINAL - run->shots.compared);
}

int vqe_run_shots_finish(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_run_shots *shots = &run->shots;
  int64_t energies = (int64_t)result->neval * shots->energies;
  int status =
      vqe_run_shots_evaluate(run, &result->minimum, &result->energy_std, NULL,
                             result->optimal_parameters, FINAL);
  if (status == VQE_OK) {
    status = vqe_estimator_energy(run->estimator, &result->energy_exact,
                                  result->optimal_parameters);
  }
  result->nfev = energies < INT32_MAX ? (int)energies : INT32_MAX;
  result->total_shots = (energies + shots->compared + 1) * shots->groups *
                        run->experiment->shots;
  return status;
}
