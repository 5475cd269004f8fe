/* Other occupations of near frontier orbitals. */
#ifndef VQE_CHEM_SCF_MOVES_H
#define VQE_CHEM_SCF_MOVES_H

#include "chem/scf_work.h"

#define VQE_SCF_MAX_MOVES 24

/* An electron, or a pair of them, goes from one irrep to another. */
struct vqe_scf_move {
  double gap;       /* hartree */
  int from, to;     /* irreps */
  int closed, open; /* changes at `to`; `from` gets the opposite */
};

/* In the order of their gaps; the widest falls out of a full list. */
struct vqe_scf_moves {
  int count;
  struct vqe_scf_move items[VQE_SCF_MAX_MOVES];
};

/* Moves between near levels of the solution in work, nearest first. Within
 * one irrep the frontier orbitals change places, which another minimum of the
 * same occupation may follow from. */
void vqe_scf_list_moves(struct vqe_scf_moves *list, struct vqe_scf_work *work);

/* Exchange the frontier orbitals of one irrep between two spaces. */
void vqe_scf_exchange(struct vqe_scf_work *work,
                      const struct vqe_scf_move *move);

#endif
