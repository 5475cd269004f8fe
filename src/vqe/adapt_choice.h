/* What one growth of ADAPT-VQE appends. */
#ifndef VQE_VQE_ADAPT_CHOICE_H
#define VQE_VQE_ADAPT_CHOICE_H

#include "vqe/ansatz.h"

/* The elements of `pool` that a growth appends, in that order, by their
 * slopes (pool->nparam, hartree) and the options: at most `room` of them, at
 * least 1 where the pool has any. `gtol`: a slope no larger is none. Free
 * *elements by free(). Cost: O(elements) a chosen one. */
int vqe_adapt_choose(int **elements, int *count, const struct vqe_ansatz *pool,
                     const double *slope,
                     const struct vqe_adapt_options *options, int room,
                     double gtol);

#endif
