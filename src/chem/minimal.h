/* The functions that are occupied in free atoms, as directions to project
 * molecular orbitals on. */
#ifndef VQE_CHEM_MINIMAL_H
#define VQE_CHEM_MINIMAL_H

#include <stdbool.h>

#include "chem/basis.h"
#include "chem/env.h"

struct vqe_minimal_function {
  int atom;
  int z;
  int n, l;
  int m;        /* place in the shell: x, y, z of p */
  bool valence; /* of the outermost shell */
};

struct vqe_minimal {
  int nmin;
  int nao;
  struct vqe_minimal_function *functions; /* nmin */
  double *overlap;                        /* nmin x nmin */
  double *cross; /* nmin x nao: <minimal|function of the basis> */
};

/* Those of all atoms: contracted functions of cc-pVTZ, as PySCF's "minao".
 * VQE_ERR_UNSUPPORTED for an element beyond Ar. */
int vqe_minimal_new(struct vqe_minimal **out,
                    const struct vqe_molecule *molecule,
                    const struct vqe_basis *basis, const struct vqe_env *env);
void vqe_minimal_free(struct vqe_minimal *minimal);

/* out (nmo x nmo) = C^T P C, P the projector on `ntarget` combinations of
 * minimal functions (`targets`, ntarget x nmin): eigenvalues within a space of
 * orbitals lie between 0, outside, and 1, inside. (AVAS: Sayfutyarova et al.,
 * J. Chem. Theory Comput. 13, 4063 (2017).) */
int vqe_minimal_project(double *out, const struct vqe_minimal *minimal,
                        const double *targets, int ntarget,
                        const double *mo_coeff, int nmo);

/* Shape of a molecule, by its atoms to 0.01 bohr. */
enum vqe_shape {
  VQE_SHAPE_ATOM,
  VQE_SHAPE_LINEAR,
  VQE_SHAPE_PLANAR,
  VQE_SHAPE_OTHER
};

/* `normals` gets two unit vectors across the axis, or the one across the
 * plane. */
enum vqe_shape vqe_minimal_shape(double normals[2][3],
                                 const struct vqe_env *env);

/* Valence p functions across the plane, or the axis, of the molecule. Fills
 * `targets` (room for 2 nmin x nmin) and returns how many there are; 0 for
 * other molecules. */
int vqe_minimal_pi(double *targets, const struct vqe_minimal *minimal,
                   const struct vqe_env *env);

#endif
