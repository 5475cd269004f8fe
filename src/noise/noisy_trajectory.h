/* Quantum trajectories: pure states that noise acts on by chance, whose mean
 * is the density matrix (Dalibard, Castin, Molmer, Phys. Rev. Lett. 68, 580
 * (1992)). */
#ifndef VQE_NOISE_NOISY_TRAJECTORY_H
#define VQE_NOISE_NOISY_TRAJECTORY_H

#include <complex.h>

#include "base/rng.h"
#include "noise/noisy_gate.h"
#include "vqe/operators.h"

/* |0...0> of nqubit qubits after the circuit, normalised; 2^nqubit amplitudes.
 * `model` NULL: without noise. `stop` is asked before each gate; NULL: never.
 * VQE_ERR_INTERRUPTED then. Cost: O(2^nqubit) for each gate. */
int vqe_noisy_trajectory_run(double complex *state,
                             const struct vqe_noisy_circuit *circuit,
                             const struct vqe_noisy_model *model, double scale,
                             struct vqe_philox *rng, bool (*stop)(void *),
                             void *ctx);

/* out_z = sum_b (-1)^(z.b) in_b, in place; size a power of two. */
void vqe_noisy_trajectory_transform(double complex *values, size_t size);

/* <state| sum |state>; `work` holds as much as the state. Cost: 2^nqubit
 * nqubit for each X mask of the sum. */
double vqe_noisy_trajectory_energy(const double complex *state,
                                   double complex *work,
                                   const struct vqe_pauli_sum *sum);

#endif
