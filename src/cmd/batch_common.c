#include "batch_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "cmd_log.h"
#include "side_output.h"

int vqe_batch_complain(void)
{
  vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s", vqe_error_message());
  return EXIT_BAD_INPUT;
}

int vqe_batch_load(struct vqe_job **job, const struct vqe_cmd_options *options)
{
  char *warnings = NULL;
  int status = vqe_job_load(job, &warnings, options->job, &options->overrides);
  char *next = NULL;
  for (char *line = warnings != NULL ? strtok_r(warnings, "\n", &next) : NULL;
       line != NULL; line = strtok_r(NULL, "\n", &next)) {
    vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "%s", line);
  }
  free(warnings);
  return status;
}

int vqe_batch_spare_inputs(const char *option, const char *path,
                           const struct vqe_job *job)
{
  return vqe_cmd_side_output_check(
      option, path, (const char *const *)job->inputs.paths, job->inputs.count);
}
