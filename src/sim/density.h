/* One- and two-body densities of vectors of a layout with fixed electron
 * numbers, in the form that the Hamiltonian has:
 * <F_P> and <F_P F_R> over packed pairs, F_PQ = E_pq + E_qp (p > q),
 * F_PP = E_pp. */
#ifndef VQE_SIM_DENSITY_H
#define VQE_SIM_DENSITY_H

#include "sim/layout.h"

struct vqe_density;

/* `irrep` as that of the strings. */
int vqe_density_create(struct vqe_density **out,
                       const struct vqe_strings *alpha,
                       const struct vqe_strings *beta, const uint8_t *irrep);
void vqe_density_free(struct vqe_density *density);

/* Add those of one real vector to pairs1 (npair) and pairs2 (npair x npair).
 * Cost: npair^2 / nirrep flops a determinant in DSYRK. */
void vqe_density_add(struct vqe_density *density,
                     const struct vqe_layout *layout, double *pairs1,
                     double *pairs2, const double *psi);

/* Natural occupations, norb of them in descending order: the eigenvalues of
 * the spin-summed density rdm1 (norb x norb, symmetric). VQE_ERR_NUMERIC when
 * LAPACK fails. */
int vqe_density_occupations(double *out, const double *rdm1, int norb);

#endif
