/* How runs approach the exact energy, or the lowest that is known. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "pages/page_chart.h"
#include "pages/page_sections.h"
#include "vqe/checks.h"
#include "vqe/error.h"

/* Groups of one chart. */
#define MOST_SERIES 6
/* Charts with a drawing of their own; further ones are chosen from a list. */
#define MOST_DRAWN 12
#define MOST_CHOSEN 400
/* Numbers that all charts to choose from may hold. */
#define MOST_NUMBERS 120000
/* Points of a band over seeds. */
#define GRID 90
/* Lowest error that is drawn, millihartree: below it all is rounding. */
#define FLOOR_MHA 1e-6
#define ACCURACY_MHA (1e3 * VQE_CHECK_ACCURACY)

static double error_at(const struct vqe_pages_point *point, double target,
                       bool sampled)
{
  double energy =
      sampled || !isfinite(point->lowest) ? point->energy : point->lowest;
  return 1e3 * fabs(energy - target);
}

/* One run: the error of each evaluation; with shots and its deviation. */
static int add_run(struct vqe_pages_chart *chart,
                   const struct vqe_pages_run *run, double target)
{
  struct vqe_pages_series *series = NULL;
  int status = vqe_pages_chart_add(&series, chart, run->npoint, run->sampled);
  for (size_t k = 0; status == VQE_OK && k < run->npoint; k++) {
    const struct vqe_pages_point *point = &run->points[k];
    series->x[k] = point->step;
    series->y[k] = 1e3 * fabs(point->energy - target);
    if (run->sampled) {
      double signed_error = 1e3 * (point->energy - target);
      series->low[k] = fmax(fabs(signed_error) - 1e3 * point->std, 1e-2);
      series->high[k] = fabs(signed_error) + 1e3 * point->std;
    }
  }
  return status;
}

static int by_value(const void *left, const void *right)
{
  double a = *(const double *)left;
  double b = *(const double *)right;
  return a < b ? -1 : a > b;
}

/* Error of a run at an evaluation; one that has ended stays where it is. */
static double error_by(const struct vqe_pages_run *run, double step,
                       double target)
{
  size_t low = 0;
  size_t high = run->npoint;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (run->points[middle].step <= step) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return error_at(&run->points[low], target, run->sampled);
}

/* The runs of a group with evaluations; how many and the longest. */
static size_t collect(const struct vqe_pages_run **out,
                      const struct vqe_pages_set *set, size_t group,
                      double *longest)
{
  size_t count = 0;
  *longest = 1.0;
  for (size_t k = 0; k < vqe_pages_length(&set->groups, group); k++) {
    const struct vqe_pages_run *run =
        set->runs[vqe_pages_item(&set->groups, group, k)];
    if (run->npoint > 0) {
      out[count++] = run;
      *longest = fmax(*longest, run->points[run->npoint - 1].step);
    }
  }
  return count;
}

/* Many seeds: median of the errors so far, and the band of all. */
static int add_seeds(struct vqe_pages_chart *chart,
                     const struct vqe_pages_run **runs, size_t count,
                     double longest, double target)
{
  struct vqe_pages_series *series = NULL;
  double *values = NULL;
  double steps[GRID] = {0.0};
  size_t nstep = 0;
  for (int k = 0; k < GRID; k++) {
    double step = floor(pow(longest, k / (double)(GRID - 1)) + 1e-9);
    if (nstep == 0 || step > steps[nstep - 1]) {
      steps[nstep++] = step;
    }
  }
  int status = vqe_pages_chart_add(&series, chart, nstep, true);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&values, count, sizeof *values, "a chart");
  }
  for (size_t k = 0; status == VQE_OK && k < nstep; k++) {
    for (size_t r = 0; r < count; r++) {
      values[r] = error_by(runs[r], steps[k], target);
    }
    qsort(values, count, sizeof *values, by_value);
    series->x[k] = steps[k];
    series->y[k] = values[(count - 1) / 2];
    series->low[k] = values[0];
    series->high[k] = values[count - 1];
  }
  free(values);
  return status;
}

