/* What rank 0 does before it leads. */
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
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_experiment_estimate estimate;
    struct vqe_task task = {.experiment = job->experiments[k],
                            .order = job->orders[k]};
    if (lead->outcome->results[k] != NULL) {
      lead->stood_aside +=
          lead->outcome->results[k]->status != VQE_EXPERIMENT_OK;
      continue;
    }
    if (vqe_lost_is_aside(&lead->lost, k)) {
      lead->aside++;
      continue;
    }
    task.alone = vqe_lost_is_suspect(&lead->lost, k);
    lead->suspected += task.alone;
    /* what cannot be estimated fails fast: order does not matter */
    if (vqe_experiment_estimate(&estimate, task.experiment) == VQE_OK) {
      task.cost = estimate.cost;
      task.serial = estimate.serial && lead->worker.team_size == 1;
      task.place =
          place_of(task.experiment, estimate.amplitudes, lead->worker.options);
    }
    vqe_schedule_add(&lead->schedule, task);
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
