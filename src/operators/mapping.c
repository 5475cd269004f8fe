/* Mappings as Clifford operators on Jordan-Wigner's qubits: what a mapping
 * does to X_j and Z_j says what it does to every Pauli string. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/pauli_collect.h"
#include "operators/qubits.h"
#include "vqe/operators.h"

static const char *const names[VQE_MAPPINGS] = {
    "jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree"};

const char *vqe_mapping_name(enum vqe_mapping_kind kind)
{
  return (unsigned)kind < VQE_MAPPINGS ? names[kind] : NULL;
}

int vqe_mapping_find(enum vqe_mapping_kind *out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  for (int k = 0; k < VQE_MAPPINGS; k++) {
    if (strcmp(name, names[k]) == 0) {
      *out = (enum vqe_mapping_kind)k;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "mapping '%s' is not jordan_wigner, parity, "
                       "bravyi_kitaev or ternary_tree",
                       name);
}

/* left := left right */
static void multiply(struct vqe_pauli_string *left,
                     const struct vqe_pauli_string *right)
{
  left->power += right->power;
  left->power += 2u * (unsigned)vqe_qubits_odd(left->z & right->x);
  left->power &= 3u;
  left->x ^= right->x;
  left->z ^= right->z;
}

/* ---- encodings by sums of occupations: X_j flips the qubits that count
 * orbital j, Z_j asks for those whose sum is n_j ---- */

static void init_jordan_wigner(struct vqe_mapping *out)
{
  for (int j = 0; j < out->nqubit; j++) {
    out->x[j].x = vqe_qubits_bit(j);
    out->z[j].z = vqe_qubits_bit(j);
  }
}

static void init_parity(struct vqe_mapping *out)
{
  for (int j = 0; j < out->nqubit; j++) {
    for (int k = j; k < out->nqubit; k++) {
      out->x[j].x |= vqe_qubits_bit(k);
    }
    out->z[j].z = vqe_qubits_bit(j) | (j > 0 ? vqe_qubits_bit(j - 1) : 0);
  }
}

/* Node i = j + 1 of a Fenwick tree is the sum over the (i & -i) orbitals up to
 * j. */
static void init_bravyi_kitaev(struct vqe_mapping *out)
{
  for (int j = 0; j < out->nqubit; j++) {
    int node = j + 1;
    for (int i = node; i <= out->nqubit; i += i & -i) {
      out->x[j].x |= vqe_qubits_bit(i - 1);
    }
    out->z[j].z = vqe_qubits_bit(j);
    for (int i = node - 1; i > node - (node & -node); i -= i & -i) {
      out->z[j].z |= vqe_qubits_bit(i - 1);
    }
  }
}

/* ---- the ternary tree ---- */

/* Put a letter, X, Y or Z as 1, 2 or 3, on qubit `node`. */
static void put_letter(struct vqe_pauli_string *path, int node, int letter)
{
  if (letter != 3) {
    path->x |= vqe_qubits_bit(node);
  }
  if (letter != 1) {
    path->z |= vqe_qubits_bit(node);
  }
  path->power = (path->power + (letter == 2)) & 3u;
}

/* Majorana operator of qubit `node`: the path from the root to it, its branch
 * `letter`, and from there Z to the end. Node u has the children 3 u + 1
 * (branch X), 3 u + 2 (Y) and 3 u + 3 (Z). */
static void tree_path(struct vqe_pauli_string *path, int nqubit, int node,
                      int letter)
{
  *path = (struct vqe_pauli_string){0, 0, 0};
  for (int child = node; child > 0; child = (child - 1) / 3) {
    put_letter(path, (child - 1) / 3, (child - 1) % 3 + 1);
  }
  put_letter(path, node, letter);
  for (int child = 3 * node + letter; child < nqubit; child = 3 * child + 3) {
    put_letter(path, child, 3);
  }
}

/* Z_j = -i m_2j m_2j+1, in which the way from the root cancels and XY = iZ,
 * and X_j = Z_0 ... Z_j-1 m_2j. Where that way has an odd number of Y, m_2j is
 * the branch Y and m_2j+1 minus the branch X: then m_2j is real and m_2j+1
 * imaginary, as in Jordan-Wigner, and so the Hamiltonian stays real. */
