/* The growing record of evaluations of one run. */
#ifndef VQE_VQE_EVALUATIONS_H
#define VQE_VQE_EVALUATIONS_H

#include "vqe/experiment.h"

/* Append one evaluation to the result's arrays; *capacity belongs to the
 * caller and starts at 0. `gradient`: NULL where none was computed. */
int vqe_evaluations_append(struct vqe_result *result, size_t *capacity,
                           const double *parameters, double energy, double std,
                           const double *gradient, double seconds);

/* Give every recorded row, and the initial and optimal parameters, zeros up
 * to `nparam` columns, which becomes result->nparam. */
int vqe_evaluations_widen(struct vqe_result *result, size_t capacity,
                          int nparam);

/* The same, with column k moved to map[k]; the map rises. */
int vqe_evaluations_spread(struct vqe_result *result, size_t capacity,
                           int nparam, const int *map);

/* One row of *row, `count` values, spread to `nparam`. NULL is fine. */
int vqe_evaluations_spread_row(double **row, int count, int nparam,
                               const int *map);

#endif
