/* Reduced density matrices of one and of two orbitals.
 *
 * An orbital is empty, has an alpha electron, a beta electron or both; the
 * density matrix of a pair of them is 16 x 16. Of a state with sharp electron
 * numbers only elements between states of the pair with the same numbers are
 * not zero: probabilities, and hops of an electron between the two orbitals
 * (Rissler, Noack and White, Chem. Phys. 323, 519 (2006); Boguslawski and
 * Tecmer, Int. J. Quantum Chem. 115, 1289 (2015)). Of a state without sharp
 * numbers these are the elements that conserve them, and the entropies those
 * of an observer who can measure the numbers. */
#ifndef VQE_SIM_OCCUPANCY_H
#define VQE_SIM_OCCUPANCY_H

#include "base/stop.h"
#include "sim/layout.h"
#include "vqe/sim.h"

/* Hops of a pair i < j, expectations of (a+_i a_j) in: alpha electrons, by the
 * occupation of both orbitals with beta electrons (n_i + 2 n_j); beta ones
 * likewise; both spins from j to i; alpha from j to i and beta from i to j. */
#define VQE_OCCUPANCY_ALPHA 0
#define VQE_OCCUPANCY_BETA 4
#define VQE_OCCUPANCY_TOGETHER 8
#define VQE_OCCUPANCY_ACROSS 9
#define VQE_OCCUPANCY_HOPS 10

struct vqe_occupancy_pair {
  double weight[4][4]; /* of n_i + 2 n_j of alpha, the same of beta */
  double hop[VQE_OCCUPANCY_HOPS][2]; /* real, imaginary */
};

struct vqe_occupancy {
  int norb;
  double *one;                      /* norb x 4: n_alpha + 2 n_beta */
  struct vqe_occupancy_pair *pairs; /* of i < j at j (j - 1) / 2 + i */
};

/* Zero. Free by vqe_occupancy_clear, also after a failure. */
int vqe_occupancy_init(struct vqe_occupancy *rdm, int norb);
void vqe_occupancy_clear(struct vqe_occupancy *rdm);

/* Those of a state in the order of `layout`; `im` may be NULL. Cost: one
 * addition for each pair of orbitals and determinant, and as much for the
 * hops. The result does not depend on `threads`. VQE_ERR_INTERRUPTED when
 * `stop`, which may be NULL, says so. */
int vqe_occupancy_compute(struct vqe_occupancy *rdm,
                          const struct vqe_layout *layout, const double *re,
                          const double *im, int threads,
                          struct vqe_stop *stop);

/* Real parts of <a+_p a_q> of each spin, norb x norb. */
void vqe_occupancy_spins(double *alpha, double *beta,
                         const struct vqe_occupancy *rdm);

/* Entropies of the orbitals, -sum w ln w (norb), and the mutual information of
 * each two, (s_i + s_j - s_ij) / 2 (norb x norb, zero diagonal).
 * VQE_ERR_NUMERIC when LAPACK fails. */
int vqe_occupancy_entropies(double *entropies, double *information,
                            const struct vqe_occupancy *rdm);

#endif
