#include "batch/batch.h"

#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "batch/progress.h"
#include "batch/resume.h"
#include "store/codec.h"
#include "store/hdf5.h"
#include "store/journal.h"

/* Messages: workers ask and report, rank 0 hands out and stops. */
enum tag { TAG_ASK = 1, TAG_WORK, TAG_RESULT, TAG_STOP, TAG_STOPPED };

/* Work handed out at a time: at least this much by the estimate, so that a
 * thousand small molecules do not wait for a thousand messages. */
#define CHUNK_SECONDS 0.02
#define CHUNK_COUNT 64
/* Evaluations of an experiment go to the journal once it has run this long;
 * repeating less is cheaper than writing it. */
#define JOURNAL_AFTER 2.0
#define PENDING_BYTES ((size_t)64 << 20)
/* How often a computing rank looks for a stop message, and the longest sleep
 * of one that waits. */
#define LOOK_SECONDS 0.05
#define SLEEP_NS 1000000L

/* ---- one rank's work: run, journal ---- */

struct pending {
  int iteration;
  int nparam;
  double energy, std;
  bool has_gradient;
  double *values;
};

struct worker {
  const struct vqe_batch_options *options;
  MPI_Comm comm;
  int rank, ranks, threads;
  bool may_call_mpi;    /* false on the compute thread of rank 0 */
  _Atomic bool stopped; /* a stop message came */
  double last_look;
  struct vqe_resume *resume;
  struct vqe_journal *journal;
  double started; /* of the experiment in hand */
  bool writing;   /* its evaluations go straight to the journal */
  size_t npending, pending_capacity, pending_bytes;
  struct pending *pending;
};

static void pending_clear(struct worker *worker)
{
  for (size_t k = 0; k < worker->npending; k++) {
    free(worker->pending[k].values);
  }
  worker->npending = 0;
  worker->pending_bytes = 0;
}

static bool should_stop(void *ctx)
{
  struct worker *worker = ctx;
  /* an error of the disk shows at the next record */
  (void)vqe_journal_tick(worker->journal);
  if (worker->options->stop != NULL && *worker->options->stop) {
    return true;
  }
  if (worker->may_call_mpi && !worker->stopped) {
    double now = vqe_clock_wall();
    if (now - worker->last_look > LOOK_SECONDS) {
      int flag = 0;
      worker->last_look = now;
      MPI_Iprobe(0, TAG_STOP, worker->comm, &flag, MPI_STATUS_IGNORE);
      worker->stopped = flag;
    }
  }
  return worker->stopped;
}

static int flush_pending(struct worker *worker, const char *id)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < worker->npending; k++) {
    const struct pending *item = &worker->pending[k];
    status = vqe_journal_evaluation(
        worker->journal, id, item->iteration, item->nparam, item->values,
        item->energy, item->std,
        item->has_gradient ? item->values + item->nparam : NULL);
  }
  pending_clear(worker);
  worker->writing = true;
  return status;
}

static int hold_back(struct worker *worker, int iteration, int nparam,
                     const double *parameters, double energy, double std,
                     const double *gradient)
{
  size_t n = (size_t)nparam;
  if (worker->npending == worker->pending_capacity) {
    size_t capacity = 2 * worker->pending_capacity + 64;
    int status =
        vqe_memory_grow(&worker->pending, worker->npending, capacity,
                        sizeof *worker->pending, "evaluations to journal");
    if (status != VQE_OK) {
      return status;
    }
    worker->pending_capacity = capacity;
  }
  struct pending *item = &worker->pending[worker->npending];
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
  worker->npending++;
  worker->pending_bytes += 2 * n * sizeof(double);
  return VQE_OK;
}

static int on_evaluation(void *ctx, const struct vqe_experiment *experiment,
                         int iteration, int nparam, const double *parameters,
                         double energy, double std, const double *gradient)
{
  struct worker *worker = ctx;
  if (worker->writing) {
    return vqe_journal_evaluation(worker->journal, experiment->id, iteration,
                                  nparam, parameters, energy, std, gradient);
  }
  int status =
      hold_back(worker, iteration, nparam, parameters, energy, std, gradient);
  if (status == VQE_OK &&
      (vqe_clock_wall() - worker->started > JOURNAL_AFTER ||
       worker->pending_bytes > PENDING_BYTES)) {
    status = flush_pending(worker, experiment->id);
  }
  return status;
}

static int on_replay(void *ctx, const struct vqe_experiment *experiment,
                     int iteration, int nparam, const double *parameters,
                     double *energy, double *std, double *gradient)
{
  struct worker *worker = ctx;
  return vqe_resume_replay(worker->resume, experiment->id, iteration, nparam,
                           parameters, energy, std, gradient);
}

