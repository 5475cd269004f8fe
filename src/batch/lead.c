#include "batch/lead.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "batch/message.h"
#include "batch/progress.h"
#include "store/codec.h"
#include "store/hdf5.h"

/* Work handed out at a time: at least this much by the estimate, so that a
 * thousand small molecules do not wait for a thousand messages; but no more
 * than this share of a rank's part of what is left, so that all end
 * together. */
#define CHUNK_SECONDS 0.02
#define CHUNK_COUNT 64
#define CHUNK_SHARE 4

struct task {
  struct vqe_experiment *experiment;
  double cost;
};

struct lead {
  struct vqe_worker worker; /* of the compute thread */
  struct vqe_batch_outcome *outcome;
  struct vqe_progress progress;
  size_t ntask, next;
  struct task *tasks; /* largest first */
  pthread_mutex_t lock;
  pthread_cond_t news;
  /* under the lock: results of the compute thread, its end and status */
  size_t nfinished;
  struct vqe_result **finished;
  bool thread_done;
  int thread_status;
  /* main thread only */
  const char *output; /* the result file, and the number of this run */
  int run;
  size_t nunwritten; /* results, by number, that are not in the file yet */
  size_t *unwritten;
  bool writes; /* false once the file cannot be written */
  int busy;    /* workers that have not stopped */
  bool *idle;
  struct vqe_worker_report *reports; /* of each rank */
  bool stopping;
  int status;
  char message[512];
};

/* Next tasks for one rank: largest first, so that the tail is short; small
 * ones several at a time. Under the lock. */
static size_t take_chunk(struct lead *lead, struct task **out)
{
  double cost = 0.0;
  size_t count = 0;
  size_t workers = (size_t)(lead->worker.ranks / lead->worker.team_size);
  size_t most = (lead->ntask - lead->next) / (CHUNK_SHARE * workers);
  most = most < CHUNK_COUNT ? most : CHUNK_COUNT;
  *out = lead->tasks + lead->next;
  while (lead->next < lead->ntask && (count == 0 || count < most) &&
         (count == 0 || cost < CHUNK_SECONDS)) {
    cost += lead->tasks[lead->next].cost;
    lead->next++;
    count++;
  }
  return count;
}

static void *compute(void *ctx)
{
  struct lead *lead = ctx;
  int status = VQE_OK;
  for (;;) {
    struct task *tasks;
    pthread_mutex_lock(&lead->lock);
    size_t count = take_chunk(lead, &tasks);
    pthread_mutex_unlock(&lead->lock);
    if (count == 0 || status != VQE_OK) {
      break;
    }
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      struct vqe_result *result = NULL;
      status =
          vqe_worker_should_stop(&lead->worker)
              ? VQE_ERR_INTERRUPTED
              : vqe_worker_run(&result, &lead->worker, tasks[k].experiment);
      pthread_mutex_lock(&lead->lock);
      if (result != NULL) {
        lead->finished[lead->nfinished++] = result;
      }
      pthread_cond_signal(&lead->news);
      pthread_mutex_unlock(&lead->lock);
    }
    if (status != VQE_OK) {
      break;
    }
  }
  pthread_mutex_lock(&lead->lock);
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    snprintf(lead->message, sizeof lead->message, "%s", vqe_error_message());
  }
  lead->thread_status = status;
  lead->thread_done = true;
  pthread_cond_signal(&lead->news);
  pthread_mutex_unlock(&lead->lock);
  return NULL;
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

/* Encode the tasks of a chunk into one message and send it. */
static int send_chunk(struct lead *lead, int to, const struct task *tasks,
                      size_t count)
{
  uint8_t *message = NULL;
  size_t used = 0;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_result *request = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    status = vqe_result_create(&request, tasks[k].experiment,
                               VQE_EXPERIMENT_SKIPPED, NULL);
    if (status == VQE_OK) {
      status = vqe_codec_encode_result(&data, &size, request);
    }
    uint64_t length = size;
    if (status == VQE_OK) {
      status = vqe_memory_grow(&message, used, used + sizeof length + size, 1,
                               "a work message");
    }
    if (status == VQE_OK) {
      memcpy(message + used, &length, sizeof length);
      memcpy(message + used + sizeof length, data, size);
      used += sizeof length + size;
    }
    free(data);
    vqe_result_free(request);
  }
  if (status == VQE_OK) {
    status =
        vqe_message_send(message, used, to, VQE_TAG_WORK, lead->worker.comm);
  }
  free(message);
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
    MPI_Send(NULL, 0, MPI_BYTE, rank, VQE_TAG_STOP, lead->worker.comm);
  }
}

