/* Runs with finite shots: sampled energies and gradients, and the result,
 * which is sampled afresh. */
#ifndef VQE_VQE_RUN_SHOTS_H
#define VQE_VQE_RUN_SHOTS_H

#include "vqe/run.h"

/* What the optimizer must know of samples; nothing for exact runs. What
 * `options` points to belongs to the run. After the estimator. */
int vqe_run_shots_options(struct vqe_run *run,
                          struct vqe_optimizer_options *options,
                          bool gradients);

/* The sampled energy, and unless NULL the gradient, at x: evaluation
 * `iteration`, from 1 on. */
int vqe_run_shots_evaluate(struct vqe_run *run, double *energy, double *std,
                           double *gradient, const double *x, int iteration);

/* The standard error of the evaluation just made, for the optimizer. */
void vqe_run_shots_noise(struct vqe_run *run, double std);

/* After each of several starts: its value sampled afresh, as the luckiest
 * sample says nothing about which start was best. */
int vqe_run_shots_compare(struct vqe_optimize_result *found,
                          struct vqe_run *run);

/* Minimum, its standard error, the exact energy, and the number of
 * evaluations and shots, at the optimal parameters. */
int vqe_run_shots_finish(struct vqe_run *run);

#endif
