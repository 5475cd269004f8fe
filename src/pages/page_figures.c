/* Curves over geometries, and the convergence of runs. */
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

/* Families and groups of one chart, whose styles FCI and HF follow. */
#define MOST_SERIES 6
#define STYLE_FCI 6
#define STYLE_HF 7
/* Charts with a drawing of their own; further ones are chosen from a list. */
#define MOST_DRAWN 12
#define MOST_CHOSEN 400
#define MOST_CURVES 12
/* Numbers that all charts to choose from may hold. */
#define MOST_NUMBERS 120000
/* Points of a band over seeds. */
#define GRID 90
/* Lowest error that is drawn, millihartree: below it all is rounding. */
#define FLOOR_MHA 1e-6
#define ACCURACY_MHA (1e3 * VQE_CHECK_ACCURACY)

/* One chart as a figure; the scripts find its data by its number. */
static void put_figure(struct vqe_pages_text *text, json_t *data,
                       const struct vqe_pages_chart *chart)
{
  json_t *charts = json_object_get(data, "charts");
  vqe_pages_putf(text,
                 "<figure class=\"chart-figure\" data-chart=\"%zu\">"
                 "<figcaption>",
                 json_array_size(charts));
  vqe_pages_escape(text, chart->title);
  vqe_pages_put(text, "</figcaption><div class=\"live\"></div>"
                      "<div class=\"still\">");
  vqe_pages_chart_svg(text, chart);
  vqe_pages_put(text, "</div>");
  vqe_pages_chart_table(text, chart, 40);
  vqe_pages_put(text, "</figure>\n");
  json_array_append_new(charts, vqe_pages_chart_json(chart));
}

/* ---- which coordinate changes ---- */

struct coordinate {
  size_t a, b; /* atoms */
  char label[64];
};

static double distance(const struct vqe_pages_run *run, size_t a, size_t b)
{
  double sum = 0.0;
  for (size_t k = 0; k < 3; k++) {
    double d = run->xyz[3 * a + k] - run->xyz[3 * b + k];
    sum += d * d;
  }
  return sqrt(sum);
}

/* The two atoms whose distance changes most for its length: the bond of a
 * scan. False where none changes. */
static bool find_coordinate(struct coordinate *out,
                            const struct vqe_pages_set *set, size_t family)
{
  size_t count = vqe_pages_length(&set->families, family);
  const struct vqe_pages_run *first =
      vqe_pages_pick(set, vqe_pages_item(&set->families, family, 0), 0);
  double best = 1e-3;
  for (size_t a = 0; a < first->natom && first->natom < 60; a++) {
    for (size_t b = a + 1; b < first->natom; b++) {
      double low = INFINITY;
      double high = 0.0;
      for (size_t j = 0; j < count; j++) {
        double d = distance(
            vqe_pages_pick(set, vqe_pages_item(&set->families, family, j), 0),
            a, b);
        low = fmin(low, d);
        high = fmax(high, d);
      }
      if ((high - low) / low > best * 1.001) {
        best = (high - low) / low;
        out->a = a;
        out->b = b;
      }
    }
  }
  if (best <= 1e-3) {
    return false;
  }
  bool pair = first->natom == 2;
  snprintf(out->label, sizeof out->label,
           "distance %s%.0zu\xe2\x80\x93%s%.0zu / \xc3\x85",
           first->symbols[out->a], pair ? 0 : out->a + 1,
           first->symbols[out->b], pair ? 0 : out->b + 1);
  return true;
}

struct place {
  double x;
  size_t group;
};

static int by_x(const void *left, const void *right)
{
  const struct place *a = left;
  const struct place *b = right;
  return a->x < b->x ? -1 : a->x > b->x;
}

