/* Simultaneous perturbation stochastic approximation (Spall, IEEE Trans.
 * Autom. Control 37, 332 (1992)). Gains a_k = a / k^alpha, c_k = c / k^gamma;
 * `a` calibrated as by Kandala et al., Nature 549, 242 (2017), and Qiskit: the
 * first step moves each parameter by 2 pi / 10 on average. It is bounded
 * twice: by the step that is typical for the objective, and by the gain 1 / tr
 * H that suits its curvature, as from a good start slopes are small or all
 * noise. Where values are samples the result is the average of the last
 * iterates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "optimize/methods.h"
#include "optimize/noise.h"

#define CALIBRATION_STEPS 25
#define TARGET_STEP (2.0 * 3.14159265358979323846 / 10.0)
#define DEFAULT_C 0.2
/* Iterations between two evaluations of the iterate itself, which the method
 * never needs, but the best recorded point and the test by ftol do. */
#define BLOCK 25
/* Slopes that are looked at together, where values are samples. */
#define WINDOW 50
/* Iterations that gains bounded by curvature count as if they had been before
 * the first, so that they do not fall before they have done their work (Spall,
 * IEEE Trans. Aerosp. Electron. Syst. 34, 817 (1998)). */
#define STABILITY 50.0

struct spsa {
  struct vqe_recorder *recorder;
  struct vqe_philox rng;
  double *point; /* n: the iterate */
  double *sign;  /* n: +1 or -1 */
  double *trial; /* 2 n: both sides of it */
  double middle; /* mean of the values on both sides */
  double noise;  /* standard error of their difference */
  double before; /* iterations that count as if they had been */
};

/* Evaluate at point + c sign and point - c sign with fresh signs;
 * *difference = f+ - f-. False when the run is over. */
static bool probe(struct spsa *spsa, double c, double *difference)
{
  int n = spsa->recorder->n;
  double f[2] = {0.0, 0.0};
  double noise[2] = {0.0, 0.0};
  uint32_t bits = 0;
  for (int i = 0; i < n; i++) {
    if (i % 32 == 0) {
      bits = vqe_philox_next(&spsa->rng);
    }
    spsa->sign[i] = bits >> (i % 32) & 1 ? 1.0 : -1.0;
  }
  for (int i = 0; i < n; i++) {
    spsa->trial[i] = spsa->point[i] + c * spsa->sign[i];
    spsa->trial[n + i] = spsa->point[i] - c * spsa->sign[i];
  }
  vqe_recorder_announce(spsa->recorder, spsa->trial, 2);
  for (int side = 0; side < 2; side++) {
    if (!vqe_recorder_evaluate(spsa->recorder,
                               spsa->trial + (size_t)(side * n), &f[side],
                               NULL)) {
      return false;
    }
    noise[side] = spsa->recorder->last_noise;
  }
  *difference = f[0] - f[1];
  spsa->middle = 0.5 * (f[0] + f[1]);
  spsa->noise = hypot(noise[0], noise[1]);
  return true;
}

/* The last call within the limit belongs to the iterate. */
static bool room_for_probe(const struct vqe_recorder *recorder)
{
  return recorder->nfev + 3 <= recorder->options->max_evaluations;
}

/* Slopes and curvature at the start, f there. With H = h 1 a step of gain a
 * changes the squared distance to the minimum by the factor 1 - 2 a h + n a^2
 * h^2 on average: least at a = 1 / (n h), 1 / tr H. On average over signs
 * f(+) + f(-) - 2 f is c^2 tr H. */
static bool calibrate(struct spsa *spsa, double c, double *a, double f)
{
  const struct vqe_optimizer_options *options = spsa->recorder->options;
  double step =
      fmin(TARGET_STEP,
           isnan(options->typical_step) ? TARGET_STEP : options->typical_step);
  double slope = 0.0;
  double trace = 0.0;
  int steps = 0;
  while (steps < CALIBRATION_STEPS && room_for_probe(spsa->recorder)) {
    double difference;
    if (!probe(spsa, c, &difference)) {
      return false;
    }
    slope += fabs(difference) / (2.0 * c);
    trace += 2.0 * (spsa->middle - f) / (c * c);
    steps++;
  }
  slope /= steps > 0 ? steps : 1;
  trace /= steps > 0 ? steps : 1;
  *a = slope > 1e-10 ? step / slope : step;
  if (trace > 0.0 && *a > 1.0 / trace) {
    *a = 1.0 / trace;
    spsa->before = STABILITY;
  }
  return true;
}

/* The gain of step k, from 1 on. */
static double gain(const struct spsa *spsa, double a, int k)
{
  return a * pow((1.0 + spsa->before) / (k + spsa->before),
                 spsa->recorder->options->spsa_alpha);
}

/* Steps of gain `a` until the limit or convergence. False when the run is
 * over: the recorder stopped it, or `ended` says how. */
