#include "pages/page_chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vqe/error.h"

/* The drawing, in its own units. */
#define WIDTH 720.0
#define HEIGHT 380.0
#define LEFT 84.0
#define RIGHT 16.0
#define TOP 14.0
#define BOTTOM 56.0
/* Values beyond are of damaged files: an axis does not follow them. */
#define MOST_VALUE 1e12

struct axis {
  double low, high;   /* logarithms of base 10 where it is logarithmic */
  double step;        /* between labels */
  double start, size; /* in the drawing */
  bool log, down;
};

void vqe_pages_chart_init(struct vqe_pages_chart *chart)
{
  memset(chart, 0, sizeof *chart);
  chart->band_low = chart->band_high = NAN;
  chart->band_name = chart->x_name = chart->y_name = "";
  chart->floor = 1e-6;
  chart->decimals = 6;
}

void vqe_pages_chart_clear(struct vqe_pages_chart *chart)
{
  for (size_t s = 0; s < chart->nseries; s++) {
    free(chart->series[s].x);
    free(chart->series[s].y);
    free(chart->series[s].low);
    free(chart->series[s].high);
  }
  chart->nseries = 0;
}

int vqe_pages_chart_add(struct vqe_pages_series **out,
                        struct vqe_pages_chart *chart, size_t count, bool band)
{
  struct vqe_pages_series *series = &chart->series[chart->nseries];
  memset(series, 0, sizeof *series);
  double **const arrays[] = {&series->x, &series->y, &series->low,
                             &series->high};
  int status = VQE_OK;
  series->style = (int)chart->nseries++;
  series->count = count;
  for (int k = 0; status == VQE_OK && k < (band ? 4 : 2); k++) {
    status = vqe_memory_alloc(arrays[k], count, sizeof(double), "a chart");
  }
  *out = series;
  return status;
}

/* ---- axes ---- */

static double scaled(bool is_log, double floor, double value)
{
  return !is_log || !isfinite(value)
             ? value
             : log10(fmin(fmax(value, floor), MOST_VALUE));
}

static double place_of(const struct axis *axis, double value)
{
  double part = (value - axis->low) / (axis->high - axis->low);
  part = fmin(fmax(part, 0.0), 1.0);
  return axis->start + axis->size * (axis->down ? 1.0 - part : part);
}

/* Round limits and a step of 1, 2 or 5 times a power of ten. */
static void round_axis(struct axis *axis)
{
  double range = axis->high - axis->low;
  if (axis->log) {
    axis->low = floor(axis->low + 1e-9);
    axis->high = ceil(axis->high - 1e-9);
    axis->high += axis->high <= axis->low ? 1.0 : 0.0;
    axis->step = ceil((axis->high - axis->low) / 8.0);
    return;
  }
  if (!(range > 1e-12 * fmax(1.0, fabs(axis->high)))) {
    range = fmax(1e-6, 0.02 * fabs(axis->high));
    axis->low -= 0.5 * range;
    axis->high += 0.5 * range;
  }
  double power = pow(10.0, floor(log10(range / 5.0)));
  double ratio = range / 5.0 / power;
  axis->step = power * (ratio > 5.0   ? 10.0
                        : ratio > 2.0 ? 5.0
                        : ratio > 1.0 ? 2.0
                                      : 1.0);
  axis->low = axis->step * floor(axis->low / axis->step + 1e-9);
  axis->high = axis->step * ceil(axis->high / axis->step - 1e-9);
}

static void widen(struct axis *axis, double value)
{
  if (fabs(value) < MOST_VALUE) {
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
  }
}

