/* Integrals over molecular orbitals. */
#ifndef VQE_CHEM_TRANSFORM_H
#define VQE_CHEM_TRANSFORM_H

#include "chem/direct.h"

/* (pq|rs) over nao functions (packed pairs) to (ij|kl) over the columns
 * [first, first + norb) of mo_coeff (nao x nmo): two passes of C^T A C over
 * packed matrices, O(nao^4 norb). Both triangles of `out` are filled and
 * equal. */
int vqe_transform_eri(double *out, const double *eri, const double *mo_coeff,
                      int nao, int nmo, int first, int norb, int threads);

/* The same of integrals over functions, whose lower triangle `eri` is
 * (vqe_env_two_electron), or which `direct` computes when that is NULL. Memory
 * beside them: nao^2 norb^2 / 4 doubles. */
int vqe_transform_functions(double *out, const double *eri,
                            const struct vqe_direct *direct,
                            const double *mo_coeff, int nao, int nmo,
                            int first, int norb, int threads);

/* out (norb x norb) = C^T matrix C over the same columns, made symmetric. */
int vqe_transform_matrix(double *out, const double *matrix,
                         const double *mo_coeff, int nao, int nmo, int first,
                         int norb);

#endif
