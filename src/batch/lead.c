#include "batch/lead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lead_state.h"
#include "batch/request.h"
#include "batch/transport.h"
#include "store/codec.h"

/* A rank that takes longer to stop may have died. */
#define SAY_SECONDS 0.4

/* The next rank after `rank` that asks for work: the first one of a team. */
static int next_worker(const struct vqe_lead *lead, int rank)
{
  return rank + lead->worker.team_size;
}

/* What is left goes to the ranks, ours too, that hold nothing and have not
 * asked yet: one whose lanes are all at work is not to fetch it ahead of
 * them. */
static bool is_kept_for_others(const struct vqe_lead *lead,
                               const struct vqe_schedule_asker *asker)
{
  size_t others = !lead->fed;
  if (asker->idle > 0) {
    return false;
  }
  for (int rank = next_worker(lead, 0); rank < lead->worker.ranks;
       rank = next_worker(lead, rank)) {
    others += !lead->ended[rank] && lead->waiting[rank].lanes == 0 &&
              vqe_lost_held(&lead->lost, rank) == 0;
  }
  return others > 0 && vqe_schedule_left(&lead->schedule) <= others;
}

/* ---- our own lanes ---- */

/* Keep our own lanes at work. */
static int feed(struct vqe_lead *lead)
{
  int status = VQE_OK;
  size_t count = 1;
  struct vqe_schedule_asker us = {.lanes = lead->worker.lanes,
                                  .device = lead->worker.device};
  lead->fed = true;
  while (status == VQE_OK && !lead->stopping && count > 0 &&
         !vqe_schedule_done(&lead->schedule) &&
         vqe_lanes_have_capacity(lead->lanes, &us.idle)) {
    /* a suspect would wait here while another rank may be free for it */
    if (us.idle < us.lanes && vqe_schedule_next_alone(&lead->schedule, &us)) {
      break;
    }
    if (is_kept_for_others(lead, &us)) {
      break;
    }
    const struct vqe_task *tasks;
    count = vqe_schedule_take(&tasks, &lead->schedule, &us);
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      status = vqe_lanes_put(lead->lanes, tasks[k].experiment, tasks[k].follow,
                             tasks[k].nfollow, vqe_task_share_of(&tasks[k]));
    }
  }
  return status;
}

/* Take what our lanes have finished; sleep up to `nanoseconds` when there is
 * nothing. Returns whether there was something. */
static bool take_finished(struct vqe_lead *lead, long nanoseconds)
{
  struct vqe_result *result = vqe_lanes_take(lead->lanes, nanoseconds);
  bool some = result != NULL;
  while (result != NULL) {
    vqe_lead_keep(lead, result, 0);
    result = vqe_lanes_take(lead->lanes, 0);
  }
  return some;
}

/* ---- the other ranks ---- */

static void stop_workers(struct vqe_lead *lead)
{
  if (lead->stopping) {
    return;
  }
  lead->stopping = true;
  for (int rank = next_worker(lead, 0); rank < lead->worker.ranks;
       rank = next_worker(lead, rank)) {
    (void)vqe_transport_send(lead->worker.transport, rank, VQE_TAG_STOP, NULL,
                             0);
  }
}

/* The first failure ends the job. */
static void fail(struct vqe_lead *lead, int status)
{
  if (lead->status == VQE_OK) {
    lead->status = status;
    snprintf(lead->message, sizeof lead->message, "%s", vqe_error_message());
  }
  stop_workers(lead);
}

/* Send the tasks of a chunk in one message. */
static int send_chunk(const struct vqe_lead *lead, int to,
                      const struct vqe_task *tasks, size_t count)
{
  struct vqe_request_message message = {0};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const struct vqe_task *task = &tasks[k];
    enum vqe_task_share share = vqe_task_share_of(task);
    status =
        vqe_request_add(&message, task->experiment, share, task->nfollow > 0);
    for (size_t p = 0; status == VQE_OK && p < task->nfollow; p++) {
      status = vqe_request_add(&message, task->follow[p], share,
                               p + 1 < task->nfollow);
    }
  }
  if (status == VQE_OK) {
    status = vqe_transport_send(lead->worker.transport, to, VQE_TAG_WORK,
                                message.data, message.size);
  }
  vqe_request_clear(&message);
  return status;
}

