/* What a run of a job came to: results of this run and of earlier ones, and
 * the result file they go to. */
#ifndef VQE_BATCH_OUTCOME_H
#define VQE_BATCH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/batch_options.h"
#include "job/job.h"
#include "vqe/experiment.h"

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

/* Give a result that ended well to options->finished. */
void vqe_batch_announce(const struct vqe_batch_options *options,
                        const struct vqe_result *result);

/* Write the result file and remove the journals that it makes needless.
 * Rank 0. */
int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job);

/* The results in the order of the result file, which are the caller's from now
 * on, as is the list; none are left here. */
int vqe_batch_outcome_take(struct vqe_result ***out, size_t *count,
                           struct vqe_batch_outcome *outcome);

/* Free all that it holds. */
void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome);

#endif
