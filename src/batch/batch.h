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
#include <signal.h>
#include <stdbool.h>

#include "job/job.h"
#include "vqe/sim.h"

struct vqe_batch_options {
  int threads; /* OpenMP threads of each rank; 0: cores / ranks of the node */
  int lanes;   /* small experiments that a rank runs at once; 0: threads, but
                  more where they share a GPU */
  bool force;  /* repeat finished experiments */
  bool quiet;
  bool log_json;
  volatile sig_atomic_t *stop; /* set by a signal handler */
  /* Each experiment that ended well, as soon as rank 0 knows, those an
   * earlier run left in its journals included. On rank 0's main thread, which
   * serves the others: must not wait. May be NULL. */
  void (*finished)(void *ctx, const struct vqe_result *result);
  void *finished_ctx;
  enum vqe_gates_choice gates; /* of the full space on GPUs */
};

struct vqe_batch_outcome {
  size_t count;                /* experiments of the job */
  struct vqe_result **results; /* input order; NULL where not finished */
  bool *skipped;               /* found finished in the result file */
  size_t nother;               /* results of other jobs in the same file */
  struct vqe_result **other;
  bool interrupted;
  int threads;
  double seconds;
  struct vqe_hdf5_writer *writer; /* of what is in the result file already */
};

/* Collective. `job` is needed on rank 0 alone. On other ranks `out` stays
 * empty. Needs MPI_THREAD_FUNNELED; several ranks a molecule need
 * MPI_THREAD_MULTIPLE (VQE_ERR_UNSUPPORTED). VQE_ERR_INPUT when the ranks do
 * not divide into teams. */
int vqe_batch_run(struct vqe_batch_outcome *out, struct vqe_job *job,
                  const struct vqe_batch_options *options, MPI_Comm comm);
void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome);

/* Write the result file and remove the journals that it makes needless.
 * Rank 0. */
int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job);

/* Barrier that sleeps instead of spinning. */
void vqe_batch_wait(MPI_Comm comm);

#endif
