#include "sim/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* C(n, k), UINT64_MAX when a product on the way is too large */
static uint64_t binomial(int n, int k)
{
  if (k < 0 || k > n) {
    return 0;
  }
  uint64_t value = 1;
  for (int i = 1; i <= k; i++) {
    uint64_t factor = (uint64_t)n - (uint64_t)k + (uint64_t)i;
    if (__builtin_mul_overflow(value, factor, &value)) {
      return UINT64_MAX;
    }
    value /= (uint64_t)i;
  }
  return value;
}

uint64_t vqe_strings_count(int norb, int nelec)
{
  if (nelec == VQE_ALL_NUMBERS) {
    return norb < 64 ? UINT64_C(1) << norb : UINT64_MAX;
  }
  return binomial(norb, nelec);
}

uint64_t vqe_strings_determinants(bool *fits, int norb, int nalpha, int nbeta)
{
  uint64_t na = vqe_strings_count(norb, nalpha);
  uint64_t nb = vqe_strings_count(norb, nbeta);
  uint64_t product;
  if (__builtin_mul_overflow(na, nb, &product)) {
    product = UINT64_MAX;
  }
  *fits = na <= UINT32_MAX && nb <= UINT32_MAX && product < UINT64_C(1) << 52;
  return product;
}

void vqe_strings_classes(uint64_t *out, int norb, int nelec, int nirrep,
                         const uint8_t *irrep)
{
  /* [k][c]: strings of k electrons (0 of any number) in the orbitals so far */
  uint64_t ways[VQE_STRING_ORBITALS + 1][VQE_MAX_IRREPS] = {{1}};
  bool all = nelec == VQE_ALL_NUMBERS;
  int most = all ? 0 : nelec;
  VQE_ASSERT(norb <= VQE_STRING_ORBITALS && most <= norb);
  for (int p = 0; p < norb; p++) {
    int own = nirrep == 1 ? 0 : irrep[p];
    for (int k = most; k >= (all ? 0 : 1); k--) {
      const uint64_t *from = ways[all ? 0 : k - 1];
      uint64_t added[VQE_MAX_IRREPS];
      for (int c = 0; c < nirrep; c++) {
        added[c] = from[c ^ own];
      }
      for (int c = 0; c < nirrep; c++) {
        ways[k][c] += added[c];
      }
    }
  }
  memcpy(out, ways[most], (size_t)nirrep * sizeof *out);
}

uint64_t vqe_strings_bytes(int norb, int nelec)
{
  uint64_t bytes;
  bool large =
      __builtin_mul_overflow(vqe_strings_count(norb, nelec),
                             sizeof(uint64_t) + sizeof(uint32_t), &bytes);
  return large ? UINT64_MAX : bytes;
}

/* Colexicographic rank among the strings of the set: 0..count-1. */
static uint32_t rank_of(const struct vqe_strings *strings, uint64_t bits)
{
  if (strings->nelec == VQE_ALL_NUMBERS) {
    return (uint32_t)bits;
  }
  uint64_t rank = 0;
  for (int k = 1; bits != 0; k++) {
    rank += binomial(__builtin_ctzll(bits), k);
    bits &= bits - 1;
  }
  return (uint32_t)rank;
}

uint32_t vqe_strings_position(const struct vqe_strings *strings, uint64_t bits)
{
  uint32_t rank = rank_of(strings, bits);
  VQE_ASSERT(rank < strings->count);
  return strings->of_rank[rank];
}

static int class_of(uint64_t bits, const uint8_t *irrep)
{
  int product = 0;
  for (; bits != 0; bits &= bits - 1) {
    product ^= irrep[__builtin_ctzll(bits)];
  }
  return product;
}

