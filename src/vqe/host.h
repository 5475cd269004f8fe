/* What the machine looks like, for provenance. */
#ifndef VQE_VQE_HOST_H
#define VQE_VQE_HOST_H

#include <stdint.h>

#include "vqe/experiment.h"
#include "vqe/sim.h"

/* Facts of the machine that are too slow to read twice in a run of a
 * millisecond. */
struct vqe_host {
  char processor[65]; /* model */
  uint64_t available; /* bytes of memory, not older than a moment */
  double asked;       /* wall clock of that */
};

void vqe_host_init(struct vqe_host *host);

/* Fill hostname, device (processor model) and the scheduler's job id. */
void vqe_host_describe(struct vqe_result *result, const struct vqe_host *host);

/* JSON snapshot of time, memory, threads and, when the estimator has one, the
 * device; free by free(). */
int vqe_host_snapshot(char **out, const struct vqe_result *result,
                      struct vqe_host *host,
                      const struct vqe_estimator_usage *usage);

#endif
