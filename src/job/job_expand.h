/* Settings and molecules multiply into experiments. */
#ifndef VQE_JOB_JOB_EXPAND_H
#define VQE_JOB_JOB_EXPAND_H

#include <stdbool.h>

#include "job/job_molecules.h"
#include "job/job_settings.h"
#include "job/job_types.h"

/* Fill job->experiments, in the order and with the warnings of
 * vqe_job_load(). `strict`: a bad molecule is an error. */
int vqe_job_expand(struct vqe_job *job, char **warnings,
                   const struct vqe_job_molecules *molecules,
                   const struct vqe_job_settings *settings, bool strict);

#endif
