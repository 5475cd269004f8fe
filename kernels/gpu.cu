/* kernels/gpu.h on CUDA: one stream, one handle of cuBLAS where it is, and all
 * that was taken on the device, for each handle. */
#include <cuda_runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/args.h"
#include "kernels/gpu.h"
#include "kernels/products.h"
#include "kernels/shape.h"

extern "C" {
#include "base/error_message.h"
}

/* cuBLAS works in memory of ours: nothing is allocated while a graph is
 * recorded. As much as NVIDIA recommends for Hopper. */
#define WORKSPACE ((size_t)VQE_GPU_GEMM_BYTES)

/* What a process keeps of the memory that it gave back: small molecules come
 * and go faster than the driver hands out memory. Other processes miss it. */
#define KEPT_BYTES (UINT64_C(256) << 20)

/* kernels/double.cu and kernels/single.cu */
cudaError_t vqe_launch_double(enum vqe_kernel_name kernel, const void *args,
                              unsigned blocks, size_t shared,
                              cudaStream_t stream);
cudaError_t vqe_launch_single(enum vqe_kernel_name kernel, const void *args,
                              unsigned blocks, size_t shared,
                              cudaStream_t stream);
cudaError_t vqe_loadable_double(void);

struct held {
  struct held *next;
  void *data;
  size_t bytes;
};

struct vqe_graph {
  struct vqe_graph *next;
  cudaGraphExec_t exec; /* NULL: run once, not recorded yet */
};

struct vqe_gpu {
  int index, single;
  cudaMemPool_t pool; /* memory in the order of the stream; NULL: there is no
                         such thing, and giving back waits for the device */
  cudaStream_t stream;
  struct vqe_products *products; /* NULL: not opened, or there is no cuBLAS */
  int own_products;
  void *workspace;
  uint64_t shared_bytes;
  struct held *held;
  struct vqe_graph *graphs;
  struct vqe_gpu_use use;
  double started; /* of the work that the next download waits for; 0: none */
};

/* ---- errors ---- */

static int fail(cudaError_t error, const char *what)
{
  /* forget it, or the next call reports it again */
  (void)cudaGetLastError();
  return vqe_error_set(
      error == cudaErrorMemoryAllocation ? VQE_ERR_MEMORY : VQE_ERR_IO,
      "CUDA, %s: %s", what, cudaGetErrorString(error));
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The current device belongs to the thread, and threads come and go. */
static int select_device(struct vqe_gpu *device)
{
  cudaError_t error = cudaSetDevice(device->index);
  if (error != cudaSuccess) {
    return fail(error, "choosing a device");
  }
  if (device->started == 0.0) {
    device->started = now();
  }
  return VQE_OK;
}

/* ---- devices ---- */

int vqe_gpu_count(const char **reason)
{
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  const char *why = "this machine has none";
  if (error != cudaSuccess) {
    (void)cudaGetLastError();
    count = 0;
    why = error == cudaErrorInsufficientDriver
              ? "there is no NVIDIA driver, or one older than this build's "
                "CUDA"
              : cudaGetErrorString(error);
  }
  if (reason != NULL) {
    *reason = count > 0 ? NULL : why;
  }
  return count;
}

int vqe_gpu_describe(struct vqe_gpu_info *out, int index)
{
  struct cudaDeviceProp properties;
  int driver = 0;
  size_t free_bytes = 0;
  size_t bytes = 0;
  cudaError_t error = cudaGetDeviceProperties(&properties, index);
  if (error == cudaSuccess) {
    error = cudaDriverGetVersion(&driver);
  }
  if (error == cudaSuccess) {
    error = cudaSetDevice(index);
  }
  if (error == cudaSuccess) {
    error = cudaMemGetInfo(&free_bytes, &bytes);
  }
  if (error != cudaSuccess) {
    return fail(error, "reading the properties of a device");
  }
  memset(out, 0, sizeof *out);
  snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1,
           properties.name);
  snprintf(out->driver, sizeof out->driver, "CUDA %d.%d", driver / 1000,
           driver % 1000 / 10);
  out->bytes = bytes;
  out->free_bytes = free_bytes;
  out->multiprocessors = properties.multiProcessorCount;
  out->compute_major = properties.major;
  out->compute_minor = properties.minor;
  out->shared_bytes = properties.sharedMemPerBlockOptin;
  return VQE_OK;
}

/* In the order of the stream, without waiting: other streams may use it
 * after vqe_gpu_wait. */
