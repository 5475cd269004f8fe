#include "batch/lead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lanes.h"
#include "batch/progress.h"
#include "batch/request.h"
#include "batch/transport.h"
#include "store/codec.h"
#include "store/hdf5.h"

/* Work handed out at a time: at least this much by the estimate, so that a
 * thousand small molecules do not wait for a thousand messages; but no more
 * than this share of a rank's part of what is left, so that all end
 * together. */
#define CHUNK_SECONDS 1.0
#define CHUNK_COUNT 64
#define CHUNK_SHARE 4

struct task {
  struct vqe_experiment *experiment;
  double cost;
  bool serial; /* one thread and a lane are enough */
};

struct lead {
  struct vqe_worker worker;
  struct vqe_lanes *lanes; /* this rank's own */
  struct vqe_batch_outcome *outcome;
  struct vqe_progress progress;
  size_t ntask, next;
  struct task *tasks; /* what wants all threads, then the rest; each largest
                         first */
  const char *output; /* the result file, and the number of this run */
  int run;
  size_t nunwritten; /* results, by number, that are not in the file yet */
  size_t *unwritten;
  bool writes;   /* false once the file cannot be written */
  int busy;      /* workers that have not stopped */
  bool *idle;    /* asked and got nothing */
  size_t *given; /* tasks of each rank whose results have not come */
  struct vqe_worker_report *reports; /* of each rank */
  bool stopping;
  int status;
  char message[512];
};

/* Next tasks for one rank, all of them for lanes or all for its threads:
 * largest first, so that the tail is short; short ones several at a time, and
 * one for each idle lane where that leaves as many to the other ranks. */
static size_t take_chunk(struct lead *lead, struct task **out, int idle,
                         int lanes)
{
  double cost = 0.0;
  size_t count = 0;
  size_t workers = (size_t)(lead->worker.ranks / lead->worker.team_size);
  size_t left = lead->ntask - lead->next;
  size_t share = (left + workers - 1) / workers;
  size_t least = (size_t)idle < share ? (size_t)idle : share;
  size_t most = left / (CHUNK_SHARE * workers);
  most =
      most < CHUNK_COUNT * (size_t)lanes ? most : CHUNK_COUNT * (size_t)lanes;
  *out = lead->tasks + lead->next;
  while (lead->next < lead->ntask) {
    const struct task *task = &lead->tasks[lead->next];
    bool serial = task->serial && out[0]->serial;
    bool more = (serial && count < least) ||
                (serial == out[0]->serial && count < most &&
                 cost < CHUNK_SECONDS * (serial ? lanes : 1));
    if (count > 0 && !more) {
      break;
    }
    cost += task->cost;
    lead->next++;
    count++;
  }
  return count;
}

/* Keep our own lanes at work. */
static int feed(struct lead *lead)
{
  int status = VQE_OK;
  int idle;
  while (status == VQE_OK && !lead->stopping && lead->next < lead->ntask &&
         vqe_lanes_have_capacity(lead->lanes, &idle)) {
    struct task *tasks;
    size_t count = take_chunk(lead, &tasks, idle, lead->worker.lanes);
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      status =
          vqe_lanes_put(lead->lanes, tasks[k].experiment, tasks[k].serial);
    }
  }
  return status;
}

static double cost_of(const struct lead *lead, int index)
{
  for (size_t k = 0; k < lead->ntask; k++) {
    if (lead->tasks[k].experiment->index == index) {
      return lead->tasks[k].cost;
    }
  }
  return 0.0;
}

static void tell_finished(const struct lead *lead,
                          const struct vqe_result *result)
{
  const struct vqe_batch_options *options = lead->worker.options;
  if (options->finished != NULL && result->status == VQE_EXPERIMENT_OK) {
    options->finished(options->finished_ctx, result);
  }
}

static void keep(struct lead *lead, struct vqe_result *result, int rank)
{
  int index = result->experiment->index;
  if (index < 0 || (size_t)index >= lead->outcome->count ||
      lead->outcome->results[index] != NULL) {
    vqe_result_free(result);
    return;
  }
  lead->outcome->results[index] = result;
  lead->unwritten[lead->nunwritten++] = (size_t)index;
  vqe_progress_result(&lead->progress, result, rank, cost_of(lead, index));
  tell_finished(lead, result);
}

/* Put one finished result into the file, which then has less to wait for at
 * the end. Returns whether there was one. */
