/* Local unitary cluster Jastrow: its shape, and parameters that prepare a
 * given product.
 *
 * LUCJ (Motta et al., Chem. Sci. 14, 11213 (2023), eq. 3) is
 *   F prod_k U_k exp(i J_k) U_k^+ |HF>,  k = reps ... 1,
 * with orbital rotations U and F, the same for both spins, and
 * J = sum_pq J_pq n_p n_q over few pairs. Neighbouring rotations make one:
 *   V_reps exp(i J_reps) V_reps-1 ... exp(i J_1) V_0 |HF>.
 * That is the same set of states with half of the gates. Every V is a network
 * of blocks on neighbouring orbitals p, p + 1, each a Givens rotation and then
 * a phase on p. Diagonal factors commute with J and move to the right until
 * they only change a global phase, so that the network of V_1 ... V_reps has
 * norb (norb - 1) / 2 blocks, and that of V_0, of which only the occupied
 * space counts, nocc (norb - nocc) (Reck et al., Phys. Rev. Lett. 73, 58
 * (1994); Jiang et al., Phys. Rev. Appl. 9, 044036 (2018)).
 *
 * Parameters: those of V_0, then for each k those of J_k (same spin, then
 * opposite spins) and of V_k; two for a block, angle and phase. */
#ifndef VQE_ANSATZ_LUCJ_H
#define VQE_ANSATZ_LUCJ_H

#include <complex.h>

#include "vqe/ansatz.h"

/* One block of a network in the order of application: undoing it removes
 * element (orbital + 1, column) of what the network prepares. */
struct vqe_lucj_block {
  int orbital, column;
  int layer; /* blocks of one layer commute */
};

/* Blocks of a rotation, or with `columns` < norb of what prepares that many
 * occupied orbitals. Returns their number; `blocks` may be NULL. */
size_t vqe_lucj_network(struct vqe_lucj_block *blocks, int norb, int columns);

/* Occupied columns that V_0 has to prepare: norb for open shells, whose spins
 * differ in them; none when all are occupied. */
int vqe_lucj_columns(const struct vqe_ansatz *ansatz);

/* Whether p <= q interact. */
bool vqe_lucj_interacts(const char *pairs, bool same_spin, int p, int q);

/* Parameters of the product above: rotations U (reps x norb x norb, columns
 * are the new orbitals), couplings of one spin and of opposite spins (reps x
 * norb x norb, symmetric: exp(i/2 sum J_pq n_p n_q) over all pairs and
 * spins; pairs that do not interact are dropped) and F, NULL for none. */
int vqe_lucj_parameters(double *out, const struct vqe_ansatz *ansatz,
                        const double complex *rotations, const double *same,
                        const double *opposite, const double complex *last);

/* Parameters from first-order amplitudes: contract as
 * vqe_ansatz_mp2_parameters. */
int vqe_lucj_mp2_parameters(double *out, const struct vqe_ansatz *ansatz,
                            const double *eri, const double *orbital_energies);

#endif
