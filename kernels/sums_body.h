/* Angles in, energy and gradient out: kernels of a few numbers, and the one
 * sum over whole vectors. */
#ifndef VQE_KERNELS_SUMS_BODY_H
#define VQE_KERNELS_SUMS_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"

/* Twin of the cos and sin at the head of rotate_all and of the gates: all
 * angles of an evaluation at once. */
VQE_BODY void vqe_turns_block(const struct vqe_turns_args *a, unsigned block,
                              unsigned blocks, double *shared)
{
  (void)shared;
  VQE_SECTION(t)
  {
    for (uint64_t k = (uint64_t)block * VQE_BLOCK + t; k < a->count;
         k += (uint64_t)blocks * VQE_BLOCK) {
      double angle = a->scale[k] * a->parameters[a->param[k]];
      a->angle[k] = angle;
      a->turn[2 * k] = cos(angle);
      a->turn[2 * k + 1] = sin(angle);
    }
  }
}

/* Twin of dot: sum_i a_i b_i over both planes, one partial sum a block. */
VQE_BODY void vqe_dot_block(const struct vqe_dot_args *a, unsigned block,
                            unsigned blocks, double *shared)
{
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (int part = 0; part < a->a.count; part++) {
      const VQE_REAL *x = (const VQE_REAL *)a->a.part[part];
      const VQE_REAL *y = (const VQE_REAL *)a->b.part[part];
      for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
           i += (uint64_t)blocks * VQE_BLOCK) {
        sum += (double)x[i] * (double)y[i];
      }
    }
    shared[t] = sum;
  }
  vqe_store_sum(&a->partial[block], shared);
}

/* Block 0 adds the energy, block 1 + p the derivative by parameter p, each
 * in one order: the result does not depend on the device. */
VQE_BODY void vqe_finish_block(const struct vqe_finish_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  (void)blocks;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    if (block == 0) {
      for (uint64_t k = t; k < 2 * a->stride; k += VQE_BLOCK) {
        sum += a->energy[k];
      }
    } else {
      for (uint32_t j = a->start[block - 1]; j < a->start[block]; j++) {
        const double *row = a->partial + a->angle[j] * a->stride;
        double own = 0.0;
        for (uint64_t k = t; k < a->stride; k += VQE_BLOCK) {
          own += row[k];
        }
        sum += a->factor[a->angle[j]] * own;
      }
    }
    shared[t] = sum;
  }
  vqe_block_sum(shared);
  VQE_SECTION(t)
  {
    if (t == 0) {
      a->out[block] = shared[0] + (block == 0 ? a->constant : 0.0);
    }
  }
}

#endif
