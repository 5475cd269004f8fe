/* What a rank does, once a second, for who watches the run: a message to rank
 * 0, as bytes. Sent only where somebody watches. */
#ifndef VQE_BATCH_PULSE_H
#define VQE_BATCH_PULSE_H

#include "batch/lanes.h"
#include "batch/watch.h"
#include "batch/worker.h"

/* How often. */
#define VQE_PULSE_SECONDS 1.0

/* Fill it for the rank of `worker`, whose lanes run or have ended; `started`
 * is when the rank first asked for work. */
void vqe_pulse_take(struct vqe_pulse *out, struct vqe_worker *worker,
                    struct vqe_lanes *lanes, double started);

/* The last one of a rank, by the report of its end. */
void vqe_pulse_end(struct vqe_pulse *pulse, int rank,
                   const struct vqe_worker_report *report);

#endif
