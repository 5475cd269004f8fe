/* Where the time went, and where the results come from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pages/page_draw.h"
#include "pages/page_sections.h"
#include "vqe/error.h"

/* Problems with a bar, and values of one kind that are named. */
#define MOST_BARS 20
#define MOST_VALUES 6

static const char *const phases[VQE_PAGES_PHASES] = {
    "integrals", "SCF", "transformation", "mapping", "FCI", "VQE", "other"};

/* Tables hold one time of all that makes the Hamiltonian, in place of SCF, and
 * none of FCI. */
static const char *name_of(const struct vqe_pages_set *set, int phase)
{
  bool of_tables = set->of_tables;
  return of_tables && phase == VQE_PAGES_SCF ? "Hamiltonian (integrals, SCF)"
         : of_tables && phase == VQE_PAGES_OTHER ? "other, FCI"
                                                 : phases[phase];
}

struct total {
  double seconds[VQE_PAGES_PHASES], sum;
  bool known[VQE_PAGES_PHASES]; /* of one run at least */
  size_t problem;
};

static int by_sum(const void *left, const void *right)
{
  const struct total *a = left;
  const struct total *b = right;
  return a->sum > b->sum ? -1 : a->sum < b->sum;
}

static void add_run(struct total *total, const struct vqe_pages_run *run)
{
  for (int p = 0; p < VQE_PAGES_PHASES; p++) {
    double seconds = isfinite(run->seconds[p]) ? run->seconds[p] : 0.0;
    total->known[p] = total->known[p] || isfinite(run->seconds[p]);
    total->seconds[p] += seconds;
    total->sum += seconds;
  }
}

static void put_total(struct vqe_pages_text *text, const char *name,
                      const struct total *total, const struct total *all,
                      double longest)
{
  double at = 0.0;
  vqe_pages_put(text, "<tr><th scope=\"row\">");
  vqe_pages_escape(text, name);
  vqe_pages_put(text, "</th>");
  for (int p = 0; p < VQE_PAGES_PHASES; p++) {
    if (all->known[p]) {
      vqe_pages_put(text, "<td class=\"num\">");
      vqe_pages_number(text, 2, total->known[p] ? total->seconds[p] : NAN);
      vqe_pages_put(text, "</td>");
    }
  }
  vqe_pages_put(text, "<td class=\"bar\" aria-hidden=\"true\"><svg "
                      "viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">");
  for (int p = 0; p < VQE_PAGES_PHASES && longest > 0.0; p++) {
    double width = 100.0 * total->seconds[p] / longest;
    vqe_pages_putf(text,
                   "<rect class=\"phase p%d\" x=\"%.2f\" width=\"%.2f\" "
                   "height=\"10\"/>",
                   p, at, width);
    at += width;
  }
  vqe_pages_put(text, "</svg></td></tr>\n");
}

static void put_times(struct vqe_pages_text *text,
                      const struct vqe_pages_set *set,
                      const struct total *totals, const struct total *all)
{
  size_t shown =
      set->problems.count < MOST_BARS ? set->problems.count : MOST_BARS;
  vqe_pages_scroll(text, "Wall time by phase", NULL);
  vqe_pages_put(text, "<table class=\"bars wide\"><caption>Wall time by phase "
                      "/ s, of all experiments of a molecule</caption>"
                      "<thead><tr><th scope=\"col\">molecule</th>");
  for (int p = 0; p < VQE_PAGES_PHASES; p++) {
    if (all->known[p]) {
      vqe_pages_putf(text,
                     "<th scope=\"col\" class=\"num\"><svg class=\"swatch\" "
                     "viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                     "class=\"phase p%d\" width=\"10\" height=\"10\"/></svg> "
                     "%s</th>",
                     p, name_of(set, p));
    }
  }
  vqe_pages_put(text, "<td></td></tr></thead><tbody>\n");
  for (size_t k = 0; k < shown; k++) {
    const struct vqe_pages_run *run = vqe_pages_pick(
        set, vqe_pages_item(&set->problems, totals[k].problem, 0), 0);
    put_total(text, run->name, &totals[k], all, totals[0].sum);
  }
  if (set->problems.count > 1) {
    put_total(text, "all together", all, all, all->sum);
  }
  vqe_pages_put(text, "</tbody></table></div>\n");
  if (shown < set->problems.count) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">The %zu that took longest of %zu.</p>",
                   shown, set->problems.count);
  }
}

