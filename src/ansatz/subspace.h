/* Bases of subspaces that do not depend on the library that found them. */
#ifndef VQE_ANSATZ_SUBSPACE_H
#define VQE_ANSATZ_SUBSPACE_H

/* `count` orthonormal vectors of n values, element i of vector v at i * row +
 * v * column, become the basis of the same space that pivoted Cholesky
 * factorisation of its projector gives: the first vector is the projection of
 * the unit vector that lies nearest to the space, and so on; of those that
 * are as near the first counts. One vector keeps its direction and gets a
 * positive largest element. O(n count^2); VQE_ERR_MEMORY. */
int vqe_ansatz_fix_basis(double *vectors, int n, int count, int row,
                         int column);

/* Number of values that equal the first one to `tolerance`. */
int vqe_ansatz_count_equal(const double *values, int count, double tolerance);

#endif
