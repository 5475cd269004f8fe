/* How many terms a Hamiltonian has as a sum of Pauli strings, and what making
 * them takes, before they are made. */
#ifndef VQE_OPERATORS_PAULI_SIZE_H
#define VQE_OPERATORS_PAULI_SIZE_H

#include "vqe/operators.h"

/* Terms of the Jordan-Wigner image, by the integrals (f and w) or, where w is
 * NULL, by the irreps alone: not less, and the same unless terms cancel by
 * accident. Cost: norb^4 / 4. */
double vqe_pauli_size_terms(const struct vqe_hamiltonian *hamiltonian);

/* Bytes that making so many terms takes at its largest, and that the sum
 * keeps. */
double vqe_pauli_size_bytes(double *kept, double nterm);

#endif
