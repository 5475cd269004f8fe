/* Excitations as controlled rotations: Yordanov, Arvidsson-Shukur and Barnes,
 * Phys. Rev. A 102, 062612 (2020). A single excitation takes 2 gates of two
 * qubits, a double 13; the Z strings of fermions add CZ gates on both sides,
 * as they only turn the sign of the rotation.
 *
 * Doubles that pair the same four spin orbitals in other ways rotate other
 * planes of the same qubits, so that one circuit takes them together (Ramoa et
 * al., arXiv:2407.08696): 9 gates of two qubits for the sum or the difference
 * of two, 13 where each has its parameter. */
#include <math.h>

#include "ansatz/program.h"
#include "base/assert.h"
#include "operators/qubits.h"

/* Shares of an angle below this are rounding. */
#define NO_ANGLE 1e-12

/* <q1 (q3) occupied| tau |q0 (q2) occupied> with all others empty, and in
 * *string the qubits whose electrons turn its sign. */
static double sign_of(vqe_qubits *string, const struct vqe_gate *gate)
{
  int order = vqe_gate_order(gate->kind);
  vqe_qubits occupied = 0;
  vqe_qubits own = 0;
  bool odd = false;
  *string = 0;
  for (int k = 0; k < 2 * order; k++) {
    own |= vqe_qubits_bit(gate->q[k]);
    occupied |= k % 2 == 0 ? vqe_qubits_bit(gate->q[k]) : 0;
  }
  if (vqe_gate_signless(gate->kind)) {
    return 1.0;
  }
  for (int k = order - 1; k >= 0; k--) {
    for (int end = 0; end < 2; end++) { /* first out of q0, then into q1 */
      vqe_qubits bit = vqe_qubits_bit(gate->q[2 * k + end]);
      odd ^= vqe_qubits_odd(occupied & (bit - 1));
      occupied ^= bit;
      *string ^= bit - 1;
    }
  }
  *string &= ~own;
  return odd ? -1.0 : 1.0;
}

/* CZ of each qubit of the string with the target, where Z turns the sign. */
static int add_string(struct vqe_program *program, vqe_qubits string,
                      int target)
{
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < program->nqubit; q++) {
    if (vqe_program_has(string, q)) {
      status = vqe_program_cz(program, q, target);
    }
  }
  return status;
}

/* exp(-i angle (X0 Y1 - Y0 X1)/2): a rotation of |01> and |10> */
int vqe_program_givens(struct vqe_program *program, int q0, int q1, int param,
                       double scale)
{
  int status = vqe_program_clifford(program, VQE_PROGRAM_H, q0);
  if (status == VQE_OK) {
    status = vqe_program_cx(program, q0, q1);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RY, q0, 0, param, scale);
  }
  if (status == VQE_OK) {
    status = vqe_program_add(program, VQE_PROGRAM_RY, q1, 0, param, scale);
  }
  if (status == VQE_OK) {
    status = vqe_program_cx(program, q0, q1);
  }
  return status == VQE_OK ? vqe_program_clifford(program, VQE_PROGRAM_H, q0)
                          : status;
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
      status = vqe_program_cz(program, controls[toggled[k]], target);
    }
    product ^= 1 << toggled[k];
  }
  return status;
}

/* Controlled by `control`: Z, then X on `target`, as one CX: XZ = -iY. */
static int add_cz_cx(struct vqe_program *program, int control, int target)
{
  int status = vqe_program_clifford(program, VQE_PROGRAM_SDG, target);
  if (status == VQE_OK) {
    status = vqe_program_cx(program, control, target);
  }
  if (status == VQE_OK) {
    status = vqe_program_clifford(program, VQE_PROGRAM_S, target);
  }
  return status == VQE_OK
             ? vqe_program_clifford(program, VQE_PROGRAM_SDG, control)
             : status;
}

/* |1010> and |0101> of q0 ... q3 are 1 and 0 of q0, with 101 on q1, q2, q3,
 * after a CX of q0 to each of these. */
