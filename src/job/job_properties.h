/* Which properties of the final state a job asks for. */
#ifndef VQE_JOB_JOB_PROPERTIES_H
#define VQE_JOB_JOB_PROPERTIES_H

#include "job/job_value.h"

/* The key `properties`, to enum vqe_property_group bits: false or null (none),
 * true (all but rdm2), or a list of names. */
int vqe_job_properties_read(unsigned *out,
                            const struct vqe_job_reader *reader);

/* `text` of the option, "true", "false" or names between commas, as the value
 * of the key. */
int vqe_job_properties_put(json_t *given, const char *text);

#endif
