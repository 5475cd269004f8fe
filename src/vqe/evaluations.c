#include "vqe/evaluations.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

static int grow(struct vqe_result *result, size_t *capacity)
{
  size_t old = *capacity;
  size_t wanted = old == 0 ? 64 : 2 * old;
  size_t nparam = (size_t)result->nparam;
  double **columns[] = {
      &result->eval_energy,
      &result->eval_std,
      &result->eval_energy_delta,
      &result->eval_parameter_delta_norm,
      &result->eval_cumulative_min_energy,
      &result->eval_gradient_norm,
      &result->eval_seconds,
  };
  int status = VQE_OK;
  for (size_t k = 0;
       status == VQE_OK && k < sizeof columns / sizeof columns[0]; k++) {
    status = vqe_memory_grow(columns[k], result->neval, wanted, sizeof(double),
                             "recorded evaluations");
  }
  size_t cells;
  if (status == VQE_OK && !vqe_memory_mul(&cells, wanted, nparam)) {
    status = vqe_error_set(VQE_ERR_MEMORY, "too many recorded parameters");
  }
  if (status == VQE_OK) {
    status = vqe_memory_grow(&result->eval_parameters, result->neval * nparam,
                             cells, sizeof(double), "recorded parameters");
  }
  if (status == VQE_OK) {
    *capacity = wanted;
  }
  return status;
}

static double norm_of(const double *gradient, size_t n)
{
  double sum = 0.0;
  for (size_t k = 0; gradient != NULL && k < n; k++) {
    sum += gradient[k] * gradient[k];
  }
  return gradient != NULL ? sqrt(sum) : NAN;
}

int vqe_evaluations_append(struct vqe_result *result, size_t *capacity,
                           const double *parameters, double energy, double std,
                           const double *gradient, double seconds)
{
  size_t nparam = (size_t)result->nparam;
  size_t n = result->neval;
  VQE_ASSERT(n <= *capacity);
  if (n == *capacity) {
    int status = grow(result, capacity);
    if (status != VQE_OK) {
      return status;
    }
  }
  double *row = result->eval_parameters + n * nparam;
  memcpy(row, parameters, nparam * sizeof *row);
  result->eval_energy[n] = energy;
  result->eval_std[n] = std;
  result->eval_seconds[n] = seconds;
  result->eval_energy_delta[n] = NAN;
  result->eval_parameter_delta_norm[n] = NAN;
  result->eval_cumulative_min_energy[n] = energy;
  result->eval_gradient_norm[n] = norm_of(gradient, nparam);
  if (n > 0) {
    double sum = 0.0;
    for (size_t k = 0; k < nparam; k++) {
      double step = row[k] - row[(long)k - (long)nparam];
      sum += step * step;
    }
    result->eval_energy_delta[n] = energy - result->eval_energy[n - 1];
    result->eval_parameter_delta_norm[n] = sqrt(sum);
    result->eval_cumulative_min_energy[n] =
        fmin(energy, result->eval_cumulative_min_energy[n - 1]);
  }
  result->neval = n + 1;
  return VQE_OK;
}

int vqe_evaluations_widen(struct vqe_result *result, size_t capacity,
                          int nparam)
{
  size_t old = (size_t)result->nparam;
  size_t wide = (size_t)nparam;
  size_t cells;
  VQE_ASSERT(nparam >= result->nparam && result->neval <= capacity);
  int status = vqe_memory_grow(&result->initial_parameters, old, wide,
                               sizeof(double), "initial parameters");
  if (status == VQE_OK) {
    status = vqe_memory_grow(&result->optimal_parameters, old, wide,
                             sizeof(double), "optimal parameters");
  }
  if (status == VQE_OK && !vqe_memory_mul(&cells, capacity, wide)) {
    status = vqe_error_set(VQE_ERR_MEMORY, "too many recorded parameters");
  }
  if (status == VQE_OK) {
    status = vqe_memory_grow(&result->eval_parameters, result->neval * old,
                             cells, sizeof(double), "recorded parameters");
  }
  if (status != VQE_OK) {
    return status;
  }
  /* from the last row on, as rows move up */
  for (size_t k = result->neval; k-- > 0;) {
    double *row = result->eval_parameters + k * wide;
    memmove(row, result->eval_parameters + k * old, old * sizeof *row);
    memset(row + old, 0, (wide - old) * sizeof *row);
  }
  result->nparam = nparam;
  return VQE_OK;
}

/* Values move up or stay: from the last one on, none is overwritten before it
 * has moved. */
static void spread(double *row, int count, int nparam, const int *map)
{
  int end = nparam;
  for (int k = count; k-- > 0;) {
    double value = row[k];
    VQE_ASSERT(map[k] >= k && map[k] < end);
    for (int at = map[k] + 1; at < end; at++) {
      row[at] = 0.0;
    }
    row[map[k]] = value;
    end = map[k];
  }
  for (int at = 0; at < end; at++) {
    row[at] = 0.0;
  }
}

int vqe_evaluations_spread_row(double **row, int count, int nparam,
                               const int *map)
{
  int status = VQE_OK;
  if (*row != NULL) {
    status = vqe_memory_grow(row, (size_t)count, (size_t)nparam,
                             sizeof(double), "parameters");
    if (status == VQE_OK) {
      spread(*row, count, nparam, map);
    }
  }
  return status;
}

int vqe_evaluations_spread(struct vqe_result *result, size_t capacity,
                           int nparam, const int *map)
{
  int before = result->nparam;
  int status = vqe_evaluations_widen(result, capacity, nparam);
  if (status != VQE_OK) {
    return status;
  }
  spread(result->initial_parameters, before, nparam, map);
  spread(result->optimal_parameters, before, nparam, map);
  for (size_t k = 0; k < result->neval; k++) {
    spread(result->eval_parameters + k * (size_t)nparam, before, nparam, map);
  }
  return VQE_OK;
}
