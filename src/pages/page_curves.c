/* Curves: energies and errors along the coordinate that changes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "pages/page_chart.h"
#include "pages/page_coordinate.h"
#include "pages/page_sections.h"
#include "vqe/checks.h"
#include "vqe/error.h"
#include "vqe/optimize.h"

/* Families of one chart, whose styles FCI and HF follow. */
#define MOST_SERIES 6
#define STYLE_FCI 6
#define STYLE_HF 7
#define MOST_CURVES 12
/* Geometries of one curve that are drawn: more are no smoother. */
#define MOST_PLACES 400
#define ACCURACY_MHA (1e3 * VQE_CHECK_ACCURACY)

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

/* Keep some of many places, with the first and the last. */
static size_t thin(struct place *places, size_t count)
{
  if (count <= MOST_PLACES) {
    return count;
  }
  for (size_t k = 0; k < MOST_PLACES; k++) {
    places[k] = places[k * (count - 1) / (MOST_PLACES - 1)];
  }
  return MOST_PLACES;
}

/* The groups of a family along the coordinate, those that are drawn. */
static int find_places(struct place **out, size_t *count,
                       const struct vqe_pages_set *set, size_t family,
                       const struct vqe_pages_coordinate *coordinate)
{
  size_t all = vqe_pages_length(&set->families, family);
  *count = 0;
  int status = vqe_memory_alloc(out, all, sizeof **out, "a curve");
  for (size_t j = 0; status == VQE_OK && j < all; j++) {
    size_t group = vqe_pages_item(&set->families, family, j);
    if (vqe_pages_good(set, group) > 0) {
      (*out)[(*count)++] =
          (struct place){vqe_pages_coordinate_value(
                             coordinate, vqe_pages_pick(set, group, 0)),
                         group};
    }
  }
  if (status == VQE_OK) {
    qsort(*out, *count, sizeof **out, by_x);
    *count = thin(*out, *count);
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

/* Nothing where no value is known, as of FCI in large spaces. */
static int add_curve(struct vqe_pages_chart *chart,
                     const struct vqe_pages_set *set,
                     const struct place *places, size_t count, enum kind kind,
                     const char *name, int style)
{
  struct vqe_pages_series *series = NULL;
  bool band = false;
  bool known = false;
  for (size_t k = 0; k < count && !known; k++) {
    known = isfinite(value_of(vqe_pages_pick(set, places[k].group, 1), kind));
  }
  if (!known) {
    return VQE_OK;
  }
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
  series->style = style;
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
  int status =
      add_curve(chart, set, places, count, FCI, "FCI (exact)", STYLE_FCI);
  if (status == VQE_OK) {
    status = add_curve(chart, set, places, count, HF,
                       "Hartree\xe2\x80\x93"
                       "Fock",
                       STYLE_HF);
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
      const struct vqe_pages_series *series = &chart->series[s];
      double y = series->low != NULL ? series->low[k] : series->y[k];
      double most = series->low != NULL ? series->high[k] : y;
      low = isfinite(y) ? fmin(low, y) : low;
      high = isfinite(most) ? fmax(high, most) : high;
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
                        const struct vqe_pages_coordinate *coordinate)
{
  char formula[64];
  formula_of(formula, sizeof formula, first);
  for (int c = 0; c < 2; c++) {
    vqe_pages_chart_init(&charts[c]);
    charts[c].x_label = charts[c].x_name = coordinate->label;
    snprintf(charts[c].title, sizeof charts[c].title, "%s, %s: %s%s", formula,
             first->cells[VQE_REPORT_BASIS],
             c == 0 ? "energy along the " : "error to FCI",
             c == 0 ? vqe_pages_coordinate_name(coordinate) : "");
  }
  charts[0].y_label = charts[0].y_name = "total energy / hartree";
  charts[1].y_label = charts[1].y_name = "error to FCI / mHa";
  charts[1].decimals = 4;
}

/* Three geometries at least of which one has an energy; the lowest of random
 * points is none. */
static bool is_curve(const struct vqe_pages_set *set, size_t family)
{
  size_t count = vqe_pages_length(&set->families, family);
  bool good = false;
  for (size_t j = 0; j < count && !good; j++) {
    good = vqe_pages_good(set, vqe_pages_item(&set->families, family, j)) > 0;
  }
  const struct vqe_pages_run *run = first_of(set, family);
  return good && count >= 3 && run->natom > 1 && !vqe_pages_is_landscape(run);
}

/* Add the curves of one family to both charts, or (`references`) what they are
 * compared with. */
static int add_family(struct vqe_pages_chart charts[2],
                      const struct vqe_pages_set *set, size_t family,
                      const struct vqe_pages_coordinate *coordinate,
                      bool references)
{
  struct place *places = NULL;
  size_t count = 0;
  char name[160];
  int style = (int)charts[0].nseries;
  int status = find_places(&places, &count, set, family, coordinate);
  vqe_pages_label(name, sizeof name, set, first_of(set, family));
  if (status == VQE_OK) {
    status = references ? add_references(&charts[0], set, places, count)
                        : add_curve(&charts[0], set, places, count, ENERGY,
                                    name, style);
  }
  if (status == VQE_OK && !references) {
    status = add_curve(&charts[1], set, places, count, ERROR, name, style);
  }
  free(places);
  return status;
}

static void put_thinned(struct vqe_pages_text *text, size_t most)
{
  if (most > MOST_PLACES) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">Of up to %zu geometries %d are drawn, "
                   "evenly taken along the curve.</p>",
                   most, MOST_PLACES);
  }
}

/* Both charts of the species of `family`, with all families of it; marks
 * them. */
static int put_species(struct vqe_pages_text *text, json_t *data,
                       const struct vqe_pages_set *set, size_t family,
                       bool *done,
                       const struct vqe_pages_coordinate *coordinate)
{
  struct vqe_pages_chart charts[2];
  size_t left_out = 0;
  size_t most = 0;
  int status = VQE_OK;
  init_curves(charts, first_of(set, family), coordinate);
  for (size_t f = family; status == VQE_OK && f < set->families.count; f++) {
    if (done[f] || !is_curve(set, f) ||
        !same_species(first_of(set, family), first_of(set, f))) {
      continue;
    }
    done[f] = true;
    if (charts[0].nseries >= MOST_SERIES) {
      left_out++;
      continue;
    }
    size_t length = vqe_pages_length(&set->families, f);
    most = length > most ? length : most;
    status = add_family(charts, set, f, coordinate, false);
  }
  if (status == VQE_OK) {
    status = add_family(charts, set, family, coordinate, true);
  }
  if (status == VQE_OK) {
    vqe_pages_chart_figure(text, data, &charts[0]);
    put_thinned(text, most);
  }
  if (status == VQE_OK && charts[1].nseries > 0) {
    choose_error_axis(&charts[1]);
    vqe_pages_chart_figure(text, data, &charts[1]);
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
    struct vqe_pages_coordinate coordinate = {.count = 2};
    if (done[f] || !is_curve(set, f) ||
        !vqe_pages_coordinate_find(&coordinate, set, f)) {
      continue;
    }
    if (drawn == MOST_CURVES) {
      left_out++;
      continue;
    }
    if (drawn++ == 0) {
      vqe_pages_section(text, "curves", "Energy curves");
      vqe_pages_put(text,
                    "<p>Total energies along the coordinate that changes "
                    "most between the geometries, and beside them, "
                    "where FCI (in an active space CASCI) is known, the "
                    "error to it. The band is chemical accuracy, 1.6 "
                    "mHa.</p>"
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
