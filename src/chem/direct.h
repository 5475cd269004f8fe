/* Integral-direct work: two-electron integrals are computed where they are
 * needed and kept nowhere, for molecules whose integrals do not fit
 * (Almlof et al., J. Comput. Chem. 3, 385 (1982)). */
#ifndef VQE_CHEM_DIRECT_H
#define VQE_CHEM_DIRECT_H

#include "chem/env.h"

struct vqe_direct;

/* `env` has to live as long. Cost: the diagonal integrals. */
int vqe_direct_new(struct vqe_direct **out, const struct vqe_env *env,
                   int threads);
void vqe_direct_free(struct vqe_direct *direct);

/* J of the density dj and K of the densities dk[0 ... nk - 1], nk up to 2, all
 * symmetric (nao x nao). A quartet of shells is left out when its bound times
 * the densities that it meets is negligible. The result does not depend on
 * the threads. */
int vqe_direct_jk(double *j, const double *dj, int nk, double *const k[2],
                  const double *const dk[2], const struct vqe_direct *direct);

/* The rows (pq|rs) of all pairs pq, for the pairs rs of one pair of shells, to
 * (ij|rs) over the columns of mo_coeff (nao x norb): out[ij * npair + rs].
 * Cost: all integrals twice, and nao^4 norb / 4; once for up to 6 columns, and
 * then 4.5 nao^2 norb^2 doubles. */
int vqe_direct_half(double *out, const struct vqe_direct *direct,
                    const double *mo_coeff, int norb);

#endif
