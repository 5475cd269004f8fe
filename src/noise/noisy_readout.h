/* Errors of the measurement, term by term. */
#ifndef VQE_NOISE_NOISY_READOUT_H
#define VQE_NOISE_NOISY_READOUT_H

#include "noise/noisy_model.h"
#include "vqe/operators.h"

/* The sum whose expectation value in a state is that of `sum` as measured,
 * each term in its basis: with the probabilities e0 to read 1 of a 0 and e1 to
 * read 0 of a 1 each letter becomes (e1 - e0) + (1 - e0 - e1) of itself. Terms
 * sorted and unique. Where e0 and e1 differ a term of weight w becomes 2^w:
 * VQE_ERR_UNSUPPORTED above 2^23 of them. Free *out by vqe_pauli_sum_free. */
int vqe_noisy_readout_sum(struct vqe_pauli_sum **out,
                          const struct vqe_pauli_sum *sum,
                          const struct vqe_noisy_model *model);

/* Probabilities of 2^nqubit outcomes as they are read, in place. */
void vqe_noisy_readout_confuse(double *probabilities, int nqubit,
                               const struct vqe_noisy_model *model);

#endif
