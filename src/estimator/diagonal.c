#include "estimator/diagonal.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "operators/qubits.h"
#include "vqe/error.h"

/* Terms as (-1)^negative i^|x & z| X^x Z^z. */
struct tableau {
  size_t nterm;
  uint64_t *x, *z; /* of shots: all 2^n amplitudes, so below 64 qubits */
  bool *negative;
};

static int bit(uint64_t mask, int q)
{
  return (int)(mask >> q & 1);
}

/* Turn term k by a gate: the rules of Aaronson and Gottesman. */
static void turn(struct tableau *t, size_t k, struct vqe_diagonal_gate gate)
{
  uint64_t *x = &t->x[k];
  uint64_t *z = &t->z[k];
  int xa = bit(*x, gate.a);
  int za = bit(*z, gate.a);
  int xb = bit(*x, gate.b);
  int zb = bit(*z, gate.b);
  switch (gate.kind) {
  case VQE_DIAGONAL_H:
    t->negative[k] ^= xa & za;
    *x ^= (uint64_t)(xa ^ za) << gate.a;
    *z ^= (uint64_t)(xa ^ za) << gate.a;
    break;
  case VQE_DIAGONAL_S:
    t->negative[k] ^= xa & za;
    *z ^= (uint64_t)xa << gate.a;
    break;
  case VQE_DIAGONAL_CX:
    t->negative[k] ^= xa & zb & (xb ^ za ^ 1);
    *x ^= (uint64_t)xa << gate.b;
    *z ^= (uint64_t)zb << gate.a;
    break;
  case VQE_DIAGONAL_CZ:
    t->negative[k] ^= xa & xb & (za ^ zb);
    *z ^= (uint64_t)xb << gate.a;
    *z ^= (uint64_t)xa << gate.b;
    break;
  }
}

static int add_gate(struct vqe_diagonal *out, struct tableau *t,
                    enum vqe_diagonal_kind kind, int a, int b)
{
  struct vqe_diagonal_gate gate = {kind, a, b};
  int status = vqe_memory_grow(&out->gates, out->count, out->count + 1,
                               sizeof *out->gates, "a measuring circuit");
  if (status != VQE_OK) {
    return status;
  }
  out->gates[out->count++] = gate;
  for (size_t k = 0; k < t->nterm; k++) {
    turn(t, k, gate);
  }
  return VQE_OK;
}

/* Bring term k to one Z. Terms that were brought there before have lost their
 * X on that qubit in all others, as they commute, and stay as they are. */
static int reduce(struct vqe_diagonal *out, struct tableau *t, size_t k)
{
  int pivot = __builtin_ctzll(t->x[k]);
  int status = VQE_OK;
  for (int q = pivot + 1; status == VQE_OK && q < 64; q++) {
    if (bit(t->x[k], q)) {
      status = add_gate(out, t, VQE_DIAGONAL_CX, pivot, q);
    }
  }
  if (status == VQE_OK && bit(t->z[k], pivot)) {
    status = add_gate(out, t, VQE_DIAGONAL_S, pivot, pivot);
  }
  for (int q = 0; status == VQE_OK && q < 64; q++) {
    if (bit(t->z[k], q)) {
      status = add_gate(out, t, VQE_DIAGONAL_CZ, pivot, q);
    }
  }
  return status == VQE_OK ? add_gate(out, t, VQE_DIAGONAL_H, pivot, pivot)
                          : status;
}

int vqe_diagonal_create(struct vqe_diagonal *out, uint64_t *mask,
                        bool *negative, const struct vqe_pauli_sum *paulis,
                        const size_t *terms, size_t nterm)
{
  struct tableau t = {.nterm = nterm, .z = mask, .negative = negative};
  *out = (struct vqe_diagonal){0};
  int status =
      vqe_memory_alloc(&t.x, nterm, sizeof *t.x, "a measuring circuit");
  for (size_t k = 0; status == VQE_OK && k < nterm; k++) {
    t.x[k] = vqe_qubits_word(paulis->x[terms[k]]);
    t.z[k] = vqe_qubits_word(paulis->z[terms[k]]);
    t.negative[k] = false;
  }
  for (size_t k = 0; status == VQE_OK && k < nterm; k++) {
    if (t.x[k] != 0) {
      status = reduce(out, &t, k);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < nterm; k++) {
    VQE_ASSERT(t.x[k] == 0); /* else two of them did not commute */
  }
  free(t.x);
  if (status != VQE_OK) {
    vqe_diagonal_clear(out);
  }
  return status;
}

void vqe_diagonal_clear(struct vqe_diagonal *diagonal)
{
  free(diagonal->gates);
  *diagonal = (struct vqe_diagonal){0};
}

static void swap(double *left, double *right)
{
  double kept = *left;
  *left = *right;
  *right = kept;
}

/* One gate on the pair of amplitudes k and k | 2^a. */
static void act(double *re, double *im, size_t k, struct vqe_diagonal_gate g)
{
  const double r = 0.70710678118654752440;
  size_t high = k | (size_t)1 << g.a;
  double ar = re[k];
  double ai = im[k];
  switch (g.kind) {
  case VQE_DIAGONAL_H:
    re[k] = r * (ar + re[high]);
    im[k] = r * (ai + im[high]);
    re[high] = r * (ar - re[high]);
    im[high] = r * (ai - im[high]);
    break;
  case VQE_DIAGONAL_S:
    swap(&re[high], &im[high]);
    re[high] = -re[high];
    break;
  case VQE_DIAGONAL_CX:
    if (bit(k, g.b) == 0) {
      swap(&re[high], &re[high | (size_t)1 << g.b]);
      swap(&im[high], &im[high | (size_t)1 << g.b]);
    }
    break;
  case VQE_DIAGONAL_CZ:
    if (bit(k, g.b) == 1) {
      re[high] = -re[high];
      im[high] = -im[high];
    }
    break;
  }
}

void vqe_diagonal_apply(double *re, double *im, size_t size,
                        const struct vqe_diagonal *diagonal)
{
  for (size_t g = 0; g < diagonal->count; g++) {
    size_t step = (size_t)1 << diagonal->gates[g].a;
    for (size_t base = 0; base < size; base += 2 * step) {
      for (size_t k = base; k < base + step; k++) {
        act(re, im, k, diagonal->gates[g]);
      }
    }
  }
}
