/* Gates that cancel or join.
 *
 * Each gate looks back along its qubits, past the gates that it commutes with,
 * for one that it cancels or joins. On one qubit a gate is diagonal in the
 * basis of Z (RZ, controls), X (targets) or Y, or in none of them: two gates
 * commute where they are diagonal in the same basis on every qubit that they
 * share. This condition is sufficient, not necessary. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/program.h"
#include "base/memory.h"

/* Gates that one looks back at, and times over the whole program. */
#define MOST_STEPS 256
#define MOST_PASSES 8

#define NOWHERE UINT32_MAX

/* For each gate and qubit of it the gate before on that qubit. */
struct wires {
  uint32_t (*before)[2];
  uint32_t last[2 * VQE_MAX_ORBITALS];
};

/* 'Z', 'X', 'Y', or '-' for none. */
static char basis_of(const struct vqe_program_gate *gate, int slot)
{
  switch ((enum vqe_program_kind)gate->kind) {
  case VQE_PROGRAM_S:
  case VQE_PROGRAM_SDG:
  case VQE_PROGRAM_RZ:
  case VQE_PROGRAM_P:
  case VQE_PROGRAM_CZ:
  case VQE_PROGRAM_CP:
    return 'Z';
  case VQE_PROGRAM_X:
  case VQE_PROGRAM_RX_PLUS:
  case VQE_PROGRAM_RX_MINUS:
    return 'X';
  case VQE_PROGRAM_RY:
    return 'Y';
  case VQE_PROGRAM_CX:
    return slot == 0 ? 'Z' : 'X';
  case VQE_PROGRAM_H:
  case VQE_PROGRAM_NONE:
    break;
  }
  return '-';
}

static int slots(const struct vqe_program_gate *gate)
{
  return vqe_program_pair(gate->kind) ? 2 : 1;
}

static bool commute(const struct vqe_program_gate *a,
                    const struct vqe_program_gate *b)
{
  for (int i = 0; i < slots(a); i++) {
    for (int j = 0; j < slots(b); j++) {
      char basis = basis_of(a, i);
      if (a->q[i] == b->q[j] && (basis == '-' || basis != basis_of(b, j))) {
        return false;
      }
    }
  }
  return true;
}

static bool same_qubits(const struct vqe_program_gate *a,
                        const struct vqe_program_gate *b)
{
  bool symmetric = a->kind == VQE_PROGRAM_CZ || a->kind == VQE_PROGRAM_CP;
  return slots(a) == slots(b) &&
         ((a->q[0] == b->q[0] && a->q[1] == b->q[1]) ||
          (symmetric && a->q[0] == b->q[1] && a->q[1] == b->q[0]));
}

static enum vqe_program_kind inverse(enum vqe_program_kind kind)
{
  switch (kind) {
  case VQE_PROGRAM_S:
    return VQE_PROGRAM_SDG;
  case VQE_PROGRAM_SDG:
    return VQE_PROGRAM_S;
  case VQE_PROGRAM_RX_PLUS:
    return VQE_PROGRAM_RX_MINUS;
  case VQE_PROGRAM_RX_MINUS:
    return VQE_PROGRAM_RX_PLUS;
  default:
    return kind;
  }
}

/* Take `gate` into `earlier`, which it can be moved to. */
static bool join(struct vqe_program_gate *earlier,
                 struct vqe_program_gate *gate)
{
  if (!same_qubits(earlier, gate)) {
    return false;
  }
  if (vqe_program_has_angle(gate->kind)) {
    if (earlier->kind != gate->kind || earlier->param != gate->param) {
      return false;
    }
    double size = fabs(earlier->scale) + fabs(gate->scale);
    earlier->scale += gate->scale;
    if (fabs(earlier->scale) < 1e-14 * size) {
      earlier->kind = VQE_PROGRAM_NONE;
    }
    gate->kind = VQE_PROGRAM_NONE;
    return true;
  }
  if (earlier->kind != inverse(gate->kind)) {
    return false;
  }
  earlier->kind = VQE_PROGRAM_NONE;
  gate->kind = VQE_PROGRAM_NONE;
  return true;
}

/* Where the search goes on from gate `at` along a qubit. */
static uint32_t step_back(const struct vqe_program *program,
                          const struct wires *wires, uint32_t at, int qubit)
{
  const struct vqe_program_gate *gate = &program->gates[at];
  return wires->before[at][gate->q[0] == qubit ? 0 : 1];
}

static bool look_back(struct vqe_program *program, const struct wires *wires,
                      uint32_t index)
{
  struct vqe_program_gate *gate = &program->gates[index];
  int count = slots(gate);
  uint32_t at[2] = {wires->before[index][0],
                    count > 1 ? wires->before[index][1] : NOWHERE};
  for (int step = 0; step < MOST_STEPS; step++) {
    /* the later of the two; NOWHERE is none */
    uint32_t next = at[0];
    if (next == NOWHERE || (at[1] != NOWHERE && at[1] > next)) {
      next = at[1];
    }
    if (next == NOWHERE) {
      return false;
    }
    struct vqe_program_gate *earlier = &program->gates[next];
    if (earlier->kind != VQE_PROGRAM_NONE) {
      if (join(earlier, gate)) {
        return true;
      }
      if (!commute(earlier, gate)) {
        return false;
      }
    }
    for (int slot = 0; slot < count; slot++) {
      if (at[slot] == next) {
        at[slot] = step_back(program, wires, next, gate->q[slot]);
      }
    }
  }
  return false;
}

static bool pass(struct vqe_program *program, struct wires *wires)
{
  bool changed = false;
  size_t kept = 0;
  memset(wires->last, 0xff, sizeof wires->last);
  for (size_t k = 0; k < program->ngate; k++) {
    struct vqe_program_gate *gate = &program->gates[k];
    wires->before[k][0] = wires->last[gate->q[0]];
    wires->before[k][1] = wires->last[gate->q[1]];
    if (look_back(program, wires, (uint32_t)k)) {
      changed = true;
      continue;
    }
    for (int slot = 0; slot < slots(gate); slot++) {
      wires->last[gate->q[slot]] = (uint32_t)k;
    }
  }
  for (size_t k = 0; k < program->ngate; k++) {
    if (program->gates[k].kind != VQE_PROGRAM_NONE) {
      program->gates[kept++] = program->gates[k];
    }
  }
  program->ngate = kept;
  return changed;
}

int vqe_program_cancel(struct vqe_program *program)
{
  struct wires wires = {.before = NULL};
  if (program->ngate >= NOWHERE) {
    return VQE_OK; /* nothing is lost but gates that might have cancelled */
  }
  int status = vqe_memory_alloc(&wires.before, program->ngate,
                                sizeof *wires.before, "gates of a program");
  for (int k = 0; status == VQE_OK && k < MOST_PASSES && pass(program, &wires);
       k++) {
  }
  free(wires.before);
  return status;
}
