/* Restricted Hartree-Fock, closed shell and high-spin open shell. Matrices
 * are nao x nao row major; orbitals are columns, nao x nmo row major. */
#ifndef VQE_CHEM_SCF_H
#define VQE_CHEM_SCF_H

#include <stdbool.h>

#include "base/stop.h"
#include "chem/direct.h"
#include "chem/symmetry.h"
#include "chem/turns.h"

/* Up to this size every other start and occupation is tried, and stability
 * is checked. */
#define VQE_SCF_MAX_NAO_SEARCH 64

struct vqe_scf_input {
  const char *name; /* of the molecule, for messages */
  int nao;
  int nalpha; /* >= nbeta */
  int nbeta;
  int threads;
  int max_cycles;      /* of one start or occupation */
  bool second_order;   /* without DIIS, for tests */
  double energy_tol;   /* hartree */
  double gradient_tol; /* max |FDS - SDF| */
  const double *overlap;
  const double *hcore;
  const double *eri; /* lower triangle over pairs, or NULL: `direct` */
  const struct vqe_direct *direct;
  struct vqe_stop *stop; /* asked within Fock builds, or NULL */
  const double *guess;   /* density of both spins, or NULL: core guess */
  /* nao x nstart: orbitals of a nearby geometry, whose solution alone is
   * wanted, or NULL: the lowest one */
  const double *start;
  int nstart;
  const double *splitter; /* see frame.h */
  const struct vqe_symmetry *symmetry;
  const int *element; /* nao: of the atom of each function; may be NULL */
  const struct vqe_turns *turns; /* of the atoms, or NULL: not tried */
};

struct vqe_scf {
  int nmo;          /* nao less the linear dependences */
  double *mo_coeff; /* closed, open, virtual orbitals, each by rising energy */
  double *mo_energy; /* nmo; Roothaan's effective Fock matrix when open */
  double energy;     /* electronic */
  int cycles;        /* Fock builds of the solution */
  bool unstable;     /* some rotation of the orbitals, of whatever symmetry,
                        leads lower; not known above 64 functions */
  char note[256];    /* what it took beyond DIIS, or "" */
  char *notes;       /* what a user must know, as vqe_notes_add, or NULL */
};

/* With `start` the solution that second-order steps lead to from there, at the
 * occupation of its irreps; VQE_ERR_NUMERIC where there is none. Else the
 * lowest solution that keeps the symmetry. DIIS (Pulay, J. Comput. Chem.
 * 3, 556 (1982)), and second-order steps where it stalls, from the guess and,
 * for small molecules, the core Hamiltonian; away from saddle points; near
 * frontier orbitals are filled the other way too, and where that says that
 * the molecule is difficult, electrons are moved between elements and atoms
 * turned where they stand. What it took is said in `note`; linear dependences,
 * and a solution that is unstable outside the symmetry, in `notes`.
 * VQE_ERR_NUMERIC without convergence. */
int vqe_scf_run(struct vqe_scf **out, const struct vqe_scf_input *input);
void vqe_scf_free(struct vqe_scf *scf);

#endif
