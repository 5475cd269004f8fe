/* What the parts of vqe_batch share: exit statuses, messages, the job. */
#ifndef VQE_CMD_BATCH_COMMON_H
#define VQE_CMD_BATCH_COMMON_H

#include "job/job.h"
#include "options.h"

enum exit_status {
  EXIT_GOOD = 0,
  EXIT_SOME_FAILED = 1,
  EXIT_BAD_INPUT = 2,
  EXIT_INTERRUPTED = 3
};

/* Print the message of the last error; EXIT_BAD_INPUT. */
int vqe_batch_complain(void);

/* The job of the command line; its warnings are printed. */
int vqe_batch_load(struct vqe_job **job,
                   const struct vqe_cmd_options *options);

/* vqe_cmd_side_output_check against every file that the job was read from. */
int vqe_batch_spare_inputs(const char *option, const char *path,
                           const struct vqe_job *job);

#endif
