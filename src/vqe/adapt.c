#include "vqe/adapt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/metric.h"
#include "vqe/evaluations.h"

/* When several elements are added at a time, none has less than this share of
 * the largest slope. */
#define LEAST_SHARE 0.1
/* While the ansatz grows, an optimisation stops at this share of the largest
 * slope of the pool: the next element changes more than what is left. N2 and
 * NH3 take half the evaluations for the same operators and energies. */
#define LOOSE_SHARE 0.1
/* Slopes that fall by more than this in one growth show what the loose
 * optimisation left open, not new elements: it is taken further instead. */
#define TOO_LOOSE 3.0

/* Above this many parameters a dense metric costs more than it gains. */
#define METRIC_LIMIT 2000

/* The objective, watched by the metric. */
struct watched {
  struct run *run;
  vqe_objective objective;
  struct vqe_metric metric;
};

static int watch(void *ctx, int n, const double *x, double *f,
                 double *gradient)
{
  struct watched *watched = ctx;
  int status = watched->objective(watched->run, n, x, f, gradient);
  if (status == VQE_OK && gradient != NULL && n == watched->metric.n) {
    vqe_metric_observe(&watched->metric, x, gradient);
  }
  return status;
}

static void stop(struct vqe_optimize_result *out, bool converged,
                 const char *reason)
{
  out->converged = converged;
  snprintf(out->reason, sizeof out->reason, "%s", reason);
}

/* Element of the largest slope that is not taken, the first of equal ones. */
static int largest(const double *slope, const bool *taken, int count)
{
  int best = -1;
  for (int k = 0; k < count; k++) {
    if (!taken[k] && (best < 0 || fabs(slope[k]) > fabs(slope[best]))) {
      best = k;
    }
  }
  return best;
}

/* Append the elements of largest slope and give each a parameter 0. */
static int grow(struct run *run, const double *slope)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  struct vqe_result *result = run->result;
  bool *taken = NULL;
  double least = 0.0;
  int before = result->nparam;
  int status = vqe_memory_alloc(&taken, (size_t)run->pool->nparam,
                                sizeof *taken, "choice of operators");
  for (int k = 0; status == VQE_OK && k < adapt->operators_at_a_time &&
                  run->ansatz->nparam < adapt->max_operators;
       k++) {
    int best = largest(slope, taken, run->pool->nparam);
    if (best < 0 || fabs(slope[best]) < least) {
      break;
    }
    least = k == 0 ? LEAST_SHARE * fabs(slope[best]) : least;
    taken[best] = true;
    status = vqe_ansatz_append(run->ansatz, run->pool, best);
  }
  free(taken);
  if (status == VQE_OK) {
    status = vqe_estimator_extend(run->estimator);
  }
  if (status == VQE_OK) {
    status = vqe_evaluations_widen(result, run->capacity, run->ansatz->nparam);
  }
  return status == VQE_OK && result->nparam == before
             ? vqe_error_set(VQE_ERR_NUMERIC, "the pool has no operators")
             : status;
}

/* Whether the slopes of the pool end the growth; *gmax is the largest one. */
static bool ended_by_slopes(struct vqe_optimize_result *out, double *gmax,
                            const struct run *run, const double *slope,
                            const struct vqe_optimizer_options *options)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  char reason[sizeof out->reason];
  double sum = 0.0;
  *gmax = 0.0;
  for (int k = 0; k < run->pool->nparam; k++) {
    *gmax = fmax(*gmax, fabs(slope[k]));
    sum += slope[k] * slope[k];
  }
  double norm = sqrt(sum);
  if (norm <= adapt->gradient_norm) {
    snprintf(reason, sizeof reason,
             "converged: norm of the pool's gradient %.2e hartree "
             "(gradient_norm %.1e), %d operators",
             norm, adapt->gradient_norm, run->ansatz->nparam);
    stop(out, true, reason);
    return true;
  }
  if (*gmax <= options->gtol) {
    /* an optimisation would end where it begins */
    snprintf(reason, sizeof reason,
             "converged: largest gradient of the pool %.2e hartree (gtol "
             "%.1e), %d operators",
             *gmax, options->gtol, run->ansatz->nparam);
    stop(out, true, reason);
    return true;
  }
  if (run->ansatz->nparam >= adapt->max_operators) {
    snprintf(reason, sizeof reason,
             "limit of %d operators reached, norm of the pool's gradient "
             "%.2e hartree",
             adapt->max_operators, norm);
    stop(out, false, reason);
    return true;
  }
  return false;
}

