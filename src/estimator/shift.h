/* The parameter-shift rule: gradients from energies at shifted angles (Mitarai
 * et al., Phys. Rev. A 98, 032309 (2018); Wierichs et al., Quantum 6, 677
 * (2022)).
 *
 * As a function of the angle t of one gate an energy is a trigonometric
 * polynomial. Where the generator has two eigenvalues that differ by 1
 * (rotations, phases) its frequency is 1, and
 *   E'(0) = [E(pi/2) - E(-pi/2)] / 2.
 * Where it has the eigenvalues 0 and +-1 (excitations, XXYY) the frequencies
 * are 1 and 2, and
 *   E'(0) = c1 [E(pi/4) - E(-pi/4)] - c2 [E(3 pi/4) - E(-3 pi/4)].
 * The slope along a parameter is the sum over its gates, each times its
 * scale. */
#ifndef VQE_ESTIMATOR_SHIFT_H
#define VQE_ESTIMATOR_SHIFT_H

#include "vqe/ansatz.h"

/* E'(0) = sum over `count` pairs of factor (E(angle) - E(-angle)). */
struct vqe_shift_rule {
  int count;
  double angle[2];
  double factor[2];
};

/* The rule of a gate with an angle. */
const struct vqe_shift_rule *vqe_shift_rule_of(enum vqe_gate_kind kind);

/* A copy in which every gate with an angle has a parameter of its own, in the
 * order of the gates, which is the angle itself. Free it by vqe_ansatz_free.
 */
int vqe_shift_unshare(struct vqe_ansatz **out,
                      const struct vqe_ansatz *ansatz);

/* The angles of all gates, the parameters of the copy. */
void vqe_shift_angles(double *out, const struct vqe_ansatz *ansatz,
                      const double *parameters);

#endif
