/* Gates on a split state vector: real and imaginary parts in two arrays of
 * 2^n doubles. Rotations about Y are real and treat the parts alike, so a
 * real state is the same code without an imaginary part.
 *
 * Sums for gradients are formed over a fixed number of chunks and added in
 * order: results do not depend on the number of threads. */
#ifndef VQE_SIM_AMPLITUDES_H
#define VQE_SIM_AMPLITUDES_H

#include <stddef.h>
#include <stdint.h>

#include "sim/vector.h"

#define VQE_MAX_QUBITS 64

struct vqe_amplitudes_context {
  int nqubit;
  size_t size; /* 2^nqubit */
  int threads;
  double *partial; /* VQE_AMPLITUDES_CHUNKS x VQE_MAX_QUBITS */
};

#define VQE_AMPLITUDES_CHUNKS 64

/* psi = |at>. */
void vqe_amplitudes_basis(const struct vqe_amplitudes_context *context,
                          struct vqe_vector psi, size_t at);

/* RY(angle[q]) on every qubit q whose bit of `mask` is set. With `lambda`,
 * undo them on both vectors instead and store Re <lambda|-iY_q|psi> to
 * sums[q]. */
void vqe_amplitudes_ry(const struct vqe_amplitudes_context *context,
                       struct vqe_vector psi, const struct vqe_vector *lambda,
                       uint64_t mask, const double *angle, double *sums);

/* RZ(angle[q]) likewise; sums[q] = Im <lambda|Z_q|psi>. */
void vqe_amplitudes_rz(const struct vqe_amplitudes_context *context,
                       struct vqe_vector psi, const struct vqe_vector *lambda,
                       uint64_t mask, const double *angle, double *sums);

/* exp(-i angle (XX + YY)/2) on qubits a, b; returns, with `lambda`,
 * Re <lambda|-i(XX + YY)/2|psi>. */
double vqe_amplitudes_xxyy(const struct vqe_amplitudes_context *context,
                           struct vqe_vector psi,
                           const struct vqe_vector *lambda, int a, int b,
                           double angle);

/* exp(angle (tau - tau^+)): tau moves electrons from the qubits of `from` to
 * those of `to`, with sign (-1)^(popcount(i & parity) + flip). Returns, with
 * `lambda`, Re <lambda|tau - tau^+|psi>. */
double vqe_amplitudes_excitation(const struct vqe_amplitudes_context *context,
                                 struct vqe_vector psi,
                                 const struct vqe_vector *lambda,
                                 uint64_t from, uint64_t to, uint64_t parity,
                                 int flip, double angle);

/* out[i] = in[M i ^ offset] for a GF(2)-linear M given by its columns. */
void vqe_amplitudes_permute(const struct vqe_amplitudes_context *context,
                            struct vqe_vector out, struct vqe_vector in,
                            const uint64_t *columns, uint64_t offset);

#endif
