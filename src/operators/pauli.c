#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/pauli_collect.h"
#include "operators/qubits.h"
#include "vqe/operators.h"

/* ---- accumulation in a hash table keyed by (x, z) ---- */

struct entry {
  vqe_qubits x, z;
  double coeff;
  bool used;
};

struct table {
  size_t capacity; /* power of two */
  size_t count;
  struct entry *entries;
};

static size_t slot_of(const struct table *table, vqe_qubits x, vqe_qubits z)
{
  uint64_t hash = vqe_qubits_low(x) * 0x9E3779B97F4A7C15u;
  hash ^= (vqe_qubits_low(z) + 0x632BE59BD9B4E019u) * 0xC2B2AE3D27D4EB4Fu;
  hash ^= vqe_qubits_high(x) * 0xD6E8FEB86659FD93u;
  hash ^= vqe_qubits_high(z) * 0xA0761D6478BD642Fu;
  hash ^= hash >> 29;
  hash *= 0x94D049BB133111EBu;
  hash ^= hash >> 32;
  size_t slot = (size_t)hash & (table->capacity - 1);
  while (table->entries[slot].used &&
         (table->entries[slot].x != x || table->entries[slot].z != z)) {
    slot = (slot + 1) & (table->capacity - 1);
  }
  return slot;
}

static int table_grow(struct table *table)
{
  struct table grown = {2 * table->capacity, table->count, NULL};
  int status = vqe_memory_alloc(&grown.entries, grown.capacity,
                                sizeof *grown.entries, "Pauli terms");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < table->capacity; k++) {
    const struct entry *entry = &table->entries[k];
    if (entry->used) {
      grown.entries[slot_of(&grown, entry->x, entry->z)] = *entry;
    }
  }
  free(table->entries);
  *table = grown;
  return VQE_OK;
}

static int table_add(struct table *table, vqe_qubits x, vqe_qubits z,
                     double coeff)
{
  if (2 * (table->count + 1) > table->capacity) {
    int status = table_grow(table);
    if (status != VQE_OK) {
      return status;
    }
  }
  struct entry *entry = &table->entries[slot_of(table, x, z)];
  if (!entry->used) {
    entry->used = true;
    entry->x = x;
    entry->z = z;
    table->count++;
  }
  entry->coeff += coeff;
  return VQE_OK;
}

/* ---- Jordan-Wigner ---- */

/* F_PQ, both spins. p > q: 1/2 (X Z..Z X + Y Z..Z Y) for each spin; p = q:
 * 1 - (Z_alpha + Z_beta)/2. */
static int pair_terms(struct vqe_pauli_term out[4], int norb, int p, int q)
{
  if (p == q) {
    out[0] = (struct vqe_pauli_term){0, 0, 1.0};
    out[1] = (struct vqe_pauli_term){0, vqe_qubits_bit(p), -0.5};
    out[2] = (struct vqe_pauli_term){0, vqe_qubits_bit(p + norb), -0.5};
    return 3;
  }
  vqe_qubits ends = vqe_qubits_bit(p) | vqe_qubits_bit(q);
  vqe_qubits between = vqe_qubits_below(p) & ~vqe_qubits_below(q + 1);
  VQE_ASSERT(p > q && p < norb && norb <= VQE_MAX_ORBITALS);
  for (size_t spin = 0; spin < 2; spin++) {
    size_t shift = spin * (size_t)norb;
    out[2 * spin] =
        (struct vqe_pauli_term){ends << shift, between << shift, 0.5};
    out[2 * spin + 1] =
        (struct vqe_pauli_term){ends << shift, (ends | between) << shift, 0.5};
  }
  return 4;
}

/* Add weight * (A B + B A)/2 for sums of Pauli terms A and B. */
static int add_anticommutator(struct table *table, double weight,
                              const struct vqe_pauli_term *a, int na,
                              const struct vqe_pauli_term *b, int nb)
{
  for (int i = 0; i < na; i++) {
    for (int j = 0; j < nb; j++) {
      vqe_qubits x = a[i].x ^ b[j].x;
      vqe_qubits z = a[i].z ^ b[j].z;
      /* i^(n1 + n2 - n3) (-1)^|z1 & x2|, n = |x & z| */
      int power = vqe_qubits_count(a[i].x & a[i].z) +
                  vqe_qubits_count(b[j].x & b[j].z) - vqe_qubits_count(x & z) +
                  2 * vqe_qubits_count(a[i].z & b[j].x);
      if (power & 1) {
        continue; /* they anticommute: A B + B A has no such term */
      }
      double sign = (power & 2) ? -1.0 : 1.0;
      int status =
          table_add(table, x, z, sign * weight * a[i].coeff * b[j].coeff);
      if (status != VQE_OK) {
        return status;
      }
    }
  }
  return VQE_OK;
}

