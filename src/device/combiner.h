/* The launchers that the estimators of many threads share: one for each device
 * and precision. */
#ifndef VQE_DEVICE_COMBINER_H
#define VQE_DEVICE_COMBINER_H

#include "device/launcher.h"
#include "vqe/sim.h"

/* The combiner's launcher for a device and a precision, on a stream of its
 * own; opened at the first call, closed with the combiner. `info` describes
 * the device as it was then, free_bytes included. */
int vqe_combiner_launcher(struct vqe_launcher **out, struct vqe_gpu_info *info,
                          struct vqe_combiner *combiner, int index,
                          bool single);

#endif