static int add_double(struct vqe_program *program, const int *q, int param,
                      double scale)
{
  int status = VQE_OK;
  for (int k = 1; status == VQE_OK && k < 4; k++) {
    status = vqe_program_cx(program, q[0], q[k]);
  }
  if (status == VQE_OK) {
    status = add_controlled_ry(program, q[0], q + 1, param, scale);
  }
  if (status == VQE_OK) {
    status = add_cz_cx(program, q[0], q[3]);
  }
  for (int k = 1; status == VQE_OK && k < 3; k++) {
    status = vqe_program_cx(program, q[0], q[k]);
  }
  return status;
}

int vqe_program_controlled(struct vqe_program *program,
                           const struct vqe_gate *gate)
{
  vqe_qubits string;
  double scale = sign_of(&string, gate) * gate->scale;
  const int *q = gate->q;
  int status = add_string(program, string, q[0]);
  if (status == VQE_OK) {
    status = vqe_gate_order(gate->kind) == 1
                 ? vqe_program_givens(program, q[0], q[1], gate->param, scale)
                 : add_double(program, q, gate->param, -2.0 * scale);
  }
  return status == VQE_OK ? add_string(program, string, q[0]) : status;
}

/* ---- doubles that pair the same four qubits ---- */

static vqe_qubits mask_of(const struct vqe_gate *gate, int first, int step)
{
  vqe_qubits mask = 0;
  for (int k = first; k < 4; k += step) {
    mask |= vqe_qubits_bit(gate->q[k]);
  }
  return mask;
}

int vqe_program_coupled_count(const struct vqe_gate *gates, size_t count)
{
  vqe_qubits qubits = 0;
  int n = 0;
  while (n < VQE_PROGRAM_COUPLED && (size_t)n < count &&
         vqe_gate_order(gates[n].kind) == 2 && gates[n].kind == gates->kind) {
    vqe_qubits own = mask_of(&gates[n], 0, 1);
    vqe_qubits from = mask_of(&gates[n], 0, 2);
    qubits = n == 0 ? own : qubits;
    bool again = own != qubits || vqe_qubits_count(own) != 4;
    for (int k = 0; k < n; k++) {
      vqe_qubits other = mask_of(&gates[k], 0, 2);
      again = again || other == from || (other ^ qubits) == from;
    }
    if (again) {
      break;
    }
    n++;
  }
  return n;
}

/* Four qubits in a basis in which each plane is a rotation of `target`: after
 * CX of target to r, of q to s, of target to q the others are the same in both
 * states of a plane, and differ between planes. */
struct coupling {
  int target, r, q, s;
  double angle[VQE_PROGRAM_COUPLED]; /* of RY, in the gate's parameter */
  int ones[VQE_PROGRAM_COUPLED];     /* bits of r, s, q that are 1 there */
};

/* The qubits in this order; false when r lies on the target's side of the
 * first gate. */
static bool couple(struct coupling *out, const struct vqe_gate *gates,
                   int count, int target, int r)
{
  vqe_qubits rest =
      mask_of(&gates[0], 0, 1) & ~vqe_qubits_bit(target) & ~vqe_qubits_bit(r);
  for (int k = 0; k < count; k++) {
    vqe_qubits from = mask_of(&gates[k], 0, 2);
    bool leaves = vqe_program_has(from, target);
    vqe_qubits side = leaves ? from : mask_of(&gates[k], 1, 2);
    vqe_qubits string;
    if (k == 0) {
      if (vqe_program_has(side, r)) {
        return false;
      }
      out->target = target;
      out->r = r;
      out->q = vqe_qubits_lowest(side & rest);
      out->s = vqe_qubits_lowest(rest & ~side);
    }
    /* at target 1: with q on its side 11 of r s, with s too but q turned, with
     * r neither */
    out->ones[k] = vqe_program_has(side, out->q)   ? 1 | 2
                   : vqe_program_has(side, out->s) ? 1 | 2 | 4
                                                   : 4;
    out->angle[k] =
        (leaves ? -2.0 : 2.0) * gates[k].scale * sign_of(&string, &gates[k]);
  }
  return true;
}