static void find_axes(struct axis *x, struct axis *y,
                      const struct vqe_pages_chart *chart)
{
  *x = (struct axis){INFINITY,     -INFINITY, 1.0, LEFT, WIDTH - LEFT - RIGHT,
                     chart->log_x, false};
  *y = (struct axis){INFINITY,     -INFINITY, 1.0, TOP, HEIGHT - TOP - BOTTOM,
                     chart->log_y, true};
  for (size_t s = 0; s < chart->nseries; s++) {
    const struct vqe_pages_series *series = &chart->series[s];
    for (size_t k = 0; k < series->count; k++) {
      widen(x, scaled(chart->log_x, 1.0, series->x[k]));
      widen(y, scaled(chart->log_y, chart->floor, series->y[k]));
      if (series->low != NULL) {
        widen(y, scaled(chart->log_y, chart->floor, series->low[k]));
        widen(y, scaled(chart->log_y, chart->floor, series->high[k]));
      }
    }
  }
  if (isfinite(chart->band_high)) {
    widen(y, scaled(chart->log_y, chart->floor, chart->band_high));
    if (!chart->log_y) {
      widen(y, chart->band_low);
    }
  }
  if (!(x->low <= x->high) || !(y->low <= y->high)) {
    x->low = y->low = 0.0;
    x->high = y->high = 1.0;
  }
  double margin = chart->log_x ? 0.0 : 0.03 * (x->high - x->low);
  x->low -= margin;
  x->high += margin;
  if (chart->log_x) {
    round_axis(x);
  } else {
    /* the ends of an axis of lengths or numbers need not be round */
    struct axis labels = *x;
    round_axis(&labels);
    x->step = labels.step;
  }
  round_axis(y);
}

static const char *const superscripts[] = {
    "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
    "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
    "\xe2\x81\xb8", "\xe2\x81\xb9"};

static void put_label(struct vqe_pages_text *text, const struct axis *axis,
                      double value)
{
  if (axis->log && fabs(value) < 3.5) {
    vqe_pages_putf(text, "%g", pow(10.0, value));
  } else if (axis->log) {
    int power = (int)fabs(value);
    vqe_pages_putf(text, "10%s", value < 0.0 ? "\xe2\x81\xbb" : "");
    if (power > 9) {
      vqe_pages_put(text, superscripts[power / 10 % 10]);
    }
    vqe_pages_put(text, superscripts[power % 10]);
  } else {
    int decimals = (int)ceil(-log10(axis->step) - 1e-9);
    value = fabs(value) < 1e-9 * axis->step ? 0.0 : value;
    vqe_pages_number(text, decimals > 0 ? decimals : 0, value);
  }
}

/* The labels of an axis: multiples of its step. */
static double label_of(const struct axis *axis, int k)
{
  return axis->step * (ceil(axis->low / axis->step - 1e-9) + k);
}

static int labels_of(const struct axis *axis)
{
  double last = floor(axis->high / axis->step + 1e-9);
  return (int)(last - ceil(axis->low / axis->step - 1e-9)) + 1;
}

static void draw_axes(struct vqe_pages_text *text, const struct axis *x,
                      const struct axis *y,
                      const struct vqe_pages_chart *chart)
{
  double bottom = TOP + y->size;
  for (int k = 0; k < labels_of(y); k++) {
    double v = label_of(y, k);
    double at = place_of(y, v);
    vqe_pages_putf(text,
                   "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
                   "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                   "text-anchor=\"end\">",
                   LEFT, at, WIDTH - RIGHT, LEFT - 8.0, at + 4.5);
    put_label(text, y, v);
    vqe_pages_put(text, "</text>");
  }
  for (int k = 0; k < labels_of(x); k++) {
    double v = label_of(x, k);
    double at = place_of(x, v);
    vqe_pages_putf(text,
                   "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>"
                   "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                   "text-anchor=\"middle\">",
                   at, bottom, at, bottom + 20.0);
    put_label(text, x, v);
    vqe_pages_put(text, "</text>");
  }
  vqe_pages_putf(text,
                 "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>"
                 "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" "
                 "text-anchor=\"middle\">",
                 LEFT, TOP, bottom, WIDTH - RIGHT,
                 LEFT + 0.5 * (WIDTH - LEFT - RIGHT), HEIGHT - 10.0);
  vqe_pages_escape(text, chart->x_label);
  vqe_pages_putf(text,
                 "</text><text class=\"label\" x=\"16\" y=\"%.1f\" "
                 "text-anchor=\"middle\" transform=\"rotate(-90 16 %.1f)\">",
                 TOP + 0.5 * y->size, TOP + 0.5 * y->size);
  vqe_pages_escape(text, chart->y_label);
  vqe_pages_put(text, "</text>");
}

