/* What a command prints of one stored result. */
#ifndef VQE_CMD_LAKE_STORED_H
#define VQE_CMD_LAKE_STORED_H

#include "lake_commands.h"
#include "vqe/run.h"

struct vqe_cmd_lake_stored {
  const char *property; /* that the result must have */
  const char *what;     /* "natural orbitals": the same, in messages */
  /* *text: what is printed, to be freed. */
  int (*print)(char **text, const struct vqe_result *result,
               const struct vqe_property *property,
               const struct vqe_cmd_lake_options *options);
  const struct vqe_cmd_lake_options *options; /* RESULT [ID] */
};

/* Print the result whose id starts as the second argument says, or the only
 * one, of the file that the first one names; a basis file of its run must be
 * there unchanged. The exit status. */
int vqe_cmd_lake_print_stored(const struct vqe_cmd_lake_stored *wanted);

#endif
