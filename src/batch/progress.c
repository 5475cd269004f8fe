#include "batch/progress.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

static void put_json(json_t *event)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  char *text;
  vqe_clock_rfc3339(now);
  if (event == NULL) {
    return;
  }
  json_object_set_new(event, "time", json_string(now));
  text = json_dumps(event, JSON_COMPACT);
  if (text != NULL) {
    fprintf(stderr, "%s\n", text);
    free(text);
  }
  json_decref(event);
}

static json_t *number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

void vqe_progress_start(struct vqe_progress *progress, size_t total,
                        size_t skipped, const struct vqe_worker *worker)
{
  int ranks = worker->ranks;
  int threads = worker->threads;
  progress->ranks = ranks;
  progress->total = total;
  progress->started = vqe_clock_wall();
  progress->terminal =
      !progress->quiet && !progress->json && isatty(STDERR_FILENO);
  if (progress->json) {
    put_json(json_pack("{s:s, s:I, s:I, s:i, s:i, s:i, s:i}", "event", "start",
                       "experiments", (json_int_t)total, "skipped",
                       (json_int_t)skipped, "ranks", ranks,
                       "ranks_per_molecule", worker->team_size, "threads",
                       threads, "lanes", worker->lanes));
  } else if (!progress->quiet) {
    fprintf(stderr,
            "vqe_batch: %zu experiments to run, %zu found finished, %d "
            "rank%s x %d thread%s",
            total, skipped, ranks, ranks == 1 ? "" : "s", threads,
            threads == 1 ? "" : "s");
    if (worker->team_size > 1) {
      fprintf(stderr, ", %d ranks a molecule", worker->team_size);
    } else if (worker->lanes != threads) {
      fprintf(stderr, ", %d lane%s", worker->lanes,
              worker->lanes == 1 ? "" : "s");
    }
    fprintf(stderr, "\n");
  }
}

static void clear_line(const struct vqe_progress *progress)
{
  if (progress->terminal) {
    fprintf(stderr, "\r\033[K");
  }
}

void vqe_progress_result(struct vqe_progress *progress,
                         const struct vqe_result *result, int rank,
                         double cost)
{
  const struct vqe_experiment *experiment = result->experiment;
  bool failed = result->status == VQE_EXPERIMENT_FAILED;
  double total = result->minimum + result->nuclear_repulsion_energy;
  progress->done++;
  progress->failed += failed;
  progress->cost_done += cost;
  if (progress->json) {
    json_t *event = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:i, s:s?, s:o, s:o, s:I, s:f}", "event",
        failed ? "failed" : "finished", "experiment_id", experiment->id,
        "name", experiment->name, "basis", experiment->basis_set, "ansatz",
        experiment->ansatz_name, "rank", rank, "reason", result->reason,
        "energy", number(total), "energy_fci", number(result->fci_energy),
        "evaluations", (json_int_t)result->neval, "seconds",
        result->seconds_total);
    put_json(event);
    return;
  }
  if (progress->quiet && !failed) {
    return;
  }
  clear_line(progress);
  if (failed) {
    fprintf(stderr, "vqe_batch: [%zu/%zu] %s %s %s FAILED: %s\n",
            progress->done, progress->total, experiment->name,
            experiment->basis_set, experiment->ansatz_name,
            result->reason == NULL ? "" : result->reason);
  } else if (!progress->terminal) {
    fprintf(stderr,
            "vqe_batch: [%zu/%zu] %s %s %s %.8f hartree, %zu evaluations, "
            "%.2f s, rank %d\n",
            progress->done, progress->total, experiment->name,
            experiment->basis_set, experiment->ansatz_name, total,
            result->neval, result->seconds_total, rank);
  }
  progress->last_draw = 0.0;
  vqe_progress_tick(progress);
}

void vqe_progress_tick(struct vqe_progress *progress)
{
  double now = vqe_clock_wall();
  if (!progress->terminal || now - progress->last_draw < 0.2) {
    return;
  }
  double elapsed = now - progress->started;
  progress->last_draw = now;
  fprintf(stderr, "\r\033[K%zu of %zu experiments", progress->done,
          progress->total);
  if (progress->failed > 0) {
    fprintf(stderr, ", %zu failed", progress->failed);
  }
  fprintf(stderr, ", %.0f s", elapsed);
  if (progress->cost_done > 0.0 &&
      progress->cost_done < progress->cost_total) {
    fprintf(stderr, ", about %.0f s left",
            elapsed * (progress->cost_total / progress->cost_done - 1.0));
  }
  fflush(stderr);
}

void vqe_progress_rank(struct vqe_progress *progress, int rank, int team_size,
                       const struct vqe_worker_report *report)
{
  double idle = report->seconds - report->busy;
  if (progress->json) {
    put_json(json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f}",
                       "event", "rank", "rank", rank, "done", report->done,
                       "busy_seconds", report->busy, "idle_seconds", idle,
                       "idle_start", report->start, "idle_end", report->end,
                       "sent_bytes", report->sent, "messages",
                       report->messages));
    return;
  }
  if (progress->quiet || progress->ranks == 1) {
    return;
  }
  clear_line(progress);
  fprintf(stderr, "vqe_batch: rank %d", rank);
  if (team_size > 1) {
    fprintf(stderr, " to %d", rank + team_size - 1);
  }
  fprintf(stderr,
          ": %d experiment%s, %.2f s busy, %.2f s idle (%.2f at the start, "
          "%.2f at the end)",
          report->done, report->done == 1 ? "" : "s", report->busy, idle,
          report->start, report->end);
  if (team_size > 1) {
    fprintf(stderr, ", %.1f MB in %.0f messages", report->sent / 1e6,
            report->messages);
  }
  fprintf(stderr, "\n");
}

void vqe_progress_end(struct vqe_progress *progress, bool interrupted)
{
  double seconds = vqe_clock_wall() - progress->started;
  clear_line(progress);
  if (progress->json) {
    put_json(json_pack("{s:s, s:I, s:I, s:f}", "event",
                       interrupted ? "interrupted" : "end", "done",
                       (json_int_t)progress->done, "failed",
                       (json_int_t)progress->failed, "seconds", seconds));
  } else if (interrupted) {
    fprintf(stderr,
            "vqe_batch: interrupted after %.1f s with %zu of %zu done; run "
            "the same command again to resume\n",
            seconds, progress->done, progress->total);
  }
}
