#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "vqe/operators.h"

#define DEFAULT_ZERO 1e-10

static size_t pair_index(int p, int q)
{
  return p >= q ? (size_t)(p * (p + 1) / 2 + q)
                : (size_t)(q * (q + 1) / 2 + p);
}

static uint64_t bit(int orbital)
{
  VQE_ASSERT(orbital >= 0 && orbital < VQE_MAX_ORBITALS);
  return UINT64_C(1) << orbital;
}

/* Keep `row` in the echelon form `basis` (leading bit -> row). */
static void add_constraint(uint64_t basis[VQE_MAX_ORBITALS], uint64_t row)
{
  while (row != 0) {
    int lead = 63 - __builtin_clzll(row);
    if (basis[lead] == 0) {
      basis[lead] = row;
      return;
    }
    row ^= basis[lead];
  }
}

/* Every non-zero integral asks that the parities of its four orbitals cancel.
 * The labelings that satisfy all of them are the null space, over GF(2), of
 * those constraints; orbital 0 is put into irrep 0, which removes the parity
 * of the electron number. (The same search as in qubit tapering: Bravyi et
 * al., arXiv:1701.08213.) */
static void find_symmetry(struct vqe_hamiltonian *hamiltonian, double zero)
{
  int norb = hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  uint64_t basis[VQE_MAX_ORBITALS] = {0};
  VQE_ASSERT(norb <= VQE_MAX_ORBITALS);
  add_constraint(basis, bit(0));
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q < p; q++) {
      if (fabs(hamiltonian->h1e[p * norb + q]) > zero) {
        add_constraint(basis, bit(p) ^ bit(q));
      }
    }
  }
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      size_t pq = pair_index(p, q);
      for (int r = 0; r <= p; r++) {
        for (int s = 0; s <= r; s++) {
          size_t rs = pair_index(r, s);
          if (rs <= pq && fabs(hamiltonian->w[pq * npair + rs]) > zero) {
            add_constraint(basis, bit(p) ^ bit(q) ^ bit(r) ^ bit(s));
          }
        }
      }
    }
  }
  /* Each column without a leading row is free and gives one generator. */
  int generators = 0;
  for (int free_bit = 0; free_bit < norb && generators < 3; free_bit++) {
    if (basis[free_bit] != 0) {
      continue;
    }
    uint64_t label = bit(free_bit);
    for (int lead = 0; lead < norb; lead++) {
      /* rows hold bits below their lead only: solve upwards */
      if (basis[lead] != 0 &&
          __builtin_parityll(basis[lead] & label & ~bit(lead))) {
        label |= bit(lead);
      }
    }
    for (int p = 0; p < norb; p++) {
      hamiltonian->irrep[p] |= (uint8_t)((label >> p & 1) << generators);
    }
    generators++;
  }
  hamiltonian->nirrep = 1 << generators;
}

static void clear_forbidden(struct vqe_hamiltonian *hamiltonian)
{
  int norb = hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  const uint8_t *irrep = hamiltonian->irrep;
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      int g = irrep[p] ^ irrep[q];
      size_t pq = pair_index(p, q);
      if (g != 0) {
        hamiltonian->f[pq] = 0.0;
        hamiltonian->h1e[p * norb + q] = 0.0;
        hamiltonian->h1e[q * norb + p] = 0.0;
      }
      for (int r = 0; r < norb; r++) {
        for (int s = 0; s <= r; s++) {
          if ((irrep[r] ^ irrep[s]) != g) {
            hamiltonian->w[pq * npair + pair_index(r, s)] = 0.0;
          }
        }
      }
    }
  }
}

/* f from h and w */
static void fold_one_electron(struct vqe_hamiltonian *hamiltonian)
{
  int norb = hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      double value = hamiltonian->h1e[p * norb + q];
      for (int r = 0; r < norb; r++) {
        value -=
            0.5 * hamiltonian->w[pair_index(p, r) * npair + pair_index(r, q)];
      }
      hamiltonian->f[pair_index(p, q)] = value;
    }
  }
}

