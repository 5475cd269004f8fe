/* Starting densities for SCF. */
#ifndef VQE_CHEM_GUESS_H
#define VQE_CHEM_GUESS_H

#include "chem/env.h"

/* Superposition of spherically averaged atomic densities, each made by a
 * fractionally occupied HF of the neutral atom in the same basis (Van Lenthe
 * et al., J. Comput. Chem. 27, 926 (2006)). `dm` is nao x nao, both spins;
 * `overlap` and `kinetic` are those of the molecule, `eri` its packed
 * two-electron integrals, out of which the atoms' own are taken. */
int vqe_guess_atoms(double *dm, struct vqe_env *env, const double *overlap,
                    const double *kinetic, const double *eri);

#endif
