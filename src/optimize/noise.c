#include "optimize/noise.h"

#include <math.h>

double vqe_noise_of(const struct vqe_recorder *recorder, int i)
{
  const struct vqe_optimizer_options *options = recorder->options;
  double noise = options->gradient_noise != NULL ? options->gradient_noise[i]
                                                 : recorder->last_noise;
  /* neither may be zero: a share of nothing would not be a number */
  return fmax(fmax(noise, options->gtol), 1e-12);
}

double vqe_noise_ratio(const struct vqe_recorder *recorder,
                       const double *gradient)
{
  double sum = 0.0;
  for (int i = 0; i < recorder->n; i++) {
    double share = gradient[i] / vqe_noise_of(recorder, i);
    sum += share * share;
  }
  return sum / recorder->n;
}

bool vqe_noise_vanishes(double mean, double count)
{
  return mean <= 1.0 + 2.0 * sqrt(2.0 / count);
}

void vqe_noise_average(double *average, const double *x, int n, int k)
{
  double weight = 4.0 / (k + 3.0);
  for (int i = 0; i < n; i++) {
    average[i] += weight * (x[i] - average[i]);
  }
}
