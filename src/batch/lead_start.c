/* What rank 0 does before it leads. */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "batch/earlier.h"
#include "batch/lead_state.h"
#include "batch/resume.h"
#include "estimator/estimator_choose.h"

/* As the estimator will choose (estimator_choose.h). */
static enum vqe_task_place place_of(const struct vqe_experiment *experiment,
                                    uint64_t amplitudes,
                                    const struct vqe_batch_options *options)
{
  if (strcmp(experiment->device, "cuda") == 0 ||
      strcmp(experiment->precision, "single") == 0 ||
      options->gates == VQE_GATES_CUSTATEVEC) {
    return VQE_TASK_NEEDS;
  }
  return strcmp(experiment->device, "cpu") != 0 &&
                 vqe_estimator_gains_by_device(amplitudes)
             ? VQE_TASK_GAINS
             : VQE_TASK_ANYWHERE;
}

/* What an experiment costs and where it suits. What cannot be estimated fails
 * fast: order does not matter. */
static void estimate(struct vqe_task *out, const struct vqe_lead *lead,
                     const struct vqe_job *job, int index)
{
  struct vqe_experiment_estimate estimate;
  *out = (struct vqe_task){
      .experiment = job->experiments[index],
      .order = job->orders[index],
      .alone = vqe_lost_is_suspect(&lead->lost, (size_t)index)};
  if (vqe_experiment_estimate(&estimate, out->experiment) == VQE_OK) {
    out->cost = estimate.cost;
    out->serial = estimate.serial && lead->worker.team_size == 1;
    out->place =
        place_of(out->experiment, estimate.amplitudes, lead->worker.options);
  }
}

/* What is not run: it has a result, or is set aside. */
static bool is_done(struct vqe_lead *lead, size_t index)
{
  const struct vqe_result *result = lead->outcome->results[index];
  bool aside = result == NULL && vqe_lost_is_aside(&lead->lost, index);
  lead->stood_aside += result != NULL && result->status != VQE_EXPERIMENT_OK;
  lead->aside += aside;
  return result != NULL || aside;
}

/* ---- curves ---- */

/* A point: the number of its curve, and of its experiment. */
struct point {
  int chain, index;
};

static int by_chain(const void *a, const void *b)
{
  const struct point *left = a;
  const struct point *right = b;
  return left->chain != right->chain ? (left->chain < right->chain ? -1 : 1)
                                     : left->index - right->index;
}

/* One task for all of a curve that is to be run, which is what earlier runs
 * have not left; `list` has room for it.
 * Returns how many points follow the first. */
static size_t add_curve(struct vqe_lead *lead, const struct vqe_job *job,
                        const struct point *points, size_t count,
                        struct vqe_experiment **list)
{
  struct vqe_task whole = {.experiment = NULL};
  for (size_t k = 0; k < count; k++) {
    struct vqe_task task;
    if (is_done(lead, (size_t)points[k].index)) {
      continue;
    }
    estimate(&task, lead, job, points[k].index);
    lead->suspected += task.alone;
    lead->listed++;
    if (whole.experiment == NULL) {
      whole = task;
      whole.follow = list;
    } else {
      whole.cost += task.cost;
      whole.alone = whole.alone || task.alone;
      whole.serial = whole.serial && task.serial;
      whole.place = task.place > whole.place ? task.place : whole.place;
      list[whole.nfollow++] = task.experiment;
    }
  }
  if (whole.experiment != NULL) {
    vqe_schedule_add(&lead->schedule, whole);
  }
  return whole.nfollow;
}

static int list_curves(struct vqe_lead *lead, const struct vqe_job *job)
{
  struct point *points = NULL;
  size_t count = 0;
  size_t used = 0;
  int status = vqe_memory_alloc(&points, job->count, sizeof *points, "curves");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->followers, job->count,
                              sizeof(struct vqe_experiment *), "curves");
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    if (job->chains[k] >= 0) {
      points[count++] = (struct point){job->chains[k], (int)k};
    }
  }
  if (count > 0) {
    qsort(points, count, sizeof *points, by_chain);
  }
  for (size_t first = 0; status == VQE_OK && first < count;) {
    size_t end = first;
    while (end < count && points[end].chain == points[first].chain) {
      end++;
    }
    used += add_curve(lead, job, points + first, end - first,
                      lead->followers + used);
    first = end;
  }
  free(points);
  return status;
}

static int list_tasks(struct vqe_lead *lead, const struct vqe_job *job)
{
  int workers = lead->worker.ranks / lead->worker.team_size;
  int status = vqe_schedule_init(&lead->schedule, job->count, workers,
                                 lead->worker.devices);
  if (status == VQE_OK) {
    status = vqe_lost_init(
        &lead->lost, job, vqe_resume_suspects(lead->worker.resume),
        lead->worker.ranks, lead->worker.options->retry_set_aside,
        lead->worker.options->log);
  }
  if (status == VQE_OK) {
    status = list_curves(lead, job);
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_task task;
    if (job->chains[k] < 0 && !is_done(lead, k)) {
      estimate(&task, lead, job, (int)k);
      lead->suspected += task.alone;
      lead->listed++;
      vqe_schedule_add(&lead->schedule, task);
    }
  }
  vqe_schedule_sort(&lead->schedule);
  lead->progress.cost_total = lead->schedule.cost;
  lead->progress.workers = workers * lead->worker.lanes;
  return status;
}

static int list_ranks(struct vqe_lead *lead)
{
  size_t ranks = (size_t)lead->worker.ranks;
  int status =
      vqe_memory_alloc(&lead->idle, ranks, sizeof *lead->idle, "rank list");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->waiting, ranks, sizeof *lead->waiting,
                              "rank list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->ended, ranks, sizeof *lead->ended,
                              "rank list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->reports, ranks, sizeof *lead->reports,
                              "rank list");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&lead->news, ranks, sizeof *lead->news, "rank list");
  }
  for (size_t k = 0; status == VQE_OK && k < ranks; k++) {
    lead->news[k].index = -1;
  }
  if (status == VQE_OK && lead->worker.options->watch != NULL) {
    lead->npulse = ranks / (size_t)lead->worker.team_size;
    status = vqe_memory_alloc(&lead->pulses, lead->npulse,
                              sizeof *lead->pulses, "rank list");
  }
  return status;
}

int vqe_lead_prepare(struct vqe_lead *lead, struct vqe_job *job, int run)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  outcome->count = job->count;
  outcome->run = run;
  outcome->ranks = lead->worker.ranks;
  int status = vqe_worker_init(&lead->worker, job->file, run);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->results, job->count,
                              sizeof(struct vqe_result *), "results");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->skipped, job->count, sizeof(bool),
                              "results");
  }
  if (status == VQE_OK) {
    outcome->journals = vqe_resume_take_files(lead->worker.resume);
    status = vqe_earlier_find(outcome, job, lead->worker.resume,
                              lead->worker.options);
  }
  if (status == VQE_OK) {
    status = list_ranks(lead);
  }
  if (status == VQE_OK) {
    status = list_tasks(lead, job);
  }
  if (status == VQE_OK) {
    status = vqe_early_writer_init(&lead->writer, outcome, job->file, run);
  }
  if (status == VQE_OK) {
    status = vqe_lanes_open(&lead->lanes, &lead->worker);
  }
  return status;
}
