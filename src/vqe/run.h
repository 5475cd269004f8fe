/* What the phases of one run share. */
#ifndef VQE_VQE_RUN_H
#define VQE_VQE_RUN_H

#include "chem/rotation.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/experiment.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

/* Integrals up to this size that a symmetry forbids are noise of the SCF. A
 * state of one symmetry has no first-order share in them, so removing them
 * leaves its energy alone to second order; a circuit in the full space mixes
 * symmetries and keeps the tighter default. */
#define VQE_RUN_SECTOR_ZERO 1e-8

/* Points that an optimizer will ask for next: a device evaluates them in one
 * launch when it asks for the first. More than these come one by one. */
#define RUN_AHEAD 8

struct ahead {
  int count;
  const double *points; /* the optimizer's, count rows */
  bool known;           /* the energies are */
  double energies[RUN_AHEAD];
};

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
  struct vqe_estimator_usage usage; /* of its device, for provenance */
  struct vqe_rotation *rotation;    /* of the orbitals, when optimised */
  double *pairs1, *pairs2;          /* densities for its slope */
  struct ahead ahead;
  size_t capacity; /* of the recorded evaluations */
  double started;  /* wall clock of the VQE */
};

/* Name, reps, entanglement and further options as the experiment asks for
 * them. */
int vqe_run_ansatz_options(struct vqe_ansatz_options *out,
                           const struct vqe_experiment *experiment);

#endif
