/* GSL's multidimensional minimisers behind the recorder. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "optimize/methods.h"

/* The vectors that GSL passes are its own and contiguous, but the type allows
 * a stride, so they go through buffers. */
struct gsl_call {
  struct vqe_recorder *recorder;
  double *x;        /* n */
  double *gradient; /* n */
};

static void gsl_fdf(const gsl_vector *x, void *ctx, double *f,
                    gsl_vector *gradient)
{
  struct gsl_call *call = ctx;
  size_t n = (size_t)call->recorder->n;
  for (size_t i = 0; i < n; i++) {
    call->x[i] = gsl_vector_get(x, i);
  }
  if (!vqe_recorder_evaluate(call->recorder, call->x, f, call->gradient)) {
    /* there is no way to stop GSL from here; a NaN ends its loops */
    *f = NAN;
  }
  for (size_t i = 0; gradient != NULL && i < n; i++) {
    gsl_vector_set(gradient, i, call->gradient[i]);
  }
}

static double gsl_f(const gsl_vector *x, void *ctx)
{
  double f;
  gsl_fdf(x, ctx, &f, NULL);
  return f;
}

static void gsl_df(const gsl_vector *x, void *ctx, gsl_vector *gradient)
{
  double f;
  gsl_fdf(x, ctx, &f, gradient);
}

/* Steps from `start`, whose gradient is in call->gradient. */
static void iterate(struct vqe_method_end *ended, struct gsl_call *call,
                    gsl_multimin_fdfminimizer *minimizer,
                    gsl_multimin_function_fdf *function,
                    const gsl_vector *start)
{
  struct vqe_recorder *recorder = call->recorder;
  size_t n = (size_t)recorder->n;
  /* like one step along the gradient, but one radian at most */
  double norm = 0.0;
  for (size_t i = 0; i < n; i++) {
    norm += call->gradient[i] * call->gradient[i];
  }
  double step = fmin(1.0, sqrt(norm));
  int code =
      gsl_multimin_fdfminimizer_set(minimizer, function, start, step, 0.1);
  while (code == GSL_SUCCESS && !recorder->stopped) {
    code = gsl_multimin_fdfminimizer_iterate(minimizer);
    if (code == GSL_SUCCESS || recorder->converged) {
      ended->nit++;
    }
  }
  vqe_recorder_describe_stuck(ended->reason, sizeof ended->reason, recorder);
}

/* One run from x until GSL sees no progress or the recorder stops it. */
static int run_once(struct vqe_method_end *ended, struct gsl_call *call,
                    const gsl_multimin_fdfminimizer_type *type,
                    const double *x)
{
  struct vqe_recorder *recorder = call->recorder;
  size_t n = (size_t)recorder->n;
  double f;
  gsl_multimin_function_fdf function = {gsl_f, gsl_df, gsl_fdf, n, call};
  gsl_vector_const_view start = gsl_vector_const_view_array(x, n);
  gsl_multimin_fdfminimizer *minimizer =
      gsl_multimin_fdfminimizer_alloc(type, n);
  if (minimizer == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "GSL has no memory for %zu parameters", n);
  }
  gsl_fdf(&start.vector, call, &f, NULL);
  if (!recorder->stopped) {
    iterate(ended, call, minimizer, &function, &start.vector);
  }
  gsl_multimin_fdfminimizer_free(minimizer);
  return VQE_OK;
}

/* Further runs from the best point when a line search gives up too early. */
#define RESTARTS 5

static int run(struct vqe_method_end *ended, struct vqe_recorder *recorder,
               const gsl_multimin_fdfminimizer_type *type, const double *x)
{
  size_t n = (size_t)recorder->n;
  struct gsl_call call = {recorder, NULL, NULL};
  double *memory = NULL;
  int status = vqe_memory_alloc(&memory, n, 3 * sizeof(double),
                                "points of the optimizer");
  if (status != VQE_OK) {
    return status;
  }
  double *start = memory + 2 * n;
  call.x = memory;
  call.gradient = memory + n;
  memcpy(start, x, n * sizeof(double));
  for (int k = 0; k <= RESTARTS; k++) {
    double before = recorder->lowest;
    status = run_once(ended, &call, type, start);
    if (status != VQE_OK || recorder->stopped ||
        recorder->lowest >= before - recorder->options->ftol) {
      break;
    }
    memcpy(start, recorder->x_lowest, n * sizeof(double));
  }
  if (recorder->lowest_gmax <= recorder->options->gtol) {
    ended->success = true;
    snprintf(ended->reason, sizeof ended->reason,
             "converged: no further progress, gradient below gtol");
  }
  free(memory);
  return status;
}

int vqe_method_gsl_bfgs2(struct vqe_method_end *ended,
                         struct vqe_recorder *recorder,
                         const struct vqe_method_spec *spec, const double *x)
{
  (void)spec;
  return run(ended, recorder, gsl_multimin_fdfminimizer_vector_bfgs2, x);
}

int vqe_method_gsl_pr(struct vqe_method_end *ended,
                      struct vqe_recorder *recorder,
                      const struct vqe_method_spec *spec, const double *x)
{
  (void)spec;
  return run(ended, recorder, gsl_multimin_fdfminimizer_conjugate_pr, x);
}
