/* Minima, not saddle points: what a run does where its gradient vanishes. */
#ifndef VQE_VQE_SADDLE_H
#define VQE_VQE_SADDLE_H

#include "vqe/curvature.h"
#include "vqe/run.h"

/* Curvatures above minus this are those of a minimum, hartree / radian^2: a
 * point where the gradient is known to gtol knows its curvatures no better. */
double vqe_saddle_threshold(const struct vqe_optimizer_options *options);

/* How the lowest curvature is sought in this run. */
void vqe_saddle_options(struct vqe_curvature_options *out,
                        const struct vqe_run *run,
                        const struct vqe_optimizer_options *options);

/* Step from x (n values, energy f) along `direction` to where the energy is
 * lowest: both ways, in steps that grow while it falls. x and *f become those
 * of the lowest point; they stay when the energy falls nowhere. Calls of the
 * objective without gradients. */
int vqe_saddle_step(double *x, double *f, int n, const double *direction,
                    vqe_objective objective, void *ctx);

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
