#include "optimize/recorder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"

/* A library that asks for known points only, this many times in a row, will
 * not come out of its loop. */
#define MAX_KNOWN_POINTS 100

int vqe_recorder_init(struct vqe_recorder *recorder, int n,
                      vqe_objective objective, void *ctx, bool gradient_method,
                      const struct vqe_optimizer_options *options)
{
  size_t size = (size_t)n;
  size_t arrays = gradient_method ? 2 + 2 * (VQE_RECORDER_CACHE + 1) : 2;
  size_t total;
  memset(recorder, 0, sizeof *recorder);
  recorder->objective = objective;
  recorder->ctx = ctx;
  recorder->n = n;
  recorder->options = options;
  recorder->gradient_method = gradient_method;
  recorder->start = vqe_clock_wall();
  recorder->lowest = NAN;
  recorder->lowest_gmax = NAN;
  recorder->last_f = NAN;
  if (!vqe_memory_mul(&total, size, arrays)) {
    return vqe_error_set(VQE_ERR_MEMORY, "%d parameters are too many", n);
  }
  int status = vqe_memory_alloc(&recorder->memory, total, sizeof(double),
                                "points of the optimizer");
  if (status != VQE_OK) {
    return status;
  }
  double *next = recorder->memory;
  recorder->x_lowest = next;
  recorder->x_final = next + size;
  next += 2 * size;
  for (int k = 0; gradient_method && k <= VQE_RECORDER_CACHE; k++) {
    struct vqe_recorder_point *point =
        k < VQE_RECORDER_CACHE ? &recorder->cache[k] : &recorder->best;
    point->x = next;
    point->gradient = next + size;
    next += 2 * size;
  }
  return VQE_OK;
}

void vqe_recorder_clear(struct vqe_recorder *recorder)
{
  free(recorder->memory);
  recorder->memory = NULL;
}

void vqe_recorder_stop(struct vqe_recorder *recorder, bool converged,
                       const char *format, ...)
{
  if (recorder->stopped) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(recorder->reason, sizeof recorder->reason, format, arguments);
  va_end(arguments);
  recorder->stopped = true;
  recorder->converged = converged;
}

bool vqe_recorder_noisy(const struct vqe_recorder *recorder)
{
  return recorder->options->noise != NULL;
}

void vqe_recorder_final(struct vqe_recorder *recorder, const double *x)
{
  memcpy(recorder->x_final, x, (size_t)recorder->n * sizeof *x);
  recorder->has_final = true;
}

/* Evaluations that one call counts as. */
static int cost_of(const struct vqe_recorder *recorder)
{
  int cost = recorder->options->gradient_cost;
  return recorder->gradient_method && cost > 1 ? cost : 1;
}

bool vqe_recorder_last_call(const struct vqe_recorder *recorder)
{
  return recorder->nfev + cost_of(recorder) >=
         recorder->options->max_evaluations;
}

void vqe_recorder_announce(const struct vqe_recorder *recorder,
                           const double *points, int count)
{
  if (recorder->options->announce != NULL && !recorder->stopped) {
    recorder->options->announce(recorder->ctx, recorder->n, points, count);
  }
}

static size_t bytes_of(const struct vqe_recorder *recorder)
{
  return (size_t)recorder->n * sizeof(double);
}

static void point_set(struct vqe_recorder *recorder,
                      struct vqe_recorder_point *point, const double *x,
                      double f, const double *gradient)
{
  point->used = true;
  point->f = f;
  memcpy(point->x, x, bytes_of(recorder));
  memmove(point->gradient, gradient, bytes_of(recorder));
}

static const struct vqe_recorder_point *
cache_find(const struct vqe_recorder *recorder, const double *x)
{
  for (int k = 0; k <= VQE_RECORDER_CACHE; k++) {
    const struct vqe_recorder_point *point =
        k < VQE_RECORDER_CACHE ? &recorder->cache[k] : &recorder->best;
    if (point->used && memcmp(point->x, x, bytes_of(recorder)) == 0) {
      return point;
    }
  }
  return NULL;
}

/* |g|max, NaN or infinite when a component is. */
static double largest(const double *gradient, int n)
{
  double gmax = 0.0;
  for (int i = 0; i < n; i++) {
    double size = fabs(gradient[i]);
    if (!isfinite(size)) {
      return size;
    }
    gmax = size > gmax ? size : gmax;
  }
  return gmax;
}

/* The limit leaves no room for a further call. */
static bool limit_reached(const struct vqe_recorder *recorder)
{
  return recorder->nfev + cost_of(recorder) >
         recorder->options->max_evaluations;
}

void vqe_recorder_stop_at_limit(struct vqe_recorder *recorder)
{
  const struct vqe_optimizer_options *options = recorder->options;
  int limit = options->max_evaluations + options->spent_evaluations;
  if (cost_of(recorder) > 1) {
    vqe_recorder_stop(recorder, false,
                      "limit of %d evaluations reached (max_evaluations; %d "
                      "for each gradient)",
                      limit, cost_of(recorder));
  } else {
    vqe_recorder_stop(recorder, false,
                      "limit of %d evaluations reached (max_evaluations)",
                      limit);
  }
}

