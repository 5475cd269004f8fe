/* Excitations as Givens rotations of a vector over strings, for a whole vector
 * (sector.c) and for one that is split over ranks (split_rotate.c): which
 * strings a gate pairs, and the sweep over those pairs.
 *
 * exp(t (tau - tau^+)) turns the plane of each pair (from, to):
 *   x' = cos t x - sign sin t y,   y' = cos t y + sign sin t x.
 * With lambda = H psi swept along, d<H>/dt = 2 sum sign (lambda_y psi_x -
 * lambda_x psi_y), the same before and after the rotation. */
#ifndef VQE_SIM_GIVENS_H
#define VQE_SIM_GIVENS_H

#include "sim/layout.h"
#include "vqe/ansatz.h"

/* Pieces of a long sweep: their number is fixed, so that sums do not depend
 * on the number of threads. */
#define VQE_GIVENS_CHUNKS 32

/* ---- gates ---- */

enum vqe_givens_kind {
  VQE_GIVENS_ALPHA,
  VQE_GIVENS_BETA,
  VQE_GIVENS_MIXED, /* one excitation of either spin */
  VQE_GIVENS_PHASES /* a run of diagonal gates */
};

struct vqe_givens {
  enum vqe_givens_kind kind;
  int param;
  double scale;
  int g;           /* symmetry of the alpha part of MIXED */
  size_t on_alpha; /* index into the lists of pairs */
  size_t on_beta;
  size_t phases; /* index into the runs of phases */
};

/* i -> a and, when j >= 0, j -> b, of one spin. */
struct vqe_givens_key {
  int set; /* of strings: 0, or 1 where the spins have sets of their own */
  int i, a, j, b;
  int signless; /* of a qubit excitation: every sign is 1 */
};

/* Product of the irreps of the orbitals that an excitation moves between: 0
 * when it keeps the symmetry, and for every other gate. */
int vqe_givens_irrep(const struct vqe_gate *gate, const uint8_t *irrep,
                     int norb);

/* Kind, parameter, scale and g of an excitation gate, and the keys of its
 * alpha and beta parts, as far as the kind has them. VQE_ERR_UNSUPPORTED when
 * it flips a spin. */
int vqe_givens_read(struct vqe_givens *rotation,
                    struct vqe_givens_key *on_alpha,
                    struct vqe_givens_key *on_beta,
                    const struct vqe_gate *gate, const uint8_t *irrep,
                    int norb);

/* ---- lists of pairs, each made once ---- */

struct vqe_givens_lists {
  size_t count, capacity;
  struct vqe_givens_key *keys;
  struct vqe_string_pairs *pairs;
};

/* The list of a key, made at its first use; nothing is added on failure. */
int vqe_givens_lists_find(size_t *out, struct vqe_givens_lists *lists,
                          const struct vqe_strings *strings,
                          const struct vqe_givens_key *key);
void vqe_givens_lists_clear(struct vqe_givens_lists *lists);

/* ---- sweeps ---- */

/* Consecutive rows of one class: the first one's alpha string and address. */
struct vqe_givens_rows {
  uint32_t string;
  size_t address;
  size_t cols;
  uint32_t column; /* beta string of the first column */
};

/* Where one rotation leads from the rows of a class. */
struct vqe_givens_block {
  enum vqe_givens_kind kind;
  const struct vqe_string_pair *rows;         /* of ALPHA and MIXED */
  const struct vqe_string_pair *first, *last; /* columns of BETA and MIXED */
  bool sum_rows; /* each row of BETA and MIXED has a sum of its own, which is
                    then added: only the rounding differs */
  struct vqe_givens_rows from, to;
};

/* Rotate by cos c, sin s what the pairs of rows [begin, end), for BETA the
 * rows [begin, end) of the block, reach; with lambda backwards on both.
 * Returns the sum of the derivative. */
double vqe_givens_rotate(const struct vqe_givens_block *block, long begin,
                         long end, double *psi, double *lambda, double c,
                         double s);

/* Where a rotation (no phases) leads from block (ca, cb) of a layout that
 * holds it. */
struct vqe_givens_block
vqe_givens_block_of(const struct vqe_layout *layout,
                    const struct vqe_givens_lists *lists,
                    const struct vqe_givens *rotation, int ca, int cb);

struct vqe_givens_sweep {
  double *psi, *lambda; /* lambda NULL: forwards, else backwards on both */
  double c, s;          /* of the angle */
  int threads;
  double *partial; /* 8 * VQE_GIVENS_CHUNKS: one sum a chunk, a cache line
                      apart */
  double sum;      /* of the derivative: added to */
};

/* Rotate what the pairs of rows [begin, end), for BETA the rows [begin, end)
 * of the block, reach; in `chunks` pieces: 1, or VQE_GIVENS_CHUNKS over the
 * sweep's threads. */
void vqe_givens_apply(struct vqe_givens_sweep *sweep,
                      const struct vqe_givens_block *block, long begin,
                      long end, long chunks);

#endif