static bool write_one(struct lead *lead)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  char *part = NULL;
  int status = VQE_OK;
  if (lead->nunwritten == 0 || !lead->writes) {
    return false;
  }
  if (outcome->writer == NULL) {
    status = vqe_resume_part_path(&part, lead->output, lead->run);
    if (status == VQE_OK) {
      status = vqe_hdf5_begin(&outcome->writer, lead->output, part);
    }
    free(part);
  }
  if (status == VQE_OK) {
    size_t index = lead->unwritten[--lead->nunwritten];
    status = vqe_hdf5_add(outcome->writer, index, outcome->results[index]);
  }
  if (status != VQE_OK) {
    /* the end tries once more and says what is wrong */
    lead->writes = false;
    vqe_hdf5_abandon(outcome->writer);
    outcome->writer = NULL;
  }
  return true;
}

/* Send the tasks of a chunk in one message. */
static int send_chunk(struct lead *lead, int to, const struct task *tasks,
                      size_t count)
{
  struct vqe_request_message message = {0};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_request_add(&message, tasks[k].experiment, tasks[k].serial);
  }
  if (status == VQE_OK) {
    status = vqe_transport_send(lead->worker.transport, to, VQE_TAG_WORK,
                                message.data, message.size);
  }
  vqe_request_clear(&message);
  return status;
}

static void stop_workers(struct lead *lead)
{
  if (lead->stopping) {
    return;
  }
  lead->stopping = true;
  for (int rank = lead->worker.team_size; rank < lead->worker.ranks;
       rank += lead->worker.team_size) {
    (void)vqe_transport_send(lead->worker.transport, rank, VQE_TAG_STOP, NULL,
                             0);
  }
}

static int take_ask(struct lead *lead, const struct vqe_transport_head *found)
{
  struct vqe_transport_ask ask;
  struct task *tasks;
  int status = vqe_transport_receive_into(&ask, sizeof ask,
                                          lead->worker.transport, found);
  if (status != VQE_OK) {
    return status;
  }
  size_t count =
      lead->stopping ? 0 : take_chunk(lead, &tasks, ask.idle, ask.lanes);
  if (count > 0) {
    lead->given[found->from] += count;
    return send_chunk(lead, found->from, tasks, count);
  }
  lead->idle[found->from] = true; /* gets its stop message with the others */
  return VQE_OK;
}

static int take_stopped(struct lead *lead,
                        const struct vqe_transport_head *found)
{
  struct vqe_worker_report *report = &lead->reports[found->from];
  int status = vqe_transport_receive_into(report, sizeof *report,
                                          lead->worker.transport, found);
  lead->busy--;
  lead->idle[found->from] = true;
  lead->given[found->from] = 0;
  if (report->status != VQE_OK) {
    /* interrupted or broken: what it had not begun is lost to it, so the
     * others stop too and the job is run again */
    lead->outcome->interrupted = true;
    stop_workers(lead);
  }
  return status;
}

static int take_result(struct lead *lead,
                       const struct vqe_transport_head *found)
{
  uint8_t *data = NULL;
  struct vqe_result *result = NULL;
  int status = vqe_transport_receive(&data, lead->worker.transport, found);
  if (status == VQE_OK) {
    status = vqe_codec_decode_result(&result, data, found->size);
  }
  if (status == VQE_OK) {
    keep(lead, result, found->from);
    lead->given[found->from]--;
  }
  free(data);
  return status;
}

static int take_message(struct lead *lead,
                        const struct vqe_transport_head *found)
{
  switch (found->tag) {
  case VQE_TAG_ASK:
    return take_ask(lead, found);
  case VQE_TAG_STOPPED:
    return take_stopped(lead, found);
  default:
    return take_result(lead, found);
  }
}

/* A rank asks for more while its lanes are at work. */
static bool workers_idle(const struct lead *lead)
{
  for (int rank = lead->worker.team_size; rank < lead->worker.ranks;
       rank += lead->worker.team_size) {
    if (!lead->idle[rank] || lead->given[rank] > 0) {
      return false;
    }
  }
  return true;
}

/* Take what our lanes have finished; sleep up to `nanoseconds` when there is
 * nothing. Returns whether there was something. */
static bool take_finished(struct lead *lead, long nanoseconds)
{
  struct vqe_result *result = vqe_lanes_take(lead->lanes, nanoseconds);
  bool some = result != NULL;
  while (result != NULL) {
    keep(lead, result, 0);
    result = vqe_lanes_take(lead->lanes, 0);
  }
  return some;
}

/* The first failure ends the job. */
static void fail(struct lead *lead, int status)
{
  if (lead->status == VQE_OK) {
    lead->status = status;
    snprintf(lead->message, sizeof lead->message, "%s", vqe_error_message());
  }
  stop_workers(lead);
}

