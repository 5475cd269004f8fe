#include "vqe/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "vqe/orbital.h"

bool vqe_run_stop_asked(void *ctx)
{
  const struct vqe_run *run = ctx;
  const struct vqe_callbacks *callbacks = run->callbacks;
  return callbacks != NULL && callbacks->should_stop != NULL &&
         callbacks->should_stop(callbacks->ctx);
}

bool vqe_run_must_end(void *ctx)
{
  struct vqe_run *run = ctx;
  if (vqe_run_stop_asked(run)) {
    return true;
  }
  if (run->deadline > 0.0 && vqe_clock_wall() >= run->deadline) {
    run->late = true;
  }
  return run->late;
}

void vqe_run_limit(struct vqe_run *run, double seconds)
{
  run->late = false;
  run->deadline = seconds > 0.0 ? vqe_clock_wall() + seconds : 0.0;
}

void vqe_run_enter(const struct vqe_run *run, enum vqe_phase phase)
{
  const struct vqe_callbacks *callbacks = run->callbacks;
  if (callbacks != NULL && callbacks->phase != NULL) {
    callbacks->phase(callbacks->ctx, run->experiment, phase, run->result);
  }
}

double vqe_run_cpu_seconds(const struct vqe_run *run)
{
  return run->options->threads == 1 ? vqe_clock_thread() : vqe_clock_cpu();
}

bool vqe_run_within_limits(struct vqe_optimizer_options *left,
                           const struct vqe_run *run,
                           const struct vqe_optimizer_options *options)
{
  *left = *options;
  left->spent_evaluations = (int)(run->result->neval - run->start_neval +
                                  run->unrecorded - run->start_unrecorded);
  left->max_evaluations -= left->spent_evaluations;
  if (options->max_seconds > 0.0) {
    left->spent_seconds = vqe_clock_wall() - run->start_clock;
    left->max_seconds -= left->spent_seconds;
    if (left->max_seconds <= 0.0) {
      return false;
    }
  }
  return left->max_evaluations > 0;
}

void vqe_run_limit_text(char out[VQE_RUN_LIMIT_TEXT],
                        const struct vqe_run *run,
                        const struct vqe_optimizer_options *options)
{
  double seconds = options->max_seconds;
  if (seconds > 0.0 && vqe_clock_wall() - run->start_clock >= seconds) {
    snprintf(out, VQE_RUN_LIMIT_TEXT,
             "limit of %g seconds reached (max_seconds)", seconds);
  } else {
    snprintf(out, VQE_RUN_LIMIT_TEXT,
             "limit of %d evaluations reached (max_evaluations)",
             options->max_evaluations);
  }
}

void vqe_run_clear(struct vqe_run *run)
{
  vqe_estimator_free(run->estimator);
  vqe_orbital_clear(run);
  free(run->shots.gradient_noise);
  free(run->elements);
  free(run->metric);
  vqe_ansatz_free(run->ansatz);
  vqe_ansatz_free(run->pool);
  vqe_pauli_sum_free(run->paulis);
  vqe_hamiltonian_free(run->hamiltonian);
  vqe_integrals_free(run->integrals);
}
