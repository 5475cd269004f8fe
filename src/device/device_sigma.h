/* The CI product on a device: the tables of src/sim/sigma.c, uploaded.
 *
 * A short vector is done by one launch, each amplitude gathering over its
 * links; a long one by panels as on the CPU, each as wide as `panel_bytes`
 * allows: gather, DGEMM, scatter. */
#ifndef VQE_DEVICE_DEVICE_SIGMA_H
#define VQE_DEVICE_DEVICE_SIGMA_H

#include <stdbool.h>

#include "device/device_stop.h"
#include "kernels/args.h"
#include "kernels/gpu.h"
#include "sim/layout.h"
#include "sim/sigma.h"

/* Vectors up to this go without panels: their launches would cost more than
 * the arithmetic that DGEMM saves. */
#define VQE_DIRECT_SIZE 65536

struct vqe_device_product {
  struct vqe_gpu *device;
  const struct vqe_sigma *sigma; /* the host's */
  struct vqe_block_list list;    /* the same as the device's */
  struct vqe_gpu_sigma tables;
  const int32_t *partner[VQE_GPU_CLASSES]; /* npair x beta strings */
  uint64_t size, panel_size;               /* panel_size 0: no panels */
  double *panel, *product;
  const struct vqe_device_stop *stop; /* asked between panels; may be NULL */
};

/* Tables of `sigma` for vectors of `layout`; both must outlive the product.
 * Freed with the device. */
int vqe_device_product_init(struct vqe_device_product *product,
                            struct vqe_gpu *device, struct vqe_sigma *sigma,
                            const struct vqe_layout *layout,
                            uint64_t direct_size, uint64_t panel_bytes);

/* Bytes that it takes, panels included; an upper estimate. */
uint64_t vqe_device_product_bytes(int norb, int nalpha, int nbeta, int nirrep,
                                  uint64_t size, uint64_t panel_bytes);

/* out = (H - constant) in for one plane; enqueued. */
int vqe_device_product_apply(const struct vqe_device_product *product,
                             void *out, const void *in, size_t real_bytes);

#endif
