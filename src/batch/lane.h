/* One experiment on one thread of a rank: run it and journal what it does. */
#ifndef VQE_BATCH_LANE_H
#define VQE_BATCH_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/news.h"
#include "batch/worker.h"
#include "vqe/host.h"

/* An evaluation that has not gone to the journal yet. */
struct vqe_lane_pending {
  int iteration;
  int nparam;
  double energy, std;
  bool has_gradient;
  double *values;
};

/* How a point of a curve is run; all zero: an experiment of its own. */
struct vqe_lane_curve {
  bool held;  /* its result waits for the curve's end */
  bool again; /* it has been computed: the journal has nothing to do with it */
  const struct vqe_neighbour *from; /* where it starts, or NULL */
  struct vqe_neighbour **left;      /* receives what it leaves, or NULL */
};

/* The experiment in hand of one thread. */
struct vqe_lane {
  struct vqe_worker *worker;
  struct vqe_host host; /* what it knows of the machine */
  double started;
  double repulsion; /* of the nuclei, once known */
  struct vqe_newsboard news;
  struct vqe_lane_curve curve;
  bool writing; /* its evaluations go straight to the journal */
  size_t npending, pending_capacity, pending_bytes;
  struct vqe_lane_pending *pending;
};

void vqe_lane_init(struct vqe_lane *lane, struct vqe_worker *worker);
void vqe_lane_clear(struct vqe_lane *lane);

/* ctx: a lane. Was a stop asked for, by a signal or a message? Also syncs the
 * journal now and then; called often. */
bool vqe_lane_should_stop(void *ctx);

/* Journal where an experiment stands, with its seed. From any thread. */
int vqe_lane_journal_phase(struct vqe_worker *worker,
                           const struct vqe_experiment *experiment,
                           enum vqe_phase phase);

int vqe_lane_journal_result(struct vqe_worker *worker,
                            const struct vqe_result *result);

/* Run one experiment and journal its result, unless that is held (`curve`); on
 * one thread when it is `serial`. VQE_ERR_INTERRUPTED leaves *out NULL;
 * whatever else goes wrong becomes a failed result. Is a vqe_worker_run. */
int vqe_lane_run(struct vqe_result **out, struct vqe_lane *lane,
                 const struct vqe_experiment *experiment, bool serial);

#endif
