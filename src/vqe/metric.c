#include "vqe/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Inverse curvature of a rotation, 1/hartree, before anything is known: an
 * excitation and its mirror lose a few hartree. */
#define FIRST_GUESS 0.1
/* Pairs of evaluations that see less curvature than this share of what their
 * length allows are noise or from beyond a saddle. */
#define LEAST_CURVATURE 1e-8

static double dot(const double *a, const double *b, size_t n)
{
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

void vqe_metric_clear(struct vqe_metric *metric)
{
  free(metric->inverse);
  free(metric->factor);
  free(metric->x);
  memset(metric, 0, sizeof *metric);
}

int vqe_metric_widen(struct vqe_metric *metric, int n)
{
  struct vqe_metric wide = {.n = n};
  VQE_ASSERT(n >= metric->n);
  size_t old = (size_t)metric->n;
  size_t size = (size_t)n;
  double mean = old > 0 ? 0.0 : FIRST_GUESS;
  int status =
      vqe_memory_alloc(&wide.inverse, size, size * sizeof(double), "metric");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&wide.factor, size, size * sizeof(double), "metric");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&wide.x, size, 4 * sizeof(double), "metric");
  }
  if (status != VQE_OK) {
    vqe_metric_clear(&wide);
    return status;
  }
  wide.gradient = wide.x + size;
  wide.work = wide.gradient + size;
  for (size_t i = 0; i < old; i++) {
    memcpy(wide.inverse + i * size, metric->inverse + i * old,
           old * sizeof(double));
    mean += metric->inverse[i * old + i] / (double)old;
  }
  for (size_t i = old; i < size; i++) {
    wide.inverse[i * size + i] = mean;
  }
  vqe_metric_clear(metric);
  *metric = wide;
  return VQE_OK;
}

int vqe_metric_begin(struct vqe_metric *metric, int n, const double *inverse)
{
  VQE_ASSERT(metric->n == 0 && n > 0);
  int status = vqe_metric_widen(metric, n);
  if (status == VQE_OK) {
    memcpy(metric->inverse, inverse,
           (size_t)n * (size_t)n * sizeof *metric->inverse);
  }
  return status;
}

void vqe_metric_observe(struct vqe_metric *metric, const double *x,
                        const double *gradient)
{
  size_t n = (size_t)metric->n;
  if (n == 0) { /* nothing is allocated before the first growth */
    return;
  }
  double *step = metric->x;
  double *turn = metric->gradient;
  double *product = metric->work;
  for (size_t k = 0; metric->seen && k < n; k++) {
    step[k] = x[k] - step[k];
    turn[k] = gradient[k] - turn[k];
  }
  double curvature = metric->seen ? dot(step, turn, n) : 0.0;
  double length = sqrt(dot(step, step, n) * dot(turn, turn, n));
  if (metric->seen && curvature > LEAST_CURVATURE * length) {
    for (size_t i = 0; i < n; i++) {
      product[i] = dot(metric->inverse + i * n, turn, n);
    }
    double rho = 1.0 / curvature;
    double factor = rho * (1.0 + rho * dot(turn, product, n));
    for (size_t i = 0; i < n; i++) {
      double *row = metric->inverse + i * n;
      for (size_t j = 0; j < n; j++) {
        row[j] += factor * step[i] * step[j] -
                  rho * (step[i] * product[j] + product[i] * step[j]);
      }
    }
  }
  memcpy(metric->x, x, n * sizeof(double));
  memcpy(metric->gradient, gradient, n * sizeof(double));
  metric->seen = true;
}

const double *vqe_metric_factor(struct vqe_metric *metric)
{
  size_t n = (size_t)metric->n;
  for (size_t i = 0; i < n; i++) {
    double *row = metric->factor + i * n;
    for (size_t j = 0; j <= i; j++) {
      const double *other = metric->factor + j * n;
      double value = metric->inverse[i * n + j] - dot(row, other, j);
      if (j < i) {
        row[j] = value / other[j];
      } else if (value > 0.0) {
        row[i] = sqrt(value);
      } else {
        return NULL;
      }
    }
  }
  return metric->factor;
}
