/* Excitations as gates.
 *
 * Pauli rotations (VQE_CIRCUITS_PLAIN, VQE_CIRCUITS_GADGETS): the ladder
 * operators are multiplied out under Jordan-Wigner, or as they stand for qubit
 * excitations; each of the commuting strings is a basis change, CX gates that
 * collect its parity on one qubit, and an RZ there.
 *
 * One controlled rotation (VQE_CIRCUITS_COMPACT): Yordanov, Arvidsson-Shukur
 * and Barnes, Phys. Rev. A 102, 062612 (2020). A single excitation takes 2
 * gates of two qubits, a double 13; the Z strings of fermions add CZ gates on
 * both sides, as they only turn the sign of the rotation. */
#include <string.h>

#include "ansatz/program.h"
#include "base/assert.h"

/* ---- Pauli terms of tau - tau^+ ---- */

/* Multiply the sum by a_p (dagger 0) or a+_p (dagger 1):
 * a_p = (X_p + i Y_p)/2 Z_{<p}, a+_p = (X_p - i Y_p)/2 Z_{<p}; without the Z
 * string when `signless`. */
static int times_ladder(struct vqe_program_term *terms, int count, int p,
                        bool dagger, bool signless)
{
  struct vqe_program_term out[VQE_PROGRAM_TERMS];
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

static int add_clifford(struct vqe_program *program,
                        enum vqe_program_kind kind, int q)
{
  return vqe_program_add(program, kind, q, q, -1, 0.0);
}

static int add_cx(struct vqe_program *program, int control, int target)
{
  return vqe_program_add(program, VQE_PROGRAM_CX, control, target, -1, 0.0);
}

static bool has_bit(uint64_t mask, int q)
{
  return mask >> q & 1;
}

/* X and Y of a string to Z, or back. */
static int change_basis(struct vqe_program *program,
                        const struct vqe_program_term *term, bool back)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    bool y = has_bit(term->x & term->z, q);
    if (!back && y) {
      status = add_clifford(program, VQE_PROGRAM_SDG, q);
    }
    if (status == VQE_OK && has_bit(term->x, q)) {
      status = add_clifford(program, VQE_PROGRAM_H, q);
    }
    if (status == VQE_OK && back && y) {
      status = add_clifford(program, VQE_PROGRAM_S, q);
    }
  }
  return status;
}

/* Basis change to Z, chain of CX, rz(-2 c t), and back. */
int vqe_program_rotation(struct vqe_program *program,
                         const struct vqe_program_term *term,
                         const struct vqe_gate *gate)
{
  int qubits[64] = {0};
  int count = 0;
  for (int q = 0; q < program->nqubit; q++) {
    if (has_bit(term->x | term->z, q)) {
      qubits[count++] = q;
    }
  }
  if (count == 0) {
    return VQE_OK; /* a phase of all */
  }
  int status = change_basis(program, term, false);
  for (int k = 0; status == VQE_OK && k + 1 < count; k++) {
    status = add_cx(program, qubits[k], qubits[k + 1]);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RZ, qubits[count - 1], 0,
                             gate->param, -2.0 * term->im * gate->scale);
  }
  for (int k = count - 2; status == VQE_OK && k >= 0; k--) {
    status = add_cx(program, qubits[k], qubits[k + 1]);
  }
  return status == VQE_OK ? change_basis(program, term, true) : status;
}

/* CX of all other qubits of the string to the target. */
static int add_star(struct vqe_program *program,
                    const struct vqe_program_term *term, int target)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (q != target && has_bit(term->x | term->z, q)) {
      status = add_cx(program, q, target);
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
  uint64_t changed = from->z ^ to->z;
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (!has_bit(changed, q)) {
      continue;
    }
    enum vqe_program_kind turn =
        has_bit(to->z, q) ? VQE_PROGRAM_RX_MINUS : VQE_PROGRAM_RX_PLUS;
    if (q != target) {
      status = add_cx(program, q, target);
    }
    if (status == VQE_OK) {
      status = add_clifford(program, turn, q);
    }
    if (status == VQE_OK && q != target) {
      status = add_cx(program, q, target);
    }
  }
  return status;
}

