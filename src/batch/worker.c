#include "batch/worker.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "store/codec.h"

/* Evaluations of an experiment go to the journal once it has run this long;
 * repeating less is cheaper than writing it. */
#define JOURNAL_AFTER 2.0
#define PENDING_BYTES ((size_t)64 << 20)
/* How often a computing rank looks for a stop message. */
#define LOOK_SECONDS 0.05

/* ---- run, journal ---- */

static void pending_clear(struct vqe_worker *worker)
{
  for (size_t k = 0; k < worker->npending; k++) {
    free(worker->pending[k].values);
  }
  worker->npending = 0;
  worker->pending_bytes = 0;
}

bool vqe_worker_should_stop(void *ctx)
{
  struct vqe_worker *worker = ctx;
  /* an error of the disk shows at the next record */
  (void)vqe_journal_tick(worker->journal);
  if (worker->options->stop != NULL && *worker->options->stop) {
    return true;
  }
  double now = vqe_clock_wall();
  if (!worker->stopped && now - worker->last_look > LOOK_SECONDS) {
    worker->last_look = now;
    if (worker->may_call_mpi) {
      int flag = 0;
      MPI_Iprobe(0, VQE_TAG_STOP, worker->comm, &flag, MPI_STATUS_IGNORE);
      worker->stopped = flag;
    }
    if (worker->team != NULL && vqe_batch_team_stopped(worker->team)) {
      worker->stopped = true;
    }
  }
  return worker->stopped;
}

static int flush_pending(struct vqe_worker *worker, const char *id)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < worker->npending; k++) {
    const struct vqe_pending *item = &worker->pending[k];
    status = vqe_journal_evaluation(
        worker->journal, id, item->iteration, item->nparam, item->values,
        item->energy, item->std,
        item->has_gradient ? item->values + item->nparam : NULL);
  }
  pending_clear(worker);
  worker->writing = true;
  return status;
}

static int hold_back(struct vqe_worker *worker, int iteration, int nparam,
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
  struct vqe_pending *item = &worker->pending[worker->npending];
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
  struct vqe_worker *worker = ctx;
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
  struct vqe_worker *worker = ctx;
  return vqe_resume_replay(worker->resume, experiment->id, iteration, nparam,
                           parameters, energy, std, gradient);
}

/* Run one experiment and journal its result. VQE_ERR_INTERRUPTED leaves *out
 * NULL; whatever else goes wrong becomes a failed result. */
int vqe_worker_run(struct vqe_result **out, struct vqe_worker *worker,
                   const struct vqe_experiment *experiment)
{
  struct vqe_run_options options = {
      worker->threads,       worker->rank,
      worker->ranks,         worker->team != NULL ? &worker->team->view : NULL,
      worker->node_rank,     &worker->host,
      worker->options->gates};
  struct vqe_callbacks callbacks = {worker, on_evaluation, on_replay,
                                    vqe_worker_should_stop};
  worker->started = vqe_clock_wall();
  worker->first = worker->first > 0.0 ? worker->first : worker->started;
  worker->writing = false;
  int status = vqe_experiment_run(out, experiment, &options, &callbacks);
  if (status == VQE_ERR_INTERRUPTED && !worker->writing) {
    (void)flush_pending(worker, experiment->id);
  }
  pending_clear(worker);
  worker->last = vqe_clock_wall();
  worker->report.busy += worker->last - worker->started;
  if (status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  worker->report.done++;
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
int vqe_worker_default_threads(MPI_Comm comm)
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

int vqe_worker_node_rank(MPI_Comm comm)
{
  MPI_Comm node;
  int rank;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_rank(node, &rank);
  MPI_Comm_free(&node);
  return rank;
}

int vqe_worker_init(struct vqe_worker *worker, const char *output, int run)
{
  char *path = NULL;
  int next;
  vqe_host_init(&worker->host);
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

void vqe_worker_clear(struct vqe_worker *worker)
{
  pending_clear(worker);
  free(worker->pending);
  (void)vqe_journal_close(worker->journal);
  vqe_resume_free(worker->resume);
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
  return vqe_outbox_send(&worker->outbox, data, size, 0, VQE_TAG_RESULT,
                         worker->comm);
}

/* Run everything of one work message: u64 size, then the bytes of a request,
 * for each experiment. */
static int work_through(struct vqe_worker *worker, const uint8_t *data,
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
      status = vqe_worker_run(&result, worker, request->experiment);
    }
    if (status == VQE_OK) {
      status = send_result(worker, result);
    }
    vqe_result_free(result);
    vqe_result_free(request);
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

int vqe_worker_serve(struct vqe_worker *worker)
{
  double started = vqe_clock_wall();
  int status = VQE_OK;
  while (status == VQE_OK) {
    MPI_Status found;
    MPI_Send(NULL, 0, MPI_BYTE, 0, VQE_TAG_ASK, worker->comm);
    vqe_message_wait(worker->comm, 0, MPI_ANY_TAG, &found);
    if (found.MPI_TAG == VQE_TAG_STOP) {
      break;
    }
    uint8_t *data = NULL;
    size_t size;
    status = vqe_message_receive(&data, &size, worker->comm, &found);
    if (status == VQE_OK) {
      status = work_through(worker, data, size);
    }
    free(data);
  }
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    fprintf(stderr, "vqe_batch: rank %d: %s\n", worker->rank,
            vqe_error_message());
  }
  vqe_outbox_flush(&worker->outbox);
  /* tell rank 0 that nothing more comes, then take its stop message */
  vqe_worker_end(worker, status, started);
  MPI_Send(&worker->report, (int)sizeof worker->report, MPI_BYTE, 0,
           VQE_TAG_STOPPED, worker->comm);
  MPI_Status found;
  vqe_message_wait(worker->comm, 0, VQE_TAG_STOP, &found);
  MPI_Recv(NULL, 0, MPI_BYTE, 0, VQE_TAG_STOP, worker->comm,
           MPI_STATUS_IGNORE);
  return status == VQE_ERR_INTERRUPTED ? VQE_OK : status;
}
