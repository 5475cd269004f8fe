/* What one rank does: run experiments, journal them, and, above rank 0, ask
 * for work and send results. */
#ifndef VQE_BATCH_WORKER_H
#define VQE_BATCH_WORKER_H

#include <mpi.h>

#include "batch/batch.h"
#include "batch/resume.h"
#include "store/journal.h"

/* An evaluation that is not worth journaling yet. */
struct vqe_pending {
  int iteration;
  int nparam;
  double energy, std;
  bool has_gradient;
  double *values;
};

struct vqe_worker {
  const struct vqe_batch_options *options;
  MPI_Comm comm;
  int rank, ranks, threads;
  bool may_call_mpi;    /* false on the compute thread of rank 0 */
  _Atomic bool stopped; /* a stop message came */
  double last_look;
  struct vqe_resume *resume;
  struct vqe_journal *journal;
  double started; /* of the experiment in hand */
  bool writing;   /* its evaluations go straight to the journal */
  size_t npending, pending_capacity, pending_bytes;
  struct vqe_pending *pending;
};

/* Cores that the ranks of this node may use together, over the ranks.
 * Collective. */
int vqe_worker_default_threads(MPI_Comm comm);

/* Read what earlier runs left and open this run's journal. */
int vqe_worker_init(struct vqe_worker *worker, const char *output, int run);
void vqe_worker_clear(struct vqe_worker *worker);

/* Was a stop asked for, by a signal or a message? Also syncs the journal now
 * and then; called often. */
bool vqe_worker_should_stop(void *worker);

/* Run one experiment and journal its result. VQE_ERR_INTERRUPTED leaves *out
 * NULL; whatever else goes wrong becomes a failed result. */
int vqe_worker_run(struct vqe_result **out, struct vqe_worker *worker,
                   const struct vqe_experiment *experiment);

/* Serve rank 0 until it says stop. */
int vqe_worker_serve(struct vqe_worker *worker);

#endif
