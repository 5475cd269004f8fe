/* A job: its experiments, where its results go, and what the command line adds
 * to its file. */
#ifndef VQE_JOB_JOB_TYPES_H
#define VQE_JOB_JOB_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

/* Where the tables go. Strings owned; NULL: the default. */
struct vqe_job_lake {
  char *warehouse; /* path, resolved, or URI; NULL: beside the result */
  bool none;       /* make no tables */
  char *endpoint, *region, *scheme, *ca_file; /* of S3 */
  char *etag;                                 /* "auto" or "opaque" */
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
  bool insecure_http; /* credentials of S3 too may go in plain text */
};

/* Where metrics go. Strings owned; NULL: nowhere. */
struct vqe_job_metrics {
  char *place;  /* file, resolved, or URL */
  char *listen; /* [ADDRESS:]PORT */
};

/* Files that a job was read from, beside the job's own. */
struct vqe_job_inputs {
  size_t count;
  char **paths;
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
  char *file;    /* `output` with symbolic links followed: where it is kept */
  int *qcschema; /* of each molecule_id: version of QCSchema of the input, in
                    which results are written; 0: another format */
  bool calculation; /* the first molecule stands in one of QCSchema, with what
                       is asked for */
  size_t product;   /* experiments that the lists multiply to; `count` of them
                       are selected and differ */
  int *positions;   /* of each experiment in the product */
  int *orders;      /* of each experiment: its group of `select`; what has a
                       lower one is run first */
  int *chains;      /* of each experiment: number of the curve whose points
                       follow each other, in their order; -1: none */
  struct vqe_job_metrics metrics;
  struct vqe_job_inputs inputs; /* molecules, basis sets, parameters,
                                   calibrations */
};

/* What the command line adds; a non-NULL string or set flag overrides the
 * job file. List-valued ones are comma-separated ("6-31g,cc-pvdz"). */
struct vqe_job_overrides {
  const char *basis, *ansatz, *optimizer, *init, *seed, *entanglement;
  const char *circuits;     /* "compact", "gadgets", "plain" */
  const char *frozen_core;  /* "true", "false" or a number */
  const char *active_space; /* as vqe_job_space_option takes it */
  const char *references;   /* "hf,mp2,fci" */
  const char *fci_max_seconds;
  const char *device, *precision, *output, *ranks_per_molecule;
  const char *reps, *shots, *max_evaluations, *gtol, *ftol, *max_seconds,
      *init_noise;
  const char *charge, *multiplicity, *units; /* of all molecules */
  const char *restarts, *escape_saddles;
  const char *penalty_number, *penalty_spin; /* hartree */
  const char *properties;
  const char *measurement;
  const char *noise; /* path of a calibration, or JSON as in a job */
  const char *scan;  /* as job_scan_text.h; molecules by formula where the job
                        has no path */
  const char *const *files; /* molecule files beside the job's own path */
  size_t nfile;
  bool no_symmetry;
  bool follow; /* points of a curve start from their neighbours */
  bool strict; /* a bad molecule fails the whole load */
};

#endif