/* Run one experiment and journal its result. VQE_ERR_INTERRUPTED leaves *out
 * NULL; whatever else goes wrong becomes a failed result. */
static int work_on(struct vqe_result **out, struct worker *worker,
                   const struct vqe_experiment *experiment)
{
  struct vqe_run_options options = {worker->threads, worker->rank,
                                    worker->ranks};
  struct vqe_callbacks callbacks = {worker, on_evaluation, on_replay,
                                    should_stop};
  worker->started = vqe_clock_wall();
  worker->writing = false;
  int status = vqe_experiment_run(out, experiment, &options, &callbacks);
  if (status == VQE_ERR_INTERRUPTED && !worker->writing) {
    (void)flush_pending(worker, experiment->id);
  }
  pending_clear(worker);
  if (status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  if (status != VQE_OK) {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    status = vqe_result_create(out, experiment, VQE_EXPERIMENT_FAILED, reason);
  }
  if (status == VQE_OK) {
    status = vqe_journal_result(worker->journal, *out);
  }
  return status;
}

/* ---- threads and journals of a rank ---- */

/* Cores that the ranks of this node may use together, over the ranks. */
static int default_threads(MPI_Comm comm)
{
  MPI_Comm node;
  cpu_set_t mine;
  unsigned char mask[CPU_SETSIZE / 8] = {0};
  unsigned char all[CPU_SETSIZE / 8];
  int ranks;
  int cores = 0;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) == 0) {
    for (int k = 0; k < CPU_SETSIZE; k++) {
      if (CPU_ISSET(k, &mine)) {
        mask[k / 8] |= (unsigned char)(1 << k % 8);
      }
    }
  }
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &ranks);
  MPI_Allreduce(mask, all, (int)sizeof all, MPI_UNSIGNED_CHAR, MPI_BOR, node);
  MPI_Comm_free(&node);
  for (size_t k = 0; k < sizeof all; k++) {
    cores += __builtin_popcount(all[k]);
  }
  return cores > ranks ? cores / ranks : 1;
}

static int worker_init(struct worker *worker, const char *output, int run)
{
  char *path = NULL;
  int next;
  int status =
      vqe_resume_load(&worker->resume, &next, output, worker->rank == 0);
  if (status == VQE_OK) {
    status = vqe_resume_journal_path(&path, output, run, worker->rank);
  }
  if (status == VQE_OK) {
    status = vqe_journal_open(&worker->journal, path);
  }
  free(path);
  return status;
}

static void worker_clear(struct worker *worker)
{
  pending_clear(worker);
  free(worker->pending);
  (void)vqe_journal_close(worker->journal);
  vqe_resume_free(worker->resume);
}

static void nap(void)
{
  struct timespec pause = {0, SLEEP_NS};
  nanosleep(&pause, NULL);
}

/* ---- ranks above 0 ---- */

/* Wait, asleep, for a message from `source` with `tag`. */
static void wait_for(MPI_Comm comm, int source, int tag, MPI_Status *found)
{
  int flag = 0;
  while (!flag) {
    MPI_Iprobe(source, tag, comm, &flag, found);
    if (!flag) {
      nap();
    }
  }
}

static int send_bytes(const void *data, size_t size, int to, int tag,
                      MPI_Comm comm)
{
  if (size > INT_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a result of %.1f GB is too large to send; it is "
                         "safe in the journal of its rank",
                         (double)size / 1e9);
  }
  MPI_Send(data, (int)size, MPI_BYTE, to, tag, comm);
  return VQE_OK;
}

static int send_result(const struct vqe_result *result, MPI_Comm comm)
{
  uint8_t *data = NULL;
  size_t size;
  int status = vqe_codec_encode_result(&data, &size, result);
  if (status == VQE_OK) {
    status = send_bytes(data, size, 0, TAG_RESULT, comm);
  }
  free(data);
  return status;
}

static int receive_bytes(uint8_t **out, size_t *size, MPI_Comm comm,
                         MPI_Status *found)
{
  int count;
  MPI_Get_count(found, MPI_BYTE, &count);
  int status =
      vqe_memory_alloc(out, (size_t)count, 1, "a message between ranks");
  *size = (size_t)count;
  if (status != VQE_OK) {
    return status;
  }
  MPI_Recv(*out, count, MPI_BYTE, found->MPI_SOURCE, found->MPI_TAG, comm,
           MPI_STATUS_IGNORE);
  return VQE_OK;
}

/* Run everything of one work message: u64 size, then the bytes of a request,
 * for each experiment. */
