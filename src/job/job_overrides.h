/* Options of the command line as values of the job's keys. */
#ifndef VQE_JOB_JOB_OVERRIDES_H
#define VQE_JOB_JOB_OVERRIDES_H

#include <jansson.h>

#include "job/job_types.h"

/* Fill the object `given`. Those that belong into the objects of a list
 * (reps, gtol, ...) are put there when the list is read. */
int vqe_job_put_overrides(json_t *given,
                          const struct vqe_job_overrides *overrides);

#endif
