/* What orbitals are like: irrep, sigma or pi, the shell of atoms that they
 * come of. */
#ifndef VQE_CHEM_MO_LABEL_H
#define VQE_CHEM_MO_LABEL_H

#include "chem/frame.h"
#include "chem/minimal.h"
#include "vqe/chem.h"

/* The molecule, and orbitals (nao x nmo). */
struct vqe_mo_scene {
  const struct vqe_molecule *molecule;
  const struct vqe_basis *basis;
  const struct vqe_env *env;
  const struct vqe_frame *frame;
  const double *overlap; /* nao x nao */
  const double *mo_coeff;
  int nmo;
};

/* Fill `irrep` and `character` of out[k], which is orbital first + k.
 *
 * Irreps are those of the group of the frame, D2h or a part of it: x is across
 * the plane of a planar molecule, z along a linear one; else the axes are in
 * the order of the frame. An orbital that breaks an operation leaves that out
 * for all.
 *
 * The character is the shell of one element with the largest share in the
 * projection on minimal functions, with its component in the axes of the input
 * where that has nine tenths of it; in front sigma or pi, by the plane or the
 * axis. "other" where minimal functions make up less than a third. Unknown for
 * elements beyond Ar: "". Cost: O(nao^2) for an orbital. */
int vqe_mo_label(struct vqe_orbital *out, int first, int count,
                 const struct vqe_mo_scene *scene);

#endif
