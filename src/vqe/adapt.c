#include "vqe/adapt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "vqe/adapt_choice.h"
#include "vqe/adapt_saddle.h"
#include "vqe/checks.h"
#include "vqe/evaluations.h"
#include "vqe/metric.h"
#include "vqe/neighbour.h"

/* While the ansatz grows, an optimisation stops at this share of the largest
 * slope of the pool: the next element changes more than what is left. N2 and
 * NH3 take half the evaluations for the same operators and energies. */
#define LOOSE_SHARE 0.1
/* Slopes that fall by more than this in one growth show what the loose
 * optimisation left open, not new elements: it is taken further instead. */
#define TOO_LOOSE 3.0

/* Hartree: a pool whose gradient is no longer than this, the default, should
 * have nothing left that matters. */
#define EXACT_NORM 1e-3

/* Saddle points left in one run. */
#define MOST_ESCAPES 20

/* Above this many parameters a dense metric costs more than it gains. */
#define METRIC_LIMIT 2000

/* The objective, watched by the metric. */
struct watched {
  struct vqe_run *run;
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

/* Append these elements and give each a parameter 0. */
static int append(struct vqe_run *run, const int *elements, int count)
{
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_ansatz_append(run->ansatz, run->pool, elements[k]);
  }
  if (status == VQE_OK) {
    status = vqe_neighbour_note_elements(run, elements, count);
  }
  if (status == VQE_OK) {
    status = vqe_estimator_extend(run->estimator);
  }
  if (status == VQE_OK) {
    status =
        vqe_evaluations_widen(run->result, run->capacity, run->ansatz->nparam);
  }
  return status;
}

/* Append the elements of largest slope. */
static int grow(struct vqe_run *run, const double *slope, double gtol)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  int *elements = NULL;
  int count = 0;
  int status =
      vqe_adapt_choose(&elements, &count, run->pool, slope, adapt,
                       adapt->max_operators - run->ansatz->nparam, gtol);
  if (status == VQE_OK) {
    status = append(run, elements, count);
  }
  free(elements);
  return status;
}

static double norm_of(const double *slope, int count)
{
  double sum = 0.0;
  for (int k = 0; k < count; k++) {
    sum += slope[k] * slope[k];
  }
  return sqrt(sum);
}

/* Whether the slopes of the pool end the growth; *gmax is the largest one. */
static bool ended_by_slopes(struct vqe_optimize_result *out, double *gmax,
                            const struct vqe_run *run, const double *slope,
                            const struct vqe_optimizer_options *options)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  char reason[sizeof out->reason];
  *gmax = 0.0;
  for (int k = 0; k < run->pool->nparam; k++) {
    *gmax = fmax(*gmax, fabs(slope[k]));
  }
  double norm = norm_of(slope, run->pool->nparam);
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
             "limit of %d operators reached (max_operators), norm of the "
             "pool's gradient %.2e hartree",
             adapt->max_operators, norm);
    stop(out, false, reason);
    return true;
  }
  return false;
}

