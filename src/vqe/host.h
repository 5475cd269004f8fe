/* What the machine looks like, for provenance. */
#ifndef VQE_VQE_HOST_H
#define VQE_VQE_HOST_H

#include "vqe/experiment.h"

/* Fill hostname, device (processor model) and the scheduler's job id. */
void vqe_host_describe(struct vqe_result *result);

/* JSON snapshot of time, memory and threads; free by free(). */
int vqe_host_snapshot(char **out, const struct vqe_result *result);

#endif
