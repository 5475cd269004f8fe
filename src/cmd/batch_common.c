#include "batch_common.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"

int vqe_batch_complain(void)
{
  fprintf(stderr, "vqe_batch: %s\n", vqe_error_message());
  return EXIT_BAD_INPUT;
}

int vqe_batch_load(struct vqe_job **job, const struct vqe_cmd_options *options)
{
  char *warnings = NULL;
  int status = vqe_job_load(job, &warnings, options->job, &options->overrides);
  if (warnings != NULL) {
    fprintf(stderr, "vqe_batch: %s\n", warnings);
    free(warnings);
  }
  return status;
}
