#include "batch/progress.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Between two draws of the live line, and two lines of a log. */
#define LIVE_SECONDS 0.2
#define LOG_SECONDS 30.0
/* A live line of so many columns begins with a bar of so many letters. */
#define BAR_COLUMNS 60
#define BAR 8

static void put(const struct vqe_progress *progress, json_t *event)
{
  vqe_log_event(progress->log, VQE_LOG_INFO, event);
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
  progress->last_draw = progress->started;
  progress->news.index = -1;
  progress->json = progress->log != NULL && progress->log->json;
  progress->quiet =
      progress->quiet ||
      (progress->log != NULL && !vqe_log_shows(progress->log, VQE_LOG_INFO));
  progress->terminal =
      !progress->quiet && !progress->json && isatty(STDERR_FILENO);
  if (progress->json) {
    put(progress, json_pack("{s:s, s:I, s:I, s:i, s:i, s:i, s:i}", "event",
                            "start", "experiments", (json_int_t)total,
                            "skipped", (json_int_t)skipped, "ranks", ranks,
                            "ranks_per_molecule", worker->team_size, "threads",
                            threads, "lanes", worker->lanes));
  } else if (!progress->quiet) {
    char more[48] = "";
    if (worker->team_size > 1) {
      snprintf(more, sizeof more, ", %d ranks a molecule", worker->team_size);
    } else if (worker->lanes != threads) {
      snprintf(more, sizeof more, ", %d lane%s", worker->lanes,
               worker->lanes == 1 ? "" : "s");
    }
    vqe_log(progress->log, VQE_LOG_INFO,
            "%zu experiment%s to run, %zu found finished, %d "
            "rank%s x %d thread%s%s",
            total, total == 1 ? "" : "s", skipped, ranks,
            ranks == 1 ? "" : "s", threads, threads == 1 ? "" : "s", more);
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
  /* the same command runs what failed again */
  progress->cost_done += failed ? 0.0 : cost;
  progress->cost_failed += failed ? cost : 0.0;
  if (progress->json) {
    json_t *event = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:i, s:s?, s:o, s:o, s:I, s:f}", "event",
        failed ? "failed" : "finished", "experiment_id", experiment->id,
        "name", experiment->name, "basis", experiment->basis_set, "ansatz",
        experiment->ansatz_name, "rank", rank, "reason", result->reason,
        "energy", number(total), "energy_fci", number(result->fci_energy),
        "evaluations", (json_int_t)result->neval, "seconds",
        result->seconds_total);
    vqe_log_event(progress->log, failed ? VQE_LOG_WARNING : VQE_LOG_INFO,
                  event);
    return;
  }
  if (progress->quiet) {
    return; /* the table has the reasons */
  }
  char name[160];
  char basis[160];
  snprintf(name, sizeof name, "%s", experiment->name);
  snprintf(basis, sizeof basis, "%s", experiment->basis_set);
  vqe_text_blank_controls(name);
  vqe_text_blank_controls(basis);
  clear_line(progress);
  if (failed) {
    vqe_log(progress->log, VQE_LOG_INFO, "[%zu/%zu] %s %s %s FAILED: %s",
            progress->done, progress->total, name, basis,
            experiment->ansatz_name,
            result->reason == NULL ? "" : result->reason);
  } else if (!progress->terminal) {
    vqe_log(progress->log, VQE_LOG_INFO,
            "[%zu/%zu] %s %s %s %.8f hartree, %zu evaluation%s, "
            "%.2f s, rank %d",
            progress->done, progress->total, name, basis,
            experiment->ansatz_name, total, result->neval,
            result->neval == 1 ? "" : "s", result->seconds_total, rank);
  }
  progress->last_draw = progress->terminal ? 0.0 : progress->last_draw;
}

void vqe_progress_evaluation(const struct vqe_log *log,
                             const struct vqe_experiment *experiment, int rank,
                             int iteration, double energy, double std)
{
  if (log == NULL || !log->json || !vqe_log_shows(log, VQE_LOG_INFO)) {
    return;
  }
  vqe_log_event(log, VQE_LOG_INFO,
                json_pack("{s:s, s:s, s:s, s:i, s:i, s:o, s:o}", "event",
                          "iteration", "experiment_id", experiment->id, "name",
                          experiment->name, "rank", rank, "iteration",
                          iteration, "energy", number(energy), "std",
                          number(std)));
}

