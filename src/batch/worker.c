#include "batch/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lanes.h"
#include "store/codec.h"

/* Evaluations of an experiment go to the journal once it has run this long;
 * repeating less is cheaper than writing it. */
#define JOURNAL_AFTER 2.0
#define PENDING_BYTES ((size_t)64 << 20)
/* How often a computing rank looks for a stop message. */
#define LOOK_SECONDS 0.05
#define LOOK_NAPS 50

/* ---- run, journal ---- */

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
}

void vqe_lane_clear(struct vqe_lane *lane)
{
  pending_clear(lane);
  free(lane->pending);
}

bool vqe_worker_should_stop(void *ctx)
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

static int flush_pending(struct vqe_lane *lane, const char *id)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < lane->npending; k++) {
    const struct vqe_pending *item = &lane->pending[k];
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
  struct vqe_pending *item = &lane->pending[lane->npending];
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

int vqe_worker_run(struct vqe_result **out, struct vqe_lane *lane,
                   const struct vqe_experiment *experiment, bool serial)
{
  struct vqe_worker *worker = lane->worker;
  struct vqe_run_options options = {serial ? 1 : worker->threads,
                                    worker->rank,
                                    worker->ranks,
                                    worker->team != NULL ? &worker->team->view
                                                         : NULL,
                                    worker->node_rank,
                                    &lane->host,
                                    worker->options->gates,
                                    worker->combiner};
  struct vqe_callbacks callbacks = {lane, on_evaluation, on_replay,
                                    vqe_worker_should_stop};
  lane->started = vqe_clock_wall();
  lane->writing = false;
  int status = vqe_experiment_run(out, experiment, &options, &callbacks);
  if (status == VQE_ERR_INTERRUPTED && !lane->writing) {
    (void)flush_pending(lane, experiment->id);
  }
  pending_clear(lane);
  if (status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  if (status != VQE_OK) {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    status = vqe_result_create(out, experiment, VQE_EXPERIMENT_FAILED, reason);
  }
  if (status == VQE_OK) {
    pthread_mutex_lock(&worker->journal_lock);
    status = vqe_journal_result(worker->journal, *out);
    pthread_mutex_unlock(&worker->journal_lock);
  }
  return status;
}

/* ---- threads and journals of a rank ---- */

int vqe_worker_init(struct vqe_worker *worker, const char *output, int run)
{
  char *path = NULL;
  int next;
  pthread_mutex_init(&worker->journal_lock, NULL);
  vqe_host_init(&worker->host);
  int status =
      vqe_resume_load(&worker->resume, &next, output, worker->rank == 0);
  if (status == VQE_OK) {
    status = vqe_combiner_create(&worker->combiner);
  }
  if (status == VQE_OK) {
    status = vqe_resume_journal_path(&path, output, run, worker->rank);
  }
  if (status == VQE_OK) {
    status = vqe_journal_open(&worker->journal, path);
  }
  free(path);
  return status;
}

void vqe_worker_clear(struct vqe_worker *worker)
{
  (void)vqe_journal_close(worker->journal);
  vqe_resume_free(worker->resume);
  vqe_combiner_free(worker->combiner);
  pthread_mutex_destroy(&worker->journal_lock);
}

/* Rank 0 may be slow to take it: the next experiment does not wait. */
static int send_result(struct vqe_worker *worker,
                       const struct vqe_result *result)
{
  uint8_t *data = NULL;
  size_t size;
  int status = vqe_codec_encode_result(&data, &size, result);
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  return vqe_outbox_send(&worker->outbox, worker->transport, 0, VQE_TAG_RESULT,
                         data, size);
}

/* Give the lanes everything of one work message: u64 size, u64 1 when it is
 * serial, then the bytes of a request, for each experiment. */
static int take_work(struct vqe_lanes *lanes, const uint8_t *data, size_t size)
{
  uint64_t head[2];
  size_t at = 0;
  int status = VQE_OK;
  while (status == VQE_OK && at + sizeof head <= size) {
    struct vqe_result *request = NULL;
    memcpy(head, data + at, sizeof head);
    at += sizeof head;
    if (head[0] > size - at) {
      return vqe_error_set(VQE_ERR_IO, "a work message is cut short");
    }
    status = vqe_codec_decode_result(&request, data + at, (size_t)head[0]);
    at += (size_t)head[0];
    if (status == VQE_OK) {
      status =
          vqe_lanes_put(lanes, request->experiment, head[1] != 0, request);
    }
  }
  return status;
}

static int send_results(struct vqe_worker *worker, struct vqe_lanes *lanes,
                        long nanoseconds)
{
  struct vqe_result *result = vqe_lanes_take(lanes, nanoseconds);
  int status = VQE_OK;
  while (status == VQE_OK && result != NULL) {
    status = send_result(worker, result);
    vqe_result_free(result);
    result = status == VQE_OK ? vqe_lanes_take(lanes, 0) : NULL;
  }
  return status;
}

/* Bring work and take results until rank 0 says stop. */
static int serve_lanes(struct vqe_worker *worker, struct vqe_lanes *lanes)
{
  const struct vqe_transport *transport = worker->transport;
  bool asked = false;
  int status = VQE_OK;
  while (status == VQE_OK) {
    struct vqe_transport_head found;
    struct vqe_transport_ask ask = {0, worker->lanes};
    if (!asked && vqe_lanes_hungry(lanes, &ask.idle)) {
      status = vqe_transport_send(transport, 0, VQE_TAG_ASK, &ask, sizeof ask);
      asked = true;
    }
    if (vqe_transport_probe(transport, &found, 0, VQE_TAG_ANY)) {
      if (found.tag == VQE_TAG_STOP) {
        break;
      }
      uint8_t *data = NULL;
      status = vqe_transport_receive(&data, transport, &found);
      if (status == VQE_OK) {
        status = take_work(lanes, data, found.size);
      }
      free(data);
      asked = false;
      continue;
    }
    /* lanes wake us; messages have to be looked for */
    bool waits = asked || worker->outbox.count > 0;
    status = send_results(worker, lanes,
                          waits ? VQE_SLEEP_NS : LOOK_NAPS * VQE_SLEEP_NS);
    if (status == VQE_OK) {
      status = vqe_lanes_status(lanes);
    }
  }
  return status;
}

void vqe_worker_end(struct vqe_worker *worker, int status, double started)
{
  double now = vqe_clock_wall();
  worker->report.status = status;
  worker->report.seconds = now - started;
  worker->report.start = worker->first > 0.0 ? worker->first - started : 0.0;
  worker->report.end = worker->last > 0.0 ? now - worker->last : 0.0;
  if (worker->team != NULL) {
    vqe_batch_team_close(worker->team);
    worker->report.sent = worker->team->sent;
    worker->report.messages = worker->team->messages;
  }
}

/* Report to rank 0 that nothing more comes, then take its stop message. */
static void say_stopped(struct vqe_worker *worker)
{
  struct vqe_transport_head found;
  (void)vqe_transport_send(worker->transport, 0, VQE_TAG_STOPPED,
                           &worker->report, sizeof worker->report);
  vqe_transport_wait(worker->transport, &found, 0, VQE_TAG_STOP);
  (void)vqe_transport_receive_into(NULL, 0, worker->transport, &found);
}

void vqe_worker_decline(struct vqe_worker *worker, int status)
{
  vqe_worker_end(worker, status, vqe_clock_wall());
  say_stopped(worker);
}

int vqe_worker_serve(struct vqe_worker *worker)
{
  double started = vqe_clock_wall();
  struct vqe_lanes *lanes = NULL;
  char message[512] = "";
  int status = vqe_lanes_open(&lanes, worker);
  if (status == VQE_OK) {
    status = serve_lanes(worker, lanes);
  }
  if (status != VQE_OK) {
    snprintf(message, sizeof message, "%s", vqe_error_message());
  }
  worker->stopped = true; /* for what still runs */
  if (lanes != NULL) {
    int ended = vqe_lanes_end(lanes);
    if (status == VQE_OK && ended != VQE_OK) {
      status = ended;
      snprintf(message, sizeof message, "%s", vqe_error_message());
    }
    /* what came to an end before it was stopped; it is journaled */
    (void)send_results(worker, lanes, 0);
  }
  vqe_lanes_free(lanes);
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    fprintf(stderr, "vqe_batch: rank %d: %s\n", worker->rank, message);
  }
  vqe_outbox_flush(&worker->outbox, worker->transport);
  vqe_worker_end(worker, status, started);
  say_stopped(worker);
  return status == VQE_ERR_INTERRUPTED ? VQE_OK : status;
}
