/* Matrices of a molecule's reflections and rotations by pi. */
#ifndef VQE_CHEM_SYMMETRY_H
#define VQE_CHEM_SYMMETRY_H

#include "chem/env.h"
#include "chem/frame.h"

#define VQE_MAX_GENERATORS 3 /* of D2h */

struct vqe_symmetry {
  int ngenerator;
  int operations[VQE_MAX_GENERATORS]; /* axes whose sign changes, as bits */
  double *matrices;                   /* ngenerator x nao x nao */
};

/* Operations, as bits, that generate all those of D2h the frame found exact;
 * returns how many. */
int vqe_symmetry_generators(int out[VQE_MAX_GENERATORS],
                            const struct vqe_frame *frame);

/* R_pq such that the operation turns function q into sum_p R_pq p, for a set
 * of operations that generates all those of D2h the frame found exact. The
 * matrices square to one and commute. */
int vqe_symmetry_new(struct vqe_symmetry **out, const struct vqe_env *env,
                     const struct vqe_frame *frame);
void vqe_symmetry_free(struct vqe_symmetry *symmetry);

/* The atom that lies nearest to the image of `atom` under the operation that
 * changes the signs of `bits` along the frame's axes. */
int vqe_symmetry_image(const struct vqe_env *env,
                       const struct vqe_frame *frame, int bits, int atom);

/* matrix (nao x nao, zero before): the orthogonal `map` turns function q into
 * sum_p R_pq p, on the atom place[of q], or on its own where `place` is
 * NULL. */
int vqe_symmetry_map(double *matrix, const struct vqe_env *env,
                     const double map[3][3], const int *place);

#endif