static cudaError_t take(struct vqe_gpu *device, void **data, size_t bytes)
{
  return device->pool != NULL ? cudaMallocAsync(data, bytes, device->stream)
                              : cudaMalloc(data, bytes);
}

static void give_back(struct vqe_gpu *device, void *data)
{
  if (device->pool == NULL) {
    (void)cudaFree(data);
  } else if (data != NULL) {
    (void)cudaFreeAsync(data, device->stream);
  }
}

static cudaError_t open_pool(struct vqe_gpu *device)
{
  uint64_t kept = KEPT_BYTES;
  int there = 0;
  cudaError_t error = cudaDeviceGetAttribute(
      &there, cudaDevAttrMemoryPoolsSupported, device->index);
  if (error == cudaSuccess && there) {
    error = cudaDeviceGetDefaultMemPool(&device->pool, device->index);
  }
  if (error == cudaSuccess && there) {
    error = cudaMemPoolSetAttribute(device->pool,
                                    cudaMemPoolAttrReleaseThreshold, &kept);
  }
  return error;
}

/* By attributes one by one: all properties of a device take as long as some
 * small molecules. */
static int open_handles(struct vqe_gpu *device)
{
  struct vqe_gpu_info info;
  int shared = 0;
  cudaError_t error = cudaSetDevice(device->index);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(
        &shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device->index);
  }
  if (error == cudaSuccess) {
    error = open_pool(device);
  }
  if (error != cudaSuccess) {
    return fail(error, "opening a device");
  }
  device->shared_bytes = (uint64_t)shared;
  if (vqe_loadable_double() != cudaSuccess) {
    (void)cudaGetLastError();
    int status = vqe_gpu_describe(&info, device->index);
    if (status != VQE_OK) {
      return status;
    }
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s has compute capability %d.%d, for which this "
                         "build has no code; build with "
                         "-DCMAKE_CUDA_ARCHITECTURES=%d%d",
                         info.name, info.compute_major, info.compute_minor,
                         info.compute_major, info.compute_minor);
  }
  error = cudaStreamCreateWithFlags(&device->stream, cudaStreamNonBlocking);
  return error == cudaSuccess ? VQE_OK : fail(error, "opening a device");
}

int vqe_gpu_open(struct vqe_gpu **out, int index, int single)
{
  struct vqe_gpu *device =
      (struct vqe_gpu *)calloc(1, sizeof(struct vqe_gpu));
  *out = NULL;
  if (device == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a device's handle");
  }
  device->index = index;
  device->single = single;
  int status = open_handles(device);
  if (status != VQE_OK) {
    vqe_gpu_close(device);
    return status;
  }
  *out = device;
  return VQE_OK;
}

void vqe_gpu_close(struct vqe_gpu *device)
{
  if (device == NULL) {
    return;
  }
  (void)cudaSetDevice(device->index);
  if (device->stream != NULL) {
    (void)cudaStreamSynchronize(device->stream);
  }
  while (device->graphs != NULL) {
    struct vqe_graph *next = device->graphs->next;
    if (device->graphs->exec != NULL) {
      (void)cudaGraphExecDestroy(device->graphs->exec);
    }
    free(device->graphs);
    device->graphs = next;
  }
  vqe_products_close(device->products);
  while (device->held != NULL) {
    struct held *next = device->held->next;
    give_back(device, device->held->data);
    free(device->held);
    device->held = next;
  }
  give_back(device, device->workspace);
  if (device->stream != NULL) {
    (void)cudaStreamSynchronize(device->stream);
    (void)cudaStreamDestroy(device->stream);
  }
  (void)cudaGetLastError();
  free(device);
}

void vqe_gpu_usage(struct vqe_gpu_use *out,
                      const struct vqe_gpu *device)
{
  *out = device->use;
}

void vqe_gpu_charge(struct vqe_gpu *device,
                       const struct vqe_gpu_use *use)
{
  device->use.seconds += use->seconds;
  device->use.launches += use->launches;
  device->use.graphs += use->graphs;
  device->use.bytes_up += use->bytes_up;
  device->use.bytes_down += use->bytes_down;
}

/* What the pool holds and nothing uses. */
static uint64_t kept_bytes(const struct vqe_gpu *device)
{
  uint64_t held = 0;
  uint64_t used = 0;
  if (device->pool == NULL) {
    return 0;
  }
  if (cudaMemPoolGetAttribute(device->pool, cudaMemPoolAttrReservedMemCurrent,
                              &held) != cudaSuccess ||
      cudaMemPoolGetAttribute(device->pool, cudaMemPoolAttrUsedMemCurrent,
                              &used) != cudaSuccess) {
    (void)cudaGetLastError();
    return 0;
  }
  return held > used ? held - used : 0;
}

