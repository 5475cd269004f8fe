/* Masks of qubits: bit q is qubit q. */
#ifndef VQE_OPERATORS_QUBITS_H
#define VQE_OPERATORS_QUBITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"
#include "vqe/operators.h"

#define VQE_MASK_BITS 128

static inline vqe_qubits vqe_qubits_bit(int q)
{
  VQE_ASSERT(q >= 0 && q < VQE_MASK_BITS);
  return (vqe_qubits)1 << q;
}

static inline bool vqe_qubits_has(vqe_qubits mask, int q)
{
  VQE_ASSERT(q >= 0 && q < VQE_MASK_BITS);
  return (mask >> q & 1) != 0;
}

/* The `count` lowest qubits, 0 to 128. */
static inline vqe_qubits vqe_qubits_below(int count)
{
  return count == VQE_MASK_BITS ? ~(vqe_qubits)0 : vqe_qubits_bit(count) - 1;
}

static inline uint64_t vqe_qubits_high(vqe_qubits mask)
{
  return (uint64_t)(mask >> 64);
}

static inline uint64_t vqe_qubits_low(vqe_qubits mask)
{
  return (uint64_t)mask;
}

/* The mask as the word that simulators of all 2^n amplitudes take: of qubits
 * below 64 alone. */
static inline uint64_t vqe_qubits_word(vqe_qubits mask)
{
  VQE_ASSERT(vqe_qubits_high(mask) == 0);
  return vqe_qubits_low(mask);
}

/* How many qubits. */
static inline int vqe_qubits_count(vqe_qubits mask)
{
  return __builtin_popcountll(vqe_qubits_low(mask)) +
         __builtin_popcountll(vqe_qubits_high(mask));
}

/* Whether there is an odd number of them. */
static inline bool vqe_qubits_odd(vqe_qubits mask)
{
  return __builtin_parityll(vqe_qubits_low(mask) ^ vqe_qubits_high(mask)) != 0;
}

/* The lowest qubit of a mask that has one. */
static inline int vqe_qubits_lowest(vqe_qubits mask)
{
  uint64_t low = vqe_qubits_low(mask);
  VQE_ASSERT(mask != 0);
  return low != 0 ? __builtin_ctzll(low)
                  : 64 + __builtin_ctzll(vqe_qubits_high(mask));
}

/* The highest. */
static inline int vqe_qubits_highest(vqe_qubits mask)
{
  uint64_t high = vqe_qubits_high(mask);
  VQE_ASSERT(mask != 0);
  return high != 0 ? 127 - __builtin_clzll(high)
                   : 63 - __builtin_clzll(vqe_qubits_low(mask));
}

/* The determinant of the `nalpha` and `nbeta` lowest orbitals of `norb`. */
static inline vqe_qubits vqe_qubits_filled(int norb, int nalpha, int nbeta)
{
  VQE_ASSERT(norb <= VQE_MAX_ORBITALS && nalpha <= norb && nbeta <= norb);
  return vqe_qubits_below(nalpha) |
         (nbeta > 0 ? vqe_qubits_below(nbeta) << norb : 0);
}

#endif
