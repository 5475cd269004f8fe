/* Several starts of one experiment, of which the best is its result. */
#ifndef VQE_VQE_STARTS_H
#define VQE_VQE_STARTS_H

#include "vqe/optimize.h"
#include "vqe/run.h"

/* Minimise from what result->optimal_parameters hold, which become the
 * lowest point. */
typedef int (*vqe_starts_minimise)(
    struct vqe_optimize_result *found, struct vqe_run *run,
    const struct vqe_optimizer_options *options);

/* Minimise from experiment->restarts starts: the first is
 * result->initial_parameters, others as vqe_initial_parameters makes them.
 * `found`, initial and optimal parameters become those of the lowest energy,
 * the first of equal ones; every start is a line of result->starts. The limits
 * of `options` are those of each start. VQE_ERR_NUMERIC when none gave a
 * finite energy. */
int vqe_starts_run(struct vqe_optimize_result *found, struct vqe_run *run,
                   vqe_starts_minimise minimise,
                   const struct vqe_optimizer_options *options);

#endif
