/* Where a job's tables go: the keys "warehouse" and "s3". */
#ifndef VQE_JOB_JOB_LAKE_H
#define VQE_JOB_JOB_LAKE_H

#include "job/job_types.h"
#include "job/job_value.h"

int vqe_job_lake_read(struct vqe_job_lake *out,
                      const struct vqe_job_reader *reader);
void vqe_job_lake_clear(struct vqe_job_lake *lake);

#endif