static int work_through(struct worker *worker, const uint8_t *data,
                        size_t size)
{
  size_t at = 0;
  int status = VQE_OK;
  while (status == VQE_OK && at + sizeof(uint64_t) <= size) {
    struct vqe_result *request = NULL;
    struct vqe_result *result = NULL;
    uint64_t length;
    memcpy(&length, data + at, sizeof length);
    at += sizeof length;
    if (length > size - at) {
      return vqe_error_set(VQE_ERR_IO, "a work message is cut short");
    }
    status = vqe_codec_decode_result(&request, data + at, (size_t)length);
    at += (size_t)length;
    if (status == VQE_OK) {
      status = work_on(&result, worker, request->experiment);
    }
    if (status == VQE_OK) {
      status = send_result(result, worker->comm);
    }
    vqe_result_free(result);
    vqe_result_free(request);
  }
  return status;
}

static int serve(struct worker *worker)
{
  int status = VQE_OK;
  while (status == VQE_OK) {
    MPI_Status found;
    MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_ASK, worker->comm);
    wait_for(worker->comm, 0, MPI_ANY_TAG, &found);
    if (found.MPI_TAG == TAG_STOP) {
      break;
    }
    uint8_t *data = NULL;
    size_t size;
    status = receive_bytes(&data, &size, worker->comm, &found);
    if (status == VQE_OK) {
      status = work_through(worker, data, size);
    }
    free(data);
  }
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    fprintf(stderr, "vqe_batch: rank %d: %s\n", worker->rank,
            vqe_error_message());
  }
  /* tell rank 0 that nothing more comes, then take its stop message */
  MPI_Send(&status, 1, MPI_INT, 0, TAG_STOPPED, worker->comm);
  MPI_Status found;
  wait_for(worker->comm, 0, TAG_STOP, &found);
  MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, worker->comm, MPI_STATUS_IGNORE);
  return status == VQE_ERR_INTERRUPTED ? VQE_OK : status;
}

/* ---- rank 0 ---- */

struct task {
  struct vqe_experiment *experiment;
  double cost;
};

