/* OpenQASM 3 text (Cross et al., ACM Trans. Quantum Comput. 3, 12 (2022)).
 *
 * An excitation becomes the product of its commuting Pauli rotations: the
 * ladder operators are multiplied out under Jordan-Wigner, or as they stand
 * for qubit excitations, and each rotation is a basis change, a CX ladder and
 * one RZ. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "vqe/ansatz.h"

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

/* ---- Pauli terms of tau - tau^+ ---- */

#define MAX_TERMS                                                             \
  32 /* of the product of four ladder operators, and to spare */

struct term {
  uint64_t x, z;
  double re, im; /* coefficient of i^|x&z| X^x Z^z */
};

/* Multiply the sum by a_p (dagger 0) or a+_p (dagger 1):
 * a_p = (X_p + i Y_p)/2 Z_{<p}, a+_p = (X_p - i Y_p)/2 Z_{<p}; without the Z
 * string when `signless`. */
static int times_ladder(struct term *terms, int count, int p, bool dagger,
                        bool signless)
{
  struct term out[MAX_TERMS];
  uint64_t bit = UINT64_C(1) << p;
  int n = 0;
  for (int k = 0; k < count; k++) {
    for (int y = 0; y < 2; y++) {
      uint64_t x2 = bit;
      uint64_t z2 = (signless ? 0 : bit - 1) | (y ? bit : 0);
      uint64_t x = terms[k].x ^ x2;
      uint64_t z = terms[k].z ^ z2;
      int power = __builtin_popcountll(terms[k].x & terms[k].z) +
                  __builtin_popcountll(x2 & z2) - __builtin_popcountll(x & z) +
                  2 * __builtin_popcountll(terms[k].z & x2);
      power += y ? (dagger ? 3 : 1) : 0; /* the factor -i or i of Y */
      double re = 0.5 * terms[k].re;
      double im = 0.5 * terms[k].im;
      for (int turn = 0; turn < (power & 3); turn++) {
        double old = re;
        re = -im;
        im = old;
      }
      int at = 0;
      while (at < n && (out[at].x != x || out[at].z != z)) {
        at++;
      }
      if (at == n) {
        VQE_ASSERT(n < MAX_TERMS);
        out[n++] = (struct term){x, z, 0.0, 0.0};
      }
      out[at].re += re;
      out[at].im += im;
    }
  }
  memcpy(terms, out, (size_t)n * sizeof *out);
  return n;
}

/* tau - tau^+ = 2i Im(tau) in the Pauli basis: at most 8 terms i c P. */
static int generator(struct term out[MAX_TERMS], const struct vqe_gate *gate)
{
  struct term terms[MAX_TERMS] = {{0, 0, 1.0, 0.0}};
  int count = 1;
  for (int k = 0; k < vqe_gate_order(gate->kind); k++) {
    const int *q = &gate->q[2 * (size_t)k];
    bool signless = vqe_gate_signless(gate->kind);
    count = times_ladder(terms, count, q[1], true, signless);
    count = times_ladder(terms, count, q[0], false, signless);
  }
  int kept = 0;
  for (int k = 0; k < count; k++) {
    if (terms[k].im > 1e-12 || terms[k].im < -1e-12) {
      out[kept] = terms[k];
      out[kept].im *= 2.0;
      kept++;
    }
  }
  return kept;
}

/* exp(i c t P): basis change to Z, ladder, rz(-2 c t), and back. */
static void put_pauli_rotation(struct text *text, const struct term *term,
                               const char *angle, double scale)
{
  int qubits[64];
  int count = 0;
  for (int q = 0; q < 64; q++) {
    if ((term->x | term->z) >> q & 1) {
      qubits[count++] = q;
    }
  }
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      for (int k = 0; k + 1 < count; k++) {
        put(text, "cx q[%d], q[%d];\n", qubits[k], qubits[k + 1]);
      }
      put(text, "rz(%.17g*%s) q[%d];\n", -2.0 * term->im * scale, angle,
          qubits[count - 1]);
      for (int k = count - 2; k >= 0; k--) {
        put(text, "cx q[%d], q[%d];\n", qubits[k], qubits[k + 1]);
      }
    }
    for (int k = 0; k < count; k++) {
      bool x = term->x >> qubits[k] & 1;
      bool z = term->z >> qubits[k] & 1;
      if (x && z) {
        put(text, "rx(%spi/2) q[%d];\n", pass == 0 ? "" : "-", qubits[k]);
      } else if (x) {
        put(text, "h q[%d];\n", qubits[k]);
      }
    }
  }
}

