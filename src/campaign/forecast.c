#include "campaign/forecast.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Below this many core seconds of the model an experiment takes what starting
 * it and its phases take, whatever its size: that says nothing of larger
 * ones. */
#define SMALL_COST 0.01

/* Keys of the groups of all, large and small. */
#define ALL_KEY "all"
#define LARGE_KEY "large"
#define SMALL_KEY "small"

/* Two costs that say how time grows differ at least so much. */
#define SPREAD 2.0

/* Finished experiments of one kind, or of one optimizer and size. */
struct group {
  double cost, seconds;
  size_t count;
  size_t optimizer; /* of a kind: number of its optimizer's group */
  bool kind;
};

/* log(seconds) = base + power * log(cost) */
struct line {
  double base, power;
};

struct span {
  double start, end;
};

struct vqe_forecast {
  json_t *index; /* key -> number of the group */
  size_t ngroup, group_capacity;
  struct group *groups;
  size_t nspan, span_capacity;
  struct span *spans;
};

int vqe_forecast_create(struct vqe_forecast **out)
{
  struct vqe_forecast *forecast = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&forecast, 1, sizeof *forecast, "a forecast");
  if (status != VQE_OK) {
    return status;
  }
  forecast->index = json_object();
  if (forecast->index == NULL) {
    vqe_forecast_free(forecast);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a forecast");
  }
  *out = forecast;
  return VQE_OK;
}

void vqe_forecast_free(struct vqe_forecast *forecast)
{
  if (forecast == NULL) {
    return;
  }
  json_decref(forecast->index);
  free(forecast->groups);
  free(forecast->spans);
  free(forecast);
}

static struct group *group_of(const struct vqe_forecast *forecast,
                              const char *key)
{
  const json_t *number = json_object_get(forecast->index, key);
  return number != NULL ? &forecast->groups[json_integer_value(number)] : NULL;
}

/* Its number, made when there is none. */
static int number_of(size_t *number, struct vqe_forecast *forecast,
                     const char *key)
{
  const json_t *known = json_object_get(forecast->index, key);
  if (known != NULL) {
    *number = (size_t)json_integer_value(known);
    return VQE_OK;
  }
  if (forecast->ngroup == forecast->group_capacity) {
    size_t capacity = 2 * forecast->group_capacity + 32;
    int status = vqe_memory_grow(&forecast->groups, forecast->ngroup, capacity,
                                 sizeof *forecast->groups, "a forecast");
    if (status != VQE_OK) {
      return status;
    }
    forecast->group_capacity = capacity;
  }
  if (json_object_set_new(forecast->index, key,
                          json_integer((json_int_t)forecast->ngroup)) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a forecast");
  }
  *number = forecast->ngroup++;
  return VQE_OK;
}

static int add(struct vqe_forecast *forecast, const char *key, double cost,
               double seconds)
{
  size_t number = 0;
  int status = number_of(&number, forecast, key);
  if (status == VQE_OK && forecast->groups != NULL) {
    forecast->groups[number].cost += cost;
    forecast->groups[number].seconds += seconds;
    forecast->groups[number].count++;
  }
  return status;
}

static int add_span(struct vqe_forecast *forecast, double start, double end)
{
  if (forecast->nspan == forecast->span_capacity) {
    size_t capacity = 2 * forecast->span_capacity + 64;
    int status = vqe_memory_grow(&forecast->spans, forecast->nspan, capacity,
                                 sizeof *forecast->spans, "a forecast");
    if (status != VQE_OK) {
      return status;
    }
    forecast->span_capacity = capacity;
  }
  forecast->spans[forecast->nspan++] = (struct span){start, end};
  return VQE_OK;
}

static void size_key(char out[160], const char *optimizer, double cost)
{
  snprintf(out, 160, "%s|%.140s", cost < SMALL_COST ? SMALL_KEY : LARGE_KEY,
           optimizer);
}

int vqe_forecast_learn(struct vqe_forecast *forecast, const char *kind,
                       const char *optimizer, double cost, double seconds,
                       double finished)
{
  char key[160];
  const char *const keys[] = {kind, optimizer, key,
                              cost < SMALL_COST ? SMALL_KEY : LARGE_KEY,
                              ALL_KEY};
  int status = VQE_OK;
  if (!(seconds >= 0.0)) {
    return VQE_OK;
  }
  size_key(key, optimizer, cost);
  if (isfinite(finished)) {
    status = add_span(forecast, finished - seconds, finished);
  }
  for (size_t k = 0;
       status == VQE_OK && cost > 0.0 && k < sizeof keys / sizeof keys[0];
       k++) {
    status = add(forecast, keys[k], cost, seconds);
  }
  if (status == VQE_OK && cost > 0.0) {
    struct group *group = group_of(forecast, kind);
    const json_t *number = json_object_get(forecast->index, optimizer);
    group->kind = true;
    group->optimizer = (size_t)json_integer_value(number);
  }
  return status;
}

