#include "chem/diis.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"

#define SIZE VQE_DIIS_SIZE

struct vqe_diis {
  size_t nvector;
  size_t max_error;
  int count; /* stored ever since the last reset */
  double *vectors;
  double *errors;
  double overlaps[SIZE][SIZE]; /* of errors */
};

int vqe_diis_new(struct vqe_diis **out, size_t nvector, size_t nerror)
{
  struct vqe_diis *diis = NULL;
  int status = vqe_memory_alloc(&diis, 1, sizeof *diis, "DIIS");
  if (status != VQE_OK) {
    return status;
  }
  diis->nvector = nvector;
  diis->max_error = nerror;
  status =
      vqe_memory_alloc(&diis->vectors, SIZE * nvector, sizeof(double), "DIIS");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&diis->errors, SIZE * nerror, sizeof(double), "DIIS");
  }
  if (status != VQE_OK) {
    vqe_diis_free(diis);
    return status;
  }
  *out = diis;
  return VQE_OK;
}

void vqe_diis_free(struct vqe_diis *diis)
{
  if (diis == NULL) {
    return;
  }
  free(diis->vectors);
  free(diis->errors);
  free(diis);
}

void vqe_diis_reset(struct vqe_diis *diis)
{
  diis->count = 0;
}

/* Weights that minimise the combined error under a sum of one; false when
 * the errors are dependent. */
static bool solve(double weights[SIZE + 1], const struct vqe_diis *diis,
                  int size)
{
  double matrix[(SIZE + 1) * (SIZE + 1)] = {0.0};
  int pivots[SIZE + 1];
  int n = size + 1;
  double scale = 0.0;
  for (int i = 0; i < size; i++) {
    scale = fmax(scale, diis->overlaps[i][i]);
  }
  if (!(scale > 0.0)) {
    return false;
  }
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      matrix[i * n + j] = diis->overlaps[i][j] / scale;
    }
    matrix[i * n + size] = -1.0;
    matrix[size * n + i] = -1.0;
    weights[i] = 0.0;
  }
  weights[size] = -1.0;
  if (LAPACKE_dgesv(LAPACK_COL_MAJOR, n, 1, matrix, n, pivots, weights, n) !=
      0) {
    return false;
  }
  for (int i = 0; i < size; i++) {
    if (!(fabs(weights[i]) < 1e4)) {
      return false;
    }
  }
  return true;
}

void vqe_diis_extrapolate(struct vqe_diis *diis, double *vector,
                          const double *error, size_t nerror)
{
  int slot = diis->count % SIZE;
  double weights[SIZE + 1];
  memcpy(diis->vectors + (size_t)slot * diis->nvector, vector,
         diis->nvector * sizeof(double));
  memcpy(diis->errors + (size_t)slot * diis->max_error, error,
         nerror * sizeof(double));
  diis->count++;
  int size = diis->count < SIZE ? diis->count : SIZE;
  for (int i = 0; i < size; i++) {
    double overlap = vqe_fock_dot(diis->errors + (size_t)i * diis->max_error,
                                  error, nerror);
    diis->overlaps[i][slot] = overlap;
    diis->overlaps[slot][i] = overlap;
  }
  if (size < 2) {
    return;
  }
  if (!solve(weights, diis, size)) {
    /* start afresh from the newest */
    memmove(diis->vectors, vector, diis->nvector * sizeof(double));
    memmove(diis->errors, error, nerror * sizeof(double));
    diis->overlaps[0][0] = diis->overlaps[slot][slot];
    diis->count = 1;
    return;
  }
  memset(vector, 0, diis->nvector * sizeof(double));
  for (int i = 0; i < size; i++) {
    const double *stored = diis->vectors + (size_t)i * diis->nvector;
    for (size_t k = 0; k < diis->nvector; k++) {
      vector[k] += weights[i] * stored[k];
    }
  }
}