/* The groups of a family along the coordinate. */
static int find_places(struct place **out, size_t *count,
                       const struct vqe_pages_set *set, size_t family,
                       const struct coordinate *coordinate)
{
  size_t all = vqe_pages_length(&set->families, family);
  *count = 0;
  int status = vqe_memory_alloc(out, all, sizeof **out, "a curve");
  for (size_t j = 0; status == VQE_OK && j < all; j++) {
    size_t group = vqe_pages_item(&set->families, family, j);
    if (vqe_pages_good(set, group) > 0) {
      (*out)[(*count)++] =
          (struct place){distance(vqe_pages_pick(set, group, 0), coordinate->a,
                                  coordinate->b),
                         group};
    }
  }
  if (status == VQE_OK) {
    qsort(*out, *count, sizeof **out, by_x);
  }
  return status;
}

/* ---- curves ---- */

enum kind { ENERGY, ERROR, FCI, HF };

static double value_of(const struct vqe_pages_run *run, enum kind kind)
{
  switch (kind) {
  case ERROR:
    return vqe_pages_run_error(run);
  case FCI:
    return run->fci;
  case HF:
    return run->hf;
  default:
    return run->energy;
  }
}

static int add_curve(struct vqe_pages_chart *chart,
                     const struct vqe_pages_set *set,
                     const struct place *places, size_t count, enum kind kind,
                     const char *name)
{
  struct vqe_pages_series *series = NULL;
  bool band = false;
  for (size_t k = 0; k < count && (kind == ENERGY || kind == ERROR); k++) {
    band = band || vqe_pages_good(set, places[k].group) > 1;
  }
  int status = vqe_pages_chart_add(&series, chart, count, band);
  if (status != VQE_OK) {
    return status;
  }
  snprintf(series->name, sizeof series->name, "%s%s", name,
           band ? " (median; band: best to worst seed)" : "");
  vqe_text_blank_controls(series->name);
  series->plain = kind == FCI || kind == HF;
  for (size_t k = 0; k < count; k++) {
    size_t group = places[k].group;
    series->x[k] = places[k].x;
    series->y[k] = value_of(vqe_pages_pick(set, group, 1), kind);
    if (band) {
      series->low[k] = value_of(vqe_pages_pick(set, group, 0), kind);
      series->high[k] = value_of(vqe_pages_pick(set, group, 2), kind);
    }
  }
  return VQE_OK;
}

/* References hang on the geometry alone: one family gives them. */
static int add_references(struct vqe_pages_chart *chart,
                          const struct vqe_pages_set *set,
                          const struct place *places, size_t count)
{
  int status = add_curve(chart, set, places, count, FCI, "FCI (exact)");
  if (status == VQE_OK) {
    chart->series[chart->nseries - 1].style = STYLE_FCI;
    status = add_curve(chart, set, places, count, HF,
                       "Hartree\xe2\x80\x93"
                       "Fock");
  }
  if (status == VQE_OK) {
    chart->series[chart->nseries - 1].style = STYLE_HF;
  }
  return status;
}

static bool same_species(const struct vqe_pages_run *a,
                         const struct vqe_pages_run *b)
{
  return a->natom == b->natom && a->natom > 0 && a->charge == b->charge &&
         a->multiplicity == b->multiplicity &&
         strcmp(a->cells[VQE_REPORT_BASIS], b->cells[VQE_REPORT_BASIS]) == 0 &&
         strcmp(a->cells[VQE_REPORT_SPACE], b->cells[VQE_REPORT_SPACE]) == 0 &&
         memcmp(a->symbols, b->symbols, a->natom * sizeof *a->symbols) == 0;
}

static const struct vqe_pages_run *first_of(const struct vqe_pages_set *set,
                                            size_t family)
{
  return vqe_pages_pick(set, vqe_pages_item(&set->families, family, 0), 0);
}

/* Errors that differ by orders of magnitude, and have one sign. */
static void choose_error_axis(struct vqe_pages_chart *chart)
{
  double low = INFINITY;
  double high = 0.0;
  for (size_t s = 0; s < chart->nseries; s++) {
    for (size_t k = 0; k < chart->series[s].count; k++) {
      double y = chart->series[s].y[k];
      low = isfinite(y) ? fmin(low, y) : low;
      high = isfinite(y) ? fmax(high, y) : high;
    }
  }
  chart->log_y = low > -1e-4 && high > 50.0 * fmax(low, 1e-4);
  chart->floor = 1e-4;
  chart->band_low = chart->log_y ? 0.0 : -ACCURACY_MHA;
  chart->band_high = ACCURACY_MHA;
  chart->band_name = "chemical accuracy, 1.6 mHa";
}

