#include "vqe/curvature.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"

/* Share of a curvature that an error may have when its sign is all that is
 * asked for. */
#define SIGN_SHARE 0.1
/* A remainder of this length is rounding: the directions found so far span
 * all that the first one reaches. */
#define EXHAUSTED 1e-9

struct lanczos {
  const struct vqe_curvature_options *options;
  int n, most, steps;
  const double *x;
  double *vectors;         /* (most + 1) x n, orthonormal */
  double *at, *gradient;   /* n each */
  double *origin;          /* n: gradient at x */
  double *diagonal, *next; /* of the tridiagonal matrix, most each */
  double *small;           /* its eigenvectors, most x most */
  double *ritz, *work;     /* most each */
};

static double dot(const double *a, const double *b, int n)
{
  double sum = 0.0;
  for (int k = 0; k < n; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

/* Scale to length 1 and return the length. */
static double normalise(double *a, int n)
{
  double length = sqrt(dot(a, a, n));
  for (int k = 0; length > 0.0 && k < n; k++) {
    a[k] /= length;
  }
  return length;
}

static int first_direction(struct lanczos *l)
{
  struct vqe_philox rng;
  int status = vqe_philox_init(&rng, l->options->stream, l->options->purpose);
  for (int k = 0; status == VQE_OK && k < l->n; k++) {
    l->vectors[k] = vqe_philox_normal(&rng);
  }
  if (status == VQE_OK) {
    (void)normalise(l->vectors, l->n);
  }
  return status;
}

/* The next direction: curvatures along the last one, made orthogonal to all,
 * twice against rounding. */
static int step(struct lanczos *l, vqe_objective objective, void *ctx)
{
  int n = l->n;
  double h = l->options->difference;
  const double *last = l->vectors + (size_t)l->steps * (size_t)n;
  double *fresh = l->vectors + (size_t)(l->steps + 1) * (size_t)n;
  double f;
  for (int k = 0; k < n; k++) {
    l->at[k] = l->x[k] + h * last[k];
  }
  int status = objective(ctx, n, l->at, &f, l->gradient);
  if (status != VQE_OK) {
    return status;
  }
  for (int k = 0; k < n; k++) {
    fresh[k] = (l->gradient[k] - l->origin[k]) / h;
  }
  l->diagonal[l->steps] = dot(fresh, last, n);
  for (int pass = 0; pass < 2; pass++) {
    for (int v = 0; v <= l->steps; v++) {
      const double *known = l->vectors + (size_t)v * (size_t)n;
      double share = dot(fresh, known, n);
      for (int k = 0; k < n; k++) {
        fresh[k] -= share * known[k];
      }
    }
  }
  l->next[l->steps] = normalise(fresh, n);
  l->steps++;
  return VQE_OK;
}

/* Lowest eigenvalue of the tridiagonal matrix so far, into *out; its vector
 * becomes the first row of l->small. */
static int lowest_of_small(struct vqe_curvature *out, struct lanczos *l)
{
  int m = l->steps;
  memcpy(l->ritz, l->diagonal, (size_t)m * sizeof(double));
  memcpy(l->work, l->next, (size_t)m * sizeof(double));
  if (LAPACKE_dstev(LAPACK_COL_MAJOR, 'V', m, l->ritz, l->work, l->small, m) !=
      0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "the curvatures of the energy do not converge");
  }
  out->value = l->ritz[0];
  out->error = fabs(l->next[m - 1] * l->small[m - 1]);
  return VQE_OK;
}

static void direction_of(double *direction, const struct lanczos *l)
{
  double slope = 0.0;
  memset(direction, 0, (size_t)l->n * sizeof *direction);
  for (int v = 0; v < l->steps; v++) {
    for (int k = 0; k < l->n; k++) {
      direction[k] +=
          l->small[v] * l->vectors[(size_t)v * (size_t)l->n + (size_t)k];
    }
  }
  slope = dot(direction, l->origin, l->n);
  for (int k = 0; slope > 0.0 && k < l->n; k++) {
    direction[k] = -direction[k];
  }
}

static bool is_known(const struct vqe_curvature *found,
                     const struct lanczos *l)
{
  double needed = fmax(l->options->tolerance, SIGN_SHARE * fabs(found->value));
  return found->error <= needed || l->next[l->steps - 1] < EXHAUSTED;
}

static int allocate(struct lanczos *l)
{
  size_t n = (size_t)l->n;
  size_t m = (size_t)l->most;
  int status = vqe_memory_alloc(&l->vectors, n, (m + 4) * sizeof(double),
                                "directions of curvature");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&l->diagonal, m, (m + 4) * sizeof(double),
                              "curvatures");
  }
  if (status == VQE_OK) {
    l->at = l->vectors + (m + 1) * n;
    l->gradient = l->at + n;
    l->origin = l->gradient + n;
    l->next = l->diagonal + m;
    l->ritz = l->next + m;
    l->work = l->ritz + m;
    l->small = l->work + m;
  }
  return status;
}

int vqe_curvature_lowest(struct vqe_curvature *out, double *direction, int n,
                         const double *x, vqe_objective objective, void *ctx,
                         const struct vqe_curvature_options *options)
{
  struct lanczos l = {.options = options, .n = n, .x = x};
  *out = (struct vqe_curvature){.value = NAN, .error = NAN, .f = NAN};
  l.most = n < options->max_steps ? n : options->max_steps;
  if (l.most < 1) {
    return VQE_OK;
  }
  int status = allocate(&l);
  if (status == VQE_OK) {
    status = first_direction(&l);
  }
  if (status == VQE_OK) {
    status = objective(ctx, n, x, &out->f, l.origin);
    out->nfev++;
  }
  bool known = false;
  while (status == VQE_OK && !known && l.steps < l.most) {
    status = step(&l, objective, ctx);
    out->nfev++;
    if (status == VQE_OK) {
      status = lowest_of_small(out, &l);
    }
    known = status == VQE_OK && is_known(out, &l);
  }
  if (status == VQE_OK) {
    direction_of(direction, &l);
  }
  free(l.vectors);
  free(l.diagonal);
  return status;
}
