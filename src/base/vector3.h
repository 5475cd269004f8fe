/* Vectors of three numbers. */
#ifndef VQE_BASE_VECTOR3_H
#define VQE_BASE_VECTOR3_H

#include <math.h>

static inline double vqe_vector3_dot(const double a[3], const double b[3])
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline void vqe_vector3_cross(double out[3], const double a[3],
                                     const double b[3])
{
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

/* out = a - b, which may be `out`. */
static inline void vqe_vector3_minus(double out[3], const double a[3],
                                     const double b[3])
{
  for (int k = 0; k < 3; k++) {
    out[k] = a[k] - b[k];
  }
}

static inline double vqe_vector3_norm(const double a[3])
{
  return sqrt(vqe_vector3_dot(a, a));
}

/* To length 1; its length before, and unchanged where that is 0. */
static inline double vqe_vector3_unit(double a[3])
{
  double length = vqe_vector3_norm(a);
  for (int k = 0; k < 3 && length > 0.0; k++) {
    a[k] /= length;
  }
  return length;
}

#endif
