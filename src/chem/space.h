/* Frozen core and active space: which orbitals are kept. */
#ifndef VQE_CHEM_SPACE_H
#define VQE_CHEM_SPACE_H

#include "vqe/chem.h"

#define VQE_DEGENERATE 1e-4 /* hartree */
#define VQE_MAX_ACTIVE 64   /* orbitals: as VQE_MAX_ORBITALS of operators */

struct vqe_space {
  int nfrozen; /* doubly occupied, left out */
  int norb;    /* active, following the frozen ones */
  int nalpha;  /* active electrons */
  int nbeta;
};

/* Turn the options into a space of `nmo` orbitals with nalpha >= nbeta
 * electrons. `auto_core` is what VQE_FROZEN_CORE_AUTO stands for, or -1 when
 * that is not known. `name` goes in front of messages. */
int vqe_space_resolve(struct vqe_space *out,
                      const struct vqe_chem_options *options, int nmo,
                      int nalpha, int nbeta, int auto_core, const char *name);

/* The orbitals that frozen_core of the options asks for, of `nbeta` doubly
 * occupied ones. */
int vqe_space_frozen(int *out, const struct vqe_chem_options *options,
                     int nbeta, int auto_core, const char *name);

/* Add a note where the border of the active orbitals nfrozen ... nfrozen +
 * norb - 1 parts degenerate ones: orbitals of the same occupation nearer than
 * 1e-4 hartree. `energies` are of all `nmo`, doubly, singly occupied and empty
 * ones each by rising energy. */
int vqe_space_note_splits(char **notes, const double *energies, int nmo,
                          int nalpha, int nbeta, int nfrozen, int norb);

/* Core orbitals of an atom: those of the noble gas before it. */
int vqe_space_core_orbitals(int z);

#endif