void vqe_hamiltonian_label(struct vqe_hamiltonian *hamiltonian, int nirrep,
                           const uint8_t *irrep)
{
  if (hamiltonian == NULL || irrep == NULL) {
    return;
  }
  VQE_ASSERT(nirrep >= 1 && nirrep <= VQE_MAX_IRREPS);
  hamiltonian->nirrep = nirrep;
  memcpy(hamiltonian->irrep, irrep, (size_t)hamiltonian->norb);
  clear_forbidden(hamiltonian);
}

void vqe_hamiltonian_update(struct vqe_hamiltonian *hamiltonian,
                            const double *h1e, const double *eri,
                            double constant)
{
  if (hamiltonian == NULL || h1e == NULL || eri == NULL) {
    return;
  }
  size_t norb = (size_t)hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  memcpy(hamiltonian->h1e, h1e, norb * norb * sizeof(double));
  memcpy(hamiltonian->w, eri, npair * npair * sizeof(double));
  hamiltonian->constant = constant;
  fold_one_electron(hamiltonian);
  clear_forbidden(hamiltonian);
}

int vqe_hamiltonian_create(struct vqe_hamiltonian **out, int norb,
                           const double *h1e, const double *eri,
                           double constant, bool symmetry, double zero)
{
  int missing = vqe_missing(__func__, "out h1e eri", out, h1e, eri);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_hamiltonian *hamiltonian = NULL;
  int status;
  *out = NULL;
  if (norb < 1 || norb > VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%d orbitals: between 1 and %d are supported; "
                         "choose an active space",
                         norb, VQE_MAX_ORBITALS);
  }
  size_t n = (size_t)norb;
  size_t npair = n * (n + 1) / 2;
  status =
      vqe_memory_alloc(&hamiltonian, 1, sizeof *hamiltonian, "Hamiltonian");
  if (status != VQE_OK) {
    return status;
  }
  hamiltonian->norb = norb;
  hamiltonian->npair = (int)npair;
  hamiltonian->constant = constant;
  hamiltonian->nirrep = 1;
  status = vqe_memory_alloc(&hamiltonian->f, npair, sizeof(double),
                            "one-electron integrals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&hamiltonian->h1e, n * n, sizeof(double),
                              "one-electron integrals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&hamiltonian->w, npair * npair, sizeof(double),
                              "two-electron integrals");
  }
  if (status != VQE_OK) {
    vqe_hamiltonian_free(hamiltonian);
    return status;
  }
  memcpy(hamiltonian->h1e, h1e, n * n * sizeof(double));
  memcpy(hamiltonian->w, eri, npair * npair * sizeof(double));
  for (size_t k = 0; k < npair * npair; k++) {
    if (!isfinite(hamiltonian->w[k])) {
      vqe_hamiltonian_free(hamiltonian);
      return vqe_error_set(VQE_ERR_INPUT,
                           "a two-electron integral is not finite");
    }
  }
  fold_one_electron(hamiltonian);
  for (size_t k = 0; k < npair; k++) {
    if (!isfinite(hamiltonian->f[k])) {
      vqe_hamiltonian_free(hamiltonian);
      return vqe_error_set(VQE_ERR_INPUT,
                           "a one-electron integral is not finite");
    }
  }
  if (symmetry) {
    find_symmetry(hamiltonian, zero > 0.0 ? zero : DEFAULT_ZERO);
    clear_forbidden(hamiltonian);
  }
  *out = hamiltonian;
  return VQE_OK;
}

void vqe_hamiltonian_free(struct vqe_hamiltonian *hamiltonian)
{
  if (hamiltonian == NULL) {
    return;
  }
  free(hamiltonian->f);
  free(hamiltonian->h1e);
  free(hamiltonian->w);
  free(hamiltonian);
}
