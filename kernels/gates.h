/* The seam to a library of gates: what the estimator of
 * src/device/device_custatevec.c has done by cuStateVec on a device.
 *
 * Implemented three times: custatevec.c by NVIDIA's library, no_custatevec.c
 * where a build has no header of it, and by the tests in loops on the host.
 * States are 2^nqubit complex numbers, (re, im) pairs of doubles, or of floats
 * where `single`; qubit q is bit q of an amplitude's index. A Pauli string is
 * P = i^{|x&z|} X^x Z^z, so Y where both masks have a bit. Work is done in the
 * order of the calls, among that of the device's handle. Errors:
 * VQE_ERR_MEMORY when memory is used up, VQE_ERR_UNSUPPORTED where there is no
 * library, VQE_ERR_IO for whatever else it reports. */
#ifndef VQE_KERNELS_GATES_H
#define VQE_KERNELS_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/gpu.h"

/* Version of the library, "1.15.0"; VQE_ERR_UNSUPPORTED, with what to install,
 * where there is none. Needs no device. */
int vqe_gates_version(char *out, size_t size);

struct vqe_gates;

/* The library's context on a device, for states of `nqubit` qubits. To be
 * closed before the device. */
int vqe_gates_open(struct vqe_gates **out, struct vqe_gpu *device, int nqubit,
                   bool single);
void vqe_gates_close(struct vqe_gates *gates);

/* Memory of the device that the gates work in: bytes, and an array of that
 * many, which stays the caller's. To be lent before the first gate: all
 * memory of the device is counted beforehand. */
uint64_t vqe_gates_workspace(const struct vqe_gates *gates);
int vqe_gates_lend(struct vqe_gates *gates, void *workspace);

/* |psi> <- exp(-i angle/2 P) |psi>; P not the identity. O(2^nqubit). */
int vqe_gates_rotate(struct vqe_gates *gates, void *state, uint64_t x,
                     uint64_t z, double angle);

/* A 2 x 2 matrix of (re, im) pairs, row by row, on qubit `target` where qubit
 * `control` is 1; control -1: everywhere. O(2^nqubit). */
int vqe_gates_matrix(struct vqe_gates *gates, void *state,
                     const double matrix[8], int target, int control);

/* The strings that expectations are taken of; replaces those before. */
int vqe_gates_observe(struct vqe_gates *gates, const uint64_t *x,
                      const uint64_t *z, size_t count);
/* out[k] = <psi|P_k|psi> of all of them, to the host: waits for the device.
 * O(2^nqubit) each, less as far as the library takes them together. */
int vqe_gates_expect(struct vqe_gates *gates, double *out, const void *state);

#endif
