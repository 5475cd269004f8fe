/* Which backend an estimator gets: CPU, device or team, sector or full space.
 */
#ifndef VQE_ESTIMATOR_ESTIMATOR_CHOOSE_H
#define VQE_ESTIMATOR_ESTIMATOR_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/gpu.h"
#include "sim/backend.h"

struct vqe_estimator_choice {
  const struct vqe_backend_ops *ops;
  void *backend;
  struct vqe_gpu *device;            /* the backend's own, NULL on the CPU */
  struct vqe_device_summary summary; /* of the device */
  char gates[32];                    /* on a device: whose */
  char note[256];                    /* why AUTO took the CPU, or "" */
};

/* Does AUTO take a device for a state of so many amplitudes? */
bool vqe_estimator_gains_by_device(uint64_t amplitudes);

/* Is the state kept in a sector; is it split over a team? */
bool vqe_estimator_wants_sector(const struct vqe_ansatz *ansatz,
                                const struct vqe_estimator_options *options);
bool vqe_estimator_is_split(const struct vqe_ansatz *ansatz,
                            const struct vqe_estimator_options *options);

/* Make the backend that the options ask for; `out` starts as zeros. Refuses
 * what does not fit memory (VQE_ERR_MEMORY) and combinations that nothing
 * serves (VQE_ERR_UNSUPPORTED), before anything is allocated. The backend is
 * freed by its own ops. */
int vqe_estimator_choose(struct vqe_estimator_choice *out,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options);

#endif
