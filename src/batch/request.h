/* A work message: the experiments that rank 0 asks another rank to run.
 *
 * For each one: u64 size of what follows the head, u32 what it takes of its
 * rank (enum vqe_task_share), u32 whether the next one follows it on a curve,
 * then the bytes of the experiment
 * (store/codec.h). The three words are in the order of the machine, as all
 * ranks of a job are alike. */
#ifndef VQE_BATCH_REQUEST_H
#define VQE_BATCH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/schedule.h"
#include "vqe/experiment.h"

/* All zero: empty. */
struct vqe_request_message {
  uint8_t *data;
  size_t size;
};

/* Append an experiment; `more`: the next one is the next point of its curve.
 */
int vqe_request_add(struct vqe_request_message *message,
                    const struct vqe_experiment *experiment,
                    enum vqe_task_share share, bool more);
void vqe_request_clear(struct vqe_request_message *message);

/* The experiment that begins at byte *at, which moves past it; *out is the
 * caller's, and NULL at the end. VQE_ERR_IO when the message is cut short. */
int vqe_request_next(struct vqe_experiment **out, enum vqe_task_share *share,
                     bool *more, size_t *at,
                     const struct vqe_request_message *message);

#endif
