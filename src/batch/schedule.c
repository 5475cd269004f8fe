#include "batch/schedule.h"

#include <stdlib.h>
#include <string.h>

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

/* Tasks that ranks without a GPU leave to each rank with one, as long as
 * nobody knows how long they take there and here. */
#define DEVICE_KEEPS 4

int vqe_schedule_init(struct vqe_schedule *schedule, size_t capacity,
                      int workers, int devices)
{
  VQE_ASSERT(devices >= 0 && devices <= workers);
  *schedule = (struct vqe_schedule){.workers = (size_t)workers,
                                    .devices = (size_t)devices};
  return vqe_memory_alloc(&schedule->tasks, capacity, sizeof *schedule->tasks,
                          "task list");
}

void vqe_schedule_clear(struct vqe_schedule *schedule)
{
  free(schedule->tasks);
  *schedule = (struct vqe_schedule){0};
}

/* Are some ranks to get other tasks than the rest? */
static bool is_mixed(const struct vqe_schedule *schedule)
{
  return schedule->devices > 0 && schedule->devices < schedule->workers;
}

void vqe_schedule_add(struct vqe_schedule *schedule, struct vqe_task task)
{
  VQE_ASSERT(schedule->tasks != NULL && schedule->queues[0].first == 0 &&
             schedule->queues[1].first == schedule->queues[0].end);
  if (!is_mixed(schedule)) {
    task.place = VQE_TASK_ANYWHERE;
  }
  schedule->tasks[schedule->count++] = task;
  schedule->cost += task.cost;
  schedule->queues[0].end = schedule->count;
  schedule->queues[1] =
      (struct vqe_task_queue){schedule->count, schedule->count};
}

/* What needs a GPU before what gains from it: the end of the queue is what
 * ranks without one may take. */
static int needing_first(const struct vqe_task *left,
                         const struct vqe_task *right)
{
  bool to_device = left->place != VQE_TASK_ANYWHERE;
  if (to_device != (right->place != VQE_TASK_ANYWHERE)) {
    return to_device ? 1 : -1;
  }
  if (left->order != right->order) {
    return left->order < right->order ? -1 : 1;
  }
  return (int)right->place - (int)left->place;
}

enum vqe_task_share vqe_task_share_of(const struct vqe_task *task)
{
  if (!task->serial) {
    return VQE_TASK_WIDE;
  }
  return task->alone ? VQE_TASK_ALONE : VQE_TASK_SERIAL;
}