static void init_ternary_tree(struct vqe_mapping *out)
{
  struct vqe_pauli_string before = {0, 0, 0};
  for (int j = 0; j < out->nqubit; j++) {
    struct vqe_pauli_string even;
    struct vqe_pauli_string odd;
    tree_path(&even, out->nqubit, j, 1);
    tree_path(&odd, out->nqubit, j, 2);
    if (vqe_qubits_odd(even.x & even.z)) {
      struct vqe_pauli_string swap = even;
      even = odd;
      odd = swap;
      odd.power = (odd.power + 2u) & 3u;
    }
    out->x[j] = before;
    multiply(&out->x[j], &even);
    out->z[j] = even;
    multiply(&out->z[j], &odd);
    out->z[j].power = (out->z[j].power + 3u) & 3u;
    VQE_ASSERT(out->z[j].x == 0 && out->z[j].power == 0);
    multiply(&before, &out->z[j]);
  }
}

int vqe_mapping_init(struct vqe_mapping *out, enum vqe_mapping_kind kind,
                     int nqubit)
{
  int missing = vqe_missing(__func__, "out", out);
  if (missing != VQE_OK) {
    return missing;
  }
  if (nqubit < 1 || nqubit > 2 * VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_INPUT, "a mapping on %d qubits: 1 to %d",
                         nqubit, 2 * VQE_MAX_ORBITALS);
  }
  memset(out, 0, sizeof *out);
  out->kind = kind;
  out->nqubit = nqubit;
  switch (kind) {
  case VQE_MAPPING_JORDAN_WIGNER:
    init_jordan_wigner(out);
    return VQE_OK;
  case VQE_MAPPING_PARITY:
    init_parity(out);
    return VQE_OK;
  case VQE_MAPPING_BRAVYI_KITAEV:
    init_bravyi_kitaev(out);
    return VQE_OK;
  case VQE_MAPPING_TERNARY_TREE:
    init_ternary_tree(out);
    return VQE_OK;
  case VQE_MAPPINGS:
    break;
  }
  return vqe_error_set(VQE_ERR_INPUT, "there is no mapping number %d",
                       (int)kind);
}

int vqe_mapping_string(vqe_qubits *x_out, vqe_qubits *z_out,
                       const struct vqe_mapping *mapping, vqe_qubits x,
                       vqe_qubits z)
{
  struct vqe_pauli_string image = {0, 0,
                                   (unsigned)vqe_qubits_count(x & z) & 3u};
  for (vqe_qubits left = x | z; left != 0; left &= left - 1) {
    int j = vqe_qubits_lowest(left);
    if (vqe_qubits_has(x, j)) {
      multiply(&image, &mapping->x[j]);
    }
    if (vqe_qubits_has(z, j)) {
      multiply(&image, &mapping->z[j]);
    }
  }
  unsigned power = image.power - (unsigned)vqe_qubits_count(image.x & image.z);
  VQE_ASSERT((power & 1u) == 0);
  *x_out = image.x;
  *z_out = image.z;
  return power & 2u ? -1 : 1;
}

vqe_qubits vqe_mapping_determinant(const struct vqe_mapping *mapping,
                                   vqe_qubits occupied)
{
  /* the vacuum, on which every Z_j is 1, is the state of zeros */
  vqe_qubits state = 0;
  for (int j = 0; j < mapping->nqubit; j++) {
    state ^= vqe_qubits_has(occupied, j) ? mapping->x[j].x : 0;
  }
  return state;
}

int vqe_pauli_sum_map(struct vqe_pauli_sum **out,
                      const struct vqe_pauli_sum *sum,
                      const struct vqe_mapping *mapping)
{
  int missing = vqe_missing(__func__, "out sum mapping", out, sum, mapping);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "sum->x sum->z sum->coeff", sum->x, sum->z,
                          sum->coeff);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_pauli_term *terms = NULL;
  *out = NULL;
  if (sum->nqubit != mapping->nqubit) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a mapping on %d qubits for a sum on %d",
                         mapping->nqubit, sum->nqubit);
  }
  int status =
      vqe_memory_alloc(&terms, sum->nterm, sizeof *terms, "Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < sum->nterm; k++) {
    int sign = vqe_mapping_string(&terms[k].x, &terms[k].z, mapping, sum->x[k],
                                  sum->z[k]);
    terms[k].coeff = sign * sum->coeff[k];
  }
  if (status == VQE_OK) {
    status = vqe_pauli_collect(out, sum->nqubit, terms, sum->nterm, 1e-300);
  }
  free(terms);
  return status;
}
