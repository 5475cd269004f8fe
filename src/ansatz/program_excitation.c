/* Excitations as gates.
 *
 * Pauli rotations (VQE_CIRCUITS_PLAIN, VQE_CIRCUITS_GADGETS): the ladder
 * operators are multiplied out under Jordan-Wigner, or as they stand for qubit
 * excitations; each of the commuting strings is a basis change, CX gates that
 * collect its parity on one qubit, and an RZ there.
 *
 * VQE_CIRCUITS_COMPACT is the subject of program_controlled.c. */
#include <string.h>

#include "ansatz/program.h"
#include "base/assert.h"
#include "operators/qubits.h"

/* ---- Pauli terms of tau - tau^+ ---- */

/* Multiply the sum by a_p (dagger 0) or a+_p (dagger 1):
 * a_p = (X_p + i Y_p)/2 Z_{<p}, a+_p = (X_p - i Y_p)/2 Z_{<p}; without the Z
 * string when `signless`. */
static int times_ladder(struct vqe_program_term *terms, int count, int p,
                        bool dagger, bool signless)
{
  struct vqe_program_term out[VQE_PROGRAM_TERMS];
  vqe_qubits bit = vqe_qubits_bit(p);
  int n = 0;
  for (int k = 0; k < count; k++) {
    for (int y = 0; y < 2; y++) {
      vqe_qubits x2 = bit;
      vqe_qubits z2 = (signless ? 0 : bit - 1) | (y ? bit : 0);
      vqe_qubits x = terms[k].x ^ x2;
      vqe_qubits z = terms[k].z ^ z2;
      int power = vqe_qubits_count(terms[k].x & terms[k].z) +
                  vqe_qubits_count(x2 & z2) - vqe_qubits_count(x & z) +
                  2 * vqe_qubits_count(terms[k].z & x2);
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
        VQE_ASSERT(n < VQE_PROGRAM_TERMS);
        out[n++] = (struct vqe_program_term){x, z, 0.0, 0.0};
      }
      out[at].re += re;
      out[at].im += im;
    }
  }
  memcpy(terms, out, (size_t)n * sizeof *out);
  return n;
}

/* tau - tau^+ = 2i Im(tau) in the Pauli basis: at most 8 terms i c P. */
int vqe_program_generator(struct vqe_program_term out[VQE_PROGRAM_TERMS],
                          const struct vqe_gate *gate)
{
  struct vqe_program_term terms[VQE_PROGRAM_TERMS] = {{0, 0, 1.0, 0.0}};
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

/* ---- Pauli rotations ---- */

/* X and Y of a string to Z, or back. */
static int change_basis(struct vqe_program *program,
                        const struct vqe_program_term *term, bool back)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    bool y = vqe_program_has(term->x & term->z, q);
    if (!back && y) {
      status = vqe_program_clifford(program, VQE_PROGRAM_SDG, q);
    }
    if (status == VQE_OK && vqe_program_has(term->x, q)) {
      status = vqe_program_clifford(program, VQE_PROGRAM_H, q);
    }
    if (status == VQE_OK && back && y) {
      status = vqe_program_clifford(program, VQE_PROGRAM_S, q);
    }
  }
  return status;
}

/* Basis change to Z, chain of CX, rz(-2 c t), and back. */
int vqe_program_rotation(struct vqe_program *program,
                         const struct vqe_program_term *term,
                         const struct vqe_gate *gate)
{
  int qubits[VQE_MASK_BITS] = {0};
  int count = 0;
  for (int q = 0; q < program->nqubit; q++) {
    if (vqe_program_has(term->x | term->z, q)) {
      qubits[count++] = q;
    }
  }
  if (count == 0) {
    return VQE_OK; /* a phase of all */
  }
  int status = change_basis(program, term, false);
  for (int k = 0; status == VQE_OK && k + 1 < count; k++) {
    status = vqe_program_cx(program, qubits[k], qubits[k + 1]);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RZ, qubits[count - 1], 0,
                             gate->param, -2.0 * term->im * gate->scale);
  }
  for (int k = count - 2; status == VQE_OK && k >= 0; k--) {
    status = vqe_program_cx(program, qubits[k], qubits[k + 1]);
  }
  return status == VQE_OK ? change_basis(program, term, true) : status;
}

/* CX of all other qubits of the string to the target. */
static int add_star(struct vqe_program *program,
                    const struct vqe_program_term *term, int target)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (q != target && vqe_program_has(term->x | term->z, q)) {
      status = vqe_program_cx(program, q, target);
    }
  }
  return status;
}

/* From one string to the next of the same qubits: X and Y trade places by a
 * rotation around X in the basis of Z. That on the target commutes with all
 * CX to it, so only those of other qubits that change are undone. */
