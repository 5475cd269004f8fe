/* ADAPT-VQE: an ansatz that grows while it is optimised. */
#ifndef VQE_VQE_ADAPT_H
#define VQE_VQE_ADAPT_H

#include "vqe/optimize.h"
#include "vqe/run.h"

/* Grimsley et al., Nat. Commun. 10, 3007 (2019): append the elements of
 * run->pool with the largest slopes, at angle zero; optimise all parameters
 * again from where they are; until an option of run->ansatz_options.adapt or
 * a limit of `options` ends it. `objective` (ctx: run) is one recorded
 * evaluation; slopes of the pool are not recorded. Extends run->ansatz, the
 * estimator, and the result's parameters, whose recorded rows are padded by
 * zeros. `out` as of one vqe_optimize. */
int vqe_adapt_minimise(struct vqe_optimize_result *out, struct vqe_run *run,
                       vqe_objective objective,
                       const struct vqe_optimizer_options *options);

#endif
