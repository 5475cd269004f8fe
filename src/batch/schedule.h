/* Who runs what next: the experiments of a job in the order in which rank 0
 * hands them out. Knows no messages. */
#ifndef VQE_BATCH_SCHEDULE_H
#define VQE_BATCH_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

/* What a task gains from a GPU. */
enum vqe_task_place {
  VQE_TASK_ANYWHERE = 0,
  VQE_TASK_GAINS, /* faster on one */
  VQE_TASK_NEEDS  /* fails without one */
};

/* What of its rank an experiment takes. */
enum vqe_task_share {
  VQE_TASK_WIDE,   /* all threads, and nothing runs beside it */
  VQE_TASK_SERIAL, /* a lane and its thread */
  VQE_TASK_ALONE   /* the same, and nothing runs beside it */
};

struct vqe_task {
  struct vqe_experiment *experiment; /* of the job */
  /* points of its curve that run behind it in the same lane, the list's owner
   * the caller */
  size_t nfollow;
  struct vqe_experiment **follow;
  double cost; /* about seconds on one core */
  bool serial; /* one thread and a lane are enough */
  bool alone;  /* nothing runs beside it: it may have killed its rank */
  int order;   /* what has a lower one goes first */
  enum vqe_task_place place;
};

/* Tasks first to end - 1 wait to be handed out. */
struct vqe_task_queue {
  size_t first, end;
};

enum vqe_task_share vqe_task_share_of(const struct vqe_task *task);

struct vqe_schedule {
  size_t count;
  struct vqe_task *tasks;
  size_t workers; /* ranks, or teams, that ask for work */
  size_t devices; /* of these, how many have a GPU */
  double cost;    /* of all */
  /* What suits ranks without a GPU and ranks with one; where all ranks are
   * alike everything is in the first. */
  struct vqe_task_queue queues[2];
  /* Cost and seconds of what gains from a GPU and has ended, without one and
   * on one. */
  double ended_cost[2], ended_seconds[2];
};

/* The rank that asks. */
struct vqe_schedule_asker {
  int idle, lanes;
  bool device; /* it has a GPU */
};

/* Room for `capacity` tasks, handed out to `workers` ranks of which `devices`
 * have a GPU. Clear it afterwards, also on failure. */
int vqe_schedule_init(struct vqe_schedule *schedule, size_t capacity,
                      int workers, int devices);
void vqe_schedule_clear(struct vqe_schedule *schedule);

void vqe_schedule_add(struct vqe_schedule *schedule, struct vqe_task task);

/* When all are added: by `order`, then what wants all threads first, then the
 * rest, each largest first and equal ones in input order. */
void vqe_schedule_sort(struct vqe_schedule *schedule);

/* Tasks that have not been handed out. */
size_t vqe_schedule_left(const struct vqe_schedule *schedule);
bool vqe_schedule_done(const struct vqe_schedule *schedule);

/* Does what the rank would get first run alone on its rank? */
bool vqe_schedule_next_alone(const struct vqe_schedule *schedule,
                             const struct vqe_schedule_asker *asker);

/* The next tasks for one rank with some of its lanes idle, all of them for
 * lanes or all for its threads; 0 when none is left for it. Largest first, so
 * that the tail is short; short ones several at a time, and one for each idle
 * lane where that leaves as many to the other ranks.
 *
 * Where only some ranks have a GPU each first gets what suits it. Then a rank
 * with a GPU gets what is left for the others; one without gets the smallest
 * that gain from a GPU, one at a time, where it would end before those with
 * GPUs have done the rest, by what has ended so far. What needs a GPU it never
 * gets. */
size_t vqe_schedule_take(const struct vqe_task **out,
                         struct vqe_schedule *schedule,
                         const struct vqe_schedule_asker *asker);

/* An experiment that was handed out comes back, as its rank died: it is the
 * next to go, with the whole of its curve. */
void vqe_schedule_return(struct vqe_schedule *schedule, int index, bool alone);

/* The experiment with that index does not run again: its curve goes on without
 * it. */
void vqe_schedule_drop(struct vqe_schedule *schedule, int index);

/* No rank with a GPU is left: the others get all. */
void vqe_schedule_release(struct vqe_schedule *schedule);

/* The experiment with that index has ended, on a GPU or not. */
void vqe_schedule_learn(struct vqe_schedule *schedule, int index,
                        double seconds, bool device);

/* Cost of the experiment with that index, of a curve its part; 0 when it is
 * not among them. */
double vqe_schedule_cost(const struct vqe_schedule *schedule, int index);

#endif