/* Strings in an order in which neighbours differ on few qubits besides the
 * target: a Gray code. False: they are not on the same qubits. */
static bool sort_terms(struct vqe_program_term *terms, int count, int target)
{
  uint64_t others = ~(UINT64_C(1) << target);
  for (int k = 0; k < count; k++) {
    if (terms[k].x != terms[0].x ||
        (terms[k].z & ~terms[k].x) != (terms[0].z & ~terms[0].x)) {
      return false;
    }
  }
  for (int k = 1; k < count; k++) {
    int best = k;
    int least = 65;
    for (int j = k; j < count; j++) {
      int distance =
          __builtin_popcountll((terms[j].z ^ terms[k - 1].z) & others);
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
  if (count > 0 && shared && has_bit(terms[0].x, gate->q[0]) &&
      sort_terms(terms, count, gate->q[0])) {
    return add_shared(program, terms, count, gate, gate->q[0]);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_program_rotation(program, &terms[k], gate);
  }
  return status;
}

/* ---- one controlled rotation ---- */

static int add_cz(struct vqe_program *program, int q0, int q1)
{
  return vqe_program_add(program, VQE_PROGRAM_CZ, q0, q1, -1, 0.0);
}

/* <q1 (q3) occupied| tau |q0 (q2) occupied> with all others empty, and in
 * *string the qubits whose electrons turn its sign. */
static double sign_of(uint64_t *string, const struct vqe_gate *gate)
{
  int order = vqe_gate_order(gate->kind);
  uint64_t occupied = 0;
  uint64_t own = 0;
  bool odd = false;
  *string = 0;
  for (int k = 0; k < 2 * order; k++) {
    own |= UINT64_C(1) << gate->q[k];
    occupied |= k % 2 == 0 ? UINT64_C(1) << gate->q[k] : 0;
  }
  if (vqe_gate_signless(gate->kind)) {
    return 1.0;
  }
  for (int k = order - 1; k >= 0; k--) {
    for (int end = 0; end < 2; end++) { /* first out of q0, then into q1 */
      uint64_t bit = UINT64_C(1) << gate->q[2 * k + end];
      odd ^= __builtin_parityll(occupied & (bit - 1));
      occupied ^= bit;
      *string ^= bit - 1;
    }
  }
  *string &= ~own;
  return odd ? -1.0 : 1.0;
}

/* CZ of each qubit of the string with the target, where Z turns the sign. */
static int add_string(struct vqe_program *program, uint64_t string, int target)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (has_bit(string, q)) {
      status = add_cz(program, q, target);
    }
  }
  return status;
}

/* exp(-i angle (X0 Y1 - Y0 X1)/2): a rotation of |01> and |10> */
static int add_givens(struct vqe_program *program, int q0, int q1, int param,
                      double scale)
{
  int status = add_clifford(program, VQE_PROGRAM_H, q0);
  if (status == VQE_OK) {
    status = add_cx(program, q0, q1);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RY, q0, 0, param, scale);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RY, q1, 0, param, scale);
  }
  if (status == VQE_OK) {
    status = add_cx(program, q0, q1);
  }
  return status == VQE_OK ? add_clifford(program, VQE_PROGRAM_H, q0) : status;
}

/* RY(angle) of `target` where controls 0 and 2 are 1 and control 1 is 0: the
 * product of eight rotations by an eighth of it, whose signs are products of
 * the controls' (-1)^n; a CZ turns the sign by that of its control, and in
 * the order of a Gray code one CZ leads to the next product. The last CZ, of
 * control 2, is left to the caller. */
