/* Evaluations taken from an earlier, interrupted run.
 *
 * They come from a file, and a false one would decide the result. The last one
 * that was taken is computed again where the run begins to compute, and the
 * minimum at its end where it was taken too: when they disagree, the run
 * begins afresh without them. This costs one evaluation for an experiment that
 * is resumed, and a second one when its minimum lies before the
 * interruption. */
#ifndef VQE_VQE_RUN_REPLAY_H
#define VQE_VQE_RUN_REPLAY_H

#include "vqe/run.h"

/* Ask the caller for evaluation `iteration` at x; 1 and the values when it is
 * known, else 0. */
int vqe_run_replay(struct vqe_run *run, int iteration, int n, const double *x,
                   double *energy, double *std, double *gradient);

/* Compute the last evaluation that was taken again, unless that was done.
 * VQE_ERR_INPUT, and run->replay.refused, when it disagrees. */
int vqe_run_replay_check(struct vqe_run *run);

/* The same for the minimum of a run that has ended, `energy` at the optimal
 * parameters. */
int vqe_run_replay_check_minimum(struct vqe_run *run, double energy);

#endif