/* The next tasks for the rank that asks, now or later. */
static int give(struct vqe_lead *lead, int rank,
                const struct vqe_schedule_asker *asker)
{
  const struct vqe_task *tasks;
  size_t count = 0;
  if (!lead->stopping && !is_kept_for_others(lead, asker)) {
    count = vqe_schedule_take(&tasks, &lead->schedule, asker);
  }
  lead->idle[rank] = count == 0; /* gets its stop message with the others */
  lead->waiting[rank] =
      count == 0 ? *asker : (struct vqe_schedule_asker){.lanes = 0};
  if (count == 0) {
    return VQE_OK;
  }
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_lost_give(&lead->lost, rank, tasks[k].experiment->index);
    for (size_t p = 0; status == VQE_OK && p < tasks[k].nfollow; p++) {
      status = vqe_lost_give(&lead->lost, rank, tasks[k].follow[p]->index);
    }
  }
  return status == VQE_OK ? send_chunk(lead, rank, tasks, count) : status;
}

static int take_ask(struct vqe_lead *lead,
                    const struct vqe_transport_head *found)
{
  struct vqe_transport_ask ask = {0};
  int status = vqe_transport_receive_into(&ask, sizeof ask,
                                          lead->worker.transport, found);
  const struct vqe_schedule_asker asker = {ask.idle, ask.lanes,
                                           ask.device != 0};
  return status == VQE_OK ? give(lead, found->from, &asker) : status;
}

/* What suits other ranks may have come to be worth it for those that wait, or
 * is not kept for others any more. */
static int give_waiting(struct vqe_lead *lead)
{
  int status = VQE_OK;
  for (int rank = next_worker(lead, 0);
       status == VQE_OK && rank < lead->worker.ranks && !lead->stopping &&
       !vqe_schedule_done(&lead->schedule);
       rank = next_worker(lead, rank)) {
    struct vqe_schedule_asker asker = lead->waiting[rank];
    if (vqe_lost_held(&lead->lost, rank) == 0) {
      asker.idle = asker.lanes; /* it has ended what it had when it asked */
    }
    if (asker.lanes > 0) {
      status = give(lead, rank, &asker);
    }
  }
  return status;
}

static int take_stopped(struct vqe_lead *lead,
                        const struct vqe_transport_head *found)
{
  struct vqe_worker_report *report = &lead->reports[found->from];
  int status = vqe_transport_receive_into(report, sizeof *report,
                                          lead->worker.transport, found);
  if (status == VQE_ERR_NOT_FOUND) {
    return status; /* it died: what it held goes back */
  }
  VQE_ASSERT(lead->busy > 0);
  lead->busy--;
  lead->idle[found->from] = true;
  lead->waiting[found->from].lanes = 0;
  lead->ended[found->from] = true;
  if (report->status != VQE_OK) {
    /* interrupted or broken: what it had not begun is lost to it, so the
     * others stop too and the job is run again */
    lead->outcome->interrupted = true;
    stop_workers(lead);
  }
  return status;
}

static int take_result(struct vqe_lead *lead,
                       const struct vqe_transport_head *found)
{
  uint8_t *data = NULL;
  struct vqe_result *result = NULL;
  int status = vqe_transport_receive(&data, lead->worker.transport, found);
  if (status == VQE_OK) {
    status = vqe_codec_decode_result(&result, data, found->size);
  }
  if (status == VQE_OK) {
    vqe_lost_came(&lead->lost, found->from, result->experiment->index);
    vqe_lead_keep(lead, result, found->from);
  }
  free(data);
  return status;
}