static int add_group(struct vqe_pages_chart *chart,
                     const struct vqe_pages_set *set, size_t group,
                     double target)
{
  const struct vqe_pages_run **runs = NULL;
  double longest = 1.0;
  char name[160];
  size_t all = vqe_pages_length(&set->groups, group);
  int status =
      vqe_memory_alloc(&runs, all, sizeof(struct vqe_pages_run *), "a chart");
  size_t count = status == VQE_OK ? collect(runs, set, group, &longest) : 0;
  if (count > 0) {
    vqe_pages_label(name, sizeof name, set, runs[0]);
    status = count == 1 ? add_run(chart, runs[0], target)
                        : add_seeds(chart, runs, count, longest, target);
  }
  if (status == VQE_OK && count > 0) {
    struct vqe_pages_series *series = &chart->series[chart->nseries - 1];
    if (count > 1) {
      snprintf(series->name, sizeof series->name,
               "%s (median; band: best to worst of %zu seeds)", name, count);
    } else {
      snprintf(series->name, sizeof series->name, "%s%s", name,
               runs[0]->sampled ? " (band: standard deviation)" : "");
    }
    vqe_text_blank_controls(series->name);
    chart->log_x = chart->log_x || longest > 300.0;
  }
  free(runs);
  return status;
}

static const struct vqe_pages_run *
first_of_problem(const struct vqe_pages_set *set, size_t problem)
{
  return vqe_pages_pick(set, vqe_pages_item(&set->problems, problem, 0), 0);
}

static bool has_name(const struct vqe_pages_set *set, size_t problem,
                     const char *name)
{
  return strcmp(first_of_problem(set, problem)->name, name) == 0;
}

/* Name, basis and space; the length where neighbours have the same name. */
static void name_problem(char *out, size_t size,
                         const struct vqe_pages_set *set, size_t problem)
{
  const struct vqe_pages_run *run = first_of_problem(set, problem);
  bool repeats = (problem > 0 && has_name(set, problem - 1, run->name)) ||
                 (problem + 1 < set->problems.count &&
                  has_name(set, problem + 1, run->name));
  size_t used = (size_t)snprintf(out, size, "%s", run->name);
  if (run->natom == 2 && repeats && used < size) {
    used += (size_t)snprintf(out + used, size - used, " (%.4g \xc3\x85)",
                             vqe_pages_run_distance(run, 0, 1));
  }
  if (used < size) {
    used += (size_t)snprintf(out + used, size - used, ", %s",
                             run->cells[VQE_REPORT_BASIS]);
  }
  if (used < size && strcmp(run->cells[VQE_REPORT_SPACE], "-") != 0 &&
      strcmp(run->cells[VQE_REPORT_SPACE], "all") != 0) {
    snprintf(out + used, size - used, " %s", run->cells[VQE_REPORT_SPACE]);
  }
  vqe_text_blank_controls(out);
}

static bool has_points(const struct vqe_pages_set *set, size_t group)
{
  bool found = false;
  for (size_t k = 0; k < vqe_pages_length(&set->groups, group) && !found;
       k++) {
    found = set->runs[vqe_pages_item(&set->groups, group, k)]->npoint > 0;
  }
  return found;
}

/* *more counts the groups for which the chart has no room. */
static int add_groups(struct vqe_pages_chart *chart, size_t *more,
                      const struct vqe_pages_set *set, size_t problem,
                      double target)
{
  int status = VQE_OK;
  for (size_t j = 0; status == VQE_OK && isfinite(target) &&
                     j < vqe_pages_length(&set->problems, problem);
       j++) {
    size_t group = vqe_pages_item(&set->problems, problem, j);
    if (chart->nseries < MOST_SERIES) {
      status = add_group(chart, set, group, target);
    } else {
      *more += has_points(set, group);
    }
  }
  return status;
}

static int make_convergence(struct vqe_pages_chart *chart, size_t *more,
                            const struct vqe_pages_set *set, size_t problem)
{
  bool exact = false;
  double target = vqe_pages_target(set, problem, &exact);
  char name[160];
  vqe_pages_chart_init(chart);
  name_problem(name, sizeof name, set, problem);
  snprintf(chart->title, sizeof chart->title, "%s: convergence", name);
  vqe_text_blank_controls(chart->title);
  chart->x_label = chart->x_name = "evaluation";
  chart->y_label = chart->y_name =
      exact ? "error to FCI / mHa" : "distance to the lowest / mHa";
  chart->log_y = true;
  chart->floor = FLOOR_MHA;
  chart->decimals = -1;
  if (exact) {
    chart->band_low = 0.0;
    chart->band_high = ACCURACY_MHA;
    chart->band_name = "chemical accuracy, 1.6 mHa";
  }
  return add_groups(chart, more, set, problem, target);
}

