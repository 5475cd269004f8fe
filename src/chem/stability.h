/* Is a converged SCF solution a minimum? */
#ifndef VQE_CHEM_STABILITY_H
#define VQE_CHEM_STABILITY_H

#include "chem/scf_hessian.h"

/* An upper bound of the lowest eigenvalue of the orbital Hessian, hartree,
 * and its vector (size of the Hessian; may be NULL). A negative one proves
 * that a lower solution exists. Cost: at most 20 products. */
int vqe_stability_lowest(double *lowest, double *vector,
                         struct vqe_scf_hessian *hessian);

#endif
