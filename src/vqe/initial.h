/* Initial parameters: random, hf, mp2, file, and the noise on top. */
#ifndef VQE_VQE_INITIAL_H
#define VQE_VQE_INITIAL_H

#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/experiment.h"

/* Those of the ansatz, and `angles` of orbitals behind them: zeros and the
 * noise of the start; a file has to hold them too. `start` counts from 0
 * (vqe_experiment.restarts): later ones draw by the next seeds, or noise of
 * their own, at least VQE_INITIAL_NOISE where the start is one point. A start
 * by MP2 that nobody asked for and that has no amplitudes falls back to
 * Hartree-Fock, which is added to *notes. */
int vqe_initial_parameters(double *out, char **notes,
                           const struct vqe_experiment *experiment,
                           const struct vqe_ansatz *ansatz, int angles,
                           const struct vqe_integrals *integrals, int start);

/* Radian. */
#define VQE_INITIAL_NOISE 0.1

/* Seed of a start from random parameters. */
int64_t vqe_initial_seed(const struct vqe_experiment *experiment, int start);

/* Lengths on which the energy of UCCSD curves alike along every parameter:
 * 1/sqrt(second derivative at the Hartree-Fock state), from orbital energies.
 * *out is NULL where they do not give one; free by free(). */
int vqe_initial_scale(double **out, const struct vqe_ansatz *ansatz,
                      const struct vqe_integrals *integrals);

#endif