static int lead_loop(struct lead *lead)
{
  bool alone = lead->worker.ranks == lead->worker.team_size;
  lead->busy = lead->worker.ranks / lead->worker.team_size - 1;
  for (;;) {
    struct vqe_transport_head found;
    if (!alone && vqe_transport_probe(lead->worker.transport, &found,
                                      VQE_TRANSPORT_ANYONE, VQE_TAG_ANY)) {
      int status = take_message(lead, &found);
      if (status != VQE_OK) {
        fail(lead, status);
      }
      continue;
    }
    if (lead->worker.options->stop != NULL && *lead->worker.options->stop) {
      lead->outcome->interrupted = true;
      stop_workers(lead);
    }
    if (lead->stopping) {
      lead->worker.stopped = true; /* seen by our lanes */
    }
    int status = feed(lead);
    if (status != VQE_OK) {
      fail(lead, status);
    }
    bool exhausted = lead->next == lead->ntask;
    bool local_done = vqe_lanes_done(lead->lanes);
    status = vqe_lanes_status(lead->lanes);
    if (local_done && status == VQE_ERR_INTERRUPTED) {
      lead->outcome->interrupted = true;
      stop_workers(lead);
    } else if (local_done && status != VQE_OK) {
      fail(lead, status);
    }
    if (!lead->stopping && exhausted && local_done && workers_idle(lead)) {
      stop_workers(lead);
    }
    if (lead->stopping && local_done && lead->busy == 0) {
      break;
    }
    /* alone, our lanes wake us; else messages have to be looked for */
    long sleep = alone ? 50 * VQE_SLEEP_NS : VQE_SLEEP_NS;
    bool wrote = write_one(lead);
    if (!take_finished(lead, wrote ? 0 : sleep) && local_done && !wrote) {
      vqe_transport_sleep();
    }
    vqe_progress_tick(&lead->progress);
  }
  return lead->status == VQE_OK
             ? VQE_OK
             : vqe_error_set(lead->status, "%s", lead->message);
}

static int largest_first(const void *a, const void *b)
{
  const struct task *left = a;
  const struct task *right = b;
  if (left->serial != right->serial) {
    return left->serial ? 1 : -1;
  }
  if (left->cost != right->cost) {
    return left->cost > right->cost ? -1 : 1;
  }
  return left->experiment->index - right->experiment->index;
}

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
static int keep_other_journals(struct lead *lead, const struct vqe_job *job)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  size_t capacity = outcome->nother;
  for (;;) {
    struct vqe_result *result = vqe_resume_take_any(lead->worker.resume);
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
    tell_finished(lead, result);
  }
}

/* Put results of earlier runs in place and list what is left to do. */
static int find_earlier(struct lead *lead, struct vqe_job *job)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  struct vqe_result **stored = NULL;
  size_t nstored = 0;
  int status = vqe_hdf5_read(&stored, &nstored, job->output);
  if (status == VQE_ERR_NOT_FOUND) {
    status = VQE_OK;
  }
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_resume *resume = lead->worker.resume;
  status = vqe_memory_alloc(&outcome->other, nstored + 1,
                            sizeof(struct vqe_result *), "earlier results");
  if (status == VQE_OK) {
    status = vqe_job_reuse_seeds(job, stored, nstored);
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    struct vqe_result *found = NULL;
    for (size_t i = 0; i < nstored && found == NULL; i++) {
      if (stored[i] != NULL &&
          strcmp(stored[i]->experiment->id, experiment->id) == 0) {
        found = stored[i];
        stored[i] = NULL;
      }
    }
    if (found == NULL && !lead->worker.options->force) {
      found = vqe_resume_take(resume, experiment->id);
      if (found != NULL) {
        tell_finished(lead, found);
      }
    }
    if (found != NULL &&
        (found->status != VQE_EXPERIMENT_OK || lead->worker.options->force)) {
      vqe_result_free(found); /* replaced by this run */
      found = NULL;
    }
    if (found != NULL) {
      found->experiment->index = (int)k;
      outcome->results[k] = found;
      outcome->skipped[k] = true;
    }
  }
  for (size_t i = 0; status == VQE_OK && i < nstored; i++) {
    if (stored[i] != NULL) {
      outcome->other[outcome->nother++] = stored[i];
      stored[i] = NULL;
    }
  }
  vqe_hdf5_free(stored, nstored);
  return status == VQE_OK ? keep_other_journals(lead, job) : status;
}

