/* What stands first: the numbers that matter, and what a reader must know. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/notes.h"
#include "pages/page_sections.h"
#include "vqe/error.h"

/* Reasons, and names beside a note, that are spelt out. */
#define MOST_REASONS 12
#define MOST_NAMES 5

void vqe_pages_section(struct vqe_pages_text *text, const char *id,
                       const char *title)
{
  vqe_pages_putf(text,
                 "<section id=\"%s\" aria-labelledby=\"%s-title\"><h2 "
                 "id=\"%s-title\">%s</h2>\n",
                 id, id, id, title);
}

void vqe_pages_scroll(struct vqe_pages_text *text, const char *label,
                      const char *foreign)
{
  vqe_pages_putf(text,
                 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                 "aria-label=\"%s",
                 label);
  vqe_pages_escape(text, foreign);
  vqe_pages_put(text, "\">");
}

struct counts {
  size_t failed, optimised, converged, exact, accurate;
  double seconds, worst;
  double *errors; /* of those with FCI, millihartree, without sign */
};

static int by_value(const void *left, const void *right)
{
  double a = *(const double *)left;
  double b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static int count(struct counts *counts, const struct vqe_pages_set *set)
{
  memset(counts, 0, sizeof *counts);
  int status = vqe_memory_alloc(&counts->errors, set->nrun + 1, sizeof(double),
                                "the report");
  for (size_t k = 0; status == VQE_OK && k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    double error = fabs(vqe_pages_run_error(run));
    counts->failed += run->failed;
    counts->optimised += !vqe_pages_is_landscape(run);
    counts->converged += vqe_pages_has_converged(run);
    counts->seconds += isfinite(run->seconds_total) ? run->seconds_total : 0.0;
    if (isfinite(error) && !run->failed) {
      counts->errors[counts->exact++] = error;
      counts->accurate += run->accurate == 1;
    }
  }
  if (status == VQE_OK) {
    qsort(counts->errors, counts->exact, sizeof(double), by_value);
  }
  return status;
}

static void tile(struct vqe_pages_text *text, const char *name)
{
  vqe_pages_putf(text, "<div class=\"tile\"><dt>%s</dt><dd>", name);
}

static void end_tile(struct vqe_pages_text *text, const char *more)
{
  vqe_pages_put(text, "</dd><dd class=\"hint\">");
  vqe_pages_put(text, more);
  vqe_pages_put(text, "</dd></div>");
}

/* Less is of no interest to anybody, and has no place in a tile. */
static void put_error(struct vqe_pages_text *text, double error)
{
  if (error < 1e-3) {
    vqe_pages_put(text, "&lt; 0.001 mHa");
  } else {
    vqe_pages_putf(text, "%.3g mHa", error);
  }
}

static void put_seconds(struct vqe_pages_text *text, double seconds)
{
  if (seconds < 120.0) {
    vqe_pages_putf(text, "%.*f s", seconds < 10.0 ? 2 : 0, seconds);
  } else if (seconds < 7200.0) {
    vqe_pages_putf(text, "%.1f min", seconds / 60.0);
  } else {
    vqe_pages_putf(text, "%.1f h", seconds / 3600.0);
  }
}

static void put_tiles(struct vqe_pages_text *text, const struct counts *counts,
                      const struct vqe_pages_set *set)
{
  vqe_pages_put(text, "<dl class=\"tiles\">");
  tile(text, "Experiments");
  vqe_pages_putf(text, "%zu", set->nrun);
  end_tile(text, counts->failed > 0 ? "some failed, see below"
                 : set->of_tables   ? "tables hold finished ones only"
                                    : "none failed");
  tile(text, "Molecules, geometries");
  vqe_pages_putf(text, "%zu", set->problems.count);
  end_tile(text, "with their basis and space");
  if (counts->optimised > 0) {
    tile(text, "Converged");
    vqe_pages_putf(text, "%zu of %zu", counts->converged, counts->optimised);
    end_tile(text, "by the optimizer\xe2\x80\x99s criteria");
  }
  if (counts->exact > 0) {
    tile(text, "Chemical accuracy");
    vqe_pages_putf(text, "%zu of %zu", counts->accurate, counts->exact);
    end_tile(text, "within 1.6 mHa of FCI, in the right state");
    tile(text, "Median error");
    put_error(text, counts->errors[(counts->exact - 1) / 2]);
    end_tile(text, "to FCI, without its sign");
    tile(text, "Largest error");
    put_error(text, counts->errors[counts->exact - 1]);
    end_tile(text, "to FCI, without its sign");
  }
  tile(text, "Computing time");
  put_seconds(text, counts->seconds);
  end_tile(text, "wall time of all experiments");
  vqe_pages_put(text, "</dl>\n");
}

bool vqe_pages_summary(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set)
{
  struct counts counts;
  int status = count(&counts, set);
  vqe_pages_section(text, "summary", "Summary");
  if (status == VQE_OK) {
    put_tiles(text, &counts, set);
  } else {
    text->status = status;
  }
  free(counts.errors);
  vqe_pages_put(text, "<p>All that the experiments have in common: ");
  bool any = false;
  for (int c = 0; c < VQE_REPORT_SETTINGS && set->nrun > 0; c++) {
    const char *cell = set->runs[0]->cells[c];
    if (!set->differs[c] && strcmp(cell, "-") != 0) {
      vqe_pages_putf(text, "%s%s ", any ? ", " : "",
                     vqe_report_setting_title((enum vqe_report_setting)c));
      vqe_pages_put(text, "<b>");
      vqe_pages_escape(text, cell);
      vqe_pages_put(text, "</b>");
      any = true;
    }
  }
  vqe_pages_put(text, any ? ".</p></section>\n" : "nothing.</p></section>\n");
  return true;
}

/* ---- advice ---- */

struct tally {
  size_t count;
  const char *names[MOST_NAMES];
  size_t nname;
};

static void add_name(struct tally *tally, const char *name)
{
  tally->count++;
  for (size_t k = 0; k < tally->nname; k++) {
    if (strcmp(tally->names[k], name) == 0) {
      return;
    }
  }
  if (tally->nname < MOST_NAMES) {
    tally->names[tally->nname++] = name;
  }
}

/* By the note, and behind them those that did not converge. */
static void tally_runs(struct tally tallies[VQE_NOTE_COUNT + 1],
                       const struct vqe_pages_set *set)
{
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    const char *at = run->notes;
    struct vqe_notes_line line;
    bool seen[VQE_NOTE_COUNT] = {false};
    while (vqe_notes_next(&line, &at)) {
      if (line.note < VQE_NOTE_COUNT && !seen[line.note]) {
        seen[line.note] = true;
        add_name(&tallies[line.note], run->name);
      }
    }
    if (!run->failed && !run->converged && !vqe_pages_is_landscape(run)) {
      add_name(&tallies[VQE_NOTE_COUNT], run->name);
    }
  }
}

