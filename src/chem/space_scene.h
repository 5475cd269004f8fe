/* What the choice of active orbitals starts from, and what it comes to. */
#ifndef VQE_CHEM_SPACE_SCENE_H
#define VQE_CHEM_SPACE_SCENE_H

#include "chem/basis.h"
#include "chem/direct.h"
#include "chem/frame.h"
#include "chem/space.h"

/* What is known of the molecule. */
struct vqe_space_scene {
  const char *where; /* in front of messages */
  const struct vqe_molecule *molecule;
  const struct vqe_basis *basis;
  struct vqe_env *env;
  const struct vqe_frame *frame; /* that SCF was solved in */
  const double *overlap;         /* nao x nao */
  const double *eri;             /* as vqe_transform_functions takes them */
  const struct vqe_direct *direct;
  int threads;
  int nalpha, nbeta; /* nalpha >= nbeta */
  int nfrozen;       /* that frozen_core asks for */
  int ncore;         /* core orbitals of the atoms */
};

/* Arrays are the caller's to free, also after a failure. */
struct vqe_space_chosen {
  struct vqe_space space;
  int *numbers;        /* norb: places in the order of SCF, from 1, or NULL:
                          mixtures of them */
  double *occupations; /* norb: of MP2, or NULL */
  char *notes;         /* as vqe_notes_add; degenerate orbitals that indices
                          part */
};

#endif
