/* Operator pools of ADAPT-VQE (Grimsley et al., Nat. Commun. 10, 3007
 * (2019)).
 *
 * Generalised excitations p -> r (and q -> s) run over all orbitals. tau and
 * tau^+ give the same operator up to its sign, so each pair is taken in one
 * direction: p < r for singles; {p, q} before {r, s} for two electrons of one
 * spin; p < r on the alpha side of mixed doubles, whose beta side then moves
 * up or down. */
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_builders.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"

/* ---- generalised singles and doubles ---- */

struct spin_move {
  int spin, from, to;
};

/* One factor of the element in hand; its mirror swaps the spins. */
static int add_factor(struct vqe_ansatz_builder *builder,
                      const struct spin_move *first,
                      const struct spin_move *second, bool mirror)
{
  return vqe_ansatz_add_excitation(
      builder, builder->ansatz->nparam, first->spin ^ mirror, first->from,
      first->to, second != NULL ? second->spin ^ mirror : 0,
      second != NULL ? second->from : -1, second != NULL ? second->to : -1);
}

/* One element: the excitation, and its mirror when the shell is closed and
 * the mirror is another one. */
static int add_element(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options,
                       const struct spin_move *first,
                       const struct spin_move *second, bool mirrored)
{
  if (!vqe_ansatz_allowed(options, first->from, first->to,
                          second != NULL ? second->from : -1,
                          second != NULL ? second->to : -1)) {
    return VQE_OK;
  }
  int status = add_factor(builder, first, second, false);
  if (status == VQE_OK && options->restricted && mirrored) {
    status = add_factor(builder, first, second, true);
  }
  builder->ansatz->nparam++;
  return status;
}

static int add_singles(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int spin = 0; spin < (options->restricted ? 1 : 2); spin++) {
    for (int p = 0; p < norb; p++) {
      for (int r = p + 1; status == VQE_OK && r < norb; r++) {
        struct spin_move move = {spin, p, r};
        status = add_element(builder, options, &move, NULL, true);
      }
    }
  }
  return status;
}

static int add_same_spin(struct vqe_ansatz_builder *builder,
                         const struct vqe_ansatz_options *options, int spin)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int q = p + 1; q < norb; q++) {
      /* the smallest of the four belongs to the first pair */
      for (int r = p + 1; r < norb; r++) {
        for (int s = r + 1; status == VQE_OK && s < norb; s++) {
          if (r == q || s == q) {
            continue;
          }
          struct spin_move first = {spin, p, r};
          struct spin_move second = {spin, q, s};
          status = add_element(builder, options, &first, &second, true);
        }
      }
    }
  }
  return status;
}

static int add_opposite_spin(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int r = p + 1; r < norb; r++) {
      for (int q = 0; q < norb; q++) {
        for (int s = 0; status == VQE_OK && s < norb; s++) {
          int low = q < s ? q : s;
          int high = q < s ? s : q;
          bool same = p == low && r == high;
          /* mirrors are one element; p -> r with r -> p is minus its own */
          bool repeated = low < p || (low == p && high < r);
          if (q == s ||
              (options->restricted && (repeated || (same && q > s)))) {
            continue;
          }
          struct spin_move first = {0, p, r};
          struct spin_move second = {1, q, s};
          status = add_element(builder, options, &first, &second, !same);
        }
      }
    }
  }
  return status;
}

static int build_generalised(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  int status = add_singles(builder, options);
  for (int spin = 0; spin < (options->restricted ? 1 : 2); spin++) {
    if (status == VQE_OK) {
      status = add_same_spin(builder, options, spin);
    }
  }
  if (status == VQE_OK) {
    status = add_opposite_spin(builder, options);
  }
  return status;
}

/* The same without the signs of fermions. */
static int build_qubit(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options)
{
  int status = build_generalised(builder, options);
  const struct vqe_ansatz *pool = builder->ansatz;
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    pool->gates[k].kind = pool->gates[k].kind == VQE_GATE_SINGLE
                              ? VQE_GATE_QUBIT_SINGLE
                              : VQE_GATE_QUBIT_DOUBLE;
  }
  return status;
}

/* ---- the pool as a whole ---- */

static int build(struct vqe_ansatz_builder *builder,
                 const struct vqe_ansatz_options *options)
{
  const char *name = options->adapt.pool;
  if (strcmp(name, "UCCSD") == 0) {
    return vqe_ansatz_build_uccsd_factors(builder, options);
  }
  if (strcmp(name, "QEB") == 0) {
    return build_qubit(builder, options);
  }
  if (strcmp(name, "SAGSD") == 0) {
    return vqe_ansatz_build_spin_pool(builder, options);
  }
  if (strcmp(name, "OVP-CEO") == 0) {
    return vqe_ansatz_build_coupled_pool(builder, options, true, false);
  }
  if (strcmp(name, "MVP-CEO") == 0) {
    return vqe_ansatz_build_coupled_pool(builder, options, false, true);
  }
  if (strcmp(name, "DVG-CEO") == 0) {
    return vqe_ansatz_build_coupled_pool(builder, options, true, true);
  }
  return build_generalised(builder, options);
}

int vqe_ansatz_pool_create(struct vqe_ansatz **out,
                           const struct vqe_ansatz_options *options)
{
  int missing = vqe_missing(__func__, "out options", out, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_ansatz_builder builder = {NULL, 0};
  *out = NULL;
  int status = vqe_struct_size_check("vqe_ansatz_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "options->irrep",
                         options->nirrep > 1 ? (const void *)options->irrep
                                             : options);
  }
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "options->adapt.pool", options->adapt.pool);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&builder.ansatz, 1, sizeof *builder.ansatz, "pool");
  }
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_ansatz *pool = builder.ansatz;
  strcpy(pool->name, "ADAPT-VQE");
  pool->reps = 1;
  pool->norb = options->norb;
  pool->nqubit = 2 * options->norb;
  pool->nalpha = options->nalpha;
  pool->nbeta = options->nbeta;
  pool->conserves = true;
  pool->real = true;
  status = build(&builder, options);
  if (status != VQE_OK) {
    vqe_ansatz_free(pool);
    return status;
  }
  *out = pool;
  return VQE_OK;
}

int vqe_ansatz_append(struct vqe_ansatz *ansatz, const struct vqe_ansatz *pool,
                      int element)
{
  int missing = vqe_missing(__func__, "ansatz pool", ansatz, pool);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "pool->gates", pool->gates);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  size_t first = 0;
  while (first < pool->ngate && pool->gates[first].param != element) {
    first++;
  }
  size_t count = 0;
  while (first + count < pool->ngate &&
         pool->gates[first + count].param == element) {
    count++;
  }
  if (count == 0) {
    return vqe_error_set(VQE_ERR_INPUT, "the pool has no element %d of 0..%d",
                         element, pool->nparam - 1);
  }
  int status =
      vqe_memory_grow(&ansatz->gates, ansatz->ngate, ansatz->ngate + count,
                      sizeof *ansatz->gates, "gate list");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < count; k++) {
    ansatz->gates[ansatz->ngate] = pool->gates[first + k];
    ansatz->gates[ansatz->ngate].param = ansatz->nparam;
    ansatz->ngate++;
  }
  ansatz->nparam++;
  return VQE_OK;
}
