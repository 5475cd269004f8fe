/* Occupation strings of one spin, ordered so that symmetry makes blocks.
 *
 * A string is the bit mask of the occupied orbitals, of 64 bits; positions
 * of strings have 32. Strings of the same
 * irrep (XOR of its orbitals' irreps) form a class; inside a class, strings
 * of the same electron number form a run. A sector has one run a class; the
 * full space has one for each electron number. */
#ifndef VQE_SIM_STRINGS_H
#define VQE_SIM_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "vqe/operators.h"

#define VQE_ALL_NUMBERS (-1)
#define VQE_STRING_ORBITALS 64 /* bits of a string */

struct vqe_strings {
  int norb;
  int nelec;  /* VQE_ALL_NUMBERS: every string of norb bits */
  int nclass; /* number of irreps */
  size_t count;
  uint64_t *bits;    /* count */
  uint32_t *of_rank; /* position of the string of that rank */
  uint32_t class_start[VQE_MAX_IRREPS + 1];
  size_t nrun;
  uint32_t *run_start; /* nrun + 1, over all classes in order */
  uint32_t class_run[VQE_MAX_IRREPS + 1]; /* first run of each class */
};

/* Number of strings, UINT64_MAX on overflow. */
uint64_t vqe_strings_count(int norb, int nelec);

/* Determinants of both spins, UINT64_MAX on overflow; *fits where strings of
 * either spin can be made and sizes of such vectors in bytes do not overflow.
 */
uint64_t vqe_strings_determinants(bool *fits, int norb, int nalpha, int nbeta);

/* How many strings there are of each irrep, without making them: out has
 * nirrep numbers, whose sum is below 2^63. O(norb nelec nirrep). */
void vqe_strings_classes(uint64_t *out, int norb, int nelec, int nirrep,
                         const uint8_t *irrep);

/* Bytes that vqe_strings_init takes, UINT64_MAX on overflow. */
uint64_t vqe_strings_bytes(int norb, int nelec);

/* irrep: norb labels below nirrep. */
int vqe_strings_init(struct vqe_strings *strings, int norb, int nelec,
                     int nirrep, const uint8_t *irrep);
void vqe_strings_clear(struct vqe_strings *strings);

/* Position of a string that is known to be in the set: O(electrons). */
uint32_t vqe_strings_position(const struct vqe_strings *strings,
                              uint64_t bits);

/* Class of the string at a position. */
int vqe_strings_class(const struct vqe_strings *strings, uint32_t position);

/* Position of the string of the nelec lowest orbitals: Hartree-Fock's. */
uint32_t vqe_strings_lowest(const struct vqe_strings *strings);

/* The strings of both spins: beta's are alpha's where the electron numbers
 * agree. `own` holds the sets, also on failure, and is cleared by
 * vqe_strings_clear_both. */
int vqe_strings_init_both(struct vqe_strings own[2],
                          const struct vqe_strings **alpha,
                          const struct vqe_strings **beta, int norb,
                          int nalpha, int nbeta, int nirrep,
                          const uint8_t *irrep);
void vqe_strings_clear_both(struct vqe_strings own[2]);

/* Sign of a+_a a_i on a string with i occupied and a empty (or a == i):
 * parity of the electrons strictly between. */
static inline int vqe_strings_sign(uint64_t bits, int a, int i)
{
  int low = a < i ? a : i;
  int high = a < i ? i : a;
  VQE_ASSERT(low >= 0 && high < 64);
  uint64_t between = ((UINT64_C(1) << high) - 1) & ~((UINT64_C(2) << low) - 1);
  return (__builtin_popcountll(bits & between) & 1) ? -1 : 1;
}

/* All (from, to, sign) with to = sign * a+_a a_i (and a+_b a_j) from. Sorted
 * by class of `from`; start[c]..start[c+1] is class c. */
struct vqe_string_pair {
  uint32_t from, to;
  double sign;
};

struct vqe_string_pairs {
  size_t count;
  struct vqe_string_pair *items;
  uint32_t start[VQE_MAX_IRREPS + 1];
};

/* Excitation i -> a, and j -> b when j >= 0 (same spin, all four different);
 * i == a counts electrons in i (sign 1). */
int vqe_string_pairs_init(struct vqe_string_pairs *pairs,
                          const struct vqe_strings *strings, int i, int a,
                          int j, int b);
void vqe_string_pairs_clear(struct vqe_string_pairs *pairs);

#endif