uint64_t vqe_gpu_free_bytes(const struct vqe_gpu *device)
{
  size_t free_bytes = 0;
  size_t bytes = 0;
  if (cudaSetDevice(device->index) != cudaSuccess ||
      cudaMemGetInfo(&free_bytes, &bytes) != cudaSuccess) {
    (void)cudaGetLastError();
    return 0;
  }
  return free_bytes + kept_bytes(device);
}

uint64_t vqe_gpu_shared_bytes(const struct vqe_gpu *device)
{
  return device->shared_bytes;
}

/* ---- memory ---- */

int vqe_gpu_alloc(struct vqe_gpu *device, void *out, size_t count,
                     size_t size, const char *what)
{
  void *data = NULL;
  struct held *held;
  int status = select_device(device);
  if (status != VQE_OK) {
    return status;
  }
  if (size != 0 && count > SIZE_MAX / size) {
    return vqe_error_set(VQE_ERR_MEMORY, "%s: too large for a device", what);
  }
  size_t bytes = count * size;
  /* an empty array has an address too */
  cudaError_t error = take(device, &data, bytes > 0 ? bytes : 1);
  if (error == cudaSuccess) {
    error = cudaMemsetAsync(data, 0, bytes, device->stream);
  }
  if (error != cudaSuccess) {
    give_back(device, data);
    (void)fail(error, what);
    return error == cudaErrorMemoryAllocation
               ? vqe_error_set(VQE_ERR_MEMORY,
                               "the device has no %.1f MB left for %s",
                               (double)bytes / 1e6, what)
               : VQE_ERR_IO;
  }
  held = (struct held *)malloc(sizeof *held);
  if (held == NULL) {
    give_back(device, data);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of memory");
  }
  held->data = data;
  held->bytes = bytes;
  held->next = device->held;
  device->held = held;
  device->use.bytes_held += bytes;
  memcpy(out, &data, sizeof data);
  return VQE_OK;
}

void vqe_gpu_release(struct vqe_gpu *device, const void *data)
{
  struct held **link = &device->held;
  while (*link != NULL && (*link)->data != data) {
    link = &(*link)->next;
  }
  if (*link == NULL || select_device(device) != VQE_OK) {
    return;
  }
  struct held *held = *link;
  *link = held->next;
  device->use.bytes_held -= held->bytes;
  give_back(device, held->data);
  free(held);
}

int vqe_gpu_upload(struct vqe_gpu *device, void *to, const void *from,
                      size_t bytes)
{
  int status = select_device(device);
  if (status != VQE_OK || bytes == 0) {
    return status;
  }
  /* from pageable memory: returns when the source has been read */
  cudaError_t error = cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice,
                                      device->stream);
  device->use.bytes_up += bytes;
  return error == cudaSuccess ? VQE_OK : fail(error, "an upload");
}

static int synchronize(struct vqe_gpu *device, const char *what)
{
  cudaError_t error = cudaStreamSynchronize(device->stream);
  device->use.seconds += now() - device->started;
  device->started = 0.0;
  return error == cudaSuccess ? VQE_OK : fail(error, what);
}

int vqe_gpu_download(struct vqe_gpu *device, void *to, const void *from,
                        size_t bytes)
{
  int status = select_device(device);
  if (status != VQE_OK) {
    return status;
  }
  cudaError_t error = cudaMemcpyAsync(
      to, from, bytes, cudaMemcpyDeviceToHost, device->stream);
  device->use.bytes_down += bytes;
  return error == cudaSuccess ? synchronize(device, "a download")
                              : fail(error, "a download");
}

int vqe_gpu_wait(struct vqe_gpu *device)
{
  int status = select_device(device);
  return status == VQE_OK ? synchronize(device, "waiting") : status;
}

/* ---- work ---- */

int vqe_gpu_launch(struct vqe_gpu *device, enum vqe_kernel_name kernel,
                      const void *args, unsigned blocks, size_t shared)
{
  int status = select_device(device);
  if (status != VQE_OK) {
    return status;
  }
  cudaError_t error =
      (device->single ? vqe_launch_single
                      : vqe_launch_double)(kernel, args, blocks, shared,
                                           device->stream);
  device->use.launches++;
  return error == cudaSuccess ? VQE_OK : fail(error, "a launch");
}

