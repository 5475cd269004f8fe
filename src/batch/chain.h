/* The points of a curve, one after the other in one lane: each starts from the
 * orbitals and parameters of the one before. The last point is computed from
 * nothing too, and where a neighbour's circuit lies lower at once, or has
 * changed, the curve is followed backwards; the lower of two solutions is
 * kept. Results go to the journal when the whole curve is done; evaluations
 * as ever, so that an interrupted curve begins where it was. */
#ifndef VQE_BATCH_CHAIN_H
#define VQE_BATCH_CHAIN_H

#include <stddef.h>

#include "batch/lane.h"

struct vqe_chain {
  size_t count;
  const struct vqe_experiment *const *points; /* in the order of the curve */
  struct vqe_result **results;                /* count, filled */
  struct vqe_lane *lane;
  bool serial;
  /* says which point is in hand; may be NULL */
  void (*begin)(void *ctx, const struct vqe_experiment *experiment);
  void *ctx;
};

/* Run the curve by worker->run and journal its results. VQE_ERR_INTERRUPTED
 * leaves none. Memory: what each point leaves, orbitals and circuit. */
int vqe_chain_run(const struct vqe_chain *curve);

#endif
