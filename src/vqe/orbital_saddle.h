/* Whether orbitals that were optimised within their symmetry lie at a minimum
 * without it. */
#ifndef VQE_VQE_ORBITAL_SADDLE_H
#define VQE_VQE_ORBITAL_SADDLE_H

#include "vqe/optimize.h"
#include "vqe/run.h"

/* With symmetry the angles are those within irreps, along which an orbital of
 * another irrep cannot enter the active space. This tests the lowest curvature
 * by all angles, and by the circuit that is not screened by irreps, at
 * result->optimal_parameters. Where it is negative and a step along it lowers
 * the energy, the run goes on without symmetry: Hamiltonian, rotation, ansatz
 * and estimator are made anew, recorded parameters get zeros where new ones
 * come in, and *point becomes the end of the step (result->nparam values,
 * free by free()). Else *point is NULL and the run stays as it is. Evaluations
 * here are not recorded; at most 31 gradients and some energies. Does nothing
 * to a run without orbital rotation or without symmetry. */
int vqe_orbital_leave_symmetry(double **point, struct vqe_run *run,
                               const struct vqe_optimizer_options *options);

#endif