static void formula_of(char *out, size_t size, const struct vqe_pages_run *run)
{
  size_t used = 0;
  bool counted[128] = {false};
  out[0] = '\0';
  for (size_t a = 0; a < run->natom && a < 128 && used < size; a++) {
    size_t same = 0;
    for (size_t b = a; b < run->natom && b < 128 && !counted[a]; b++) {
      if (strcmp(run->symbols[a], run->symbols[b]) == 0) {
        counted[b] = b > a;
        same++;
      }
    }
    if (same > 0) {
      used += (size_t)snprintf(out + used, size - used, "%s%.0zu",
                               run->symbols[a], same > 1 ? same : 0);
    }
  }
}

static void init_curves(struct vqe_pages_chart charts[2],
                        const struct vqe_pages_run *first,
                        const struct coordinate *coordinate)
{
  char formula[64];
  formula_of(formula, sizeof formula, first);
  for (int c = 0; c < 2; c++) {
    vqe_pages_chart_init(&charts[c]);
    charts[c].x_label = charts[c].x_name = coordinate->label;
    snprintf(charts[c].title, sizeof charts[c].title, "%s, %s: %s", formula,
             first->cells[VQE_REPORT_BASIS],
             c == 0 ? "energy along the distance" : "error to FCI");
  }
  charts[0].y_label = charts[0].y_name = "total energy / hartree";
  charts[1].y_label = charts[1].y_name = "error to FCI / mHa";
  charts[1].decimals = 4;
}

static bool is_curve(const struct vqe_pages_set *set, size_t family)
{
  return vqe_pages_length(&set->families, family) >= 3 &&
         first_of(set, family)->natom > 1;
}

/* Both charts of the species of `family`, with all families of it; marks
 * them. */
static int put_species(struct vqe_pages_text *text, json_t *data,
                       const struct vqe_pages_set *set, size_t family,
                       bool *done, const struct coordinate *coordinate)
{
  struct vqe_pages_chart charts[2];
  char name[160];
  size_t left_out = 0;
  int status = VQE_OK;
  init_curves(charts, first_of(set, family), coordinate);
  for (size_t f = family; status == VQE_OK && f < set->families.count; f++) {
    struct place *places = NULL;
    size_t count = 0;
    if (done[f] || !is_curve(set, f) ||
        !same_species(first_of(set, family), first_of(set, f))) {
      continue;
    }
    done[f] = true;
    if (charts[0].nseries >= MOST_SERIES) {
      left_out++;
      continue;
    }
    status = find_places(&places, &count, set, f, coordinate);
    vqe_pages_label(name, sizeof name, set, first_of(set, f));
    if (status == VQE_OK) {
      status = add_curve(&charts[0], set, places, count, ENERGY, name);
    }
    if (status == VQE_OK) {
      status = add_curve(&charts[1], set, places, count, ERROR, name);
    }
    free(places);
  }
  struct place *places = NULL;
  size_t count = 0;
  if (status == VQE_OK) {
    status = find_places(&places, &count, set, family, coordinate);
  }
  if (status == VQE_OK) {
    status = add_references(&charts[0], set, places, count);
  }
  free(places);
  if (status == VQE_OK) {
    choose_error_axis(&charts[1]);
    put_figure(text, data, &charts[0]);
    put_figure(text, data, &charts[1]);
  }
  if (left_out > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">%zu further settings of this molecule "
                   "are not drawn; the table has them.</p>",
                   left_out);
  }
  vqe_pages_chart_clear(&charts[0]);
  vqe_pages_chart_clear(&charts[1]);
  return status;
}

