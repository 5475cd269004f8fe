/* What vqe_batch prints instead of running a job: help, devices, the list of
 * experiments, a circuit, integrals. Needs no MPI. */
#ifndef VQE_CMD_BATCH_PRINT_H
#define VQE_CMD_BATCH_PRINT_H

#include <stdbool.h>

#include "options.h"

/* Does the command line ask for one of them? */
bool vqe_batch_prints(const struct vqe_cmd_options *options);

/* Print the first of them; the exit status. */
int vqe_batch_print(const struct vqe_cmd_options *options);

#endif
