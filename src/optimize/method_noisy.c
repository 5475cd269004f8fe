/* Quasi-Newton steps on sampled values and gradients, for every method of a
 * library that asks for gradients: their line searches take noise for
 * curvature and give up.
 *
 * Descent: limited-memory BFGS; a step is taken when the value falls by
 * Armijo's condition relaxed by the noise of both values, and a pair is kept
 * when its curvature stands out from the noise of the gradients (after Shi,
 * Xie, Byrd & Nocedal, SIAM J. Optim. 32, 29 (2022)). Where the gradient
 * vanishes within its standard error a line search has nothing to go by: the
 * inverse Hessian is kept and steps get the gains 1, 1/2, 1/3, ... of Robbins
 * & Monro, which averages the gradients. The run has converged when that many
 * gradients together vanish within their error. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "optimize/methods.h"
#include "optimize/noise.h"

#define MOST_PAIRS 50
/* Steps along one direction before it is given up. */
#define MOST_TRIALS 6
/* Directions given up in a row before the run is. */
#define MOST_FAILURES 3
/* Gradients that are averaged at the end. */
#define AVERAGED 8
/* Longest step, radian. */
#define LONGEST 1.0

struct walk {
  struct vqe_recorder *recorder;
  size_t n;
  int capacity, count, next; /* of the pairs, a ring */
  double *s, *y;             /* capacity x n */
  double *rho, *alpha;       /* capacity */
  double gamma;              /* of the last pair; 0 before the first */
  double *x, *g;             /* the iterate */
  double f, noise;
  double *x_trial, *g_trial, *p;
};

