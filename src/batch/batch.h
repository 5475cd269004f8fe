/* Running a job over MPI ranks: who computes what, restart, progress.
 *
 * Rank 0 hands experiments to ranks, largest first by the cost estimate, and
 * computes too. On every rank threads of their own compute, its lanes, while
 * the main thread serves messages and sleeps in between. With several ranks a
 * molecule the first rank of each team does this for its team, with one lane.
 * Each appends to a journal of its own, so that nothing finished is lost
 * whatever dies. */
#ifndef VQE_BATCH_BATCH_H
#define VQE_BATCH_BATCH_H

#include <mpi.h>

#include "batch/batch_options.h"
#include "batch/outcome.h"
#include "job/job.h"

/* Collective. `job` is needed on rank 0 alone. On other ranks `out` stays
 * empty. Needs MPI_THREAD_FUNNELED; several ranks a molecule need
 * MPI_THREAD_MULTIPLE (VQE_ERR_UNSUPPORTED). VQE_ERR_INPUT when the ranks do
 * not divide into teams. */
int vqe_batch_run(struct vqe_batch_outcome *out, struct vqe_job *job,
                  const struct vqe_batch_options *options, MPI_Comm comm);

/* Who lives at the end. Where ranks have died (where MPI goes on without them)
 * MPI_Finalize may not return. */
enum vqe_batch_end {
  VQE_BATCH_ALL_LIVE,
  VQE_BATCH_SOME_DIED,
  VQE_BATCH_LEAD_DIED /* rank 0: nobody waits any more */
};

/* Barrier that sleeps instead of spinning, of those that live. */
enum vqe_batch_end vqe_batch_wait(MPI_Comm comm);

#endif
