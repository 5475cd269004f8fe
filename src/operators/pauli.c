#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/pauli_collect.h"
#include "operators/pauli_size.h"
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

/* The table is emptied. */
static int table_to_sum(struct vqe_pauli_sum **out, struct table *table,
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
  free(table->entries);
  table->entries = NULL;
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

/* ---- how many there are ---- */

/* Places of the table for so many terms: half of them stay free. */
static double table_places(double nterm)
{
  double places = 4096.0;
  while (places < 2.0 * nterm) {
    places *= 2.0;
  }
  return places;
}

double vqe_pauli_size_bytes(double *kept, double nterm)
{
  *kept = nterm * (2.0 * sizeof(vqe_qubits) + sizeof(double));
  /* the table beside the list it is sorted into */
  return table_places(nterm) * sizeof(struct entry) +
         nterm * sizeof(struct vqe_pauli_term);
}

/* Can (pq|rs) be other than zero? */
static bool connects(const struct vqe_hamiltonian *hamiltonian, int p, int q,
                     int r, int s)
{
  if (hamiltonian->w == NULL) {
    const uint8_t *irrep = hamiltonian->irrep;
    return hamiltonian->nirrep == 1 ||
           (irrep[p] ^ irrep[q] ^ irrep[r] ^ irrep[s]) == 0;
  }
  size_t pq = (size_t)(p >= q ? p * (p + 1) / 2 + q : q * (q + 1) / 2 + p);
  size_t rs = (size_t)(r >= s ? r * (r + 1) / 2 + s : s * (s + 1) / 2 + r);
  return hamiltonian->w[pq * (size_t)hamiltonian->npair + rs] != 0.0;
}

double vqe_pauli_size_terms(const struct vqe_hamiltonian *hamiltonian)
{
  int n = hamiltonian->norb;
  /* identity, Z_i, Z_i Z_j */
  double count = 1.0 + 2.0 * n + n * (2.0 * n - 1.0);
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < p; q++) {
      /* X X + Y Y of each spin, alone and with each Z_r */
      bool hops =
          hamiltonian->w != NULL && hamiltonian->f[p * (p + 1) / 2 + q] != 0.0;
      for (int r = 0; r < n && !hops; r++) {
        hops = connects(hamiltonian, p, q, r, r);
      }
      count += hops ? 4.0 * (2.0 * n - 1.0) : 0.0;
      for (int r = 0; r < n; r++) {
        for (int s = 0; s < r; s++) {
          /* one hop of either spin: four strings */
          count += connects(hamiltonian, p, q, r, s) ? 4.0 : 0.0;
          /* four orbitals of one spin, each set once: six strings */
          count += r < q && (connects(hamiltonian, p, q, r, s) ||
                             connects(hamiltonian, p, r, q, s) ||
                             connects(hamiltonian, p, s, q, r))
                       ? 12.0
                       : 0.0;
        }
      }
    }
  }
  return count;
}

static int check_room(double nterm, int norb)
{
  double kept;
  double bytes = vqe_pauli_size_bytes(&kept, nterm);
  if (vqe_memory_fits(bytes < 1.8e19 ? (uint64_t)bytes : UINT64_MAX)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_MEMORY,
                       "%.3g Pauli terms of %d orbitals need %.0f MB, but "
                       "only %.0f MB are available; more memory or a smaller "
                       "active space is needed for them",
                       nterm, norb, bytes / 1e6,
                       (double)vqe_memory_available() / 1e6);
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
  struct table table = {0, 0, NULL};
  struct vqe_pauli_term(*terms)[4] = NULL;
  int *count = NULL;
  *out = NULL;
  VQE_ASSERT(hamiltonian->npair == norb * (norb + 1) / 2);
  double most = vqe_pauli_size_terms(hamiltonian);
  int status = check_room(most, norb);
  if (status == VQE_OK) {
    table.capacity = (size_t)table_places(most);
    status = vqe_memory_alloc(&table.entries, table.capacity,
                              sizeof *table.entries, "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&terms, npair, sizeof *terms, "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&count, npair, sizeof *count, "Pauli terms");
  }
  if (status == VQE_OK) {
    all_pair_terms(terms, count, norb);
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
