/* The table of results: a line for each experiment, of many for each group
 * that differs in the seed alone, of very many for each family. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/notes.h"
#include "pages/page_sections.h"
#include "vqe/checks.h"
#include "vqe/error.h"

static void head(struct vqe_pages_text *text, const char *title, bool number)
{
  vqe_pages_putf(text, "<th scope=\"col\"%s>%s</th>",
                 number ? " class=\"num\"" : "", title);
}

static void cell_text(struct vqe_pages_text *text, const char *foreign)
{
  vqe_pages_put(text, "<td>");
  vqe_pages_escape(text, strcmp(foreign, "-") == 0 ? "" : foreign);
  vqe_pages_put(text, "</td>");
}

static void cell_number(struct vqe_pages_text *text, int decimals,
                        double value)
{
  vqe_pages_put(text, "<td class=\"num\">");
  vqe_pages_number(text, decimals, value);
  vqe_pages_put(text, "</td>");
}

static void cell_count(struct vqe_pages_text *text, size_t value)
{
  vqe_pages_putf(text, "<td class=\"num\">%zu</td>", value);
}

/* The error of a run with what it means beside the colour: a sign of its own.
 * A state that nobody knows makes no good one. */
static void cell_error(struct vqe_pages_text *text,
                       const struct vqe_pages_run *run, bool sign)
{
  double error = run->failed ? NAN : vqe_pages_run_error(run);
  bool poor = run->accurate == 0 || fabs(error) > 1e3 * VQE_CHECK_ACCURACY;
  bool good = !poor && run->accurate == 1;
  if (!isfinite(error)) {
    vqe_pages_put(text, "<td class=\"num\">n/a</td>");
    return;
  }
  error = fabs(error) < 5e-5 ? 0.0 : sign ? error : fabs(error);
  vqe_pages_putf(text, "<td class=\"num%s\">",
                 good   ? " good"
                 : poor ? " poor"
                        : "");
  vqe_pages_number(text, 4, error);
  vqe_pages_put(text, good   ? " \xe2\x9c\x93</td>"
                      : poor ? " \xe2\x96\xb2</td>"
                             : " ?</td>");
}

static void open_table(struct vqe_pages_text *text, const char *caption)
{
  vqe_pages_put(text, "<p class=\"filter\" hidden><label "
                      "for=\"filter\">Show lines that contain </label><input "
                      "id=\"filter\" type=\"search\" autocomplete=\"off\"> "
                      "<span id=\"filtered\" role=\"status\"></span></p>");
  vqe_pages_scroll(text, "Table of results", NULL);
  vqe_pages_putf(text,
                 "<table class=\"results sortable\"><caption>%s</caption>"
                 "<thead><tr>",
                 caption);
}

static void setting_heads(struct vqe_pages_text *text,
                          const struct vqe_pages_set *set, bool seeds)
{
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    if (set->shown[c] && (seeds || c != VQE_REPORT_SEED)) {
      head(text, vqe_report_setting_title((enum vqe_report_setting)c),
           c == VQE_REPORT_SEED);
    }
  }
}

static void setting_cells(struct vqe_pages_text *text,
                          const struct vqe_pages_set *set,
                          const struct vqe_pages_run *run, bool seeds)
{
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    if (set->shown[c] && (seeds || c != VQE_REPORT_SEED)) {
      cell_text(text, run->cells[c]);
    }
  }
}

static void put_name(struct vqe_pages_text *text,
                     const struct vqe_pages_run *run)
{
  vqe_pages_put(text, "<tr><th scope=\"row\">");
  vqe_pages_escape(text, run->name);
  vqe_pages_put(text, "</th>");
}

static void put_remarks(struct vqe_pages_text *text,
                        const struct vqe_pages_run *run)
{
  const char *at = run->notes;
  struct vqe_notes_line line;
  bool any = true;
  vqe_pages_put(text, "<td>");
  if (run->failed) {
    vqe_pages_put(text, "failed");
  } else if (!run->converged && !vqe_pages_is_landscape(run)) {
    vqe_pages_put(text, "not converged");
  } else {
    any = false;
  }
  while (vqe_notes_next(&line, &at)) {
    if (line.note < VQE_NOTE_COUNT) {
      vqe_pages_put(text, any ? ", " : "");
      vqe_pages_escape(text, vqe_note_remark(line.note));
      any = true;
    }
  }
  vqe_pages_put(text, "</td></tr>\n");
}

