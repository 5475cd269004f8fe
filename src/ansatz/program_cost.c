/* What a program costs on a machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/program.h"
#include "base/missing.h"

/* Rotations by any angle that a gate is made of: a controlled phase is two CX
 * and three of them. */
static unsigned rotations_of(enum vqe_program_kind kind)
{
  return !vqe_program_has_angle(kind) ? 0 : kind == VQE_PROGRAM_CP ? 3 : 1;
}

static size_t later(size_t a, size_t b)
{
  return a > b ? a : b;
}

void vqe_circuit_cost_init(struct vqe_circuit_cost *cost)
{
  if (cost != NULL) {
    *cost = (struct vqe_circuit_cost){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  }
}

void vqe_program_cost(struct vqe_circuit_cost *out,
                      const struct vqe_program *program, int nparam)
{
  size_t level[2 * VQE_MAX_ORBITALS] = {0}; /* of the last gate of a qubit */
  size_t pair_level[2 * VQE_MAX_ORBITALS] = {0};
  size_t pairs = 0;
  size_t rotations = 0;
  size_t depth = 0;
  size_t pair_depth = 0;
  for (size_t k = 0; k < program->ngate; k++) {
    const struct vqe_program_gate *gate = &program->gates[k];
    int a = gate->q[0];
    int b = gate->q[1];
    rotations += rotations_of(gate->kind);
    level[a] = later(level[a], level[b]) + 1;
    level[b] = level[a];
    depth = later(depth, level[a]);
    if (vqe_program_pair(gate->kind)) {
      pairs++;
      pair_level[a] = later(pair_level[a], pair_level[b]) + 1;
      pair_level[b] = pair_level[a];
      pair_depth = later(pair_depth, pair_level[a]);
    }
  }
  vqe_circuit_cost_init(out);
  out->parameters = nparam;
  out->one_qubit_gates = (double)(program->ngate - pairs);
  out->two_qubit_gates = (double)pairs;
  out->depth = (double)depth;
  out->two_qubit_depth = (double)pair_depth;
  out->t_count =
      (double)rotations * ceil(3.0 * log2(1.0 / VQE_SYNTHESIS_PRECISION));
}

int vqe_ansatz_cost(struct vqe_circuit_cost *out,
                    const struct vqe_ansatz *ansatz, size_t most)
{
  struct vqe_program *program = NULL;
  int missing = vqe_missing(__func__, "out ansatz", out, ansatz);
  if (missing != VQE_OK) {
    return missing;
  }
  vqe_circuit_cost_init(out);
  out->parameters = ansatz->nparam;
  int status = vqe_program_create(&program, ansatz, most);
  if (status == VQE_OK && program != NULL) {
    vqe_program_cost(out, program, ansatz->nparam);
  }
  vqe_program_free(program);
  return status;
}
