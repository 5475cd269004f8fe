/* sigma = H C for vectors of a layout: the CI product.
 *
 * H = H_alpha + H_beta + sum_PQ,RS (PQ|RS) F_PQ(alpha) F_RS(beta). The first
 * two act on the strings of one spin and become matrices, dense for short
 * runs of strings, sparse otherwise. The last has two forms, of which the
 * cheaper one by its operations is taken: over strings of one electron fewer
 * (annihilation.h) where orbitals are many and electrons few, else over pairs
 * of orbitals: a gather of F_RS C over columns, a DGEMM with the integrals
 * over pairs of one symmetry, and a scatter over rows (Olsen et al., J. Chem.
 * Phys. 89, 2185 (1988); Knowles and Handy, Chem. Phys. Lett. 111, 315
 * (1984)).
 *
 * The work is cut by columns of the result, so that no two threads write the
 * same place and the result does not depend on their number. */
#ifndef VQE_SIM_SIGMA_H
#define VQE_SIM_SIGMA_H

#include "base/stop.h"
#include "sim/layout.h"

struct vqe_sigma;

/* Tables for one pair of string sets; serves every layout over them. */
int vqe_sigma_create(struct vqe_sigma **out,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_strings *alpha,
                     const struct vqe_strings *beta, int threads);
void vqe_sigma_free(struct vqe_sigma *sigma);

/* Ask `stop` (NULL: nobody) during products, whose result is worth nothing
 * once it says yes. */
void vqe_sigma_watch(struct vqe_sigma *sigma, struct vqe_stop *stop);

/* Bytes of tables and scratch, for norb orbitals; an upper estimate. */
uint64_t vqe_sigma_bytes(int norb, int nalpha, int nbeta, int nirrep,
                         int threads);

/* Seconds of a product on one thread of a processor of 2023, of a vector of
 * one irrep (of the whole space for VQE_ALL_NUMBERS), by the form that
 * vqe_sigma_create takes. */
double vqe_sigma_seconds(int norb, int nalpha, int nbeta, int nirrep);

/* Make the links between strings and the gather lists where they are not
 * made yet, for products that share them: of a split vector, on a device. */
int vqe_sigma_over_pairs(struct vqe_sigma *sigma);

/* Bytes with them, whatever form sigma itself takes. */
uint64_t vqe_sigma_bytes_over_pairs(int norb, int nalpha, int nbeta,
                                    int nirrep, int threads);

/* out = (H - constant) in; both layout->size. Cost over pairs: 2
 * npair^2 / nirrep flops a determinant in DGEMM, and about 2 * occupied *
 * virtual memory operations a determinant; over strings of one electron fewer
 * as annihilation.h says. */
void vqe_sigma_apply(const struct vqe_sigma *sigma,
                     const struct vqe_layout *layout, double *out,
                     const double *in);

/* The same for a vector that is its own image when the spins are exchanged
 * (vqe_layout_mirror), as states of even S with as many electrons of either
 * spin are: so is the result, of which only one half is computed where the
 * form over pairs is taken. */
void vqe_sigma_apply_mirror(const struct vqe_sigma *sigma,
                            const struct vqe_layout *layout, double *out,
                            const double *in);

/* Diagonal of H - constant. */
int vqe_sigma_diagonal(const struct vqe_sigma *sigma,
                       const struct vqe_layout *layout, double *out);

#endif
