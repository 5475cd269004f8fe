#include "sim/vector.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vqe/error.h"

int vqe_vector_alloc(struct vqe_vector *vector, size_t size, bool real,
                     const char *what)
{
  int status = vqe_memory_alloc(&vector->re, size, sizeof(double), what);
  if (status == VQE_OK && !real) {
    status = vqe_memory_alloc(&vector->im, size, sizeof(double), what);
  }
  return status;
}

void vqe_vector_clear(struct vqe_vector *vector)
{
  free(vector->re);
  free(vector->im);
  memset(vector, 0, sizeof *vector);
}