/* Through the kinds of one optimizer, or of all (NULL), by least squares;
 * false where their costs are too much alike. */
static bool fit(struct line *out, const struct vqe_forecast *forecast,
                const struct group *optimizer)
{
  double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  double least = INFINITY;
  double greatest = 0.0;
  for (size_t k = 0; k < forecast->ngroup; k++) {
    VQE_ASSERT(forecast->groups != NULL);
    const struct group *group = &forecast->groups[k];
    if (!group->kind || group->seconds <= 0.0 ||
        (optimizer != NULL &&
         &forecast->groups[group->optimizer] != optimizer)) {
      continue;
    }
    double cost = group->cost / (double)group->count;
    double u = log(cost);
    double v = log(group->seconds / (double)group->count);
    n += 1.0;
    x += u;
    y += v;
    xx += u * u;
    xy += u * v;
    least = fmin(least, cost);
    greatest = fmax(greatest, cost);
  }
  if (n < 2.0 || greatest < SPREAD * least) {
    return false;
  }
  /* neither shrinks nor runs away */
  out->power = fmin(fmax((n * xy - x * y) / (n * xx - x * x), 0.0), 1.5);
  out->base = (y - out->power * x) / n;
  return true;
}

/* How time grows with cost for an optimizer: by its own kinds, else as for all
 * optimizers, but from where it is; NULL: nothing of it has finished. */
static bool growth(struct line *out, const struct vqe_forecast *forecast,
                   const struct group *optimizer)
{
  if (optimizer != NULL && fit(out, forecast, optimizer)) {
    return true;
  }
  bool known = fit(out, forecast, NULL);
  if (known && optimizer != NULL && optimizer->seconds > 0.0) {
    double count = (double)optimizer->count;
    out->base = log(optimizer->seconds / count) -
                out->power * log(optimizer->cost / count);
  }
  return known;
}

double vqe_forecast_seconds(const struct vqe_forecast *forecast,
                            const char *kind, const char *optimizer,
                            double cost)
{
  char key[160];
  bool small = cost < SMALL_COST;
  const char *const keys[] = {key, small ? SMALL_KEY : LARGE_KEY};
  const struct group *group = group_of(forecast, kind);
  size_key(key, optimizer, cost);
  if (group != NULL) {
    return group->seconds / (double)group->count;
  }
  group = group_of(forecast, optimizer);
  struct line line;
  if (growth(&line, forecast, group)) {
    return exp(line.base + line.power * log(cost));
  }
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    group = group_of(forecast, keys[k]);
    if (group != NULL) {
      return small ? group->seconds / (double)group->count
                   : cost * group->seconds / group->cost;
    }
  }
  /* nothing of its size is known: the model, and what each takes besides */
  group = group_of(forecast, SMALL_KEY);
  return cost + (group != NULL && !small
                     ? group->seconds / (double)group->count
                     : 0.0);
}

double vqe_forecast_ratio(const struct vqe_forecast *forecast)
{
  const struct group *large = group_of(forecast, LARGE_KEY);
  const struct group *all = group_of(forecast, ALL_KEY);
  const struct group *group = large != NULL ? large : all;
  return group != NULL ? group->seconds / group->cost : NAN;
}

static int by_start(const void *a, const void *b)
{
  const struct span *left = a;
  const struct span *right = b;
  return (left->start > right->start) - (left->start < right->start);
}

double vqe_forecast_at_once(struct vqe_forecast *forecast)
{
  double busy = 0.0;
  double covered = 0.0;
  double end = -INFINITY;
  if (forecast->nspan > 1) {
    qsort(forecast->spans, forecast->nspan, sizeof *forecast->spans, by_start);
  }
  for (size_t k = 0; k < forecast->nspan; k++) {
    const struct span *span = &forecast->spans[k];
    busy += span->end - span->start;
    covered += fmax(0.0, span->end - fmax(span->start, end));
    end = fmax(end, span->end);
  }
  return covered > 0.0 ? busy / covered : NAN;
}
