/* The command lines of `vqe_batch generate` and `vqe_batch status`. */
#ifndef VQE_CMD_CAMPAIGN_OPTIONS_H
#define VQE_CMD_CAMPAIGN_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct vqe_cmd_generate_options {
  const char *tier; /* "1" to "4", or a file */
  const char *folder;
  int parts;                       /* of each lane; 0: one */
  bool lanes;                      /* as the tier has them */
  int max_qubits;                  /* 0: any */
  const char *memory, *cost_limit; /* numbers; NULL: the default */
  const char *done;                /* warehouse with what is done, or NULL */
  bool json, help, man;
};

struct vqe_cmd_status_options {
  const char *place;
  bool watch, json, all, help, man;
  int interval; /* seconds; 0: the default */
  int limit;    /* of watching, seconds; 0: the default */
};

/* Read argv, of which argv[0] is the command. Strings point into argv.
 * VQE_ERR_INPUT as vqe_cmd_options_parse(). */
int vqe_cmd_generate_parse(struct vqe_cmd_generate_options *out, int argc,
                           char **argv);
int vqe_cmd_status_parse(struct vqe_cmd_status_options *out, int argc,
                         char **argv);
/* The whole help and the man page; VQE_OK. */
int vqe_cmd_generate_help(FILE *stream);
int vqe_cmd_status_help(FILE *stream);
void vqe_cmd_generate_man(FILE *stream);
void vqe_cmd_status_man(FILE *stream);

#endif
