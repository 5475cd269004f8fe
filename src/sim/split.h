/* The sector estimator of a team: the state split over its ranks. */
#ifndef VQE_SIM_SPLIT_H
#define VQE_SIM_SPLIT_H

#include "sim/backend.h"
#include "vqe/team.h"

/* Can the ansatz be split? Products of excitations can. */
bool vqe_split_supports(const struct vqe_ansatz *ansatz);

/* Amplitudes in all, and bytes of the fullest rank. */
void vqe_split_size(uint64_t *amplitudes, uint64_t *bytes,
                    const struct vqe_hamiltonian *hamiltonian,
                    const struct vqe_ansatz *ansatz, int threads, int ranks);

/* Rank 0, while the others serve. Fails on rank 0 when any rank fails. */
int vqe_split_create(const struct vqe_backend_ops **ops, void **out,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_ansatz *ansatz,
                     const struct vqe_team *team, int threads);

#endif
