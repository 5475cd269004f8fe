/* The command line of vqe_batch. One table in options.c drives parsing,
 * --help, the man page and shell completion. */
#ifndef VQE_CMD_OPTIONS_H
#define VQE_CMD_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "job/job.h"

struct vqe_cmd_options {
  const char *job; /* the first positional argument; NULL when not needed */
  struct vqe_job_overrides overrides;
  const char *gates; /* "auto", "own", "custatevec"; NULL: auto */
  bool force;        /* repeat finished experiments */
  bool retry_set_aside;
  bool dry_run; /* list the experiments and end */
  bool quiet;
  bool all; /* a line of the table for each seed */
  bool log_json, log_prefix;
  const char *log_level;
  bool qasm;               /* print the circuit of an experiment and end */
  int qasm_index;          /* which, from 0 */
  bool orbitals;           /* print the orbitals and end */
  bool bind;               /* numbers in place of its inputs */
  int qasm_version;        /* 2 or 3; 0: 3 */
  const char *fcidump;     /* write integrals there and end; NULL: do not */
  const char *hamiltonian; /* write it on qubits and end; NULL: do not */
  const char *mapping;     /* of it and --qasm; NULL: jordan_wigner */
  const char *taper;       /* none, number, all; NULL: none */
  int threads;             /* per rank; 0: cores / local ranks */
  int lanes;               /* small experiments at once; 0: as fits */
  const char *summary;     /* path, or NULL */
  const char *qcschema;    /* path, or NULL */
  const char *report;      /* path, or NULL */
  const char *warehouse;   /* place of the tables; NULL: the default */
  bool no_lake;            /* make no tables */
  bool insecure_http;      /* credentials may go in plain text */
  bool kafka;              /* publish to Kafka; any of the following as well */
  const char *brokers, *topic, *registry, *spool; /* NULL: the job's */
  const char *metrics;        /* FILE.prom or URL; NULL: the job's */
  const char *metrics_listen; /* [ADDRESS:]PORT; NULL: the job's */
  /* Print and end; the job is not needed. */
  bool help, version, man, devices, list_basis;
  const char *completion; /* a shell, or NULL */
  bool singletons;        /* processes that MPI does not bring together */
};

/* Read argv; strings in `out` point into it, which getopt may reorder.
 * VQE_ERR_INPUT names the option, and the nearest known one when there is no
 * such option. Not thread-safe, as getopt is not. */
int vqe_cmd_options_parse(struct vqe_cmd_options *out, int argc, char **argv);

/* As vqe_cmd_table_help(); commands have their own texts. */
int vqe_cmd_options_help(const char *topic, FILE *stream);
void vqe_cmd_options_man(FILE *stream); /* roff, section 1 */
int vqe_cmd_options_completion(const char *shell, FILE *stream);

#endif
