/* Every kernel body as a function of the host, for one VQE_REAL. */
#include "emulated_device.h"

#include "kernels/gates_body.h"
#include "kernels/pauli_body.h"
#include "kernels/phases_body.h"
#include "kernels/product_body.h"
#include "kernels/sector_body.h"
#include "kernels/sigma_body.h"
#include "kernels/sums_body.h"

#define VQE_KERNEL(name)                                                      \
  static void name##_kernel(const void *args, unsigned block,                 \
                            unsigned blocks, double *shared)                  \
  {                                                                           \
    vqe_##name##_block((const struct vqe_##name##_args *)args, block, blocks, \
                       shared);                                               \
  }
#include "kernels/list.h"
#undef VQE_KERNEL

const vqe_emulated_kernel VQE_EMULATED[] = {
#define VQE_KERNEL(name) name##_kernel,
#include "kernels/list.h"
#undef VQE_KERNEL
};