static int answer(struct lead *lead, MPI_Status *found)
{
  MPI_Comm comm = lead->worker.comm;
  int from = found->MPI_SOURCE;
  if (found->MPI_TAG == VQE_TAG_ASK) {
    struct task *tasks;
    MPI_Recv(NULL, 0, MPI_BYTE, from, VQE_TAG_ASK, comm, MPI_STATUS_IGNORE);
    pthread_mutex_lock(&lead->lock);
    size_t count = lead->stopping ? 0 : take_chunk(lead, &tasks);
    pthread_mutex_unlock(&lead->lock);
    if (count > 0) {
      return send_chunk(lead, from, tasks, count);
    }
    lead->idle[from] = true; /* gets its stop message with the others */
    return VQE_OK;
  }
  if (found->MPI_TAG == VQE_TAG_STOPPED) {
    struct vqe_worker_report *report = &lead->reports[from];
    MPI_Recv(report, (int)sizeof *report, MPI_BYTE, from, VQE_TAG_STOPPED,
             comm, MPI_STATUS_IGNORE);
    lead->busy--;
    lead->idle[from] = true;
    if (report->status != VQE_OK) {
      /* interrupted or broken: what it had not begun is lost to it, so the
       * others stop too and the job is run again */
      lead->outcome->interrupted = true;
      stop_workers(lead);
    }
    return VQE_OK;
  }
  uint8_t *data = NULL;
  size_t size;
  struct vqe_result *result = NULL;
  int status = vqe_message_receive(&data, &size, comm, found);
  if (status == VQE_OK) {
    status = vqe_codec_decode_result(&result, data, size);
  }
  if (status == VQE_OK) {
    keep(lead, result, from);
  }
  free(data);
  return status;
}

static bool workers_idle(const struct lead *lead)
{
  for (int rank = lead->worker.team_size; rank < lead->worker.ranks;
       rank += lead->worker.team_size) {
    if (!lead->idle[rank]) {
      return false;
    }
  }
  return true;
}

/* Take what the compute thread has finished; sleep up to `nanoseconds` when
 * there is nothing. Returns whether there was something. */
static bool take_finished(struct lead *lead, long nanoseconds)
{
  struct vqe_result *taken[CHUNK_COUNT];
  size_t count = 0;
  pthread_mutex_lock(&lead->lock);
  if (lead->nfinished == 0 && !lead->thread_done && nanoseconds > 0) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += nanoseconds;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&lead->news, &lead->lock, &until);
  }
  while (lead->nfinished > 0 && count < CHUNK_COUNT) {
    taken[count++] = lead->finished[--lead->nfinished];
  }
  pthread_mutex_unlock(&lead->lock);
  for (size_t k = count; k-- > 0;) {
    keep(lead, taken[k], 0);
  }
  return count > 0;
}

