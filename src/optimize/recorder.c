#include "optimize/recorder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"

/* A library that asks for known points only, this many times in a row, will
 * not come out of its loop. */
#define REPEATS 100

int vqe_recorder_init(struct recorder *recorder, int n, vqe_objective objective,
                  void *ctx, bool gradient_method,
                  const struct vqe_optimizer_options *options)
{
  size_t size = (size_t)n;
  size_t arrays = gradient_method ? 1 + 2 * (RECORDER_CACHE + 1) : 1;
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
  next += size;
  for (int k = 0; gradient_method && k <= RECORDER_CACHE; k++) {
    struct recorder_point *point =
        k < RECORDER_CACHE ? &recorder->cache[k] : &recorder->best;
    point->x = next;
    point->gradient = next + size;
    next += 2 * size;
  }
  return VQE_OK;
}

void vqe_recorder_clear(struct recorder *recorder)
{
  free(recorder->memory);
  recorder->memory = NULL;
}

void vqe_recorder_stop(struct recorder *recorder, bool converged,
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

bool vqe_recorder_last_call(const struct recorder *recorder)
{
  return recorder->nfev + 1 >= recorder->options->max_evaluations;
}

void vqe_recorder_announce(const struct recorder *recorder, const double *points,
                       int count)
{
  if (recorder->options->announce != NULL && !recorder->stopped) {
    recorder->options->announce(recorder->ctx, recorder->n, points, count);
  }
}

static size_t bytes_of(const struct recorder *recorder)
{
  return (size_t)recorder->n * sizeof(double);
}

static void point_set(struct recorder *recorder, struct recorder_point *point,
                      const double *x, double f, const double *gradient)
{
  point->used = true;
  point->f = f;
  memcpy(point->x, x, bytes_of(recorder));
  memmove(point->gradient, gradient, bytes_of(recorder));
}

static const struct recorder_point *cache_find(const struct recorder *recorder,
                                               const double *x)
{
  for (int k = 0; k <= RECORDER_CACHE; k++) {
    const struct recorder_point *point =
        k < RECORDER_CACHE ? &recorder->cache[k] : &recorder->best;
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

/* Decide on the evaluation just made; `gmax` is NaN when there is no
 * gradient. The order is that of what a user wants to be told. */
static void judge(struct recorder *recorder, double f, double gmax)
{
  const struct vqe_optimizer_options *options = recorder->options;
  bool first = isnan(recorder->lowest);
  if (recorder->gradient_method && gmax <= options->gtol &&
      (first || f <= recorder->lowest + options->ftol)) {
    vqe_recorder_stop(recorder, true,
                  "converged: largest gradient component %.2e hartree "
                  "(gtol %.1e)",
                  gmax, options->gtol);
  } else if (options->has_threshold && f <= options->threshold) {
    vqe_recorder_stop(recorder, false, "reached the threshold %.10g hartree",
                  options->threshold);
  } else if (recorder->nfev >= options->max_evaluations) {
    vqe_recorder_stop(recorder, false, "limit of %d evaluations reached",
                  options->max_evaluations);
  } else if (options->max_seconds > 0.0 &&
             vqe_clock_wall() - recorder->start >= options->max_seconds) {
    vqe_recorder_stop(recorder, false, "limit of %g seconds reached",
                  options->max_seconds);
  }
}

bool vqe_recorder_evaluate(struct recorder *recorder, const double *x, double *f,
                       double *gradient)
{
  struct recorder_point *slot = NULL;
  double gmax = NAN;
  if (recorder->stopped) {
    *f = recorder->last_f;
    if (gradient != NULL) {
      memset(gradient, 0, bytes_of(recorder));
    }
    return false;
  }
  if (recorder->gradient_method) {
    const struct recorder_point *known = cache_find(recorder, x);
    if (known != NULL) {
      *f = known->f;
      if (gradient != NULL) {
        memcpy(gradient, known->gradient, bytes_of(recorder));
      }
      if (++recorder->repeats > REPEATS) {
        vqe_recorder_stop(recorder, false, "the line search is stuck");
      }
      return !recorder->stopped;
    }
    recorder->repeats = 0;
    slot = &recorder->cache[recorder->next_cache];
    slot->used = false;
  }
  int status = recorder->objective(recorder->ctx, recorder->n, x, f,
                                   slot != NULL ? slot->gradient : NULL);
  if (status < 0) {
    recorder->status = status;
    *f = recorder->last_f;
    vqe_recorder_stop(recorder, false, "%s",
                  status == VQE_ERR_INTERRUPTED ? "stopped from outside"
                                                : vqe_error_message());
    if (gradient != NULL) {
      memset(gradient, 0, bytes_of(recorder));
    }
    return false;
  }
  recorder->nfev++;
  recorder->last_f = *f;
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
  if (slot != NULL) {
    point_set(recorder, slot, x, *f, slot->gradient);
    recorder->next_cache = (recorder->next_cache + 1) % RECORDER_CACHE;
  }
  if (isnan(recorder->lowest) || *f < recorder->lowest) {
    recorder->lowest = *f;
    recorder->lowest_gmax = gmax;
    memcpy(recorder->x_lowest, x, bytes_of(recorder));
    if (slot != NULL) {
      point_set(recorder, &recorder->best, x, *f, slot->gradient);
    }
  }
  return !recorder->stopped;
}
