/* The key `noise`: models and their strengths, each an experiment. */
#ifndef VQE_JOB_JOB_NOISE_H
#define VQE_JOB_JOB_NOISE_H

#include "job/job_value.h"

/* Strings owned, NULL: no noise. */
struct vqe_job_noise_item {
  char *text; /* as vqe_experiment.noise */
  char *name;
};

struct vqe_job_noise {
  size_t count; /* 0: the key is not there */
  struct vqe_job_noise_item *items;
  struct vqe_job_inputs inputs; /* calibrations that were read */
};

/* A model, or a list of models and null, each with a strength or a list of
 * them. Calibrations are read, relative to the job's folder. */
int vqe_job_noise_read(struct vqe_job_noise *out,
                       const struct vqe_job_reader *reader);
/* Is one of the models noise? */
bool vqe_job_noise_any(const struct vqe_job_noise *noise);
void vqe_job_noise_clear(struct vqe_job_noise *noise);

/* Option --noise as the key's value; NULL leaves it as it is. */
int vqe_job_noise_put(json_t *given, const char *text);

#endif
