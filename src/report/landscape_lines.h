/* What random points say of a circuit's energy and gradient. */
#ifndef VQE_REPORT_LANDSCAPE_LINES_H
#define VQE_REPORT_LANDSCAPE_LINES_H

#include <stddef.h>
#include <stdio.h>

#include "vqe/experiment.h"

#define VQE_REPORT_LANDSCAPES 10 /* shown; the rest is counted */

/* A line for each result of optimizer Landscape: mean and variance of the
 * total energy, variance of a slope; nothing where there is none. */
void vqe_report_landscapes(FILE *stream, struct vqe_result *const *results,
                           size_t count, int width);

#endif
