/* The lowest curvature of an energy, by Lanczos steps on differences of its
 * gradient (Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950)). */
#ifndef VQE_VQE_CURVATURE_H
#define VQE_VQE_CURVATURE_H

#include "vqe/optimize.h"

struct vqe_curvature_options {
  int max_steps;       /* evaluations, but for one more at x itself */
  double difference;   /* radian: length of the step of the difference */
  double tolerance;    /* hartree: a smaller error of the curvature ends it */
  const char *stream;  /* of the random first direction */
  const char *purpose; /* part of its key */
};

struct vqe_curvature {
  double value; /* hartree / radian^2: lowest found, NaN when n = 0 */
  double error; /* some curvature lies this near to it */
  double f;     /* energy at x */
  int nfev;     /* calls of the objective */
};

/* The lowest curvature at x and its direction (n values, length 1, the sign
 * such that the energy does not rise to first order). One call of the
 * objective at x and one for each step, with gradients; memory n (max_steps +
 * 4). A failure of the objective is returned as such. */
int vqe_curvature_lowest(struct vqe_curvature *out, double *direction, int n,
                         const double *x, vqe_objective objective, void *ctx,
                         const struct vqe_curvature_options *options);

#endif
