/** @file
 * An experiment up to its estimator: what an optimizer of one's own needs. */
#ifndef VQE_PROBLEM_H
#define VQE_PROBLEM_H

#include "vqe/ansatz.h"
#include "vqe/api.h"
#include "vqe/chem.h"
#include "vqe/experiment.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a run would minimise. Read only for callers, but for the estimator,
 * which the functions of vqe/sim.h take. Made by vqe_problem_create, freed as
 * a whole by vqe_problem_free. */
struct vqe_problem {
  struct vqe_integrals *integrals;     /**< orbitals, HF, MP2, nuclei */
  struct vqe_hamiltonian *hamiltonian; /**< over active orbitals */
  struct vqe_pauli_sum *paulis;        /**< its Jordan-Wigner image */
  struct vqe_ansatz *ansatz;           /**< the circuit */
  struct vqe_estimator *estimator;     /**< the state between them */
  double *initial_parameters; /**< ansatz->nparam, radian: the start that the
                                 experiment asks for */
  char *notes; /**< of SCF and start, lines "code: text"; NULL: nothing */
};

/** Do all that a run of `experiment` does before its first evaluation:
 * integrals, SCF, Hamiltonian, circuit, start, estimator. Optimizer, limits,
 * references and shots of the experiment are those of a run and count for
 * nothing here. `options` are read now; of `callbacks`, which may be NULL,
 * `should_stop` is called until the problem is freed, as by
 * vqe_estimator_options. VQE_ERR_UNSUPPORTED for what only a run has: circuits
 * that grow (ADAPT-VQE), orbital_optimization, penalties. Cost: that of SCF
 * and of the transformation. */
VQE_API int vqe_problem_create(struct vqe_problem **out,
                               const struct vqe_experiment *experiment,
                               const struct vqe_run_options *options,
                               const struct vqe_callbacks *callbacks);
/** NULL is fine. */
VQE_API void vqe_problem_free(struct vqe_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
