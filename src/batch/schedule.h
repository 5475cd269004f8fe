/* Who runs what next: the experiments of a job in the order in which rank 0
 * hands them out. Knows no messages. */
#ifndef VQE_BATCH_SCHEDULE_H
#define VQE_BATCH_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

struct vqe_task {
  struct vqe_experiment *experiment; /* of the job */
  double cost;                       /* about seconds on one core */
  bool serial;                       /* one thread and a lane are enough */
  int order;                         /* what has a lower one goes first */
};

struct vqe_schedule {
  size_t count, next; /* tasks, and how many are handed out */
  struct vqe_task *tasks;
  size_t workers; /* ranks, or teams, that ask for work */
  double cost;    /* of all */
};

/* Room for `capacity` tasks. Clear it afterwards, also on failure. */
int vqe_schedule_init(struct vqe_schedule *schedule, size_t capacity,
                      int workers);
void vqe_schedule_clear(struct vqe_schedule *schedule);

void vqe_schedule_add(struct vqe_schedule *schedule, struct vqe_task task);

/* When all are added: by `order`, then what wants all threads first, then the
 * rest, each largest first and equal ones in input order. */
void vqe_schedule_sort(struct vqe_schedule *schedule);

bool vqe_schedule_done(const struct vqe_schedule *schedule);

/* The next tasks for one rank with `idle` of its `lanes` idle, all of them for
 * lanes or all for its threads; 0 at the end. Largest first, so that the tail
 * is short; short ones several at a time, and one for each idle lane where
 * that leaves as many to the other ranks. */
size_t vqe_schedule_take(const struct vqe_task **out,
                         struct vqe_schedule *schedule, int idle, int lanes);

/* Cost of the experiment with that index, 0 when it is not among them. */
double vqe_schedule_cost(const struct vqe_schedule *schedule, int index);

#endif