static int lead_loop(struct lead *lead)
{
  pthread_t thread;
  MPI_Comm comm = lead->worker.comm;
  bool alone = lead->worker.ranks == lead->worker.team_size;
  lead->busy = lead->worker.ranks / lead->worker.team_size - 1;
  if (pthread_create(&thread, NULL, compute, lead) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "cannot start a thread");
  }
  for (;;) {
    int flag = 0;
    MPI_Status found;
    if (!alone) {
      MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, &found);
    }
    if (flag) {
      int status = answer(lead, &found);
      if (status != VQE_OK && lead->status == VQE_OK) {
        lead->status = status;
        snprintf(lead->message, sizeof lead->message, "%s",
                 vqe_error_message());
        stop_workers(lead);
      }
      continue;
    }
    if (lead->worker.options->stop != NULL && *lead->worker.options->stop) {
      lead->outcome->interrupted = true;
      stop_workers(lead);
    }
    if (lead->stopping) {
      lead->worker.stopped = true; /* seen by the compute thread */
    }
    pthread_mutex_lock(&lead->lock);
    bool exhausted = lead->next == lead->ntask;
    bool local_done = lead->thread_done && lead->nfinished == 0;
    pthread_mutex_unlock(&lead->lock);
    if (local_done && lead->thread_status != VQE_OK) {
      lead->outcome->interrupted |= lead->thread_status == VQE_ERR_INTERRUPTED;
      if (lead->thread_status != VQE_ERR_INTERRUPTED &&
          lead->status == VQE_OK) {
        lead->status = lead->thread_status;
      }
      stop_workers(lead);
    }
    if (!lead->stopping && exhausted && local_done && workers_idle(lead)) {
      stop_workers(lead);
    }
    if (lead->stopping && local_done && lead->busy == 0) {
      break;
    }
    /* alone, the thread wakes us; else messages have to be looked for */
    long sleep = alone ? 50 * VQE_NAP_NS : VQE_NAP_NS;
    bool wrote = write_one(lead);
    if (!take_finished(lead, wrote ? 0 : sleep) && local_done && !wrote) {
      vqe_message_nap();
    }
    vqe_progress_tick(&lead->progress);
  }
  pthread_join(thread, NULL);
  return lead->status == VQE_OK
             ? VQE_OK
             : vqe_error_set(lead->status, "%s", lead->message);
}

static int largest_first(const void *a, const void *b)
{
  const struct task *left = a;
  const struct task *right = b;
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
    status = vqe_memory_alloc(&lead->finished, job->count + 1,
                              sizeof(struct vqe_result *), "task list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lead->idle, (size_t)lead->worker.ranks,
                              sizeof *lead->idle, "rank list");
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
  int status = vqe_memory_alloc(&outcome->results, job->count + 1,
                                sizeof(struct vqe_result *), "results");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&outcome->skipped, job->count + 1, sizeof(bool),
                              "results");
  }
  if (status == VQE_OK) {
    status = vqe_worker_init(&lead->worker, job->output, run);
  }
  if (status == VQE_OK) {
    status = find_earlier(lead, job);
  }
  if (status == VQE_OK) {
    status = list_tasks(lead, job);
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
  pthread_condattr_t attributes;
  pthread_mutex_init(&lead->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&lead->news, &attributes);
  pthread_condattr_destroy(&attributes);
  int status = prepare(lead, job, run);
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    skipped += lead->outcome->skipped[k];
  }
  if (status == VQE_OK) {
    vqe_progress_start(&lead->progress, lead->ntask, skipped,
                       lead->worker.ranks, lead->worker.team_size,
                       lead->worker.threads);
    double started = vqe_clock_wall();
    status = lead_loop(lead);
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
      MPI_Status found;
      int ignored;
      struct vqe_worker_report report;
      vqe_message_wait(lead->worker.comm, rank, VQE_TAG_STOPPED, &found);
      MPI_Recv(&report, (int)sizeof report, MPI_BYTE, rank, VQE_TAG_STOPPED,
               lead->worker.comm, MPI_STATUS_IGNORE);
      MPI_Iprobe(rank, VQE_TAG_ASK, lead->worker.comm, &ignored, &found);
      if (ignored) {
        MPI_Recv(NULL, 0, MPI_BYTE, rank, VQE_TAG_ASK, lead->worker.comm,
                 MPI_STATUS_IGNORE);
      }
    }
    vqe_worker_end(&lead->worker, failure, vqe_clock_wall());
    status = vqe_error_set(failure, "%s", reason);
  }
  pthread_cond_destroy(&lead->news);
  pthread_mutex_destroy(&lead->lock);
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
  vqe_worker_clear(&lead->worker);
  free(lead->tasks);
  free(lead->finished);
  free(lead->unwritten);
  free(lead->idle);
  free(lead->reports);
  free(lead);
  return status;
}
