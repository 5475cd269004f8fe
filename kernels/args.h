/* What kernels are given. Pointers are the device's; states are planes of
 * VQE_REAL. A struct is copied into the launch. */
#ifndef VQE_KERNELS_ARGS_H
#define VQE_KERNELS_ARGS_H

#include <stdint.h>

#define VQE_GPU_CLASSES 8 /* irreps of one spin's strings */
#define VQE_GPU_QUBITS 40

/* Real and imaginary part; `count` 1: real. */
struct vqe_planes {
  void *part[2];
  int count;
};

/* Half of a rotation or the whole: the state alone, or with the adjoint
 * state, backwards, with a sum for the gradient. A launch that makes sums
 * writes one a block, to partial[block]. */
struct vqe_sweep {
  struct vqe_planes psi, lambda; /* lambda.count 0: forwards */
  const double *turn;            /* cosine and sine of each angle */
  double *partial;               /* stride doubles for each angle */
  uint64_t stride;
};

struct vqe_basis_args {
  struct vqe_planes psi;
  uint64_t size, at;
};

/* angle[k] = scale[k] * parameters[param[k]], and turn[2k], turn[2k + 1] its
 * cosine and sine */
struct vqe_turns_args {
  uint64_t count;
  const int32_t *param;
  const double *scale, *parameters;
  double *angle, *turn;
};

/* A tile of a layer of rotations: amplitudes whose indices differ in the
 * bits 0..width-1 and high..high+count-1. Bits of the tile below `first`
 * are left alone. */
struct vqe_ry_args {
  struct vqe_sweep sweep;
  uint64_t size, mask; /* qubits that turn */
  int width, high, count, first;
  int32_t angle[VQE_GPU_QUBITS]; /* of each qubit */
};

struct vqe_rz_args {
  struct vqe_sweep sweep;
  uint64_t size, mask;
  int nqubit, width; /* tiles of 2^width amplitudes in a row */
  double *total;     /* one a tile */
  int32_t angle[VQE_GPU_QUBITS];
};

struct vqe_rz_high_args {
  double *partial;
  uint64_t stride, tiles;
  const double *total;
  int nqubit;
  int32_t angle[VQE_GPU_QUBITS]; /* from the first qubit above tiles on;
                                       negative where none turns */
};

struct vqe_xxyy_args {
  struct vqe_sweep sweep;
  uint64_t size;
  int a, b, angle;
};

struct vqe_excite_args {
  struct vqe_sweep sweep;
  uint64_t size; /* of the state */
  uint64_t from, to, parity;
  int flip, angle, moved; /* bits of from | to */
  int32_t bit[4];         /* those bits, ascending */
};

struct vqe_permute_args {
  struct vqe_planes out, in;
  uint64_t size, offset;
  int nqubit, width;
  uint64_t columns[VQE_GPU_QUBITS];
};

/* ---- Pauli strings on states of (re, im) pairs ---- */

/* Most strings of one gate: a double excitation has as many. */
#define VQE_GPU_STRINGS 8

/* Partial sums of Im <lambda|G|psi>, G = X^x sum_k weight[k] Z^z[k], times i
 * when `odd`: strings of one X mask, all with an odd number of Y or none. */
struct vqe_slope_args {
  const void *psi, *lambda;
  uint64_t size, x;
  int count, odd;
  uint64_t z[VQE_GPU_STRINGS];
  double weight[VQE_GPU_STRINGS];
  double *partial;
};

struct vqe_gpu_term {
  uint64_t z;
  double coeff;
};

/* out = sum_g X^x[g] sum_k coeff Z^z in, the terms of group g from start[g]
 * to start[g + 1]. */
struct vqe_strings_args {
  void *out;
  const void *in;
  uint64_t size;
  const uint64_t *x, *start;
  const struct vqe_gpu_term *terms;
  uint64_t ngroup;
};

/* Blocks of a layout, in order: block k holds addresses start[k] up to
 * start[k + 1], of alpha class row[k] and beta class column[k]. */
struct vqe_block_list {
  int count;
  uint8_t row[VQE_GPU_CLASSES * VQE_GPU_CLASSES];
  uint8_t column[VQE_GPU_CLASSES * VQE_GPU_CLASSES];
  uint64_t start[VQE_GPU_CLASSES * VQE_GPU_CLASSES + 1];
  uint64_t offset[VQE_GPU_CLASSES][VQE_GPU_CLASSES];
  uint32_t row_start[VQE_GPU_CLASSES + 1];    /* alpha strings */
  uint32_t column_start[VQE_GPU_CLASSES + 1]; /* beta strings */
};

/* Between natural order and blocks: one plane. */
struct vqe_blocks_args {
  const struct vqe_block_list *list;
  const uint64_t *bits; /* of the strings of both spins */
  void *out;
  const void *in;
  uint64_t size;
  int norb, back;
};

/* The two strings of an excitation; bit 31 of `to` is the sign. */
struct vqe_gpu_pair {
  uint32_t from, to;
};

/* One excitation of a sector: every pair of rows with every pair of columns
 * of each class. Without a list, a row (column) stays where it is. */