static void begin_convergence(struct vqe_pages_text *text)
{
  vqe_pages_section(text, "convergence", "Convergence");
  vqe_pages_put(
      text,
      "<p>The error of each evaluation on a logarithmic scale; errors below "
      "10<sup>\xe2\x88\x92"
      "6</sup> mHa are drawn there. Where experiments "
      "differ in the seed alone the line is the median of the lowest error "
      "so far and the band goes from the best to the worst seed; an "
      "experiment that has ended keeps its last error. With shots the band "
      "is one standard deviation.</p><div class=\"figures\">");
}

static size_t numbers_of(const struct vqe_pages_chart *chart)
{
  size_t count = 0;
  for (size_t s = 0; s < chart->nseries; s++) {
    count += chart->series[s].count * (chart->series[s].low != NULL ? 4 : 2);
  }
  return count;
}

/* The list from which scripts draw one of the further charts. */
static void put_choice(struct vqe_pages_text *text, const json_t *choices)
{
  vqe_pages_put(text,
                "<div class=\"choice\" hidden><h3>Any other molecule</h3>"
                "<p><label for=\"choose-chart\">Convergence of </label>"
                "<select id=\"choose-chart\">");
  for (size_t k = 0; k < json_array_size(choices); k++) {
    vqe_pages_putf(text, "<option value=\"%zu\">", k);
    vqe_pages_escape(text, json_string_value(json_object_get(
                               json_array_get(choices, k), "title")));
    vqe_pages_put(text, "</option>");
  }
  vqe_pages_put(text, "</select></p><figure class=\"chart-figure\" "
                      "id=\"chosen-chart\"><figcaption></figcaption>"
                      "<div class=\"live\"></div><ul class=\"legend\"></ul>"
                      "</figure></div>");
  vqe_pages_putf(text,
                 "<p class=\"hint chosen-apart\">%zu further charts are drawn "
                 "where scripts run, on a screen: choose them in the page "
                 "itself.</p>",
                 json_array_size(choices));
}

/* What is nowhere on the page. */
static void put_left_out(struct vqe_pages_text *text, size_t problems,
                         size_t groups)
{
  if (groups > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">A chart has %d choices of settings at "
                   "most: %zu further ones are not drawn; the table of "
                   "results has them.</p>",
                   MOST_SERIES, groups);
  }
  if (problems > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">Convergence of %zu further molecules "
                   "or geometries is not drawn here: report fewer results, "
                   "or query the table vqe_iterations.</p>",
                   problems);
  }
}

bool vqe_pages_convergence(struct vqe_pages_text *text, json_t *data,
                           const struct vqe_pages_set *set)
{
  json_t *choices = json_array();
  size_t drawn = 0;
  size_t numbers = 0;
  size_t left_out = 0;
  size_t more = 0;
  int status = VQE_OK;
  for (size_t p = 0; status == VQE_OK && p < set->problems.count; p++) {
    struct vqe_pages_chart chart;
    if (numbers > MOST_NUMBERS || json_array_size(choices) >= MOST_CHOSEN) {
      left_out++;
      continue;
    }
    status = make_convergence(&chart, &more, set, p);
    if (status == VQE_OK && chart.nseries > 0) {
      if (drawn == 0) {
        begin_convergence(text);
      }
      if (drawn < MOST_DRAWN) {
        vqe_pages_chart_figure(text, data, &chart);
      } else {
        json_array_append_new(choices, vqe_pages_chart_json(&chart));
        numbers += numbers_of(&chart);
      }
      drawn++;
    }
    vqe_pages_chart_clear(&chart);
  }
  if (drawn > 0) {
    vqe_pages_put(text, "</div>");
    if (json_array_size(choices) > 0) {
      put_choice(text, choices);
    }
    put_left_out(text, left_out, more);
    vqe_pages_put(text, "</section>\n");
  }
  json_object_set_new(data, "choices", choices);
  text->status = text->status == VQE_OK ? status : text->status;
  return drawn > 0;
}
