/* Qiskit's n-local circuits (qiskit.circuit.library, 1.x and 2.x): the same
 * gates, entanglement maps and order of parameters. */
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_builders.h"
#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Append a pair, rotated through `shift` and perhaps reversed, as Qiskit's
 * get_entangler_map does for blocks of two qubits. */
struct pairs {
  size_t count;
  int (*q)[2];
};

static int entangler_map(struct pairs *out, const char *name, int nqubit,
                         int repetition)
{
  size_t n = (size_t)nqubit;
  size_t most = n * (n - 1) / 2 + 1;
  out->count = 0;
  int status =
      vqe_memory_alloc(&out->q, most + 1, sizeof *out->q, "entanglement map");
  if (status != VQE_OK) {
    return status;
  }
#define APPEND(a, b)                                                          \
  do {                                                                        \
    out->q[out->count][0] = (a);                                              \
    out->q[out->count][1] = (b);                                              \
    out->count++;                                                             \
  } while (0)
  if (strcmp(name, "full") == 0) {
    for (int i = 0; i < nqubit; i++) {
      for (int j = i + 1; j < nqubit; j++) {
        APPEND(i, j);
      }
    }
  } else if (strcmp(name, "linear") == 0) {
    for (int i = 0; i + 1 < nqubit; i++) {
      APPEND(i, i + 1);
    }
  } else if (strcmp(name, "reverse_linear") == 0) {
    for (int i = nqubit - 2; i >= 0; i--) {
      APPEND(i, i + 1);
    }
  } else if (strcmp(name, "pairwise") == 0) {
    for (int first = 0; first < 2; first++) {
      for (int i = first; i + 1 < nqubit; i += 2) {
        APPEND(i, i + 1);
      }
    }
  } else { /* circular; sca is circular, shifted by one a repetition */
    int length = nqubit > 2 ? nqubit : nqubit - 1;
    bool sca = strcmp(name, "sca") == 0;
    int shift = sca && repetition < length ? repetition : 0;
    for (int k = 0; k < length; k++) {
      int at = (k + length - shift) % length; /* position in circular */
      int i = nqubit > 2 ? at - 1 : at;
      int a = i < 0 ? nqubit - 1 : i;
      int b = i < 0 ? 0 : i + 1;
      if (sca && (repetition & 1)) {
        APPEND(b, a);
      } else {
        APPEND(a, b);
      }
    }
  }
#undef APPEND
  return VQE_OK;
}

static int add_rotations(struct vqe_ansatz_builder *builder,
                         enum vqe_gate_kind kind)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  for (int q = 0; q < ansatz->nqubit; q++) {
    struct vqe_gate gate = {kind, {q, 0, 0, 0}, ansatz->nparam, 1.0};
    int status = vqe_ansatz_add(builder, &gate);
    if (status != VQE_OK) {
      return status;
    }
    ansatz->nparam++;
  }
  return VQE_OK;
}

static int add_rotation_layer(struct vqe_ansatz_builder *builder)
{
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(builder->ansatz->name);
  int status = VQE_OK;
  if (kind->ry) {
    status = add_rotations(builder, VQE_GATE_RY);
  }
  if (status == VQE_OK && kind->rz) {
    status = add_rotations(builder, VQE_GATE_RZ);
  }
  return status;
}

static int add_entanglement_layer(struct vqe_ansatz_builder *builder,
                                  int repetition)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  struct pairs pairs = {0, NULL};
  bool preserving = vqe_ansatz_kind(ansatz->name)->preserving;
  int status =
      entangler_map(&pairs, ansatz->entanglement, ansatz->nqubit, repetition);
  for (size_t k = 0; status == VQE_OK && k < pairs.count; k++) {
    struct vqe_gate gate = {preserving ? VQE_GATE_XXYY : VQE_GATE_CX,
                            {pairs.q[k][0], pairs.q[k][1], 0, 0},
                            preserving ? ansatz->nparam : -1,
                            preserving ? 1.0 : 0.0};
    ansatz->nparam += preserving;
    status = vqe_ansatz_add(builder, &gate);
  }
  free(pairs.q);
  return status;
}

int vqe_ansatz_build_circuit(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  int status = VQE_OK;
  /* Nothing but the vacuum can come out of a circuit that conserves the
   * number of particles, so this one starts from Hartree-Fock. The CX chains
   * of the others would move such a state: they get none. */
  if (vqe_ansatz_kind(builder->ansatz->name)->preserving) {
    status = vqe_ansatz_add_hf_state(builder);
  }
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_rotation_layer(builder);
    if (status == VQE_OK) {
      status = add_entanglement_layer(builder, r);
    }
  }
  if (status == VQE_OK) {
    status = add_rotation_layer(builder);
  }
  return status;
}