static void put_timeline(struct vqe_pages_text *text,
                         const struct vqe_pages_set *set)
{
  struct vqe_pages_text drawing = {NULL, 0, 0, VQE_OK};
  if (vqe_pages_draw_timeline(&drawing, set) && drawing.status == VQE_OK) {
    vqe_pages_put(text, "<h3>Ranks over time</h3><p class=\"hint\">One bar an "
                        "experiment; a rank has several lines where it ran "
                        "several at once. A dashed border: not converged "
                        "(long dashes) or failed (short ones).</p>");
    vqe_pages_scroll(text, "Ranks over time", NULL);
    vqe_pages_putn(text, drawing.data, drawing.used);
    vqe_pages_put(text, "</div>\n");
  }
  free(drawing.data);
}

bool vqe_pages_time(struct vqe_pages_text *text,
                    const struct vqe_pages_set *set)
{
  struct total *totals = NULL;
  struct total all = {.sum = 0.0};
  int status = vqe_memory_alloc(&totals, set->problems.count + 1,
                                sizeof *totals, "the report");
  for (size_t k = 0; status == VQE_OK && k < set->nrun; k++) {
    struct total *total = &totals[set->runs[k]->problem];
    total->problem = set->runs[k]->problem;
    add_run(total, set->runs[k]);
    add_run(&all, set->runs[k]);
  }
  bool shown = status == VQE_OK && all.sum > 0.0;
  if (shown) {
    qsort(totals, set->problems.count, sizeof *totals, by_sum);
    vqe_pages_section(text, "time", "Time");
    put_times(text, set, totals, &all);
    put_timeline(text, set);
    vqe_pages_put(text, "</section>\n");
  }
  free(totals);
  text->status = text->status == VQE_OK ? status : text->status;
  return shown;
}

/* ---- provenance ---- */

/* The values of a text of all runs, each once. */
static void put_values(struct vqe_pages_text *text, const char *title,
                       const struct vqe_pages_set *set,
                       const char *(*value)(const struct vqe_pages_run *run))
{
  const char *seen[MOST_VALUES];
  size_t count = 0;
  bool more = false;
  for (size_t k = 0; k < set->nrun; k++) {
    const char *one = value(set->runs[k]);
    bool known = one[0] == '\0';
    for (size_t j = 0; j < count && !known; j++) {
      known = strcmp(seen[j], one) == 0;
    }
    if (!known && count < MOST_VALUES) {
      seen[count++] = one;
    } else if (!known) {
      more = true;
    }
  }
  if (count == 0) {
    return;
  }
  vqe_pages_putf(text, "<tr><th scope=\"row\">%s</th><td>", title);
  for (size_t j = 0; j < count; j++) {
    vqe_pages_put(text, j > 0 ? ", " : "");
    vqe_pages_escape(text, seen[j]);
  }
  vqe_pages_put(text, more ? ", and others</td></tr>\n" : "</td></tr>\n");
}

static const char *version_of(const struct vqe_pages_run *run)
{
  return run->version;
}

static const char *host_of(const struct vqe_pages_run *run)
{
  return run->host;
}

static const char *device_of(const struct vqe_pages_run *run)
{
  return run->device;
}

static const char *backend_of(const struct vqe_pages_run *run)
{
  return run->backend;
}

static const char *job_of(const struct vqe_pages_run *run)
{
  return run->job;
}

