/* Orbitals of one geometry as a start for a nearby one. */
#ifndef VQE_CHEM_FOLLOW_H
#define VQE_CHEM_FOLLOW_H

#include "chem/frame.h"
#include "chem/scf.h"
#include "chem/scf_work.h"
#include "vqe/chem.h"

/* The orbitals of `scf` over orthonormal functions: S^1/2 C (Lowdin, J. Chem.
 * Phys. 18, 365 (1950)), with the frame that they were found in and its
 * number. Free them by vqe_orbitals_free. Cost: a diagonalisation of the
 * overlap. */
int vqe_follow_keep(struct vqe_orbitals **out, const struct vqe_scf *scf,
                    const double *overlap, int nao, int number,
                    const struct vqe_frame *frame);

/* The same orbitals over the functions of another geometry, S^-1/2 U: nao x
 * nmo, the caller's. VQE_ERR_NUMERIC where its overlap is nearly singular. */
int vqe_follow_begin(double **out, const struct vqe_orbitals *orbitals,
                     const double *overlap);

/* Bring the orbitals of a solution, within the closed, the open and the
 * virtual ones, into the order and to the signs of those that they overlap
 * most, largest overlaps first. *least: the least overlap of a pair. */
int vqe_follow_match(double *least, struct vqe_scf *scf,
                     const struct vqe_orbitals *orbitals,
                     const double *overlap, int nalpha, int nbeta);

/* in->start as orbitals of one irrep each in work: each goes to the irrep that
 * it has most of and that has room, in the order given, so that the occupied
 * ones lose least. *found is false where an orbital is lost on the way. */
int vqe_follow_orbitals(bool *found, struct vqe_scf_work *work);

#endif
