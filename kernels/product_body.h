/* The product of two matrices, for a machine without cuBLAS. */
#ifndef VQE_KERNELS_PRODUCT_BODY_H
#define VQE_KERNELS_PRODUCT_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"

/* A thread has this many rows and columns of a tile, 16 apart, so that threads
 * that run together touch neighbours. */
#define VQE_GEMM_EACH (VQE_GEMM_TILE / 16u)

/* One step of the sum over k: columns of a and rows of b into shared memory,
 * zeros beyond the edges. */
VQE_BODY void vqe_product_load(const struct vqe_product_args *a, unsigned t,
                               uint32_t row, uint32_t column, uint32_t start,
                               double *left, double *right)
{
  const uint32_t tile = VQE_GEMM_TILE;
  const uint32_t depth = VQE_GEMM_DEPTH;
  for (uint32_t i = t; i < tile * depth; i += VQE_BLOCK) {
    uint32_t r = row + i % tile;
    uint32_t d = start + i / tile;
    left[i] = r < a->m && d < a->k ? a->a[r + (uint64_t)d * a->lda] : 0.0;
    d = start + i % depth;
    uint32_t c = column + i / depth;
    right[i % depth * tile + i / depth] =
        c < a->n && d < a->k ? a->b[d + (uint64_t)c * a->ldb] : 0.0;
  }
}

/* What a thread adds to its places of the tile. The sums wait in shared
 * memory between steps, as a section keeps nothing else. */
VQE_BODY void vqe_product_step(unsigned t, const double *left,
                               const double *right, double *sums)
{
  const uint32_t tile = VQE_GEMM_TILE;
  double own[VQE_GEMM_EACH][VQE_GEMM_EACH];
  uint32_t x = t % 16u;
  uint32_t y = t / 16u;
  for (uint32_t i = 0; i < VQE_GEMM_EACH; i++) {
    for (uint32_t j = 0; j < VQE_GEMM_EACH; j++) {
      own[i][j] = sums[(y + 16u * j) * tile + x + 16u * i];
    }
  }
  for (uint32_t d = 0; d < VQE_GEMM_DEPTH; d++) {
    for (uint32_t i = 0; i < VQE_GEMM_EACH; i++) {
      double value = left[d * tile + x + 16u * i];
      for (uint32_t j = 0; j < VQE_GEMM_EACH; j++) {
        own[i][j] += value * right[d * tile + y + 16u * j];
      }
    }
  }
  for (uint32_t i = 0; i < VQE_GEMM_EACH; i++) {
    for (uint32_t j = 0; j < VQE_GEMM_EACH; j++) {
      sums[(y + 16u * j) * tile + x + 16u * i] = own[i][j];
    }
  }
}

/* Twin of cblas_dgemm: a tile of c for each block, its sums over k in one
 * order, whatever the number of blocks. */
VQE_BODY void vqe_product_block(const struct vqe_product_args *a,
                                unsigned block, unsigned blocks,
                                double *shared)
{
  const uint32_t tile = VQE_GEMM_TILE;
  double *sums = shared;
  double *left = sums + tile * tile;
  double *right = left + tile * VQE_GEMM_DEPTH;
  uint32_t down = (a->m + tile - 1) / tile;
  uint64_t tiles = (uint64_t)down * ((a->n + tile - 1) / tile);
  for (uint64_t at = block; at < tiles; at += blocks) {
    uint32_t row = (uint32_t)(at % down) * tile;
    uint32_t column = (uint32_t)(at / down) * tile;
    VQE_SECTION(t)
    {
      for (uint32_t i = t; i < tile * tile; i += VQE_BLOCK) {
        sums[i] = 0.0;
      }
    }
    for (uint32_t start = 0; start < a->k; start += VQE_GEMM_DEPTH) {
      VQE_SECTION(t)
      {
        vqe_product_load(a, t, row, column, start, left, right);
      }
      VQE_SECTION(t)
      {
        vqe_product_step(t, left, right, sums);
      }
    }
    VQE_SECTION(t)
    {
      for (uint32_t i = t; i < tile * tile; i += VQE_BLOCK) {
        uint32_t r = row + i % tile;
        uint32_t c = column + i / tile;
        if (r < a->m && c < a->n) {
          a->c[r + (uint64_t)c * a->ldc] = sums[i];
        }
      }
    }
  }
}

#endif
