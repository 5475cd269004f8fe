#include "optimize/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

double vqe_noise_of(const struct vqe_recorder *recorder, int i)
{
  const struct vqe_optimizer_options *options = recorder->options;
  double noise = options->gradient_noise != NULL ? options->gradient_noise[i]
                                                 : recorder->last_noise;
  /* neither may be zero: a share of nothing would not be a number */
  return fmax(fmax(noise, options->gtol), 1e-12);
}

double vqe_noise_ratio(const struct vqe_recorder *recorder,
                       const double *gradient)
{
  double sum = 0.0;
  for (int i = 0; i < recorder->n; i++) {
    double share = gradient[i] / vqe_noise_of(recorder, i);
    sum += share * share;
  }
  return sum / recorder->n;
}

bool vqe_noise_vanishes(double mean, double count)
{
  return mean <= 1.0 + 2.0 * sqrt(2.0 / count);
}

void vqe_noise_average(double *average, const double *x, int n, int k)
{
  double weight = 4.0 / (k + 3.0);
  for (int i = 0; i < n; i++) {
    average[i] += weight * (x[i] - average[i]);
  }
}

int vqe_recent_init(struct vqe_recent *recent, int n)
{
  size_t capacity = 2 * ((size_t)n + 1);
  memset(recent, 0, sizeof *recent);
  recent->n = n;
  recent->capacity = (int)capacity;
  int status = vqe_memory_alloc(&recent->points, capacity,
                                (size_t)n * sizeof(double), "last points");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&recent->values, capacity, 2 * sizeof(double),
                              "last points");
  }
  if (status == VQE_OK) {
    recent->order = recent->values + capacity;
  } else {
    vqe_recent_clear(recent);
  }
  return status;
}

void vqe_recent_clear(struct vqe_recent *recent)
{
  free(recent->points);
  free(recent->values);
  recent->points = NULL;
  recent->values = NULL;
  recent->order = NULL;
}

void vqe_recent_add(struct vqe_recent *recent, const double *x, double f)
{
  size_t n = (size_t)recent->n;
  size_t at = (size_t)(recent->count % recent->capacity);
  memcpy(recent->points + at * n, x, n * sizeof *x);
  recent->values[at] = f;
  recent->count++;
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

void vqe_recent_centre(const struct vqe_recent *recent, double *out)
{
  size_t n = (size_t)recent->n;
  int held =
      recent->count < recent->capacity ? recent->count : recent->capacity;
  VQE_ASSERT(held > 0);
  int wanted = (held + 1) / 2;
  memcpy(recent->order, recent->values, (size_t)held * sizeof(double));
  qsort(recent->order, (size_t)held, sizeof(double), compare);
  double limit = recent->order[wanted - 1];
  int taken = 0;
  for (size_t i = 0; i < n; i++) {
    out[i] = 0.0;
  }
  for (int k = 0; k < held; k++) {
    if (!(recent->values[k] <= limit)) {
      continue;
    }
    taken++;
    for (size_t i = 0; i < n; i++) {
      out[i] += recent->points[(size_t)k * n + i];
    }
  }
  for (size_t i = 0; i < n; i++) {
    out[i] /= taken;
  }
}
