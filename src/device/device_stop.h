/* A stop that is asked for between launches (base/stop.h). Launches only queue
 * work, so whoever asks waits for the queue first, which costs microseconds:
 * it is done once in `limit` amplitudes that were touched. */
#ifndef VQE_DEVICE_DEVICE_STOP_H
#define VQE_DEVICE_DEVICE_STOP_H

#include <stdint.h>

#include "base/stop.h"
#include "kernels/gpu.h"

struct vqe_device_stop {
  struct vqe_stop *stop; /* NULL: nobody asks */
  struct vqe_gpu *device;
  uint64_t size; /* amplitudes that a launch touches */
  uint64_t limit;
};

/* After a launch on `work` amplitudes: VQE_ERR_INTERRUPTED, with nothing left
 * in the queue, when the run is to stop. */
int vqe_device_stop_check(const struct vqe_device_stop *stop, uint64_t work);

#endif
