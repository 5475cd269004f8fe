#include "batch/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/mpi_team.h"
#include "batch/progress.h"
#include "batch/resume.h"
#include "job/job.h"
#include "store/journal.h"

/* Evaluations of an experiment go to the journal once it has run this long;
 * computing less than that again is cheaper than writing it. */
#define JOURNAL_AFTER 2.0
#define PENDING_BYTES ((size_t)64 << 20)
/* How often a computing rank looks for a stop message. */
#define LOOK_SECONDS 0.05

static void pending_clear(struct vqe_lane *lane)
{
  for (size_t k = 0; k < lane->npending; k++) {
    free(lane->pending[k].values);
  }
  lane->npending = 0;
  lane->pending_bytes = 0;
}

void vqe_lane_init(struct vqe_lane *lane, struct vqe_worker *worker)
{
  *lane = (struct vqe_lane){.worker = worker, .host = worker->host};
  vqe_news_init(&lane->news);
}

void vqe_lane_clear(struct vqe_lane *lane)
{
  pending_clear(lane);
  free(lane->pending);
  vqe_news_clear(&lane->news);
}

bool vqe_lane_should_stop(void *ctx)
{
  struct vqe_lane *lane = ctx;
  struct vqe_worker *worker = lane->worker;
  /* who has the journal syncs it; an error of the disk shows at the next
   * record */
  if (pthread_mutex_trylock(&worker->journal_lock) == 0) {
    (void)vqe_journal_tick(worker->journal);
    pthread_mutex_unlock(&worker->journal_lock);
  }
  if (worker->options->stop != NULL && *worker->options->stop) {
    return true;
  }
  /* the only lane of a team calls MPI for it */
  if (worker->team != NULL && !worker->stopped) {
    double now = vqe_clock_wall();
    if (now - worker->last_look > LOOK_SECONDS) {
      worker->last_look = now;
      worker->stopped = vqe_batch_team_stopped(worker->team);
    }
  }
  return worker->stopped;
}

static int journal_evaluation(struct vqe_worker *worker, const char *id,
                              int iteration, int nparam,
                              const double *parameters, double energy,
                              double std, const double *gradient)
{
  pthread_mutex_lock(&worker->journal_lock);
  int status = vqe_journal_evaluation(worker->journal, id, iteration, nparam,
                                      parameters, energy, std, gradient);
  pthread_mutex_unlock(&worker->journal_lock);
  return status;
}

static int journal_mark(struct vqe_worker *worker, const char *id,
                        enum vqe_journal_mark mark)
{
  pthread_mutex_lock(&worker->journal_lock);
  int status = vqe_journal_mark(worker->journal, id, mark);
  pthread_mutex_unlock(&worker->journal_lock);
  return status;
}

int vqe_lane_journal_phase(struct vqe_worker *worker,
                           const struct vqe_experiment *experiment,
                           enum vqe_phase phase)
{
  struct vqe_journal_phase frame = {.seed = experiment->seed,
                                    .seed_drawn = experiment->seed_drawn,
                                    .phase = phase};
  memcpy(frame.experiment_id, experiment->id, sizeof frame.experiment_id);
  int status = vqe_job_seedless_id(frame.seedless_id, experiment);
  if (status == VQE_OK) {
    pthread_mutex_lock(&worker->journal_lock);
    status = vqe_journal_phase(worker->journal, &frame);
    pthread_mutex_unlock(&worker->journal_lock);
  }
  return status;
}

/* A seed that was drawn goes along: without it the next run would draw
 * another, and take the experiment for a new one, whose rank never died. */
static int journal_begin(struct vqe_worker *worker,
                         const struct vqe_experiment *experiment)
{
  int status = experiment->seed_drawn
                   ? vqe_lane_journal_phase(worker, experiment, VQE_PHASE_SCF)
                   : VQE_OK;
  return status == VQE_OK
             ? journal_mark(worker, experiment->id, VQE_JOURNAL_BEGUN)
             : status;
}

static int flush_pending(struct vqe_lane *lane, const char *id)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < lane->npending; k++) {
    const struct vqe_lane_pending *item = &lane->pending[k];
    status = journal_evaluation(
        lane->worker, id, item->iteration, item->nparam, item->values,
        item->energy, item->std,
        item->has_gradient ? item->values + item->nparam : NULL);
  }
  pending_clear(lane);
  lane->writing = true;
  return status;
}

static int hold_back(struct vqe_lane *lane, int iteration, int nparam,
                     const double *parameters, double energy, double std,
                     const double *gradient)
{
  size_t n = (size_t)nparam;
  if (lane->npending == lane->pending_capacity) {
    size_t capacity = 2 * lane->pending_capacity + 64;
    int status =
        vqe_memory_grow(&lane->pending, lane->npending, capacity,
                        sizeof *lane->pending, "evaluations to journal");
    if (status != VQE_OK) {
      return status;
    }
    lane->pending_capacity = capacity;
  }
  struct vqe_lane_pending *item = &lane->pending[lane->npending];
  int status = vqe_memory_alloc(&item->values, 2 * n, sizeof(double),
                                "evaluations to journal");
  if (status != VQE_OK) {
    return status;
  }
  item->iteration = iteration;
  item->nparam = nparam;
  item->energy = energy;
  item->std = std;
  item->has_gradient = gradient != NULL;
  memcpy(item->values, parameters, n * sizeof(double));
  if (gradient != NULL) {
    memcpy(item->values + n, gradient, n * sizeof(double));
  }
  lane->npending++;
  lane->pending_bytes += 2 * n * sizeof(double);
  return VQE_OK;
}

