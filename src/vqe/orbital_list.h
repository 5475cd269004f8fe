/* The active orbitals as a result keeps them. */
#ifndef VQE_VQE_ORBITAL_LIST_H
#define VQE_VQE_ORBITAL_LIST_H

#include "vqe/chem.h"

/* integrals->orbitals as JSON text (vqe_result.orbitals), NULL where they are
 * not known. Free by free(). */
int vqe_orbital_list(char **out, const struct vqe_integrals *integrals);

#endif
