/* Long runs of gates that each act on one spin: orbital rotations.
 *
 * Gates of different spins commute, so a run is all of its alpha gates, which
 * act on rows alone, and then all of its beta gates, on columns alone. Both
 * are applied to tiles of the state that stay in cache, a tile of columns as
 * it is and a tile of rows transposed: then every rotation works on whole
 * vectors of neighbours, and the state is read once for each spin instead of
 * once for each gate. */
#ifndef VQE_SIM_SPIN_RUN_H
#define VQE_SIM_SPIN_RUN_H

#include "base/stop.h"
#include "sim/amplitudes.h"
#include "sim/layout.h"
#include "vqe/ansatz.h"

struct vqe_spin_gate {
  long pairs;    /* index of its string pairs, -1 for a phase */
  uint64_t mask; /* of a phase: orbitals that must be occupied */
  int param;
  double scale;
};

struct vqe_spin_run {
  size_t ngate[2]; /* alpha, beta */
  struct vqe_spin_gate *gates[2];
};

/* Whether a gate acts on one spin only; X gates do not count. */
bool vqe_spin_run_takes(const struct vqe_gate *gate, int norb);

/* Append a gate; `pairs` as above. */
int vqe_spin_run_add(struct vqe_spin_run *run, const struct vqe_gate *gate,
                     long pairs, int norb);
void vqe_spin_run_clear(struct vqe_spin_run *run);

/* Doubles of scratch for a sweep over these strings by `threads` threads and
 * runs of at most `gates` gates of one spin. */
size_t vqe_spin_run_scratch(const struct vqe_layout *layout, bool real,
                            size_t gates, int threads);

/* Apply the run to psi. With lambda, undo it on both and add the derivatives
 * to gradient[param]. Every gate keeps the symmetry of the layout. Results do
 * not depend on the number of threads. */
void vqe_spin_run_sweep(const struct vqe_spin_run *run,
                        const struct vqe_layout *layout,
                        const struct vqe_string_pairs *pairs, double *scratch,
                        int threads, struct vqe_vector psi,
                        const struct vqe_vector *lambda,
                        const double *parameters, double *gradient,
                        struct vqe_stop *stop);

#endif
