/* What a run leaves for one at a nearby geometry, and starts from. */
#ifndef VQE_VQE_NEIGHBOUR_H
#define VQE_VQE_NEIGHBOUR_H

#include "vqe/run.h"

struct vqe_neighbour {
  char id[VQE_EXPERIMENT_ID_SIZE]; /* of the experiment that left it */
  struct vqe_orbitals *orbitals;
  /* the circuit that the parameters belong to */
  int nparam;
  double *parameters;
  size_t ngate;
  struct vqe_gate *gates;
  /* of ADAPT-VQE: the elements of its pool that were taken, in order */
  size_t npool;
  struct vqe_gate *pool; /* gates of the pool */
  int nelement;
  int *elements;
  int nmetric;
  double *metric; /* as vqe_run.metric */
};

/* The orbitals that SCF is to follow, or NULL. */
const struct vqe_orbitals *vqe_neighbour_orbitals(const struct vqe_run *run);

/* Does the run begin with the neighbour's parameters? Only where its orbitals
 * were followed and circuit and parameters are alike. */
bool vqe_neighbour_serves(const struct vqe_run *run);

/* Of a run that has ended: what a neighbour needs. Takes the orbitals over. */
int vqe_neighbour_leave(struct vqe_neighbour **out, struct vqe_run *run);

/* Elements of the pool were appended: ADAPT-VQE calls it for each growth. */
int vqe_neighbour_note_elements(struct vqe_run *run, const int *elements,
                                int count);

#endif
