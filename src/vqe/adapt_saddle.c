#include "vqe/adapt_saddle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/saddle_step.h"

/* Share of the lowest curvature that the chosen elements keep. */
#define KEPT_SHARE 0.5

/* The ansatz with the whole pool behind it. */
struct extended {
  struct vqe_run *run;
  const struct vqe_optimizer_options *options;
  struct vqe_ansatz *ansatz;
  struct vqe_estimator *estimator;
  bool late; /* the limit of seconds */
};

void vqe_adapt_escape_clear(struct vqe_adapt_escape *escape)
{
  free(escape->elements);
  free(escape->point);
  memset(escape, 0, sizeof *escape);
}

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct extended *extended = ctx;
  struct vqe_optimizer_options left;
  (void)n;
  extended->late =
      !vqe_run_within_limits(&left, extended->run, extended->options);
  if (extended->late || vqe_run_stop_asked((void *)extended->run)) {
    return vqe_error_set(VQE_ERR_INTERRUPTED, "the run was interrupted");
  }
  extended->run->unrecorded++;
  return gradient != NULL
             ? vqe_estimator_gradient(extended->estimator, f, gradient, x)
             : vqe_estimator_energy(extended->estimator, f, x);
}

static int extend(struct vqe_ansatz **out, const struct vqe_ansatz *ansatz,
                  const struct vqe_ansatz *pool)
{
  struct vqe_ansatz *copy = NULL;
  int status = vqe_memory_alloc(&copy, 1, sizeof *copy, "ansatz and pool");
  if (status != VQE_OK) {
    return status;
  }
  *copy = *ansatz;
  copy->gates = NULL;
  status = vqe_memory_alloc(&copy->gates, ansatz->ngate, sizeof *copy->gates,
                            "gate list");
  if (status == VQE_OK) {
    memcpy(copy->gates, ansatz->gates, ansatz->ngate * sizeof *copy->gates);
  }
  for (int k = 0; status == VQE_OK && k < pool->nparam; k++) {
    status = vqe_ansatz_append(copy, pool, k);
  }
  if (status != VQE_OK) {
    vqe_ansatz_free(copy);
    return status;
  }
  *out = copy;
  return VQE_OK;
}

static int create(struct extended *extended)
{
  struct vqe_run *run = extended->run;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  vqe_run_estimator_options(&options, run);
  options.team = NULL;
  options.combiner = NULL;
  int status = extend(&extended->ansatz, run->ansatz, run->pool);
  return status == VQE_OK
             ? vqe_estimator_create(&extended->estimator, run->hamiltonian,
                                    extended->ansatz, &options)
             : status;
}

/* The curvature along `direction` of length 1. */
static int curvature_along(double *out, struct extended *extended,
                           const double *x, const double *direction)
{
  size_t n = (size_t)extended->ansatz->nparam;
  double *memory = NULL;
  double f;
  struct vqe_curvature_options options;
  vqe_saddle_options(&options, extended->run, extended->options);
  int status = vqe_memory_alloc(&memory, n, 3 * sizeof *memory, "a curvature");
  if (status != VQE_OK) {
    return status;
  }
  double *at = memory + 2 * n;
  status = objective(extended, (int)n, x, &f, memory);
  for (size_t k = 0; k < n; k++) {
    at[k] = x[k] + options.difference * direction[k];
  }
  if (status == VQE_OK) {
    status = objective(extended, (int)n, at, &f, memory + n);
  }
  *out = 0.0;
  for (size_t k = 0; k < n; k++) {
    *out += direction[k] * (memory[n + k] - memory[k]) / options.difference;
  }
  free(memory);
  return status;
}

/* Part of `direction`: the parameters before `first`, and behind it the
 * `count` largest ones, marked in `taken`; scaled to length 1. False when
 * there are no more. */
static bool restrict_to(double *out, bool *taken, const double *direction,
                        int n, int first, int count)
{
  double sum = 0.0;
  memset(taken, 0, (size_t)n * sizeof *taken);
  for (int c = 0; c < count; c++) {
    int best = -1;
    for (int k = first; k < n; k++) {
      if (!taken[k] &&
          (best < 0 || fabs(direction[k]) > fabs(direction[best]))) {
        best = k;
      }
    }
    if (best < 0) {
      return false;
    }
    taken[best] = true;
  }
  for (int k = 0; k < n; k++) {
    out[k] = k < first || taken[k] ? direction[k] : 0.0;
    sum += out[k] * out[k];
  }
  for (int k = 0; k < n; k++) {
    out[k] /= sqrt(sum);
  }
  return true;
}

