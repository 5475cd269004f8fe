/* Dense matrices of Pauli sums by their labels, and sums of random integrals.
 */
#ifndef VQE_TESTS_PAULI_MATRIX_H
#define VQE_TESTS_PAULI_MATRIX_H

#include "oracle.h"

#include "operators/qubits.h"
#include "vqe/error.h"
#include "vqe/operators.h"

/* Of a Pauli word from its letters, not from the library's phase
 * convention. */
static inline double complex pauli_element(char letter, int to, int from)
{
  switch (letter) {
  case 'I':
    return to == from;
  case 'X':
    return to != from;
  case 'Y':
    return to == from ? 0 : (from == 0 ? I : -I);
  case 'Z':
    return to != from ? 0 : (from == 0 ? 1 : -1);
  }
  fail_msg("letter '%c'", letter);
  return 0;
}

/* The matrix, which is real, dim x dim. */
static inline double *pauli_matrix(const struct vqe_pauli_sum *sum)
{
  size_t dim = (size_t)1 << sum->nqubit;
  double *matrix = oracle_new(dim * dim);
  char label[2 * VQE_MAX_ORBITALS + 1];
  for (size_t t = 0; t < sum->nterm; t++) {
    vqe_pauli_label(label, sum->nqubit, sum->x[t], sum->z[t]);
    for (size_t from = 0; from < dim; from++) {
      size_t to = from ^ vqe_qubits_word(sum->x[t]);
      double complex element = sum->coeff[t];
      for (int q = 0; q < sum->nqubit; q++) {
        element *= pauli_element(label[sum->nqubit - 1 - q],
                                 (int)(to >> q & 1), (int)(from >> q & 1));
      }
      assert_close(cimag(element), 0.0, 0.0);
      matrix[to * dim + from] += creal(element);
    }
  }
  return matrix;
}

static inline int pauli_compare(const void *a, const void *b)
{
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

/* Eigenvalues, rising, of the block of basis states that `holds` is true of
 * (NULL: all), *count of them (may be NULL). */
static inline double *
pauli_spectrum(const struct vqe_pauli_sum *sum, size_t *count,
               bool (*holds)(uint64_t state, const void *ctx), const void *ctx)
{
  size_t dim = (size_t)1 << sum->nqubit;
  double *matrix = pauli_matrix(sum);
  double *block = oracle_new(dim * dim);
  double *values = oracle_new(dim);
  size_t *states = calloc(dim, sizeof *states);
  size_t size = 0;
  assert_non_null(states);
  for (size_t k = 0; k < dim; k++) {
    if (holds == NULL || holds(k, ctx)) {
      states[size++] = k;
    }
  }
  for (size_t k = 0; k < size; k++) {
    for (size_t j = 0; j < size; j++) {
      block[k * size + j] = matrix[states[k] * dim + states[j]];
    }
  }
  oracle_eigenvalues(values, block, size);
  qsort(values, size, sizeof *values, pauli_compare);
  free(states);
  free(block);
  free(matrix);
  if (count != NULL) {
    *count = size;
  }
  return values;
}

/* Jordan-Wigner sum of random integrals, with the symmetry of `irrep`. */
static inline struct vqe_pauli_sum *
pauli_random(int norb, const uint8_t *irrep, uint64_t seed)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_pauli_sum *sum = NULL;
  double *h1e;
  double *eri;
  oracle_integrals(&h1e, &eri, norb, irrep, seed);
  if (vqe_hamiltonian_create(&hamiltonian, norb, h1e, eri, 0.3, false, 0.0) !=
          VQE_OK ||
      vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, 0.0) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
  return sum;
}

#endif
