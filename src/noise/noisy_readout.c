#include "noise/noisy_readout.h"

#include <float.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "operators/pauli_collect.h"
#include "operators/qubits.h"

#define MOST_TERMS ((size_t)1 << 23)

/* Terms that cancel are dropped, others kept however small. */
#define LEAST_TERM DBL_MIN

/* What a letter of each qubit becomes: constant and factor. */
struct letters {
  double constant[VQE_MASK_BITS], factor[VQE_MASK_BITS];
};

static void set_letters(struct letters *out, int nqubit,
                        const struct vqe_noisy_model *model)
{
  for (int q = 0; q < nqubit; q++) {
    const struct vqe_noisy_qubit *qubit = vqe_noisy_model_qubit(model, q);
    double one = model->strength * qubit->read_one;
    double zero = model->strength * qubit->read_zero;
    out->constant[q] = zero - one;
    out->factor[q] = 1.0 - one - zero;
  }
}

/* Qubits of a term that it is split over. */
static vqe_qubits split_mask(const struct letters *letters, vqe_qubits support)
{
  vqe_qubits mask = 0;
  for (int q = 0; q < VQE_MASK_BITS; q++) {
    if (vqe_qubits_has(support, q) && letters->constant[q] != 0.0) {
      mask |= vqe_qubits_bit(q);
    }
  }
  return mask;
}

static size_t expand(struct vqe_pauli_term *out, const struct letters *letters,
                     vqe_qubits x, vqe_qubits z, double coeff)
{
  vqe_qubits support = x | z;
  vqe_qubits mask = split_mask(letters, support);
  size_t count = 0;
  vqe_qubits gone = 0;
  do {
    /* `gone`: letters that leave their constant */
    double value = coeff;
    for (vqe_qubits rest = support; rest != 0; rest &= rest - 1) {
      int q = vqe_qubits_lowest(rest);
      value *=
          vqe_qubits_has(gone, q) ? letters->constant[q] : letters->factor[q];
    }
    out[count++] = (struct vqe_pauli_term){x & ~gone, z & ~gone, value};
    gone = (gone - mask) & mask; /* the next subset */
  } while (gone != 0);
  return count;
}

int vqe_noisy_readout_sum(struct vqe_pauli_sum **out,
                          const struct vqe_pauli_sum *sum,
                          const struct vqe_noisy_model *model)
{
  struct letters letters = {{0.0}, {0.0}};
  struct vqe_pauli_term *terms = NULL;
  size_t total = 0;
  size_t used = 0;
  *out = NULL;
  set_letters(&letters, sum->nqubit, model);
  for (size_t k = 0; k < sum->nterm && total <= MOST_TERMS; k++) {
    vqe_qubits mask = split_mask(&letters, sum->x[k] | sum->z[k]);
    int weight = vqe_qubits_count(mask);
    total += weight < 24 ? (size_t)1 << weight : MOST_TERMS + 1;
  }
  if (total > MOST_TERMS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "readout errors that differ for 0 and 1 make more "
                         "than %zu Pauli terms of %zu; give one number as "
                         "'readout', or a smaller active space",
                         MOST_TERMS, sum->nterm);
  }
  int status =
      vqe_memory_alloc(&terms, total, sizeof *terms, "measured Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < sum->nterm; k++) {
    used +=
        expand(terms + used, &letters, sum->x[k], sum->z[k], sum->coeff[k]);
  }
  if (status == VQE_OK) {
    status = vqe_pauli_collect(out, sum->nqubit, terms, used, LEAST_TERM);
  }
  free(terms);
  return status;
}

void vqe_noisy_readout_confuse(double *probabilities, int nqubit,
                               const struct vqe_noisy_model *model)
{
  size_t size = (size_t)1 << nqubit;
  for (int q = 0; q < nqubit; q++) {
    const struct vqe_noisy_qubit *qubit = vqe_noisy_model_qubit(model, q);
    double one = model->strength * qubit->read_one;
    double zero = model->strength * qubit->read_zero;
    size_t bit = (size_t)1 << q;
    for (size_t b = 0; b < size; b++) {
      if ((b & bit) == 0) {
        double p0 = probabilities[b];
        double p1 = probabilities[b | bit];
        probabilities[b] = (1.0 - one) * p0 + zero * p1;
        probabilities[b | bit] = one * p0 + (1.0 - zero) * p1;
      }
    }
  }
}