static void put_gate(struct text *text, const struct vqe_gate *gate,
                     const char *angle, bool expand)
{
  const int *q = gate->q;
  const char *pragma = vqe_gate_signless(gate->kind)
                           ? "pragma vqe.qubit_excitation"
                           : "pragma vqe.excitation";
  switch (gate->kind) {
  case VQE_GATE_X:
    put(text, "x q[%d];\n", q[0]);
    break;
  case VQE_GATE_RY:
    put(text, "ry(%s) q[%d];\n", angle, q[0]);
    break;
  case VQE_GATE_RZ:
    put(text, "rz(%s) q[%d];\n", angle, q[0]);
    break;
  case VQE_GATE_CX:
    put(text, "cx q[%d], q[%d];\n", q[0], q[1]);
    break;
  case VQE_GATE_XXYY:
    put(text, "xxyy(%s) q[%d], q[%d];\n", angle, q[0], q[1]);
    break;
  case VQE_GATE_PHASE:
    put(text, "p(%.17g*%s) q[%d];\n", gate->scale, angle, q[0]);
    break;
  case VQE_GATE_CPHASE:
    put(text, "cp(%.17g*%s) q[%d], q[%d];\n", gate->scale, angle, q[0], q[1]);
    break;
  case VQE_GATE_SINGLE:
  case VQE_GATE_DOUBLE:
  case VQE_GATE_QUBIT_SINGLE:
  case VQE_GATE_QUBIT_DOUBLE:
    if (expand) {
      struct term terms[MAX_TERMS];
      int count = generator(terms, gate);
      for (int k = 0; k < count; k++) {
        put_pauli_rotation(text, &terms[k], angle, gate->scale);
      }
    } else if (vqe_gate_order(gate->kind) == 1) {
      put(text, "%s %.17g*%s %d->%d\n", pragma, gate->scale, angle, q[0],
          q[1]);
    } else {
      put(text, "%s %.17g*%s %d->%d %d->%d\n", pragma, gate->scale, angle,
          q[0], q[1], q[2], q[3]);
    }
    break;
  }
}

static int write_program(char **out, const struct vqe_ansatz *ansatz,
                         size_t limit, bool expand, bool *too_long)
{
  struct text text = {NULL, 0, 0, VQE_OK};
  int digits = 5;
  *too_long = false;
  for (int n = 100000; n < ansatz->nparam; n *= 10) {
    digits++;
  }
  put(&text, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n");
  for (int k = 0; k < ansatz->nparam; k++) {
    put(&text, "input float[64] t%0*d;\n", digits, k);
  }
  if (vqe_ansatz_kind(ansatz->name)->preserving) {
    put(&text, "gate xxyy(t) a, b {\n"
               "  h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b;\n"
               "  rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b;\n");
    put(&text, "  rx(-pi/2) a; rx(-pi/2) b;\n}\n");
  }
  put(&text, "qubit[%d] q;\n", ansatz->nqubit);
  for (size_t k = 0; k < ansatz->ngate && text.status == VQE_OK; k++) {
    char angle[32] = "";
    if (ansatz->gates[k].param >= 0) {
      snprintf(angle, sizeof angle, "t%0*d", digits, ansatz->gates[k].param);
    }
    put_gate(&text, &ansatz->gates[k], angle, expand);
    if (expand && limit > 0 && text.used >= limit && ansatz->conserves) {
      *too_long = true;
      break;
    }
  }
  if (text.status != VQE_OK || *too_long) {
    free(text.data);
    return text.status;
  }
  *out = text.data;
  return VQE_OK;
}

int vqe_ansatz_qasm(char **out, const struct vqe_ansatz *ansatz, size_t limit)
{
  int missing = vqe_missing(__func__, "out ansatz", out, ansatz);
  if (missing == VQE_OK) {
    missing =
        vqe_missing(__func__, "ansatz->gates",
                    ansatz->ngate > 0 ? (const void *)ansatz->gates : ansatz);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  bool too_long;
  *out = NULL;
  int status = write_program(out, ansatz, limit, true, &too_long);
  if (status == VQE_OK && too_long) {
    status = write_program(out, ansatz, 0, false, &too_long);
  }
  return status;
}
