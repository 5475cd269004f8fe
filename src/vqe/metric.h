/* What optimisations of a growing ansatz learn about the curvature of the
 * energy, kept from one to the next (Ramoa et al., arXiv:2401.05172).
 *
 * The inverse Hessian is estimated by BFGS updates from any two evaluations
 * in a row (Nocedal and Wright, "Numerical Optimization", eq. 6.17), and
 * handed on as the triangle L of L L^T. */
#ifndef VQE_VQE_METRIC_H
#define VQE_VQE_METRIC_H

#include <stdbool.h>

struct vqe_metric {
  int n;
  double *inverse;      /* n x n */
  double *factor;       /* n x n, lower triangle */
  double *x, *gradient; /* n: of the last evaluation */
  double *work;         /* 2 n */
  bool seen;            /* there is a last evaluation */
};

void vqe_metric_clear(struct vqe_metric *metric);

/* Make room for n parameters, the new ones with the mean of the known
 * curvatures and no coupling. O(n^2). */
int vqe_metric_widen(struct vqe_metric *metric, int n);

/* Learn from an evaluation at x. O(n^2). */
void vqe_metric_observe(struct vqe_metric *metric, const double *x,
                        const double *gradient);

/* Begin with what another metric has learned, `inverse` (n x n). The first of
 * `metric` is empty. */
int vqe_metric_begin(struct vqe_metric *metric, int n, const double *inverse);

/* The triangle L, row major, or NULL when there is none. O(n^3). */
const double *vqe_metric_factor(struct vqe_metric *metric);

#endif
