/* One launch for the small evaluations of many threads.
 *
 * An estimator whose state fits one block of a GPU leaves the other blocks
 * idle. Threads queue their evaluations at the launcher of their device. A
 * thread that finds no launch running takes the whole queue, launches it, one
 * evaluation a block, and distributes the results; the others sleep. There is
 * no timer: while one launch runs, the queue for the next fills. A block does
 * the same whatever runs at the same time, so results have the same bits as
 * those of a launch of their own. */
#ifndef VQE_DEVICE_LAUNCHER_H
#define VQE_DEVICE_LAUNCHER_H

#include <stdbool.h>

#include "kernels/args.h"
#include "kernels/gpu.h"

struct vqe_launcher;

/* A launcher on a device that is the caller's and no other thread's. */
int vqe_launcher_create(struct vqe_launcher **out, struct vqe_gpu *device);
void vqe_launcher_free(struct vqe_launcher *launcher); /* NULL is fine */

/* `count` evaluations of one problem; results as energy, then gradient. */
struct vqe_launch_request {
  const struct vqe_small_problem *problem; /* the device's; all work on it
                                              done */
  int nparam;
  bool gradient;
  size_t shared; /* doubles of shared memory that a block needs */
  size_t count;
  const double *parameters; /* count x nparam */
  double *results;          /* count x (1 + nparam) */
  /* the launcher's */
  struct vqe_launch_request *next;
  bool done;
  int status;
  char message[512];
};

/* Evaluate; any thread. Launch, bytes and waiting are charged to `device`,
 * the caller's own. */
int vqe_launcher_run(struct vqe_launcher *launcher, struct vqe_gpu *device,
                     struct vqe_launch_request *request);

#endif
