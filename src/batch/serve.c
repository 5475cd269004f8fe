#include "batch/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lanes.h"
#include "batch/pulse.h"
#include "batch/request.h"
#include "store/codec.h"

/* Sleeps between two looks for a stop message while nothing is expected. */
#define LOOK_SLEEPS 50

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

/* An experiment of a message, and the points of its curve behind it. */
struct batch {
  struct vqe_experiment *first;
  size_t count;
  struct vqe_experiment **follow;
  enum vqe_task_share share;
};

static void batch_clear(struct batch *batch)
{
  vqe_experiment_free(batch->first);
  for (size_t k = 0; k < batch->count; k++) {
    vqe_experiment_free(batch->follow[k]);
  }
  free(batch->follow);
  *batch = (struct batch){.first = NULL};
}

/* The next one; `first` is NULL at the end. */
static int next_batch(struct batch *out, size_t *at,
                      const struct vqe_request_message *message)
{
  bool more = false;
  int status = vqe_request_next(&out->first, &out->share, &more, at, message);
  while (status == VQE_OK && more) {
    struct vqe_experiment *point = NULL;
    status = vqe_request_next(&point, &out->share, &more, at, message);
    if (status == VQE_OK && point == NULL) {
      status = vqe_error_set(VQE_ERR_IO, "a work message lacks the rest of a "
                                         "curve");
    }
    if (status == VQE_OK) {
      status = vqe_memory_grow(&out->follow, out->count, out->count + 1,
                               sizeof(struct vqe_experiment *), "a curve");
    }
    if (status == VQE_OK) {
      out->follow[out->count++] = point;
    } else {
      vqe_experiment_free(point);
    }
  }
  return status;
}

