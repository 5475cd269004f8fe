/* Appending gates to the circuit that a constructor of this folder builds. */
#ifndef VQE_ANSATZ_ANSATZ_GATES_H
#define VQE_ANSATZ_ANSATZ_GATES_H

#include "vqe/ansatz.h"

struct vqe_ansatz_builder {
  struct vqe_ansatz *ansatz;
  size_t capacity; /* of ansatz->gates */
};

/* Append a copy of `gate`. VQE_ERR_INPUT above 2^26 gates. */
int vqe_ansatz_add(struct vqe_ansatz_builder *builder,
                   const struct vqe_gate *gate);

/* X on every qubit occupied in the Hartree-Fock determinant. */
int vqe_ansatz_add_hf_state(struct vqe_ansatz_builder *builder);

/* i -> a (and j -> b, when j >= 0) of spatial orbitals; spins 0 alpha, 1
 * beta. */
int vqe_ansatz_add_excitation(struct vqe_ansatz_builder *builder, int param,
                              int spin1, int i, int a, int spin2, int j,
                              int b);

/* Whether p -> r (and q -> s, when q >= 0) of spatial orbitals is totally
 * symmetric. */
bool vqe_ansatz_allowed(const struct vqe_ansatz_options *options, int p, int r,
                        int q, int s);

#endif
