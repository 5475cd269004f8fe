/* Arrays of a device and the shape of launches over them. */
#ifndef VQE_DEVICE_DEVICE_MEMORY_H
#define VQE_DEVICE_DEVICE_MEMORY_H

#include "kernels/args.h"
#include "kernels/gpu.h"

/* The sign of a pair or link stands in this bit of its index. */
#define VQE_DEVICE_SIGN UINT32_C(0x80000000)

/* Memory of the device with a copy of `from` (NULL: zeros); *out is the
 * address of a pointer. Freed with the device or by vqe_gpu_release. */
int vqe_device_place(struct vqe_gpu *device, void *out, const void *from,
                     size_t count, size_t size, const char *what);

/* `count` planes of a state of `size` amplitudes. */
int vqe_device_planes_alloc(struct vqe_gpu *device, struct vqe_planes *planes,
                            int count, uint64_t size, size_t real_bytes,
                            const char *what);

/* Blocks of a launch over `count` items: the same on every device, so that
 * sums are. */
unsigned vqe_device_blocks(uint64_t count);

#endif
