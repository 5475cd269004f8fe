/* Starting densities for SCF. */
#ifndef VQE_CHEM_GUESS_H
#define VQE_CHEM_GUESS_H

#include "chem/env.h"

/* Superposition of spherically averaged atomic densities, each made by a
 * fractionally occupied HF of the neutral atom in the same basis, with
 * spherical functions (Van Lenthe et al., J. Comput. Chem. 27, 926 (2006)).
 * `dm` is nao x nao, both spins; `env` was made of `basis`. */
int vqe_guess_atoms(double *dm, const struct vqe_env *env,
                    const struct vqe_basis *basis);

#endif
