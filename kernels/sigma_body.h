/* Kernels of the CI product: twins of src/sim/sigma.c. */
#ifndef VQE_KERNELS_SIGMA_BODY_H
#define VQE_KERNELS_SIGMA_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"

#define VQE_SIGN_BIT UINT32_C(0x80000000)

/* Block of an address, and its row and column as strings. */
VQE_BODY int vqe_block_find(const struct vqe_block_list *list, uint64_t i,
                            uint32_t *s, uint32_t *u, uint32_t *columns)
{
  int k = 0;
  while (i >= list->start[k + 1]) {
    k++;
  }
  int ca = list->row[k];
  int cb = list->column[k];
  uint32_t column;
  *columns = list->column_start[cb + 1] - list->column_start[cb];
  uint64_t row = vqe_divide(i - list->start[k], *columns, &column);
  *s = list->row_start[ca] + (uint32_t)row;
  *u = list->column_start[cb] + column;
  return k;
}

/* Twin of to_blocks_row and from_blocks_row. */
VQE_BODY void vqe_blocks_block(const struct vqe_blocks_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  (void)shared;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      uint32_t s;
      uint32_t u;
      uint32_t columns;
      (void)vqe_block_find(a->list, i, &s, &u, &columns);
      uint64_t natural = (uint64_t)a->bits[s] << a->norb | a->bits[u];
      if (a->back) {
        ((VQE_REAL *)a->out)[natural] = ((const VQE_REAL *)a->in)[i];
      } else {
        ((VQE_REAL *)a->out)[i] = ((const VQE_REAL *)a->in)[natural];
      }
    }
  }
}

/* ((H - constant) in)[i]: of one spin
 *   sum_s' <s|H_a|s'> in[s', u] + sum_u' <u|H_b|u'> in[s, u'],
 * and with `mixed` that of both,
 *   sum_g sum_{PQ,s'} sum_{RS,u'} (+-) (PQ|RS) in[s', u'],
 * over the links of s and u: everything is read, one amplitude is written, so
 * no two threads write the same place. */
VQE_BODY double vqe_sigma_element(const struct vqe_gpu_sigma *sigma,
                                  const VQE_REAL *in, uint64_t i, int mixed)
{
  const struct vqe_block_list *list = sigma->list;
  uint32_t s;
  uint32_t u;
  uint32_t columns;
  int block = vqe_block_find(list, i, &s, &u, &columns);
  double sum = 0.0;
  for (uint64_t k = sigma->alpha.row[s]; k < sigma->alpha.row[s + 1]; k++) {
    int64_t step = (int64_t)sigma->alpha.column[k] - (int64_t)s;
    sum += sigma->alpha.value[k] *
           (double)in[(int64_t)i + step * (int64_t)columns];
  }
  for (uint64_t k = sigma->beta.row[u]; k < sigma->beta.row[u + 1]; k++) {
    sum += sigma->beta.value[k] * (double)in[i + sigma->beta.column[k] - u];
  }
  if (!mixed) {
    return sum;
  }
  for (int g = 0; g < sigma->nirrep; g++) {
    int ca = list->row[block] ^ g;
    int cb = list->column[block] ^ g;
    uint64_t at = list->offset[ca][cb];
    uint32_t other = list->column_start[cb + 1] - list->column_start[cb];
    uint64_t ks = (uint64_t)s * (uint64_t)sigma->nirrep + (uint64_t)g;
    uint64_t ku = (uint64_t)u * (uint64_t)sigma->nirrep + (uint64_t)g;
    for (uint64_t k = sigma->alpha.link_start[ks];
         k < sigma->alpha.link_start[ks + 1]; k++) {
      struct vqe_gpu_link alpha = sigma->alpha.links[k];
      const double *w = sigma->w[g] + (uint64_t)(alpha.pair & ~VQE_SIGN_BIT) *
                                          sigma->npair[g];
      const VQE_REAL *row =
          in + at + (uint64_t)(alpha.partner - list->row_start[ca]) * other;
      double own = 0.0;
      for (uint64_t j = sigma->beta.link_start[ku];
           j < sigma->beta.link_start[ku + 1]; j++) {
        struct vqe_gpu_link beta = sigma->beta.links[j];
        double value = w[beta.pair & ~VQE_SIGN_BIT] *
                       (double)row[beta.partner - list->column_start[cb]];
        own += (beta.pair & VQE_SIGN_BIT) ? -value : value;
      }
      sum += (alpha.pair & VQE_SIGN_BIT) ? -own : own;
    }
  }
  return sum;
}

/* Twin of apply_alpha and apply_beta, and for short vectors of apply_mixed
 * too. */
VQE_BODY void vqe_sigma_block(const struct vqe_sigma_args *a, unsigned block,
                              unsigned blocks, double *shared)
{
  (void)shared;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      ((VQE_REAL *)a->out)[i] = (VQE_REAL)vqe_sigma_element(
          &a->sigma, (const VQE_REAL *)a->in, i, a->mixed);
    }
  }
}

/* Twin of the first half of apply_mixed, F_RS in over the columns: every
 * place of the panel is written once, zeros too. */
VQE_BODY void vqe_gather_block(const struct vqe_gather_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  (void)shared;
  uint64_t count = (uint64_t)a->npair * a->rows * a->width;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < count;
         i += (uint64_t)blocks * VQE_BLOCK) {
      uint32_t c;
      uint32_t r;
      uint64_t k = vqe_divide(vqe_divide(i, a->width, &c), a->rows, &r);
      int32_t from = a->partner[k * a->partner_stride + a->first + c];
      const VQE_REAL *row =
          (const VQE_REAL *)a->in + (uint64_t)r * a->columns_in;
      a->panel[i] = from == 0  ? 0.0
                    : from > 0 ? (double)row[from - 1]
                               : -(double)row[-from - 1];
    }
  }
}

/* Twin of its second half, turned round: a place of the result adds what its
 * own links name, in their order. F_PQ is symmetric, so that the links of a
 * row name the rows it comes from; no atomics. */
VQE_BODY void vqe_scatter_block(const struct vqe_scatter_args *a,
                                unsigned block, unsigned blocks,
                                double *shared)
{
  (void)shared;
  uint64_t count = (uint64_t)a->rows * a->width;
  uint64_t stride = (uint64_t)a->source_rows * a->width;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < count;
         i += (uint64_t)blocks * VQE_BLOCK) {
      uint32_t c;
      uint64_t row = vqe_divide(i, a->width, &c);
      uint64_t list =
          (a->row_base + row) * (uint64_t)a->nirrep + (uint64_t)a->g;
      double sum = 0.0;
      for (uint64_t k = a->link_start[list]; k < a->link_start[list + 1];
           k++) {
        struct vqe_gpu_link link = a->links[k];
        double value =
            a->panel[(link.pair & ~VQE_SIGN_BIT) * stride +
                     (uint64_t)(link.partner - a->source_base) * a->width + c];
        sum += (link.pair & VQE_SIGN_BIT) ? -value : value;
      }
      VQE_REAL *out = (VQE_REAL *)a->out + row * a->columns + a->first + c;
      *out = (VQE_REAL)((double)*out + sum);
    }
  }
}

#endif
