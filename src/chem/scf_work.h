/* What SCF's parts share: one run's matrices. */
#ifndef VQE_CHEM_SCF_WORK_H
#define VQE_CHEM_SCF_WORK_H

#include <stddef.h>

#include "chem/diis.h"
#include "chem/scf.h"

struct vqe_scf_work {
  const struct vqe_scf_input *in;
  int nmo;
  bool closed;
  double *x;        /* nao x nmo: orthonormal combinations of functions */
  double *mo_coeff; /* nao x nmo */
  double *values;   /* nmo */
  double *dm;       /* both spins */
  double *dm_a;
  double *dm_b;
  double *coulomb;
  double *exchange_a;
  double *exchange_b;
  double *fock; /* effective one when open */
  double *fock_a;
  double *fock_b;
  double *mixed; /* fock as it will be diagonalised */
  double *old;
  double *t1;
  double *t2;
  double *t3;
  double *packed;
  double *error; /* nmo x nmo */
  double *small; /* nmo x nmo */
  double *order; /* nmo */
  int *rank;     /* nmo */
  struct vqe_diis *diis;
  double energy;
  double gradient;
  double energy_tol;
  double gradient_tol;
};

/* Matrices of a run over in->nao functions; x, nmo and everything in them is
 * for SCF to fill. Free also after a failure. */
int vqe_scf_work_alloc(struct vqe_scf_work *work,
                       const struct vqe_scf_input *in);
void vqe_scf_work_free(struct vqe_scf_work *work);

/* c(m x n) = a(m x k) b(k x n), with transpositions. */
void vqe_scf_multiply(double *c, const double *a, bool ta, const double *b,
                      bool tb, int m, int n, int k);

static inline size_t vqe_scf_squared(int n)
{
  return (size_t)n * (size_t)n;
}

void vqe_scf_add_note(char note[256], const char *text);

/* Canonical orbitals of one irrep each, within the closed, the open and the
 * virtual space: the occupation that converged stays, whatever the order of
 * the energies. */
int vqe_scf_canonicalise(struct vqe_scf *scf, struct vqe_scf_work *work);

#endif