void vqe_recorder_describe_stuck(char *out, size_t size,
                                 const struct vqe_recorder *recorder)
{
  snprintf(out, size,
           "no step lowers the energy further, though the gradient is above "
           "gtol %.1e; another optimizer may go on",
           recorder->options->gtol);
}

/* Decide on the evaluation just made; `gmax` is NaN when there is no gradient.
 * Of several reasons the one that helps a user most comes first. A gradient
 * that is a sample says nothing by itself: there the method decides. */
static void judge(struct vqe_recorder *recorder, double f, double gmax)
{
  const struct vqe_optimizer_options *options = recorder->options;
  bool first = isnan(recorder->lowest);
  if (recorder->gradient_method && !vqe_recorder_noisy(recorder) &&
      gmax <= options->gtol &&
      (first || f <= recorder->lowest + options->ftol)) {
    vqe_recorder_stop(recorder, true,
                      "converged: largest gradient component %.2e hartree "
                      "(gtol %.1e)",
                      gmax, options->gtol);
  } else if (options->has_threshold && f <= options->threshold) {
    vqe_recorder_stop(recorder, false, "reached the threshold %.10g hartree",
                      options->threshold);
  } else if (limit_reached(recorder)) {
    vqe_recorder_stop_at_limit(recorder);
  } else if (options->max_seconds > 0.0 &&
             vqe_clock_wall() - recorder->start >= options->max_seconds) {
    vqe_recorder_stop(recorder, false,
                      "limit of %g seconds reached (max_seconds)",
                      options->max_seconds + options->spent_seconds);
  }
}

/* No evaluation: the last value and a gradient of zero. */
static bool no_evaluation(const struct vqe_recorder *recorder, double *f,
                          double *gradient)
{
  *f = recorder->last_f;
  if (gradient != NULL) {
    memset(gradient, 0, bytes_of(recorder));
  }
  return false;
}

/* Serve a known point; true when it is one. */
static bool serve_known(struct vqe_recorder *recorder, const double *x,
                        double *f, double *gradient)
{
  const struct vqe_recorder_point *known = cache_find(recorder, x);
  if (known == NULL) {
    recorder->known_points = 0;
    return false;
  }
  *f = known->f;
  if (gradient != NULL) {
    memcpy(gradient, known->gradient, bytes_of(recorder));
  }
  if (++recorder->known_points > MAX_KNOWN_POINTS) {
    char text[sizeof recorder->reason];
    vqe_recorder_describe_stuck(text, sizeof text, recorder);
    vqe_recorder_stop(recorder, false, "%s", text);
  }
  return true;
}

/* Remember a finite evaluation; `slot` is NULL without gradients. */
static void remember(struct vqe_recorder *recorder,
                     struct vqe_recorder_point *slot, const double *x,
                     double f, double gmax)
{
  if (slot != NULL) {
    point_set(recorder, slot, x, f, slot->gradient);
    recorder->next_cache = (recorder->next_cache + 1) % VQE_RECORDER_CACHE;
  }
  if (isnan(recorder->lowest) || f < recorder->lowest) {
    recorder->lowest = f;
    recorder->lowest_gmax = gmax;
    memcpy(recorder->x_lowest, x, bytes_of(recorder));
    if (slot != NULL) {
      point_set(recorder, &recorder->best, x, f, slot->gradient);
    }
  }
}

bool vqe_recorder_evaluate(struct vqe_recorder *recorder, const double *x,
                           double *f, double *gradient)
{
  struct vqe_recorder_point *slot = NULL;
  double gmax = NAN;
  if (recorder->stopped) {
    return no_evaluation(recorder, f, gradient);
  }
  if (recorder->gradient_method) {
    /* a sample is drawn afresh wherever it is asked for */
    if (!vqe_recorder_noisy(recorder) &&
        serve_known(recorder, x, f, gradient)) {
      return !recorder->stopped;
    }
    VQE_ASSERT(recorder->next_cache < VQE_RECORDER_CACHE);
    slot = &recorder->cache[recorder->next_cache];
    slot->used = false;
  }
  int status = recorder->objective(recorder->ctx, recorder->n, x, f,
                                   slot != NULL ? slot->gradient : NULL);
  if (status < 0) {
    recorder->status = status;
    vqe_recorder_stop(recorder, false, "%s",
                      status == VQE_ERR_INTERRUPTED ? "stopped from outside"
                                                    : vqe_error_message());
    return no_evaluation(recorder, f, gradient);
  }
  recorder->nfev += cost_of(recorder);
  recorder->last_f = *f;
  recorder->last_noise = vqe_recorder_noisy(recorder)
                             ? recorder->options->noise(recorder->ctx)
                             : 0.0;
  if (slot != NULL) {
    gmax = largest(slot->gradient, recorder->n);
    if (gradient != NULL) {
      memcpy(gradient, slot->gradient, bytes_of(recorder));
    }
  }
  if (!isfinite(*f) || (slot != NULL && !isfinite(gmax))) {
    vqe_recorder_stop(recorder, false, "evaluation %d gave a %s that is %s",
                      recorder->nfev, isfinite(*f) ? "gradient" : "value",
                      isnan(isfinite(*f) ? gmax : *f) ? "not a number"
                                                      : "infinite");
    return false;
  }
  judge(recorder, *f, gmax);
  remember(recorder, slot, x, *f, gmax);
  return !recorder->stopped;
}
