/* Penalties on other electron numbers and spins, for circuits that do not
 * conserve them. The optimizer sees energy and penalty; what is recorded is
 * the energy alone. */
#ifndef VQE_VQE_RUN_PENALTY_H
#define VQE_VQE_RUN_PENALTY_H

#include "vqe/run.h"

/* Whether the run has a penalty that could be other than zero: an ansatz that
 * conserves electron numbers pays none for these. */
bool vqe_run_penalty_asked(const struct vqe_experiment *experiment);

/* Whether the penalty is so steep that a run from anywhere would end in the
 * next minimum, hundreds of millihartree too high: then the energy alone is
 * minimised first, and the penalty acts from there. */
bool vqe_run_penalty_is_steep(const struct vqe_experiment *experiment);

/* The objective *f = energy + penalty at x, the energy alone, and unless NULL
 * the objective's gradient. While the penalty rests it counts nothing. */
int vqe_run_penalty_evaluate(struct vqe_run *run, double *f, double *energy,
                             double *gradient, const double *x);

#endif
