/* Minima, not saddle points: what a run does where its gradient vanishes. */
#ifndef VQE_VQE_SADDLE_H
#define VQE_VQE_SADDLE_H

#include "vqe/run.h"

/* After a gradient method has converged at result->optimal_parameters, exact
 * energies: test the lowest curvature, leave a saddle point along it, optimise
 * again, until there is none or a limit of `options` is reached. A circuit
 * that ends at the Hartree-Fock energy is a determinant, around which the
 * energy may be flat to higher order: such a run is tried again from other
 * rotations. `found` becomes what came of it. Evaluations are recorded. Does
 * nothing where the experiment or its ansatz asks for none
 * (vqe_experiment.escape_saddles). */
int vqe_saddle_leave(struct vqe_optimize_result *found, struct vqe_run *run,
                     vqe_objective objective,
                     const struct vqe_optimizer_options *options);

#endif
