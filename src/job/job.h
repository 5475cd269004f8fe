/* The job file: molecules and lists of settings that multiply into
 * experiments (data contract, section 1b). */
#ifndef VQE_JOB_JOB_H
#define VQE_JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

/* Where the tables go. Strings owned; NULL: the default. */
struct vqe_job_lake {
  char *warehouse; /* path, resolved, or URI; NULL: beside the result */
  bool none;       /* make no tables */
  char *endpoint, *region, *scheme, *ca_file; /* of S3 */
  bool virtual_host;
};

struct vqe_job_property {
  char *name, *value;
};

/* Where records are published. Strings owned; NULL: the default. No secrets:
 * those come from the environment. */
struct vqe_job_stream {
  bool wanted;   /* the job has the key "kafka" */
  char *brokers; /* "host:9092,host:9093" */
  char *topic;
  char *spool;            /* folder, resolved */
  char *registry;         /* URLs, by commas */
  char *registry_ca_file; /* resolved */
  size_t nproperty;
  struct vqe_job_property *properties; /* of librdkafka */
};

struct vqe_job {
  char *path;   /* as given */
  char *output; /* HDF5 result, resolved */
  int ranks_per_molecule;
  size_t count;
  struct vqe_experiment **experiments; /* input order, index = position */
  size_t nbad;                         /* experiments with input_error set */
  struct vqe_job_lake lake;
  struct vqe_job_stream stream;
};

/* What the command line adds; a non-NULL string or set flag overrides the
 * job file. List-valued ones are comma-separated ("6-31g,cc-pvdz"). */
struct vqe_job_overrides {
  const char *basis, *ansatz, *optimizer, *init, *seed, *entanglement;
  const char *frozen_core;  /* "true", "false" or a number */
  const char *active_space; /* "ELECTRONS,ORBITALS" */
  const char *references;   /* "hf,mp2,fci" */
  const char *device, *precision, *output, *ranks_per_molecule;
  const char *reps, *shots, *max_evaluations, *gtol, *ftol, *max_seconds,
      *init_noise;
  bool no_symmetry;
  bool strict; /* a bad molecule fails the whole load */
};

/* Read a job file, molecule file (JSON, QCSchema, XYZ) or FCIDUMP and expand
 * it. Order of expansion: molecules outermost, then basis, ansatz, optimizer,
 * init, seed innermost. Every experiment gets its id. A bad molecule becomes
 * an experiment with input_error (VQE_ERR_INPUT under strict); a bad setting
 * fails the load: file, key, value, remedy. Unknown keys name the nearest
 * known one. Two experiments with the same id: the later is dropped, said in
 * *warnings (free by free(), NULL when none). */
int vqe_job_load(struct vqe_job **out, char **warnings, const char *path,
                 const struct vqe_job_overrides *overrides);
/* Same from memory; `path` names the text in messages, its folder is where
 * relative paths start. */
int vqe_job_parse(struct vqe_job **out, char **warnings, const char *text,
                  size_t size, const char *path,
                  const struct vqe_job_overrides *overrides);

/* Adopt drawn seeds of an earlier run. The seed is part of the id and an
 * experiment without one draws a new seed at each load, so this is what lets
 * a restart find what is finished: each experiment whose seed was drawn takes
 * the drawn seed of an earlier result whose request is otherwise the same
 * (each result once, finished ones first), and gets the id that goes with it.
 * Load on one rank only: every load draws. */
int vqe_job_reuse_seeds(struct vqe_job *job, struct vqe_result *const *earlier,
                        size_t count);
void vqe_job_free(struct vqe_job *job);

#endif
