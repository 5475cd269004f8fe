/* Where a job's metrics go: the key "metrics". */
#ifndef VQE_JOB_JOB_METRICS_H
#define VQE_JOB_JOB_METRICS_H

#include "job/job_types.h"
#include "job/job_value.h"

int vqe_job_metrics_read(struct vqe_job_metrics *out,
                         const struct vqe_job_reader *reader);
void vqe_job_metrics_clear(struct vqe_job_metrics *metrics);

#endif
