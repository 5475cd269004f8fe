/* Gradient and Hessian of the energy of RHF and ROHF orbitals.
 *
 * Orbitals rotate by exp(K), K antisymmetric with the free elements x_pq, p >
 * q, between the closed, the open and the virtual space:
 *   E(x) = E + 2 g.x + x.H x + ...,
 *   g_pq = sum over spins F_pq (n_q - n_p),
 *   H x  = sum over spins [dF, n],  dF = [F, K] + G(dD),  dD = [K, n]
 * with the Fock matrix F and the occupations n over molecular orbitals. */
#ifndef VQE_CHEM_SCF_HESSIAN_H
#define VQE_CHEM_SCF_HESSIAN_H

#include <stdbool.h>
#include <stddef.h>

#include "chem/scf.h"

struct vqe_scf_hessian {
  const struct vqe_scf_input *in;
  int m; /* orbitals */
  const double *c;
  bool closed;
  size_t size;      /* rotations */
  int *upper;       /* size: p of each rotation */
  int *lower;       /* size: q */
  double *fock[2];  /* m x m, alpha and beta */
  double *diagonal; /* size: of the part without the change of G */
  double *kappa;    /* m x m */
  double *change;   /* m x m */
  double *density[2];
  double *coulomb;
  double *exchange;
  double *work;
  double *packed;
};

/* Of the orbitals c (nao x nmo), which stay the caller's, and Fock matrices
 * over functions (equal for a closed shell). `irrep` (nmo) leaves out
 * rotations between irreps, NULL none. Clear it also after a failure. */
int vqe_scf_hessian_init(struct vqe_scf_hessian *hessian,
                         const struct vqe_scf_input *input, int nmo,
                         const double *c, const double *fock_a,
                         const double *fock_b, const int *irrep);
void vqe_scf_hessian_clear(struct vqe_scf_hessian *hessian);

void vqe_scf_hessian_gradient(double *g,
                              const struct vqe_scf_hessian *hessian);

/* y = H x. Cost: two Fock builds, three when open. */
void vqe_scf_hessian_apply(double *y, struct vqe_scf_hessian *hessian,
                           const double *x);

#endif
