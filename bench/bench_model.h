/* Floating-point operations and bytes that the methods need, from sizes
 * alone: the numerators of the roofline.
 *
 * Bytes are loads and stores of state vectors that the method issues, whether
 * memory or a cache serves them; index lists and integrals are left out, as
 * they are shared by many rows and stay in cache. Shares above one of the
 * memory's bandwidth therefore mean caches at work. */
#ifndef VQE_BENCH_BENCH_MODEL_H
#define VQE_BENCH_BENCH_MODEL_H

#include "bench.h"
#include "vqe/ansatz.h"
#include "vqe/operators.h"

/* A CI product in the sector of the lowest determinant's symmetry. */
struct bench_cost
bench_cost_sigma_sector(const struct vqe_hamiltonian *hamiltonian, int nalpha,
                        int nbeta);

/* A CI product of one real vector over all 4^norb determinants. */
struct bench_cost
bench_cost_sigma_full(const struct vqe_hamiltonian *hamiltonian);

/* One energy, or one energy with its adjoint gradient. */
struct bench_cost bench_cost_sector(const struct vqe_hamiltonian *hamiltonian,
                                    const struct vqe_ansatz *ansatz,
                                    bool gradient);
struct bench_cost bench_cost_full(const struct vqe_hamiltonian *hamiltonian,
                                  const struct vqe_ansatz *ansatz,
                                  bool gradient);

#endif
