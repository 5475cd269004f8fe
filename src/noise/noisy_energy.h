/* The energy of a circuit on a machine with noise, and what is made of it. */
#ifndef VQE_NOISE_NOISY_ENERGY_H
#define VQE_NOISE_NOISY_ENERGY_H

#include <stdint.h>

#include "ansatz/program.h"
#include "noise/noisy_model.h"
#include "vqe/operators.h"

/* Most outcomes of a measurement that are listed. */
#define VQE_NOISY_MOST_COUNTS 64

struct vqe_noisy_request {
  const struct vqe_program *program;
  const double *parameters; /* of its gates, radian */
  const struct vqe_pauli_sum *paulis;
  const struct vqe_noisy_model *model;
  uint64_t alpha, beta; /* qubits of each spin */
  int nalpha, nbeta;    /* electrons, which post-selection keeps */
  int shots;            /* for each group of terms; 0: exact */
  const char *id;       /* of the experiment: names the random numbers */
  int threads;
  bool (*stop)(void *ctx); /* asked by one thread; NULL: never */
  void *ctx;
};

/* Hartree, as the sum has them; NaN: not asked for, or not known. */
struct vqe_noisy_outcome {
  enum vqe_noisy_method method;
  double energy;
  double error;    /* standard error, 0 where exact */
  double ideal;    /* without noise */
  double fidelity; /* <psi| rho |psi> with the state without noise */
  double purity;   /* Tr rho^2; of density matrices */
  double scaled[VQE_NOISY_MOST_SCALES], scaled_error[VQE_NOISY_MOST_SCALES];
  double extrapolated, extrapolated_error;
  double kept;     /* share of the state with the molecule's electrons */
  double selected; /* energy of that share */
  double selected_error;
  int ncount; /* of all qubits in the computational basis, with shots */
  uint64_t outcome[VQE_NOISY_MOST_COUNTS]; /* the most frequent first */
  int count[VQE_NOISY_MOST_COUNTS];
};

/* VQE_ERR_UNSUPPORTED for too many qubits, or more than the model has.
 * Memory: 8 * 4^n bytes, or for each thread twice 16 * 2^n. */
int vqe_noisy_energy(struct vqe_noisy_outcome *out,
                     const struct vqe_noisy_request *request);

/* About that memory, with one thread; 0 for qubits that are refused. */
double vqe_noisy_energy_bytes(int nqubit);

/* Weights of energies at `scales` that give that at zero; fit: a line by least
 * squares, or the polynomial through all (Richardson). */
void vqe_noisy_energy_weights(double *weights, const double *scales, int count,
                              enum vqe_noisy_fit fit);

#endif
