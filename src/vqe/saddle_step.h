/* How the lowest curvature is sought, and the step along it. */
#ifndef VQE_VQE_SADDLE_STEP_H
#define VQE_VQE_SADDLE_STEP_H

#include "vqe/curvature.h"
#include "vqe/run.h"

/* Hartree: a fall by less is the optimizer's, not that of another state. */
#define VQE_SADDLE_GAIN 1e-6

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

#endif
