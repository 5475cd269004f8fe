/* The job file: molecules and lists of settings that multiply into
 * experiments (jobs/README.md). */
#ifndef VQE_JOB_JOB_H
#define VQE_JOB_JOB_H

#include <stddef.h>

#include "job/job_types.h"
#include "vqe/experiment.h"

/* Read a job file, molecule file (JSON, QCSchema, XYZ) or FCIDUMP and expand
 * it. Order of expansion: molecules outermost, then basis, ansatz, optimizer,
 * init, seed, noise innermost. Every experiment gets its id. A bad molecule
 * becomes an experiment with input_error (VQE_ERR_INPUT under strict); a bad
 * setting fails the load: file, key, value, remedy. Unknown keys name the
 * nearest known one. Two experiments with the same id: the later is dropped,
 * with a line in *warnings (free by free(), NULL when none). */
int vqe_job_load(struct vqe_job **out, char **warnings, const char *path,
                 const struct vqe_job_overrides *overrides);
/* Same from memory; `path` names the text in messages, its folder is where
 * relative paths start. */
int vqe_job_parse(struct vqe_job **out, char **warnings, const char *text,
                  size_t size, const char *path,
                  const struct vqe_job_overrides *overrides);

/* The id of the request with the seed left out. */
int vqe_job_seedless_id(char id[VQE_EXPERIMENT_ID_SIZE],
                        const struct vqe_experiment *experiment);

/* An experiment with a drawn seed that an earlier run began. */
struct vqe_job_begun {
  char id[VQE_EXPERIMENT_ID_SIZE], seedless_id[VQE_EXPERIMENT_ID_SIZE];
  int64_t seed;
};

/* What earlier runs left: results in the result file and in journals (NULL
 * entries are passed over), and what was begun. */
struct vqe_job_earlier {
  struct vqe_result *const *stored, *const *journalled;
  size_t nstored, njournalled;
  const struct vqe_job_begun *begun;
  size_t nbegun;
};

/* Adopt drawn seeds of earlier runs. The seed is part of the id and an
 * experiment without one draws a new seed at each load, so this is what lets
 * a restart find what is finished or begun: each experiment whose seed was
 * drawn takes the drawn seed of an earlier one whose request is otherwise the
 * same (each once; finished ones first, then begun, then failed), and gets the
 * id that goes with it. Load on one rank only: every load draws. */
int vqe_job_reuse_seeds(struct vqe_job *job,
                        const struct vqe_job_earlier *earlier);
void vqe_job_free(struct vqe_job *job);

#endif