static bool has_geometries(const struct vqe_pages_set *set)
{
  return set->problems.count > 0 && set->families.count < set->groups.count;
}

/* Of two atoms; others have no one length. */
static void put_distance(struct vqe_pages_text *text,
                         const struct vqe_pages_run *run)
{
  if (run->natom == 2) {
    cell_number(text, 3, vqe_pages_run_distance(run, 0, 1));
  } else {
    vqe_pages_put(text, "<td></td>");
  }
}

static void put_runs(struct vqe_pages_text *text,
                     const struct vqe_pages_set *set)
{
  bool lengths = has_geometries(set);
  bool sampled = false;
  bool noisy = false;
  for (size_t k = 0; k < set->nrun; k++) {
    sampled = sampled || set->runs[k]->sampled;
    noisy = noisy || !isnan(set->runs[k]->noisy);
  }
  open_table(text, "Each experiment; total energies in hartree");
  head(text, "molecule", false);
  if (lengths) {
    head(text, "length / \xc3\x85", true);
  }
  setting_heads(text, set, true);
  head(text, "qubits", true);
  head(text, "param.", true);
  head(text, "eval.", true);
  head(text, "energy", true);
  if (sampled) {
    head(text, "std. error", true);
  }
  if (noisy) {
    head(text, "with noise", true);
  }
  head(text, "HF", true);
  head(text, "FCI", true);
  head(text, "error / mHa", true);
  head(text, "time / s", true);
  head(text, "remarks", false);
  vqe_pages_put(text, "</tr></thead><tbody>\n");
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    put_name(text, run);
    if (lengths) {
      put_distance(text, run);
    }
    setting_cells(text, set, run, true);
    if (run->nqubit > 0) {
      cell_count(text, (size_t)run->nqubit);
      cell_count(text, (size_t)run->nparam);
      cell_count(text, run->neval);
    } else {
      vqe_pages_put(text, "<td></td><td></td><td></td>");
    }
    cell_number(text, 8, run->energy);
    if (sampled) {
      cell_number(text, 6, run->std);
    }
    if (noisy) {
      cell_number(text, 8, run->noisy);
    }
    cell_number(text, 8, run->hf);
    cell_number(text, 8, run->fci);
    cell_error(text, run, true);
    cell_number(text, 2, run->seconds_total);
    put_remarks(text, run);
  }
}

static size_t converged_of(const struct vqe_pages_set *set, size_t group)
{
  size_t converged = 0;
  for (size_t k = 0; k < vqe_pages_length(&set->groups, group); k++) {
    converged += vqe_pages_has_converged(
        set->runs[vqe_pages_item(&set->groups, group, k)]);
  }
  return converged;
}

static void put_groups(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set)
{
  open_table(text, "Experiments that differ in the seed alone share a line; "
                   "total energies in hartree");
  head(text, "molecule", false);
  head(text, "length / \xc3\x85", true);
  setting_heads(text, set, false);
  head(text, "runs", true);
  head(text, "converged", true);
  head(text, "best energy", true);
  head(text, "FCI", true);
  head(text, "best error / mHa", true);
  head(text, "median", true);
  head(text, "worst", true);
  vqe_pages_put(text, "</tr></thead><tbody>\n");
  for (size_t g = 0; g < set->groups.count; g++) {
    const struct vqe_pages_run *best = vqe_pages_pick(set, g, 0);
    put_name(text, best);
    put_distance(text, best);
    setting_cells(text, set, best, false);
    cell_count(text, vqe_pages_length(&set->groups, g));
    cell_count(text, converged_of(set, g));
    cell_number(text, 8, best->energy);
    cell_number(text, 8, best->fci);
    for (int place = 0; place < 3; place++) {
      cell_error(text, vqe_pages_pick(set, g, place), true);
    }
    vqe_pages_put(text, "</tr>\n");
  }
}

struct family {
  size_t runs, converged, exact, accurate;
  const struct vqe_pages_run **with_error;
};