/* Ranks and threads of all runs, each pair once. */
static void put_ranks(struct vqe_pages_text *text,
                      const struct vqe_pages_set *set)
{
  const struct vqe_pages_run *seen[MOST_VALUES];
  size_t count = 0;
  bool more = false;
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    bool known = run->ranks <= 0;
    for (size_t j = 0; j < count && !known; j++) {
      known = seen[j]->ranks == run->ranks && seen[j]->threads == run->threads;
    }
    if (!known && count < MOST_VALUES) {
      seen[count++] = run;
    } else if (!known) {
      more = true;
    }
  }
  if (count == 0) {
    return;
  }
  vqe_pages_put(text, "<tr><th scope=\"row\">ranks, threads</th><td>");
  for (size_t j = 0; j < count; j++) {
    vqe_pages_putf(text, "%s%d, %d", j > 0 ? "; " : "", seen[j]->ranks,
                   seen[j]->threads);
  }
  vqe_pages_put(text, more ? "; and others</td></tr>\n" : "</td></tr>\n");
}

static void put_machine(struct vqe_pages_text *text,
                        const struct vqe_pages_set *set)
{
  const struct vqe_pages_run *first = set->runs[0];
  const struct vqe_pages_run *last = first;
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    first = run->began < first->began || isnan(first->began) ? run : first;
    last = run->began > last->began || isnan(last->began) ? run : last;
  }
  if (isfinite(first->began)) {
    vqe_pages_put(text, "<tr><th scope=\"row\">computed</th><td>from ");
    vqe_pages_escape(text, first->started);
    vqe_pages_put(text, " to ");
    vqe_pages_escape(text, last->started);
    vqe_pages_put(text, " (starts, UTC)</td></tr>\n");
  }
  put_ranks(text, set);
  double peak = 0.0;
  for (size_t k = 0; k < set->nrun; k++) {
    peak = fmax(peak, set->runs[k]->peak_memory_mb);
  }
  if (peak > 0.0) {
    vqe_pages_putf(text,
                   "<tr><th scope=\"row\">peak memory</th><td>%.0f MB a rank "
                   "at most</td></tr>\n",
                   peak);
  }
}

static void put_ids(struct vqe_pages_text *text,
                    const struct vqe_pages_set *set)
{
  size_t shown = set->nrun < VQE_PAGES_LINES ? set->nrun : VQE_PAGES_LINES;
  vqe_pages_put(text, "<details><summary>Ids of the experiments</summary>");
  vqe_pages_scroll(text, "Table of ids", NULL);
  vqe_pages_put(text, "<table><caption>SHA-256 of what each asked for: the "
                      "same request has the same id everywhere</caption>"
                      "<thead><tr><th scope=\"col\">molecule</th><th "
                      "scope=\"col\">ansatz</th><th scope=\"col\" "
                      "class=\"num\">seed</th><th scope=\"col\">id</th></tr>"
                      "</thead><tbody>\n");
  for (size_t k = 0; k < shown; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    vqe_pages_put(text, "<tr><td>");
    vqe_pages_escape(text, run->name);
    vqe_pages_put(text, "</td><td>");
    vqe_pages_escape(text, run->cells[VQE_REPORT_ANSATZ]);
    vqe_pages_put(text, "</td><td class=\"num\">");
    vqe_pages_escape(text, run->cells[VQE_REPORT_SEED]);
    vqe_pages_put(text, "</td><td><code>");
    vqe_pages_escape(text, run->id);
    vqe_pages_put(text, "</code></td></tr>\n");
  }
  vqe_pages_put(text, "</tbody></table></div>");
  if (shown < set->nrun) {
    vqe_pages_putf(text, "<p class=\"hint\">The first %zu of %zu.</p>", shown,
                   set->nrun);
  }
  vqe_pages_put(text, "</details>\n");
}

bool vqe_pages_provenance(struct vqe_pages_text *text,
                          const struct vqe_pages_set *set)
{
  if (set->nrun == 0) {
    return false;
  }
  vqe_pages_section(text, "provenance", "Provenance");
  vqe_pages_scroll(text, "Table of provenance", NULL);
  vqe_pages_put(text, "<table><caption>By what, where and when</caption>"
                      "<tbody>\n");
  put_values(text, "vqe_batch", set, version_of);
  put_values(text, "backend", set, backend_of);
  put_values(text, "processor", set, device_of);
  put_values(text, "machine", set, host_of);
  put_values(text, "job of the scheduler", set, job_of);
  put_machine(text, set);
  vqe_pages_put(text, "</tbody></table></div>\n");
  put_ids(text, set);
  vqe_pages_put(text, "</section>\n");
  return true;
}