/* The fewest elements that keep half of the curvature, into `part`. */
static int choose(double *part, bool *taken, int *count,
                  struct extended *extended, const double *x,
                  const double *direction, double curvature)
{
  int n = extended->ansatz->nparam;
  int first = extended->run->ansatz->nparam;
  double kept = 0.0;
  int status = VQE_OK;
  for (*count = 1; *count < n - first; *count *= 2) {
    if (!restrict_to(part, taken, direction, n, first, *count)) {
      break;
    }
    status = curvature_along(&kept, extended, x, part);
    if (status != VQE_OK || kept < KEPT_SHARE * curvature) {
      return status;
    }
  }
  *count = n - first;
  (void)restrict_to(part, taken, direction, n, first, *count);
  return status;
}

/* The end of the step as parameters of the grown ansatz. */
static int read_out(struct vqe_adapt_escape *out, const struct vqe_run *run,
                    const double *x, const bool *taken, int count)
{
  size_t first = (size_t)run->ansatz->nparam;
  size_t size = (size_t)count;
  int status = vqe_memory_alloc(&out->elements, size, sizeof *out->elements,
                                "operators to append");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->point, first + size, sizeof *out->point,
                              "operators to append");
  }
  if (status != VQE_OK) {
    return status;
  }
  memcpy(out->point, x, first * sizeof *x);
  for (int k = 0; k < run->pool->nparam; k++) {
    if (taken[first + (size_t)k]) {
      out->elements[out->count] = k;
      out->point[first + (size_t)out->count++] = x[first + (size_t)k];
    }
  }
  return status;
}

/* From the lowest curvature to the step. */
static int find(struct vqe_adapt_escape *out, struct extended *extended,
                double *x)
{
  const struct vqe_run *run = extended->run;
  struct vqe_curvature_options options;
  struct vqe_curvature lowest;
  int n = extended->ansatz->nparam;
  size_t size = (size_t)n;
  double *direction = x + size;
  double *part = direction + size;
  bool *taken = NULL;
  int count = 0;
  vqe_saddle_options(&options, run, extended->options);
  /* not the experiment's: the same molecule, turned in space, grows alike */
  options.stream = "pool";
  memcpy(x, run->result->optimal_parameters,
         (size_t)run->ansatz->nparam * sizeof *x);
  int status = vqe_curvature_lowest(&lowest, direction, n, x, objective,
                                    extended, &options);
  out->curvature = lowest.value;
  if (status != VQE_OK ||
      !(lowest.value < -vqe_saddle_threshold(extended->options))) {
    return status;
  }
  status =
      vqe_memory_alloc(&taken, size, sizeof *taken, "choice of operators");
  if (status == VQE_OK) {
    status = choose(part, taken, &count, extended, x, direction, lowest.value);
  }
  double f = lowest.f;
  if (status == VQE_OK) {
    status = vqe_saddle_step(x, &f, n, part, objective, extended);
  }
  if (status == VQE_OK && f < lowest.f - VQE_SADDLE_GAIN) {
    out->energy = f;
    status = read_out(out, run, x, taken, count);
  }
  free(taken);
  return status;
}

int vqe_adapt_escape_find(struct vqe_adapt_escape *out, struct vqe_run *run,
                          const struct vqe_optimizer_options *options)
{
  struct extended extended = {.run = run, .options = options};
  double *x = NULL;
  *out = (struct vqe_adapt_escape){.curvature = NAN, .energy = NAN};
  int status = create(&extended);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&x, (size_t)extended.ansatz->nparam,
                              3 * sizeof *x, "directions of curvature");
  }
  if (status == VQE_OK) {
    status = find(out, &extended, x);
  }
  free(x);
  vqe_estimator_free(extended.estimator);
  vqe_ansatz_free(extended.ansatz);
  if (status != VQE_OK) {
    vqe_adapt_escape_clear(out);
    out->curvature = NAN;
    out->energy = NAN;
  }
  return status == VQE_ERR_MEMORY || extended.late ? VQE_OK : status;
}
