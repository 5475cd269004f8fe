/* One-electron density of MP2, whose eigenvalues are natural occupations. */
#ifndef VQE_CHEM_NATURAL_H
#define VQE_CHEM_NATURAL_H

#include "chem/direct.h"

/* Canonical orbitals of RHF or ROHF, `nalpha` and `nbeta` of them occupied,
 * `nfrozen` of those not correlated. */
struct vqe_natural_input {
  const char *name; /* of the molecule, for messages */
  int nao, nmo;
  int nalpha, nbeta, nfrozen; /* nalpha >= nbeta */
  const double *mo_coeff;     /* nao x nmo */
  const double *mo_energy;    /* nmo, hartree */
  const double *eri;          /* as vqe_transform_functions takes them */
  const struct vqe_direct *direct;
  int threads;
};

/* out (nmo x nmo): the density of both spins over the orbitals, unrelaxed: no
 * element joins a doubly occupied and an empty orbital. (As make_rdm1 of
 * PySCF's MP2 and UMP2.) VQE_ERR_NUMERIC where an occupied and an empty
 * orbital have one energy. Cost: O(nmo^5); nmo^4 / 4 doubles, and amplitudes,
 * of which open shells have twice as many. */
int vqe_natural_density(double *out, const struct vqe_natural_input *in);

#endif
