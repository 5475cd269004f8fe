/* Coulomb and exchange matrices out of packed two-electron integrals. */
#ifndef VQE_CHEM_FOCK_H
#define VQE_CHEM_FOCK_H

#include <stddef.h>

/* J_pq = sum_rs (pq|rs) D_rs and, where `k` is not NULL,
 * K_pr = sum_qs (pq|rs) D_qs, for a symmetric density (n x n). `packed` is
 * scratch of n(n+1)/2 doubles. Cost: about n^4 multiply-adds; the result does
 * not depend on `threads`. Either of j and k may be NULL. */
void vqe_fock_jk(double *j, double *k, const double *eri, const double *dm,
                 int n, double *packed, int threads);

/* sum_pq a_pq b_pq */
double vqe_fock_dot(const double *a, const double *b, size_t count);

#endif