static int add_controlled_ry(struct vqe_program *program, int target,
                             const int controls[3], int param, double scale)
{
  static const int toggled[8] = {0, 1, 0, 2, 0, 1, 0, 2};
  int product = 0; /* bit k: control k is a factor */
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < 8; k++) {
    /* (1 - Z0)(1 + Z1)(1 - Z2) */
    double sign = __builtin_parity((unsigned)product & 5U) ? -1.0 : 1.0;
    status = vqe_program_add(program, VQE_PROGRAM_RY, target, 0, param,
                             0.125 * sign * scale);
    if (status == VQE_OK && k < 7) {
      status = add_cz(program, controls[toggled[k]], target);
    }
    product ^= 1 << toggled[k];
  }
  return status;
}

/* Controlled by `control`: Z, then X on `target`, as one CX: XZ = -iY. */
static int add_cz_cx(struct vqe_program *program, int control, int target)
{
  int status = add_clifford(program, VQE_PROGRAM_SDG, target);
  if (status == VQE_OK) {
    status = add_cx(program, control, target);
  }
  if (status == VQE_OK) {
    status = add_clifford(program, VQE_PROGRAM_S, target);
  }
  return status == VQE_OK ? add_clifford(program, VQE_PROGRAM_SDG, control)
                          : status;
}

/* |1010> and |0101> of q0 ... q3 are 1 and 0 of q0, with 101 on q1, q2, q3,
 * after a CX of q0 to each of these. */
static int add_double(struct vqe_program *program, const int *q, int param,
                      double scale)
{
  int status = VQE_OK;
  for (int k = 1; status == VQE_OK && k < 4; k++) {
    status = add_cx(program, q[0], q[k]);
  }
  if (status == VQE_OK) {
    status = add_controlled_ry(program, q[0], q + 1, param, scale);
  }
  if (status == VQE_OK) {
    status = add_cz_cx(program, q[0], q[3]);
  }
  for (int k = 1; status == VQE_OK && k < 3; k++) {
    status = add_cx(program, q[0], q[k]);
  }
  return status;
}

static bool are_distinct(const struct vqe_gate *gate)
{
  int count = 2 * vqe_gate_order(gate->kind);
  uint64_t seen = 0;
  for (int k = 0; k < count; k++) {
    seen |= UINT64_C(1) << gate->q[k];
  }
  return __builtin_popcountll(seen) == count;
}

int vqe_program_excitation(struct vqe_program *program,
                           const struct vqe_gate *gate,
                           enum vqe_circuits circuits)
{
  uint64_t string;
  if (circuits != VQE_CIRCUITS_COMPACT || !are_distinct(gate)) {
    return add_rotations(program, gate, circuits != VQE_CIRCUITS_PLAIN);
  }
  double scale = sign_of(&string, gate) * gate->scale;
  const int *q = gate->q;
  int status = add_string(program, string, q[0]);
  if (status == VQE_OK) {
    status = vqe_gate_order(gate->kind) == 1
                 ? add_givens(program, q[0], q[1], gate->param, scale)
                 : add_double(program, q, gate->param, -2.0 * scale);
  }
  return status == VQE_OK ? add_string(program, string, q[0]) : status;
}

int vqe_program_xxyy(struct vqe_program *program, const struct vqe_gate *gate,
                     enum vqe_circuits circuits)
{
  const int *q = gate->q;
  if (circuits != VQE_CIRCUITS_COMPACT) {
    uint64_t x = UINT64_C(1) << q[0] | UINT64_C(1) << q[1];
    struct vqe_program_term terms[2] = {{x, 0, 0.0, -0.5}, {x, x, 0.0, -0.5}};
    if (circuits == VQE_CIRCUITS_GADGETS) {
      return add_shared(program, terms, 2, gate, q[0]);
    }
    int status = vqe_program_rotation(program, &terms[0], gate);
    return status == VQE_OK ? vqe_program_rotation(program, &terms[1], gate)
                            : status;
  }
  int status = add_clifford(program, VQE_PROGRAM_S, q[1]);
  if (status == VQE_OK) {
    status = add_givens(program, q[0], q[1], gate->param, gate->scale);
  }
  return status == VQE_OK ? add_clifford(program, VQE_PROGRAM_SDG, q[1])
                          : status;
}