/* The mask of the n lowest orbitals, n <= 64. */
static uint64_t lowest_bits(int n)
{
  VQE_ASSERT(n >= 0 && n <= 64);
  return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* Next larger number with the same number of bits (Gosper). */
static uint64_t next_string(uint64_t bits)
{
  uint64_t low = bits & (~bits + 1);
  uint64_t ripple = bits + low;
  return ripple | (((bits ^ ripple) >> 2) / low);
}

/* Counting sort by class and electron number, ranks ascending inside. */
static void sort_strings(struct vqe_strings *strings, const uint8_t *irrep)
{
  bool all = strings->nelec == VQE_ALL_NUMBERS;
  size_t runs_a_class = all ? (size_t)strings->norb + 1 : 1;
  for (int pass = 0; pass < 2; pass++) {
    uint64_t bits = all ? 0 : lowest_bits(strings->nelec);
    for (uint64_t rank = 0; rank < strings->count; rank++) {
      size_t run = (size_t)class_of(bits, irrep) * runs_a_class;
      if (all) {
        run += (size_t)__builtin_popcountll(bits);
      }
      if (pass == 0) {
        strings->run_start[run + 2]++;
      } else {
        uint32_t at = strings->run_start[run + 1]++;
        strings->bits[at] = bits;
        strings->of_rank[rank] = at;
      }
      bits = all || bits == 0 ? bits + 1 : next_string(bits);
    }
    /* lengths at run + 2 become starts at run + 1; filling turns them into
     * ends, which are the starts at run + 1 of the next one */
    for (size_t k = 3; pass == 0 && k <= strings->nrun; k++) {
      strings->run_start[k] += strings->run_start[k - 1];
    }
  }
}

int vqe_strings_init(struct vqe_strings *strings, int norb, int nelec,
                     int nirrep, const uint8_t *irrep)
{
  static const uint8_t no_irreps[VQE_STRING_ORBITALS];
  uint64_t count = vqe_strings_count(norb, nelec);
  bool all = nelec == VQE_ALL_NUMBERS;
  memset(strings, 0, sizeof *strings);
  if (norb < 0 || norb > VQE_STRING_ORBITALS || count == 0 ||
      count > UINT32_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%d electrons in %d orbitals give %llu strings of "
                         "one spin: not supported",
                         nelec, norb, (unsigned long long)count);
  }
  if (irrep == NULL || nirrep == 1) {
    irrep = no_irreps;
    nirrep = 1;
  }
  strings->norb = norb;
  strings->nelec = nelec;
  strings->nclass = nirrep;
  strings->count = (size_t)count;
  size_t runs_a_class = all ? (size_t)norb + 1 : 1;
  strings->nrun = (size_t)nirrep * runs_a_class;
  int status = vqe_memory_alloc(&strings->bits, strings->count,
                                sizeof *strings->bits, "strings");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&strings->of_rank, strings->count,
                              sizeof *strings->of_rank, "strings");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&strings->run_start, strings->nrun + 2,
                              sizeof *strings->run_start, "strings");
  }
  if (status != VQE_OK) {
    vqe_strings_clear(strings);
    return status;
  }
  sort_strings(strings, irrep);
  strings->run_start[0] = 0;
  for (int c = 0; c <= nirrep; c++) {
    strings->class_run[c] = (uint32_t)((size_t)c * runs_a_class);
    strings->class_start[c] = strings->run_start[strings->class_run[c]];
  }
  return VQE_OK;
}

void vqe_strings_clear(struct vqe_strings *strings)
{
  free(strings->bits);
  free(strings->of_rank);
  free(strings->run_start);
  memset(strings, 0, sizeof *strings);
}

int vqe_strings_class(const struct vqe_strings *strings, uint32_t position)
{
  int c = 0;
  VQE_ASSERT(position < strings->count);
  while (position >= strings->class_start[c + 1]) {
    c++;
  }
  return c;
}

uint32_t vqe_strings_lowest(const struct vqe_strings *strings)
{
  return vqe_strings_position(strings, lowest_bits(strings->nelec));
}

int vqe_strings_init_both(struct vqe_strings own[2],
                          const struct vqe_strings **alpha,
                          const struct vqe_strings **beta, int norb,
                          int nalpha, int nbeta, int nirrep,
                          const uint8_t *irrep)
{
  *alpha = &own[0];
  *beta = nalpha == nbeta ? &own[0] : &own[1];
  int status = vqe_strings_init(&own[0], norb, nalpha, nirrep, irrep);
  if (status == VQE_OK && nalpha != nbeta) {
    status = vqe_strings_init(&own[1], norb, nbeta, nirrep, irrep);
  }
  return status;
}

void vqe_strings_clear_both(struct vqe_strings own[2])
{
  vqe_strings_clear(&own[0]);
  vqe_strings_clear(&own[1]);
}

/* Apply a+_a a_i; 0 when it gives nothing. */
static int excite(uint64_t *bits, int a, int i)
{
  uint64_t from = UINT64_C(1) << i;
  uint64_t to = UINT64_C(1) << a;
  if ((*bits & from) == 0) {
    return 0;
  }
  uint64_t without = *bits & ~from;
  if ((without & to) != 0) {
    return 0;
  }
  int sign = a == i ? 1 : vqe_strings_sign(without, a, i);
  *bits = without | to;
  return sign;
}

int vqe_string_pairs_init(struct vqe_string_pairs *pairs,
                          const struct vqe_strings *strings, int i, int a,
                          int j, int b)
{
  memset(pairs, 0, sizeof *pairs);
  for (int pass = 0; pass < 2; pass++) {
    size_t count = 0;
    for (int c = 0; c < strings->nclass; c++) {
      for (uint32_t s = strings->class_start[c];
           s < strings->class_start[c + 1]; s++) {
        uint64_t bits = strings->bits[s];
        int sign = 1;
        if (j >= 0) {
          sign = excite(&bits, b, j);
        }
        if (sign != 0) {
          sign *= excite(&bits, a, i);
        }
        if (sign == 0) {
          continue;
        }
        if (pass == 1) {
          pairs->items[count] = (struct vqe_string_pair){
              s, vqe_strings_position(strings, bits), sign};
        }
        count++;
      }
      pairs->start[c + 1] = (uint32_t)count;
    }
    if (pass == 0) {
      int status = vqe_memory_alloc(&pairs->items, count, sizeof *pairs->items,
                                    "string pairs");
      if (status != VQE_OK) {
        return status;
      }
      pairs->count = count;
    }
  }
  return VQE_OK;
}

void vqe_string_pairs_clear(struct vqe_string_pairs *pairs)
{
  free(pairs->items);
  memset(pairs, 0, sizeof *pairs);
}
