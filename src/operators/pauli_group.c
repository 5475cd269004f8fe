/* Groups of terms that one circuit measures. */
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/qubits.h"
#include "vqe/operators.h"

struct ranked {
  int64_t weight; /* |coefficient| in units of 1e-10 hartree: rounding noise
                     must not decide an order that users see */
  vqe_qubits x, z;
  size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
  const struct ranked *left = a;
  const struct ranked *right = b;
  if (left->weight != right->weight) {
    return left->weight > right->weight ? -1 : 1;
  }
  vqe_qubits different = (left->x ^ right->x) | (left->z ^ right->z);
  if (different == 0) {
    return 0;
  }
  /* the highest qubit is the first letter; I < X < Y < Z */
  int q = vqe_qubits_highest(different);
  static const int order[4] = {0, 1, 3, 2}; /* I X Z Y by x | z << 1 */
  int l = order[vqe_qubits_has(left->x, q) | vqe_qubits_has(left->z, q) << 1];
  int r =
      order[vqe_qubits_has(right->x, q) | vqe_qubits_has(right->z, q) << 1];
  return l < r ? -1 : 1;
}

/* Put each term, in the order of `ranked`, into the first group that it
 * commutes with qubit by qubit; `basis` has room for as many. */
static int assign_groups(int *group, const struct ranked *ranked,
                         vqe_qubits (*basis)[3], size_t nterm)
{
  int groups = 0;
  for (size_t k = 0; k < nterm; k++) {
    vqe_qubits x = ranked[k].x;
    vqe_qubits z = ranked[k].z;
    vqe_qubits support = x | z;
    int chosen = -1;
    if (support != 0) {
      for (chosen = 0; chosen < groups; chosen++) {
        vqe_qubits clash = ((x ^ basis[chosen][0]) | (z ^ basis[chosen][1])) &
                           support & basis[chosen][2];
        if (clash == 0) {
          break;
        }
      }
      groups += chosen == groups;
      basis[chosen][0] |= x;
      basis[chosen][1] |= z;
      basis[chosen][2] |= support;
    }
    group[ranked[k].index] = chosen;
  }
  return groups;
}

/* The same for terms that commute as a whole: `first` and `last` are each
 * group's terms, a list by `next`. */
static int assign_commuting(int *group, const struct ranked *ranked,
                            size_t nterm, size_t *first, size_t *last,
                            size_t *next)
{
  int groups = 0;
  for (size_t k = 0; k < nterm; k++) {
    vqe_qubits x = ranked[k].x;
    vqe_qubits z = ranked[k].z;
    int chosen = -1;
    next[k] = nterm;
    if ((x | z) != 0) {
      for (chosen = 0; chosen < groups; chosen++) {
        size_t at = first[chosen];
        while (at < nterm &&
               vqe_qubits_odd((x & ranked[at].z) ^ (z & ranked[at].x)) == 0) {
          at = next[at];
        }
        if (at == nterm) {
          break;
        }
      }
      if (chosen == groups) {
        groups++;
        first[chosen] = k;
      } else {
        next[last[chosen]] = k;
      }
      last[chosen] = k;
    }
    group[ranked[k].index] = chosen;
  }
  return groups;
}

/* Terms by falling |coefficient|; *out is the caller's to free. */
static int rank_terms(struct ranked **out, const struct vqe_pauli_sum *sum)
{
  int status = vqe_memory_alloc(out, sum->nterm, sizeof **out, "Pauli groups");
  for (size_t k = 0; status == VQE_OK && k < sum->nterm; k++) {
    (*out)[k] = (struct ranked){llround(fabs(sum->coeff[k]) * 1e10), sum->x[k],
                                sum->z[k], k};
  }
  if (status == VQE_OK) {
    qsort(*out, sum->nterm, sizeof **out, compare_ranked);
  }
  return status;
}

static int check(const char *function, const struct vqe_pauli_sum *sum,
                 const int *group, const int *ngroup)
{
  int missing = vqe_missing(function, "sum group ngroup", sum, group, ngroup);
  return missing != VQE_OK ? missing
                           : vqe_missing(function, "sum->x sum->z sum->coeff",
                                         sum->x, sum->z, sum->coeff);
}

int vqe_pauli_group_qwc(const struct vqe_pauli_sum *sum, int *group,
                        int *ngroup)
{
  struct ranked *ranked = NULL;
  vqe_qubits(*basis)[3] = NULL; /* x, z, support of each group */
  int status = check(__func__, sum, group, ngroup);
  if (status == VQE_OK) {
    status = rank_terms(&ranked, sum);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&basis, sum->nterm, sizeof *basis, "Pauli groups");
  }
  if (status == VQE_OK) {
    *ngroup = assign_groups(group, ranked, basis, sum->nterm);
  }
  free(ranked);
  free(basis);
  return status;
}

int vqe_pauli_group_commuting(const struct vqe_pauli_sum *sum, int *group,
                              int *ngroup)
{
  struct ranked *ranked = NULL;
  size_t *lists = NULL;
  int status = check(__func__, sum, group, ngroup);
  if (status == VQE_OK) {
    status = rank_terms(&ranked, sum);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lists, sum->nterm, 3 * sizeof *lists,
                              "Pauli groups");
  }
  if (status == VQE_OK) {
    *ngroup = assign_commuting(group, ranked, sum->nterm, lists,
                               lists + sum->nterm, lists + 2 * sum->nterm);
  }
  free(ranked);
  free(lists);
  return status;
}

int vqe_pauli_group_variance(double *out, const struct vqe_pauli_sum *sum,
                             const int *group, int ngroup, vqe_qubits occupied)
{
  int missing = vqe_missing(__func__, "out sum group", out, sum, group);
  if (missing != VQE_OK) {
    return missing;
  }
  double *total = NULL; /* of each group, of the strings with the x in hand */
  int status = vqe_memory_alloc(&total, (size_t)(ngroup > 0 ? ngroup : 0),
                                sizeof *total, "Pauli groups");
  if (status != VQE_OK) {
    return status;
  }
  for (int g = 0; g < ngroup; g++) {
    out[g] = 0.0;
  }
  size_t end;
  for (size_t k = 0; k < sum->nterm; k = end) {
    for (end = k; end < sum->nterm && sum->x[end] == sum->x[k]; end++) {
      vqe_qubits z = sum->z[end];
      if (sum->x[k] != 0) {
        VQE_ASSERT(group[end] >= 0 && group[end] < ngroup);
        bool negative = vqe_qubits_odd(z & occupied) !=
                        (vqe_qubits_count(sum->x[end] & z) / 2) % 2;
        total[group[end]] += negative ? -sum->coeff[end] : sum->coeff[end];
      }
    }
    for (size_t j = k; j < end && sum->x[k] != 0; j++) {
      out[group[j]] += total[group[j]] * total[group[j]];
      total[group[j]] = 0.0;
    }
  }
  free(total);
  return VQE_OK;
}
