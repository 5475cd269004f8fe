/* Initial parameters of an open shell out of amplitudes. */
#ifndef VQE_ANSATZ_ANSATZ_START_H
#define VQE_ANSATZ_ANSATZ_START_H

#include "vqe/ansatz.h"

/* Amplitudes over the ansatz's orbitals; spin 0 is alpha. With no = nalpha or
 * nbeta occupied and nv = norb - no virtual orbitals of a spin: */
struct vqe_ansatz_amplitudes {
  const double *single[2]; /* of a spin: [i][a], no x nv */
  const double *pair[3];   /* alpha-alpha, beta-beta, alpha-beta:
                              [i][a][j][b]; of one spin antisymmetric */
};

/* nparam values to `out`: amplitude / reps of every excitation from an
 * occupied to a virtual orbital of its spin, zero for all others; of those
 * that share a parameter the mean. VQE_ERR_INPUT for LUCJ and circuits. */
int vqe_ansatz_open_parameters(double *out, const struct vqe_ansatz *ansatz,
                               const struct vqe_ansatz_amplitudes *amplitudes);

#endif
