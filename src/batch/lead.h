/* Rank 0: hands out experiments, keeps results, computes on a thread. */
#ifndef VQE_BATCH_LEAD_H
#define VQE_BATCH_LEAD_H

#include "batch/outcome.h"
#include "batch/worker.h"
#include "job/job.h"

/* Run what is left of the job. `worker` holds the transport, ranks, threads
 * and options; `run` comes from vqe_resume_begin_run(). After a failure an
 * outcome without a count means that nothing began: the result file must stay
 * as it is. */
int vqe_lead_run(struct vqe_batch_outcome *outcome, struct vqe_job *job,
                 const struct vqe_worker *worker, int run);

#endif
