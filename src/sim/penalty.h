/* What a state of the full space pays for another number of electrons or
 * another spin than the molecule's: w_N <(N - n)^2> + w_S <(S^2 - s)^2>.
 *
 * Both are squares, so that they vanish for the wanted states alone, whatever
 * the multiplicity: <S^2> - s is negative for every lower spin, and <N> - n
 * for a mixture that is right on average is zero. Amplitudes are over
 * occupations, alpha orbitals in the low bits; N and S^2 are real, so the real
 * and the imaginary parts of a state are penalised one by one. */
#ifndef VQE_SIM_PENALTY_H
#define VQE_SIM_PENALTY_H

#include <stddef.h>

#include "vqe/sim.h"

/* The penalty of the vector `psi`, 2^(2 norb) values. `work` is as long, and
 * the penalty's operator times psi is added to `lambda`.
 * Cost: 2^(2 norb) norb^2. */
double vqe_penalty_apply(double *lambda, double *work, const double *psi,
                         const struct vqe_penalty *penalty, int norb,
                         int threads);

#endif
