/* Random points of the parameters in place of a minimisation: how the energy
 * and its gradient spread, e.g. for barren plateaus (McClean et al., Nat.
 * Commun. 9, 4812 (2018)). */
#ifndef VQE_VQE_LANDSCAPE_H
#define VQE_VQE_LANDSCAPE_H

#include "vqe/run.h"

/* Whether the experiment asks for one: its optimizer is "Landscape". */
bool vqe_landscape_asked(const struct vqe_experiment *experiment);

/* VQE_ERR_INPUT for what a landscape cannot be taken of: an ansatz without
 * parameters of its own (ADAPT-VQE), orbitals that are optimised, penalties,
 * shots, several starts. */
int vqe_landscape_check(const struct vqe_experiment *experiment);

/* Energy and gradient at options->max_evaluations points, each parameter
 * uniform in [0, 2 pi): row k is row k of 2 pi default_rng(seed).random((N,
 * n)) in NumPy. Fills result->landscape, and `found` with the lowest point.
 * Cost: an energy and gradient each, and two rows of n numbers. */
int vqe_landscape_run(struct vqe_optimize_result *found, struct vqe_run *run,
                      vqe_objective objective,
                      const struct vqe_optimizer_options *options);

#endif
