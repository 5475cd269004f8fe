/* What is said below the table of the properties that results hold. */
#ifndef VQE_REPORT_PROPERTY_LINES_H
#define VQE_REPORT_PROPERTY_LINES_H

#include <stdio.h>

#include "vqe/experiment.h"

/* e bohr in debye, CODATA 2018. */
#define VQE_DEBYE 2.541746473

/* For each of the first results that hold any: dipole, quadrupole, charges and
 * spin populations of the atoms, entropies, variance. Prints nothing where no
 * result has properties. */
void vqe_report_properties(FILE *stream, struct vqe_result *const *results,
                           size_t count, int width);

#endif
