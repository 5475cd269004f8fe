/* Reference energies out of active-space integrals. */
#ifndef VQE_CHEM_REFERENCE_H
#define VQE_CHEM_REFERENCE_H

#include "vqe/chem.h"

/* Diagonal and largest off-diagonal element of the Fock matrix of the
 * reference determinant (mean of both spins for an open shell), over the
 * active orbitals; the largest between orbitals of different occupation. */
void vqe_reference_fock(double *diagonal, double *coupling, double *mixing,
                        const struct vqe_integrals *integrals);

/* Total energy of the determinant that fills the lowest-numbered orbitals. */
double vqe_reference_energy(const struct vqe_integrals *integrals);

/* Second-order Moller-Plesset energy of a closed shell with canonical
 * orbitals, added to hf_energy; sets has_mp2. Left out when an occupied and a
 * virtual orbital are degenerate. Where perturbation theory fails, that or an
 * amplitude above one, a note says so. */
int vqe_reference_mp2(struct vqe_integrals *integrals);

#endif
