/* Coulomb and exchange matrices out of packed two-electron integrals. */
#ifndef VQE_CHEM_FOCK_H
#define VQE_CHEM_FOCK_H

#include <stddef.h>

/* J_pq = sum_rs (pq|rs) D_rs and K_pr = sum_qs (pq|rs) D_qs, for a symmetric
 * density (n x n). `eri` is the lower triangle over pairs:
 * eri[vqe_pair(pq, rs)]. Either of j and k may be NULL. `scratch` holds
 * vqe_fock_scratch(n) doubles. Cost: one pass over the integrals, six
 * multiply-adds for each; the result does not depend on `threads`. */
void vqe_fock_jk(double *j, double *k, const double *eri, const double *dm,
                 int n, double *scratch, int threads);

size_t vqe_fock_scratch(int n);

/* sum_pq a_pq b_pq */
double vqe_fock_dot(const double *a, const double *b, size_t count);

#endif
