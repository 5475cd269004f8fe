/* How long energies and gradients take, before there is an estimator. */
#ifndef VQE_ESTIMATOR_ESTIMATOR_COST_H
#define VQE_ESTIMATOR_ESTIMATOR_COST_H

#include "vqe/sim.h"

/* Seconds of an energy, and of an energy with its gradient, on one thread (of
 * each rank of a team) of a processor of 2023, by the backend that
 * vqe_estimator_create takes on the CPU. Of the Hamiltonian norb, nirrep and
 * irrep are read; of the ansatz its sizes and kind; `gates` is how many it
 * would have. */
void vqe_estimator_seconds(double *energy, double *gradient,
                           const struct vqe_hamiltonian *hamiltonian,
                           const struct vqe_ansatz *ansatz, double gates,
                           const struct vqe_estimator_options *options);

#endif
