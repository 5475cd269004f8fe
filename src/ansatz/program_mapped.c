/* A circuit in another mapping: its gates are rotations around Pauli strings,
 * and these have images. */
#include <stdlib.h>

#include "ansatz/program.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/qubits.h"

/* A gate as the sum of i im P of rotations that commute: exp(i im t P) each.
 * *count 0: it is none. */
static void gate_terms(struct vqe_program_term out[VQE_PROGRAM_TERMS],
                       int *count, const struct vqe_gate *gate)
{
  vqe_qubits first = vqe_qubits_bit(gate->q[0]);
  *count = 0;
  if (vqe_gate_order(gate->kind) > 0) {
    *count = vqe_program_generator(out, gate);
  } else if (gate->kind == VQE_GATE_RZ || gate->kind == VQE_GATE_PHASE) {
    /* n = (1 - Z)/2 */
    out[(*count)++] = (struct vqe_program_term){0, first, 0.0, -0.5};
  } else if (gate->kind == VQE_GATE_CPHASE) {
    vqe_qubits second = vqe_qubits_bit(gate->q[1]);
    out[(*count)++] = (struct vqe_program_term){0, first, 0.0, -0.25};
    out[(*count)++] = (struct vqe_program_term){0, second, 0.0, -0.25};
    out[(*count)++] = (struct vqe_program_term){0, first | second, 0.0, 0.25};
  } else if (gate->kind == VQE_GATE_XXYY) {
    vqe_qubits both = first | vqe_qubits_bit(gate->q[1]);
    out[(*count)++] = (struct vqe_program_term){both, 0, 0.0, -0.5};
    out[(*count)++] = (struct vqe_program_term){both, both, 0.0, -0.5};
  }
}

/* Images of the terms in place, those that tapering makes equal added. */
static int map_terms(struct vqe_program_term *terms, int *count,
                     const struct vqe_mapping *mapping,
                     const struct vqe_taper *taper)
{
  int kept = 0;
  for (int k = 0; k < *count; k++) {
    struct vqe_program_term term = terms[k];
    int turned;
    int sign = vqe_mapping_string(&term.x, &term.z, mapping, term.x, term.z);
    int status = vqe_taper_string(&turned, &term.x, &term.z, taper);
    if (status != VQE_OK) {
      return status;
    }
    term.im *= sign * turned;
    int at = 0;
    while (at < kept && (terms[at].x != term.x || terms[at].z != term.z)) {
      at++;
    }
    if (at == kept) {
      terms[kept++] = term;
    } else {
      terms[at].im += term.im;
    }
  }
  *count = kept;
  return VQE_OK;
}

static int add_images(struct vqe_program *program, const struct vqe_gate *gate,
                      const struct vqe_mapping *mapping,
                      const struct vqe_taper *taper)
{
  struct vqe_program_term terms[VQE_PROGRAM_TERMS];
  int count;
  gate_terms(terms, &count, gate);
  int status = map_terms(terms, &count, mapping, taper);
  for (int k = 0; status == VQE_OK && k < count; k++) {
    if (terms[k].im != 0.0) {
      status = vqe_program_rotation(program, &terms[k], gate);
    }
  }
  return status;
}

/* X gates of the determinant that the circuit begins with; *first is the gate
 * after them. */
static int add_determinant(struct vqe_program *program, size_t *first,
                           const struct vqe_ansatz *ansatz,
                           const struct vqe_mapping *mapping,
                           const struct vqe_taper *taper)
{
  vqe_qubits occupied = 0;
  int status = VQE_OK;
  size_t k = 0;
  while (k < ansatz->ngate && ansatz->gates[k].kind == VQE_GATE_X) {
    occupied ^= vqe_qubits_bit(ansatz->gates[k++].q[0]);
  }
  *first = k;
  vqe_qubits state =
      vqe_taper_mask(taper, vqe_mapping_determinant(mapping, occupied));
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (vqe_qubits_has(state, q)) {
      status = vqe_program_add(program, VQE_PROGRAM_X, q, q, -1, 0.0);
    }
  }
  return status;
}

static int check_gates(const struct vqe_ansatz *ansatz)
{
  bool begun = false;
  for (size_t k = 0; k < ansatz->ngate; k++) {
    enum vqe_gate_kind kind = ansatz->gates[k].kind;
    if (kind == VQE_GATE_RY || kind == VQE_GATE_CX ||
        (kind == VQE_GATE_X && begun)) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "%s acts on qubits, not on electrons: its circuit "
                           "is the same for every mapping; leave out the "
                           "mapping and the tapering",
                           ansatz->name);
    }
    begun = begun || kind != VQE_GATE_X;
  }
  return VQE_OK;
}

static int fill(struct vqe_program *program, const struct vqe_ansatz *ansatz,
                const struct vqe_mapping *mapping,
                const struct vqe_taper *taper)
{
  size_t first = 0;
  program->nqubit = ansatz->nqubit - taper->count;
  int status = add_determinant(program, &first, ansatz, mapping, taper);
  for (size_t k = first; status == VQE_OK && k < ansatz->ngate; k++) {
    status = add_images(program, &ansatz->gates[k], mapping, taper);
  }
  return status == VQE_OK && ansatz->circuits != VQE_CIRCUITS_PLAIN
             ? vqe_program_cancel(program)
             : status;
}

int vqe_ansatz_qasm_mapped(char **out, const struct vqe_ansatz *ansatz,
                           const struct vqe_mapping *mapping,
                           const struct vqe_taper *taper, int version,
                           const double *parameters)
{
  int missing = vqe_missing(__func__, "out ansatz mapping taper", out, ansatz,
                            mapping, taper);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_program *program = NULL;
  *out = NULL;
  if ((version != 2 && version != 3) || (version == 2 && parameters == NULL)) {
    return vqe_error_set(VQE_ERR_INPUT, "OpenQASM %d: 3, or 2 with parameters",
                         version);
  }
  if (mapping->nqubit != ansatz->nqubit) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a mapping on %d qubits for a circuit on %d",
                         mapping->nqubit, ansatz->nqubit);
  }
  int status = check_gates(ansatz);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&program, 1, sizeof *program, "a program");
  }
  if (status == VQE_OK) {
    status = fill(program, ansatz, mapping, taper);
  }
  if (status == VQE_OK) {
    status = vqe_program_text(out, program, ansatz, version, parameters, 0);
  }
  vqe_program_free(program);
  return status;
}
