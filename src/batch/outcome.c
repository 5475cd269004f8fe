#include "batch/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/own_file.h"
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

/* ---- what others wrote meanwhile ---- */

static bool is_good(const struct vqe_result *result)
{
  return result != NULL && result->status == VQE_EXPERIMENT_OK;
}

/* The place of the result of that id, NULL when it has none. *index: of its
 * experiment in the job, or -1. */
static struct vqe_result **place_of(int *index,
                                    struct vqe_batch_outcome *outcome,
                                    const struct vqe_job *job, const char *id)
{
  *index = -1;
  for (size_t k = 0; k < outcome->count; k++) {
    if (strcmp(job->experiments[k]->id, id) == 0) {
      *index = (int)k;
      return &outcome->results[k];
    }
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    if (strcmp(outcome->other[k]->experiment->id, id) == 0) {
      return &outcome->other[k];
    }
  }
  return NULL;
}

/* Keep `result` unless one at least as good has its place. `outcome->other`
 * has room. */
static void take_in(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job, struct vqe_result *result)
{
  int index;
  struct vqe_result **place =
      place_of(&index, outcome, job, result->experiment->id);
  if (place == NULL) {
    outcome->other[outcome->nother++] = result;
  } else if (is_good(result) && !is_good(*place)) {
    if (index >= 0) {
      result->experiment->index = index;
    }
    vqe_result_free(*place);
    *place = result;
  } else {
    vqe_result_free(result);
  }
}

int vqe_batch_read_stored(struct vqe_result ***out, size_t *count,
                          const char *path)
{
  *out = NULL;
  *count = 0;
  int status = vqe_own_file_check(path, "the result file");
  if (status == VQE_OK) {
    status = vqe_hdf5_read(out, count, path);
  }
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

/* The lock keeps other runs away, but not copies, other programs, and runs
 * that took this one for dead and have ended. */
static int take_in_changes(struct vqe_batch_outcome *outcome,
                           const struct vqe_job *job)
{
  struct vqe_file_mark now = vqe_file_mark(job->file);
  struct vqe_result **stored = NULL;
  size_t nstored = 0;
  if (vqe_file_same(&now, &outcome->seen)) {
    return VQE_OK;
  }
  int status = vqe_batch_read_stored(&stored, &nstored, job->file);
  if (status == VQE_OK) {
    status = vqe_memory_grow(&outcome->other, outcome->nother,
                             outcome->nother + nstored + 1,
                             sizeof(struct vqe_result *), "list of results");
  }
  for (size_t k = 0; status == VQE_OK && k < nstored; k++) {
    take_in(outcome, job, stored[k]);
    stored[k] = NULL;
  }
  vqe_hdf5_free(stored, nstored);
  return status;
}

int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job)
{
  struct vqe_result **all = NULL;
  size_t count = 0;
  int status = vqe_owner_check(outcome->owner);
  if (status == VQE_OK) {
    status = take_in_changes(outcome, job);
  }
  if (status == VQE_OK) {
    status = list_results(&all, &count, outcome);
  }
  if (status == VQE_OK) {
    status = write_results(outcome, job->file, all, count);
  }
  free(all);
  /* journals hold what an unfinished run needs to go on */
  if (status == VQE_OK && !outcome->interrupted) {
    status = vqe_resume_remove(job->file, outcome->run, &outcome->journals);
  }
  vqe_owner_release(outcome->owner);
  outcome->owner = NULL;
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
  /* what was being prepared may lack its lists */
  for (size_t k = 0; outcome->results != NULL && k < outcome->count; k++) {
    vqe_result_free(outcome->results[k]);
  }
  for (size_t k = 0; outcome->other != NULL && k < outcome->nother; k++) {
    vqe_result_free(outcome->other[k]);
  }
  vqe_owner_release(outcome->owner);
  vqe_resume_files_clear(&outcome->journals);
  free(outcome->results);
  free(outcome->skipped);
  free(outcome->hosts);
  free(outcome->other);
  vqe_hdf5_abandon(outcome->writer);
  memset(outcome, 0, sizeof *outcome);
}
