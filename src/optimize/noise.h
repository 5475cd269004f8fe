/* What methods make of values and gradients that are samples: when a gradient
 * vanishes within its error, and averages of iterates. */
#ifndef VQE_OPTIMIZE_NOISE_H
#define VQE_OPTIMIZE_NOISE_H

#include "optimize/recorder.h"

/* Standard error of component i of the gradient last sampled; gtol where that
 * is larger, so that a sample without spread is measured by it. */
double vqe_noise_of(const struct vqe_recorder *recorder, int i);

/* Mean square of the components of a gradient in units of their standard
 * errors: 1 on average where the gradient vanishes. */
double vqe_noise_ratio(const struct vqe_recorder *recorder,
                       const double *gradient);

/* Whether the mean of `count` such squares is 1 within two of its standard
 * deviations, sqrt(2 / count). */
bool vqe_noise_vanishes(double mean, double count);

/* Take the k-th point, from 1 on, into an average in which point j counts as
 * about j^3: most of the last quarter (Shamir & Zhang, ICML 2013). */
void vqe_noise_average(double *average, const double *x, int n, int k);

#endif
