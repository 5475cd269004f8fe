#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pages/page_draw.h"
#include "vqe/error.h"

#define WIDTH 900.0
#define LEFT 74.0
#define LANE 16.0
/* What can be seen. */
#define MOST_RUNS 3000
#define MOST_LANES 160
/* Days without a run between two campaigns would leave no room for either. */
#define MOST_GAP 3600.0

struct bar {
  double began, ended;
  int rank, lane;
  const struct vqe_pages_run *run;
};

static int by_rank_and_time(const void *left, const void *right)
{
  const struct bar *a = left;
  const struct bar *b = right;
  if (a->rank != b->rank) {
    return a->rank < b->rank ? -1 : 1;
  }
  return a->began < b->began ? -1 : a->began > b->began;
}

/* A rank may run several at once: each goes to the first lane that is free.
 * Returns the number of lanes of all ranks. */
static int give_lanes(struct bar *bars, size_t count)
{
  double ends[MOST_LANES];
  int base = 0;
  int used = 0;
  for (size_t k = 0; k < count; k++) {
    if (k > 0 && bars[k].rank != bars[k - 1].rank) {
      base += used;
      used = 0;
    }
    int lane = 0;
    while (lane < used && ends[lane] > bars[k].began + 1e-9) {
      lane++;
    }
    if (base + lane >= MOST_LANES) {
      return MOST_LANES + 1;
    }
    used = lane >= used ? lane + 1 : used;
    ends[lane] = bars[k].ended;
    bars[k].lane = base + lane;
  }
  return base + used;
}

static void draw_scale(struct vqe_pages_text *text, double range,
                       double height)
{
  double power = pow(10.0, floor(log10(range / 5.0)));
  double ratio = range / 5.0 / power;
  double step = power * (ratio > 5.0 ? 10.0 : ratio > 2.0 ? 5.0 : 2.0);
  for (int k = 0; k <= (int)(range / step + 1e-3); k++) {
    double t = k * step;
    double x = LEFT + (WIDTH - LEFT - 24.0) * t / range;
    vqe_pages_putf(text,
                   "<path class=\"grid\" d=\"M%.1f 4V%.1f\"/><text "
                   "class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                   "text-anchor=\"middle\">%g</text>",
                   x, height, x, height + 18.0, t);
  }
  vqe_pages_putf(text,
                 "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" "
                 "text-anchor=\"middle\">time since the first start / s"
                 "</text>",
                 LEFT + 0.5 * (WIDTH - LEFT), height + 38.0);
}

static void draw_bars(struct vqe_pages_text *text, const struct bar *bars,
                      size_t count, double start, double range)
{
  double scale = (WIDTH - LEFT - 24.0) / range;
  for (size_t k = 0; k < count; k++) {
    double x = LEFT + scale * (bars[k].began - start);
    double width = fmax(scale * (bars[k].ended - bars[k].began), 1.2);
    const char *kind = bars[k].run->failed      ? "failed"
                       : bars[k].run->converged ? "done"
                                                : "open";
    if (k == 0 || bars[k].rank != bars[k - 1].rank) {
      vqe_pages_putf(text,
                     "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                     "text-anchor=\"end\">rank %d</text>",
                     LEFT - 8.0, 4.0 + LANE * bars[k].lane + 12.0,
                     bars[k].rank);
    }
    vqe_pages_putf(text,
                   "<rect class=\"run %s\" x=\"%.1f\" y=\"%.1f\" "
                   "width=\"%.1f\" height=\"%.0f\"><title>",
                   kind, x, 5.0 + LANE * bars[k].lane, width, LANE - 3.0);
    vqe_pages_escape(text, bars[k].run->name);
    vqe_pages_put(text, " ");
    vqe_pages_escape(text, bars[k].run->cells[VQE_REPORT_ANSATZ]);
    vqe_pages_putf(text, ", %.2f s</title></rect>",
                   bars[k].ended - bars[k].began);
  }
}

static size_t collect(struct bar *bars, const struct vqe_pages_set *set)
{
  size_t count = 0;
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    if (isfinite(run->began) && isfinite(run->ended) && run->rank >= 0 &&
        run->ended >= run->began) {
      bars[count++] = (struct bar){run->began, run->ended, run->rank, 0, run};
    }
  }
  return count;
}

/* The whole time, or 0 where it falls apart: runs of several days. */
static double find_range(double *start, const struct bar *bars, size_t count)
{
  double busy = 0.0;
  double end = -INFINITY;
  *start = INFINITY;
  for (size_t k = 0; k < count; k++) {
    *start = fmin(*start, bars[k].began);
    end = fmax(end, bars[k].ended);
    busy += bars[k].ended - bars[k].began;
  }
  return end - *start > 20.0 * busy + MOST_GAP ? 0.0
                                               : fmax(end - *start, 1e-3);
}

bool vqe_pages_draw_timeline(struct vqe_pages_text *text,
                             const struct vqe_pages_set *set)
{
  struct bar *bars = NULL;
  double start = 0.0;
  if (set->nrun == 0 || set->nrun > MOST_RUNS ||
      vqe_memory_alloc(&bars, set->nrun, sizeof *bars, "a drawing") !=
          VQE_OK) {
    return false;
  }
  size_t count = collect(bars, set);
  double range = count > 0 ? find_range(&start, bars, count) : 0.0;
  qsort(bars, count, sizeof *bars, by_rank_and_time);
  int lanes = give_lanes(bars, count);
  bool drawn = range > 0.0 && lanes <= MOST_LANES;
  if (drawn) {
    double height = LANE * lanes + 8.0;
    vqe_pages_putf(text,
                   "<svg class=\"timeline\" viewBox=\"0 0 %.0f %.0f\" "
                   "role=\"img\" aria-label=\"What each rank ran when: %zu "
                   "experiments in %.1f seconds\">",
                   WIDTH, height + 46.0, count, range);
    draw_scale(text, range, height);
    draw_bars(text, bars, count, start, range);
    vqe_pages_put(text, "</svg>");
  }
  free(bars);
  return drawn;
}
