/* The lowest eigenvalue of the orbital Hessian by Davidson's method. */
#include "chem/stability.h"

#include <lapacke.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"

#define MAX_VECTORS 20
#define RESIDUAL 1e-3
#define CLEARLY_NEGATIVE (-1e-2)

/* Make `x` orthogonal to `count` vectors and of norm one; false when nothing
 * is left of it. */
static bool orthonormalise(double *x, const double *vectors, int count,
                           size_t size)
{
  double before = sqrt(vqe_fock_dot(x, x, size));
  for (int twice = 0; twice < 2; twice++) {
    for (int k = 0; k < count; k++) {
      const double *v = vectors + (size_t)k * size;
      double overlap = vqe_fock_dot(x, v, size);
      for (size_t i = 0; i < size; i++) {
        x[i] -= overlap * v[i];
      }
    }
  }
  double norm = sqrt(vqe_fock_dot(x, x, size));
  if (!(norm > 1e-8 * before) || !(norm > 0.0)) {
    return false;
  }
  for (size_t i = 0; i < size; i++) {
    x[i] /= norm;
  }
  return true;
}

/* A start with a part in every irrep, more of it where the diagonal is low;
 * a linear congruence serves for the irregular part. */
static void start_vector(double *x, const struct vqe_scf_hessian *h)
{
  uint32_t random = 12345;
  for (size_t i = 0; i < h->size; i++) {
    random = random * 1664525u + 1013904223u;
    double part = (double)(random >> 8) / (1u << 24) - 0.5;
    x[i] =
        (part < 0.0 ? part - 0.5 : part + 0.5) / (fabs(h->diagonal[i]) + 0.2);
  }
}

/* Vectors of the search space, their images, and the Hessian among them. */
struct space {
  size_t size;
  int count;
  double *vectors; /* MAX_VECTORS + 1 */
  double *images;
  double projected[MAX_VECTORS][MAX_VECTORS];
  double lowest;
  double weights[MAX_VECTORS]; /* of its eigenvector */
};

static bool solve_projected(struct space *space)
{
  double small[MAX_VECTORS * MAX_VECTORS];
  double values[MAX_VECTORS];
  int n = space->count;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      small[i * n + j] = space->projected[j][i];
      small[j * n + i] = space->projected[j][i];
    }
  }
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, small, n, values) != 0) {
    return false;
  }
  space->lowest = values[0];
  memcpy(space->weights, small, (size_t)n * sizeof(double));
  return true;
}

/* The next vector from the residual; its norm. */
static double correct(double *next, const struct space *space,
                      const double *diagonal)
{
  double norm = 0.0;
  for (size_t i = 0; i < space->size; i++) {
    double sum = 0.0;
    for (int k = 0; k < space->count; k++) {
      size_t at = (size_t)k * space->size + i;
      sum += space->weights[k] *
             (space->images[at] - space->lowest * space->vectors[at]);
    }
    norm += sum * sum;
    double gap = diagonal[i] - space->lowest;
    next[i] = sum / (fabs(gap) < 0.05 ? 0.05 : gap);
  }
  return sqrt(norm);
}

static void search(struct space *space, struct vqe_scf_hessian *h)
{
  bool going = true;
  start_vector(space->vectors, h);
  while (going && space->count < MAX_VECTORS) {
    int n = space->count;
    double *next = space->vectors + (size_t)n * space->size;
    double *image = space->images + (size_t)n * space->size;
    if (!orthonormalise(next, space->vectors, n, space->size)) {
      break;
    }
    vqe_scf_hessian_apply(image, h, next);
    for (int i = 0; i <= n; i++) {
      space->projected[i][n] = vqe_fock_dot(
          space->vectors + (size_t)i * space->size, image, space->size);
    }
    space->count++;
    going = solve_projected(space) && space->lowest >= CLEARLY_NEGATIVE &&
            correct(next + space->size, space, h->diagonal) >= RESIDUAL;
  }
}

int vqe_stability_lowest(double *lowest, double *vector,
                         struct vqe_scf_hessian *hessian)
{
  struct space space = {.size = hessian->size};
  *lowest = 0.0;
  if (hessian->size == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&space.vectors, (MAX_VECTORS + 1) * space.size,
                                sizeof(double), "stability check");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&space.images, MAX_VECTORS * space.size,
                              sizeof(double), "stability check");
  }
  if (status == VQE_OK) {
    search(&space, hessian);
    *lowest = space.lowest;
    for (size_t i = 0; vector != NULL && i < space.size; i++) {
      vector[i] = 0.0;
      for (int k = 0; k < space.count; k++) {
        vector[i] +=
            space.weights[k] * space.vectors[(size_t)k * space.size + i];
      }
    }
  }
  free(space.vectors);
  free(space.images);
  return status;
}
