/* NLopt's local methods behind the recorder. */
#include <math.h>
#include <nlopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "optimize/methods.h"
#include "optimize/recent.h"

/* Corrections that limited-memory methods keep: above the iterations that
 * most runs need. */
#define VECTOR_STORAGE 100

struct nlopt_call {
  struct vqe_recorder *recorder;
  nlopt_opt opt;
  double scale; /* 0 before the first gradient is known */
  double step;  /* the first, of methods without gradients */
  /* L of x = origin + L z or its diagonal, both NULL for x = z */
  const double *metric, *scales;
  double *origin, *x, *gradient;
  struct vqe_recent recent; /* where values are samples */
  bool begun, varies;       /* there is a value; two of them differ */
  double first;             /* value at the first point, `origin` */
  double *reach;            /* how far each parameter has been from it */
};

/* Steps this many times shorter than the first resolve nothing any more where
 * values are samples. */
#define RESOLUTION 50.0

/* Below this ftol, hartree, the rounding of an energy of 1000 hartree may keep
 * changes above it, and none of them ends a run. Steps far below rounding
 * do: where they underflow COBYLA goes round and round without an evaluation,
 * in which alone it could be stopped. */
#define LEAST_FTOL 1e-12
#define LEAST_STEP 1e-30

/* x = origin + L z */
static void from_metric(const struct nlopt_call *call, const double *z)
{
  size_t n = (size_t)call->recorder->n;
  for (size_t i = 0; i < n; i++) {
    double sum = call->metric == NULL ? call->scales[i] * z[i] : 0.0;
    if (call->metric == NULL) {
      call->x[i] = call->origin[i] + sum;
      continue;
    }
    for (size_t j = 0; j <= i; j++) {
      sum += call->metric[i * n + j] * z[j];
    }
    call->x[i] = call->origin[i] + sum;
  }
}

/* Slopes by z are L^T those by x. */
static void to_metric(const struct nlopt_call *call, double *gradient)
{
  size_t n = (size_t)call->recorder->n;
  for (size_t i = 0; call->metric == NULL && i < n; i++) {
    gradient[i] = call->scales[i] * call->gradient[i];
  }
  if (call->metric == NULL) {
    return;
  }
  memset(gradient, 0, n * sizeof *gradient);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      gradient[j] += call->metric[i * n + j] * call->gradient[i];
    }
  }
}

/* A first step of these methods is the gradient itself: far too long where a
 * circuit is steep. They are invariant under a factor on f but for that step,
 * so a factor brings it down to one radian. */
static double scale_for(const double *gradient, unsigned n)
{
  double sum = 0.0;
  for (unsigned i = 0; i < n; i++) {
    sum += gradient[i] * gradient[i];
  }
  return sum > 1.0 ? 1.0 / sqrt(sum) : 1.0;
}

/* A function that is constant over the whole first simplex, as the energy of a
 * state that fills every orbital of one spin: COBYLA's linear models have no
 * slope then, and it never returns. What counts is that each parameter has
 * gone half a first step, not the number of values: Powell's method begins
 * with the same point again, and with points too close to differ. */
static void stop_where_flat(struct nlopt_call *call, const double *x, double f,
                            unsigned n)
{
  if (call->varies) {
    return;
  }
  if (!call->begun) {
    call->begun = true;
    call->first = f;
    memcpy(call->origin, x, n * sizeof *x);
  }
  call->varies =
      fabs(f - call->first) > 1e-13 * fmax(1.0, fabs(f)) || !isfinite(f);
  double least = INFINITY;
  for (unsigned i = 0; i < n; i++) {
    call->reach[i] = fmax(call->reach[i], fabs(x[i] - call->origin[i]));
    least = fmin(least, call->reach[i]);
  }
  if (!call->varies && least >= 0.5 * call->step) {
    vqe_recorder_stop(call->recorder, true,
                      "converged: the energy depends on no parameter");
    nlopt_force_stop(call->opt);
  }
}

static double nlopt_objective(unsigned n, const double *x, double *gradient,
                              void *ctx)
{
  struct nlopt_call *call = ctx;
  double f = 0.0;
  bool plain = call->metric == NULL && call->scales == NULL;
  if (!plain) {
    from_metric(call, x);
  }
  if (!vqe_recorder_evaluate(call->recorder, plain ? x : call->x, &f,
                             plain || gradient == NULL ? gradient
                                                       : call->gradient)) {
    nlopt_force_stop(call->opt);
  }
  if (vqe_recorder_noisy(call->recorder) && isfinite(f) &&
      call->recorder->status == VQE_OK) {
    vqe_recent_add(&call->recent, x, f);
  }
  if (!plain && gradient != NULL) {
    to_metric(call, gradient);
  }
  if (!call->recorder->gradient_method) {
    if (!vqe_recorder_noisy(call->recorder) && !call->recorder->stopped) {
      stop_where_flat(call, x, f, n);
    }
    return f;
  }
  if (call->scale == 0.0) {
    call->scale = gradient == NULL ? 1.0 : scale_for(gradient, n);
  }
  for (unsigned i = 0; gradient != NULL && i < n; i++) {
    gradient[i] *= call->scale;
  }
  return f * call->scale;
}

