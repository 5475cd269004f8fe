/* How the lowest minimum is sought: restarts, saddle points, penalties. */
#ifndef VQE_JOB_JOB_MINIMUM_H
#define VQE_JOB_JOB_MINIMUM_H

#include "job/job_settings.h"
#include "job/job_value.h"

int vqe_job_minimum_read(struct vqe_job_settings *out,
                         const struct vqe_job_reader *reader);

#endif