static void put_tally(struct vqe_pages_text *text, const char *remark,
                      const char *explanation, const struct tally *tally,
                      size_t all)
{
  vqe_pages_put(text, "<li><b>");
  vqe_pages_escape(text, remark);
  vqe_pages_putf(text, "</b> (%zu of %zu): ", tally->count, all);
  vqe_pages_escape(text, explanation);
  vqe_pages_put(text, ". <span class=\"hint\">");
  for (size_t k = 0; k < tally->nname; k++) {
    vqe_pages_put(text, k > 0 ? ", " : "");
    vqe_pages_escape(text, tally->names[k]);
  }
  vqe_pages_put(text, tally->count > tally->nname && tally->nname == MOST_NAMES
                          ? ", \xe2\x80\xa6</span></li>\n"
                          : "</span></li>\n");
}

/* Each reason once, with the number of experiments that have it. */
static size_t put_failures(struct vqe_pages_text *text,
                           const struct vqe_pages_set *set)
{
  const struct vqe_pages_run *seen[MOST_REASONS];
  size_t counts[MOST_REASONS] = {0};
  size_t nseen = 0;
  size_t others = 0;
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    size_t at = 0;
    while (run->failed && at < nseen &&
           (strcmp(seen[at]->name, run->name) != 0 ||
            strcmp(seen[at]->reason, run->reason) != 0)) {
      at++;
    }
    if (run->failed && at == nseen && nseen < MOST_REASONS) {
      seen[nseen++] = run;
    }
    if (run->failed && at < nseen) {
      counts[at]++;
    } else {
      others += run->failed;
    }
  }
  for (size_t k = 0; k < nseen; k++) {
    vqe_pages_putf(text, "<li><b>failed</b> (%zu of %zu): ", counts[k],
                   set->nrun);
    vqe_pages_escape(text, seen[k]->name);
    vqe_pages_put(text, ": ");
    vqe_pages_escape(text, seen[k]->reason);
    vqe_pages_put(text, "</li>\n");
  }
  if (others > 0) {
    vqe_pages_putf(text, "<li>%zu further experiments failed.</li>\n", others);
  }
  return nseen;
}

bool vqe_pages_advice(struct vqe_pages_text *text,
                      const struct vqe_pages_set *set)
{
  struct tally tallies[VQE_NOTE_COUNT + 1];
  memset(tallies, 0, sizeof tallies);
  tally_runs(tallies, set);
  vqe_pages_section(text, "advice", "Worth knowing");
  vqe_pages_put(text, "<ul class=\"advice\">\n");
  size_t lines = put_failures(text, set);
  if (tallies[VQE_NOTE_COUNT].count > 0) {
    put_tally(text, "not converged",
              "the optimizer ended before its criteria were met; more "
              "evaluations (--max-evaluations) or another optimizer may help",
              &tallies[VQE_NOTE_COUNT], set->nrun);
    lines++;
  }
  for (int n = 0; n < VQE_NOTE_COUNT; n++) {
    if (tallies[n].count > 0) {
      put_tally(text, vqe_note_remark((enum vqe_note)n),
                vqe_note_explanation((enum vqe_note)n), &tallies[n],
                set->nrun);
      lines++;
    }
  }
  if (lines == 0) {
    vqe_pages_put(text, set->of_tables
                            ? "<li>Nothing: all that finished converged, and "
                              "no result has a remark.</li>\n"
                            : "<li>Nothing: no experiment failed, all "
                              "converged, and no result has a remark.</li>\n");
  }
  if (set->of_tables) {
    vqe_pages_put(text, "<li>Failed experiments do not reach the tables: the "
                        "result file has them.</li>\n");
  }
  vqe_pages_put(text, "</ul></section>\n");
  return true;
}
