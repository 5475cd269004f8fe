/* Excitations that are applied together, a few rows of a large vector at a
 * time.
 *
 * A vector that no cache holds is read and written from memory once for each
 * gate, and most of what a gate fetches it leaves as it was: that is most of
 * the time. A stretch of gates moves alpha electrons between few orbitals, say
 * m; alpha strings that agree in all other orbitals make a set of at most
 * C(m, m/2) rows which these gates never leave. All gates of the stretch are
 * applied to one set after the other, and each row is fetched once.
 *
 * Sets are found anew in each sweep, which costs a few operations a string
 * and keeps nothing. Sums are formed over a fixed number of pieces: results
 * do not depend on the number of threads. */
#ifndef VQE_SIM_BUNDLE_H
#define VQE_SIM_BUNDLE_H

#include "base/stop.h"
#include "sim/amplitudes.h"
#include "sim/givens.h"
#include "sim/layout.h"

/* Gates that a stretch holds at most. */
#define VQE_BUNDLE_GATES 64

struct vqe_bundle;

/* Whether vectors of a layout are too large for a cache. `planes`: 1 for a
 * real state, 2 for a complex one. */
bool vqe_bundle_pays(const struct vqe_layout *layout, int planes);

/* Scratch for vectors of a layout; the lists are the ones that rotations
 * index, and may grow. */
int vqe_bundle_create(struct vqe_bundle **out, const struct vqe_layout *layout,
                      const struct vqe_givens_lists *lists, int planes,
                      int threads);
void vqe_bundle_free(struct vqe_bundle *bundle);

/* Bytes that it takes for `count` alpha strings, an upper estimate. */
uint64_t vqe_bundle_bytes(uint64_t count);

/* How many of n rotations (bundle NULL: none), in order or (`back`) from the
 * last on, to apply together: 0 where the first by itself is as good. Phases
 * end a stretch. */
size_t vqe_bundle_length(const struct vqe_bundle *bundle,
                         const struct vqe_givens *rotations, size_t n,
                         bool back);

/* Apply `count` rotations by their angles to psi. With lambda, undo them on
 * both, last one first, and set sums[k] = sum sign (lambda_y psi_x - lambda_x
 * psi_y) of rotation k, half its derivative. */
void vqe_bundle_sweep(struct vqe_bundle *bundle,
                      const struct vqe_givens *rotations, size_t count,
                      const double *angles, struct vqe_vector psi,
                      const struct vqe_vector *lambda, double *sums,
                      struct vqe_stop *stop);

#endif
