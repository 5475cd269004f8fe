/* The gates of a circuit as steps of the full-space estimator: layers of
 * rotations, permutations, excitations, runs of phases. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/statevector_tables.h"

static int new_step(struct vqe_statevector *sv, struct vqe_step **out,
                    enum vqe_step_kind kind)
{
  if (sv->nstep == sv->capacity) {
    size_t capacity = 2 * sv->capacity + 16;
    int status = vqe_memory_grow(&sv->steps, sv->nstep, capacity,
                                 sizeof *sv->steps, "circuit steps");
    if (status != VQE_OK) {
      return status;
    }
    sv->capacity = capacity;
  }
  VQE_ASSERT(sv->steps != NULL && sv->nstep < sv->capacity);
  *out = &sv->steps[sv->nstep++];
  memset(*out, 0, sizeof **out);
  (*out)->kind = kind;
  return VQE_OK;
}

/* Rotations of distinct qubits in a row make one layer. */
static int add_rotation(struct vqe_statevector *sv,
                        const struct vqe_gate *gate, enum vqe_step_kind kind)
{
  int q = gate->q[0];
  VQE_ASSERT(q >= 0 && q < sv->context.nqubit);
  struct vqe_step *step = sv->nstep > 0 ? &sv->steps[sv->nstep - 1] : NULL;
  if (step == NULL || step->kind != kind || (step->mask >> q & 1)) {
    int status = new_step(sv, &step, kind);
    if (status != VQE_OK) {
      return status;
    }
  }
  step->mask |= UINT64_C(1) << q;
  step->param[q] = gate->param;
  step->scale[q] = gate->scale;
  return VQE_OK;
}

/* A run of CX and X is y = M x ^ offset on basis states. `inverse` holds that
 * map; the gather form needs its inverse, kept in `columns`. A further gate g
 * gives g(M x ^ offset) forwards and M^-1(g^-1 y) backwards. */
static int add_permutation(struct vqe_statevector *sv,
                           const struct vqe_gate *gate)
{
  struct vqe_step *step = sv->nstep > 0 ? &sv->steps[sv->nstep - 1] : NULL;
  if (step == NULL || step->kind != VQE_STEP_PERMUTE) {
    int status = new_step(sv, &step, VQE_STEP_PERMUTE);
    if (status != VQE_OK) {
      return status;
    }
    for (int q = 0; q < sv->context.nqubit; q++) {
      step->columns[q] = UINT64_C(1) << q;
      step->inverse[q] = UINT64_C(1) << q;
    }
  }
  int a = gate->q[0];
  if (gate->kind == VQE_GATE_X) {
    step->inverse_offset ^= UINT64_C(1) << a;
    step->offset ^= step->columns[a];
    return VQE_OK;
  }
  int b = gate->q[1];
  for (int q = 0; q < sv->context.nqubit; q++) {
    step->inverse[q] ^= (step->inverse[q] >> a & 1) << b;
  }
  step->inverse_offset ^= (step->inverse_offset >> a & 1) << b;
  /* CX is its own inverse and maps bit a to bits a and b */
  step->columns[a] ^= step->columns[b];
  return VQE_OK;
}

/* The sign of moving an electron is a parity of the bits between. */
void vqe_statevector_excitation(struct vqe_step *step,
                                const struct vqe_gate *gate)
{
  int moves = vqe_gate_order(gate->kind);
  bool signless = vqe_gate_signless(gate->kind);
  step->param[0] = gate->param;
  step->scale[0] = gate->scale;
  /* the rightmost pair acts first; the second sees its result, which differs
   * from the start by fixed bits */
  uint64_t changed = 0;
  for (int k = moves - 1; k >= 0; k--) {
    const int *move = &gate->q[2 * (size_t)k];
    int i = move[0];
    int a = move[1];
    int low = i < a ? i : a;
    int high = i < a ? a : i;
    uint64_t between =
        signless ? 0
                 : ((UINT64_C(1) << high) - 1) & ~((UINT64_C(2) << low) - 1);
    step->parity ^= between;
    step->flip ^= __builtin_popcountll(between & changed) & 1;
    step->from |= UINT64_C(1) << i;
    step->to |= UINT64_C(1) << a;
    changed ^= UINT64_C(1) << i ^ UINT64_C(1) << a;
  }
}

static int add_excitation(struct vqe_statevector *sv,
                          const struct vqe_gate *gate)
{
  struct vqe_step *step;
  int status = new_step(sv, &step, VQE_STEP_EXCITE);
  if (status == VQE_OK) {
    vqe_statevector_excitation(step, gate);
  }
  return status;
}

/* The run of diagonal gates from `first` on; *count of them. Rows are the
 * beta orbitals, the high bits. */
static int add_phases(struct vqe_statevector *sv, size_t *count, size_t first)
{
  const struct vqe_ansatz *ansatz = sv->ansatz;
  struct vqe_phase_term *terms = NULL;
  struct vqe_step *step;
  size_t n = vqe_phases_read(NULL, ansatz, first, false);
  size_t columns = (size_t)1 << ansatz->norb;
  int status = new_step(sv, &step, VQE_STEP_PHASES);
  if (status == VQE_OK && sv->scratch == NULL) {
    status = vqe_memory_alloc(&sv->scratch, vqe_phases_scratch(columns),
                              sizeof(double), "phases");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, ansatz, first, false);
    status =
        vqe_phases_create(&step->phases, ansatz->norb, terms, n, sv->scratch,
                          (long)columns, sv->context.threads);
  }
  free(terms);
  *count = n;
  return status;
}

/* Compile the gates of the ansatz that are not yet. */
int vqe_statevector_compile(void *backend)
{
  struct vqe_statevector *sv = backend;
  const struct vqe_ansatz *ansatz = sv->ansatz;
  int status = VQE_OK;
  size_t count;
  for (; status == VQE_OK && sv->ngate < ansatz->ngate; sv->ngate += count) {
    const struct vqe_gate *gate = &ansatz->gates[sv->ngate];
    count = 1;
    switch (gate->kind) {
    case VQE_GATE_X:
      if (sv->nstep == 0) {
        sv->start ^= UINT64_C(1) << gate->q[0];
      } else {
        status = add_permutation(sv, gate);
      }
      break;
    case VQE_GATE_CX:
      status = add_permutation(sv, gate);
      break;
    case VQE_GATE_RY:
      status = add_rotation(sv, gate, VQE_STEP_RY);
      break;
    case VQE_GATE_RZ:
      status = add_rotation(sv, gate, VQE_STEP_RZ);
      break;
    case VQE_GATE_XXYY: {
      struct vqe_step *step;
      status = new_step(sv, &step, VQE_STEP_XXYY);
      if (status == VQE_OK) {
        step->a = gate->q[0];
        step->b = gate->q[1];
        step->param[0] = gate->param;
        step->scale[0] = gate->scale;
      }
      break;
    }
    case VQE_GATE_SINGLE:
    case VQE_GATE_DOUBLE:
    case VQE_GATE_QUBIT_SINGLE:
    case VQE_GATE_QUBIT_DOUBLE:
      status = add_excitation(sv, gate);
      break;
    case VQE_GATE_PHASE:
    case VQE_GATE_CPHASE:
      status = ansatz->real
                   ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                                   "%s has phases but is said to be real",
                                   ansatz->name)
                   : add_phases(sv, &count, sv->ngate);
      break;
    }
  }
  return status;
}
