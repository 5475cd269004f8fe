/* State vectors split in planes: real parts in one array, imaginary parts in
 * another, which a real state does without. */
#ifndef VQE_SIM_VECTOR_H
#define VQE_SIM_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

struct vqe_vector {
  double *re;
  double *im; /* NULL: real */
};

/* Zeros. `what` names it in the message of a failure. What there is by then
 * stays for vqe_vector_clear. */
int vqe_vector_alloc(struct vqe_vector *vector, size_t size, bool real,
                     const char *what);
void vqe_vector_clear(struct vqe_vector *vector);

static inline double vqe_vector_dot(const double *a, const double *b, size_t n)
{
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

#endif