static int list_tasks(struct lead *lead, struct vqe_job *job)
{
  int status = vqe_memory_alloc(&lead->tasks, job->count + 1,
                                sizeof *lead->tasks, "task list");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->idle, (size_t)lead->worker.ranks,
                              sizeof *lead->idle, "rank list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->given, (size_t)lead->worker.ranks,
                              sizeof *lead->given, "rank list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->reports, (size_t)lead->worker.ranks,
                              sizeof *lead->reports, "rank list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->unwritten, job->count + 1,
                              sizeof *lead->unwritten, "task list");
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_experiment_estimate estimate;
    if (lead->outcome->results[k] != NULL) {
      continue;
    }
    struct task *task = &lead->tasks[lead->ntask++];
    task->experiment = job->experiments[k];
    /* what cannot be estimated fails fast: order does not matter */
    if (vqe_experiment_estimate(&estimate, task->experiment) == VQE_OK) {
      task->cost = estimate.cost;
      task->serial = estimate.serial && lead->worker.team == NULL;
    }
    lead->progress.cost_total += task->cost;
  }
  if (status == VQE_OK && lead->ntask > 1) {
    qsort(lead->tasks, lead->ntask, sizeof *lead->tasks, largest_first);
  }
  return status;
}

static int prepare(struct lead *lead, struct vqe_job *job, int run)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  outcome->count = job->count;
  int status = vqe_worker_init(&lead->worker, job->output, run);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->results, job->count + 1,
                              sizeof(struct vqe_result *), "results");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->skipped, job->count + 1, sizeof(bool),
                              "results");
  }
  if (status == VQE_OK) {
    status = find_earlier(lead, job);
  }
  if (status == VQE_OK) {
    status = list_tasks(lead, job);
  }
  if (status == VQE_OK) {
    status = vqe_lanes_open(&lead->lanes, &lead->worker);
  }
  return status;
}

/* Folder of journals and the number of this run. */
int vqe_lead_open_run(int *run, const char *output)
{
  struct vqe_resume *resume = NULL;
  char *folder = NULL;
  int status = vqe_hdf5_check_writable(output);
  if (status == VQE_OK) {
    status = vqe_resume_load(&resume, run, output, false);
  }
  vqe_resume_free(resume);
  if (status == VQE_OK) {
    status = vqe_resume_folder(&folder, output);
  }
  if (status == VQE_OK && mkdir(folder, 0777) != 0 && errno != EEXIST) {
    status = vqe_error_set(VQE_ERR_IO,
                           "cannot make the folder '%s' for the journal: "
                           "%s; choose another --output",
                           folder, strerror(errno));
  }
  free(folder);
  return status;
}

static int run_lead(struct lead *lead, struct vqe_job *job, int run)
{
  size_t skipped = 0;
  int status = prepare(lead, job, run);
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    skipped += lead->outcome->skipped[k];
  }
  if (status == VQE_OK) {
    vqe_progress_start(&lead->progress, lead->ntask, skipped, &lead->worker);
    double started = vqe_clock_wall();
    status = lead_loop(lead);
    (void)vqe_lanes_end(lead->lanes);
    vqe_worker_end(&lead->worker, status, started);
    lead->reports[0] = lead->worker.report;
    for (int rank = 0; rank < lead->worker.ranks;
         rank += lead->worker.team_size) {
      vqe_progress_rank(&lead->progress, rank, lead->worker.team_size,
                        &lead->reports[rank]);
    }
    vqe_progress_end(&lead->progress, lead->outcome->interrupted);
  } else {
    int failure = status;
    /* the others wait for work: let them go */
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    stop_workers(lead);
    for (int rank = lead->worker.team_size; rank < lead->worker.ranks;
         rank += lead->worker.team_size) {
      const struct vqe_transport *transport = lead->worker.transport;
      struct vqe_transport_head found;
      struct vqe_transport_ask ask;
      struct vqe_worker_report report;
      vqe_transport_wait(transport, &found, rank, VQE_TAG_STOPPED);
      (void)vqe_transport_receive_into(&report, sizeof report, transport,
                                       &found);
      if (vqe_transport_probe(transport, &found, rank, VQE_TAG_ASK)) {
        (void)vqe_transport_receive_into(&ask, sizeof ask, transport, &found);
      }
    }
    vqe_worker_end(&lead->worker, failure, vqe_clock_wall());
    status = vqe_error_set(failure, "%s", reason);
  }
  return status;
}

int vqe_lead_run(struct vqe_batch_outcome *outcome, struct vqe_job *job,
                 const struct vqe_worker *worker, int run)
{
  struct lead *lead = NULL;
  int status = vqe_memory_alloc(&lead, 1, sizeof *lead, "scheduler");
  if (status != VQE_OK) {
    return status;
  }
  lead->worker = *worker;
  lead->outcome = outcome;
  lead->output = job->output;
  lead->run = run;
  lead->writes = true;
  lead->progress.quiet = worker->options->quiet;
  lead->progress.json = worker->options->log_json;
  status = run_lead(lead, job, run);
  vqe_lanes_free(lead->lanes);
  vqe_worker_clear(&lead->worker);
  free(lead->tasks);
  free(lead->unwritten);
  free(lead->idle);
  free(lead->given);
  free(lead->reports);
  free(lead);
  return status;
}