static int take_news(struct vqe_lead *lead,
                     const struct vqe_transport_head *found)
{
  struct vqe_news *news = &lead->news[found->from];
  return vqe_transport_receive_into(news, sizeof *news, lead->worker.transport,
                                    found);
}

static int take_pulse(struct vqe_lead *lead,
                      const struct vqe_transport_head *found)
{
  struct vqe_pulse *pulse =
      &lead->pulses[found->from / lead->worker.team_size];
  return vqe_transport_receive_into(pulse, sizeof *pulse,
                                    lead->worker.transport, found);
}

/* The experiment that has run longest, of all ranks. */
static struct vqe_news longest_running(struct vqe_lead *lead)
{
  struct vqe_news longest = {.index = -1};
  int running = 0;
  if (!vqe_lanes_news(&lead->news[0], lead->lanes)) {
    lead->news[0].index = -1;
  }
  for (int rank = 0; rank < lead->worker.ranks; rank++) {
    const struct vqe_news *news = &lead->news[rank];
    if (news->index >= 0) {
      running += news->running;
      if (longest.index < 0 || news->seconds > longest.seconds) {
        longest = *news;
      }
    }
  }
  longest.running = running;
  return longest;
}

static void show_progress(struct vqe_lead *lead)
{
  if (vqe_progress_due(&lead->progress)) {
    struct vqe_news longest = longest_running(lead);
    vqe_progress_show(&lead->progress, &longest);
  }
}

/* ---- who watches ---- */

static void show_state(struct vqe_lead *lead, bool ended)
{
  const struct vqe_batch_watch *watch = lead->worker.options->watch;
  const struct vqe_batch_outcome *outcome = lead->outcome;
  double now = vqe_clock_wall();
  if (watch == NULL || (!ended && now - lead->looked < VQE_PULSE_SECONDS)) {
    return;
  }
  lead->looked = now;
  struct vqe_batch_view view = {.total = outcome->count,
                                .ended = ended,
                                .nrank = lead->npulse,
                                .ranks = lead->pulses};
  /* each was counted when it came: no look over thousands of results */
  view.failed = lead->progress.failed + lead->stood_aside;
  view.done = outcome->count - lead->progress.total + lead->progress.done -
              view.failed;
  vqe_pulse_take(&lead->pulses[0], &lead->worker, lead->lanes, lead->started);
  for (size_t k = 0; ended && k < lead->npulse; k++) {
    int rank = (int)k * lead->worker.team_size;
    vqe_pulse_end(&lead->pulses[k], rank, &lead->reports[rank]);
  }
  watch->look(watch->ctx, &view);
}

/* What earlier runs left, once. */
static void show_restored(const struct vqe_lead *lead)
{
  const struct vqe_batch_outcome *outcome = lead->outcome;
  for (size_t k = 0; k < outcome->count; k++) {
    if (outcome->results[k] != NULL) {
      vqe_lead_show_ended(lead, outcome->results[k], 0, true);
    }
  }
}

/* What a rank sent before it died may come after its death is known. */
static int drop_message(const struct vqe_lead *lead,
                        const struct vqe_transport_head *found)
{
  uint8_t *data = NULL;
  int status = vqe_transport_receive(&data, lead->worker.transport, found);
  free(data);
  return status;
}

static int take_message(struct vqe_lead *lead,
                        const struct vqe_transport_head *found)
{
  if (lead->ended[found->from] && found->tag != VQE_TAG_RESULT) {
    return drop_message(lead, found);
  }
  switch (found->tag) {
  case VQE_TAG_ASK:
    return take_ask(lead, found);
  case VQE_TAG_STOPPED:
    return take_stopped(lead, found);
  case VQE_TAG_NEWS:
    return take_news(lead, found);
  case VQE_TAG_PULSE:
    return take_pulse(lead, found);
  default:
    return take_result(lead, found);
  }
}

