/* Excitations as rotations of a sector vector that is split over ranks.
 *
 * A pair of determinants whose alpha strings are at home is turned here; of
 * one whose partner is on another rank each side keeps its own half: the two
 * exchange what they have, and each turns its own. */
#ifndef VQE_SIM_SPLIT_ROTATE_H
#define VQE_SIM_SPLIT_ROTATE_H

#include "sim/split_space.h"
#include "vqe/ansatz.h"

struct vqe_split_rotations;

/* None as yet; `irrep` of the orbitals as the strings were made with. */
int vqe_split_rotations_create(struct vqe_split_rotations **out,
                               struct vqe_split_space *space,
                               const uint8_t *irrep);
void vqe_split_rotations_free(struct vqe_split_rotations *rotations);

/* Take in the gates of the ansatz that are not yet: excitations that keep the
 * symmetry of the space, VQE_ERR_UNSUPPORTED otherwise. */
int vqe_split_rotations_extend(struct vqe_split_rotations *rotations,
                               const struct vqe_ansatz *ansatz);
/* Take these for vqe_split_slopes() instead of what was before. */
int vqe_split_rotations_pool(struct vqe_split_rotations *rotations,
                             const struct vqe_ansatz *pool);

/* Collective. psi becomes the state of `parameters`, starting from the
 * Hartree-Fock determinant. */
void vqe_split_prepare(struct vqe_split_rotations *rotations, double *psi,
                       const double *parameters);

/* Weight of the Hartree-Fock determinant in a prepared psi, on the rank that
 * has it; 0 on the others. */
double vqe_split_reference_weight(const struct vqe_split_rotations *rotations,
                                  const double *psi);

/* Collective. Sweep back from psi and lambda = H psi: gradient[k] is this
 * rank's share of the derivative by parameter k. Both are turned back with
 * it. */
void vqe_split_sweep(struct vqe_split_rotations *rotations, double *gradient,
                     double *psi, double *lambda, const double *parameters);

/* Collective. out[k]: this rank's share of the slope of element k of the pool
 * at psi, with lambda = H psi. */
void vqe_split_slopes(struct vqe_split_rotations *rotations, double *out,
                      double *psi, double *lambda);

#endif