/* ---- series ---- */

static void draw_mark(struct vqe_pages_text *text, int style, double x,
                      double y)
{
  static const char *const shapes[] = {"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
                                       "m-3.5 -3.5h7v7h-7z",
                                       "m0 -4.5l4.5 8h-9z",
                                       "m0 -5l5 5l-5 5l-5 -5z",
                                       "m0 4.5l4.5 -8h-9z",
                                       "m-4 -4l8 8m0 -8l-8 8",
                                       "m-5 0h10m-5 -5v10",
                                       "m-4.5 -2h9v4h-9z"};
  vqe_pages_putf(text, "M%.1f %.1f%s", x, y, shapes[style % VQE_PAGES_SERIES]);
}

static void draw_band(struct vqe_pages_text *text, const struct axis *x,
                      const struct axis *y,
                      const struct vqe_pages_chart *chart,
                      const struct vqe_pages_series *series)
{
  vqe_pages_putf(text, "<path class=\"spread s%d\" d=\"", series->style);
  const char *step = "M";
  for (size_t k = 0; k < 2 * series->count; k++) {
    bool back = k >= series->count;
    size_t at = back ? 2 * series->count - 1 - k : k;
    double value = back ? series->low[at] : series->high[at];
    if (isfinite(value) && isfinite(series->x[at])) {
      vqe_pages_putf(text, "%s%.1f %.1f", step,
                     place_of(x, scaled(chart->log_x, 1.0, series->x[at])),
                     place_of(y, scaled(chart->log_y, chart->floor, value)));
      step = "L";
    }
  }
  vqe_pages_put(text, "\"/>");
}

static void draw_series(struct vqe_pages_text *text, const struct axis *x,
                        const struct axis *y,
                        const struct vqe_pages_chart *chart,
                        const struct vqe_pages_series *series)
{
  struct vqe_pages_text marks = {NULL, 0, 0, VQE_OK};
  const char *step = "M";
  double last = -INFINITY;
  vqe_pages_putf(text, "<path class=\"line s%d\" d=\"", series->style);
  for (size_t k = 0; k < series->count; k++) {
    if (!isfinite(series->y[k]) || !isfinite(series->x[k])) {
      step = "M";
      continue;
    }
    double px = place_of(x, scaled(chart->log_x, 1.0, series->x[k]));
    double py = place_of(y, scaled(chart->log_y, chart->floor, series->y[k]));
    vqe_pages_putf(text, "%s%.1f %.1f", step, px, py);
    step = "L";
    /* marks that lie on each other say nothing */
    if (!series->plain && px - last >= 14.0) {
      draw_mark(&marks, series->style, px, py);
      last = px;
    }
  }
  vqe_pages_put(text, "\"/>");
  if (marks.used > 0) {
    vqe_pages_putf(text, "<path class=\"mark s%d\" d=\"", series->style);
    vqe_pages_putn(text, marks.data, marks.used);
    vqe_pages_put(text, "\"/>");
  }
  free(marks.data);
}