static int add_step(struct vqe_program *program,
                    const struct vqe_program_term *from,
                    const struct vqe_program_term *to, int target)
{
  vqe_qubits changed = from->z ^ to->z;
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (!vqe_program_has(changed, q)) {
      continue;
    }
    enum vqe_program_kind turn =
        vqe_program_has(to->z, q) ? VQE_PROGRAM_RX_MINUS : VQE_PROGRAM_RX_PLUS;
    if (q != target) {
      status = vqe_program_cx(program, q, target);
    }
    if (status == VQE_OK) {
      status = vqe_program_clifford(program, turn, q);
    }
    if (status == VQE_OK && q != target) {
      status = vqe_program_cx(program, q, target);
    }
  }
  return status;
}

/* Strings in an order in which neighbours differ on few qubits besides the
 * target: a Gray code. False: they are not on the same qubits. */
static bool sort_terms(struct vqe_program_term *terms, int count, int target)
{
  vqe_qubits others = ~vqe_qubits_bit(target);
  for (int k = 0; k < count; k++) {
    if (terms[k].x != terms[0].x ||
        (terms[k].z & ~terms[k].x) != (terms[0].z & ~terms[0].x)) {
      return false;
    }
  }
  for (int k = 1; k < count; k++) {
    int best = k;
    int least = VQE_MASK_BITS + 1;
    for (int j = k; j < count; j++) {
      int distance = vqe_qubits_count((terms[j].z ^ terms[k - 1].z) & others);
      if (distance < least) {
        least = distance;
        best = j;
      }
    }
    struct vqe_program_term next = terms[best];
    terms[best] = terms[k];
    terms[k] = next;
  }
  return true;
}

/* Strings that share their CX gates. */
static int add_shared(struct vqe_program *program,
                      struct vqe_program_term *terms, int count,
                      const struct vqe_gate *gate, int target)
{
  int status = change_basis(program, &terms[0], false);
  if (status == VQE_OK) {
    status = add_star(program, &terms[0], target);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    if (k > 0) {
      status = add_step(program, &terms[k - 1], &terms[k], target);
    }
    if (status == VQE_OK) {
      status = vqe_program_add(program, VQE_PROGRAM_RZ, target, 0, gate->param,
                               -2.0 * terms[k].im * gate->scale);
    }
  }
  if (status == VQE_OK) {
    status = add_star(program, &terms[count - 1], target);
  }
  return status == VQE_OK ? change_basis(program, &terms[count - 1], true)
                          : status;
}

static int add_rotations(struct vqe_program *program,
                         const struct vqe_gate *gate, bool shared)
{
  struct vqe_program_term terms[VQE_PROGRAM_TERMS];
  int status = VQE_OK;
  int count = vqe_program_generator(terms, gate);
  if (count > 0 && shared && vqe_program_has(terms[0].x, gate->q[0]) &&
      sort_terms(terms, count, gate->q[0])) {
    return add_shared(program, terms, count, gate, gate->q[0]);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_program_rotation(program, &terms[k], gate);
  }
  return status;
}

static bool are_distinct(const struct vqe_gate *gate)
{
  int count = 2 * vqe_gate_order(gate->kind);
  vqe_qubits seen = 0;
  for (int k = 0; k < count; k++) {
    seen |= vqe_qubits_bit(gate->q[k]);
  }
  return vqe_qubits_count(seen) == count;
}

int vqe_program_excitation(struct vqe_program *program,
                           const struct vqe_gate *gate,
                           enum vqe_circuits circuits)
{
  return circuits != VQE_CIRCUITS_COMPACT || !are_distinct(gate)
             ? add_rotations(program, gate, circuits != VQE_CIRCUITS_PLAIN)
             : vqe_program_controlled(program, gate);
}

int vqe_program_xxyy(struct vqe_program *program, const struct vqe_gate *gate,
                     enum vqe_circuits circuits)
{
  const int *q = gate->q;
  if (circuits != VQE_CIRCUITS_COMPACT) {
    vqe_qubits x = vqe_qubits_bit(q[0]) | vqe_qubits_bit(q[1]);
    struct vqe_program_term terms[2] = {{x, 0, 0.0, -0.5}, {x, x, 0.0, -0.5}};
    if (circuits == VQE_CIRCUITS_GADGETS) {
      return add_shared(program, terms, 2, gate, q[0]);
    }
    int status = vqe_program_rotation(program, &terms[0], gate);
    return status == VQE_OK ? vqe_program_rotation(program, &terms[1], gate)
                            : status;
  }
  int status = vqe_program_clifford(program, VQE_PROGRAM_S, q[1]);
  if (status == VQE_OK) {
    status = vqe_program_givens(program, q[0], q[1], gate->param, gate->scale);
  }
  return status == VQE_OK
             ? vqe_program_clifford(program, VQE_PROGRAM_SDG, q[1])
             : status;
}
