/* kernels/gpu.h where CUDA is not built in. */
#include "base/error_message.h"
#include "kernels/gpu.h"

static const char *const built_without = "this build has no CUDA";

static int refuse(void)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "%s; configure with a CUDA toolkit (README.md, \"On "
                       "GPUs\")",
                       built_without);
}

int vqe_gpu_count(const char **reason)
{
  if (reason != NULL) {
    *reason = built_without;
  }
  return 0;
}

int vqe_gpu_describe(struct vqe_gpu_info *out, int index)
{
  (void)out;
  (void)index;
  return refuse();
}

int vqe_gpu_open(struct vqe_gpu **out, int index, int single)
{
  (void)index;
  (void)single;
  *out = NULL;
  return refuse();
}

void vqe_gpu_close(struct vqe_gpu *device)
{
  (void)device;
}

void vqe_gpu_usage(struct vqe_gpu_use *out, const struct vqe_gpu *device)
{
  (void)device;
  *out = (struct vqe_gpu_use){0};
}

void vqe_gpu_charge(struct vqe_gpu *device, const struct vqe_gpu_use *use)
{
  (void)device;
  (void)use;
}

uint64_t vqe_gpu_free_bytes(const struct vqe_gpu *device)
{
  (void)device;
  return 0;
}

uint64_t vqe_gpu_shared_bytes(const struct vqe_gpu *device)
{
  (void)device;
  return 0;
}

int vqe_gpu_alloc(struct vqe_gpu *device, void *out, size_t count, size_t size,
                  const char *what)
{
  (void)device;
  (void)out;
  (void)count;
  (void)size;
  (void)what;
  return refuse();
}

void vqe_gpu_release(struct vqe_gpu *device, const void *data)
{
  (void)device;
  (void)data;
}

int vqe_gpu_upload(struct vqe_gpu *device, void *to, const void *from,
                   size_t bytes)
{
  (void)device;
  (void)to;
  (void)from;
  (void)bytes;
  return refuse();
}

int vqe_gpu_download(struct vqe_gpu *device, void *to, const void *from,
                     size_t bytes)
{
  (void)device;
  (void)to;
  (void)from;
  (void)bytes;
  return refuse();
}

int vqe_gpu_wait(struct vqe_gpu *device)
{
  (void)device;
  return refuse();
}

int vqe_gpu_launch(struct vqe_gpu *device, enum vqe_kernel_name kernel,
                   const void *args, unsigned blocks, size_t shared)
{
  (void)device;
  (void)kernel;
  (void)args;
  (void)blocks;
  (void)shared;
  return refuse();
}

const char *vqe_gpu_products(void)
{
  return "none (built without CUDA)";
}

int vqe_gpu_gemm(struct vqe_gpu *device, int m, int n, int k, const double *a,
                 int lda, const double *b, int ldb, double *c, int ldc)
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

int vqe_gpu_stream(struct vqe_gpu *device, void **stream)
{
  (void)device;
  (void)stream;
  return refuse();
}

int vqe_gpu_run(struct vqe_gpu *device, struct vqe_graph **graph,
                int (*enqueue)(void *ctx), void *ctx)
{
  (void)device;
  (void)graph;
  (void)enqueue;
  (void)ctx;
  return refuse();
}
