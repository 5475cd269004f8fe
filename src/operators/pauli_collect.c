#include "operators/pauli_collect.h"

#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"

#define DEFAULT_THRESHOLD 1e-12

static int compare_masks(const void *a, const void *b)
{
  const struct vqe_pauli_term *left = a;
  const struct vqe_pauli_term *right = b;
  if (left->x != right->x) {
    return left->x < right->x ? -1 : 1;
  }
  return left->z < right->z ? -1 : left->z > right->z;
}

/* Terms that are left at the front of the sorted list. */
static size_t merge(struct vqe_pauli_term *terms, size_t nterm,
                    double threshold)
{
  size_t kept = 0;
  size_t end;
  for (size_t k = 0; k < nterm; k = end) {
    struct vqe_pauli_term sum = terms[k];
    for (end = k + 1;
         end < nterm && terms[end].x == sum.x && terms[end].z == sum.z;
         end++) {
      sum.coeff += terms[end].coeff;
    }
    if (fabs(sum.coeff) >= threshold) {
      terms[kept++] = sum;
    }
  }
  return kept;
}

void vqe_pauli_sum_free(struct vqe_pauli_sum *sum)
{
  if (sum == NULL) {
    return;
  }
  free(sum->x);
  free(sum->z);
  free(sum->coeff);
  free(sum);
}

int vqe_pauli_collect(struct vqe_pauli_sum **out, int nqubit,
                      struct vqe_pauli_term *terms, size_t nterm,
                      double threshold)
{
  struct vqe_pauli_sum *sum = NULL;
  if (nterm > 0) {
    qsort(terms, nterm, sizeof *terms, compare_masks);
  }
  size_t kept =
      merge(terms, nterm, threshold > 0.0 ? threshold : DEFAULT_THRESHOLD);
  int status = vqe_memory_alloc(&sum, 1, sizeof *sum, "Pauli sum");
  if (status != VQE_OK) {
    return status;
  }
  sum->nqubit = nqubit;
  sum->nterm = kept;
  status = vqe_memory_alloc(&sum->x, kept, sizeof *sum->x, "Pauli sum");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sum->z, kept, sizeof *sum->z, "Pauli sum");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&sum->coeff, kept, sizeof *sum->coeff, "Pauli sum");
  }
  if (status != VQE_OK) {
    vqe_pauli_sum_free(sum);
    return status;
  }
  for (size_t k = 0; k < kept; k++) {
    sum->x[k] = terms[k].x;
    sum->z[k] = terms[k].z;
    sum->coeff[k] = terms[k].coeff;
  }
  *out = sum;
  return VQE_OK;
}