/* All parameters again from where they are. */
static int optimise(struct vqe_optimize_result *found, int *nit,
                    struct watched *watched,
                    const struct vqe_optimizer_options *options)
{
  const struct vqe_run *run = watched->run;
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
  if (!vqe_run_within_limits(&left, watched->run, options)) {
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

/* What the loop carries from one growth to the next. */
struct growth {
  double *slope;    /* of the pool's elements */
  double tolerance; /* of the last optimisation */
  int nit;
  int escapes; /* saddle points left */
};

/* Whether limits or the threshold end the loop; *left is what is left of the
 * limits otherwise. */
static bool ended_by_limits(struct vqe_optimize_result *out,
                            struct growth *growth,
                            struct vqe_optimizer_options *left,
                            const struct vqe_run *run,
                            const struct vqe_optimizer_options *options)
{
  if (!vqe_run_within_limits(left, run, options)) {
    char limit[VQE_RUN_LIMIT_TEXT];
    vqe_run_limit_text(limit, run, options);
    stop(out, false, limit);
    return true;
  }
  if (options->has_threshold && out->f <= options->threshold) {
    stop(out, false, "reached the threshold");
    growth->tolerance = options->gtol;
    return true;
  }
  return false;
}

/* Whether what the last growth brought, from energy `before`, ends the
 * loop. */
static bool ended_by_energy(struct vqe_optimize_result *out, double before,
                            const struct vqe_run *run,
                            const struct vqe_optimizer_options *options)
{
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  struct vqe_optimizer_options left;
  char reason[sizeof out->reason];
  if (out->converged && before - out->f < adapt->energy_change) {
    snprintf(reason, sizeof reason,
             "converged: the last growth lowered the energy by %.2e "
             "hartree (energy_change %.1e), %d operators",
             before - out->f, adapt->energy_change, run->ansatz->nparam);
    stop(out, true, reason);
    return true;
  }
  if (!(out->f < before) && vqe_run_within_limits(&left, run, options)) {
    stop(out, false, "the last growth did not lower the energy");
    return true;
  }
  return false;
}

/* Grow along a way down and optimise there. */
static int grow_along(struct vqe_optimize_result *out, bool *ended,
                      struct growth *growth, struct watched *watched,
                      const struct vqe_adapt_escape *escape,
                      const struct vqe_optimizer_options *options)
{
  struct vqe_run *run = watched->run;
  struct vqe_optimizer_options left;
  char reason[sizeof out->reason];
  char limit[VQE_RUN_LIMIT_TEXT];
  int most = run->ansatz_options.adapt.max_operators;
  bool many = run->ansatz->nparam + escape->count > most;
  if (many || !vqe_run_within_limits(&left, run, options)) {
    if (many) {
      snprintf(limit, sizeof limit,
               "max_operators %d leaves no room for %d more", most,
               escape->count);
    } else {
      vqe_run_limit_text(limit, run, options);
    }
    snprintf(reason, sizeof reason,
             "%s at a saddle point (curvature %.2e hartree/rad^2), %d "
             "operators",
             limit, escape->curvature, run->ansatz->nparam);
    stop(out, false, reason);
    return vqe_notes_add(&run->result->notes, VQE_NOTE_SADDLE_POINT,
                         "lowest curvature of the pool %.2e hartree/rad^2",
                         escape->curvature);
  }
  int status = append(run, escape->elements, escape->count);
  if (status == VQE_OK) {
    memcpy(run->result->optimal_parameters, escape->point,
           (size_t)run->ansatz->nparam * sizeof(double));
    status = optimise(out, &growth->nit, watched, &left);
  }
  growth->tolerance = options->gtol;
  growth->escapes++;
  *ended = false;
  return status;
}

/* Where every slope vanishes, perhaps by symmetry alone, what is said to have
 * converged may be a saddle point of the whole pool: the growth goes on. */
static int leave_saddle(struct vqe_optimize_result *out, bool *ended,
                        struct growth *growth, struct watched *watched,
                        const struct vqe_optimizer_options *options)
{
  struct vqe_run *run = watched->run;
  struct vqe_adapt_escape escape;
  if (!*ended || !out->converged || growth->escapes == MOST_ESCAPES ||
      norm_of(growth->slope, run->pool->nparam) > EXACT_NORM ||
      run->experiment->escape_saddles == VQE_ESCAPE_NEVER) {
    return VQE_OK;
  }
  int status = vqe_adapt_escape_find(&escape, run, options);
  if (status == VQE_OK && escape.count > 0) {
    status = grow_along(out, ended, growth, watched, &escape, options);
  }
  if (status == VQE_OK) {
    vqe_adapt_escape_clear(&escape);
  }
  return status;
}

/* A state that converged may still be none of the molecule's: another spin
 * nearby in energy, or a minimum among circuits above the exact energy. */
static int judge(struct vqe_optimize_result *out, const struct vqe_run *run)
{
  const struct vqe_result *result = run->result;
  struct vqe_properties properties;
  char reason[sizeof out->reason];
  double spin = 0.5 * (result->nalpha - result->nbeta);
  double s2 = spin * (spin + 1.0);
  const struct vqe_adapt_options *adapt = &run->ansatz_options.adapt;
  /* whoever asks for less gets it */
  bool to_the_end =
      adapt->gradient_norm <= EXACT_NORM && adapt->energy_change == 0.0;
  double above = out->f + result->nuclear_repulsion_energy -
                 result->fci_energy; /* NaN without FCI */
  int status = vqe_estimator_properties(run->estimator, &properties, NULL,
                                        result->optimal_parameters);
  if (status == VQE_OK && fabs(properties.s2 - s2) > VQE_CHECK_STATE) {
    snprintf(reason, sizeof reason,
             "stationary, but <S^2> is %.4f instead of %.4g, %d operators",
             properties.s2, s2, run->ansatz->nparam);
    stop(out, false, reason);
  } else if (status == VQE_OK && to_the_end && above > VQE_CHECK_ACCURACY) {
    snprintf(reason, sizeof reason,
             "stationary %.2f mHa above the exact energy; another pool or a "
             "lower gradient_norm may go on, %d operators",
             1e3 * above, run->ansatz->nparam);
    stop(out, false, reason);
  }
  return status;
}

/* One growth and the optimisation behind it; *ended when it was the last. */
static int grow_once(struct vqe_optimize_result *out, bool *ended,
                     struct growth *growth, struct watched *watched,
                     const struct vqe_optimizer_options *options)
{
  struct vqe_run *run = watched->run;
  struct vqe_optimizer_options left;
  struct vqe_optimize_result found;
  double before = out->f;
  double gmax;
  *ended = ended_by_limits(out, growth, &left, run, options);
  if (*ended) {
    return VQE_OK;
  }
  int status =
      vqe_estimator_pool_gradient(run->estimator, growth->slope,
                                  run->result->optimal_parameters, run->pool);
  if (status != VQE_OK) {
    return status;
  }
  *ended = ended_by_slopes(out, &gmax, run, growth->slope, options);
  if (*ended) {
    return leave_saddle(out, ended, growth, watched, options);
  }
  left.gtol = fmax(options->gtol, LOOSE_SHARE * gmax);
  bool grows = growth->tolerance < TOO_LOOSE * left.gtol;
  growth->tolerance = left.gtol;
  if (grows) {
    status = grow(run, growth->slope, options->gtol);
  }
  if (status == VQE_OK) {
    status = optimise(&found, &growth->nit, watched, &left);
  }
  if (status == VQE_OK) {
    *out = found;
    *ended = grows && ended_by_energy(out, before, run, options);
  }
  return status;
}

/* The operators of a nearby geometry, at the parameters there, and what was
 * learned of the curvature. */
static int begin_as_neighbour(struct watched *watched)
{
  struct vqe_run *run = watched->run;
  const struct vqe_neighbour *neighbour = run->options->neighbour;
  int most = run->ansatz_options.adapt.max_operators;
  int count = neighbour->nelement < most ? neighbour->nelement : most;
  int status = append(run, neighbour->elements, count);
  if (status == VQE_OK && count > 0) {
    memcpy(run->result->optimal_parameters, neighbour->parameters,
           (size_t)count * sizeof(double));
    if (count == neighbour->nmetric) {
      status = vqe_metric_begin(&watched->metric, count, neighbour->metric);
    }
  }
  return status;
}

/* For the next neighbour. */
static void leave_metric(struct watched *watched)
{
  struct vqe_run *run = watched->run;
  if (run->options->left != NULL && run->metric == NULL &&
      watched->metric.n == run->nelement) {
    run->metric = watched->metric.inverse;
    run->nmetric = watched->metric.n;
    watched->metric.inverse = NULL;
  }
}

int vqe_adapt_minimise(struct vqe_optimize_result *out, struct vqe_run *run,
                       vqe_objective objective,
                       const struct vqe_optimizer_options *options)
{
  struct watched watched = {.run = run, .objective = objective};
  struct growth growth = {.tolerance = options->gtol};
  bool ended = false;
  int status = vqe_memory_alloc(&growth.slope, (size_t)run->pool->nparam,
                                sizeof *growth.slope, "gradient of the pool");
  if (status == VQE_OK && vqe_neighbour_serves(run)) {
    status = begin_as_neighbour(&watched);
  }
  if (status == VQE_OK) {
    /* the Hartree-Fock state, one evaluation, or the neighbour's circuit */
    status = optimise(out, &growth.nit, &watched, options);
  }
  while (status == VQE_OK && !ended) {
    status = grow_once(out, &ended, &growth, &watched, options);
  }
  if (status == VQE_OK && growth.tolerance > options->gtol) {
    status = finish(out, &growth.nit, &watched, options);
  }
  if (status == VQE_OK && out->converged) {
    status = judge(out, run);
  }
  out->nit = growth.nit;
  out->nfev = (int)run->result->neval;
  leave_metric(&watched);
  vqe_metric_clear(&watched.metric);
  free(growth.slope);
  return status;
}
