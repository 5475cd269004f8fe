/* What the machine looks like, for provenance. */
#ifndef VQE_VQE_HOST_H
#define VQE_VQE_HOST_H

#include <stdint.h>

#include "base/machine_look.h"
#include "vqe/experiment.h"
#include "vqe/sim.h"

/* Facts of the machine that are too slow to read twice in a run of a
 * millisecond. */
struct vqe_host {
  char processor[65];           /* model */
  int processors;               /* that this process may use */
  uint64_t available;           /* bytes of memory, not older than a moment */
  uint64_t left;                /* the same below limits of control groups */
  uint64_t limit;               /* of this process (ulimit) */
  struct vqe_machine_look look; /* as old */
  char machine[512];            /* the same as JSON */
  double asked;                 /* wall clock of these */
  double began, began_cpu;      /* clocks when the experiment was described */
};

void vqe_host_init(struct vqe_host *host);

/* An experiment begins: fill hostname, device (processor model) and the
 * scheduler's job id. */
void vqe_host_describe(struct vqe_result *result, struct vqe_host *host);

/* JSON snapshot of time, processors, memory, disk, network, limits and, when
 * the estimator has one, the device; what is not known is null. Free by
 * free(). Reads the machine ten times a second at the most. */
int vqe_host_snapshot(char **out, const struct vqe_result *result,
                      struct vqe_host *host,
                      const struct vqe_estimator_usage *usage);

#endif
