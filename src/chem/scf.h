/* Restricted Hartree-Fock, closed shell and high-spin open shell. Matrices
 * are nao x nao row major; orbitals are columns, nao x nmo row major. */
#ifndef VQE_CHEM_SCF_H
#define VQE_CHEM_SCF_H

#include <stdbool.h>

#include "chem/symmetry.h"

struct vqe_scf_input {
  const char *name; /* of the molecule, for messages */
  int nao;
  int nalpha; /* >= nbeta */
  int nbeta;
  int threads;
  int max_cycles;      /* over all stages */
  int first_stage;     /* 0 DIIS, 1 and 2 level shift, 3 core guess */
  double energy_tol;   /* hartree */
  double gradient_tol; /* max |FDS - SDF| */
  const double *overlap;
  const double *hcore;
  const double *eri;
  const double *guess;    /* density of both spins, or NULL: core guess */
  const double *splitter; /* see frame.h */
  const struct vqe_symmetry *symmetry;
};

struct vqe_scf {
  int nmo;          /* nao less the linear dependences */
  double *mo_coeff; /* closed, open, virtual orbitals, each by rising energy */
  double *mo_energy; /* nmo; Roothaan's effective Fock matrix when open */
  double energy;     /* electronic */
  int cycles;        /* of all stages */
  char note[256];    /* what it took beyond DIIS, or "" */
};

/* DIIS (Pulay, J. Comput. Chem. 3, 556 (1982)); when that does not converge,
 * damping and level shift, small and then large, last the same from the core
 * Hamiltonian, each said in `note`. For small molecules the core guess is
 * tried too and the lower solution kept, and a solution that is a saddle
 * point is noted. VQE_ERR_NUMERIC without convergence. */
int vqe_scf_run(struct vqe_scf **out, const struct vqe_scf_input *input);
void vqe_scf_free(struct vqe_scf *scf);

#endif
