/* How many parameters each ansatz has, from its sizes alone: what a dry run
 * shows. Irreps screen some of them. */
#ifndef VQE_ANSATZ_ANSATZ_COUNT_H
#define VQE_ANSATZ_ANSATZ_COUNT_H

#include "ansatz/ansatz_names.h"

double vqe_count_uccsd(const struct vqe_ansatz_shape *shape);
double vqe_count_uccd(const struct vqe_ansatz_shape *shape);
double vqe_count_puccd(const struct vqe_ansatz_shape *shape);
double vqe_count_uccd0(const struct vqe_ansatz_shape *shape);
double vqe_count_adapt(const struct vqe_ansatz_shape *shape); /* at most */
double vqe_count_kupccgsd(const struct vqe_ansatz_shape *shape);
double vqe_count_kupccgd(const struct vqe_ansatz_shape *shape);
double vqe_count_lucj(const struct vqe_ansatz_shape *shape);

double vqe_count_efficient_su2(const struct vqe_ansatz_shape *shape);
double vqe_count_real_amplitudes(const struct vqe_ansatz_shape *shape);
double vqe_count_excitation_preserving(const struct vqe_ansatz_shape *shape);

#endif
