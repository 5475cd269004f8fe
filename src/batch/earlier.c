#include "batch/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lost.h"
#include "store/hdf5.h"
#include "vqe/checks.h"

static bool is_known(const struct vqe_batch_outcome *outcome,
                     const struct vqe_job *job, const char *id)
{
  for (size_t k = 0; k < job->count; k++) {
    if (strcmp(job->experiments[k]->id, id) == 0) {
      return true;
    }
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    if (strcmp(outcome->other[k]->experiment->id, id) == 0) {
      return true;
    }
  }
  return false;
}

/* Finished results of another job that died with the same output: the journal
 * is their only copy. */
static int keep_other_journals(struct vqe_batch_outcome *outcome,
                               const struct vqe_job *job,
                               struct vqe_resume *resume,
                               const struct vqe_batch_options *options)
{
  size_t capacity = outcome->nother;
  for (;;) {
    struct vqe_result *result = vqe_resume_take_any(resume);
    if (result == NULL) {
      return VQE_OK;
    }
    if (is_known(outcome, job, result->experiment->id)) {
      vqe_result_free(result);
      continue;
    }
    if (outcome->nother >= capacity) {
      size_t wanted = 2 * capacity + 16;
      int status =
          vqe_memory_grow(&outcome->other, outcome->nother, wanted,
                          sizeof(struct vqe_result *), "earlier results");
      if (status != VQE_OK) {
        vqe_result_free(result);
        return status;
      }
      capacity = wanted;
    }
    outcome->other[outcome->nother++] = result;
    vqe_batch_announce(options, result);
  }
}

/* The stored result of that id, taken out of the list, or NULL. */
static struct vqe_result *take_stored(struct vqe_result **stored,
                                      size_t nstored, const char *id)
{
  for (size_t k = 0; k < nstored; k++) {
    if (stored[k] != NULL && strcmp(stored[k]->experiment->id, id) == 0) {
      struct vqe_result *found = stored[k];
      stored[k] = NULL;
      return found;
    }
  }
  return NULL;
}

/* Does a result of an earlier run stand? What failed is run again, unless
 * ranks died of it. */
static bool stands(const struct vqe_result *result,
                   const struct vqe_batch_options *options)
{
  if (options->force) {
    return false;
  }
  return result->status == VQE_EXPERIMENT_OK ||
         (vqe_lost_was_aside(result) && !options->retry_set_aside);
}

/* An earlier run may have called the point otherwise, or known no scan; where
 * memory lacks it stays so. */
static void take_scan(struct vqe_experiment *stored,
                      const struct vqe_experiment *asked)
{
  char *scan = NULL;
  char *name = NULL;
  if (asked->scan == NULL || vqe_memory_strdup(&scan, asked->scan) != VQE_OK ||
      vqe_memory_strdup(&name, asked->name) != VQE_OK) {
    free(scan);
    return;
  }
  free(stored->scan);
  free(stored->name);
  stored->scan = scan;
  stored->name = name;
}

/* Put results of earlier runs in place; what is left in `stored` is of other
 * jobs. */
static void place_results(struct vqe_batch_outcome *outcome,
                          const struct vqe_job *job,
                          struct vqe_result **stored, size_t nstored,
                          struct vqe_resume *resume,
                          const struct vqe_batch_options *options)
{
  for (size_t k = 0; k < job->count; k++) {
    const char *id = job->experiments[k]->id;
    struct vqe_result *found = take_stored(stored, nstored, id);
    if (found == NULL && !options->force) {
      found = vqe_resume_take(resume, id);
      if (found != NULL) {
        vqe_batch_announce(options, found);
      }
    }
    if (found != NULL && !stands(found, options)) {
      vqe_result_free(found); /* replaced by this run */
      found = NULL;
    }
    if (found != NULL) {
      if (found->status == VQE_EXPERIMENT_OK) {
        (void)vqe_result_note_low(found);
      }
      found->experiment->index = (int)k;
      take_scan(found->experiment, job->experiments[k]);
      outcome->results[k] = found;
      outcome->skipped[k] = true;
    }
  }
}

int vqe_earlier_find(struct vqe_batch_outcome *outcome, struct vqe_job *job,
                     struct vqe_resume *resume,
                     const struct vqe_batch_options *options)
{
  struct vqe_result **stored = NULL;
  size_t nstored = 0;
  outcome->seen = vqe_file_mark(job->file);
  int status = vqe_batch_read_stored(&stored, &nstored, job->file);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->other, nstored + 1,
                              sizeof(struct vqe_result *), "earlier results");
  }
  if (status == VQE_OK) {
    struct vqe_job_earlier earlier = {.stored = stored, .nstored = nstored};
    vqe_resume_earlier(&earlier, resume);
    status = vqe_job_reuse_seeds(job, &earlier);
  }
  if (status == VQE_OK) {
    place_results(outcome, job, stored, nstored, resume, options);
    for (size_t k = 0; k < nstored; k++) {
      if (stored[k] != NULL) {
        outcome->other[outcome->nother++] = stored[k];
        stored[k] = NULL;
      }
    }
  }
  vqe_hdf5_free(stored, nstored);
  return status == VQE_OK ? keep_other_journals(outcome, job, resume, options)
                          : status;
}