/* Give the lanes everything of one work message. */
static int take_work(struct vqe_lanes *lanes,
                     const struct vqe_request_message *message)
{
  struct batch batch = {.first = NULL};
  size_t at = 0;
  int status = next_batch(&batch, &at, message);
  while (status == VQE_OK && batch.first != NULL) {
    status = vqe_lanes_give(lanes, batch.first, batch.follow, batch.count,
                            batch.share);
    free(batch.follow); /* the list alone is ours now */
    batch = (struct batch){.first = NULL};
    if (status == VQE_OK) {
      status = next_batch(&batch, &at, message);
    }
  }
  batch_clear(&batch);
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

/* Now and then, and only of what takes long. */
static int send_news(struct vqe_worker *worker, struct vqe_lanes *lanes,
                     double *last)
{
  struct vqe_news news;
  double now = vqe_clock_wall();
  if (now - *last < VQE_NEWS_SECONDS) {
    return VQE_OK;
  }
  *last = now;
  if (!vqe_lanes_news(&news, lanes) || news.seconds < VQE_NEWS_SECONDS) {
    return VQE_OK;
  }
  return vqe_transport_send(worker->transport, 0, VQE_TAG_NEWS, &news,
                            sizeof news);
}

/* What the rank does, where somebody watches. It is too long for a message
 * that waits: rank 0 may be sending work to this rank, or be slow. */
static int send_pulse(struct vqe_worker *worker, struct vqe_lanes *lanes,
                      double started, double *last)
{
  struct vqe_pulse *pulse = NULL;
  double now = vqe_clock_wall();
  if (!worker->watched || now - *last < VQE_PULSE_SECONDS) {
    return VQE_OK;
  }
  *last = now;
  int status = vqe_memory_alloc(&pulse, 1, sizeof *pulse, "a message");
  if (status != VQE_OK) {
    return status;
  }
  vqe_pulse_take(pulse, worker, lanes, started);
  return vqe_outbox_send(&worker->outbox, worker->transport, 0, VQE_TAG_PULSE,
                         (uint8_t *)pulse, sizeof *pulse);
}

/* The first one that lives says it for all. */
static void say_orphaned(const struct vqe_worker *worker)
{
  int first = worker->team_size;
  while (first < worker->rank &&
         vqe_transport_dead(worker->transport, first)) {
    first += worker->team_size;
  }
  if (first == worker->rank) {
    vqe_log(worker->options->log, VQE_LOG_ERROR,
            "rank 0, which leads, died, and the others stop; the same command "
            "resumes, and says what was in flight");
  }
}

/* Bring work and take results until rank 0 says stop. */
static int serve_lanes(struct vqe_worker *worker, struct vqe_lanes *lanes,
                       double started)
{
  const struct vqe_transport *transport = worker->transport;
  bool asked = false;
  double sent = vqe_clock_wall();
  double pulsed = 0.0; /* the first one goes at once */
  int status = VQE_OK;
  while (status == VQE_OK) {
    struct vqe_transport_head found;
    struct vqe_transport_ask ask = {0, worker->lanes, worker->device};
    vqe_worker_note_stop(worker);
    if (vqe_transport_dead(transport, 0)) {
      say_orphaned(worker);
      status = vqe_error_set(VQE_ERR_INTERRUPTED, "rank 0 died");
      break;
    }
    if (!asked && vqe_lanes_have_capacity(lanes, &ask.idle)) {
      status = vqe_transport_send(transport, 0, VQE_TAG_ASK, &ask, sizeof ask);
      asked = true;
    }
    if (vqe_transport_probe(transport, &found, 0, VQE_TAG_ANY)) {
      if (found.tag == VQE_TAG_STOP) {
        break;
      }
      struct vqe_request_message message = {.size = found.size};
      status = vqe_transport_receive(&message.data, transport, &found);
      if (status == VQE_OK) {
        status = take_work(lanes, &message);
      }
      vqe_request_clear(&message);
      asked = false;
      continue;
    }
    /* lanes wake us; messages have to be looked for */
    bool waits = asked || worker->outbox.count > 0;
    status = send_results(worker, lanes,
                          waits ? VQE_SLEEP_NS : LOOK_SLEEPS * VQE_SLEEP_NS);
    vqe_lanes_record(lanes);
    if (status == VQE_OK) {
      status = send_news(worker, lanes, &sent);
    }
    if (status == VQE_OK) {
      status = send_pulse(worker, lanes, started, &pulsed);
    }
    if (status == VQE_OK) {
      status = vqe_lanes_status(lanes);
    }
  }
  return status;
}

/* Report to rank 0 that nothing more comes, then take its stop message. */
static void report_stopped(struct vqe_worker *worker)
{
  struct vqe_transport_head found;
  (void)vqe_transport_send(worker->transport, 0, VQE_TAG_STOPPED,
                           &worker->report, sizeof worker->report);
  if (vqe_transport_wait(worker->transport, &found, 0, VQE_TAG_STOP)) {
    (void)vqe_transport_receive_into(NULL, 0, worker->transport, &found);
  }
}

void vqe_serve_decline(struct vqe_worker *worker, int status)
{
  vqe_worker_end(worker, status, vqe_clock_wall());
  report_stopped(worker);
}

int vqe_serve(struct vqe_worker *worker)
{
  double started = vqe_clock_wall();
  struct vqe_lanes *lanes = NULL;
  char message[512] = "";
  int status = vqe_lanes_open(&lanes, worker);
  if (status == VQE_OK) {
    status = serve_lanes(worker, lanes, started);
  }
  if (status != VQE_OK) {
    snprintf(message, sizeof message, "%s", vqe_error_message());
  }
  worker->stopped = true; /* for what still runs */
  vqe_worker_note_stop(worker);
  if (lanes != NULL) {
    int ended = vqe_lanes_end(lanes);
    if (status == VQE_OK && ended != VQE_OK) {
      status = ended;
      snprintf(message, sizeof message, "%s", vqe_error_message());
    }
    /* what came to an end before it was stopped; it is journaled */
    (void)send_results(worker, lanes, 0);
    /* and where the others were */
    struct vqe_news news;
    if (vqe_lanes_news(&news, lanes)) {
      (void)vqe_transport_send(worker->transport, 0, VQE_TAG_NEWS, &news,
                               sizeof news);
    }
  }
  vqe_lanes_free(lanes);
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    vqe_log(worker->options->log, VQE_LOG_ERROR, "rank %d: %s", worker->rank,
            message);
  }
  vqe_outbox_flush(&worker->outbox, worker->transport);
  vqe_worker_end(worker, status, started);
  report_stopped(worker);
  return status == VQE_ERR_INTERRUPTED ? VQE_OK : status;
}