static double dot(const double *a, const double *b, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

/* Pairs that each method keeps: with one the method is a conjugate gradient
 * method (Shanno, Math. Oper. Res. 3, 244 (1978)). */
static int pairs_of(const char *name)
{
  return strcmp(name, "CG") == 0         ? 1
         : strcmp(name, "L-BFGS-B") == 0 ? 10
                                         : MOST_PAIRS;
}

/* Memory of the walk in one block, which `walk->s` begins. */
static int walk_init(struct walk *walk, struct vqe_recorder *recorder,
                     const char *name, const double *x)
{
  size_t n = (size_t)recorder->n;
  size_t pairs = (size_t)pairs_of(name);
  memset(walk, 0, sizeof *walk);
  walk->recorder = recorder;
  walk->n = n;
  walk->capacity = (int)pairs;
  int status = vqe_memory_alloc(&walk->s, 2 * pairs * (n + 1) + 5 * n,
                                sizeof(double), "steps of the optimizer");
  if (status != VQE_OK) {
    return status;
  }
  walk->y = walk->s + pairs * n;
  walk->rho = walk->y + pairs * n;
  walk->alpha = walk->rho + pairs;
  walk->x = walk->alpha + pairs;
  walk->g = walk->x + n;
  walk->x_trial = walk->g + n;
  walk->g_trial = walk->x_trial + n;
  walk->p = walk->g_trial + n;
  memcpy(walk->x, x, n * sizeof *x);
  return VQE_OK;
}

/* p = H0 p: the metric or scale that is known, else the last pair's. */
static void first_inverse(const struct walk *walk, double *p)
{
  const struct vqe_optimizer_options *options = walk->recorder->options;
  size_t n = walk->n;
  if (options->scale != NULL) {
    for (size_t i = 0; i < n; i++) {
      p[i] *= options->scale[i] * options->scale[i];
    }
  } else if (options->metric != NULL) {
    const double *l = options->metric;
    /* L^T from the front, then L from the back, each in place */
    for (size_t j = 0; j < n; j++) {
      double sum = 0.0;
      for (size_t i = j; i < n; i++) {
        sum += l[i * n + j] * p[i];
      }
      p[j] = sum;
    }
    for (size_t i = n; i-- > 0;) {
      p[i] = dot(l + i * n, p, i + 1);
    }
  } else {
    for (size_t i = 0; i < n; i++) {
      p[i] *= walk->gamma > 0.0 ? walk->gamma : 1.0;
    }
  }
}

/* p = -gain H g, no longer than the longest step (two loops: Nocedal & Wright,
 * "Numerical Optimization", algorithm 7.4). */
static void direction(struct walk *walk, double gain)
{
  size_t n = walk->n;
  double *p = walk->p;
  double longest = LONGEST;
  double typical = walk->recorder->options->typical_step;
  memcpy(p, walk->g, n * sizeof *p);
  for (int k = 0; k < walk->count; k++) {
    int at = (walk->next - 1 - k + 2 * walk->capacity) % walk->capacity;
    const double *y = walk->y + (size_t)at * n;
    walk->alpha[at] = walk->rho[at] * dot(walk->s + (size_t)at * n, p, n);
    for (size_t i = 0; i < n; i++) {
      p[i] -= walk->alpha[at] * y[i];
    }
  }
  first_inverse(walk, p);
  for (int k = walk->count - 1; k >= 0; k--) {
    int at = (walk->next - 1 - k + 2 * walk->capacity) % walk->capacity;
    const double *s = walk->s + (size_t)at * n;
    double beta = walk->rho[at] * dot(walk->y + (size_t)at * n, p, n);
    for (size_t i = 0; i < n; i++) {
      p[i] += s[i] * (walk->alpha[at] - beta);
    }
  }
  if (walk->count == 0 && !isnan(typical)) {
    longest = typical * sqrt((double)n);
  }
  double norm = gain * sqrt(dot(p, p, n));
  double factor = norm > longest ? gain * longest / norm : gain;
  for (size_t i = 0; i < n; i++) {
    p[i] *= -factor;
  }
}

/* Keep the pair between iterate and trial when its curvature is more than
 * noise. */
static void keep_pair(struct walk *walk)
{
  size_t n = walk->n;
  double *s = walk->s + (size_t)walk->next * n;
  double *y = walk->y + (size_t)walk->next * n;
  double variance = 0.0;
  double sy = 0.0;
  double yy = 0.0;
  for (size_t i = 0; i < n; i++) {
    double step = walk->x_trial[i] - walk->x[i];
    double change = walk->g_trial[i] - walk->g[i];
    double error = step * vqe_noise_of(walk->recorder, (int)i);
    variance += 2.0 * error * error;
    sy += step * change;
    yy += change * change;
  }
  if (!(sy > 3.0 * sqrt(variance))) {
    return; /* the slot keeps the oldest pair */
  }
  for (size_t i = 0; i < n; i++) {
    s[i] = walk->x_trial[i] - walk->x[i];
    y[i] = walk->g_trial[i] - walk->g[i];
  }
  walk->rho[walk->next] = 1.0 / sy;
  walk->gamma = sy / yy;
  walk->next = (walk->next + 1) % walk->capacity;
  walk->count += walk->count < walk->capacity ? 1 : 0;
}

/* The trial becomes the iterate. */
static void accept(struct walk *walk, double f)
{
  keep_pair(walk);
  memcpy(walk->x, walk->x_trial, walk->n * sizeof(double));
  memcpy(walk->g, walk->g_trial, walk->n * sizeof(double));
  walk->f = f;
  walk->noise = walk->recorder->last_noise;
  vqe_recorder_final(walk->recorder, walk->x);
}

/* One step of the descent; *accepted says whether a point was found. False
 * when the run is over. */
static bool descend(struct walk *walk, bool *accepted)
{
  struct vqe_recorder *recorder = walk->recorder;
  size_t n = walk->n;
  double step = 1.0;
  *accepted = false;
  direction(walk, 1.0);
  double slope = dot(walk->g, walk->p, n);
  for (int k = 0; k < MOST_TRIALS && slope < 0.0; k++) {
    double f;
    for (size_t i = 0; i < n; i++) {
      walk->x_trial[i] = walk->x[i] + step * walk->p[i];
    }
    bool going =
        vqe_recorder_evaluate(recorder, walk->x_trial, &f, walk->g_trial);
    double noise = hypot(walk->noise, recorder->last_noise);
    *accepted = isfinite(f) && recorder->status == VQE_OK &&
                f <= walk->f + 1e-4 * step * slope + 2.0 * noise;
    if (*accepted) {
      accept(walk, f);
    }
    if (!going || *accepted) {
      return going;
    }
    /* where the slope along the step is zero by the secant, within bounds */
    double after = dot(walk->g_trial, walk->p, n);
    double factor = after > slope ? slope / (slope - after) : 0.5;
    step *= fmin(0.5, fmax(0.1, factor));
  }
  return true;
}

/* Gains 1, 1/2, ... from where the gradient vanishes within its error; true
 * when that stays so for all that are averaged. *going is false when the run
 * is over. */
static bool settle(struct walk *walk, bool *going, int *nit)
{
  struct vqe_recorder *recorder = walk->recorder;
  size_t n = walk->n;
  double sum = vqe_noise_ratio(recorder, walk->g);
  for (int k = 1;; k++) {
    direction(walk, 1.0 / k);
    for (size_t i = 0; i < n; i++) {
      walk->x[i] += walk->p[i];
    }
    vqe_recorder_final(recorder, walk->x);
    (*nit)++;
    if (k == AVERAGED) {
      return true;
    }
    *going = vqe_recorder_evaluate(recorder, walk->x, &walk->f, walk->g);
    walk->noise = recorder->last_noise;
    if (!*going) {
      return false;
    }
    sum += vqe_noise_ratio(recorder, walk->g);
    if (!vqe_noise_vanishes(sum / (k + 1), (double)n * (k + 1))) {
      return false;
    }
  }
}

/* From the iterate, which is evaluated, until the run is over. */
static void go(struct vqe_method_end *ended, struct walk *walk)
{
  struct vqe_recorder *recorder = walk->recorder;
  bool going = true;
  int failures = 0;
  while (going && failures < MOST_FAILURES) {
    if (vqe_noise_vanishes(vqe_noise_ratio(recorder, walk->g),
                           (double)walk->n)) {
      if (settle(walk, &going, &ended->nit)) {
        ended->success = true;
        snprintf(ended->reason, sizeof ended->reason,
                 "converged: the gradient vanishes within its standard error "
                 "over %d evaluations",
                 AVERAGED);
        return;
      }
      continue;
    }
    bool accepted;
    going = descend(walk, &accepted);
    ended->nit += accepted;
    failures = accepted ? 0 : failures + 1;
    if (!accepted) {
      /* the pairs gave a bad direction, or the values a bad comparison */
      walk->count = 0;
      walk->gamma = 0.0;
    }
    if (going && !accepted) {
      going = vqe_recorder_evaluate(recorder, walk->x, &walk->f, walk->g);
    }
  }
  snprintf(ended->reason, sizeof ended->reason,
           "the line search failed: no step lowers the value by more than "
           "its noise");
}

int vqe_method_noisy(struct vqe_method_end *ended,
                     struct vqe_recorder *recorder,
                     const struct vqe_method_spec *spec, const double *x)
{
  struct walk walk;
  int status = walk_init(&walk, recorder, spec->name, x);
  if (status != VQE_OK) {
    return status;
  }
  if (vqe_recorder_evaluate(recorder, walk.x, &walk.f, walk.g)) {
    walk.noise = recorder->last_noise;
    vqe_recorder_final(recorder, walk.x);
    go(ended, &walk);
  }
  free(walk.s);
  return VQE_OK;
}
