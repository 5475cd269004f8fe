/* Whether a state of ADAPT-VQE whose pool has no slope left is a minimum. */
#ifndef VQE_VQE_ADAPT_SADDLE_H
#define VQE_VQE_ADAPT_SADDLE_H

#include "vqe/optimize.h"
#include "vqe/run.h"

/* A way down from a saddle point. */
struct vqe_adapt_escape {
  double curvature; /* lowest found, hartree / radian^2; NaN: not known */
  double energy;    /* at the end of the step; NaN: the energy falls nowhere */
  int count;        /* elements of the pool to append */
  int *elements;    /* ascending */
  double *point;    /* parameters there: the ansatz's, then the elements' */
};

void vqe_adapt_escape_clear(struct vqe_adapt_escape *escape);

/* Curvature of the energy by all parameters of the ansatz and of the whole
 * pool appended at angle zero; where it is negative, the fewest elements (1,
 * 2, 4, ... of largest share) that keep half of it, and a step along them to
 * an energy that is lower by more than 1e-6 hartree. An estimator of its own,
 * for as long as this takes, whose evaluations are not recorded, as slopes of
 * the pool are not: at most 31 gradients of the whole pool and some energies.
 * Without memory for it, or time, nothing is known. */
int vqe_adapt_escape_find(struct vqe_adapt_escape *out, struct vqe_run *run,
                          const struct vqe_optimizer_options *options);

#endif
