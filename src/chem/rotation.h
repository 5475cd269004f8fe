/* Rotations of the orbitals around an active space, and the slope of the
 * energy along them.
 *
 * Orbitals C exp(kappa), kappa real and antisymmetric; kappa_pq, p > q, is an
 * angle for every pair of one irrep that is not core and core nor virtual and
 * virtual, which change nothing. Pairs of active orbitals are angles too, for
 * no ansatz but the exact one is invariant to them. (OO-VQE: Mizukami et al.,
 * Phys. Rev. Res. 2, 033421 (2020); Sokolov et al., J. Chem. Phys. 152,
 * 124107 (2020).) */
#ifndef VQE_CHEM_ROTATION_H
#define VQE_CHEM_ROTATION_H

#include <stdint.h>

#include "vqe/chem.h"

struct vqe_rotation {
  int nmo, nfrozen, norb;
  int nangle;
  int (*pairs)[2]; /* nangle, p > q */
  /* of the rotated orbitals, after vqe_rotation_apply */
  double e_core;
  double *h1e; /* norb x norb */
  double *eri; /* packed pairs of norb */
  /* the rest is its own */
  const struct vqe_integrals *integrals;
  double *kappa, *u; /* nmo x nmo */
  double *h_all, *eri_all;
  double *work;
};

/* `integrals` with `whole` stay the caller's. `irrep` for all nmo orbitals,
 * NULL for none. */
int vqe_rotation_create(struct vqe_rotation **out,
                        const struct vqe_integrals *integrals,
                        const uint8_t *irrep);
void vqe_rotation_free(struct vqe_rotation *rotation);

/* Number of angles without symmetry. */
int vqe_rotation_count(int nmo, int nfrozen, int norb);

/* Integrals of the rotated orbitals: O(nmo^5). */
int vqe_rotation_apply(struct vqe_rotation *rotation, const double *angles);

/* Derivatives of the energy by the angles, at those of the last apply.
 * `pairs1` and `pairs2` are <F_P> and <F_P F_R> over packed pairs of active
 * orbitals, F_PQ = E_pq + E_qp (p > q), F_PP = E_pp. O(nmo norb^4). */
int vqe_rotation_gradient(double *out, struct vqe_rotation *rotation,
                          const double *pairs1, const double *pairs2);

/* Dipole, atomic units, from rdm1 (norb x norb) of the rotated orbitals. */
void vqe_rotation_dipole(double out[3], const struct vqe_rotation *rotation,
                         const double *rdm1);

#endif
