/* Every kernel of one VQE_REAL, and the launch that finds it by name: what
 * kernels/double.cu and kernels/single.cu are. */
#include <cuda_runtime.h>

#include "kernels/gpu.h"

#include "kernels/gates_body.h"
#include "kernels/pauli_body.h"
#include "kernels/phases_body.h"
#include "kernels/product_body.h"
#include "kernels/sector_body.h"
#include "kernels/sigma_body.h"
#include "kernels/sums_body.h"

/* What any device lets a kernel take without an attribute. */
#define PLAIN_SHARED ((size_t)48 << 10)

#define VQE_KERNEL(name)                                                      \
  static __global__ void __launch_bounds__(VQE_BLOCK)                         \
      name##_kernel(const __grid_constant__ struct vqe_##name##_args args)    \
  {                                                                           \
    extern __shared__ double shared[];                                        \
    vqe_##name##_block(&args, blockIdx.x, gridDim.x, shared);                 \
  }                                                                           \
  static_assert(sizeof(struct vqe_##name##_args) <= 4096,                     \
                "what a launch can carry");
#include "kernels/list.h"
#undef VQE_KERNEL

static const void *const kernels[] = {
#define VQE_KERNEL(name) (const void *)name##_kernel,
#include "kernels/list.h"
#undef VQE_KERNEL
};

cudaError_t VQE_LAUNCH(enum vqe_kernel_name kernel, const void *args,
                       unsigned blocks, size_t shared, cudaStream_t stream)
{
  size_t bytes = shared * sizeof(double);
  void *list[1] = {const_cast<void *>(args)};
  if (bytes > PLAIN_SHARED) {
    /* all that there is: other threads launch the kernel with other sizes */
    int device;
    int most = 0;
    cudaError_t error = cudaGetDevice(&device);
    if (error == cudaSuccess) {
      error = cudaDeviceGetAttribute(
          &most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    }
    if (error == cudaSuccess) {
      error = cudaFuncSetAttribute(
          kernels[kernel], cudaFuncAttributeMaxDynamicSharedMemorySize, most);
    }
    if (error != cudaSuccess) {
      return error;
    }
  }
  return cudaLaunchKernel(kernels[kernel], dim3(blocks), dim3(VQE_BLOCK), list,
                          bytes, stream);
}

/* Whether the device has code of ours: cudaSuccess. */
cudaError_t VQE_LOADABLE(void)
{
  struct cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, kernels[0]);
}
