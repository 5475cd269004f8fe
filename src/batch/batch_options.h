/* How a job is run over the ranks. */
#ifndef VQE_BATCH_BATCH_OPTIONS_H
#define VQE_BATCH_BATCH_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/log.h"
#include "batch/watch.h"
#include "vqe/experiment.h"
#include "vqe/sim.h"

struct vqe_batch_options {
  int threads; /* OpenMP threads of each rank; 0: cores / ranks of the node */
  int lanes;   /* small experiments that a rank runs at once; 0: threads, but
                  more where they share a GPU */
  bool force;  /* repeat finished experiments */
  bool retry_set_aside; /* run again what ranks died of */
  bool quiet;
  const struct vqe_log *log; /* NULL: messages for people */
  /* Set by a signal handler, on whatever thread, and read by lanes. */
  volatile atomic_int *stop;
  /* Each experiment that ended well, as soon as rank 0 knows, those an
   * earlier run left in its journals included. On rank 0's main thread, which
   * serves the others: must not wait. May be NULL. */
  void (*finished)(void *ctx, const struct vqe_result *result);
  void *finished_ctx;
  enum vqe_gates_choice gates; /* of the full space on GPUs */
  /* Who watches the run, on rank 0; NULL: nobody. */
  const struct vqe_batch_watch *watch;
};

#endif
