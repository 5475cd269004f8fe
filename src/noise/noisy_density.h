/* A density matrix as the expectation values of all Pauli strings.
 *
 * rho = 2^-n sum_P r_P P with 4^n real numbers r_P = Tr(P rho): half the
 * memory of the matrix, channels are real matrices with many zeros, and
 * energies are read off. The index of a string has two bits for each qubit,
 * bit 2q for X and bit 2q + 1 for Z. */
#ifndef VQE_NOISE_NOISY_DENSITY_H
#define VQE_NOISE_NOISY_DENSITY_H

#include <stdint.h>

#include "noise/noisy_gate.h"
#include "vqe/operators.h"

struct vqe_noisy_density;

/* |0...0> of 1 to VQE_NOISY_MOST_DENSITY qubits: 8 * 4^n bytes. */
int vqe_noisy_density_create(struct vqe_noisy_density **out, int nqubit,
                             int threads);
void vqe_noisy_density_free(struct vqe_noisy_density *density);
void vqe_noisy_density_reset(struct vqe_noisy_density *density);

/* Apply a gate and the noise after it. Gates of one qubit
 * and of one pair are collected, so that a sweep over 4^n numbers is for many
 * gates; vqe_noisy_density_finish sweeps what is left. Cost of a sweep of two
 * qubits: 4^n times the entries in a row of its 16 x 16 matrix, 1 to 16. */
void vqe_noisy_density_apply(struct vqe_noisy_density *density,
                             const struct vqe_noisy_gate *gate,
                             const struct vqe_noisy_model *model,
                             double scale);
void vqe_noisy_density_finish(struct vqe_noisy_density *density);

/* The numbers, once finished; the density's. */
const double *
vqe_noisy_density_values(const struct vqe_noisy_density *density);

/* Index of i^{|x&z|} X^x Z^z. */
size_t vqe_noisy_density_index(uint64_t x, uint64_t z);

/* Tr(rho^2) = 2^-n sum_P r_P^2. */
double vqe_noisy_density_purity(const struct vqe_noisy_density *density);

#endif
