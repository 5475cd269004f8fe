#include "sim/layout.h"

#include "base/assert.h"

void vqe_layout_init(struct vqe_layout *layout,
                     const struct vqe_strings *alpha,
                     const struct vqe_strings *beta, int total)
{
  layout->alpha = alpha;
  layout->beta = beta;
  layout->size = 0;
  VQE_ASSERT(alpha->nclass <= VQE_MAX_IRREPS);
  VQE_ASSERT(beta->nclass <= VQE_MAX_IRREPS);
  for (int ca = 0; ca < alpha->nclass; ca++) {
    for (int cb = 0; cb < beta->nclass; cb++) {
      if (total >= 0 && (ca ^ cb) != total) {
        layout->offset[ca][cb] = SIZE_MAX;
        continue;
      }
      layout->offset[ca][cb] = layout->size;
      layout->size +=
          vqe_layout_rows(layout, ca) * vqe_layout_cols(layout, cb);
    }
  }
}

uint64_t vqe_layout_size(int norb, int nalpha, int nbeta, int nirrep,
                         const uint8_t *irrep, int total)
{
  uint64_t alpha[VQE_MAX_IRREPS];
  uint64_t beta[VQE_MAX_IRREPS];
  bool fits;
  uint64_t size = vqe_strings_determinants(&fits, norb, nalpha, nbeta);
  if (!fits) {
    return UINT64_MAX;
  }
  if (nirrep == 1 || total == -1) {
    return size;
  }
  if (total == VQE_LAYOUT_REFERENCE) {
    total = 0;
    for (int p = nbeta; p < nalpha; p++) {
      total ^= irrep[p];
    }
  }
  vqe_strings_classes(alpha, norb, nalpha, nirrep, irrep);
  vqe_strings_classes(beta, norb, nbeta, nirrep, irrep);
  size = 0;
  for (int c = 0; c < nirrep; c++) {
    size += alpha[c] * beta[c ^ total];
  }
  return size;
}

size_t vqe_layout_address(const struct vqe_layout *layout, uint32_t s,
                          uint32_t u)
{
  VQE_ASSERT(s < layout->alpha->count && u < layout->beta->count);
  int ca = vqe_strings_class(layout->alpha, s);
  int cb = vqe_strings_class(layout->beta, u);
  if (!vqe_layout_has(layout, ca, cb)) {
    return SIZE_MAX;
  }
  return vqe_layout_row(layout, ca, cb, s) +
         (u - layout->beta->class_start[cb]);
}

/* Rows and columns of a tile that stays in the cache. */
#define TILE 32

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Block (ca, cb) of rows x cols, ca >= cb, onto block (cb, ca), or onto its
 * own upper triangle. */
static void mirror_block(double *lower, double *upper, size_t rows,
                         size_t cols, bool same, bool mean)
{
  for (size_t r0 = 0; r0 < rows; r0 += TILE) {
    for (size_t c0 = 0; c0 < (same ? r0 + 1 : cols); c0 += TILE) {
      for (size_t r = r0; r < least(r0 + TILE, rows); r++) {
        size_t end = least(c0 + TILE, same ? r : cols);
        for (size_t c = c0; c < end; c++) {
          double value = lower[r * cols + c];
          if (mean) {
            value = 0.5 * (value + upper[c * rows + r]);
            lower[r * cols + c] = value;
          }
          upper[c * rows + r] = value;
        }
      }
    }
  }
}

void vqe_layout_mirror(const struct vqe_layout *layout, double *vector,
                       bool mean)
{
  VQE_ASSERT(layout->alpha == layout->beta);
  for (int ca = 0; ca < layout->alpha->nclass; ca++) {
    for (int cb = 0; cb <= ca; cb++) {
      if (vqe_layout_has(layout, ca, cb)) {
        mirror_block(vector + layout->offset[ca][cb],
                     vector + layout->offset[cb][ca],
                     vqe_layout_rows(layout, ca), vqe_layout_cols(layout, cb),
                     ca == cb, mean);
      }
    }
  }
}