void vqe_progress_phase(const struct vqe_log *log,
                        const struct vqe_experiment *experiment, int rank,
                        enum vqe_phase phase)
{
  const char *name = vqe_news_phase_name(phase);
  if (!vqe_log_shows(log, VQE_LOG_DEBUG)) {
    return;
  }
  if (log->json) {
    vqe_log_event(log, VQE_LOG_DEBUG,
                  json_pack("{s:s, s:s, s:s, s:i, s:s}", "event", "phase",
                            "experiment_id", experiment->id, "name",
                            experiment->name, "rank", rank, "phase", name));
  } else {
    vqe_log(log, VQE_LOG_DEBUG, "%.16s %s %s: %s, rank %d", experiment->id,
            experiment->name, experiment->basis_set, name, rank);
  }
}

bool vqe_progress_due(const struct vqe_progress *progress)
{
  double now = vqe_clock_wall();
  return !progress->quiet && !progress->json &&
         now - progress->last_draw >=
             (progress->terminal ? LIVE_SECONDS : LOG_SECONDS);
}

/* Seconds until all is done, by what has been done; before that by the
 * estimates, which are of one core. Negative: nobody knows. */
static double seconds_left(const struct vqe_progress *progress, double elapsed)
{
  if (progress->cost_done > 0.0) {
    double total = progress->cost_total - progress->cost_failed;
    return elapsed * (total / progress->cost_done - 1.0);
  }
  int workers = progress->workers > 0 ? progress->workers : 1;
  return progress->cost_total / workers - elapsed;
}

static void duration(char out[32], double seconds)
{
  if (seconds < 100.0) {
    snprintf(out, 32, "%.0f s", seconds);
  } else if (seconds < 6000.0) {
    snprintf(out, 32, "%.0f min", seconds / 60.0);
  } else {
    snprintf(out, 32, "%.1f h", seconds / 3600.0);
  }
}

/* The share of the work that is done, where the window has room for it. */
static size_t put_bar(char *out, const struct vqe_progress *progress,
                      int columns)
{
  if (columns < BAR_COLUMNS || !(progress->cost_total > 0.0)) {
    return 0;
  }
  vqe_text_bar(out, BAR, progress->cost_done / progress->cost_total);
  /* no number: energies need the room */
  memcpy(out + BAR + 1, "] ", sizeof "] ");
  return BAR + 3;
}

/* "3 of 8 experiments, 1 failed, 12 s, about 20 s left; CO2: iteration 5",
 * behind a bar "3 of 8 done, ..." */
static void describe(char *out, size_t size,
                     const struct vqe_progress *progress,
                     const struct vqe_news *news, double elapsed, bool barred)
{
  char time[32];
  char text[160];
  size_t used = (size_t)snprintf(out, size, "%zu of %zu%s", progress->done,
                                 progress->total,
                                 barred                 ? " done"
                                 : progress->total == 1 ? " experiment"
                                                        : " experiments");
  if (progress->failed > 0 && used < size) {
    used += (size_t)snprintf(out + used, size - used, ", %zu failed",
                             progress->failed);
  }
  duration(time, elapsed);
  if (used < size) {
    used += (size_t)snprintf(out + used, size - used, ", %s", time);
  }
  double left = seconds_left(progress, elapsed);
  if (left >= 0.5 && progress->done < progress->total && used < size) {
    duration(time, left);
    used += (size_t)snprintf(out + used, size - used, ", ~%s left", time);
  }
  if (news->index >= 0 && used < size) {
    vqe_news_text(text, sizeof text, news);
    used += (size_t)snprintf(out + used, size - used, "; %s", text);
  }
  if (news->index >= 0 && news->running > 1 && used < size) {
    (void)snprintf(out + used, size - used, "; %d more run",
                   news->running - 1);
  }
}

/* Columns of the terminal behind stderr. */
static int window_width(void)
{
  struct winsize window;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 20
             ? window.ws_col
             : 80;
}