static const char *result_text(nlopt_result result)
{
  switch (result) {
  case NLOPT_SUCCESS:
    return "converged: the library sees no lower energy";
  case NLOPT_FTOL_REACHED:
    return "converged: change of the energy below ftol";
  case NLOPT_XTOL_REACHED:
    return "converged: the steps change the energy no more";
  case NLOPT_ROUNDOFF_LIMITED:
    /* for derivative-free methods, below any sensible ftol */
    return "converged: rounding errors prevent further progress";
  case NLOPT_OUT_OF_MEMORY:
    return "NLopt ran out of memory";
  default:
    return "the library gave up; another optimizer may go on";
  }
}

/* PRAXIS draws from NLopt's generator, which would otherwise go on from the
 * last run of this thread. */
static int seed_library(const struct vqe_optimizer_options *options)
{
  struct vqe_philox rng;
  const char *id =
      options->experiment_id != NULL ? options->experiment_id : "";
  int status = vqe_philox_init(&rng, id, "nlopt");
  if (status == VQE_OK) {
    nlopt_srand(vqe_philox_next(&rng));
  }
  return status;
}

/* Further runs from the best point: when a line search gives up too early,
 * and for Nelder-Mead, whose simplex may collapse or straddle the minimum
 * with equal values; it has converged when a fresh simplex brings nothing. */
#define RESTARTS 5

/* Run from x, again from the best point while that helps. */
static nlopt_result run(struct nlopt_call *call, double *point,
                        const double *x, bool again)
{
  struct vqe_recorder *recorder = call->recorder;
  size_t n = (size_t)recorder->n;
  const double *start = x;
  nlopt_result result = NLOPT_FAILURE;
  for (int k = 0; k <= RESTARTS; k++) {
    double before = recorder->lowest;
    double minimum;
    memcpy(point, start, n * sizeof *point);
    if (call->metric != NULL || call->scales != NULL) {
      memcpy(call->origin, start, n * sizeof *point);
      memset(point, 0, n * sizeof *point);
    }
    call->scale = 0.0;
    result = nlopt_optimize(call->opt, point, &minimum);
    if (recorder->stopped || !again ||
        recorder->lowest >= before - recorder->options->ftol) {
      break;
    }
    start = recorder->x_lowest;
  }
  return result;
}

/* Where values are samples one run ends where its steps drown in noise, by
 * chance to this or that side of the minimum. Further runs begin at the
 * minimum of a model of all values around there, which in the end is the
 * result. */
#define ROUNDS 8
/* Steps change the value by this many standard errors. */
#define STANDS_OUT 4.0

/* Take the minimum of the model, in `model`, unless a sample there is above
 * one at the centre by more than chance. */
static void choose(struct nlopt_call *call, double *centre,
                   const double *model)
{
  struct vqe_recorder *recorder = call->recorder;
  size_t n = (size_t)recorder->n;
  double f[2];
  double noise;
  if (!vqe_recorder_evaluate(recorder, centre, &f[0], NULL)) {
    return;
  }
  noise = recorder->last_noise;
  vqe_recent_add(&call->recent, centre, f[0]);
  if (!vqe_recorder_evaluate(recorder, model, &f[1], NULL)) {
    return;
  }
  vqe_recent_add(&call->recent, model, f[1]);
  if (f[1] <= f[0] + 2.0 * hypot(noise, recorder->last_noise)) {
    memcpy(centre, model, n * sizeof *centre);
  }
}

/* Where the last round ended, and the first step of the next. */
static void end_round(struct nlopt_call *call, double *centre, double *step)
{
  double h;
  double *model = call->gradient; /* which these methods do not use */
  vqe_recent_centre(&call->recent, centre);
  memcpy(model, centre, (size_t)call->recorder->n * sizeof *model);
  if (nlopt_get_algorithm(call->opt) == NLOPT_LN_PRAXIS) {
    return; /* its points lie along a few lines, which say little of others */
  }
  if (vqe_recent_model(&call->recent, model, &h, 2.0 * *step)) {
    double seen = sqrt(2.0 * STANDS_OUT * call->recorder->last_noise / h);
    choose(call, centre, model);
    *step = fmin(call->step, fmax(seen, call->step / 10.0));
  }
}

static nlopt_result run_noisy(struct nlopt_call *call, double *point,
                              const double *x)
{
  struct vqe_recorder *recorder = call->recorder;
  size_t n = (size_t)recorder->n;
  double *start = call->x;
  double step = call->step;
  nlopt_result result = NLOPT_FAILURE;
  memcpy(start, x, n * sizeof *start);
  for (int k = 1; k <= ROUNDS && !recorder->stopped; k++) {
    double minimum;
    memcpy(point, start, n * sizeof *point);
    /* a first simplex lies to one side of the start: to either in turn */
    nlopt_set_initial_step1(call->opt, k % 2 == 1 ? step : -step);
    nlopt_set_xtol_abs1(call->opt, step / RESOLUTION);
    result = nlopt_optimize(call->opt, point, &minimum);
    if (call->recent.count > 0) {
      end_round(call, start, &step);
      vqe_recorder_final(recorder, start);
    }
  }
  return result;
}