/* Whether q does not matter: two planes that turn by the same angle. */
static bool is_one_angle(const struct coupling *coupling,
                         const struct vqe_gate *gates, int count)
{
  return count == 2 && gates[0].param == gates[1].param &&
         (coupling->ones[0] ^ coupling->ones[1]) == 4 &&
         fabs(coupling->angle[0] - coupling->angle[1]) < NO_ANGLE;
}

/* The order of the qubits that takes fewest gates. */
static bool choose_order(struct coupling *out, const struct vqe_gate *gates,
                         int count)
{
  for (int k = 0; k < 16; k++) {
    int target = gates->q[k / 4];
    int r = gates->q[k % 4];
    if (target != r && couple(out, gates, count, target, r) &&
        is_one_angle(out, gates, count)) {
      return true;
    }
  }
  (void)couple(out, gates, count, gates->q[0], gates->q[1]);
  return false;
}

/* RY of the target by the angles of one product of signs. */
static int add_share(struct vqe_program *program,
                     const struct coupling *coupling,
                     const struct vqe_gate *gates, int count, int product)
{
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < count; k++) {
    double share = 0.125 * coupling->angle[k];
    if (__builtin_parity((unsigned)(product & coupling->ones[k]))) {
      share = -share;
    }
    status = vqe_program_add(program, VQE_PROGRAM_RY, coupling->target, 0,
                             gates[k].param, share);
  }
  return status;
}

/* The rotation of the target where the others are as in one of the planes, as
 * in add_controlled_ry; without q where that does not matter. The last CZ, of
 * r, is left to the caller. */
static int add_planes(struct vqe_program *program,
                      const struct coupling *coupling,
                      const struct vqe_gate *gates, int count, bool one_angle)
{
  static const int all[8] = {4, 2, 4, 1, 4, 2, 4, 1};
  static const int two[4] = {2, 1, 2, 1};
  const int controls[5] = {0, coupling->r, coupling->s, 0, coupling->q};
  const int *toggled = one_angle ? two : all;
  int steps = one_angle ? 4 : 8;
  int product = 0;
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < steps; k++) {
    status = add_share(program, coupling, gates, count, product);
    if (status == VQE_OK && k + 1 < steps) {
      status = vqe_program_cz(program, controls[toggled[k]], coupling->target);
    }
    product ^= toggled[k];
  }
  return status;
}

int vqe_program_coupled(struct vqe_program *program,
                        const struct vqe_gate *gates, int count)
{
  struct coupling c;
  vqe_qubits string;
  VQE_ASSERT(count > 1 && count <= VQE_PROGRAM_COUPLED);
  VQE_ASSERT(vqe_program_coupled_count(gates, (size_t)count) == count);
  bool one_angle = choose_order(&c, gates, count);
  (void)sign_of(&string, gates); /* that of all */
  int status = add_string(program, string, c.target);
  if (status == VQE_OK) {
    status = vqe_program_cx(program, c.target, c.r);
  }
  if (status == VQE_OK) {
    status = vqe_program_cx(program, c.q, c.s);
  }
  if (status == VQE_OK) {
    status = vqe_program_cx(program, c.target, c.q);
  }
  if (status == VQE_OK) {
    status = add_planes(program, &c, gates, count, one_angle);
  }
  if (status == VQE_OK) {
    status = add_cz_cx(program, c.target, c.r);
  }
  if (status == VQE_OK) {
    status = vqe_program_cx(program, c.target, c.q);
  }
  if (status == VQE_OK) {
    status = vqe_program_cx(program, c.q, c.s);
  }
  return status == VQE_OK ? add_string(program, string, c.target) : status;
}