static int on_evaluation(void *ctx, const struct vqe_experiment *experiment,
                         int iteration, int nparam, const double *parameters,
                         double energy, double std, const double *gradient)
{
  struct vqe_lane *lane = ctx;
  vqe_news_evaluation(&lane->news, iteration, energy);
  vqe_progress_evaluation(lane->worker->options->log, experiment,
                          lane->worker->rank, iteration,
                          energy + lane->repulsion, std);
  if (lane->curve.again) {
    return VQE_OK;
  }
  if (lane->writing) {
    return journal_evaluation(lane->worker, experiment->id, iteration, nparam,
                              parameters, energy, std, gradient);
  }
  int status =
      hold_back(lane, iteration, nparam, parameters, energy, std, gradient);
  if (status == VQE_OK && (vqe_clock_wall() - lane->started > JOURNAL_AFTER ||
                           lane->pending_bytes > PENDING_BYTES)) {
    status = flush_pending(lane, experiment->id);
  }
  return status;
}

static int on_replay(void *ctx, const struct vqe_experiment *experiment,
                     int iteration, int nparam, const double *parameters,
                     double *energy, double *std, double *gradient)
{
  const struct vqe_lane *lane = ctx;
  return vqe_resume_replay(lane->worker->resume, experiment->id, iteration,
                           nparam, parameters, energy, std, gradient);
}

static void on_replay_refused(void *ctx,
                              const struct vqe_experiment *experiment,
                              int iteration, double replayed, double computed)
{
  const struct vqe_lane *lane = ctx;
  vqe_log(lane->worker->options->log, VQE_LOG_WARNING,
          "warning: experiment %.16s (%s): evaluation %d in the "
          "journal is %.9g hartree, computed again it is %.9g: what "
          "the journal holds of the experiment is not used, and it "
          "starts afresh",
          experiment->id,
          experiment->name != NULL ? experiment->name : "no name", iteration,
          replayed, computed);
  vqe_resume_refuse(lane->worker->resume, experiment->id);
}

static void on_phase(void *ctx, const struct vqe_experiment *experiment,
                     enum vqe_phase phase, const struct vqe_result *result)
{
  struct vqe_lane *lane = ctx;
  lane->repulsion = result->nuclear_repulsion_energy;
  vqe_progress_phase(lane->worker->options->log, experiment,
                     lane->worker->rank, phase);
  if (strncmp(result->backend, "vqe_cuda", 8) == 0) {
    lane->worker->on_device = true;
  }
  vqe_news_phase(&lane->news, phase, result);
}

int vqe_lane_journal_result(struct vqe_worker *worker,
                            const struct vqe_result *result)
{
  pthread_mutex_lock(&worker->journal_lock);
  int status = vqe_journal_result(worker->journal, result);
  pthread_mutex_unlock(&worker->journal_lock);
  return status;
}

int vqe_lane_run(struct vqe_result **out, struct vqe_lane *lane,
                 const struct vqe_experiment *experiment, bool serial)
{
  struct vqe_worker *worker = lane->worker;
  struct vqe_run_options options = {
      .size = sizeof options,
      .threads = serial ? 1 : worker->threads,
      .mpi_rank = worker->rank,
      .mpi_ranks = worker->ranks,
      .team = worker->team != NULL ? &worker->team->view : NULL,
      .device_index = worker->node_rank,
      .host = &lane->host,
      .gates = worker->options->gates,
      .combiner = worker->combiner,
      .neighbour = lane->curve.from,
      .left = lane->curve.left};
  struct vqe_callbacks callbacks = {.size = sizeof callbacks,
                                    .ctx = lane,
                                    .evaluation = on_evaluation,
                                    .replay =
                                        lane->curve.again ? NULL : on_replay,
                                    .should_stop = vqe_lane_should_stop,
                                    .phase = on_phase,
                                    .replay_refused = on_replay_refused};
  int status = journal_begin(worker, experiment);
  if (status != VQE_OK) {
    return status;
  }
  lane->started = vqe_clock_wall();
  lane->writing = false;
  vqe_news_begin(&lane->news, experiment);
  status = vqe_experiment_run(out, experiment, &options, &callbacks);
  if (status != VQE_ERR_INTERRUPTED) {
    vqe_news_end(&lane->news); /* else the last message says where it was */
  }
  if (status == VQE_ERR_INTERRUPTED && !lane->writing) {
    (void)flush_pending(lane, experiment->id);
  }
  pending_clear(lane);
  if (status == VQE_ERR_INTERRUPTED) {
    (void)journal_mark(worker, experiment->id, VQE_JOURNAL_LEFT);
    return status;
  }
  if (status != VQE_OK) {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    status = vqe_result_create(out, experiment, VQE_EXPERIMENT_FAILED, reason);
  }
  if (status != VQE_OK) {
    return status;
  }
  /* what waits for others is not in hand any more */
  return lane->curve.held
             ? journal_mark(worker, experiment->id, VQE_JOURNAL_LEFT)
             : vqe_lane_journal_result(worker, *out);
}
