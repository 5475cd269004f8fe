/* The estimators of a device, twins of src/sim/sector.c and
 * src/sim/statevector.c: same functions, same order, same numbers. */
#ifndef VQE_DEVICE_DEVICE_ESTIMATORS_H
#define VQE_DEVICE_DEVICE_ESTIMATORS_H

#include "device/launcher.h"
#include "kernels/gpu.h"
#include "sim/backend.h"

/* What a device estimator decides by size; the defaults but for tests. */
struct vqe_device_tuning {
  uint64_t direct_size; /* sigma without panels up to here */
  uint64_t panel_bytes; /* of each of its two panels */
  uint64_t small_size;  /* one evaluation in one block up to here */
  /* whose launches the evaluations in one block share; NULL: their own */
  struct vqe_launcher *launcher;
  uint64_t watch_size; /* larger states are asked for a stop, ... */
  uint64_t watch_work; /* once in so many amplitudes touched */
};
#define VQE_DEVICE_TUNING_INIT                                                \
  {                                                                           \
    65536, UINT64_C(1) << 28, 1024, NULL, UINT64_C(1) << 22,                  \
        UINT64_C(1) << 30                                                     \
  }

/* The device is the estimator's from here on, also when creation fails.
 * VQE_ERR_MEMORY, before anything is allocated on it, when that would not
 * fit. */
int vqe_device_sector_create(const struct vqe_backend_ops **ops, void **out,
                             const struct vqe_hamiltonian *hamiltonian,
                             const struct vqe_ansatz *ansatz, int threads,
                             struct vqe_gpu *device, bool single,
                             const struct vqe_device_tuning *tuning);
int vqe_device_statevector_create(const struct vqe_backend_ops **ops,
                                  void **out,
                                  const struct vqe_hamiltonian *hamiltonian,
                                  const struct vqe_ansatz *ansatz, int threads,
                                  struct vqe_gpu *device, bool single,
                                  const struct vqe_device_tuning *tuning);
/* The full space by cuStateVec (kernels/gates.h). VQE_ERR_UNSUPPORTED, saying
 * what to install, where it is not. */
int vqe_device_custatevec_create(const struct vqe_backend_ops **ops,
                                 void **out,
                                 const struct vqe_hamiltonian *hamiltonian,
                                 const struct vqe_ansatz *ansatz, int threads,
                                 struct vqe_gpu *device, bool single);

#endif
