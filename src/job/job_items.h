/* Items of the lists that multiply: one basis, ansatz, optimizer or start. */
#ifndef VQE_JOB_JOB_ITEMS_H
#define VQE_JOB_JOB_ITEMS_H

#include "job/job_settings.h"
#include "job/job_value.h"

/* `item` is `value` or one item of it. What *out owns after a failure is
 * released with the settings. */
int vqe_job_read_basis(struct vqe_job_basis *out, const json_t *item,
                       const struct vqe_job_value *value);
int vqe_job_read_ansatz(struct vqe_job_ansatz *out, const json_t *item,
                        const struct vqe_job_value *value,
                        const struct vqe_job_reader *reader);
int vqe_job_read_optimizer(struct vqe_job_optimizer *out, const json_t *item,
                           const struct vqe_job_value *value,
                           const struct vqe_job_reader *reader);
int vqe_job_read_init(struct vqe_job_init *out, const json_t *item,
                      const struct vqe_job_value *value,
                      const struct vqe_job_reader *reader);

#endif
