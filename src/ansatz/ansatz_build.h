/* Growing gate list shared by the constructors of this folder. */
#ifndef VQE_ANSATZ_ANSATZ_BUILD_H
#define VQE_ANSATZ_ANSATZ_BUILD_H

#include "vqe/ansatz.h"

struct vqe_ansatz_builder {
  struct vqe_ansatz *ansatz;
  size_t capacity;
};

int vqe_ansatz_add(struct vqe_ansatz_builder *builder,
                   const struct vqe_gate *gate);

/* Circuits: EfficientSU2, RealAmplitudes, ExcitationPreserving. */
int vqe_ansatz_build_circuit(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options);

/* X on every qubit occupied in the Hartree-Fock determinant. */
int vqe_ansatz_build_hf_state(struct vqe_ansatz_builder *builder);

int vqe_ansatz_build_kupccgsd(struct vqe_ansatz_builder *builder,
                              const struct vqe_ansatz_options *options);

/* See ansatz/lucj.h. */
int vqe_ansatz_build_lucj(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options);

int vqe_ansatz_build_uccsd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options);
/* One repetition of its factors, without the state in front. */
int vqe_ansatz_build_uccsd_factors(struct vqe_ansatz_builder *builder,
                                   const struct vqe_ansatz_options *options);

/* Whether p -> r (and q -> s, when q >= 0) of spatial orbitals is totally
 * symmetric. */
bool vqe_ansatz_allowed(const struct vqe_ansatz_options *options, int p, int r,
                        int q, int s);
/* i -> a (and j -> b, when j >= 0) of spatial orbitals; spins 0 alpha, 1
 * beta. */
int vqe_ansatz_add_excitation(struct vqe_ansatz_builder *builder, int param,
                              int spin1, int i, int a, int spin2, int j,
                              int b);

#endif
