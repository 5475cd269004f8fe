/* What the exact solver would cost; the solver is in vqe/sim.h. */
#ifndef VQE_SIM_FCI_H
#define VQE_SIM_FCI_H

#include "vqe/sim.h"

/* Seconds of vqe_fci_solve on one thread of a processor of 2023; of the
 * Hamiltonian norb, nirrep and irrep are read. */
double vqe_fci_seconds(const struct vqe_hamiltonian *hamiltonian, int nalpha,
                       int nbeta);

#endif
