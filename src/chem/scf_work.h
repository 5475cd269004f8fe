/* What the parts of SCF share: the matrices of one run, and the steps from
 * orthonormal functions to orbitals, Fock matrices and gradients. */
#ifndef VQE_CHEM_SCF_WORK_H
#define VQE_CHEM_SCF_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "chem/diis.h"
#include "chem/scf.h"

#define VQE_SCF_IRREPS 8 /* of D2h */

/* How many orbitals of each irrep are doubly and singly occupied. */
struct vqe_scf_occupation {
  int closed[VQE_SCF_IRREPS];
  int open[VQE_SCF_IRREPS];
};

struct vqe_scf_work {
  const struct vqe_scf_input *in;
  int nmo;
  bool closed;
  double *x; /* nao x nmo: orthonormal functions, of one irrep each and in
                the order of the irreps */
  int block_first[VQE_SCF_IRREPS + 1]; /* columns of x of each irrep */
  double *mo_coeff;                    /* nao x nmo: closed, open, virtual */
  double *values;                      /* nmo */
  int *irrep;                          /* nmo: of the orbitals in c */
  double *dm;                          /* both spins */
  double *dm_a;
  double *dm_b;
  double *coulomb;
  double *exchange_a;
  double *exchange_b;
  double *fock; /* effective one when open */
  double *fock_a;
  double *fock_b;
  double *mixed; /* fock as it will be diagonalised */
  double *t1;
  double *t2;
  double *t3;
  double *packed;
  double *error; /* nmo x nmo */
  double *small; /* nmo x nmo */
  double *order; /* nmo */
  int *rank;     /* nmo */
  int *labels;   /* nmo */
  struct vqe_diis *diis;
  /* of direct integrals: densities and their J and K at the last call */
  double *kept[6];
  int kept_calls; /* since they were made of the whole density */
  double energy;
  double gradient;
  double energy_tol;
  double gradient_tol;
};

/* Matrices of a run over in->nao functions. Free also after a failure. */
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

/* J of dj, and K of one or two densities, out of stored or direct integrals;
 * j may be NULL, k[1] too. `scratch`: vqe_fock_scratch(nao) doubles. */
int vqe_scf_jk(double *j, const double *dj, double *const k[2],
               const double *const dk[2], const struct vqe_scf_input *in,
               double *scratch);

void vqe_scf_add_note(char note[256], const char *text);

/* Orthonormal functions into work->x, irrep by irrep: canonical
 * orthogonalisation (Lowdin, Adv. Quantum Chem. 5, 185 (1970)) that leaves
 * linear dependences out, then eigenvectors of the symmetry operations.
 * Tolerances are loosened where the basis is nearly dependent. */
int vqe_scf_orthogonalise(struct vqe_scf_work *work);

/* Eigenvectors of a matrix over functions, within each irrep, into c, values
 * and irrep: by rising value. */
int vqe_scf_diagonalise(struct vqe_scf_work *work, const double *matrix);

/* Bring the orbitals into the order closed, open, virtual. Without an
 * `occupation` the closed ones are lowest in `values`, and the open ones,
 * where fock_a is known, lowest for an alpha electron; else the lowest of
 * each irrep, as many as the occupation says. */
void vqe_scf_occupy(struct vqe_scf_work *work,
                    const struct vqe_scf_occupation *occupation,
                    bool fock_known);
/* <i|fock|i> of the orbitals in c, into out (nmo); t1 is scratch. */
void vqe_scf_orbital_energies(double *out, const struct vqe_scf_work *work,
                              const double *fock);
/* The occupation of the orbitals in c. */
void vqe_scf_count(struct vqe_scf_occupation *out,
                   const struct vqe_scf_work *work);

/* Densities, Fock matrices and electronic energy of the orbitals in c. Cost:
 * one pass over the integrals, three when open. Direct integrals are taken
 * for the change of the density since the last call, from time to time for
 * all of it. Without memory for that the energy is not a number. */
void vqe_scf_build_fock(struct vqe_scf_work *work);

/* FDS - SDF into work->error, over orthonormal functions, and its largest
 * element (over functions, unless some are left out) into work->gradient. */
void vqe_scf_build_gradient(struct vqe_scf_work *work);

/* Has the last step changed the energy and left a gradient below the
 * tolerances? */
bool vqe_scf_is_converged(const struct vqe_scf_work *work, double last_energy);

/* Second-order steps from the orbitals in c, whose occupation stays: an
 * augmented Hessian in a trust region (Banerjee et al., J. Phys. Chem. 89, 52
 * (1985)), rotations within the irreps alone. *cycles counts Fock builds. A
 * failure to converge is no error. */
int vqe_scf_newton(bool *converged, int *cycles, struct vqe_scf_work *work,
                   int max_cycles);

/* Rotate the orbitals in c along the direction of the lowest curvature within
 * the irreps when that is negative: *stepped says so. */
int vqe_scf_leave_saddle(bool *stepped, int *cycles,
                         struct vqe_scf_work *work);

/* Orbitals that follow each other: a space, or an irrep in it. */
struct vqe_scf_block {
  int first;
  int size;
};

/* Orbitals of one irrep each that are canonical within each of the blocks, out
 * of those in work->mo_coeff, by work->fock: by rising energy in each block,
 * into scf. Symmetry that a block breaks is left out. */
int vqe_scf_canonicalise_blocks(struct vqe_scf *scf, struct vqe_scf_work *work,
                                const struct vqe_scf_block *blocks,
                                int nblock);

/* Canonical orbitals of one irrep each, within the closed, the open and the
 * virtual space: the occupation that converged stays, whatever the order of
 * the energies. */
int vqe_scf_canonicalise(struct vqe_scf *scf, struct vqe_scf_work *work);

#endif