bool vqe_pages_curves(struct vqe_pages_text *text, json_t *data,
                      const struct vqe_pages_set *set)
{
  bool *done = NULL;
  size_t drawn = 0;
  size_t left_out = 0;
  int status =
      vqe_memory_alloc(&done, set->families.count + 1, sizeof *done, "curves");
  for (size_t f = 0; status == VQE_OK && f < set->families.count; f++) {
    struct coordinate coordinate = {0, 1, ""};
    if (done[f] || !is_curve(set, f) ||
        !find_coordinate(&coordinate, set, f)) {
      continue;
    }
    if (drawn == MOST_CURVES) {
      left_out++;
      continue;
    }
    if (drawn++ == 0) {
      vqe_pages_section(text, "curves", "Energy curves");
      vqe_pages_put(text, "<p>Total energies along the distance that changes "
                          "most between the geometries, and below them the "
                          "error to FCI (in an active space CASCI). The band "
                          "is chemical accuracy, 1.6 mHa.</p>"
                          "<div class=\"figures\">");
    }
    status = put_species(text, data, set, f, done, &coordinate);
  }
  free(done);
  if (drawn > 0) {
    vqe_pages_put(text, "</div>");
    if (left_out > 0) {
      vqe_pages_putf(text,
                     "<p class=\"hint\">%zu further sets of geometries are "
                     "not drawn.</p>",
                     left_out);
    }
    vqe_pages_put(text, "</section>\n");
  }
  text->status = text->status == VQE_OK ? status : text->status;
  return drawn > 0;
}

/* ---- convergence ---- */

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
  double steps[GRID];
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
  int status = vqe_memory_alloc(&runs, all, sizeof *runs, "a chart");
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

/* What the heading of a problem says beside the name, where names repeat. */
static void name_problem(char *out, size_t size,
                         const struct vqe_pages_run *run)
{
  size_t used = (size_t)snprintf(out, size, "%s", run->name);
  if (run->natom == 2 && used < size) {
    used += (size_t)snprintf(out + used, size - used, " (%.4g \xc3\x85)",
                             distance(run, 0, 1));
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

static int make_convergence(struct vqe_pages_chart *chart,
                            const struct vqe_pages_set *set, size_t problem)
{
  bool exact = false;
  double target = vqe_pages_target(set, problem, &exact);
  int status = VQE_OK;
  char name[160];
  vqe_pages_chart_init(chart);
  name_problem(
      name, sizeof name,
      vqe_pages_pick(set, vqe_pages_item(&set->problems, problem, 0), 0));
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
  for (size_t j = 0;
       status == VQE_OK && isfinite(target) && chart->nseries < MOST_SERIES &&
       j < vqe_pages_length(&set->problems, problem);
       j++) {
    status = add_group(chart, set, vqe_pages_item(&set->problems, problem, j),
                       target);
  }
  return status;
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
                      "<div class=\"live\"></div></figure></div>");
}

bool vqe_pages_convergence(struct vqe_pages_text *text, json_t *data,
                           const struct vqe_pages_set *set)
{
  json_t *choices = json_array();
  size_t drawn = 0;
  size_t numbers = 0;
  size_t left_out = 0;
  int status = VQE_OK;
  for (size_t p = 0; status == VQE_OK && p < set->problems.count; p++) {
    struct vqe_pages_chart chart;
    if (numbers > MOST_NUMBERS || json_array_size(choices) >= MOST_CHOSEN) {
      left_out++;
      continue;
    }
    status = make_convergence(&chart, set, p);
    if (status == VQE_OK && chart.nseries > 0) {
      if (drawn == 0) {
        begin_convergence(text);
      }
      if (drawn < MOST_DRAWN) {
        put_figure(text, data, &chart);
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
    if (left_out > 0) {
      vqe_pages_putf(text,
                     "<p class=\"hint\">Convergence of %zu further molecules "
                     "or geometries is not drawn here: report fewer results, "
                     "or query the table vqe_iterations.</p>",
                     left_out);
    }
    vqe_pages_put(text, "</section>\n");
  }
  json_object_set_new(data, "choices", choices);
  text->status = text->status == VQE_OK ? status : text->status;
  return drawn > 0;
}
