/* What a full-space estimator is made of, for the one of the CPU and the one
 * of a device, which takes its steps over. */
#ifndef VQE_SIM_STATEVECTOR_TABLES_H
#define VQE_SIM_STATEVECTOR_TABLES_H

#include "sim/amplitudes.h"
#include "sim/backend.h"
#include "sim/layout.h"
#include "sim/phases.h"
#include "sim/sigma.h"

enum vqe_step_kind {
  VQE_STEP_RY,
  VQE_STEP_RZ,
  VQE_STEP_PERMUTE,
  VQE_STEP_XXYY,
  VQE_STEP_EXCITE,
  VQE_STEP_PHASES
};

struct vqe_step {
  enum vqe_step_kind kind;
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

struct vqe_statevector {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  struct vqe_amplitudes_context context;
  struct vqe_strings strings;
  struct vqe_layout layout;
  struct vqe_sigma *sigma;
  double *scratch; /* of phases */
  uint64_t start;  /* basis state in front of the circuit */
  size_t ngate;    /* gates of the ansatz that are compiled */
  size_t nstep, capacity;
  struct vqe_step *steps;
  struct vqe_vector psi, lambda, work; /* lambda at the first gradient */
  struct vqe_stop *stop; /* asked between steps; NULL where they are short */
};

/* The masks, parity and angle of an excitation gate, to a step of zeros. */
void vqe_statevector_excitation(struct vqe_step *step,
                                const struct vqe_gate *gate);

/* The state at these parameters, to sv->psi. */
void vqe_statevector_prepare(struct vqe_statevector *sv,
                             const double *parameters);

/* As the members of struct vqe_backend_ops; compile is its `extend`. */
int vqe_statevector_compile(void *backend);
int vqe_statevector_energy(void *backend, double *energy,
                           const double *parameters);
int vqe_statevector_gradient(void *backend, double *energy, double *gradient,
                             const double *parameters);
int vqe_statevector_penalised(void *backend, double *energy, double *penalty,
                              double *gradient, const double *parameters,
                              const struct vqe_penalty *what);
int vqe_statevector_pool_gradient(void *backend, double *out,
                                  const double *parameters,
                                  const struct vqe_ansatz *pool);
int vqe_statevector_properties(void *backend, struct vqe_properties *out,
                               double *rdm1, const double *parameters);
int vqe_statevector_blocks(void *backend, struct vqe_backend_blocks *out,
                           const double *parameters);
int vqe_statevector_state(void *backend, double *re, double *im,
                          const double *parameters);

#endif
