/* How a kernel is written once for the GPU and for the host.
 *
 * A kernel is a function of one block: sections run by all threads of the
 * block, each ended by a barrier. On the GPU a section is what the thread
 * does before __syncthreads(); on the host it is a loop over the threads, so
 * that the unit tests run the very lines that the GPU runs. A section must
 * not read what another thread writes in it: the host runs the threads in
 * either order and must find the same bits.
 *
 * Amplitudes are stored as VQE_REAL (double, or float for single precision);
 * all arithmetic and every sum is in double. */
#ifndef VQE_KERNELS_BODY_H
#define VQE_KERNELS_BODY_H

#include <math.h>
#include <stdint.h>

#include "kernels/shape.h"

#ifdef __CUDACC__
#define VQE_BODY static __device__ inline
#define VQE_SECTION(t)                                                        \
  for (unsigned t = threadIdx.x, vqe_once = 1; vqe_once != 0;                 \
       vqe_once = 0, __syncthreads())
#define VQE_POPCOUNT(x) __popcll(x)
#else
#define VQE_BODY static inline __attribute__((unused))
/* Which thread is the k-th: the order is set by the tests. */
extern unsigned vqe_emulated_order(unsigned k);
#define VQE_SECTION(t)                                                        \
  for (unsigned vqe_k = 0, t = vqe_emulated_order(0); vqe_k < VQE_BLOCK;      \
       vqe_k++, t = vqe_emulated_order(vqe_k))
#define VQE_POPCOUNT(x) __builtin_popcountll(x)
#endif

/* shared[0..VQE_BLOCK) -> their sum in shared[0], always in the same order;
 * shared[VQE_BLOCK..VQE_BLOCK + VQE_FOLD) is scratch. */
VQE_BODY void vqe_block_sum(double *shared)
{
  VQE_SECTION(t)
  {
    if (t < VQE_FOLD) {
      double sum = 0.0;
      for (unsigned k = t; k < VQE_BLOCK; k += VQE_FOLD) {
        sum += shared[k];
      }
      shared[VQE_BLOCK + t] = sum;
    }
  }
  VQE_SECTION(t)
  {
    if (t == 0) {
      double sum = 0.0;
      for (unsigned k = 0; k < VQE_FOLD; k++) {
        sum += shared[VQE_BLOCK + k];
      }
      shared[0] = sum;
    }
  }
}

/* The sum of shared[0..VQE_BLOCK) to *to, by one thread. */
VQE_BODY void vqe_store_sum(double *to, double *shared)
{
  vqe_block_sum(shared);
  VQE_SECTION(t)
  {
    if (t == 0) {
      *to = shared[0];
    }
  }
}

/* n = quotient * d + remainder; most n fit 32 bits, where it is cheap. */
VQE_BODY uint64_t vqe_divide(uint64_t n, uint32_t d, uint32_t *remainder)
{
  if (n <= UINT32_MAX) {
    uint32_t low = (uint32_t)n;
    *remainder = low % d;
    return low / d;
  }
  *remainder = (uint32_t)(n % d);
  return n / d;
}

/* Index with a zero bit put in at `bit`. */
VQE_BODY uint64_t vqe_insert_zero(uint64_t index, int bit)
{
  uint64_t low = index & ((UINT64_C(1) << bit) - 1);
  return (index >> bit) << (bit + 1) | low;
}

#endif
