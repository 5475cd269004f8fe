/* Vectors over alpha strings x beta strings, stored as blocks.
 *
 * Block (ca, cb) holds the determinants whose alpha string is of class ca and
 * whose beta string is of class cb, row major: rows are alpha strings,
 * columns beta strings. A sector of total irrep T has the blocks cb = ca ^ T;
 * the full space has all of them. */
#ifndef VQE_SIM_LAYOUT_H
#define VQE_SIM_LAYOUT_H

#include "sim/strings.h"

struct vqe_layout {
  const struct vqe_strings *alpha;
  const struct vqe_strings *beta;
  size_t size; /* amplitudes */
  /* offset of each block, SIZE_MAX where the block is not stored */
  size_t offset[VQE_MAX_IRREPS][VQE_MAX_IRREPS];
};

/* total irrep < 0 stores every block. */
void vqe_layout_init(struct vqe_layout *layout,
                     const struct vqe_strings *alpha,
                     const struct vqe_strings *beta, int total);

/* Amplitudes of such a layout (of the irrep of its lowest determinant where
 * `total` is VQE_LAYOUT_REFERENCE) without its strings; UINT64_MAX where
 * vqe_strings_determinants says that they do not fit. */
#define VQE_LAYOUT_REFERENCE (-2)
uint64_t vqe_layout_size(int norb, int nalpha, int nbeta, int nirrep,
                         const uint8_t *irrep, int total);

static inline size_t vqe_layout_rows(const struct vqe_layout *layout, int ca)
{
  return layout->alpha->class_start[ca + 1] - layout->alpha->class_start[ca];
}

static inline size_t vqe_layout_cols(const struct vqe_layout *layout, int cb)
{
  return layout->beta->class_start[cb + 1] - layout->beta->class_start[cb];
}

static inline bool vqe_layout_has(const struct vqe_layout *layout, int ca,
                                  int cb)
{
  return layout->offset[ca][cb] != SIZE_MAX;
}

/* Address of (alpha string s of class ca, first beta string of class cb). */
static inline size_t vqe_layout_row(const struct vqe_layout *layout, int ca,
                                    int cb, uint32_t s)
{
  return layout->offset[ca][cb] +
         (size_t)(s - layout->alpha->class_start[ca]) *
             vqe_layout_cols(layout, cb);
}

/* vector[s][u] = vector[u][s] = their mean (`mean`), or that of the rows whose
 * string stands behind the column's; the spins have one set of strings. */
void vqe_layout_mirror(const struct vqe_layout *layout, double *vector,
                       bool mean);

/* Address of a determinant given by its strings; SIZE_MAX when it is of
 * another symmetry. */
size_t vqe_layout_address(const struct vqe_layout *layout, uint32_t s,
                          uint32_t u);

#endif
