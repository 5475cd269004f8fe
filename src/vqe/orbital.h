/* Orbital optimisation: the angles of a rotation around the active space
 * follow the circuit's parameters, and both are optimised at once. */
#ifndef VQE_VQE_ORBITAL_H
#define VQE_VQE_ORBITAL_H

#include "vqe/run.h"

/* Whether the experiment has the option orbital_optimization. */
bool vqe_orbital_asked(const struct vqe_experiment *experiment);

/* Between Hamiltonian and ansatz: make run->rotation from the integrals,
 * which must have `whole`, and give the Hamiltonian the irreps of all
 * orbitals, which are those that the angles keep; none above
 * VQE_MAX_ORBITALS orbitals. */
int vqe_orbital_begin(struct vqe_run *run);
void vqe_orbital_clear(struct vqe_run *run);

/* The same for a Hamiltonian without irreps: all angles. */
int vqe_orbital_begin_without(struct vqe_run *run);

/* Turn the orbitals by the angles that follow the circuit's parameters. */
int vqe_orbital_turn(struct vqe_run *run, const double *parameters);

/* Exact energy and, unless NULL, gradient by all parameters (OO-VQE: Mizukami
 * et al., Phys. Rev. Res. 2, 033421 (2020)). One energy with gradient, one
 * two-body density, and the integrals: O(nmo^5). */
int vqe_orbital_evaluate(struct vqe_run *run, double *energy, double *gradient,
                         const double *parameters);

#endif
