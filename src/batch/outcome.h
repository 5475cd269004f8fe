/* What a run of a job came to: results of this run and of earlier ones, and
 * the result file they go to. */
#ifndef VQE_BATCH_OUTCOME_H
#define VQE_BATCH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "batch/batch_options.h"
#include "batch/owner.h"
#include "batch/resume.h"
#include "job/job.h"
#include "vqe/experiment.h"

struct vqe_worker_host;

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
  struct vqe_owner *owner;        /* holds the output for this run; or NULL */
  struct vqe_file_mark seen;      /* of the result file when it was read */
  struct vqe_resume_files journals; /* of earlier runs, that were read */
  int run;                          /* number of this one */
  int ranks, died;                  /* of them, while the others went on */
  struct vqe_worker_host *hosts;    /* of all ranks */
};

/* Give a result that ended well to options->finished. */
void vqe_batch_announce(const struct vqe_batch_options *options,
                        const struct vqe_result *result);

/* What the result file `path` holds; none when there is no file. VQE_ERR_INPUT
 * for one of another user. Free by vqe_hdf5_free(). */
int vqe_batch_read_stored(struct vqe_result ***out, size_t *count,
                          const char *path);

/* Write the result file, remove the journals that it makes needless, and give
 * the output free. Results that others have put into the file meanwhile are
 * kept. VQE_ERR_EXISTS when another run has taken the output over, and
 * VQE_ERR_INPUT when the file has become one of another program: both stay as
 * they are, and the results in the journals. Rank 0. */
int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job);

/* The results in the order of the result file, which are the caller's from now
 * on, as is the list; none are left here. */
int vqe_batch_outcome_take(struct vqe_result ***out, size_t *count,
                           struct vqe_batch_outcome *outcome);

/* Free all that it holds. */
void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome);

#endif
