/* Results of earlier runs of a job: from its result file and its journals. */
#ifndef VQE_BATCH_EARLIER_H
#define VQE_BATCH_EARLIER_H

#include "batch/batch_options.h"
#include "batch/outcome.h"
#include "batch/resume.h"
#include "job/job.h"

/* Put those of this job that ended well in their places (not under --force),
 * with drawn seeds adopted, and those of other jobs into `other`.
 * outcome->results and outcome->skipped are there and empty. Announces what
 * comes from journals alone, as the run that made it could not. */
int vqe_earlier_find(struct vqe_batch_outcome *outcome, struct vqe_job *job,
                     struct vqe_resume *resume,
                     const struct vqe_batch_options *options);

#endif