/* What is left of the limits for the next optimisation. */
static bool within_limits(struct vqe_optimizer_options *left,
                          const struct run *run,
                          const struct vqe_optimizer_options *options)
{
  *left = *options;
  left->max_evaluations -= (int)run->result->neval;
  if (options->max_seconds > 0.0) {
    left->max_seconds -= vqe_clock_wall() - run->started;
    if (left->max_seconds <= 0.0) {
      return false;
    }
  }
  return left->max_evaluations > 0;
}

/* All parameters again from where they are. */
static int optimise(struct vqe_optimize_result *found, int *nit,
                    struct watched *watched,
                    const struct vqe_optimizer_options *options)
{
  const struct run *run = watched->run;
  struct vqe_result *result = run->result;
  struct vqe_optimizer_options with_metric = *options;
  int n = result->nparam;
  int status = VQE_OK;
  if (n > 0 && n <= METRIC_LIMIT) {
    if (n != watched->metric.n) {
      status = vqe_metric_widen(&watched->metric, n);
    }
    if (status != VQE_OK) {
      return status;
    }
    with_metric.metric = vqe_metric_factor(&watched->metric);
  }
  status =
      vqe_optimize(found, run->experiment->optimizer, n,
                   result->optimal_parameters, watch, watched, &with_metric);
  *nit = found->nit < 0 || *nit < 0 ? -1 : *nit + found->nit;
  return status;
}

/* Bring the last, loose optimisation to the tolerance that was asked for. */
static int finish(struct vqe_optimize_result *out, int *nit,
                  struct watched *watched,
                  const struct vqe_optimizer_options *options)
{
  struct vqe_optimizer_options left;
  struct vqe_optimize_result found;
  if (!within_limits(&left, watched->run, options)) {
    return VQE_OK;
  }
  int status = optimise(&found, nit, watched, &left);
  if (status == VQE_OK) {
    out->f = found.f;
    if (!found.converged) {
      stop(out, false, found.reason);
    }
  }
  return status;
}

int vqe_adapt_minimise(struct vqe_optimize_result *out, struct run *run,
                       vqe_objective objective,
                       const struct vqe_optimizer_options *options)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  struct vqe_result *result = run->result;
  struct vqe_optimizer_options left = *options;
  struct watched watched = {.run = run, .objective = objective};
  struct vqe_optimize_result found;
  double *slope = NULL;
  double gmax;
  double tolerance = options->gtol; /* of the last optimisation */
  int nit = 0;
  int status = vqe_memory_alloc(&slope, (size_t)run->pool->nparam,
                                sizeof *slope, "gradient of the pool");
  if (status == VQE_OK) {
    /* the Hartree-Fock state, one evaluation */
    status = optimise(out, &nit, &watched, options);
  }
  while (status == VQE_OK) {
    double before = out->f;
    char reason[sizeof out->reason];
    if (!within_limits(&left, run, options)) {
      stop(out, false, "limit of evaluations or seconds reached");
      break;
    }
    if (options->has_threshold && out->f <= options->threshold) {
      stop(out, false, "reached the threshold");
      tolerance = options->gtol;
      break;
    }
    status = vqe_estimator_pool_gradient(
        run->estimator, slope, result->optimal_parameters, run->pool);
    if (status != VQE_OK || ended_by_slopes(out, &gmax, run, slope, options)) {
      break;
    }
    left.gtol = fmax(options->gtol, LOOSE_SHARE * gmax);
    bool grows = tolerance < TOO_LOOSE * left.gtol;
    tolerance = left.gtol;
    if (grows) {
      status = grow(run, slope);
    }
    if (status == VQE_OK) {
      status = optimise(&found, &nit, &watched, &left);
    }
    if (status != VQE_OK) {
      break;
    }
    *out = found;
    if (!grows) {
      continue;
    }
    if (found.converged && before - found.f < adapt->energy_change) {
      snprintf(reason, sizeof reason,
               "converged: the last growth lowered the energy by %.2e "
               "hartree (energy_change %.1e), %d operators",
               before - found.f, adapt->energy_change, run->ansatz->nparam);
      stop(out, true, reason);
      break;
    }
    if (!(found.f < before) && within_limits(&left, run, options)) {
      stop(out, false, "the last growth did not lower the energy");
      break;
    }
  }
  if (status == VQE_OK && tolerance > options->gtol) {
    status = finish(out, &nit, &watched, options);
  }
  out->nit = nit;
  out->nfev = (int)result->neval;
  vqe_metric_clear(&watched.metric);
  free(slope);
  return status;
}
