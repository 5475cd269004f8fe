#include "estimator/shift.h"

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/sim.h"

#define PI 3.14159265358979323846

static const struct vqe_shift_rule one_frequency = {
    1, {PI / 2.0, 0.0}, {0.5, 0.0}};

/* (2 +- sqrt(2)) / 4 = 1 / (8 sin^2(pi/8)), 1 / (8 sin^2(3 pi/8)): of the
 * rules with four energies the one of least variance at equal shots */
static const struct vqe_shift_rule two_frequencies = {
    2,
    {PI / 4.0, 3.0 * PI / 4.0},
    {0.85355339059327376220, -0.14644660940672623780}};

const struct vqe_shift_rule *vqe_shift_rule_of(enum vqe_gate_kind kind)
{
  return kind == VQE_GATE_XXYY || vqe_gate_order(kind) > 0 ? &two_frequencies
                                                           : &one_frequency;
}

int vqe_shift_unshare(struct vqe_ansatz **out, const struct vqe_ansatz *ansatz)
{
  struct vqe_ansatz *copy = NULL;
  *out = NULL;
  int status =
      vqe_memory_alloc(&copy, 1, sizeof *copy, "ansatz of the shift rule");
  if (status != VQE_OK) {
    return status;
  }
  *copy = *ansatz;
  copy->gates = NULL;
  copy->nparam = 0;
  status = vqe_memory_alloc(&copy->gates, ansatz->ngate, sizeof *copy->gates,
                            "ansatz of the shift rule");
  for (size_t k = 0; status == VQE_OK && k < ansatz->ngate; k++) {
    copy->gates[k] = ansatz->gates[k];
    if (copy->gates[k].param >= 0) {
      copy->gates[k].param = copy->nparam++;
      copy->gates[k].scale = 1.0;
    }
  }
  if (status != VQE_OK) {
    vqe_ansatz_free(copy);
    return status;
  }
  *out = copy;
  return VQE_OK;
}

void vqe_shift_angles(double *out, const struct vqe_ansatz *ansatz,
                      const double *parameters)
{
  size_t next = 0;
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->param >= 0) {
      out[next++] = gate->scale * parameters[gate->param];
    }
  }
}

uint64_t vqe_estimator_shifts(const struct vqe_ansatz *ansatz)
{
  uint64_t energies = 0;
  if (ansatz == NULL || ansatz->gates == NULL) {
    return 0;
  }
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->param >= 0) {
      energies += 2 * (uint64_t)vqe_shift_rule_of(gate->kind)->count;
    }
  }
  return energies;
}
