#include "ansatz/subspace.h"

#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Squared lengths that differ by less than this share are equal. */
#define EQUAL 1e-6

/* The unit vector that is longest in what is left of the space. */
static int nearest(const double *left, int n)
{
  int best = 0;
  for (int i = 1; i < n; i++) {
    if (left[i] > (1.0 + EQUAL) * left[best]) {
      best = i;
    }
  }
  return best;
}

int vqe_ansatz_fix_basis(double *vectors, int n, int count, int row,
                         int column)
{
  double *fresh = NULL; /* count x n, then what is left of each length */
  if (n < 1 || count < 1) {
    return VQE_OK;
  }
  size_t size = (size_t)n;
  int status = vqe_memory_alloc(&fresh, (size_t)count + 1,
                                size * sizeof *fresh, "a basis");
  if (status != VQE_OK) {
    return status;
  }
  double *left = fresh + (size_t)count * size;
  for (int v = 0; v < count; v++) {
    for (int i = 0; i < n; i++) {
      double value = vectors[i * row + v * column];
      left[i] += value * value;
    }
  }
  for (int k = 0; k < count; k++) {
    double *next = fresh + (size_t)k * size;
    int pivot = nearest(left, n);
    for (int i = 0; i < n; i++) {
      for (int v = 0; v < count; v++) {
        next[i] +=
            vectors[i * row + v * column] * vectors[pivot * row + v * column];
      }
      for (int v = 0; v < k; v++) {
        const double *known = fresh + (size_t)v * size;
        next[i] -= known[i] * known[pivot];
      }
    }
    double length = sqrt(next[pivot]);
    for (int i = 0; i < n; i++) {
      next[i] /= length;
      left[i] -= next[i] * next[i];
    }
  }
  for (int v = 0; v < count; v++) {
    for (int i = 0; i < n; i++) {
      vectors[i * row + v * column] = fresh[(size_t)v * size + (size_t)i];
    }
  }
  free(fresh);
  return VQE_OK;
}

int vqe_ansatz_count_equal(const double *values, int count, double tolerance)
{
  int equal = 1;
  while (equal < count && fabs(values[equal] - values[0]) <= tolerance) {
    equal++;
  }
  return equal;
}
