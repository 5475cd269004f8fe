/* OpenQASM 3 text (Cross et al., ACM Trans. Quantum Comput. 3, 12 (2022)), and
 * OpenQASM 2 (Cross et al., arXiv:1707.03429). */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/program.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"

struct text {
  char *data;
  size_t used, capacity;
  int status;
};

static void put(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (text->status != VQE_OK || length <= 0) {
    return;
  }
  if (text->used + (size_t)length + 1 > text->capacity) {
    size_t capacity = 2 * text->capacity + sizeof line;
    text->status =
        vqe_memory_grow(&text->data, text->used, capacity, 1, "OpenQASM text");
    if (text->status != VQE_OK) {
      return;
    }
    text->capacity = capacity;
  }
  memcpy(text->data + text->used, line, (size_t)length + 1);
  text->used += (size_t)length;
}

/* ---- a program ---- */

/* How parameters are written. */
struct angles {
  int version;          /* of OpenQASM */
  int digits;           /* of the names of inputs */
  const double *values; /* in place of inputs, or NULL */
};

static int digits_of(int nparam)
{
  int digits = 5;
  for (int n = 100000; n < nparam; n *= 10) {
    digits++;
  }
  return digits;
}

static void put_angle(struct text *text, const struct vqe_program_gate *gate,
                      const struct angles *angles)
{
  if (angles->values != NULL) {
    put(text, "%.17g", gate->scale * angles->values[gate->param]);
  } else if (gate->scale == 1.0) {
    put(text, "t%0*d", angles->digits, gate->param);
  } else {
    put(text, "%.17g*t%0*d", gate->scale, angles->digits, gate->param);
  }
}

static void put_gate(struct text *text, const struct vqe_program_gate *gate,
                     const struct angles *angles)
{
  static const char *const names[] = {
      [VQE_PROGRAM_X] = "x",   [VQE_PROGRAM_H] = "h",
      [VQE_PROGRAM_S] = "s",   [VQE_PROGRAM_SDG] = "sdg",
      [VQE_PROGRAM_RY] = "ry", [VQE_PROGRAM_RZ] = "rz",
      [VQE_PROGRAM_CX] = "cx", [VQE_PROGRAM_CZ] = "cz",
      [VQE_PROGRAM_P] = "p",   [VQE_PROGRAM_RX_PLUS] = "rx(pi/2)",
      [VQE_PROGRAM_CP] = "cp", [VQE_PROGRAM_RX_MINUS] = "rx(-pi/2)",
  };
  const char *name = names[gate->kind];
  if (angles->version == 2) {
    /* the library of OpenQASM 2 has other names for phases */
    name = gate->kind == VQE_PROGRAM_P    ? "u1"
           : gate->kind == VQE_PROGRAM_CP ? "cu1"
                                          : name;
  }
  put(text, "%s", name);
  if (vqe_program_has_angle(gate->kind)) {
    put(text, "(");
    put_angle(text, gate, angles);
    put(text, ")");
  }
  put(text, " q[%d]", gate->q[0]);
  if (vqe_program_pair(gate->kind)) {
    put(text, ", q[%d]", gate->q[1]);
  }
  put(text, ";\n");
}

static void put_inputs(struct text *text, const struct vqe_ansatz *ansatz)
{
  int digits = digits_of(ansatz->nparam);
  for (int k = 0; k < ansatz->nparam; k++) {
    put(text, "input float[64] t%0*d;\n", digits, k);
  }
}