static void put_legend(struct vqe_pages_text *text,
                       const struct vqe_pages_chart *chart)
{
  vqe_pages_put(text, "<ul class=\"legend\">");
  for (size_t s = 0; s < chart->nseries; s++) {
    const struct vqe_pages_series *series = &chart->series[s];
    vqe_pages_putf(text,
                   "<li><svg viewBox=\"0 0 36 14\" width=\"36\" "
                   "height=\"14\" aria-hidden=\"true\"><path class=\"line "
                   "s%d\" d=\"M0 7H36\"/>",
                   series->style);
    if (!series->plain) {
      vqe_pages_putf(text, "<path class=\"mark s%d\" d=\"", series->style);
      draw_mark(text, series->style, 18.0, 7.0);
      vqe_pages_put(text, "\"/>");
    }
    vqe_pages_put(text, "</svg>");
    vqe_pages_escape(text, series->name);
    vqe_pages_put(text, "</li>");
  }
  if (isfinite(chart->band_high)) {
    vqe_pages_put(text,
                  "<li><svg viewBox=\"0 0 36 14\" width=\"36\" height=\"14\" "
                  "aria-hidden=\"true\"><path class=\"accurate\" "
                  "d=\"M0 0H36V14H0z\"/><path class=\"limit\" "
                  "d=\"M0 1H36\"/></svg>");
    vqe_pages_escape(text, chart->band_name);
    vqe_pages_put(text, "</li>");
  }
  vqe_pages_put(text, "</ul>");
}

static void put_svg(struct vqe_pages_text *text,
                    const struct vqe_pages_chart *chart)
{
  struct axis x;
  struct axis y;
  find_axes(&x, &y, chart);
  vqe_pages_putf(text, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                       "aria-label=\"");
  vqe_pages_escape(text, chart->title);
  vqe_pages_putf(text,
                 ": drawing\"><svg class=\"chart\" viewBox=\"0 0 %.0f %.0f\" "
                 "role=\"img\" aria-label=\"",
                 WIDTH, HEIGHT);
  vqe_pages_escape(text, chart->title);
  vqe_pages_put(text, "; the numbers are in the table below\">");
  if (isfinite(chart->band_high)) {
    double high =
        place_of(&y, scaled(chart->log_y, chart->floor, chart->band_high));
    double low = chart->log_y ? TOP + y.size : place_of(&y, chart->band_low);
    vqe_pages_putf(
        text,
        "<path class=\"accurate\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"/>"
        "<path class=\"limit\" d=\"M%.1f %.1fH%.1f\"/>",
        LEFT, high, WIDTH - RIGHT, low, LEFT, LEFT, high, WIDTH - RIGHT);
  }
  draw_axes(text, &x, &y, chart);
  for (size_t s = 0; s < chart->nseries; s++) {
    if (chart->series[s].low != NULL) {
      draw_band(text, &x, &y, chart, &chart->series[s]);
    }
  }
  for (size_t s = 0; s < chart->nseries; s++) {
    draw_series(text, &x, &y, chart, &chart->series[s]);
  }
  vqe_pages_put(text, "</svg></div>");
}

/* ---- table and data ---- */

static void put_value(struct vqe_pages_text *text, int decimals, double value)
{
  if (decimals >= 0) {
    vqe_pages_number(text, decimals, value);
  } else if (isfinite(value)) {
    vqe_pages_putf(text, "%.4g", value);
  } else {
    vqe_pages_put(text, "n/a");
  }
}

static void put_rows(struct vqe_pages_text *text,
                     const struct vqe_pages_chart *chart,
                     const struct vqe_pages_series *series, size_t rows)
{
  size_t shown = series->count < rows ? series->count : rows;
  for (size_t r = 0; r < shown; r++) {
    size_t k = shown > 1 ? r * (series->count - 1) / (shown - 1) : 0;
    vqe_pages_put(text, "<tr><td>");
    vqe_pages_escape(text, series->name);
    vqe_pages_putf(text, "</td><td class=\"num\">%.6g</td><td class=\"num\">",
                   series->x[k]);
    put_value(text, chart->decimals, series->y[k]);
    vqe_pages_put(text, "</td>");
    if (series->low != NULL) {
      vqe_pages_put(text, "<td class=\"num\">");
      put_value(text, chart->decimals, series->low[k]);
      vqe_pages_put(text, "</td><td class=\"num\">");
      put_value(text, chart->decimals, series->high[k]);
      vqe_pages_put(text, "</td>");
    } else {
      vqe_pages_put(text, "<td></td><td></td>");
    }
    vqe_pages_put(text, "</tr>\n");
  }
}

