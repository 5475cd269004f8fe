/* Adam (Kingma & Ba, arXiv:1412.6980), with bias correction. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "optimize/methods.h"
#include "optimize/noise.h"

/* Gradients that are looked at together, where they are samples. */
#define WINDOW 20

/* Its steps are of one size however small the gradient is, so iterates go to
 * and fro around a minimum. Where gradients are samples the average of the
 * iterates is the result, and the run has converged when the mean gradient of
 * a window is below half of the error of one. `sum` is the caller's. */
static void watch(struct vqe_recorder *recorder, double *average, double *sum,
                  const double *point, const double *gradient, int k)
{
  vqe_noise_average(average, point, recorder->n, k);
  vqe_recorder_final(recorder, average);
  for (int i = 0; i < recorder->n; i++) {
    sum[i] += gradient[i] / WINDOW;
  }
  if (k % WINDOW != 0) {
    return;
  }
  if (vqe_noise_ratio(recorder, sum) <= 0.25) {
    vqe_recorder_stop(recorder, true,
                      "converged: the mean gradient of %d evaluations "
                      "vanishes within the standard error of one",
                      WINDOW);
  }
  memset(sum, 0, (size_t)recorder->n * sizeof *sum);
}

int vqe_method_adam(struct vqe_method_end *ended,
                    struct vqe_recorder *recorder,
                    const struct vqe_method_spec *spec, const double *x)
{
  (void)spec;
  const struct vqe_optimizer_options *options = recorder->options;
  size_t n = (size_t)recorder->n;
  double *memory = NULL;
  double f;
  double decay1 = 1.0;
  double decay2 = 1.0;
  int status =
      vqe_memory_alloc(&memory, n, 6 * sizeof(double), "moments of Adam");
  if (status != VQE_OK) {
    return status;
  }
  double *point = memory;
  double *gradient = memory + n;
  double *first = memory + 2 * n;
  double *second = memory + 3 * n;
  double *average = memory + 4 * n;
  double *window = memory + 5 * n;
  memcpy(point, x, n * sizeof(double));
  while (vqe_recorder_evaluate(recorder, point, &f, gradient)) {
    bool moved = false;
    if (vqe_recorder_noisy(recorder)) {
      watch(recorder, average, window, point, gradient, ended->nit + 1);
    }
    decay1 *= options->beta1;
    decay2 *= options->beta2;
    for (size_t i = 0; i < n; i++) {
      double g = gradient[i];
      double before = point[i];
      first[i] = options->beta1 * first[i] + (1.0 - options->beta1) * g;
      second[i] = options->beta2 * second[i] + (1.0 - options->beta2) * g * g;
      double mean = first[i] / (1.0 - decay1);
      double size = sqrt(second[i] / (1.0 - decay2));
      point[i] -= options->learning_rate * mean / (size + options->epsilon);
      moved = moved || point[i] != before;
    }
    ended->nit++;
    if (!moved) {
      vqe_recorder_stop(recorder, false,
                        "the steps became too small (learning_rate)");
    }
  }
  free(memory);
  return VQE_OK;
}
