/* An orbital or a density on a grid as a Gaussian cube file, which programs
 * that draw surfaces read. */
#ifndef VQE_CHEM_CUBE_H
#define VQE_CHEM_CUBE_H

#include "vqe/molecule.h"

#define VQE_CUBE_MAX_POINTS 8000000 /* 200 along each axis, 140 MB of text */

struct vqe_cube {
  const char *title; /* first line; control characters become blanks */
  const char *what;  /* second line */
  const struct vqe_molecule *molecule;
  const char *basis_set;
  int nao;
  /* One of two, over the basis functions of this program: an orbital (nao), or
   * a density (nao x nao, symmetric). */
  const double *orbital;
  const double *density;
  double spacing; /* bohr, of points along x, y and z */
  double margin;  /* bohr, from the outermost nuclei to the faces */
};

/* *out: the text, to be freed. The box has its edges along the axes and its
 * middle that of the nuclei; values are of the orbital in bohr^-3/2, of a
 * density in bohr^-3, with nine digits, x slowest and z fastest.
 * VQE_ERR_INPUT where the basis set has another number of functions than
 * `nao`, or the box more than VQE_CUBE_MAX_POINTS points. Cost: points x nao
 * exponentials, for a density points x nao^2. */
int vqe_cube_print(char **out, const struct vqe_cube *cube);

#endif
