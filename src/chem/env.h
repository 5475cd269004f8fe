/* libcint's view of a molecule in a basis, and the integrals over it.
 * Matrices are nao x nao row major, real, symmetric. */
#ifndef VQE_CHEM_ENV_H
#define VQE_CHEM_ENV_H

#include "base/stop.h"
#include "chem/basis.h"
#include "vqe/molecule.h"

struct vqe_env {
  int natm;
  int nbas;       /* shells, those of one atom together, atoms in order */
  int nao;        /* contracted functions */
  bool cartesian; /* as those of the basis */
  int *atm;
  int *bas;
  double *env;
  int *ao_loc;  /* nbas + 1: first function of each shell */
  int *atom_ao; /* natm + 1: first function of each atom */
  double *xyz;  /* natm x 3, bohr */
  int *z;       /* natm */
  /* Asked within two-electron integrals and what is made of them directly,
   * which then return VQE_ERR_INTERRUPTED; the caller's. NULL: never. */
  struct vqe_stop *stop;
};

/* Place of the pair (p, q), p >= q, in packed storage. */
static inline size_t vqe_pair(size_t p, size_t q)
{
  return p >= q ? p * (p + 1) / 2 + q : q * (q + 1) / 2 + p;
}

/* Contracted functions are normalised as PySCF does it: each primitive to
 * one, then the contraction to one. */
int vqe_env_new(struct vqe_env **out, const struct vqe_molecule *molecule,
                const struct vqe_basis *basis);
/* The same with the basis set of that name or file, for the elements of the
 * molecule; on failure too both are the caller's to free. */
int vqe_env_load(struct vqe_env **out, struct vqe_basis **basis,
                 const struct vqe_molecule *molecule, const char *basis_set);
void vqe_env_free(struct vqe_env *env);

enum vqe_one_electron {
  VQE_OVERLAP,
  VQE_KINETIC,
  VQE_NUCLEAR,
  VQE_POSITION,
  VQE_SECOND_MOMENT
};

/* One matrix; three (x, y, z about the origin) for VQE_POSITION; nine (xx, xy,
 * xz, yx, ...) for VQE_SECOND_MOMENT. */
int vqe_env_one_electron(double *out, const struct vqe_env *env,
                         enum vqe_one_electron kind);

/* <p| 1/|r - origin| |q> over the shells [first, last); `out` is square, of
 * the functions of those shells. */
int vqe_env_inverse_distance(double *out, struct vqe_env *env, int first,
                             int last, const double origin[3]);

/* (pq|rs) of all eight permutations once: the lower triangle over packed
 * pairs, out[vqe_pair(pq, rs)]. `out` is zero before. Blocks that are
 * negligible are left out. The result does not depend on `threads`. */
int vqe_env_two_electron(double *out, const struct vqe_env *env, int threads);

/* out[i * nbas + j] = sqrt((ij|ij)), the largest of the functions of shells i
 * and j: |(ij|kl)| <= out_ij out_kl (Schwarz). */
int vqe_env_bounds(double *out, const struct vqe_env *env);

/* Functions of a shell, of the largest one, and doubles of scratch that
 * libcint wants for the worst block. */
int vqe_env_shell_size(const struct vqe_env *env, int shell);
int vqe_env_largest_shell(const struct vqe_env *env);
size_t vqe_env_scratch(const struct vqe_env *env);
#endif