static int largest_first(const void *a, const void *b)
{
  const struct vqe_task *left = a;
  const struct vqe_task *right = b;
  int place = needing_first(left, right);
  if (place != 0) {
    return place;
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
  size_t count = 0;
  if (schedule->count > 1) {
    qsort(schedule->tasks, schedule->count, sizeof *schedule->tasks,
          largest_first);
  }
  while (count < schedule->count &&
         schedule->tasks[count].place == VQE_TASK_ANYWHERE) {
    count++;
  }
  schedule->queues[0] = (struct vqe_task_queue){0, count};
  schedule->queues[1] = (struct vqe_task_queue){count, schedule->count};
}

static size_t left_in(const struct vqe_task_queue *queue)
{
  return queue->end - queue->first;
}

size_t vqe_schedule_left(const struct vqe_schedule *schedule)
{
  return left_in(&schedule->queues[0]) + left_in(&schedule->queues[1]);
}

bool vqe_schedule_done(const struct vqe_schedule *schedule)
{
  return vqe_schedule_left(schedule) == 0;
}

static size_t smaller(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Seconds on a GPU for one of cost. The estimate is that of a CPU, and what
 * waits in a message is out of reach of others: until one has ended none goes
 * with another. */
static double pace_of(const struct vqe_schedule *schedule,
                      const struct vqe_task_queue *queue)
{
  if (queue == &schedule->queues[0]) {
    return 1.0;
  }
  return schedule->ended_cost[1] > 0.0
             ? schedule->ended_seconds[1] / schedule->ended_cost[1]
             : 1e30;
}

/* From the front of a queue that is not empty. */
static size_t take_largest(const struct vqe_task **out,
                           struct vqe_task_queue *queue,
                           const struct vqe_schedule *schedule,
                           const struct vqe_schedule_asker *asker)
{
  double cost = 0.0;
  size_t count = 0;
  double pace = pace_of(schedule, queue);
  size_t lanes = (size_t)asker->lanes;
  size_t left = left_in(queue);
  size_t share = (left + schedule->workers - 1) / schedule->workers;
  size_t least = smaller((size_t)asker->idle, share);
  size_t most =
      smaller(left / (CHUNK_SHARE * schedule->workers), CHUNK_COUNT * lanes);
  const struct vqe_task *first = schedule->tasks + queue->first;
  *out = first;
  while (queue->first < queue->end) {
    const struct vqe_task *task = &schedule->tasks[queue->first];
    bool serial = task->serial && first->serial;
    bool more = (serial && count < least) ||
                (task->serial == first->serial && count < most &&
                 cost < CHUNK_SECONDS * (serial ? asker->lanes : 1));
    if (count > 0 && (!more || first->alone || task->alone)) {
      break;
    }
    cost += pace * task->cost;
    queue->first++;
    count++;
  }
  return count;
}

/* Would the last task of the queue end sooner on the rank without a GPU that
 * asks than ranks with one have done all before it? What they have begun is
 * not counted, so that doubt is in their favour. */
static bool is_worth_it(const struct vqe_schedule *schedule)
{
  const struct vqe_task_queue *queue = &schedule->queues[1];
  const double *cost = schedule->ended_cost;
  const double *seconds = schedule->ended_seconds;
  double rest = 0.0;
  if (schedule->devices == 0) {
    return true;
  }
  if (!(cost[0] > 0.0) || !(cost[1] > 0.0)) {
    return left_in(queue) > DEVICE_KEEPS * schedule->devices;
  }
  for (size_t k = queue->first; k + 1 < queue->end; k++) {
    rest += schedule->tasks[k].cost;
  }
  return schedule->tasks[queue->end - 1].cost * seconds[0] / cost[0] <=
         rest / (double)schedule->devices * seconds[1] / cost[1];
}

/* What ranks with a GPU would do later, for one without. */
static size_t take_smallest(const struct vqe_task **out,
                            struct vqe_schedule *schedule)
{
  struct vqe_task_queue *queue = &schedule->queues[1];
  if (left_in(queue) == 0 ||
      (schedule->devices > 0 &&
       schedule->tasks[queue->end - 1].place == VQE_TASK_NEEDS) ||
      !is_worth_it(schedule)) {
    return 0;
  }
  *out = &schedule->tasks[--queue->end];
  return 1;
}

bool vqe_schedule_next_alone(const struct vqe_schedule *schedule,
                             const struct vqe_schedule_asker *asker)
{
  const struct vqe_task_queue *cpu = &schedule->queues[0];
  const struct vqe_task_queue *device = &schedule->queues[1];
  const struct vqe_task_queue *queue =
      asker->device && left_in(device) > 0 ? device : cpu;
  return left_in(queue) > 0 && schedule->tasks[queue->first].alone;
}

size_t vqe_schedule_take(const struct vqe_task **out,
                         struct vqe_schedule *schedule,
                         const struct vqe_schedule_asker *asker)
{
  struct vqe_task_queue *cpu = &schedule->queues[0];
  struct vqe_task_queue *device = &schedule->queues[1];
  VQE_ASSERT(asker->idle >= 0 && asker->lanes > 0 && schedule->workers > 0);
  if (asker->device && left_in(device) > 0) {
    return take_largest(out, device, schedule, asker);
  }
  if (left_in(cpu) > 0) {
    return take_largest(out, cpu, schedule, asker);
  }
  return asker->device ? 0 : take_smallest(out, schedule);
}

void vqe_schedule_release(struct vqe_schedule *schedule)
{
  schedule->devices = 0;
}

static bool holds(const struct vqe_task *task, int index)
{
  bool found = task->experiment->index == index;
  for (size_t k = 0; !found && k < task->nfollow; k++) {
    found = task->follow[k]->index == index;
  }
  return found;
}

/* What has been handed out stays beside what waits: in front of it, or behind
 * it where it was taken from the end. */
void vqe_schedule_return(struct vqe_schedule *schedule, int index, bool alone)
{
  struct vqe_task *tasks = schedule->tasks;
  size_t k = 0;
  while (k < schedule->count && !holds(&tasks[k], index)) {
    k++;
  }
  if (k == schedule->count) {
    return;
  }
  struct vqe_task task = tasks[k];
  bool second = task.place != VQE_TASK_ANYWHERE;
  struct vqe_task_queue *queue = &schedule->queues[second];
  task.alone = task.alone || alone;
  if (k >= queue->first && k < queue->end) {
    tasks[k].alone = task.alone; /* another point of its curve has come back */
  } else if (k < queue->first) {
    memmove(tasks + k, tasks + k + 1, (queue->first - k - 1) * sizeof *tasks);
    tasks[--queue->first] = task;
  } else if (k >= queue->end) {
    memmove(tasks + queue->end + 1, tasks + queue->end,
            (k - queue->end) * sizeof *tasks);
    tasks[queue->end++] = task;
  }
}

void vqe_schedule_drop(struct vqe_schedule *schedule, int index)
{
  for (size_t k = 0; k < schedule->count; k++) {
    struct vqe_task *task = &schedule->tasks[k];
    size_t at = 0;
    if (task->nfollow == 0 || !holds(task, index)) {
      continue;
    }
    if (task->experiment->index == index) {
      task->experiment = task->follow[0];
    } else {
      while (task->follow[at]->index != index) {
        at++;
      }
    }
    memmove(task->follow + at, task->follow + at + 1,
            (task->nfollow - at - 1) * sizeof(struct vqe_experiment *));
    task->nfollow--;
  }
}

static const struct vqe_task *task_of(const struct vqe_schedule *schedule,
                                      int index)
{
  for (size_t k = 0; k < schedule->count; k++) {
    if (holds(&schedule->tasks[k], index)) {
      return &schedule->tasks[k];
    }
  }
  return NULL;
}

void vqe_schedule_learn(struct vqe_schedule *schedule, int index,
                        double seconds, bool device)
{
  const struct vqe_task *task = task_of(schedule, index);
  if (task != NULL && task->place == VQE_TASK_GAINS) {
    schedule->ended_cost[device] += task->cost / (double)(1 + task->nfollow);
    schedule->ended_seconds[device] += seconds;
  }
}

double vqe_schedule_cost(const struct vqe_schedule *schedule, int index)
{
  const struct vqe_task *task = task_of(schedule, index);
  return task != NULL ? task->cost / (double)(1 + task->nfollow) : 0.0;
}