static void put_table(struct vqe_pages_text *text,
                      const struct vqe_pages_chart *chart, size_t rows)
{
  vqe_pages_put(text, "<details class=\"data\"><summary>Numbers: ");
  vqe_pages_escape(text, chart->title);
  vqe_pages_put(text, "</summary><div class=\"scroll\" tabindex=\"0\" "
                      "role=\"region\" aria-label=\"Numbers: ");
  vqe_pages_escape(text, chart->title);
  vqe_pages_put(text, "\"><table><caption>");
  vqe_pages_escape(text, chart->title);
  vqe_pages_put(text, "</caption><thead><tr><th scope=\"col\">series</th>"
                      "<th scope=\"col\" class=\"num\">");
  vqe_pages_escape(text, chart->x_name);
  vqe_pages_put(text, "</th><th scope=\"col\" class=\"num\">");
  vqe_pages_escape(text, chart->y_name);
  vqe_pages_put(text, "</th><th scope=\"col\" class=\"num\">lowest</th>"
                      "<th scope=\"col\" class=\"num\">highest</th></tr>"
                      "</thead><tbody>\n");
  for (size_t s = 0; s < chart->nseries; s++) {
    put_rows(text, chart, &chart->series[s], rows);
  }
  vqe_pages_put(text, "</tbody></table></div></details>");
}

static json_t *numbers(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++) {
    json_array_append_new(array, isfinite(values[k]) ? json_real(values[k])
                                                     : json_null());
  }
  return array;
}

json_t *vqe_pages_chart_json(const struct vqe_pages_chart *chart)
{
  json_t *all = json_array();
  for (size_t s = 0; s < chart->nseries; s++) {
    const struct vqe_pages_series *series = &chart->series[s];
    json_t *one = json_pack("{s:s, s:i, s:b, s:o, s:o}", "name", series->name,
                            "style", series->style, "plain", series->plain,
                            "x", numbers(series->x, series->count), "y",
                            numbers(series->y, series->count));
    if (series->low != NULL) {
      json_object_set_new(one, "low", numbers(series->low, series->count));
      json_object_set_new(one, "high", numbers(series->high, series->count));
    }
    json_array_append_new(all, one);
  }
  json_t *object = json_pack(
      "{s:s, s:s, s:s, s:b, s:b, s:f, s:o}", "title", chart->title, "x_label",
      chart->x_label, "y_label", chart->y_label, "log_x", chart->log_x,
      "log_y", chart->log_y, "floor", chart->floor, "series", all);
  struct axis x;
  struct axis y;
  find_axes(&x, &y, chart);
  if (object != NULL) {
    json_object_set_new(object, "x_axis",
                        json_pack("[f, f, f]", x.low, x.high, x.step));
    json_object_set_new(object, "y_axis",
                        json_pack("[f, f, f]", y.low, y.high, y.step));
  }
  if (object != NULL && isfinite(chart->band_high)) {
    json_object_set_new(
        object, "band",
        json_pack("[f, f]", chart->band_low, chart->band_high));
    json_object_set_new(object, "band_name", json_string(chart->band_name));
  }
  return object;
}

/* One chart as a figure; the scripts find its data by its number. */
void vqe_pages_chart_figure(struct vqe_pages_text *text, json_t *data,
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
  put_svg(text, chart);
  vqe_pages_put(text, "</div>");
  put_legend(text, chart);
  put_table(text, chart, 40);
  vqe_pages_put(text, "</figure>\n");
  json_array_append_new(charts, vqe_pages_chart_json(chart));
}
