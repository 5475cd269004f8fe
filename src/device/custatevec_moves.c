#include "device/custatevec_moves.h"

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

static void add_string(struct vqe_custatevec_move *move, uint64_t z,
                       double weight)
{
  VQE_ASSERT(move->count < VQE_GPU_STRINGS);
  move->z[move->count] = z;
  move->weight[move->count++] = weight;
}

/* dE = 2 Re <lambda|i G|psi> = -2 Im <lambda|G|psi> for each unit of the
 * angle. */
static int add_angle(struct vqe_evaluator *evaluator,
                     struct vqe_custatevec_move *move,
                     const struct vqe_gate *gate)
{
  return vqe_evaluator_add(evaluator, &move->angle, gate->param, gate->scale,
                           -2.0 * gate->scale);
}

/* exp(-i t P / 2) */
static int add_rotation(struct vqe_evaluator *evaluator,
                        struct vqe_custatevec_move *move,
                        const struct vqe_gate *gate)
{
  uint64_t bit = UINT64_C(1) << gate->q[0];
  move->kind = VQE_CUSTATEVEC_TURN;
  move->x = gate->kind == VQE_GATE_RY ? bit : 0;
  add_string(move, bit, -0.5);
  return add_angle(evaluator, move, gate);
}

/* exp(-i t (XX + YY) / 2) */
static int add_xxyy(struct vqe_evaluator *evaluator,
                    struct vqe_custatevec_move *move,
                    const struct vqe_gate *gate)
{
  move->kind = VQE_CUSTATEVEC_TURN;
  move->x = UINT64_C(1) << gate->q[0] | UINT64_C(1) << gate->q[1];
  add_string(move, 0, -0.5);
  add_string(move, move->x, -0.5);
  return add_angle(evaluator, move, gate);
}

/* tau = +-Z^parity times s- = (X + i Y)/2 for each qubit of `from` and s+ =
 * (X - i Y)/2 for each of `to`, m in all. In the product, strings with an even
 * number of Y are Hermitian and leave tau - tau^+; one whose Y stand on the
 * set S, an odd number, has the factor i^|S| (-1)^|S & to| / 2^m, and twice
 * that in tau - tau^+ = i G. */
static int add_excitation(struct vqe_evaluator *evaluator,
                          struct vqe_custatevec_move *move,
                          const struct vqe_gate *gate,
                          const struct vqe_step *step)
{
  uint64_t moved = step->from | step->to;
  /* where tau acts the moved qubits have fixed bits, and so a fixed sign */
  int minus =
      (step->flip + __builtin_popcountll(step->parity & step->from)) & 1;
  double unit = 2.0;
  for (uint64_t left = moved; left != 0; left &= left - 1) {
    unit *= 0.5;
  }
  move->kind = VQE_CUSTATEVEC_TURN;
  move->x = moved;
  for (uint64_t set = moved; set != 0; set = (set - 1) & moved) {
    int y = __builtin_popcountll(set);
    if (y & 1) {
      int odd = (minus + y / 2 + __builtin_popcountll(set & step->to)) & 1;
      add_string(move, set | (step->parity & ~moved), odd ? -unit : unit);
    }
  }
  return add_angle(evaluator, move, gate);
}

/* n = (1 - Z)/2 */
static int add_phase(struct vqe_evaluator *evaluator,
                     struct vqe_custatevec_move *move,
                     const struct vqe_gate *gate)
{
  uint64_t a = UINT64_C(1) << gate->q[0];
  move->kind = VQE_CUSTATEVEC_PHASE;
  move->target = gate->q[0];
  if (gate->kind == VQE_GATE_PHASE) {
    add_string(move, 0, 0.5);
    add_string(move, a, -0.5);
  } else {
    uint64_t b = UINT64_C(1) << gate->q[1];
    move->control = gate->q[1];
    add_string(move, 0, 0.25);
    add_string(move, a, -0.25);
    add_string(move, b, -0.25);
    add_string(move, a | b, 0.25);
  }
  return add_angle(evaluator, move, gate);
}

/* The next excitation of the host's steps, which have its sign. */
static const struct vqe_step *
next_excitation(const struct vqe_statevector *host, size_t *at)
{
  VQE_ASSERT(*at < host->nstep);
  while (host->steps[*at].kind != VQE_STEP_EXCITE) {
    ++*at;
  }
  return &host->steps[(*at)++];
}

int vqe_custatevec_moves_compile(struct vqe_custatevec_moves *moves,
                                 struct vqe_evaluator *evaluator,
                                 const struct vqe_statevector *host)
{
  const struct vqe_ansatz *ansatz = host->ansatz;
  size_t at = 0;
  int status = vqe_memory_alloc(&moves->items, ansatz->ngate,
                                sizeof *moves->items, "circuit steps");
  for (size_t k = 0; status == VQE_OK && k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind == VQE_GATE_X && moves->count == 0) {
      continue;
    }
    struct vqe_custatevec_move *move = &moves->items[moves->count++];
    move->control = -1;
    switch (gate->kind) {
    case VQE_GATE_X:
      move->target = gate->q[0];
      break;
    case VQE_GATE_CX:
      move->control = gate->q[0];
      move->target = gate->q[1];
      break;
    case VQE_GATE_RY:
    case VQE_GATE_RZ:
      status = add_rotation(evaluator, move, gate);
      break;
    case VQE_GATE_XXYY:
      status = add_xxyy(evaluator, move, gate);
      break;
    case VQE_GATE_SINGLE:
    case VQE_GATE_DOUBLE:
    case VQE_GATE_QUBIT_SINGLE:
    case VQE_GATE_QUBIT_DOUBLE:
      status =
          add_excitation(evaluator, move, gate, next_excitation(host, &at));
      break;
    case VQE_GATE_PHASE:
    case VQE_GATE_CPHASE:
      status = add_phase(evaluator, move, gate);
      break;
    }
  }
  return status;
}