struct vqe_rotate_plan {
  const struct vqe_gpu_pair *rows, *columns; /* NULL: identity */
  uint64_t start[VQE_GPU_CLASSES + 1];       /* work items by class */
  uint32_t row_first[VQE_GPU_CLASSES];       /* pair, or string */
  uint32_t column_first[VQE_GPU_CLASSES];
  uint32_t column_count[VQE_GPU_CLASSES];
  int nclass, angle;
};

struct vqe_rotate_args {
  struct vqe_sweep sweep;
  struct vqe_rotate_plan plan;
  const uint64_t *row_at;    /* address of an alpha string's first column */
  const uint32_t *column_at; /* place of a beta string within its class */
};

/* partial[parts k + part] = share of sum_pairs <lambda| A_k |psi> of plan k;
 * parts blocks for each plan. Nothing is turned. */
struct vqe_pool_args {
  struct vqe_planes psi, lambda;
  const struct vqe_rotate_plan *plans;
  const uint64_t *row_at;
  const uint32_t *column_at;
  double *partial;
  uint32_t parts;
};

/* F_PQ links of one string by symmetry of the pair; bit 31 of `pair` is the
 * sign. */
struct vqe_gpu_link {
  uint32_t pair, partner;
};

/* The Hamiltonian on strings: one-spin matrices as rows of (column, value),
 * links of both spins and the integrals between pairs of one symmetry. */
struct vqe_gpu_spin {
  const uint64_t *row;
  const uint32_t *column;
  const double *value;
  const uint64_t *link_start; /* string * nirrep + symmetry */
  const struct vqe_gpu_link *links;
};

struct vqe_gpu_sigma {
  const struct vqe_block_list *list;
  struct vqe_gpu_spin alpha, beta;
  int nirrep;
  uint32_t npair[VQE_GPU_CLASSES];
  const double *w[VQE_GPU_CLASSES];
};

/* out = (H_alpha + H_beta) in, and the part of both spins when `mixed`. */
struct vqe_sigma_args {
  struct vqe_gpu_sigma sigma;
  void *out;
  const void *in;
  uint64_t size;
  int mixed;
};

/* panel[k][r][c] = sign * in[r][partner_k(first + c)] for all rows of one
 * block, all pairs of one symmetry, and `width` columns. */
struct vqe_gather_args {
  const void *in; /* the block */
  double *panel;
  const int32_t *partner; /* 0 none, else +-(column + 1); npair rows */
  uint64_t partner_stride;
  uint32_t npair, rows, width, columns_in, first; /* into partner's row */
};

/* out[t][first + c] += sum over links of t: sign * panel[pair][partner][c] */
struct vqe_scatter_args {
  void *out; /* the block */
  const double *panel;
  const uint64_t *link_start;
  const struct vqe_gpu_link *links;
  uint32_t rows, width, columns, first; /* of the result */
  uint32_t row_base, source_base, source_rows;
  int nirrep, g;
};

/* exp(i angle n): n = 1 where all orbitals of both masks are occupied. */
struct vqe_mask_pair {
  uint64_t rows, columns;
};

/* A run of `count` phases, angles in a row from `first` on. */
struct vqe_phases_args {
  struct vqe_planes psi, lambda; /* lambda.count 0: forwards */
  const struct vqe_mask_pair *masks;
  const double *angle; /* of this run */
  double *weight;      /* backwards: Re <lambda|i|psi> by amplitude */
  uint64_t size, count;
  const struct vqe_block_list *list; /* NULL: natural order, rows high */
  const uint64_t *row_bits, *column_bits;
  int norb;
};

/* partial[k] = sum of weight where n_k = 1, one block for each phase. */
struct vqe_phase_sums_args {
  const struct vqe_mask_pair *masks;
  const double *weight;
  double *partial; /* of this run */
  uint64_t stride, size;
  const struct vqe_block_list *list;
  const uint64_t *row_bits, *column_bits;
  int norb;
};

struct vqe_dot_args {
  struct vqe_planes a, b;
  uint64_t size;
  double *partial;
};

/* out[0] = constant + the two rows of `energy`, one a plane; out[1 + p] = sum
 * of factor * row of `partial` over the angles of parameter p. */
struct vqe_finish_args {
  const double *energy, *partial;
  uint64_t stride;
  double constant, *out;
  const uint32_t *start, *angle; /* angles by parameter */
  const double *factor;          /* of each angle */
};

/* c = a b, column major, m x n = (m x k)(k x n), always doubles. */
struct vqe_product_args {
  const double *a, *b;
  double *c;
  uint32_t m, n, k, lda, ldb, ldc;
};

/* A sector that fits shared memory, in memory of the device. */
struct vqe_small_problem {
  const struct vqe_rotate_plan *plans;
  uint64_t nplan;
  const uint64_t *row_at;
  const uint32_t *column_at;
  const int32_t *param; /* of each angle */
  const double *scale, *factor;
  struct vqe_gpu_sigma sigma;
  uint64_t size, reference;
  int nparam, planes;
  double constant;
};

/* One evaluation of one of them. */
struct vqe_small_task {
  const struct vqe_small_problem *problem;
  const double *parameters; /* nparam */
  double *out;              /* 1 + nparam */
  int64_t gradient;
};

/* Whole evaluations, one a block, of whatever problems. */
struct vqe_small_args {
  const struct vqe_small_task *tasks;
  uint64_t count;
};

#endif
