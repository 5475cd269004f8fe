#include "optimize/recent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Points held, in units of n + 1: of all rounds of most runs. */
#define HELD 64

int vqe_recent_init(struct vqe_recent *recent, int n)
{
  size_t m = (size_t)n + 2;
  size_t capacity = HELD * ((size_t)n + 1);
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
    status = vqe_memory_alloc(&recent->matrix, m * (m + 3), sizeof(double),
                              "model of the last points");
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
  free(recent->matrix);
  memset(recent, 0, sizeof *recent);
}

void vqe_recent_add(struct vqe_recent *recent, const double *x, double f)
{
  size_t n = (size_t)recent->n;
  size_t at = (size_t)(recent->count % recent->capacity);
  memcpy(recent->points + at * n, x, n * sizeof *x);
  recent->values[at] = f;
  recent->count++;
}

static int held(const struct vqe_recent *recent)
{
  return recent->count < recent->capacity ? recent->count : recent->capacity;
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Where the k-th point from the end is, from 1 on. */
static size_t from_end(const struct vqe_recent *recent, int k)
{
  return (size_t)((recent->count - k) % recent->capacity);
}

void vqe_recent_centre(const struct vqe_recent *recent, double *out)
{
  size_t n = (size_t)recent->n;
  int last = 2 * (recent->n + 1);
  int taken = 0;
  if (last > held(recent)) {
    last = held(recent);
  }
  VQE_ASSERT(last > 0);
  for (int k = 1; k <= last; k++) {
    recent->order[k - 1] = recent->values[from_end(recent, k)];
  }
  qsort(recent->order, (size_t)last, sizeof(double), compare);
  double limit = recent->order[(last + 1) / 2 - 1];
  memset(out, 0, n * sizeof *out);
  for (int k = 1; k <= last; k++) {
    size_t at = from_end(recent, k);
    if (recent->values[at] <= limit) {
      taken++;
      for (size_t i = 0; i < n; i++) {
        out[i] += recent->points[at * n + i];
      }
    }
  }
  for (size_t i = 0; i < n; i++) {
    out[i] /= taken;
  }
}

/* ---- the model ---- */

/* The terms of one point: 1, d / radius, |d|^2 / (2 radius^2); its weight. */
static double terms_of(double *terms, const struct vqe_recent *recent,
                       size_t at, const double *centre, double radius)
{
  size_t n = (size_t)recent->n;
  double square = 0.0;
  terms[0] = 1.0;
  for (size_t i = 0; i < n; i++) {
    double d = (recent->points[at * n + i] - centre[i]) / radius;
    terms[i + 1] = d;
    square += d * d;
  }
  terms[n + 1] = 0.5 * square;
  return exp(-0.5 * square);
}

/* Lower triangle of the m x m matrix `a` to its Cholesky factor; false where
 * it is not positive. */
static bool factor(double *a, size_t m)
{
  for (size_t i = 0; i < m; i++) {
    double before = a[i * m + i];
    for (size_t j = 0; j <= i; j++) {
      double sum = a[i * m + j];
      for (size_t k = 0; k < j; k++) {
        sum -= a[i * m + k] * a[j * m + k];
      }
      if (j < i) {
        a[i * m + j] = sum / a[j * m + j];
      } else if (sum > 1e-10 * before && sum > 0.0) {
        a[i * m + i] = sqrt(sum);
      } else {
        return false;
      }
    }
  }
  return true;
}

/* x = (L L^T)^-1 x */
static void solve(double *x, const double *l, size_t m)
{
  for (size_t i = 0; i < m; i++) {
    for (size_t k = 0; k < i; k++) {
      x[i] -= l[i * m + k] * x[k];
    }
    x[i] /= l[i * m + i];
  }
  for (size_t i = m; i-- > 0;) {
    for (size_t k = i + 1; k < m; k++) {
      x[i] -= l[k * m + i] * x[k];
    }
    x[i] /= l[i * m + i];
  }
}

bool vqe_recent_model(struct vqe_recent *recent, double *centre, double *h,
                      double radius)
{
  size_t n = (size_t)recent->n;
  size_t m = n + 2;
  double *a = recent->matrix;
  double *right = a + m * m;
  double *terms = right + m;
  double reference = recent->count > 0 ? recent->values[0] : 0.0;
  memset(a, 0, m * (m + 1) * sizeof *a);
  for (int k = 0; k < held(recent); k++) {
    size_t at = (size_t)k;
    double weight = terms_of(terms, recent, at, centre, radius);
    for (size_t i = 0; i < m; i++) {
      double share = weight * terms[i];
      right[i] += share * (recent->values[at] - reference);
      for (size_t j = 0; j <= i; j++) {
        a[i * m + j] += share * terms[j];
      }
    }
  }
  if (!factor(a, m)) {
    return false;
  }
  solve(right, a, m);
  double curvature = right[n + 1];
  if (!(curvature > 0.0)) {
    return false;
  }
  double square = 0.0;
  for (size_t i = 0; i < n; i++) {
    double step = right[i + 1] / curvature;
    square += step * step;
  }
  double scale = square > 1.0 ? 1.0 / sqrt(square) : 1.0;
  for (size_t i = 0; i < n; i++) {
    centre[i] -= scale * radius * right[i + 1] / curvature;
  }
  *h = curvature / (radius * radius);
  return true;
}
