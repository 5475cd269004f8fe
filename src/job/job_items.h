/* Items of the lists that multiply: one basis, ansatz, optimizer or start. */
#ifndef VQE_JOB_JOB_ITEMS_H
#define VQE_JOB_JOB_ITEMS_H

#include <jansson.h>

#include "job/job_value.h"
#include "vqe/experiment.h"

struct vqe_job_basis {
  char *name;   /* stored spelling, or path of a file */
  char *sha256; /* of that file, else NULL */
};

struct vqe_job_ansatz {
  const char *name; /* static */
  int reps;
  const char *entanglement; /* static or NULL */
  struct vqe_option_list options;
};

struct vqe_job_optimizer {
  const char *name; /* static */
  int max_evaluations;
  double gtol, ftol;
  double max_seconds; /* 0: null */
  struct vqe_option_list options;
};

struct vqe_job_init {
  const char *strategy; /* static; NULL for the ansatz's default */
  double noise;         /* NaN for the default */
  char *file, *file_sha256;
};

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
