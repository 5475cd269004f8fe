/* A Pauli sum from a list of terms. */
#ifndef VQE_OPERATORS_PAULI_COLLECT_H
#define VQE_OPERATORS_PAULI_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include "vqe/operators.h"

struct vqe_pauli_term {
  vqe_qubits x, z;
  double coeff;
};

/* Sort `terms` in place, add those with the same masks, drop what is below
 * `threshold` (1e-12 when 0). Cost: O(nterm log nterm). */
int vqe_pauli_collect(struct vqe_pauli_sum **out, int nqubit,
                      struct vqe_pauli_term *terms, size_t nterm,
                      double threshold);

#endif