int vqe_program_text(char **out, const struct vqe_program *program,
                     const struct vqe_ansatz *ansatz, int version,
                     const double *parameters, size_t limit)
{
  struct text text = {NULL, 0, 0, VQE_OK};
  struct angles angles = {version, digits_of(ansatz->nparam), parameters};
  bool fits = true;
  *out = NULL;
  if (version == 2) {
    put(&text, "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[%d];\n",
        program->nqubit);
  } else {
    put(&text, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n");
    if (parameters == NULL) {
      put_inputs(&text, ansatz);
    }
    put(&text, "qubit[%d] q;\n", program->nqubit);
  }
  for (size_t k = 0; k < program->ngate && fits && text.status == VQE_OK;
       k++) {
    put_gate(&text, &program->gates[k], &angles);
    fits = limit == 0 || text.used < limit;
  }
  if (text.status == VQE_OK && fits) {
    *out = text.data;
  } else {
    free(text.data);
  }
  return text.status;
}

/* ---- an ansatz with its excitations as pragmas ---- */

static void put_short_gate(struct text *text, const struct vqe_gate *gate,
                           int digits)
{
  const int *q = gate->q;
  const char *pragma = vqe_gate_signless(gate->kind)
                           ? "pragma vqe.qubit_excitation"
                           : "pragma vqe.excitation";
  if (gate->kind == VQE_GATE_X) {
    put(text, "x q[%d];\n", q[0]);
  } else if (gate->kind == VQE_GATE_PHASE) {
    put(text, "p(%.17g*t%0*d) q[%d];\n", gate->scale, digits, gate->param,
        q[0]);
  } else if (gate->kind == VQE_GATE_CPHASE) {
    put(text, "cp(%.17g*t%0*d) q[%d], q[%d];\n", gate->scale, digits,
        gate->param, q[0], q[1]);
  } else {
    put(text, "%s %.17g*t%0*d %d->%d", pragma, gate->scale, digits,
        gate->param, q[0], q[1]);
    if (vqe_gate_order(gate->kind) == 2) {
      put(text, " %d->%d", q[2], q[3]);
    }
    put(text, "\n");
  }
}

bool vqe_ansatz_has_short(const struct vqe_ansatz *ansatz)
{
  for (size_t k = 0; k < ansatz->ngate; k++) {
    enum vqe_gate_kind kind = ansatz->gates[k].kind;
    if (vqe_gate_order(kind) == 0 && kind != VQE_GATE_X &&
        kind != VQE_GATE_PHASE && kind != VQE_GATE_CPHASE) {
      return false;
    }
  }
  return true;
}

int vqe_ansatz_qasm_short(char **out, const struct vqe_ansatz *ansatz)
{
  struct text text = {NULL, 0, 0, VQE_OK};
  int digits = digits_of(ansatz->nparam);
  *out = NULL;
  put(&text, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n");
  put_inputs(&text, ansatz);
  put(&text, "qubit[%d] q;\n", ansatz->nqubit);
  for (size_t k = 0; k < ansatz->ngate && text.status == VQE_OK; k++) {
    put_short_gate(&text, &ansatz->gates[k], digits);
  }
  if (text.status == VQE_OK) {
    *out = text.data;
  } else {
    free(text.data);
  }
  return text.status;
}

static int check(const char *function, void *out,
                 const struct vqe_ansatz *ansatz)
{
  int missing = vqe_missing(function, "out ansatz", out, ansatz);
  if (missing == VQE_OK) {
    missing =
        vqe_missing(function, "ansatz->gates",
                    ansatz->ngate > 0 ? (const void *)ansatz->gates : ansatz);
  }
  return missing;
}

int vqe_ansatz_qasm(char **out, const struct vqe_ansatz *ansatz, size_t limit)
{
  struct vqe_program *program = NULL;
  int status = check(__func__, out, ansatz);
  if (status != VQE_OK) {
    return status;
  }
  *out = NULL;
  limit = vqe_ansatz_has_short(ansatz) ? limit : 0;
  status = vqe_program_create(&program, ansatz, 0);
  if (status == VQE_OK) {
    status = vqe_program_text(out, program, ansatz, 3, NULL, limit);
  }
  if (status == VQE_OK && *out == NULL) {
    status = vqe_ansatz_qasm_short(out, ansatz);
  }
  vqe_program_free(program);
  return status;
}

int vqe_ansatz_qasm_bound(char **out, const struct vqe_ansatz *ansatz,
                          int version, const double *parameters)
{
  struct vqe_program *program = NULL;
  int status = check(__func__, out, ansatz);
  if (status == VQE_OK && ansatz->nparam > 0) {
    status = vqe_missing(__func__, "parameters", parameters);
  }
  if (status != VQE_OK) {
    return status;
  }
  *out = NULL;
  if (version != 2 && version != 3) {
    return vqe_error_set(VQE_ERR_INPUT, "OpenQASM %d: 2 or 3", version);
  }
  for (int k = 0; k < ansatz->nparam; k++) {
    if (!isfinite(parameters[k])) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "parameter %d of the circuit is not finite", k);
    }
  }
  status = vqe_program_create(&program, ansatz, 0);
  if (status == VQE_OK) {
    status = vqe_program_text(out, program, ansatz, version, parameters, 0);
  }
  vqe_program_free(program);
  return status;
}
