/* What people see while a job runs: one live line on a terminal; in a log a
 * line an experiment, and every 30 s one of what runs; JSON lines on request.
 * To stderr; the table goes to stdout. Progress is of level info. */
#ifndef VQE_BATCH_PROGRESS_H
#define VQE_BATCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "batch/news.h"
#include "batch/worker.h"
#include "vqe/experiment.h"

struct vqe_progress {
  bool quiet, json, terminal;
  const struct vqe_log *log;
  size_t total, done, failed;
  double started;       /* wall clock */
  double last_draw;     /* of the live line, or of the line in a log */
  struct vqe_news news; /* what the end cut off; index -1: nothing */
  int workers;          /* experiments at once, at most */
  double cost_total, cost_done, cost_failed; /* done: without failed ones */
  int ranks;
};

void vqe_progress_start(struct vqe_progress *progress, size_t total,
                        size_t skipped, const struct vqe_worker *worker);
void vqe_progress_result(struct vqe_progress *progress,
                         const struct vqe_result *result, int rank,
                         double cost);
/* Is it time for the live line, or for a line in a log? Cheap. */
bool vqe_progress_due(const struct vqe_progress *progress);
/* Draw it: how much is done, how long the rest takes, and where the experiment
 * of `news` stands (index -1: none runs). */
void vqe_progress_show(struct vqe_progress *progress,
                       const struct vqe_news *news);
/* One evaluation as a JSON line, from any thread of any rank. */
void vqe_progress_evaluation(const struct vqe_log *log,
                             const struct vqe_experiment *experiment, int rank,
                             int iteration, double energy, double std);
/* An experiment enters a phase: of level debug; from any thread of any rank.
 */
void vqe_progress_phase(const struct vqe_log *log,
                        const struct vqe_experiment *experiment, int rank,
                        enum vqe_phase phase);
/* What one rank, or the team that begins with it, did. Printed in JSON, and in
 * a log when more than one rank shared the work. */
void vqe_progress_rank(struct vqe_progress *progress, int rank, int team_size,
                       const struct vqe_worker_report *report);
void vqe_progress_end(struct vqe_progress *progress, bool interrupted);

#endif
