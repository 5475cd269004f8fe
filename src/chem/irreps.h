/* How many basis functions and core orbitals a molecule has in each irrep,
 * from its geometry and basis alone. */
#ifndef VQE_CHEM_IRREPS_H
#define VQE_CHEM_IRREPS_H

#include "chem/env.h"

#define VQE_IRREPS_MOST 8 /* of D2h */

struct vqe_irreps {
  int nirrep; /* a power of two; an irrep's bits are its signs under the
                 generators, so that irreps multiply by XOR */
  int nao;
  int functions[VQE_IRREPS_MOST];
  int core[VQE_IRREPS_MOST]; /* closed shells of the atoms' cores */
};

/* Irreps of the largest subgroup of D2h in which SCF works (vqe_frame_find).
 * Which of them SCF occupies is not known before it. Exact: characters of
 * functions on the atoms that stay where they are. Cost: loads the basis. */
int vqe_irreps_count(struct vqe_irreps *out,
                     const struct vqe_molecule *molecule,
                     const char *basis_set);

#endif
