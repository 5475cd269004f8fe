/* Where a job's records are published: the keys "kafka",
 * "registry" and "insecure_http". */
#ifndef VQE_JOB_JOB_STREAM_H
#define VQE_JOB_JOB_STREAM_H

#include "job/job_types.h"
#include "job/job_value.h"

int vqe_job_stream_read(struct vqe_job_stream *out,
                        const struct vqe_job_reader *reader);
void vqe_job_stream_clear(struct vqe_job_stream *stream);

#endif
