/* A molecule of tests/data with an ansatz: what sim and vqe workloads share.
 */
#ifndef VQE_BENCH_BENCH_PROBLEM_H
#define VQE_BENCH_BENCH_PROBLEM_H

#include "bench.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/molecule.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

struct bench_problem {
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian; /* its constant: the core energy of the
                                          file, so that energies are total */
  struct vqe_ansatz *ansatz;
  struct vqe_estimator *estimator;
  double *parameters; /* 0.1 sin(k + 1) */
  double *gradient;
};

/* The geometry that a file of the data has under a name. */
int bench_molecule_read(struct vqe_molecule_list **out,
                        const struct bench_settings *settings,
                        const char *file, const char *name);

/* Everything but the estimator. The molecule is an FCIDUMP of the data, or
 * "NAME/BASIS": a geometry of energies.json, integrated with its core frozen.
 * UCCSD has one repetition, circuits two and their default entanglement. */
int bench_problem_read(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz);

/* Everything. */
int bench_problem_init(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz);
void bench_problem_clear(struct bench_problem *problem);

#endif
