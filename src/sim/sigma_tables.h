/* What sigma is made of, for the products that share its tables: the one of
 * a whole vector and the one of a vector split over ranks. */
#ifndef VQE_SIM_SIGMA_TABLES_H
#define VQE_SIM_SIGMA_TABLES_H

#include "sim/annihilation.h"
#include "sim/sigma.h"

/* (pq|rs) of spatial orbitals. */
static inline double
vqe_sigma_integral(const struct vqe_hamiltonian *hamiltonian, int p, int q,
                   int r, int s)
{
  int pq = p >= q ? p * (p + 1) / 2 + q : q * (q + 1) / 2 + p;
  int rs = r >= s ? r * (r + 1) / 2 + s : s * (s + 1) / 2 + r;
  return hamiltonian->w[(size_t)pq * (size_t)hamiltonian->npair + (size_t)rs];
}

/* Matrix of the one-spin Hamiltonian within one run of strings. */
struct vqe_spin_matrix {
  uint32_t first, count; /* strings of the run */
  double *dense;         /* count x count, or NULL */
  size_t *row;           /* CSR, columns relative to `first` */
  uint32_t *column;
  double *value;
};

/* F_PQ links of one spin, by symmetry of the pair. */
struct vqe_sigma_link {
  uint32_t pair;    /* index among the pairs of that symmetry */
  uint32_t partner; /* string */
  double sign;
};

/* Gather list of one item and one pair symmetry: panel[to] = sign * in[from],
 * `from` relative to the source row. Signs apart: positive ones first. */
struct vqe_sigma_gather {
  uint32_t positive, count;
  uint32_t *to, *from;
};

struct vqe_sigma_item {
  int cb;                /* class of the result's columns */
  uint32_t first, count; /* columns, relative to the class */
  struct vqe_sigma_gather gather[VQE_MAX_IRREPS];
};

/* Columns that a sparse H_alpha, rows that a sparse H_beta takes at once. */
#define VQE_SIGMA_TILE 32

struct vqe_sigma {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_strings *alpha, *beta;
  int threads;
  int nirrep;
  int npair[VQE_MAX_IRREPS]; /* pairs of each symmetry */
  double *w[VQE_MAX_IRREPS]; /* npair x npair each */
  size_t nalpha_run, nbeta_run;
  struct vqe_spin_matrix *alpha_run;
  struct vqe_spin_matrix *beta_run; /* shares alpha's when the sets are one */
  double *tile; /* threads x VQE_SIGMA_TILE x most columns */
  size_t tile_columns;
  struct vqe_annihilation *annihilation; /* of the alpha-beta part, or NULL */
  /* otherwise, or on request (vqe_sigma_over_pairs): */
  bool over_pairs;
  struct vqe_sigma_link *links; /* of alpha strings */
  size_t *link_start;           /* count * nirrep + 1 */
  size_t nitem;
  struct vqe_sigma_item *items;
  double *scratch; /* threads x 2 x panel */
  size_t panel;
  struct vqe_stop *stop; /* asked during products; may be NULL */
};

/* out = H_alpha in for the strings of class ca and `width` columns of them;
 * both start at the first of those columns, rows are `cols` apart. */
void vqe_sigma_apply_alpha(const struct vqe_sigma *sigma, int ca, size_t cols,
                           uint32_t width, double *out, const double *in);

/* out += in H_beta in `count` columns of class cb from `first` on, for `rows`
 * rows of a block of `cols` columns; `in` and `out` start at the block. */
void vqe_sigma_apply_beta(const struct vqe_sigma *sigma, int cb,
                          uint32_t first_column, uint32_t count, size_t rows,
                          size_t cols, double *out, const double *in);

#endif
