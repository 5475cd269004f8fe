#include "batch/worker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "batch/mpi_team.h"

int vqe_worker_init(struct vqe_worker *worker, const char *output, int run)
{
  char *path = NULL;
  int next;
  pthread_mutex_init(&worker->journal_lock, NULL);
  vqe_host_init(&worker->host);
  int status = vqe_resume_load(&worker->resume, &next, output,
                               worker->rank == 0, worker->options->log);
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

static void mark_stop(struct vqe_worker *worker)
{
  if (worker->stop_marked || worker->journal == NULL) {
    return;
  }
  worker->stop_marked = true;
  /* not under the lock, under which a lane may wait for the disk longer than
   * we have to live; an error of the disk shows at the next result */
  (void)vqe_journal_mark(worker->journal, NULL, VQE_JOURNAL_STOPS);
}

void vqe_worker_note_stop(struct vqe_worker *worker)
{
  const struct vqe_batch_options *options = worker->options;
  if (worker->stopped || (options->stop != NULL && *options->stop)) {
    mark_stop(worker);
  }
}

void vqe_worker_end(struct vqe_worker *worker, int status, double started)
{
  double now = vqe_clock_wall();
  mark_stop(worker);
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
