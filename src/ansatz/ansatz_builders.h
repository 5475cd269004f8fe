/* The constructors that ansatz.c chooses from by name. Each gets an ansatz
 * whose sizes are set and whose gates and parameters are still missing. */
#ifndef VQE_ANSATZ_ANSATZ_BUILDERS_H
#define VQE_ANSATZ_ANSATZ_BUILDERS_H

#include "ansatz/ansatz_gates.h"

/* EfficientSU2, RealAmplitudes, ExcitationPreserving. */
int vqe_ansatz_build_circuit(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options);

int vqe_ansatz_build_kupccgsd(struct vqe_ansatz_builder *builder,
                              const struct vqe_ansatz_options *options);
/* Its pairs alone. */
int vqe_ansatz_build_kupccgd(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options);

/* See ansatz/lucj.h. */
int vqe_ansatz_build_lucj(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options);

int vqe_ansatz_build_uccsd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options);

/* Its doubles alone. */
int vqe_ansatz_build_uccd(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options);

int vqe_ansatz_build_puccd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options);
int vqe_ansatz_build_uccd0(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options);

/* One repetition of the factors of UCCSD, without the state in front: also a
 * pool of ADAPT-VQE. */
int vqe_ansatz_build_uccsd_factors(struct vqe_ansatz_builder *builder,
                                   const struct vqe_ansatz_options *options);

/* Pools of ADAPT-VQE: elements that keep S^2; coupled exchange operators of
 * `two` pairings of four spin orbitals by one parameter, of `one`, or both. */
int vqe_ansatz_build_spin_pool(struct vqe_ansatz_builder *builder,
                               const struct vqe_ansatz_options *options);
int vqe_ansatz_build_coupled_pool(struct vqe_ansatz_builder *builder,
                                  const struct vqe_ansatz_options *options,
                                  bool two, bool one);

#endif
