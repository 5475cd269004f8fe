/* A run of commuting diagonal gates, applied in one pass over the state.
 *
 * The state is a matrix of determinants: rows are occupations of one spin,
 * columns of the other. Every term exp(i t n) has the factor n = 1 where the
 * orbitals of both of its masks are occupied: n_p is a mask on one side, the
 * n_p n_q of one spin is a mask of two orbitals, that of different spins one
 * orbital on either side. The phases of a row are products of tables over
 * parts of the columns' bits, so that a determinant costs a few complex
 * products however many gates there are. */
#ifndef VQE_SIM_PHASES_H
#define VQE_SIM_PHASES_H

#include "sim/amplitudes.h"
#include "vqe/ansatz.h"

struct vqe_phase_term {
  uint64_t rows, columns; /* orbitals; when both are set, one in each */
  int param;
  double scale;
};

/* A block of rows and columns; bits NULL: the index itself. */
struct vqe_phase_block {
  long nrow, ncol;
  const uint64_t *row_bits, *column_bits;
  struct vqe_vector psi;    /* nrow x ncol, both planes */
  struct vqe_vector lambda; /* re NULL: forwards */
};

struct vqe_phases;

/* Doubles of scratch for blocks of so many columns; all runs of an estimator
 * share one. */
size_t vqe_phases_scratch(size_t columns);

/* Terms are copied; `scratch`, for `columns` columns, stays the caller's. */
int vqe_phases_create(struct vqe_phases **out, int norb,
                      const struct vqe_phase_term *terms, size_t nterm,
                      double *scratch, long columns, int threads);
void vqe_phases_free(struct vqe_phases *phases);

/* The gates of one run as terms: rows are the orbitals below norb when
 * `alpha_rows`, else those from norb on. Returns how many diagonal gates
 * there are from `first` on; `terms` may be NULL. */
size_t vqe_phases_read(struct vqe_phase_term *terms,
                       const struct vqe_ansatz *ansatz, size_t first,
                       bool alpha_rows);

/* psi <- prod exp(i scale t n) psi. With lambda, undo it on both and add
 * 2 scale Re <lambda|i n|psi> to gradient[param]. The result does not depend
 * on the number of threads. */
void vqe_phases_apply(const struct vqe_phases *phases,
                      const struct vqe_phase_block *block,
                      const double *parameters, double *gradient);

#endif
