/* Is a converged SCF solution a minimum? */
#ifndef VQE_CHEM_STABILITY_H
#define VQE_CHEM_STABILITY_H

#include "chem/scf.h"

/* An upper bound of the lowest eigenvalue of the orbital Hessian, hartree, of
 * RHF or ROHF orbitals (nao x nmo: closed, open, virtual) within real
 * restricted orbitals. A negative one proves that a lower solution exists.
 * fock_a and fock_b are over functions, equal for a closed shell. Cost: at
 * most 20 Fock builds. */
int vqe_stability_lowest(double *lowest, const struct vqe_scf_input *input,
                         int nmo, const double *mo_coeff, const double *fock_a,
                         const double *fock_b);

#endif
