/* The log of the program that runs. */
#ifndef VQE_CMD_CMD_LOG_H
#define VQE_CMD_CMD_LOG_H

#include <stdbool.h>

#include "base/log.h"

extern struct vqe_log vqe_cmd_log;

/* What the command line asks for, before anything but a wrong command line is
 * said. `level` NULL: info. The run is named by VQE_RUN_ID, or at random.
 * VQE_ERR_INPUT names the option that is wrong. */
int vqe_cmd_log_begin(const char *level, bool json, bool prefix);

#endif
