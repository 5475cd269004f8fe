/* What a full-space estimator is made of, for the one of the CPU and the one
 * of a device, which takes its steps over. */
#ifndef VQE_SIM_STATEVECTOR_TABLES_H
#define VQE_SIM_STATEVECTOR_TABLES_H

#include "sim/kernels.h"
#include "sim/layout.h"
#include "sim/phases.h"
#include "sim/sigma.h"

enum step_kind {
  STEP_RY,
  STEP_RZ,
  STEP_PERMUTE,
  STEP_XXYY,
  STEP_EXCITE,
  STEP_PHASES
};

struct step {
  enum step_kind kind;
  uint64_t mask; /* qubits of a layer */
  int param[VQE_MAX_QUBITS];
  double scale[VQE_MAX_QUBITS];
  /* permutation out[i] = in[M i ^ offset], and its inverse */
  uint64_t columns[VQE_MAX_QUBITS], offset;
  uint64_t inverse[VQE_MAX_QUBITS], inverse_offset;
  int a, b; /* XXYY */
  uint64_t from, to, parity;
  int flip;
  struct vqe_phases *phases;
};

struct statevector {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  struct vqe_kernel_context context;
  struct vqe_strings strings;
  struct vqe_layout layout;
  struct vqe_sigma *sigma;
  double *scratch; /* of phases */
  uint64_t start;  /* basis state in front of the circuit */
  size_t ngate;    /* gates of the ansatz that are compiled */
  size_t nstep, capacity;
  struct step *steps;
  struct vqe_vector psi, lambda, work; /* lambda at the first gradient */
};

#endif
