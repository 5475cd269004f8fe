/* The alpha-beta part of sigma over strings of one electron fewer.
 *
 *   sum_pqrs (pq|rs) a+_p a_q (alpha) a+_r a_s (beta)
 *
 * For each pair of strings (K, L) that hold one electron fewer than alpha's
 * and beta's, the amplitudes of a_q a_s C make a row over the pairs (q, s);
 * one product with the integrals gives the row over (p, r), which a+_p a+_r
 * puts back (the resolution of the identity over N - 2 electrons; Siegbahn,
 * Chem. Phys. Lett. 109, 417 (1984); Olsen et al., J. Chem. Phys. 89, 2185
 * (1988), for low filling). A pair (q, s) is empty in (K, L), so that C(n, na
 * - 1) C(n, nb - 1) (n - na + 1)^2 n^2 multiplications stand where the product
 * over all orbital pairs takes C(n, na) C(n, nb) (n (n + 1) / 2)^2: twelve
 * times fewer for 8 electrons in 23 orbitals, more for half filling.
 *
 * Results do not depend on the number of threads: batches of strings K are
 * of one size, products go to a place of their own, and each row of the
 * result is added up by one thread, in the order of K. */
#ifndef VQE_SIM_ANNIHILATION_H
#define VQE_SIM_ANNIHILATION_H

#include "base/stop.h"
#include "sim/layout.h"

struct vqe_annihilation;

/* Seconds that the alpha-beta part takes by this form and over all orbital
 * pairs, by their operations; infinite where this form has none (full space,
 * or a spin without electrons). */
void vqe_annihilation_cost(double *here, double *over_pairs, int norb,
                           int nalpha, int nbeta, int nirrep);

/* Bytes of tables and scratch, an upper estimate. */
uint64_t vqe_annihilation_bytes(int norb, int nalpha, int nbeta, int nirrep,
                                int threads);

/* Tables for one pair of string sets of fixed electron numbers, at least one
 * electron each. */
int vqe_annihilation_create(struct vqe_annihilation **out,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_strings *alpha,
                            const struct vqe_strings *beta, int threads);
void vqe_annihilation_free(struct vqe_annihilation *annihilation);

/* out += the alpha-beta part of H in. What it asks `stop`, and what a result
 * is worth then, is as for vqe_sigma_apply. */
void vqe_annihilation_apply(const struct vqe_annihilation *annihilation,
                            const struct vqe_layout *layout,
                            struct vqe_stop *stop, double *out,
                            const double *in);

#endif
