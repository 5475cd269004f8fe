/* What the phases of one run share. */
#ifndef VQE_VQE_RUN_H
#define VQE_VQE_RUN_H

#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/experiment.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

struct run {
  const struct vqe_experiment *experiment;
  const struct vqe_run_options *options;
  const struct vqe_callbacks *callbacks;
  struct vqe_result *result;
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_pauli_sum *paulis;
  struct vqe_ansatz_options ansatz_options;
  struct vqe_ansatz *ansatz;
  struct vqe_ansatz *pool; /* of ADAPT-VQE, else NULL */
  struct vqe_estimator *estimator;
  size_t capacity; /* of the recorded evaluations */
  double started;  /* wall clock of the VQE */
};

/* Name, reps, entanglement and further options as the experiment asks for
 * them. */
int vqe_run_ansatz_options(struct vqe_ansatz_options *out,
                           const struct vqe_experiment *experiment);

#endif
