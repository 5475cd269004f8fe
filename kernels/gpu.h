/* The seam to a GPU: memory, launches and matrix products of one device.
 *
 * Implemented three times: gpu.cu on a CUDA device, no_gpu.c where CUDA is
 * not built in, and by the tests in loops on the host. Everything above it is
 * C and the same for all three. Calls of one handle are made by one thread at
 * a time; work is done in the order of the calls, and only vqe_gpu_download
 * and vqe_gpu_wait wait for it. Errors of the device come back as a status
 * from the next call: VQE_ERR_MEMORY when its memory is used up, VQE_ERR_IO
 * for whatever else it reports. */
#ifndef VQE_KERNELS_GPU_H
#define VQE_KERNELS_GPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vqe_kernel_name {
#define VQE_KERNEL(name) VQE_KERNEL_##name,
#include "kernels/list.h"
#undef VQE_KERNEL
  VQE_KERNELS
};

struct vqe_gpu_info {
  char name[64];
  char driver[32]; /* "CUDA 13.0", what the driver serves */
  uint64_t bytes, free_bytes;
  int multiprocessors;
  int compute_major, compute_minor;
  uint64_t shared_bytes; /* of one block, at most */
};

/* What a handle did, since it was opened. */
struct vqe_gpu_use {
  double seconds; /* from first work to its download, as the host waits */
  uint64_t launches, graphs;
  uint64_t bytes_up, bytes_down;
  uint64_t bytes_held;
};

/* Number of devices that can be used. When there are none, `reason` (may be
 * NULL) says why: no driver, no device, or built without CUDA. */
int vqe_gpu_count(const char **reason);
int vqe_gpu_describe(struct vqe_gpu_info *out, int index);

struct vqe_gpu;

/* `single`: amplitudes are floats. */
int vqe_gpu_open(struct vqe_gpu **out, int index, int single);
void vqe_gpu_close(struct vqe_gpu *device);
void vqe_gpu_usage(struct vqe_gpu_use *out, const struct vqe_gpu *device);
/* Add what another handle did for this one; bytes_held is left. */
void vqe_gpu_charge(struct vqe_gpu *device, const struct vqe_gpu_use *use);

/* Memory of the device that is free now, and shared memory that a block can
 * have, in bytes. */
uint64_t vqe_gpu_free_bytes(const struct vqe_gpu *device);
uint64_t vqe_gpu_shared_bytes(const struct vqe_gpu *device);

/* Zeroed memory of the device, for the thing named by `what`; VQE_ERR_MEMORY
 * with the numbers when it does not fit. *out is the address of a pointer.
 * All of it is given back by vqe_gpu_close. */
int vqe_gpu_alloc(struct vqe_gpu *device, void *out, size_t count, size_t size,
                  const char *what);
/* Give one array back; NULL is fine. */
void vqe_gpu_release(struct vqe_gpu *device, const void *data);
/* The source may change after an upload; a download waits for all work. */
int vqe_gpu_upload(struct vqe_gpu *device, void *to, const void *from,
                   size_t bytes);
int vqe_gpu_download(struct vqe_gpu *device, void *to, const void *from,
                     size_t bytes);

/* Wait for all work: other handles may read what it wrote. */
int vqe_gpu_wait(struct vqe_gpu *device);

/* Start `blocks` blocks of a kernel on `args`, its struct of kernels/args.h,
 * with `shared` doubles of shared memory. */
int vqe_gpu_launch(struct vqe_gpu *device, enum vqe_kernel_name kernel,
                   const void *args, unsigned blocks, size_t shared);

/* Memory that the first product of a handle takes for itself. */
#define VQE_GPU_GEMM_BYTES (UINT64_C(32) << 20)

/* What computes products here, for people: cuBLAS with its version, or an own
 * kernel where that cannot be loaded. */
const char *vqe_gpu_products(void);

/* c = a b, column major, m x n = (m x k)(k x n), always doubles. */
int vqe_gpu_gemm(struct vqe_gpu *device, int m, int n, int k, const double *a,
                 int lda, const double *b, int ldb, double *c, int ldc);

/* For a library that works on the device too: the stream of the handle (a
 * cudaStream_t), its device made the calling thread's. To be called before
 * each call of the library, which counts as a launch. */
int vqe_gpu_stream(struct vqe_gpu *device, void **stream);

/* Run what `enqueue` launches, which must be the same at each call with the
 * same *graph; the third and later runs cost one launch. No memory is
 * taken and nothing is copied in `enqueue`. *graph starts as NULL and is
 * freed by vqe_gpu_close; set it to NULL again to have it made anew. */
struct vqe_graph;
int vqe_gpu_run(struct vqe_gpu *device, struct vqe_graph **graph,
                int (*enqueue)(void *ctx), void *ctx);

#ifdef __cplusplus
}
#endif
#endif