/* The text's first `letters`, so that a line never wraps: what wraps cannot be
 * drawn over. */
static void cut(char *text, int letters)
{
  for (; *text != '\0'; text++) {
    if (((unsigned char)*text & 0xc0) != 0x80 && letters-- == 0) {
      *text = '\0';
      return;
    }
  }
}

void vqe_progress_show(struct vqe_progress *progress,
                       const struct vqe_news *news)
{
  char line[512];
  double now = vqe_clock_wall();
  int columns = progress->terminal ? window_width() : 0;
  size_t used = put_bar(line, progress, columns);
  progress->last_draw = now;
  describe(line + used, sizeof line - used, progress, news,
           now - progress->started, used > 0);
  if (progress->terminal) {
    vqe_text_blank_controls(line);
    cut(line, columns - 1);
    fprintf(stderr, "\r\033[K%s", line);
  } else {
    vqe_log(progress->log, VQE_LOG_INFO, "%s", line);
  }
  fflush(stderr);
}

void vqe_progress_rank(struct vqe_progress *progress, int rank, int team_size,
                       const struct vqe_worker_report *report)
{
  double idle = report->seconds - report->busy;
  if (progress->json && report->died) {
    put(progress, json_pack("{s:s, s:i, s:b}", "event", "rank", "rank", rank,
                            "died", 1));
    return;
  }
  if (progress->json) {
    put(progress,
        json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f}", "event",
                  "rank", "rank", rank, "done", report->done, "busy_seconds",
                  report->busy, "idle_seconds", idle, "idle_start",
                  report->start, "idle_end", report->end, "sent_bytes",
                  report->sent, "messages", report->messages));
    return;
  }
  if (progress->quiet || progress->ranks == 1) {
    return;
  }
  clear_line(progress);
  if (report->died) {
    vqe_log(progress->log, VQE_LOG_INFO, "rank %d: died", rank);
    return;
  }
  char last[24] = "";
  char sent[80] = "";
  if (team_size > 1) {
    snprintf(last, sizeof last, " to %d", rank + team_size - 1);
    snprintf(sent, sizeof sent, ", %.1f MB in %.0f messages",
             report->sent / 1e6, report->messages);
  }
  vqe_log(progress->log, VQE_LOG_INFO,
          "rank %d%s: %d experiment%s, %.2f s busy, %.2f s idle (%.2f at the "
          "start, %.2f at the end)%s",
          rank, last, report->done, report->done == 1 ? "" : "s", report->busy,
          idle, report->start, report->end, sent);
}

/* How much is done, what was under way, and how to go on. */
static void print_interruption(const struct vqe_progress *progress,
                               double seconds)
{
  char text[160] = "";
  char failed[48] = "";
  char share[48] = "";
  bool under_way = progress->news.index >= 0;
  if (progress->failed > 0) {
    snprintf(failed, sizeof failed, ", %zu failed", progress->failed);
  }
  if (progress->cost_total > 0.0 && progress->done < progress->total) {
    snprintf(share, sizeof share, " (about %.0f %% of the work)",
             100.0 * progress->cost_done / progress->cost_total);
  }
  if (under_way) {
    vqe_news_text(text, sizeof text, &progress->news);
  }
  vqe_log(progress->log, VQE_LOG_INFO,
          "interrupted after %.1f s: %zu of %zu experiment%s done%s%s%s%s",
          seconds, progress->done - progress->failed, progress->total,
          progress->total == 1 ? "" : "s", failed, share,
          under_way ? "; under way: " : "", text);
  vqe_log(progress->log, VQE_LOG_INFO,
          "the same command resumes; finished "
          "experiments and recorded evaluations are kept");
}

void vqe_progress_end(struct vqe_progress *progress, bool interrupted)
{
  double seconds = vqe_clock_wall() - progress->started;
  clear_line(progress);
  if (progress->json) {
    put(progress, json_pack("{s:s, s:I, s:I, s:f}", "event",
                            interrupted ? "interrupted" : "end", "done",
                            (json_int_t)progress->done, "failed",
                            (json_int_t)progress->failed, "seconds", seconds));
  } else if (interrupted) {
    print_interruption(progress, seconds);
  }
}
