/* Whether orbitals that were optimised within their symmetry lie at a minimum
 * without it. */
#ifndef VQE_VQE_ORBITAL_SADDLE_H
#define VQE_VQE_ORBITAL_SADDLE_H

#include "vqe/optimize.h"
#include "vqe/run.h"

/* A way down that leaves symmetry. */
struct vqe_orbital_escape {
  double curvature; /* lowest found, hartree / radian^2; NaN: not known */
  double gain;      /* hartree, by the step along it; 0: none */
  double *point; /* its end, when the run has left symmetry; free by free() */
};

/* With symmetry the angles are those within irreps, along which an orbital of
 * another irrep cannot enter the active space. This tests the lowest curvature
 * by all angles, and by the circuit that is not screened by irreps, at
 * result->optimal_parameters. Where it is negative and a step along it lowers
 * the energy, and `leaves`, the run goes on without symmetry: Hamiltonian,
 * rotation, ansatz and estimator are made anew, recorded parameters get zeros
 * where new ones come in, and out->point becomes the end of the step
 * (result->nparam values). Else it is NULL and the run stays as it is.
 * Evaluations here are not recorded; at most 31 gradients and some energies.
 * Does nothing to a run without orbital rotation or without symmetry. */
int vqe_orbital_leave_symmetry(struct vqe_orbital_escape *out,
                               struct vqe_run *run, bool leaves,
                               const struct vqe_optimizer_options *options);

#endif
