/* Frames of the molecule in which as many operations of D2h as possible hold,
 * and a matrix that separates degenerate orbitals in one. */
#ifndef VQE_CHEM_FRAME_H
#define VQE_CHEM_FRAME_H

#include "chem/env.h"

struct vqe_frame {
  double centre[3];  /* of the nuclear charge, bohr */
  double axes[3][3]; /* orthonormal rows */
  /* Bit b is set when the molecule is its own image, to 1e-7 bohr, under the
   * operation that changes the sign along axis k for every bit k of b. */
  unsigned operations;
};

#define VQE_MAX_FRAMES 4

/* Fills `out` and `count`, how many frames there are, at least one. A molecule
 * with axes of higher order has several that no operation of its own turns
 * into each other: a square of atoms, one along the diagonals and one along
 * the sides. They come in an order that, as the order of the axes in each,
 * does not depend on how the molecule lies in space. */
int vqe_frame_find(struct vqe_frame out[VQE_MAX_FRAMES], int *count,
                   const struct vqe_env *env);

/* Take these axes (orthonormal rows) for the frame's own where as many
 * operations hold for them: of frames that the molecule's own operations turn
 * into each other, that of a nearby geometry. `frame` has its centre. */
int vqe_frame_take(struct vqe_frame *frame, const double axes[3][3],
                   const struct vqe_env *env);

/* Potential of eight equal charges at the corners of a box with three
 * different edges along the frame's axes (nao x nao). It is totally symmetric
 * in D2h and nothing more, so within a set of degenerate orbitals its
 * eigenvectors belong to the irreps of every subgroup of D2h the molecule
 * has. A second moment would do the same for p and pi orbitals, but not for
 * delta and higher ones. */
int vqe_frame_splitter(double *out, struct vqe_env *env,
                       const struct vqe_frame *frame);

/* Rotate each run of orbitals [first, last) whose energies follow each other
 * by less than 1e-5 hartree to eigenvectors of `splitter`, unless that would
 * leave the Fock matrix off-diagonal above 1e-8 (orbitals that are near in
 * energy but of one irrep). `mo_coeff` is nao x nmo; energies follow. */
int vqe_frame_align(double *mo_coeff, double *energies, int nao, int nmo,
                    int first, int last, const double *splitter);

/* Make the largest coefficient of each orbital positive. */
void vqe_frame_fix_signs(double *mo_coeff, int nao, int nmo);

#endif
