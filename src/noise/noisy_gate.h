/* One gate of a program as a matrix, and the noise after it. */
#ifndef VQE_NOISE_NOISY_GATE_H
#define VQE_NOISE_NOISY_GATE_H

#include <complex.h>

#include "ansatz/program.h"
#include "noise/noisy_model.h"

/* A gate with its angle; of two qubits where `count` is 2. */
struct vqe_noisy_gate {
  enum vqe_program_kind kind;
  int count;
  int q[2];
  double angle; /* radian; 0 where there is none */
};

/* A program with its parameters, gate by gate: U (U^-1 U)^folds. */
struct vqe_noisy_circuit {
  const struct vqe_program *program;
  const double *parameters; /* radian */
  int folds;
};

size_t vqe_noisy_circuit_count(const struct vqe_noisy_circuit *circuit);
/* Gate k of it, in the order of application. */
void vqe_noisy_circuit_gate(struct vqe_noisy_gate *out,
                            const struct vqe_noisy_circuit *circuit, size_t k);

/* Its unitary, row major, 2 x 2 or 4 x 4; q[0] is bit 0 of rows and columns.
 */
void vqe_noisy_gate_unitary(double complex out[16],
                            const struct vqe_noisy_gate *gate);

/* Pauli transfer matrix R_ij = Tr(P_i U P_j U+) / 2^count, row major,
 * 4^count x 4^count. The digit of a qubit is 0 I, 1 X, 2 Z, 3 Y (bit 0 X,
 * bit 1 Z), q[0] the lowest. */
void vqe_noisy_gate_transfer(double *out, const struct vqe_noisy_gate *gate);

/* The noise after a gate: depolarising with probability p, then relaxation of
 * each qubit with the decays f1 = exp(-t/T1) of Z and f2 = exp(-t/T2) of X and
 * Y (as Qiskit Aer's depolarizing_error and thermal_relaxation_error at zero
 * temperature). */
struct vqe_noisy_effect {
  bool any;
  double p;
  double f1[2], f2[2];
};

/* `scale` times the model's strength. A model by infidelities depolarises by
 * what relaxation leaves of them: with the average fidelity F of relaxation
 * alone and F' of the gate, p = d (F - F') / (d F - 1), d = 2^count, not below
 * 0. */
void vqe_noisy_gate_effect(struct vqe_noisy_effect *out,
                           const struct vqe_noisy_gate *gate,
                           const struct vqe_noisy_model *model, double scale);

/* matrix = noise matrix, of Pauli transfer matrices as above. */
void vqe_noisy_gate_damp(double *matrix, const struct vqe_noisy_effect *effect,
                         int count);

#endif
