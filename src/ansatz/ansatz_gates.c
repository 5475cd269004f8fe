#include "ansatz/ansatz_gates.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

#define MAX_GATES ((size_t)1 << 26)

int vqe_ansatz_add(struct vqe_ansatz_builder *builder,
                   const struct vqe_gate *gate)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  VQE_ASSERT(ansatz->ngate <= builder->capacity);
  VQE_ASSERT(gate->q[0] >= 0 && gate->q[0] < ansatz->nqubit);
  if (ansatz->ngate == builder->capacity) {
    size_t capacity = builder->capacity == 0 ? 256 : 2 * builder->capacity;
    if (capacity > MAX_GATES) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "the ansatz has more than %zu gates; use fewer "
                           "reps",
                           MAX_GATES);
    }
    int status = vqe_memory_grow(&ansatz->gates, ansatz->ngate, capacity,
                                 sizeof *ansatz->gates, "gate list");
    if (status != VQE_OK) {
      return status;
    }
    builder->capacity = capacity;
  }
  ansatz->gates[ansatz->ngate++] = *gate;
  return VQE_OK;
}

int vqe_ansatz_add_hf_state(struct vqe_ansatz_builder *builder)
{
  const struct vqe_ansatz *ansatz = builder->ansatz;
  int status = VQE_OK;
  for (int spin = 0; spin < 2; spin++) {
    int occupied = spin == 0 ? ansatz->nalpha : ansatz->nbeta;
    for (int p = 0; status == VQE_OK && p < occupied; p++) {
      struct vqe_gate gate = {
          VQE_GATE_X, {p + spin * ansatz->norb, 0, 0, 0}, -1, 0.0};
      status = vqe_ansatz_add(builder, &gate);
    }
  }
  return status;
}

int vqe_ansatz_add_excitation(struct vqe_ansatz_builder *builder, int param,
                              int spin1, int i, int a, int spin2, int j, int b)
{
  int norb = builder->ansatz->norb;
  struct vqe_gate gate = {
      VQE_GATE_SINGLE, {i + spin1 * norb, a + spin1 * norb, 0, 0}, param, 1.0};
  VQE_ASSERT(i != a && i < norb && a < norb && j < norb && b < norb);
  if (j >= 0) {
    gate.kind = VQE_GATE_DOUBLE;
    gate.q[2] = j + spin2 * norb;
    gate.q[3] = b + spin2 * norb;
  }
  return vqe_ansatz_add(builder, &gate);
}

bool vqe_ansatz_allowed(const struct vqe_ansatz_options *options, int p, int r,
                        int q, int s)
{
  const uint8_t *irrep = options->irrep;
  if (options->nirrep == 1 || irrep == NULL) {
    return true;
  }
  int product = irrep[p] ^ irrep[r];
  if (q >= 0) {
    product ^= irrep[q] ^ irrep[s];
  }
  return product == 0;
}

void vqe_ansatz_free(struct vqe_ansatz *ansatz)
{
  if (ansatz == NULL) {
    return;
  }
  free(ansatz->gates);
  free(ansatz);
}