/* A rank asks for more while its lanes are at work. */
static bool workers_idle(const struct vqe_lead *lead)
{
  for (int rank = next_worker(lead, 0); rank < lead->worker.ranks;
       rank = next_worker(lead, rank)) {
    bool holds = vqe_lost_held(&lead->lost, rank) > 0;
    if (!lead->ended[rank] && (!lead->idle[rank] || holds)) {
      return false;
    }
  }
  return true;
}

/* ---- the loop ---- */

/* What was left to ranks with a GPU, the last of which has died. */
static void release_tasks(struct vqe_lead *lead)
{
  vqe_log(lead->worker.options->log, VQE_LOG_WARNING,
          "warning: no rank with a GPU is left; what waited for one runs "
          "without, and what needs one fails");
  vqe_schedule_release(&lead->schedule);
}

/* Stop where a stop was asked for, a lane failed, or all is done. */
static void check_end(struct vqe_lead *lead, bool local_done)
{
  int status = vqe_lanes_status(lead->lanes);
  if (local_done && status == VQE_ERR_INTERRUPTED) {
    lead->outcome->interrupted = true;
    stop_workers(lead);
  } else if (local_done && status != VQE_OK) {
    fail(lead, status);
  }
  if (!local_done || !workers_idle(lead)) {
    return;
  }
  if (vqe_schedule_done(&lead->schedule)) {
    stop_workers(lead);
  } else if (lead->outcome->died > 0 && lead->schedule.devices > 0 &&
             !lead->stopping) {
    release_tasks(lead);
  }
}

/* The launcher asks the others to stop when a rank has died, and kills them a
 * second later: until then say what is lost. */
static void say_waiting(struct vqe_lead *lead)
{
  if (lead->stop_asked <= 0.0 || lead->busy == 0 ||
      vqe_clock_wall() - lead->stop_asked < SAY_SECONDS) {
    return;
  }
  lead->stop_asked = 0.0;
  vqe_lost_say_waiting(&lead->lost, lead->ended);
}

/* One look at everything but messages. Returns false at the end. */
static bool step(struct vqe_lead *lead, bool alone)
{
  if (lead->worker.options->stop != NULL && *lead->worker.options->stop) {
    if (!lead->stopping) {
      lead->stop_asked = vqe_clock_wall();
    }
    lead->outcome->interrupted = true;
    stop_workers(lead);
  }
  if (lead->stopping) {
    lead->worker.stopped = true; /* seen by our lanes */
  }
  vqe_worker_note_stop(&lead->worker);
  say_waiting(lead);
  int status = vqe_lead_take_deaths(lead);
  if (status == VQE_OK) {
    status = feed(lead);
  }
  if (status == VQE_OK) {
    status = give_waiting(lead);
  }
  if (status != VQE_OK) {
    fail(lead, status);
  }
  bool local_done = vqe_lanes_done(lead->lanes);
  check_end(lead, local_done);
  if (lead->stopping && local_done && lead->busy == 0) {
    return false;
  }
  /* alone, our lanes wake us; else messages have to be looked for */
  long sleep = alone ? 50 * VQE_SLEEP_NS : VQE_SLEEP_NS;
  bool wrote = vqe_early_writer_write(&lead->writer);
  if (!take_finished(lead, wrote ? 0 : sleep) && local_done && !wrote) {
    vqe_transport_sleep();
  }
  vqe_lanes_record(lead->lanes);
  show_progress(lead);
  show_state(lead, false);
  return true;
}

static void lead_loop(struct vqe_lead *lead)
{
  bool alone = lead->worker.ranks == lead->worker.team_size;
  bool going = true;
  lead->busy = lead->worker.ranks / lead->worker.team_size - 1;
  while (going) {
    struct vqe_transport_head found;
    int status = VQE_OK;
    bool some =
        !alone && vqe_transport_probe(lead->worker.transport, &found,
                                      VQE_TRANSPORT_ANYONE, VQE_TAG_ANY);
    if (some) {
      status = take_message(lead, &found);
    }
    /* one whose sender has died cannot be taken, and may be found again */
    bool cut = status == VQE_ERR_NOT_FOUND;
    if (status != VQE_OK && !cut) {
      fail(lead, status);
    }
    if (!some || cut) {
      going = step(lead, alone);
    }
  }
}