struct lead {
  struct worker worker; /* of the compute thread */
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
  int busy; /* workers that have not stopped */
  bool *idle;
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
  *out = lead->tasks + lead->next;
  while (lead->next < lead->ntask && count < CHUNK_COUNT &&
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
      status = should_stop(&lead->worker)
                   ? VQE_ERR_INTERRUPTED
                   : work_on(&result, &lead->worker, tasks[k].experiment);
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

static void keep(struct lead *lead, struct vqe_result *result, int rank)
{
  int index = result->experiment->index;
  if (index < 0 || (size_t)index >= lead->outcome->count ||
      lead->outcome->results[index] != NULL) {
    vqe_result_free(result);
    return;
  }
  lead->outcome->results[index] = result;
  vqe_progress_result(&lead->progress, result, rank, cost_of(lead, index));
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
    status = send_bytes(message, used, to, TAG_WORK, lead->worker.comm);
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
  for (int rank = 1; rank < lead->worker.ranks; rank++) {
    MPI_Send(NULL, 0, MPI_BYTE, rank, TAG_STOP, lead->worker.comm);
  }
}

static int answer(struct lead *lead, MPI_Status *found)
{
  MPI_Comm comm = lead->worker.comm;
  int from = found->MPI_SOURCE;
  if (found->MPI_TAG == TAG_ASK) {
    struct task *tasks;
    MPI_Recv(NULL, 0, MPI_BYTE, from, TAG_ASK, comm, MPI_STATUS_IGNORE);
    pthread_mutex_lock(&lead->lock);
    size_t count = lead->stopping ? 0 : take_chunk(lead, &tasks);
    pthread_mutex_unlock(&lead->lock);
    if (count > 0) {
      return send_chunk(lead, from, tasks, count);
    }
    lead->idle[from] = true; /* gets its stop message with the others */
    return VQE_OK;
  }
  if (found->MPI_TAG == TAG_STOPPED) {
    int status;
    MPI_Recv(&status, 1, MPI_INT, from, TAG_STOPPED, comm, MPI_STATUS_IGNORE);
    lead->busy--;
    lead->idle[from] = true;
    if (status != VQE_OK) {
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
  int status = receive_bytes(&data, &size, comm, found);
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
  for (int rank = 1; rank < lead->worker.ranks; rank++) {
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
  bool alone = lead->worker.ranks == 1;
  lead->busy = lead->worker.ranks - 1;
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
    if (!take_finished(lead, alone ? 50 * SLEEP_NS : SLEEP_NS) && local_done) {
      nap();
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
    status = worker_init(&lead->worker, job->output, run);
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
static int open_run(int *run, const char *output)
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
                       lead->worker.ranks, lead->worker.threads);
    status = lead_loop(lead);
    vqe_progress_end(&lead->progress, lead->outcome->interrupted);
  } else {
    /* the others wait for work: let them go */
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    stop_workers(lead);
    for (int rank = 1; rank < lead->worker.ranks; rank++) {
      MPI_Status found;
      int ignored;
      wait_for(lead->worker.comm, rank, TAG_STOPPED, &found);
      MPI_Recv(&ignored, 1, MPI_INT, rank, TAG_STOPPED, lead->worker.comm,
               MPI_STATUS_IGNORE);
      MPI_Iprobe(rank, TAG_ASK, lead->worker.comm, &ignored, &found);
      if (ignored) {
        MPI_Recv(NULL, 0, MPI_BYTE, rank, TAG_ASK, lead->worker.comm,
                 MPI_STATUS_IGNORE);
      }
    }
    status = vqe_error_set(status, "%s", reason);
  }
  pthread_cond_destroy(&lead->news);
  pthread_mutex_destroy(&lead->lock);
  return status;
}

int vqe_batch_run(struct vqe_batch_outcome *out, struct vqe_job *job,
                  const struct vqe_batch_options *options, MPI_Comm comm)
{
  struct lead *lead = NULL;
  struct worker worker = {.options = options, .comm = comm};
  char output[4096] = "";
  int header[2] = {VQE_OK, 0}; /* status, run */
  double started = vqe_clock_wall();
  memset(out, 0, sizeof *out);
  MPI_Comm_rank(comm, &worker.rank);
  MPI_Comm_size(comm, &worker.ranks);
  worker.threads =
      options->threads > 0 ? options->threads : default_threads(comm);
  omp_set_dynamic(0);
  if (worker.rank == 0) {
    header[0] = open_run(&header[1], job->output);
    if (header[0] == VQE_OK && strlen(job->output) >= sizeof output) {
      header[0] = vqe_error_set(VQE_ERR_INPUT,
                                "the output path is longer "
                                "than %zu bytes",
                                sizeof output - 1);
    }
    if (header[0] == VQE_OK) {
      snprintf(output, sizeof output, "%s", job->output);
    }
  }
  MPI_Bcast(header, 2, MPI_INT, 0, comm);
  if (header[0] != VQE_OK) {
    return header[0];
  }
  MPI_Bcast(output, (int)sizeof output, MPI_CHAR, 0, comm);
  out->threads = worker.threads;
  int status;
  if (worker.rank != 0) {
    worker.may_call_mpi = true;
    status = worker_init(&worker, output, header[1]);
    if (status != VQE_OK) {
      fprintf(stderr, "vqe_batch: rank %d: %s\n", worker.rank,
              vqe_error_message());
      MPI_Send(&status, 1, MPI_INT, 0, TAG_STOPPED, comm);
      MPI_Status found;
      wait_for(comm, 0, TAG_STOP, &found);
      MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, comm, MPI_STATUS_IGNORE);
    } else {
      status = serve(&worker);
    }
    worker_clear(&worker);
    return status;
  }
  status = vqe_memory_alloc(&lead, 1, sizeof *lead, "scheduler");
  if (status != VQE_OK) {
    return status;
  }
  lead->worker = worker;
  lead->outcome = out;
  lead->progress.quiet = options->quiet;
  lead->progress.json = options->log_json;
  status = run_lead(lead, job, header[1]);
  worker_clear(&lead->worker);
  free(lead->tasks);
  free(lead->finished);
  free(lead->idle);
  free(lead);
  out->seconds = vqe_clock_wall() - started;
  return status;
}

int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job)
{
  struct vqe_result **all = NULL;
  size_t count = 0;
  int status =
      vqe_memory_alloc(&all, outcome->count + outcome->nother + 1,
                       sizeof(struct vqe_result *), "list of results");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < outcome->count; k++) {
    if (outcome->results[k] != NULL) {
      all[count++] = outcome->results[k];
    }
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    all[count++] = outcome->other[k];
  }
  status = vqe_hdf5_write(job->output, all, count);
  free(all);
  /* journals hold what an unfinished run needs to go on */
  if (status == VQE_OK && !outcome->interrupted) {
    status = vqe_resume_remove(job->output);
  }
  return status;
}

void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome)
{
  for (size_t k = 0; k < outcome->count; k++) {
    vqe_result_free(outcome->results[k]);
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    vqe_result_free(outcome->other[k]);
  }
  free(outcome->results);
  free(outcome->skipped);
  free(outcome->other);
  memset(outcome, 0, sizeof *outcome);
}

void vqe_batch_wait(MPI_Comm comm)
{
  MPI_Request request;
  int done = 0;
  MPI_Ibarrier(comm, &request);
  while (!done) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) {
      nap();
    }
  }
}
