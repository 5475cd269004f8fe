#include "vqe/landscape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/rng.h"
#include "vqe/orbital.h"
#include "vqe/run_penalty.h"

#define TURN (2.0 * 3.14159265358979323846)

bool vqe_landscape_asked(const struct vqe_experiment *experiment)
{
  return experiment->optimizer != NULL &&
         strcmp(experiment->optimizer, VQE_LANDSCAPE) == 0;
}

int vqe_landscape_check(const struct vqe_experiment *experiment)
{
  const char *reason =
      vqe_ansatz_grows(experiment->ansatz_name)
          ? "ADAPT-VQE chooses its parameters while it is optimised"
      : vqe_orbital_asked(experiment) ? "orbitals are optimised"
      : vqe_run_penalty_asked(experiment)
          ? "a penalty is part of what is minimised"
      : experiment->shots > 0 ? "it takes exact energies, no shots"
      : experiment->restarts > 1
          ? "it has no starts, and max_evaluations says how many points"
          : NULL;
  return reason == NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "a landscape cannot be had here: %s", reason);
}

/* Mean and sum of squared deviations of values one after another (Welford,
 * Technometrics 4, 419 (1962)). */
struct moments {
  double mean, squares;
};

static void add(struct moments *moments, double value, size_t count)
{
  double before = value - moments->mean;
  moments->mean += before / (double)count;
  moments->squares += before * (value - moments->mean);
}

/* Of `count` values. */
static double variance(const struct moments *moments, size_t count)
{
  return count > 1 ? moments->squares / (double)(count - 1) : NAN;
}

static void summarise(struct vqe_landscape *out, const struct moments *moments,
                      int n, size_t count)
{
  double sum = 0.0;
  for (int k = 0; k < n; k++) {
    sum += variance(&moments[1 + k], count);
  }
  out->points = (double)count;
  out->energy_mean = moments[0].mean;
  out->energy_variance = variance(&moments[0], count);
  out->gradient_variance = n > 0 ? sum / n : NAN;
}

/* Points until a limit; each number that is drawn belongs to the next
 * parameter. `moments`: of the energy, then of each component. */
static int take_points(struct vqe_optimize_result *found, struct vqe_run *run,
                       double *rows, struct moments *moments,
                       vqe_objective objective,
                       const struct vqe_optimizer_options *options)
{
  struct vqe_result *result = run->result;
  int n = result->nparam;
  double *x = rows;
  double *gradient = rows + n;
  double start = vqe_clock_wall();
  struct vqe_pcg64 rng;
  vqe_pcg64_seed(&rng, (uint32_t)run->experiment->seed);
  for (int taken = 0; taken < options->max_evaluations; taken++) {
    double energy = NAN;
    for (int k = 0; k < n; k++) {
      x[k] = TURN * vqe_pcg64_random(&rng);
    }
    int status = objective(run, n, x, &energy, gradient);
    if (status != VQE_OK || !isfinite(energy)) {
      return status; /* also the limit of time */
    }
    size_t count = (size_t)taken + 1;
    add(&moments[0], energy, count);
    for (int k = 0; k < n; k++) {
      add(&moments[1 + k], gradient[k], count);
    }
    found->nfev++;
    if (taken == 0) {
      memcpy(result->initial_parameters, x, (size_t)n * sizeof *x);
    }
    if (taken == 0 || energy < found->f) {
      found->f = energy;
      memcpy(result->optimal_parameters, x, (size_t)n * sizeof *x);
    }
    if (options->max_seconds > 0.0 &&
        count < (size_t)options->max_evaluations &&
        vqe_clock_wall() - start >= options->max_seconds) {
      snprintf(found->reason, sizeof found->reason,
               "limit of %g seconds reached (max_seconds)",
               options->max_seconds);
      return VQE_OK;
    }
  }
  found->converged = true;
  snprintf(found->reason, sizeof found->reason, "%d random points, no minimum",
           found->nfev);
  return VQE_OK;
}

int vqe_landscape_run(struct vqe_optimize_result *found, struct vqe_run *run,
                      vqe_objective objective,
                      const struct vqe_optimizer_options *options)
{
  struct vqe_result *result = run->result;
  size_t n = (size_t)result->nparam;
  double *rows = NULL;
  struct moments *moments = NULL;
  memset(found, 0, sizeof *found);
  found->f = NAN;
  found->nit = -1;
  int status =
      vqe_memory_alloc(&rows, 2 * n + 1, sizeof *rows, "random parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&moments, n + 1, sizeof *moments,
                              "means of a landscape");
  }
  if (status == VQE_OK && rows != NULL && moments != NULL) {
    status = take_points(found, run, rows, moments, objective, options);
  }
  if (moments != NULL && found->nfev > 0) {
    summarise(&result->landscape, moments, result->nparam,
              (size_t)found->nfev);
  }
  free(moments);
  free(rows);
  return status;
}
