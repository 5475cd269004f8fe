/* Circuits that measure Pauli terms which commute: a Clifford operator C takes
 * each term to a product of Z, C P C^+ = sign * Z^mask, so that one readout of
 * C psi gives the eigenvalue of every term.
 *
 * Gaussian elimination over the binary symplectic vectors of the terms with
 * the gates H, S, CX and CZ: S. Aaronson, D. Gottesman, Phys. Rev. A 70,
 * 052328 (2004), eq. of the tableau; E. van den Berg, K. Temme, Quantum 4, 322
 * (2020). At most n rounds of 2 n gates for n qubits. */
#ifndef VQE_ESTIMATOR_DIAGONAL_H
#define VQE_ESTIMATOR_DIAGONAL_H

#include "vqe/operators.h"

enum vqe_diagonal_kind {
  VQE_DIAGONAL_H,
  VQE_DIAGONAL_S,
  VQE_DIAGONAL_CX, /* a controls b */
  VQE_DIAGONAL_CZ
};

struct vqe_diagonal_gate {
  enum vqe_diagonal_kind kind;
  int a, b;
};

struct vqe_diagonal {
  size_t count;
  struct vqe_diagonal_gate *gates; /* in the order they act */
};

/* For the `nterm` terms of `paulis` that `terms` numbers, of which every two
 * commute; mask and negative (nterm each) say what becomes of them. */
int vqe_diagonal_create(struct vqe_diagonal *out, uint64_t *mask,
                        bool *negative, const struct vqe_pauli_sum *paulis,
                        const size_t *terms, size_t nterm);
void vqe_diagonal_clear(struct vqe_diagonal *diagonal);

/* C psi in place, psi of 2^nqubit amplitudes. Cost: size * count. */
void vqe_diagonal_apply(double *re, double *im, size_t size,
                        const struct vqe_diagonal *diagonal);

#endif
