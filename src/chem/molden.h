/* Orbitals as a file of the Molden format, which programs that draw orbitals
 * read (Schaftenaar and Noordik, J. Comput.-Aided Mol. Des. 14, 123 (2000)).
 */
#ifndef VQE_CHEM_MOLDEN_H
#define VQE_CHEM_MOLDEN_H

#include "vqe/molecule.h"

/* *out: the text, to be freed. `orbitals` is nao x norb, row major, columns
 * over the basis functions of this program (atoms in order, shells in the
 * order of the set, m from -l to l, p as x, y, z); `occupations` are norb
 * numbers, electrons of both spins. VQE_ERR_INPUT where the basis set has
 * another number of functions than `nao`, VQE_ERR_UNSUPPORTED for Cartesian d
 * functions and for l above 4 (g), which the format lacks. */
int vqe_molden_print(char **out, const struct vqe_molecule *molecule,
                     const char *basis_set, const double *orbitals, int nao,
                     const double *occupations, int norb);

#endif
