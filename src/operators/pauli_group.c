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

/* Letters of a group's qubits: x, z and where there are any, of 64 qubits. */
typedef uint64_t letters[3];

static bool clash(const letters group, uint64_t x, uint64_t z)
{
  return (((x ^ group[0]) | (z ^ group[1])) & (x | z) & group[2]) != 0;
}

static void join(letters group, uint64_t x, uint64_t z)
{
  group[0] |= x;
  group[1] |= z;
  group[2] |= x | z;
}

/* Put each term, in the order of `ranked`, into the first group that it
 * commutes with qubit by qubit. `low` and `high` have room for as many: most
 * clash below 64 already, so that the other half is seldom looked at. */
static int assign_groups(int *group, const struct ranked *ranked, letters *low,
                         letters *high, size_t nterm)
{
  int groups = 0;
  for (size_t k = 0; k < nterm; k++) {
    uint64_t x = vqe_qubits_low(ranked[k].x);
    uint64_t z = vqe_qubits_low(ranked[k].z);
    uint64_t x2 = vqe_qubits_high(ranked[k].x);
    uint64_t z2 = vqe_qubits_high(ranked[k].z);
    int chosen = -1;
    if ((ranked[k].x | ranked[k].z) != 0) {
      chosen = 0;
      while (chosen < groups &&
             (clash(low[chosen], x, z) || clash(high[chosen], x2, z2))) {
        chosen++;
      }
      groups += chosen == groups;
      join(low[chosen], x, z);
      join(high[chosen], x2, z2);
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
  letters *low = NULL; /* of each group */
  letters *high = NULL;
  int status = check(__func__, sum, group, ngroup);
  if (status == VQE_OK) {
    status = rank_terms(&ranked, sum);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&low, sum->nterm, sizeof *low, "Pauli groups");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&high, sum->nterm, sizeof *high, "Pauli groups");
  }
  if (status == VQE_OK) {
    *ngroup = assign_groups(group, ranked, low, high, sum->nterm);
  }
  free(ranked);
  free(low);
  free(high);
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
