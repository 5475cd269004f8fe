/* kernels/gpu.h in loops on the host. Shared memory starts as NaN, and
 * memory of the device is the host's, so that the sanitizers see it. */
#include "emulated_device.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/body.h"
#include "kernels/gpu.h"
#include "vqe/error.h"

#include "base/error_message.h"

bool vqe_emulated_backwards = false;
uint64_t vqe_emulated_bytes = UINT64_C(4) << 30;
uint64_t vqe_emulated_promise = 0;
int (*vqe_emulated_launch)(unsigned blocks) = NULL;
int vqe_emulated_count = 1;
int vqe_emulated_numbers[VQE_EMULATED_MOST] = {0};

struct held {
  struct held *next;
  size_t bytes;
  max_align_t data[];
};

struct vqe_gpu {
  int single;
  struct held *held;
  struct vqe_gpu_use use;
};

unsigned vqe_emulated_order(unsigned k)
{
  return vqe_emulated_backwards ? VQE_BLOCK - 1 - k : k;
}

int vqe_gpu_count(const char **reason)
{
  if (reason != NULL) {
    *reason = vqe_emulated_count == 0 ? "none is visible" : NULL;
  }
  return vqe_emulated_count;
}

int vqe_gpu_describe(struct vqe_gpu_info *out, int index)
{
  static const struct vqe_gpu_info info = {
      .name = "emulation on the host",
      .driver = "none",
      .compute_major = 9,
      .shared_bytes = 232448,
  };
  if (index < 0 || index >= vqe_emulated_count) {
    return vqe_error_set(VQE_ERR_INPUT, "no device %d", index);
  }
  *out = info;
  if (vqe_emulated_numbers[index] > 0) {
    snprintf(out->name, sizeof out->name, "emulation on the host, number %d",
             vqe_emulated_numbers[index]);
  }
  out->bytes = vqe_emulated_bytes;
  out->free_bytes = vqe_emulated_bytes;
  return VQE_OK;
}

int vqe_gpu_open(struct vqe_gpu **out, int index, int single)
{
  (void)index;
  *out = calloc(1, sizeof **out);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a device");
  }
  (*out)->single = single;
  return VQE_OK;
}

void vqe_gpu_close(struct vqe_gpu *device)
{
  while (device != NULL && device->held != NULL) {
    struct held *next = device->held->next;
    free(device->held);
    device->held = next;
  }
  free(device);
}

void vqe_gpu_usage(struct vqe_gpu_use *out, const struct vqe_gpu *device)
{
  *out = device->use;
}

void vqe_gpu_charge(struct vqe_gpu *device, const struct vqe_gpu_use *use)
{
  device->use.seconds += use->seconds;
  device->use.launches += use->launches;
  device->use.graphs += use->graphs;
  device->use.bytes_up += use->bytes_up;
  device->use.bytes_down += use->bytes_down;
}

uint64_t vqe_gpu_free_bytes(const struct vqe_gpu *device)
{
  return vqe_emulated_promise > 0
             ? vqe_emulated_promise
             : vqe_emulated_bytes - device->use.bytes_held;
}

uint64_t vqe_gpu_shared_bytes(const struct vqe_gpu *device)
{
  (void)device;
  return 232448;
}

int vqe_gpu_alloc(struct vqe_gpu *device, void *out, size_t count, size_t size,
                  const char *what)
{
  size_t bytes = count * size;
  struct held *held = device->use.bytes_held + bytes > vqe_emulated_bytes
                          ? NULL
                          : calloc(1, sizeof *held + bytes);
  if (held == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no device memory for %s", what);
  }
  held->bytes = bytes;
  held->next = device->held;
  device->held = held;
  device->use.bytes_held += bytes;
  void *data = held->data;
  memcpy(out, &data, sizeof data);
  return VQE_OK;
}

void vqe_gpu_release(struct vqe_gpu *device, const void *data)
{
  struct held **link = &device->held;
  while (*link != NULL && (const void *)(*link)->data != data) {
    link = &(*link)->next;
  }
  if (*link != NULL) {
    struct held *held = *link;
    *link = held->next;
    device->use.bytes_held -= held->bytes;
    free(held);
  }
}

int vqe_gpu_upload(struct vqe_gpu *device, void *to, const void *from,
                   size_t bytes)
{
  if (bytes > 0) {
    memcpy(to, from, bytes);
  }
  device->use.bytes_up += bytes;
  return VQE_OK;
}

int vqe_gpu_download(struct vqe_gpu *device, void *to, const void *from,
                     size_t bytes)
{
  memcpy(to, from, bytes);
  device->use.bytes_down += bytes;
  return VQE_OK;
}

int vqe_gpu_wait(struct vqe_gpu *device)
{
  (void)device;
  return VQE_OK;
}

int vqe_gpu_launch(struct vqe_gpu *device, enum vqe_kernel_name kernel,
                   const void *args, unsigned blocks, size_t shared)
{
  vqe_emulated_kernel run = device->single ? vqe_emulated_single[kernel]
                                           : vqe_emulated_double[kernel];
  int status =
      vqe_emulated_launch != NULL ? vqe_emulated_launch(blocks) : VQE_OK;
  if (status != VQE_OK) {
    return vqe_error_set(status, "a launch that was made to fail");
  }
  double *memory = malloc((shared + 1) * sizeof *memory);
  if (memory == NULL || blocks == 0) {
    free(memory);
    return vqe_error_set(VQE_ERR_INPUT, "a launch of %u blocks", blocks);
  }
  for (unsigned k = 0; k < blocks; k++) {
    for (size_t i = 0; i < shared; i++) {
      memory[i] = NAN;
    }
    run(args, vqe_emulated_backwards ? blocks - 1 - k : k, blocks, memory);
  }
  free(memory);
  device->use.launches++;
  return VQE_OK;
}

const char *vqe_gpu_products(void)
{
  return "CBLAS";
}

int vqe_gpu_gemm(struct vqe_gpu *device, int m, int n, int k, const double *a,
                 int lda, const double *b, int ldb, double *c, int ldc)
{
  (void)device;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0, a, lda,
              b, ldb, 0.0, c, ldc);
  return VQE_OK;
}

int vqe_gpu_stream(struct vqe_gpu *device, void **stream)
{
  *stream = NULL;
  device->use.launches++;
  return VQE_OK;
}

int vqe_gpu_run(struct vqe_gpu *device, struct vqe_graph **graph,
                int (*enqueue)(void *ctx), void *ctx)
{
  (void)graph;
  device->use.graphs++;
  return enqueue(ctx);
}
