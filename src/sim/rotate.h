/* The plane rotation that every gate of a real generator comes down to.
 *
 * Forwards: (x, y) -> (c x - s y, s x + c y). Backwards, on a state and its
 * adjoint at once, with sum (l_y x - l_x y): the same before and after, it is
 * half the derivative by the angle. */
#ifndef VQE_SIM_ROTATE_H
#define VQE_SIM_ROTATE_H

#include <stddef.h>

static inline void vqe_rotate(double *restrict x, double *restrict y, size_t n,
                              double c, double s)
{
  for (size_t k = 0; k < n; k++) {
    double old = x[k];
    x[k] = c * old - s * y[k];
    y[k] = s * old + c * y[k];
  }
}

static inline double vqe_rotate_back(double *restrict x, double *restrict y,
                                     double *restrict lx, double *restrict ly,
                                     size_t n, double c, double s)
{
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    double px = x[k];
    double py = y[k];
    double qx = lx[k];
    double qy = ly[k];
    sum += qy * px - qx * py;
    x[k] = c * px + s * py;
    y[k] = c * py - s * px;
    lx[k] = c * qx + s * qy;
    ly[k] = c * qy - s * qx;
  }
  return sum;
}

#endif
