/* Angular parts of basis functions, spherical or Cartesian, in libcint's
 * order and with its signs and factors, which are taken from libcint itself:
 * by overlaps of a Gaussian at the origin with s functions around it. */
#ifndef VQE_CHEM_HARMONICS_H
#define VQE_CHEM_HARMONICS_H

#include <stdbool.h>

#include "chem/basis.h"

/* (l + 1)(l + 2)/2 for the largest l: more than 2 l + 1. */
#define VQE_HARMONICS_MAX ((VQE_BASIS_MAX_L + 1) * (VQE_BASIS_MAX_L + 2) / 2)

/* out (n x n, row major): what `map`, an orthogonal 3 x 3 matrix, turns
 * function m into is sum_k out[k][m] f_k. */
int vqe_harmonics_turn(double *out, int l, bool cartesian,
                       const double map[3][3]);

/* out (ncartesian x 2 l + 1): each spherical function as a sum of Cartesian
 * ones. */
int vqe_harmonics_expand(double *out, int l);

#endif
