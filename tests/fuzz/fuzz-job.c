/* Job files: any bytes give a job with sound experiments, or a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job/job.h"
#include "vqe/error.h"
#include "vqe/run_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Relative paths of a job lead nowhere from here. */
static const char path[] = "/nonexistent/fuzz.json";

static void check(const struct vqe_job *job)
{
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    if (experiment->index != (int)k || strlen(experiment->id) != 64 ||
        experiment->seed < 0 || experiment->seed > INT32_MAX ||
        (experiment->molecule == NULL && experiment->fcidump == NULL &&
         experiment->input_error == NULL)) {
      abort();
    }
  }
  if (job->count > 0) {
    struct vqe_experiment *copy;
    char id[VQE_EXPERIMENT_ID_SIZE];
    if (vqe_experiment_copy(&copy, job->experiments[0]) != 0 ||
        vqe_experiment_id(id, NULL, copy) != 0 ||
        strcmp(id, job->experiments[0]->id) != 0) {
      abort();
    }
    vqe_experiment_free(copy);
  }
}

/* The same bytes as the library takes them: one experiment, or none. */
static void check_library(const uint8_t *data, size_t size)
{
  struct vqe_experiment *experiment = NULL;
  char *warnings = NULL;
  int status =
      vqe_library_experiment(&experiment, &warnings, (const char *)data, size);
  if ((status == 0) != (experiment != NULL) ||
      (status != 0 && (warnings != NULL || vqe_error_message()[0] == '\0'))) {
    abort();
  }
  if (experiment != NULL && experiment->input_error != NULL) {
    abort(); /* a bad molecule is an error there */
  }
  vqe_experiment_free(experiment);
  free(warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_job *job;
  char *warnings;
  int status =
      vqe_job_parse(&job, &warnings, (const char *)data, size, path, NULL);
  if (status == 0) {
    check(job);
  } else if (job != NULL || vqe_error_message()[0] == '\0') {
    abort();
  }
  vqe_job_free(job);
  free(warnings);
  check_library(data, size);
  return 0;
}
