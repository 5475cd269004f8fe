/* kernels/device.h where CUDA is not built in. */
#include "base/error.h"
#include "kernels/device.h"

static const char *const built_without = "this build has no CUDA";

static int refuse(void)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "%s; configure with a CUDA toolkit (README.md, \"On "
                       "GPUs\")",
                       built_without);
}

int vqe_device_count(const char **reason)
{
  if (reason != NULL) {
    *reason = built_without;
  }
  return 0;
}

int vqe_device_describe(struct vqe_device_info *out, int index)
{
  (void)out;
  (void)index;
  return refuse();
}

int vqe_device_open(struct vqe_device **out, int index, int single)
{
  (void)index;
  (void)single;
  *out = NULL;
  return refuse();
}

void vqe_device_close(struct vqe_device *device)
{
  (void)device;
}

void vqe_device_usage(struct vqe_device_use *out,
                      const struct vqe_device *device)
{
  (void)device;
  *out = (struct vqe_device_use){0};
}

void vqe_device_charge(struct vqe_device *device,
                       const struct vqe_device_use *use)
{
  (void)device;
  (void)use;
}

uint64_t vqe_device_free_bytes(const struct vqe_device *device)
{
  (void)device;
  return 0;
}

uint64_t vqe_device_shared_bytes(const struct vqe_device *device)
{
  (void)device;
  return 0;
}

int vqe_device_alloc(struct vqe_device *device, void *out, size_t count,
                     size_t size, const char *what)
{
  (void)device;
  (void)out;
  (void)count;
  (void)size;
  (void)what;
  return refuse();
}

void vqe_device_release(struct vqe_device *device, const void *data)
{
  (void)device;
  (void)data;
}

int vqe_device_upload(struct vqe_device *device, void *to, const void *from,
                      size_t bytes)
{
  (void)device;
  (void)to;
  (void)from;
  (void)bytes;
  return refuse();
}

int vqe_device_download(struct vqe_device *device, void *to, const void *from,
                        size_t bytes)
{
  (void)device;
  (void)to;
  (void)from;
  (void)bytes;
  return refuse();
}

int vqe_device_wait(struct vqe_device *device)
{
  (void)device;
  return refuse();
}

int vqe_device_launch(struct vqe_device *device, enum vqe_kernel_name kernel,
                      const void *args, unsigned blocks, size_t shared)
{
  (void)device;
  (void)kernel;
  (void)args;
  (void)blocks;
  (void)shared;
  return refuse();
}

int vqe_device_gemm(struct vqe_device *device, int m, int n, int k,
                    const double *a, int lda, const double *b, int ldb,
                    double *c, int ldc)
{
  (void)device;
  (void)m;
  (void)n;
  (void)k;
  (void)a;
  (void)lda;
  (void)b;
  (void)ldb;
  (void)c;
  (void)ldc;
  return refuse();
}

int vqe_device_stream(struct vqe_device *device, void **stream)
{
  (void)device;
  (void)stream;
  return refuse();
}

int vqe_device_run(struct vqe_device *device, struct vqe_graph **graph,
                   int (*enqueue)(void *ctx), void *ctx)
{
  (void)device;
  (void)graph;
  (void)enqueue;
  (void)ctx;
  return refuse();
}