/* An optimizer of NLopt with the settings of this run. */
static int make_optimizer(struct nlopt_call *call, nlopt_algorithm algorithm,
                          const struct vqe_method_spec *spec)
{
  const struct vqe_recorder *recorder = call->recorder;
  const struct vqe_optimizer_options *options = recorder->options;
  call->opt = nlopt_create(algorithm, (unsigned)recorder->n);
  if (call->opt == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "NLopt has no memory for %d "
                         "parameters",
                         recorder->n);
  }
  /* left to itself NLopt clears megabytes of history for one parameter */
  nlopt_set_vector_storage(call->opt, VECTOR_STORAGE);
  nlopt_set_min_objective(call->opt, nlopt_objective, call);
  if (recorder->gradient_method) {
    call->metric = options->metric;
    call->scales = options->scale;
  } else {
    double step = isnan(options->initial_step) ? spec->initial_step
                                               : options->initial_step;
    if (vqe_recorder_noisy(recorder)) {
      /* two samples differ by chance: their change is no test */
      if (isnan(options->initial_step) && options->typical_step < step) {
        step = options->typical_step;
      }
    } else {
      nlopt_set_ftol_abs(call->opt, options->ftol);
      if (options->ftol < LEAST_FTOL) {
        nlopt_set_xtol_abs1(call->opt, LEAST_STEP);
      }
    }
    call->step = step;
    nlopt_set_initial_step1(call->opt, step);
  }
  return VQE_OK;
}

/* How the library says it ended. Where values are samples it means something
 * that steps became small. */
static void end(struct vqe_method_end *ended,
                const struct vqe_recorder *recorder, nlopt_result result,
                const char *note)
{
  bool noisy = vqe_recorder_noisy(recorder);
  ended->nit = -1;
  ended->success =
      !recorder->gradient_method &&
      (result == NLOPT_XTOL_REACHED ||
       (!noisy && result == NLOPT_FTOL_REACHED) || result == NLOPT_SUCCESS ||
       result == NLOPT_ROUNDOFF_LIMITED);
  if (noisy && ended->success) {
    snprintf(ended->reason, sizeof ended->reason,
             "converged: the steps are below 1/%g of the first, where "
             "samples resolve nothing%s",
             RESOLUTION, note);
  } else if (recorder->gradient_method && result != NLOPT_OUT_OF_MEMORY) {
    /* whatever the library takes for convergence, the gradient says no */
    vqe_recorder_describe_stuck(ended->reason, sizeof ended->reason, recorder);
  } else {
    snprintf(ended->reason, sizeof ended->reason, "%s%s", result_text(result),
             note);
  }
}

int vqe_method_nlopt(struct vqe_method_end *ended,
                     struct vqe_recorder *recorder,
                     const struct vqe_method_spec *spec, const double *x)
{
  nlopt_algorithm algorithm = (nlopt_algorithm)spec->algorithm;
  const char *note = "";
  double *memory = NULL;
  nlopt_result result = NLOPT_FAILURE;
  struct nlopt_call call = {.recorder = recorder};
  size_t n = (size_t)recorder->n;
  if (recorder->n < 2 &&
      (algorithm == NLOPT_LN_BOBYQA || algorithm == NLOPT_LN_PRAXIS)) {
    /* BOBYQA refuses one parameter, PRAXIS never ends with it */
    algorithm = NLOPT_LN_COBYLA;
    note = "; COBYLA took over, as there is one parameter only";
  }
  int status = seed_library(recorder->options);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&memory, n, 5 * sizeof *memory,
                              "points of the optimizer");
  }
  if (status == VQE_OK) {
    status = make_optimizer(&call, algorithm, spec);
  }
  if (status == VQE_OK && vqe_recorder_noisy(recorder)) {
    status = vqe_recent_init(&call.recent, recorder->n);
  }
  if (status == VQE_OK) {
    call.origin = memory + n;
    call.x = memory + 2 * n;
    call.gradient = memory + 3 * n;
    call.reach = memory + 4 * n;
    result = vqe_recorder_noisy(recorder)
                 ? run_noisy(&call, memory, x)
                 : run(&call, memory, x,
                       recorder->gradient_method ||
                           algorithm == NLOPT_LN_NELDERMEAD);
  }
  if (status == VQE_OK && !recorder->stopped && result == NLOPT_INVALID_ARGS) {
    const char *detail = nlopt_get_errmsg(call.opt);
    status = vqe_error_set(VQE_ERR_INPUT,
                           "NLopt refuses %s with %d "
                           "parameters: %s",
                           spec->name, recorder->n,
                           detail != NULL ? detail : "no detail");
  }
  if (status == VQE_OK) {
    end(ended, recorder, result, note);
  }
  if (call.opt != NULL) {
    nlopt_destroy(call.opt);
  }
  vqe_recent_clear(&call.recent);
  free(memory);
  return status;
}
