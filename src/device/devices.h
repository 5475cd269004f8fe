/* What the devices of a machine are, in the public form. */
#ifndef VQE_DEVICE_DEVICES_H
#define VQE_DEVICE_DEVICES_H

#include "kernels/gpu.h"
#include "vqe/sim.h"

/* The public form of what the seam to a device reports. */
void vqe_device_summary_fill(struct vqe_device_summary *out, int index,
                             const struct vqe_gpu_info *info);

#endif