/* ---- before and after it ---- */

/* The others wait for work that we cannot give: let them go. */
static void dismiss_workers(struct vqe_lead *lead)
{
  const struct vqe_transport *transport = lead->worker.transport;
  stop_workers(lead);
  for (int rank = next_worker(lead, 0); rank < lead->worker.ranks;
       rank = next_worker(lead, rank)) {
    struct vqe_transport_head found = {.tag = VQE_TAG_ANY};
    /* its last message comes once those before have arrived */
    while (found.tag != VQE_TAG_STOPPED) {
      uint8_t *data = NULL;
      if (!vqe_transport_wait(transport, &found, rank, VQE_TAG_ANY)) {
        break; /* it died */
      }
      (void)vqe_transport_receive(&data, transport, &found);
      free(data);
    }
  }
}

static int run_lead(struct vqe_lead *lead)
{
  int team_size = lead->worker.team_size;
  size_t skipped = 0;
  for (size_t k = 0; k < lead->outcome->count; k++) {
    skipped += lead->outcome->skipped[k];
  }
  vqe_progress_start(&lead->progress, lead->listed + lead->aside, skipped,
                     &lead->worker);
  vqe_lost_say_earlier(&lead->lost, vqe_resume_suspects(lead->worker.resume),
                       lead->outcome->run, lead->outcome->results,
                       lead->suspected);
  lead->started = vqe_clock_wall();
  show_restored(lead);
  int status = vqe_lead_set_aside(lead);
  if (status != VQE_OK) {
    fail(lead, status);
  }
  lead_loop(lead);
  (void)vqe_lanes_end(lead->lanes);
  vqe_worker_end(&lead->worker, lead->status, lead->started);
  lead->reports[0] = lead->worker.report;
  show_state(lead, true);
  for (int rank = 0; rank < lead->worker.ranks;
       rank = next_worker(lead, rank)) {
    vqe_progress_rank(&lead->progress, rank, team_size, &lead->reports[rank]);
  }
  /* what was cut off, here and on the other ranks */
  lead->progress.news = longest_running(lead);
  vqe_progress_end(&lead->progress, lead->outcome->interrupted);
  /* after the lanes, whose end has a message of its own */
  return lead->status == VQE_OK
             ? VQE_OK
             : vqe_error_set(lead->status, "%s", lead->message);
}

static void lead_free(struct vqe_lead *lead)
{
  vqe_lanes_free(lead->lanes);
  vqe_worker_clear(&lead->worker);
  vqe_schedule_clear(&lead->schedule);
  free(lead->followers);
  vqe_early_writer_clear(&lead->writer);
  vqe_lost_clear(&lead->lost);
  free(lead->idle);
  free(lead->waiting);
  free(lead->ended);
  free(lead->reports);
  free(lead->news);
  free(lead->pulses);
  free(lead);
}

int vqe_lead_run(struct vqe_batch_outcome *outcome, struct vqe_job *job,
                 const struct vqe_worker *worker, int run)
{
  struct vqe_lead *lead = NULL;
  int status = vqe_memory_alloc(&lead, 1, sizeof *lead, "scheduler");
  if (status != VQE_OK) {
    return status;
  }
  lead->worker = *worker;
  lead->outcome = outcome;
  lead->progress.quiet = worker->options->quiet;
  lead->progress.log = worker->options->log;
  status = vqe_lead_prepare(lead, job, run);
  if (status == VQE_OK) {
    status = run_lead(lead);
  } else {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    dismiss_workers(lead);
    vqe_worker_end(&lead->worker, status, vqe_clock_wall());
    /* nothing to store: what the result file holds was not read */
    vqe_batch_outcome_clear(outcome);
    status = vqe_error_set(status, "%s", reason);
  }
  lead_free(lead);
  return status;
}
