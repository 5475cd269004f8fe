/* The growing record of evaluations of one run. */
#ifndef VQE_VQE_EVALUATIONS_H
#define VQE_VQE_EVALUATIONS_H

#include "vqe/experiment.h"

/* Append one evaluation to the result's arrays; *capacity belongs to the
 * caller and starts at 0. */
int vqe_evaluations_append(struct vqe_result *result, size_t *capacity,
                           const double *parameters, double energy, double std,
                           double seconds);

/* Give every recorded row, and the initial and optimal parameters, zeros up
 * to `nparam` columns, which becomes result->nparam. */
int vqe_evaluations_widen(struct vqe_result *result, size_t capacity,
                          int nparam);

#endif
