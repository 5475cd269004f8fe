/* The growing list of gates of a program. */
#include <stdlib.h>

#include "ansatz/program.h"
#include "base/assert.h"
#include "base/memory.h"

int vqe_program_add(struct vqe_program *program, enum vqe_program_kind kind,
                    int q0, int q1, int param, double scale)
{
  VQE_ASSERT(q0 >= 0 && q0 < program->nqubit);
  VQE_ASSERT(!vqe_program_pair(kind) || (q1 >= 0 && q1 < program->nqubit));
  if (program->most > 0 && program->ngate == program->most) {
    program->too_long = true;
    return VQE_OK;
  }
  if (program->ngate == program->capacity) {
    size_t capacity = program->capacity == 0 ? 256 : 2 * program->capacity;
    int status = vqe_memory_grow(&program->gates, program->ngate, capacity,
                                 sizeof *program->gates, "gates of a program");
    if (status != VQE_OK) {
      return status;
    }
    program->capacity = capacity;
  }
  struct vqe_program_gate *gate = &program->gates[program->ngate++];
  bool angle = vqe_program_has_angle(kind);
  gate->kind = (uint8_t)kind;
  gate->q[0] = (uint8_t)q0;
  gate->q[1] = (uint8_t)(vqe_program_pair(kind) ? q1 : q0);
  gate->param = angle ? param : -1;
  gate->scale = angle ? scale : 0.0;
  return VQE_OK;
}

int vqe_program_clifford(struct vqe_program *program,
                         enum vqe_program_kind kind, int q)
{
  return vqe_program_add(program, kind, q, q, -1, 0.0);
}

int vqe_program_cx(struct vqe_program *program, int control, int target)
{
  return vqe_program_add(program, VQE_PROGRAM_CX, control, target, -1, 0.0);
}

int vqe_program_cz(struct vqe_program *program, int q0, int q1)
{
  return vqe_program_add(program, VQE_PROGRAM_CZ, q0, q1, -1, 0.0);
}

void vqe_program_free(struct vqe_program *program)
{
  if (program == NULL) {
    return;
  }
  free(program->gates);
  free(program);
}
