/* Energies from finite samples of a full-space state.
 *
 * Every qubit-wise commuting group is measured `shots` times in its own
 * basis; the standard error is sqrt(sum of the groups' sample variances /
 * shots). */
#ifndef VQE_ESTIMATOR_SHOTS_H
#define VQE_ESTIMATOR_SHOTS_H

#include "vqe/operators.h"

#define VQE_SHOTS_MAX_QUBITS 20

struct vqe_shots;

/* The sum stays the caller's and must outlive the handle. */
int vqe_shots_create(struct vqe_shots **out,
                     const struct vqe_pauli_sum *paulis);
void vqe_shots_free(struct vqe_shots *shots);

/* Where the state goes before a sample: 2^nqubit each. */
double *vqe_shots_re(struct vqe_shots *shots);
double *vqe_shots_im(struct vqe_shots *shots);

/* Draws come from the stream `stream` of the experiment. */
int vqe_shots_sample(struct vqe_shots *shots, double *energy, double *std,
                     int count, const char *experiment_id, const char *stream);

/* Circuits that one sample runs, each `count` times. */
int vqe_shots_groups(const struct vqe_shots *shots);

#endif
