/* Second-order perturbation theory on a restricted open shell, with
 * semicanonical orbitals of each spin: RMP2 (Knowles, Andrews, Amos, Handy,
 * Pople, Chem. Phys. Lett. 186, 130 (1991)), ROMP2 (Lauderdale, Stanton,
 * Gauss, Watts, Bartlett, Chem. Phys. Lett. 187, 21 (1991)). */
#ifndef VQE_CHEM_OPEN_MP2_H
#define VQE_CHEM_OPEN_MP2_H

#include <stdbool.h>

#include "vqe/chem.h"

/* norb orbitals of ROHF: nbeta doubly occupied, nalpha - nbeta singly
 * occupied, empty ones. */
struct vqe_open_shell {
  int norb, nalpha, nbeta;
  const double *eri; /* (pq|rs) over packed pairs, both triangles */
  const double
      *mo_energy; /* norb: diagonal of the mean Fock matrix, hartree */
};

/* First-order amplitudes over the orbitals of ROHF. Spin 0 is alpha, with
 * no[0] = nalpha occupied and nv[0] = norb - nalpha virtual orbitals; spin 1
 * beta, with no[1] = nbeta, whose virtual ones begin with the singly occupied.
 */
struct vqe_open_mp2 {
  int norb, no[2], nv[2];
  double *single[2]; /* of a spin: [i][a], no x nv */
  /* alpha-alpha, beta-beta, alpha-beta: [i][a][j][b], i to a of the first and
   * j to b of the second spin. Of one spin less the exchange of a and b. */
  double *pair[3];
  double singles; /* energies, hartree */
  double doubles;
  double largest; /* modulus of an amplitude in semicanonical orbitals */
  double gap; /* of orbital energies, occupied minus virtual: the largest */
  bool split; /* some gap is zero, so that amplitudes do not exist */
};

/* The active orbitals, whose arrays stay the caller's. */
struct vqe_open_shell vqe_open_shell_of(const struct vqe_integrals *integrals);

/* Fock matrix of a spin (0 alpha, 1 beta), norb x norb, out of orbital
 * energies and the exchange of the singly occupied orbitals: as ROHF is
 * converged and its orbitals are canonical within each class, nothing else is
 * needed. Cost: norb^2 per singly occupied orbital. */
void vqe_open_fock(double *out, const struct vqe_open_shell *shell, int spin);

/* Free by vqe_open_mp2_free. Cost: O(norb^5); about nalpha^2 (norb - nalpha)^2
 * doubles for each of the three spins and once more. */
int vqe_open_mp2_new(struct vqe_open_mp2 **out,
                     const struct vqe_open_shell *shell);
void vqe_open_mp2_free(struct vqe_open_mp2 *mp2);

/* out (norb x norb): the density of both spins, unrelaxed, out of the doubles
 * (as make_rdm1 of PySCF's UMP2). Doubly occupied and empty orbitals are not
 * joined, each with the singly occupied ones are. Cost: O(norb^5). */
int vqe_open_mp2_density(double *out, const struct vqe_open_mp2 *mp2);

#endif
