/* Atoms of a molecule turned where they stand. Far atoms feel little of each
 * other, so by how their open p shells lie to each other many solutions are
 * nearly of one energy, and share the occupation of the irreps. */
#ifndef VQE_CHEM_TURNS_H
#define VQE_CHEM_TURNS_H

#include "chem/env.h"
#include "chem/frame.h"

#define VQE_TURNS 6 /* orders of three axes; the first is the frame's own */

struct vqe_turns {
  int nset;         /* sets of atoms with p electrons that symmetry turns into
                       each other */
  int *set;         /* nao: of the atom of each function, -1 for H and He */
  double *matrices; /* VQE_TURNS x nao x nao, each of blocks of atoms */
};

/* How functions turn when the frame's axes change places on their atoms. */
int vqe_turns_new(struct vqe_turns **out, const struct vqe_env *env,
                  const struct vqe_frame *frame);
void vqe_turns_free(struct vqe_turns *turns);

/* out = T dm T^T (nao x nao), where T turns the atoms of set `a` by turn `ta`
 * and those of set `b` by `tb`. `work`: 2 nao x nao. Cost: O(nao^3). */
void vqe_turns_apply(double *out, const struct vqe_turns *turns,
                     const double *dm, int nao, const int set[2],
                     const int turn[2], double *work);

#endif
