#include "batch/schedule.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Work handed out at a time: at least this much by the estimate, so that a
 * thousand small molecules do not wait for a thousand messages; but no more
 * than this share of a rank's part of what is left, so that all end
 * together. */
#define CHUNK_SECONDS 1.0
#define CHUNK_COUNT 64
#define CHUNK_SHARE 4

int vqe_schedule_init(struct vqe_schedule *schedule, size_t capacity,
                      int workers)
{
  *schedule = (struct vqe_schedule){.workers = (size_t)workers};
  return vqe_memory_alloc(&schedule->tasks, capacity, sizeof *schedule->tasks,
                          "task list");
}

void vqe_schedule_clear(struct vqe_schedule *schedule)
{
  free(schedule->tasks);
  *schedule = (struct vqe_schedule){0};
}

void vqe_schedule_add(struct vqe_schedule *schedule, struct vqe_task task)
{
  VQE_ASSERT(schedule->tasks != NULL && schedule->next == 0);
  schedule->tasks[schedule->count++] = task;
  schedule->cost += task.cost;
}

static int largest_first(const void *a, const void *b)
{
  const struct vqe_task *left = a;
  const struct vqe_task *right = b;
  if (left->order != right->order) {
    return left->order < right->order ? -1 : 1;
  }
  if (left->serial != right->serial) {
    return left->serial ? 1 : -1;
  }
  if (left->cost != right->cost) {
    return left->cost > right->cost ? -1 : 1;
  }
  return left->experiment->index - right->experiment->index;
}

void vqe_schedule_sort(struct vqe_schedule *schedule)
{
  if (schedule->count > 1) {
    qsort(schedule->tasks, schedule->count, sizeof *schedule->tasks,
          largest_first);
  }
}

bool vqe_schedule_done(const struct vqe_schedule *schedule)
{
  return schedule->next == schedule->count;
}

static size_t smaller(size_t a, size_t b)
{
  return a < b ? a : b;
}

size_t vqe_schedule_take(const struct vqe_task **out,
                         struct vqe_schedule *schedule, int idle, int lanes)
{
  double cost = 0.0;
  size_t count = 0;
  VQE_ASSERT(idle >= 0 && lanes > 0 && schedule->workers > 0);
  VQE_ASSERT(schedule->next <= schedule->count);
  size_t left = schedule->count - schedule->next;
  size_t share = (left + schedule->workers - 1) / schedule->workers;
  size_t least = smaller((size_t)idle, share);
  size_t most = smaller(left / (CHUNK_SHARE * schedule->workers),
                        CHUNK_COUNT * (size_t)lanes);
  const struct vqe_task *first = schedule->tasks + schedule->next;
  *out = first;
  while (!vqe_schedule_done(schedule)) {
    const struct vqe_task *task = &schedule->tasks[schedule->next];
    bool serial = task->serial && first->serial;
    bool more = (serial && count < least) ||
                (task->serial == first->serial && count < most &&
                 cost < CHUNK_SECONDS * (serial ? lanes : 1));
    if (count > 0 && !more) {
      break;
    }
    cost += task->cost;
    schedule->next++;
    count++;
  }
  return count;
}

double vqe_schedule_cost(const struct vqe_schedule *schedule, int index)
{
  for (size_t k = 0; k < schedule->count; k++) {
    if (schedule->tasks[k].experiment->index == index) {
      return schedule->tasks[k].cost;
    }
  }
  return 0.0;
}
