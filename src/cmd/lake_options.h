/* The command line of vqe_lake. */
#ifndef VQE_CMD_LAKE_OPTIONS_H
#define VQE_CMD_LAKE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "option_table.h"

struct vqe_cmd_lake_options {
  const char *command; /* "normalize", ...; NULL when not needed */
  char **arguments;    /* what follows it */
  int narguments;
  const char *warehouse; /* NULL: the command's default */
  const char *endpoint, *region, *scheme, *ca_file;
  const char *etag; /* "auto" or "opaque" */
  bool virtual_host;
  int timeout_s;          /* 0: default */
  int memory_mb;          /* 0: default */
  int threads;            /* 0: default */
  const char *scratch;    /* folder for temporary files */
  const char *lock_wait;  /* seconds */
  const char *format;     /* "text", "csv", "json" */
  const char *output;     /* FILE, or NULL for the standard output */
  const char *summary;    /* FILE for what was done, or NULL */
  const char *dataset;    /* folder that export writes */
  const char *license;    /* of the data set; NULL: CC-BY-4.0 */
  const char *older_than; /* "30d", "12h" or a date */
  const char *brokers, *topic, *registry, *group; /* of Kafka */
  const char *spool;                              /* folder */
  const char *land; /* place for raw files; NULL: to tables */
  const char *from; /* offset or time; NULL: the committed place */
  bool reject_unknown;
  bool insecure_http; /* credentials may go in plain text */
  bool unlocked;      /* of query */
  bool bind;          /* of qasm: numbers in place of inputs */
  int qasm_version;   /* of qasm: 2 or 3; 0: 3 */
  bool orphans;       /* of expire */
  /* of cube */
  int orbital; /* from 1; 0: none */
  bool density, spin_density;
  const char *spacing, *margin; /* bohr */
  /* of relocate: each place may have its own */
  const char *source_profile, *target_profile;
  const char *source_endpoint, *target_endpoint;
  const char *source_region, *target_region;
  struct vqe_cmd_words tables; /* none: all */
  bool dry_run;
  bool remove; /* --delete */
  bool quiet;
  bool log_json, log_prefix;
  const char *log_level;
  bool help, version, man;
  const char *completion;
};

/* As vqe_cmd_table_parse; checks the number of arguments as well. */
int vqe_cmd_lake_options_parse(struct vqe_cmd_lake_options *out, int argc,
                               char **argv);
/* As vqe_cmd_table_help(). */
int vqe_cmd_lake_options_help(const char *topic, FILE *stream);
void vqe_cmd_lake_options_man(FILE *stream); /* roff, section 1 */
int vqe_cmd_lake_options_completion(const char *shell, FILE *stream);

#endif
