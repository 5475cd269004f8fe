/* One row of a transformation of integrals. */
#ifndef VQE_CHEM_TRANSFORM_ROW_H
#define VQE_CHEM_TRANSFORM_ROW_H

#include <stddef.h>

/* One packed symmetric matrix (n functions) to norb columns: out = C^T A C,
 * packed. `work` holds vqe_transform_row_work() doubles. */
void vqe_transform_row(double *out, const double *in, const double *mo_coeff,
                       int n, int norb, double *work);
size_t vqe_transform_row_work(int n, int norb);

#endif
