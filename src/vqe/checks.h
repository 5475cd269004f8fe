/* What a result is worth: whether its state and its energy are the
 * molecule's. */
#ifndef VQE_VQE_CHECKS_H
#define VQE_VQE_CHECKS_H

#include "vqe/experiment.h"

/* How far <N> and <S^2> may be from the molecule's. */
#define VQE_CHECK_STATE 1e-3
/* Chemical accuracy, hartree: 1 kcal/mol. */
#define VQE_CHECK_ACCURACY 1.6e-3

/* <N> and <S^2> are those of the molecule to VQE_CHECK_STATE: 1 yes, 0 no, -1
 * not known. */
int vqe_result_state_ok(const struct vqe_result *result);

/* The state is the molecule's and its energy that of FCI to
 * VQE_CHECK_ACCURACY: 1 yes, 0 no, -1 without FCI, where the state is not
 * known, and of a landscape. */
int vqe_result_accurate(const struct vqe_result *result);

/* The energy lies below the exact one of the molecule by more than rounding
 * and, where it is sampled, three standard errors. Never with optimised
 * orbitals around an active space: the exact energy is that of the orbitals
 * before. */
bool vqe_result_below_exact(const struct vqe_result *result);

/* Note an energy below what is possible, unless that is noted: below the exact
 * one, or without one far below Hartree-Fock. One that was read from a file
 * may be false. */
int vqe_result_note_low(struct vqe_result *result);

/* Add the notes that follow from the numbers of a finished result: a state of
 * another sector or spin, an energy above or below the exact one, MP2 below
 * it, a state far from one determinant. */
int vqe_result_note_checks(struct vqe_result *result);

#endif
