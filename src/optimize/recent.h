/* The last points of a method that compares sampled values: where its simplex
 * or trust region lies, and a model of the values there. */
#ifndef VQE_OPTIMIZE_RECENT_H
#define VQE_OPTIMIZE_RECENT_H

#include <stdbool.h>

struct vqe_recent {
  int n, capacity;
  int count;      /* of all points ever added */
  double *points; /* capacity x n */
  double *values; /* capacity */
  double *order;  /* capacity: work space */
  double *matrix; /* (n + 2)^2, then three times n + 2: of the model */
};

int vqe_recent_init(struct vqe_recent *recent, int n);
void vqe_recent_clear(struct vqe_recent *recent);
void vqe_recent_add(struct vqe_recent *recent, const double *x, double f);

/* The centre of the n + 1 lowest of the last 2 (n + 1) points, or of the lower
 * half of fewer, without the luck of one sample. At least one point has been
 * added. */
void vqe_recent_centre(const struct vqe_recent *recent, double *out);

/* Least squares of f0 + g.d + h |d|^2 / 2 over all points held, d their
 * distance from `centre` and exp(-|d|^2 / (2 radius^2)) their weight. Moves
 * `centre` to the minimum of the model, by `radius` at most, and gives h.
 * False, with nothing changed, where h is not positive or the points do not
 * determine the model. O(points n^2 + n^3). */
bool vqe_recent_model(struct vqe_recent *recent, double *centre, double *h,
                      double radius);

#endif