static int table_to_sum(struct vqe_pauli_sum **out, const struct table *table,
                        int nqubit, double threshold)
{
  struct vqe_pauli_term *terms = NULL;
  size_t nterm = 0;
  int status =
      vqe_memory_alloc(&terms, table->count, sizeof *terms, "Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < table->capacity; k++) {
    const struct entry *entry = &table->entries[k];
    if (entry->used) {
      terms[nterm++] =
          (struct vqe_pauli_term){entry->x, entry->z, entry->coeff};
    }
  }
  if (status == VQE_OK) {
    status = vqe_pauli_collect(out, nqubit, terms, nterm, threshold);
  }
  free(terms);
  return status;
}

/* Terms of every pair of orbitals: four at most, count[pq] of them. */
static void all_pair_terms(struct vqe_pauli_term (*terms)[4], int *count,
                           int norb)
{
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      int pq = p * (p + 1) / 2 + q;
      count[pq] = pair_terms(terms[pq], norb, p, q);
    }
  }
}

static int add_hamiltonian(struct table *table,
                           const struct vqe_hamiltonian *hamiltonian,
                           struct vqe_pauli_term (*terms)[4], const int *count)
{
  size_t npair = (size_t)hamiltonian->npair;
  int status = table_add(table, 0, 0, hamiltonian->constant);
  for (size_t pq = 0; pq < npair; pq++) {
    double f = hamiltonian->f[pq];
    for (int k = 0; status == VQE_OK && f != 0.0 && k < count[pq]; k++) {
      status = table_add(table, terms[pq][k].x, terms[pq][k].z,
                         f * terms[pq][k].coeff);
    }
    for (size_t rs = 0; status == VQE_OK && rs <= pq; rs++) {
      double w = hamiltonian->w[pq * npair + rs];
      if (w != 0.0) {
        status = add_anticommutator(table, pq == rs ? 0.5 * w : w, terms[pq],
                                    count[pq], terms[rs], count[rs]);
      }
    }
  }
  return status;
}

/* Memory for a sum of `nterm` terms: the table at its largest, half full as it
 * doubles, beside the one before, or beside the lists it is sorted into. */
static int check_room(double nterm, int norb)
{
  double bytes = nterm * (6.0 * sizeof(struct entry));
  if (vqe_memory_fits(bytes < 1.8e19 ? (uint64_t)bytes : UINT64_MAX)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_MEMORY,
                       "up to %.3g Pauli terms of %d orbitals need up to %.0f "
                       "MB, but only %.0f MB are available; choose an active "
                       "space",
                       nterm, norb, bytes / 1e6,
                       (double)vqe_memory_available() / 1e6);
}

/* Not less than there are terms: each product of an integral's counted as one.
 */
static double most_terms(const struct vqe_hamiltonian *hamiltonian,
                         const int *count)
{
  size_t npair = (size_t)hamiltonian->npair;
  double most = 1.0;
  for (size_t pq = 0; pq < npair; pq++) {
    most += hamiltonian->f[pq] != 0.0 ? count[pq] : 0;
    for (size_t rs = 0; rs <= pq; rs++) {
      if (hamiltonian->w[pq * npair + rs] != 0.0) {
        most += count[pq] * count[rs];
      }
    }
  }
  return most;
}

int vqe_pauli_sum_jordan_wigner(struct vqe_pauli_sum **out,
                                const struct vqe_hamiltonian *hamiltonian,
                                double threshold)
{
  int missing = vqe_missing(__func__, "out hamiltonian", out, hamiltonian);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "hamiltonian->f hamiltonian->w",
                          hamiltonian->f, hamiltonian->w);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  int norb = hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  struct table table = {4096, 0, NULL};
  struct vqe_pauli_term(*terms)[4] = NULL;
  int *count = NULL;
  *out = NULL;
  VQE_ASSERT(hamiltonian->npair == norb * (norb + 1) / 2);
  int status = vqe_memory_alloc(&table.entries, table.capacity,
                                sizeof *table.entries, "Pauli terms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&terms, npair, sizeof *terms, "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&count, npair, sizeof *count, "Pauli terms");
  }
  if (status == VQE_OK) {
    all_pair_terms(terms, count, norb);
    status = check_room(most_terms(hamiltonian, count), norb);
  }
  if (status == VQE_OK) {
    status = add_hamiltonian(&table, hamiltonian, terms, count);
  }
  if (status == VQE_OK) {
    status = table_to_sum(out, &table, 2 * norb, threshold);
  }
  free(table.entries);
  free(terms);
  free(count);
  return status;
}

double vqe_pauli_sum_one_norm(const struct vqe_pauli_sum *sum)
{
  if (sum == NULL || sum->x == NULL || sum->z == NULL || sum->coeff == NULL) {
    return 0.0;
  }
  double norm = 0.0;
  for (size_t k = 0; k < sum->nterm; k++) {
    if (sum->x[k] != 0 || sum->z[k] != 0) {
      norm += fabs(sum->coeff[k]);
    }
  }
  return norm;
}

void vqe_pauli_label(char *out, int nqubit, vqe_qubits x, vqe_qubits z)
{
  if (out == NULL) {
    return;
  }
  for (int k = 0; k < nqubit; k++) {
    int q = nqubit - 1 - k;
    out[k] = "IXZY"[vqe_qubits_has(x, q) | vqe_qubits_has(z, q) << 1];
  }
  out[nqubit] = '\0';
}
