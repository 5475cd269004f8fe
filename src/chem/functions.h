/* What orbitals are made of: basis functions, where they stand, and the
 * integrals over them that properties need. */
#ifndef VQE_CHEM_FUNCTIONS_H
#define VQE_CHEM_FUNCTIONS_H

#include "chem/env.h"
#include "vqe/chem.h"

/* Matrices are nao x nao, row major. */
struct vqe_functions {
  int nao;
  int nmo;
  int natom;
  int *z;           /* natom */
  int *atom_ao;     /* natom + 1: first function of each atom */
  double *xyz;      /* natom x 3, bohr */
  double *overlap;  /* one matrix */
  double *position; /* three: x, y, z about the origin, bohr */
  double *moment;   /* nine: xx, xy, xz, yx, ... about the origin, bohr^2 */
  double *mo_coeff; /* nao x nmo, columns are orbitals */
};

/* `mo_coeff` is nao x nmo. Cost: O(nao^2) integrals. */
int vqe_functions_new(struct vqe_functions **out, const struct vqe_env *env,
                      const double *mo_coeff, int nmo);
/* NULL is fine. */
void vqe_functions_free(struct vqe_functions *functions);

/* A density over orbitals [first, first + norb) of `mo_coeff` (nao x nmo) as
 * one over functions, added to `out` (nao x nao). `work`: nao x norb. */
void vqe_functions_add_density(double *out, const double *density, int norb,
                               const double *mo_coeff, int first, int nao,
                               int nmo, double *work);

/* Centre of nuclear charge, bohr. */
void vqe_functions_centre(double out[3],
                          const struct vqe_functions *functions);

/* Dipole moment about `origin` of a density of all electrons, e bohr. */
void vqe_functions_dipole(double out[3], const struct vqe_functions *functions,
                          const double *density, const double origin[3]);

/* Traceless quadrupole moment about `origin`, e bohr^2, 3 x 3: sum of the
 * charges times (3 r_i r_j - delta_ij r^2) / 2 (Buckingham, Q. Rev. Chem. Soc.
 * 13, 183 (1959)), as PySCF has it. */
void vqe_functions_quadrupole(double out[9],
                              const struct vqe_functions *functions,
                              const double *density, const double origin[3]);

/* Electrons of `density` on each atom (natom): Mulliken's (D S)_pp summed over
 * the functions of the atom (J. Chem. Phys. 23, 1833 (1955)), and Loewdin's
 * (S^1/2 D S^1/2)_pp (J. Chem. Phys. 18, 365 (1950)). `root` is S^1/2; `work`
 * nao x nao. */
void vqe_functions_mulliken(double *out, const struct vqe_functions *functions,
                            const double *density);
void vqe_functions_lowdin(double *out, const struct vqe_functions *functions,
                          const double *density, const double *root,
                          double *work);

/* The square root of the overlap, nao x nao; `work` 2 nao^2 + nao.
 * VQE_ERR_NUMERIC when LAPACK fails. */
int vqe_functions_root(double *root, const struct vqe_functions *functions,
                       double *work);

#endif
