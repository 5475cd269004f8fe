/* What people see while a job runs: one live line on a terminal, a line an
 * experiment in a log, JSON lines on request. To stderr; the table goes to
 * stdout. */
#ifndef VQE_BATCH_PROGRESS_H
#define VQE_BATCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/worker.h"
#include "vqe/experiment.h"

struct vqe_progress {
  bool quiet, json, terminal;
  size_t total, done, failed;
  double started;   /* wall clock */
  double last_draw; /* of the live line */
  double cost_total, cost_done;
  int ranks;
};

void vqe_progress_start(struct vqe_progress *progress, size_t total,
                        size_t skipped, const struct vqe_worker *worker);
void vqe_progress_result(struct vqe_progress *progress,
                         const struct vqe_result *result, int rank,
                         double cost);
/* Redraw the live line now and then; cheap to call often. */
void vqe_progress_tick(struct vqe_progress *progress);
/* What one rank, or the team that begins with it, did. Printed in JSON, and in
 * a log when more than one rank shared the work. */
void vqe_progress_rank(struct vqe_progress *progress, int rank, int team_size,
                       const struct vqe_worker_report *report);
void vqe_progress_end(struct vqe_progress *progress, bool interrupted);

#endif