/* Small states have no products: of many handles few need this. A recording
 * finds it done, as the first run of a graph is a plain one. */
static int open_products(struct vqe_gpu *device)
{
  if (device->products != NULL || device->own_products) {
    return VQE_OK;
  }
  cudaError_t error = device->workspace == NULL
                          ? take(device, &device->workspace, WORKSPACE)
                          : cudaSuccess;
  if (error != cudaSuccess) {
    return fail(error, "opening cuBLAS");
  }
  int status = vqe_products_open(&device->products, device->stream,
                                 device->workspace, WORKSPACE);
  if (status == VQE_ERR_UNSUPPORTED) {
    device->own_products = 1;
    give_back(device, device->workspace);
    device->workspace = NULL;
    status = VQE_OK;
  }
  return status;
}

/* Twin of vqe_products_gemm. */
static int own_gemm(struct vqe_gpu *device, const struct vqe_product_args *args)
{
  const uint32_t tile = VQE_GEMM_TILE;
  uint64_t tiles = (uint64_t)((args->m + tile - 1) / tile) *
                   ((args->n + tile - 1) / tile);
  unsigned most = 1u << 20;
  return vqe_gpu_launch(device, VQE_KERNEL_product, args,
                        tiles < most ? (unsigned)tiles : most,
                        VQE_GEMM_SHARED);
}

const char *vqe_gpu_products(void)
{
  return vqe_products_text();
}

int vqe_gpu_gemm(struct vqe_gpu *device, int m, int n, int k,
                    const double *a, int lda, const double *b, int ldb,
                    double *c, int ldc)
{
  int status = select_device(device);
  if (status == VQE_OK) {
    status = open_products(device);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (device->own_products) {
    struct vqe_product_args args = {a, b, c, (uint32_t)m, (uint32_t)n,
                                    (uint32_t)k, (uint32_t)lda, (uint32_t)ldb,
                                    (uint32_t)ldc};
    return own_gemm(device, &args);
  }
  device->use.launches++;
  return vqe_products_gemm(device->products, m, n, k, a, lda, b, ldb, c, ldc);
}

int vqe_gpu_stream(struct vqe_gpu *device, void **stream)
{
  int status = select_device(device);
  *stream = device->stream;
  device->use.launches++;
  return status;
}

/* Kernels are loaded when they first run, which a recording does not allow:
 * the first run is a plain one. */
static int run_first(struct vqe_gpu *device, struct vqe_graph **graph,
                     int (*enqueue)(void *ctx), void *ctx)
{
  struct vqe_graph *out = (struct vqe_graph *)calloc(1, sizeof *out);
  if (out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a graph");
  }
  out->next = device->graphs;
  device->graphs = out;
  *graph = out;
  return enqueue(ctx);
}

static int record(struct vqe_gpu *device, struct vqe_graph *graph,
                  int (*enqueue)(void *ctx), void *ctx)
{
  cudaGraph_t recorded = NULL;
  cudaError_t error = cudaStreamBeginCapture(device->stream,
                                             cudaStreamCaptureModeThreadLocal);
  if (error != cudaSuccess) {
    return fail(error, "recording a graph");
  }
  int status = enqueue(ctx);
  /* ends the recording whatever became of it */
  error = cudaStreamEndCapture(device->stream, &recorded);
  if (status == VQE_OK && error != cudaSuccess) {
    status = fail(error, "recording a graph");
  }
  if (status == VQE_OK) {
    error = cudaGraphInstantiate(&graph->exec, recorded, 0);
    if (error != cudaSuccess) {
      graph->exec = NULL;
      status = fail(error, "making a graph");
    }
  }
  if (recorded != NULL) {
    (void)cudaGraphDestroy(recorded);
  }
  return status;
}

int vqe_gpu_run(struct vqe_gpu *device, struct vqe_graph **graph,
                   int (*enqueue)(void *ctx), void *ctx)
{
  int status = select_device(device);
  if (status == VQE_OK && *graph == NULL) {
    return run_first(device, graph, enqueue, ctx);
  }
  if (status == VQE_OK && (*graph)->exec == NULL) {
    status = record(device, *graph, enqueue, ctx);
  }
  if (status != VQE_OK) {
    return status;
  }
  cudaError_t error = cudaGraphLaunch((*graph)->exec, device->stream);
  device->use.graphs++;
  return error == cudaSuccess ? VQE_OK : fail(error, "starting a graph");
}
