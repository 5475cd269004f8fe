/* Making an empty result; see vqe/chem.h for what it holds. */
#ifndef VQE_CHEM_INTEGRALS_NEW_H
#define VQE_CHEM_INTEGRALS_NEW_H

#include <stdbool.h>

#include "vqe/chem.h"

/* Zeroed, with its arrays for `norb` orbitals; without dipole integrals
 * unless asked for. Free by vqe_integrals_free(). */
int vqe_integrals_new(struct vqe_integrals **out, int norb, bool with_dipole);

#endif
