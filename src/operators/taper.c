/* Qubits that Z2 symmetries make superfluous: in the sector of a generator,
 * the bit of its qubit follows from the others. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/pauli_collect.h"
#include "operators/qubits.h"
#include "vqe/operators.h"

static const char *const names[VQE_TAPERS] = {"none", "number", "all"};

const char *vqe_taper_name(enum vqe_taper_kind kind)
{
  return (unsigned)kind < VQE_TAPERS ? names[kind] : NULL;
}

int vqe_taper_find(enum vqe_taper_kind *out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  for (int k = 0; k < VQE_TAPERS; k++) {
    if (strcmp(name, names[k]) == 0) {
      *out = (enum vqe_taper_kind)k;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "tapering '%s' is not none, number or all", name);
}

/* Add a generator and keep all reduced: each alone has its highest bit. `rows`
 * is indexed by that bit. */
static void add_generator(vqe_qubits rows[VQE_MASK_BITS], vqe_qubits generator)
{
  for (int k = VQE_MASK_BITS - 1; k >= 0; k--) {
    if (vqe_qubits_has(generator, k) && rows[k] != 0) {
      generator ^= rows[k];
    }
  }
  if (generator == 0) {
    return;
  }
  int lead = vqe_qubits_highest(generator);
  for (int k = lead + 1; k < VQE_MASK_BITS; k++) {
    if (vqe_qubits_has(rows[k], lead)) {
      rows[k] ^= generator;
    }
  }
  rows[lead] = generator;
}

/* Strings of Z that commute with every term: the masks that have an even
 * number of bits in common with each x, which are a null space over GF(2). */
static void find_symmetries(vqe_qubits rows[VQE_MASK_BITS],
                            const struct vqe_pauli_sum *sum)
{
  vqe_qubits flips[VQE_MASK_BITS] = {0}; /* reduced by their lowest bits */
  for (size_t k = 0; k < sum->nterm; k++) {
    vqe_qubits x = sum->x[k];
    while (x != 0 && flips[vqe_qubits_lowest(x)] != 0) {
      x ^= flips[vqe_qubits_lowest(x)];
    }
    if (x != 0) {
      flips[vqe_qubits_lowest(x)] = x;
    }
  }
  for (int free_bit = 0; free_bit < sum->nqubit; free_bit++) {
    if (flips[free_bit] != 0) {
      continue;
    }
    vqe_qubits mask = vqe_qubits_bit(free_bit);
    for (int lead = free_bit - 1; lead >= 0; lead--) {
      /* its other bits are higher and known */
      if (vqe_qubits_odd(flips[lead] & mask)) {
        mask |= vqe_qubits_bit(lead);
      }
    }
    add_generator(rows, mask);
  }
}

static void number_parities(vqe_qubits rows[VQE_MASK_BITS],
                            const struct vqe_mapping *mapping)
{
  vqe_qubits parity[2] = {0, 0};
  for (int j = 0; j < mapping->nqubit; j++) {
    parity[j >= mapping->nqubit / 2] ^= mapping->z[j].z;
  }
  add_generator(rows, parity[0]);
  add_generator(rows, parity[1]);
}

int vqe_taper_init(struct vqe_taper *out, enum vqe_taper_kind kind,
                   const struct vqe_pauli_sum *sum,
                   const struct vqe_mapping *mapping, vqe_qubits occupied)
{
  int missing = vqe_missing(__func__, "out sum mapping", out, sum, mapping);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "sum->x", sum->x);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  vqe_qubits rows[VQE_MASK_BITS] = {0};
  memset(out, 0, sizeof *out);
  if (sum->nqubit != mapping->nqubit) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a mapping on %d qubits for a sum on %d",
                         mapping->nqubit, sum->nqubit);
  }
  if (kind == VQE_TAPER_NUMBER) {
    number_parities(rows, mapping);
  } else if (kind == VQE_TAPER_ALL) {
    find_symmetries(rows, sum);
  } else if (kind != VQE_TAPER_NONE) {
    return vqe_error_set(VQE_ERR_INPUT, "there is no tapering number %d",
                         (int)kind);
  }
  vqe_qubits state = vqe_mapping_determinant(mapping, occupied);
  for (int k = 0; k < sum->nqubit && out->count < sum->nqubit - 1; k++) {
    if (rows[k] != 0) {
      out->generator[out->count] = rows[k];
      out->qubit[out->count] = k;
      out->odd[out->count++] = vqe_qubits_odd(rows[k] & state);
    }
  }
  return VQE_OK;
}

vqe_qubits vqe_taper_mask(const struct vqe_taper *taper, vqe_qubits mask)
{
  for (int k = taper->count - 1; k >= 0; k--) {
    vqe_qubits below = vqe_qubits_below(taper->qubit[k]);
    mask = (mask & below) | (mask >> 1 & ~below);
  }
  return mask;
}

/* Z of a qubit that goes is the rest of its generator with the sign of the
 * sector, and X, which flips it along with others, is that sign. */
int vqe_taper_string(int *sign, vqe_qubits *x, vqe_qubits *z,
                     const struct vqe_taper *taper)
{
  unsigned power = (unsigned)vqe_qubits_count(*x & *z);
  vqe_qubits gone = 0;
  *sign = 1;
  for (int k = 0; k < taper->count; k++) {
    vqe_qubits here = vqe_qubits_bit(taper->qubit[k]);
    if (vqe_qubits_odd(*x & taper->generator[k])) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "tapering: a term does not commute with the "
                           "symmetry of qubit %d; taper fewer",
                           taper->qubit[k]);
    }
    if (taper->odd[k]) {
      power += *x & here ? 2u : 0u;
      power += *z & here ? 2u : 0u;
    }
    if (*z & here) {
      *z ^= taper->generator[k];
    }
    gone |= here;
  }
  *x &= ~gone;
  VQE_ASSERT((*z & gone) == 0);
  power -= (unsigned)vqe_qubits_count(*x & *z);
  VQE_ASSERT((power & 1u) == 0);
  *sign = power & 2u ? -1 : 1;
  *x = vqe_taper_mask(taper, *x);
  *z = vqe_taper_mask(taper, *z);
  return VQE_OK;
}

int vqe_pauli_sum_taper(struct vqe_pauli_sum **out,
                        const struct vqe_pauli_sum *sum,
                        const struct vqe_taper *taper, double threshold)
{
  int missing = vqe_missing(__func__, "out sum taper", out, sum, taper);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "sum->x sum->z sum->coeff", sum->x, sum->z,
                          sum->coeff);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_pauli_term *terms = NULL;
  *out = NULL;
  int status =
      vqe_memory_alloc(&terms, sum->nterm, sizeof *terms, "Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < sum->nterm; k++) {
    int sign;
    terms[k] = (struct vqe_pauli_term){sum->x[k], sum->z[k], sum->coeff[k]};
    status = vqe_taper_string(&sign, &terms[k].x, &terms[k].z, taper);
    terms[k].coeff *= sign;
  }
  if (status == VQE_OK) {
    status = vqe_pauli_collect(out, sum->nqubit - taper->count, terms,
                               sum->nterm, threshold);
  }
  free(terms);
  return status;
}
