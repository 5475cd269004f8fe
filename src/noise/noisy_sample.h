/* Shots of a density matrix. */
#ifndef VQE_NOISE_NOISY_SAMPLE_H
#define VQE_NOISE_NOISY_SAMPLE_H

#include "base/rng.h"
#include "noise/noisy_energy.h"

/* Measure each qubit-wise commuting group of `paulis` `shots` times, with
 * errors of the measurement; `values` as vqe_noisy_density_values gives them.
 * The standard error is sqrt(sum of the groups' sample variances / shots).
 * Cost: groups * 2^n n. */
int vqe_noisy_sample_energy(double *energy, double *error,
                            const double *values,
                            const struct vqe_pauli_sum *paulis,
                            const struct vqe_noisy_model *model, int shots,
                            struct vqe_philox *rng);

/* `shots` of all qubits in the computational basis: the most frequent outcomes
 * of `out`. */
int vqe_noisy_sample_counts(struct vqe_noisy_outcome *out,
                            const double *values, int nqubit,
                            const struct vqe_noisy_model *model, int shots,
                            struct vqe_philox *rng);

#endif