static int by_error(const void *left, const void *right)
{
  double a =
      fabs(vqe_pages_run_error(*(const struct vqe_pages_run *const *)left));
  double b =
      fabs(vqe_pages_run_error(*(const struct vqe_pages_run *const *)right));
  return a < b ? -1 : a > b;
}

static void add_group(struct family *family, const struct vqe_pages_set *set,
                      size_t group)
{
  for (size_t k = 0; k < vqe_pages_length(&set->groups, group); k++) {
    const struct vqe_pages_run *run =
        set->runs[vqe_pages_item(&set->groups, group, k)];
    family->runs++;
    family->converged += vqe_pages_has_converged(run);
    if (!run->failed && isfinite(vqe_pages_run_error(run))) {
      family->with_error[family->exact++] = run;
      family->accurate += run->accurate == 1;
    }
  }
}

static void put_family(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set, size_t f,
                       struct family *family)
{
  size_t count = vqe_pages_length(&set->families, f);
  const struct vqe_pages_run *first =
      vqe_pages_pick(set, vqe_pages_item(&set->families, f, 0), 0);
  *family = (struct family){.with_error = family->with_error};
  for (size_t j = 0; j < count; j++) {
    add_group(family, set, vqe_pages_item(&set->families, f, j));
  }
  qsort(family->with_error, family->exact, sizeof(struct vqe_pages_run *),
        by_error);
  put_name(text, first);
  cell_count(text, count);
  setting_cells(text, set, first, false);
  cell_count(text, family->runs);
  cell_count(text, family->converged);
  cell_count(text, family->accurate);
  size_t last = family->exact > 0 ? family->exact - 1 : 0;
  cell_error(text, family->exact > 0 ? family->with_error[last / 2] : first,
             false);
  cell_error(text, family->exact > 0 ? family->with_error[last] : first,
             false);
  vqe_pages_put(text, "</tr>\n");
}

static void put_families(struct vqe_pages_text *text,
                         const struct vqe_pages_set *set)
{
  struct family family = {0};
  int status = vqe_memory_alloc(&family.with_error, set->nrun + 1,
                                sizeof(struct vqe_pages_run *), "the report");
  open_table(text, "All geometries and seeds of a molecule and a choice of "
                   "settings share a line; errors without their sign");
  head(text, "first molecule", false);
  head(text, "geometries", true);
  setting_heads(text, set, false);
  head(text, "runs", true);
  head(text, "converged", true);
  head(text, "within 1.6 mHa", true);
  head(text, "median error / mHa", true);
  head(text, "worst", true);
  vqe_pages_put(text, "</tr></thead><tbody>\n");
  for (size_t f = 0;
       status == VQE_OK && f < set->families.count && f < VQE_PAGES_LINES;
       f++) {
    put_family(text, set, f, &family);
  }
  free(family.with_error);
  text->status = text->status == VQE_OK ? status : text->status;
}

bool vqe_pages_results(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set)
{
  vqe_pages_section(text, "results", "Results");
  if (set->nrun <= VQE_PAGES_LINES) {
    put_runs(text, set);
  } else if (set->groups.count <= VQE_PAGES_LINES) {
    put_groups(text, set);
  } else {
    put_families(text, set);
  }
  vqe_pages_put(text, "</tbody></table></div>\n");
  if (set->nrun > VQE_PAGES_LINES && set->groups.count > VQE_PAGES_LINES &&
      set->families.count > VQE_PAGES_LINES) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">%zu further lines are not shown: query "
                   "the table ml_run_summary.</p>",
                   set->families.count - VQE_PAGES_LINES);
  }
  vqe_pages_put(
      text, "<p class=\"hint\">\xe2\x9c\x93 within chemical accuracy "
            "(1.6 mHa) of FCI in the right state, \xe2\x96\xb2 not, ? in a "
            "state that is not known. Errors are to FCI, in an "
            "active space to CASCI.</p>\n");
  if (set->of_tables) {
    vqe_pages_put(text,
                  "<p class=\"hint\">The tables hold no orbital spaces, "
                  "entanglement, options, penalties, restarts or tolerances: "
                  "experiments that differ in these alone count as seeds, "
                  "spaces of another exact energy as another problem. A "
                  "report of the result file knows them.</p>\n");
  }
  vqe_pages_put(text, "</section>\n");
  return true;
}
