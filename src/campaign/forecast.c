#include "campaign/forecast.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Finished experiments of one kind, one optimizer, or all. */
struct group {
  double cost, seconds;
};

struct span {
  double start, end;
};

struct vqe_forecast {
  json_t *index; /* key -> number of the group */
  size_t ngroup, group_capacity;
  struct group *groups; /* the first: all */
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

int vqe_forecast_learn(struct vqe_forecast *forecast, const char *kind,
                       const char *optimizer, double cost, double seconds,
                       double finished)
{
  int status = VQE_OK;
  if (!(seconds >= 0.0)) {
    return VQE_OK;
  }
  if (isfinite(finished)) {
    status = add_span(forecast, finished - seconds, finished);
  }
  if (status == VQE_OK && cost > 0.0) {
    status = add(forecast, "", cost, seconds);
    if (status == VQE_OK) {
      status = add(forecast, optimizer, cost, seconds);
    }
    if (status == VQE_OK) {
      status = add(forecast, kind, cost, seconds);
    }
  }
  return status;
}

double vqe_forecast_seconds(const struct vqe_forecast *forecast,
                            const char *kind, const char *optimizer,
                            double cost)
{
  const char *const keys[] = {kind, optimizer, ""};
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    const struct group *group = group_of(forecast, keys[k]);
    if (group != NULL) {
      return cost * group->seconds / group->cost;
    }
  }
  return cost;
}

double vqe_forecast_ratio(const struct vqe_forecast *forecast)
{
  const struct group *all = group_of(forecast, "");
  return all != NULL ? all->seconds / all->cost : NAN;
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
