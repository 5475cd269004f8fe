/* Energies from finite samples of a full-space state.
 *
 * Every group of terms that commute - qubit by qubit, or as they are, by a
 * Clifford circuit (diagonal.h) - is measured in its own basis, `count` times
 * on average: as often as the others, or by what its first samples varied,
 * which then are no part of the mean. A group is read as the sum of its terms,
 * so that their covariances are in its variance; the standard error is
 * sqrt(sum over groups of sample variance / shots of the group). */
#ifndef VQE_ESTIMATOR_SHOTS_H
#define VQE_ESTIMATOR_SHOTS_H

#include "vqe/operators.h"
#include "vqe/sim.h"

#define VQE_SHOTS_MAX_QUBITS 20

struct vqe_shots;

/* VQE_ERR_UNSUPPORTED for more qubits than are sampled. */
int vqe_shots_check(int nqubit);

/* The sum stays the caller's and must outlive the handle. `measurement`: bits
 * of enum vqe_measurement. */
int vqe_shots_create(struct vqe_shots **out,
                     const struct vqe_pauli_sum *paulis, unsigned measurement);
void vqe_shots_free(struct vqe_shots *shots);

/* Where the state goes before a sample: 2^nqubit each. */
double *vqe_shots_re(struct vqe_shots *shots);
double *vqe_shots_im(struct vqe_shots *shots);

/* Draws come from the stream `stream` of the experiment. */
int vqe_shots_sample(struct vqe_shots *shots, double *energy, double *std,
                     int count, const char *experiment_id, const char *stream);

/* Circuits that one sample runs, each `count` times on average. */
int vqe_shots_groups(const struct vqe_shots *shots);

#endif
