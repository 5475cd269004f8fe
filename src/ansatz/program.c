/* The gates of an ansatz one by one to those of a program. */
#include "ansatz/program.h"

#include "base/memory.h"

static int add_gate(struct vqe_program *program, const struct vqe_gate *gate,
                    enum vqe_circuits circuits)
{
  static const enum vqe_program_kind same[] = {
      [VQE_GATE_X] = VQE_PROGRAM_X,     [VQE_GATE_RY] = VQE_PROGRAM_RY,
      [VQE_GATE_RZ] = VQE_PROGRAM_RZ,   [VQE_GATE_CX] = VQE_PROGRAM_CX,
      [VQE_GATE_PHASE] = VQE_PROGRAM_P, [VQE_GATE_CPHASE] = VQE_PROGRAM_CP,
  };
  if (vqe_gate_order(gate->kind) > 0) {
    return vqe_program_excitation(program, gate, circuits);
  }
  if (gate->kind == VQE_GATE_XXYY) {
    return vqe_program_xxyy(program, gate, circuits);
  }
  return vqe_program_add(program, same[gate->kind], gate->q[0], gate->q[1],
                         gate->param, gate->scale);
}

/* The gate `first`, or with the *count - 1 behind it those that one circuit
 * takes together. */
static int add_gates(struct vqe_program *program, size_t *count,
                     const struct vqe_ansatz *ansatz, size_t first)
{
  const struct vqe_gate *gates = &ansatz->gates[first];
  int coupled = vqe_program_coupled_count(gates, ansatz->ngate - first);
  if (coupled > 1 && ansatz->circuits == VQE_CIRCUITS_COMPACT) {
    *count = (size_t)coupled;
    return vqe_program_coupled(program, gates, coupled);
  }
  *count = 1;
  return add_gate(program, gates, ansatz->circuits);
}

int vqe_program_create(struct vqe_program **out,
                       const struct vqe_ansatz *ansatz, size_t most)
{
  struct vqe_program *program = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&program, 1, sizeof *program, "a program");
  if (status != VQE_OK) {
    return status;
  }
  program->nqubit = ansatz->nqubit;
  program->most = most;
  size_t count;
  for (size_t k = 0;
       status == VQE_OK && !program->too_long && k < ansatz->ngate;
       k += count) {
    status = add_gates(program, &count, ansatz, k);
  }
  if (status == VQE_OK && !program->too_long &&
      ansatz->circuits != VQE_CIRCUITS_PLAIN) {
    status = vqe_program_cancel(program);
  }
  if (status == VQE_OK && !program->too_long) {
    *out = program;
  } else {
    vqe_program_free(program);
  }
  return status;
}
