/* What the machine looks like, for provenance. */
#ifndef VQE_VQE_HOST_H
#define VQE_VQE_HOST_H

#include "vqe/experiment.h"
#include "vqe/sim.h"

/* Fill hostname, device (processor model) and the scheduler's job id. */
void vqe_host_describe(struct vqe_result *result);

/* JSON snapshot of time, memory, threads and, when the estimator has one, the
 * device; free by free(). */
int vqe_host_snapshot(char **out, const struct vqe_result *result,
                      const struct vqe_estimator_usage *usage);

#endif
