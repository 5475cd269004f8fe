/* The irrep of the wave function that an FCIDUMP asks for. ISYM of 2 to 8 is
 * that irrep; 0 and 1, which many programs write whatever the state, ask for
 * the lowest state of any irrep. */
#ifndef VQE_CHEM_FCIDUMP_SYMMETRY_H
#define VQE_CHEM_FCIDUMP_SYMMETRY_H

#include "chem/fcidump_file.h"
#include "vqe/chem.h"

/* VQE_ERR_INPUT when ISYM asks for an irrep and is none, or ORBSYM is missing,
 * or integrals contradict it. */
int vqe_fcidump_check_irreps(const struct vqe_fcidump_file *file);

/* An error when the determinant of the first orbitals is not of the irrep
 * asked for; a note when ISYM=1 was not taken at its word. */
int vqe_fcidump_check_reference(char **notes,
                                const struct vqe_fcidump_file *file,
                                int nalpha, int nbeta);

/* Give the integrals, whose orbital 0 is orbital `first` of the file, its
 * irreps, where it asks for one. */
int vqe_fcidump_label(struct vqe_integrals *out,
                      const struct vqe_fcidump_file *file, int first);

#endif