static bool descend(struct vqe_method_end *ended, struct spsa *spsa, double a,
                    double c, double f_start)
{
  struct vqe_recorder *recorder = spsa->recorder;
  const struct vqe_optimizer_options *options = recorder->options;
  size_t n = (size_t)recorder->n;
  double f_block = f_start;
  for (int k = 1; room_for_probe(recorder); k++) {
    double f;
    double difference;
    double ak = gain(spsa, a, k);
    double ck = c / pow(k, options->spsa_gamma);
    if (!probe(spsa, ck, &difference)) {
      return false;
    }
    double factor = ak * difference / (2.0 * ck);
    for (size_t i = 0; i < n; i++) {
      spsa->point[i] -= factor * spsa->sign[i];
    }
    ended->nit = k;
    if (k % BLOCK != 0 || vqe_recorder_last_call(recorder)) {
      continue;
    }
    if (!vqe_recorder_evaluate(recorder, spsa->point, &f, NULL)) {
      return false;
    }
    if (fabs(f - f_block) <= options->ftol) {
      ended->success = true;
      snprintf(ended->reason, sizeof ended->reason,
               "converged: change of the energy over %d iterations below "
               "ftol",
               BLOCK);
      return false;
    }
    f_block = f;
  }
  return true;
}

/* ---- where values are samples ---- */

/* The slopes of the last window, in units of their standard errors, are those
 * of samples around zero. */
static bool settled(double *sum, int k, double slope, double noise)
{
  double share = slope / fmax(noise, 1e-12);
  *sum += share * share;
  if (k % WINDOW != 0) {
    return false;
  }
  double mean = *sum / WINDOW;
  *sum = 0.0;
  return vqe_noise_vanishes(mean, WINDOW);
}

/* Steps of gain `a` until the slopes vanish within their error or the run is
 * over; the average of the iterates is the recorder's at every moment. */
static void descend_noisy(struct vqe_method_end *ended, struct spsa *spsa,
                          double a, double c, double *average)
{
  struct vqe_recorder *recorder = spsa->recorder;
  const struct vqe_optimizer_options *options = recorder->options;
  int n = recorder->n;
  double sum = 0.0;
  for (int k = 1; room_for_probe(recorder); k++) {
    double difference;
    double ak = gain(spsa, a, k);
    double ck = c / pow(k, options->spsa_gamma);
    if (!probe(spsa, ck, &difference)) {
      return;
    }
    double slope = difference / (2.0 * ck);
    for (int i = 0; i < n; i++) {
      spsa->point[i] -= ak * slope * spsa->sign[i];
    }
    vqe_noise_average(average, spsa->point, n, k);
    vqe_recorder_final(recorder, average);
    ended->nit = k;
    if (settled(&sum, k, slope,
                fmax(spsa->noise / (2.0 * ck), options->gtol))) {
      vqe_recorder_stop(recorder, true,
                        "converged: the slopes of %d iterations vanish "
                        "within their standard error",
                        WINDOW);
      return;
    }
  }
  vqe_recorder_stop_at_limit(recorder);
}

int vqe_method_spsa(struct vqe_method_end *ended,
                    struct vqe_recorder *recorder,
                    const struct vqe_method_spec *spec, const double *x)
{
  (void)spec;
  const struct vqe_optimizer_options *options = recorder->options;
  size_t n = (size_t)recorder->n;
  const char *id =
      options->experiment_id != NULL ? options->experiment_id : "";
  struct spsa spsa = {.recorder = recorder};
  double *memory = NULL;
  double f = NAN;
  double a = options->spsa_a;
  double c = isnan(options->spsa_c) ? DEFAULT_C : options->spsa_c;
  int status = vqe_philox_init(&spsa.rng, id, "spsa");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&memory, n, 5 * sizeof(double), "points of SPSA");
  }
  if (status != VQE_OK) {
    return status;
  }
  spsa.point = memory;
  spsa.sign = memory + n;
  spsa.trial = memory + 2 * n;
  memcpy(spsa.point, x, n * sizeof(double));
  if (vqe_recorder_noisy(recorder)) {
    vqe_recorder_final(recorder, spsa.point);
    if (vqe_recorder_evaluate(recorder, spsa.point, &f, NULL) &&
        (!isnan(a) || calibrate(&spsa, c, &a, f))) {
      descend_noisy(ended, &spsa, a, c, memory + 4 * n);
    }
  } else if (vqe_recorder_evaluate(recorder, spsa.point, &f, NULL) &&
             (!isnan(a) || calibrate(&spsa, c, &a, f)) &&
             descend(ended, &spsa, a, c, f)) {
    (void)vqe_recorder_evaluate(recorder, spsa.point, &f, NULL);
    vqe_recorder_stop_at_limit(recorder);
  }
  free(memory);
  return VQE_OK;
}
