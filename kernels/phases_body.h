/* Kernels of runs of diagonal gates: twins of src/sim/phases.c. */
#ifndef VQE_KERNELS_PHASES_BODY_H
#define VQE_KERNELS_PHASES_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"
#include "kernels/sigma_body.h"

/* Occupations of both sides of amplitude i. */
VQE_BODY void vqe_phase_bits(uint64_t *rows, uint64_t *columns, uint64_t i,
                             const struct vqe_block_list *list,
                             const uint64_t *row_bits,
                             const uint64_t *column_bits, int norb)
{
  if (list == 0) {
    *rows = i >> norb;
    *columns = i & ((UINT64_C(1) << norb) - 1);
    return;
  }
  uint32_t s;
  uint32_t u;
  uint32_t width;
  (void)vqe_block_find(list, i, &s, &u, &width);
  *rows = row_bits[s];
  *columns = column_bits[u];
}

/* Twin of vqe_phases_apply: psi_i times exp(i sum of the angles whose
 * orbitals are occupied in i), each amplitude touched once. Backwards both
 * vectors are turned back, and weight_i = Re(conj(lambda_i) i psi_i), the
 * same before and after, is kept for the sums. */
VQE_BODY void vqe_phases_block(const struct vqe_phases_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  (void)shared;
  int back = a->lambda.count > 0;
  VQE_REAL *re = (VQE_REAL *)a->psi.part[0];
  VQE_REAL *im = (VQE_REAL *)a->psi.part[1];
  VQE_REAL *lr = (VQE_REAL *)a->lambda.part[0];
  VQE_REAL *li = (VQE_REAL *)a->lambda.part[1];
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      uint64_t rows;
      uint64_t columns;
      double angle = 0.0;
      vqe_phase_bits(&rows, &columns, i, a->list, a->row_bits, a->column_bits,
                     a->norb);
      for (uint64_t k = 0; k < a->count; k++) {
        struct vqe_mask_pair mask = a->masks[k];
        if ((rows & mask.rows) == mask.rows &&
            (columns & mask.columns) == mask.columns) {
          angle += a->angle[k];
        }
      }
      double c = cos(angle);
      double s = back ? -sin(angle) : sin(angle);
      double x = (double)re[i];
      double y = (double)im[i];
      if (back) {
        double u = (double)lr[i];
        double v = (double)li[i];
        a->weight[i] = v * x - u * y;
        lr[i] = (VQE_REAL)(c * u - s * v);
        li[i] = (VQE_REAL)(c * v + s * u);
      }
      re[i] = (VQE_REAL)(c * x - s * y);
      im[i] = (VQE_REAL)(c * y + s * x);
    }
  }
}

/* The sums of the gradient of a run, sum_i n_k(i) weight_i: block k does all
 * of phase k. */
VQE_BODY void vqe_phase_sums_block(const struct vqe_phase_sums_args *a,
                                   unsigned block, unsigned blocks,
                                   double *shared)
{
  (void)blocks;
  struct vqe_mask_pair mask = a->masks[block];
  double *row = a->partial + (uint64_t)block * a->stride;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t i = t; i < a->size; i += VQE_BLOCK) {
      uint64_t rows;
      uint64_t columns;
      vqe_phase_bits(&rows, &columns, i, a->list, a->row_bits, a->column_bits,
                     a->norb);
      if ((rows & mask.rows) == mask.rows &&
          (columns & mask.columns) == mask.columns) {
        sum += a->weight[i];
      }
    }
    shared[t] = sum;
    for (uint64_t k = t + 1; k < a->stride; k += VQE_BLOCK) {
      row[k] = 0.0;
    }
  }
  vqe_store_sum(row, shared);
}

#endif
