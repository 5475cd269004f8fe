#include "batch/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "batch/resume.h"
#include "store/hdf5.h"

void vqe_batch_announce(const struct vqe_batch_options *options,
                        const struct vqe_result *result)
{
  if (options->finished != NULL && result->status == VQE_EXPERIMENT_OK) {
    options->finished(options->finished_ctx, result);
  }
}

/* Finish the file that was begun while ranks computed. What keeps it from
 * being finished (results that are missing shift the others, a folder on
 * another file system) does not keep a new one. */
static int write_results(struct vqe_batch_outcome *outcome, const char *path,
                         struct vqe_result *const *results, size_t count)
{
  struct vqe_hdf5_writer *writer = outcome->writer;
  outcome->writer = NULL;
  if (writer != NULL && vqe_hdf5_fits(writer, results, count)) {
    int status = vqe_hdf5_finish(writer, results, count);
    if (status == VQE_OK) {
      return VQE_OK;
    }
  } else {
    vqe_hdf5_abandon(writer);
  }
  return vqe_hdf5_write(path, results, count);
}

/* A new list, in the order of the result file. */
static int list_results(struct vqe_result ***out, size_t *count,
                        const struct vqe_batch_outcome *outcome)
{
  struct vqe_result **all = NULL;
  *count = 0;
  int status =
      vqe_memory_alloc(&all, outcome->count + outcome->nother + 1,
                       sizeof(struct vqe_result *), "list of results");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < outcome->count; k++) {
    if (outcome->results[k] != NULL) {
      all[(*count)++] = outcome->results[k];
    }
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    all[(*count)++] = outcome->other[k];
  }
  *out = all;
  return VQE_OK;
}

int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job)
{
  struct vqe_result **all = NULL;
  size_t count = 0;
  int status = list_results(&all, &count, outcome);
  if (status == VQE_OK) {
    status = write_results(outcome, job->output, all, count);
  }
  free(all);
  /* journals hold what an unfinished run needs to go on */
  if (status == VQE_OK && !outcome->interrupted) {
    status = vqe_resume_remove(job->output);
  }
  return status;
}

int vqe_batch_outcome_take(struct vqe_result ***out, size_t *count,
                           struct vqe_batch_outcome *outcome)
{
  int status = list_results(out, count, outcome);
  for (size_t k = 0; status == VQE_OK && k < outcome->count; k++) {
    outcome->results[k] = NULL;
  }
  if (status == VQE_OK) {
    outcome->nother = 0;
  }
  return status;
}

void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome)
{
  for (size_t k = 0; k < outcome->count; k++) {
    vqe_result_free(outcome->results[k]);
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    vqe_result_free(outcome->other[k]);
  }
  free(outcome->results);
  free(outcome->skipped);
  free(outcome->other);
  vqe_hdf5_abandon(outcome->writer);
  memset(outcome, 0, sizeof *outcome);
}
