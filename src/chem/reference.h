/* Reference energies out of active-space integrals. */
#ifndef VQE_CHEM_REFERENCE_H
#define VQE_CHEM_REFERENCE_H

#include "vqe/chem.h"

/* Diagonal of the Fock matrix of the reference determinant (mean of both spins
 * for an open shell), over the active orbitals. `coupling`: by how much an
 * off-diagonal element differs at most from that of canonical orbitals of
 * Hartree-Fock; `mixing`: the same between orbitals of different occupation,
 * where it says that the determinant is not that of Hartree-Fock. */
void vqe_reference_fock(double *diagonal, double *coupling, double *mixing,
                        const struct vqe_integrals *integrals);

/* Total energy of the determinant that fills the lowest-numbered orbitals. */
double vqe_reference_energy(const struct vqe_integrals *integrals);

/* Second-order Moller-Plesset energy with canonical orbitals, of an open shell
 * with semicanonical ones and singles (chem/open_mp2.h), added to hf_energy;
 * sets has_mp2. Left out when an occupied and a virtual orbital are
 * degenerate. Where perturbation theory fails, that or an amplitude above one,
 * a note says so. */
int vqe_reference_mp2(struct vqe_integrals *integrals);

#endif
