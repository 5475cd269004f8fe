#include "batch/lanes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/thread.h"
#include "batch/chain.h"
#include "batch/lane.h"

/* Phases of experiments that run longer go to the journal, within this time
 * after each begins. */
#define RECORD_AFTER 2.0
#define RECORD_SECONDS 1.0

/* An experiment, or the points of a curve. Waits for a lane, then for the main
 * thread to take its results. */
struct task {
  struct task *next;
  size_t count, taken; /* experiments, and results that were taken */
  enum vqe_task_share share;
  bool owns; /* the experiments are freed with it */
  const struct vqe_experiment **experiments;
  struct vqe_result **results; /* NULL: interrupted */
};

struct queue {
  struct task *first, **end;
};

struct lane {
  struct vqe_lanes *lanes;
  struct vqe_lane state;
  bool leads; /* runs what has all threads: they stay the same ones */
  pthread_t thread;
  const struct vqe_experiment *runs; /* under the lock */
  /* what the journal knows of it; the main thread's */
  char recorded[VQE_EXPERIMENT_ID_SIZE];
  enum vqe_phase phase;
};

struct vqe_lanes {
  struct vqe_worker *worker;
  int count;
  struct lane *lanes;
  pthread_mutex_t lock;
  pthread_cond_t work, news; /* for the lanes; for the main thread */
  /* under the lock, as is worker->report while lanes run */
  struct queue waiting, finished;
  int running;
  bool alone; /* nothing may begin beside what runs */
  bool ending;
  bool changed;            /* since the main thread last waited */
  struct vqe_news cut_off; /* once no lane is left; running 0: nothing */
  double begun;            /* when `running` rose from 0 */
  double recorded;         /* phases, by the main thread */
  int status;
  char message[512];
};

/* ---- queues ---- */

static void queue_init(struct queue *queue)
{
  queue->first = NULL;
  queue->end = &queue->first;
}

static void queue_push(struct queue *queue, struct task *task)
{
  task->next = NULL;
  *queue->end = task;
  queue->end = &task->next;
}

static struct task *queue_pop(struct queue *queue)
{
  struct task *task = queue->first;
  if (task != NULL) {
    queue->first = task->next;
    if (queue->first == NULL) {
      queue->end = &queue->first;
    }
  }
  return task;
}

static void task_free(struct task *task)
{
  for (size_t k = 0; k < task->count; k++) {
    if (task->owns) {
      vqe_experiment_free((struct vqe_experiment *)task->experiments[k]);
    }
    if (k >= task->taken && task->results != NULL) {
      vqe_result_free(task->results[k]);
    }
  }
  free(task->experiments);
  free(task->results);
  free(task);
}

static void queue_clear(struct queue *queue)
{
  for (struct task *task = queue_pop(queue); task != NULL;
       task = queue_pop(queue)) {
    task_free(task);
  }
}

/* Wake the main thread, or keep it from going to sleep. Under the lock. */
static void wake(struct vqe_lanes *lanes)
{
  lanes->changed = true;
  pthread_cond_signal(&lanes->news);
}

/* ---- a lane ---- */

/* The next task that this lane may begin; NULL at the end. In order: what
 * wants all threads is not overtaken for ever. Under the lock. */
static struct task *begin(struct lane *lane)
{
  struct vqe_lanes *lanes = lane->lanes;
  while (!lanes->ending && lanes->status == VQE_OK) {
    const struct task *task = lanes->waiting.first;
    if (task != NULL && !lanes->alone &&
        (task->share == VQE_TASK_SERIAL ||
         (lane->leads && lanes->running == 0))) {
      lanes->alone = task->share != VQE_TASK_SERIAL;
      if (lanes->running++ == 0) {
        lanes->begun = vqe_clock_wall();
        if (lanes->worker->first <= 0.0) {
          lanes->worker->first = lanes->begun;
        }
      }
      return queue_pop(&lanes->waiting);
    }
    pthread_cond_wait(&lanes->work, &lanes->lock);
  }
  return NULL;
}

/* Under the lock. The message is the thread's own. */
static void finish(struct vqe_lanes *lanes, struct task *task, int status)
{
  struct vqe_worker *worker = lanes->worker;
  VQE_ASSERT(lanes->running > 0);
  lanes->alone = false;
  if (--lanes->running == 0) {
    worker->last = vqe_clock_wall();
    worker->report.busy += worker->last - lanes->begun;
  }
  worker->report.done += status != VQE_ERR_INTERRUPTED ? (int)task->count : 0;
  if (status != VQE_OK && lanes->status == VQE_OK) {
    lanes->status = status;
    snprintf(lanes->message, sizeof lanes->message, "%s", vqe_error_message());
    worker->stopped = true; /* for the other lanes */
  }
  queue_push(&lanes->finished, task);
}

/* ctx: a lane. The point of a curve that it begins with. */
static void begin_point(void *ctx, const struct vqe_experiment *experiment)
{
  struct lane *lane = ctx;
  pthread_mutex_lock(&lane->lanes->lock);
  lane->runs = experiment;
  pthread_mutex_unlock(&lane->lanes->lock);
}

static int run_task(struct lane *lane, struct task *task)
{
  bool serial = task->share != VQE_TASK_WIDE;
  if (vqe_lane_should_stop(&lane->state)) {
    return VQE_ERR_INTERRUPTED;
  }
  if (task->count == 1) {
    return lane->lanes->worker->run(&task->results[0], &lane->state,
                                    task->experiments[0], serial);
  }
  const struct vqe_chain curve = {.count = task->count,
                                  .points = task->experiments,
                                  .results = task->results,
                                  .lane = &lane->state,
                                  .serial = serial,
                                  .begin = begin_point,
                                  .ctx = lane};
  return vqe_chain_run(&curve);
}

static void *run_lane(void *ctx)
{
  struct lane *lane = ctx;
  struct vqe_lanes *lanes = lane->lanes;
  pthread_mutex_lock(&lanes->lock);
  for (struct task *task = begin(lane); task != NULL; task = begin(lane)) {
    wake(lanes); /* the queue is shorter: more may be asked for */
    lane->runs = task->experiments[0];
    pthread_mutex_unlock(&lanes->lock);
    int status = run_task(lane, task);
    pthread_mutex_lock(&lanes->lock);
    lane->runs = NULL;
    finish(lanes, task, status);
    pthread_cond_broadcast(&lanes->work);
    wake(lanes);
  }
  pthread_mutex_unlock(&lanes->lock);
  return NULL;
}

/* ---- the main thread ---- */

static int start_threads(struct vqe_lanes *lanes, int count)
{
  int status = VQE_OK;
  for (int k = 0; k < count && status == VQE_OK; k++) {
    struct lane *lane = &lanes->lanes[k];
    lane->lanes = lanes;
    lane->leads = k == 0;
    vqe_lane_init(&lane->state, lanes->worker);
    /* fewer than wanted only take longer */
    status = vqe_thread_start(&lane->thread, run_lane, lane);
    lanes->count += status == VQE_OK;
  }
  return lanes->count > 0 ? VQE_OK : status;
}

int vqe_lanes_open(struct vqe_lanes **out, struct vqe_worker *worker)
{
  struct vqe_lanes *lanes = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&lanes, 1, sizeof *lanes, "lanes");
  if (status != VQE_OK) {
    return status;
  }
  lanes->worker = worker;
  queue_init(&lanes->waiting);
  queue_init(&lanes->finished);
  pthread_mutex_init(&lanes->lock, NULL);
  pthread_cond_init(&lanes->work, NULL);
  vqe_thread_cond_init(&lanes->news);
  status = vqe_memory_alloc(&lanes->lanes, (size_t)worker->lanes,
                            sizeof *lanes->lanes, "lanes");
  if (status == VQE_OK) {
    status = start_threads(lanes, worker->lanes);
  }
  if (status != VQE_OK) {
    vqe_lanes_free(lanes);
    return status;
  }
  *out = lanes;
  return VQE_OK;
}

bool vqe_lanes_have_capacity(struct vqe_lanes *lanes, int *idle)
{
  pthread_mutex_lock(&lanes->lock);
  bool capacity =
      lanes->waiting.first == NULL && !lanes->alone && lanes->status == VQE_OK;
  if (idle != NULL) {
    *idle = lanes->count - lanes->running;
  }
  pthread_mutex_unlock(&lanes->lock);
  return capacity;
}

/* The experiments are first, then `count` further ones. Owned ones are taken
 * over, also on failure. */
static int add_task(struct vqe_lanes *lanes,
                    const struct vqe_experiment *first,
                    struct vqe_experiment *const *follow, size_t count,
                    enum vqe_task_share share, bool owns)
{
  struct task *task = NULL;
  int status = vqe_memory_alloc(&task, 1, sizeof *task, "a task");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&task->experiments, count + 1,
                              sizeof(struct vqe_experiment *), "a task");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&task->results, count + 1,
                              sizeof(struct vqe_result *), "a task");
  }
  if (status != VQE_OK) {
    for (size_t k = 0; owns && k < count; k++) {
      vqe_experiment_free(follow[k]);
    }
    if (owns) {
      vqe_experiment_free((struct vqe_experiment *)first);
    }
    if (task != NULL) {
      free(task->experiments);
      free(task);
    }
    return status;
  }
  task->experiments[0] = first;
  for (size_t k = 0; k < count; k++) {
    task->experiments[k + 1] = follow[k];
  }
  task->count = count + 1;
  task->share = share;
  task->owns = owns;
  pthread_mutex_lock(&lanes->lock);
  queue_push(&lanes->waiting, task);
  /* not every lane may begin every task */
  pthread_cond_broadcast(&lanes->work);
  pthread_mutex_unlock(&lanes->lock);
  return VQE_OK;
}

int vqe_lanes_put(struct vqe_lanes *lanes,
                  const struct vqe_experiment *experiment,
                  struct vqe_experiment *const *follow, size_t count,
                  enum vqe_task_share share)
{
  return add_task(lanes, experiment, follow, count, share, false);
}

int vqe_lanes_give(struct vqe_lanes *lanes, struct vqe_experiment *experiment,
                   struct vqe_experiment *const *follow, size_t count,
                   enum vqe_task_share share)
{
  return add_task(lanes, experiment, follow, count, share, true);
}

static bool quiet(const struct vqe_lanes *lanes)
{
  return lanes->running == 0 &&
         (lanes->waiting.first == NULL || lanes->status != VQE_OK);
}

struct vqe_result *vqe_lanes_take(struct vqe_lanes *lanes, long nanoseconds)
{
  struct vqe_result *result = NULL;
  pthread_mutex_lock(&lanes->lock);
  if (lanes->finished.first == NULL && !lanes->changed && nanoseconds > 0) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += nanoseconds;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&lanes->news, &lanes->lock, &until);
  }
  lanes->changed = false;
  while (result == NULL && lanes->finished.first != NULL) {
    struct task *task = lanes->finished.first;
    result = task->results[task->taken++];
    if (task->taken == task->count) {
      task_free(queue_pop(&lanes->finished));
    }
  }
  pthread_mutex_unlock(&lanes->lock);
  return result;
}

bool vqe_lanes_news(struct vqe_news *out, struct vqe_lanes *lanes)
{
  struct vqe_news one;
  int running = 0;
  if (lanes->count == 0) {
    *out = lanes->cut_off;
    return out->running > 0;
  }
  out->seconds = -1.0;
  for (int k = 0; k < lanes->count; k++) {
    if (vqe_news_read(&one, &lanes->lanes[k].state.news)) {
      running++;
      if (one.seconds > out->seconds) {
        *out = one;
      }
    }
  }
  out->running = running;
  return running > 0;
}

int vqe_lanes_look(struct vqe_news *out, int most, int *running, int *done,
                   double *busy, struct vqe_lanes *lanes)
{
  int count = 0;
  pthread_mutex_lock(&lanes->lock);
  *running = lanes->running;
  *done = lanes->worker->report.done;
  *busy = lanes->worker->report.busy;
  if (lanes->running > 0) {
    *busy += vqe_clock_wall() - lanes->begun;
  }
  pthread_mutex_unlock(&lanes->lock);
  for (int k = 0; k < lanes->count && count < most; k++) {
    count += vqe_news_read(&out[count], &lanes->lanes[k].state.news);
  }
  return count;
}

/* What the lane runs. The main thread alone frees tasks, so it lasts until it
 * takes results. */
static const struct vqe_experiment *runs(struct lane *lane)
{
  pthread_mutex_lock(&lane->lanes->lock);
  const struct vqe_experiment *experiment = lane->runs;
  pthread_mutex_unlock(&lane->lanes->lock);
  return experiment;
}

/* An error of the disk shows at the next result. */
static void record_phase(struct lane *lane, struct vqe_worker *worker)
{
  struct vqe_news news;
  const struct vqe_experiment *experiment = runs(lane);
  if (experiment == NULL || !vqe_news_read(&news, &lane->state.news) ||
      news.index != experiment->index || news.seconds < RECORD_AFTER ||
      (news.phase == lane->phase &&
       strcmp(experiment->id, lane->recorded) == 0)) {
    return;
  }
  memcpy(lane->recorded, experiment->id, sizeof lane->recorded);
  lane->phase = news.phase;
  (void)vqe_lane_journal_phase(worker, experiment, news.phase);
}

void vqe_lanes_record(struct vqe_lanes *lanes)
{
  double now = vqe_clock_wall();
  if (now - lanes->recorded < RECORD_SECONDS) {
    return;
  }
  lanes->recorded = now;
  for (int k = 0; k < lanes->count; k++) {
    record_phase(&lanes->lanes[k], lanes->worker);
  }
}

int vqe_lanes_status(struct vqe_lanes *lanes)
{
  pthread_mutex_lock(&lanes->lock);
  int status = lanes->status;
  if (status != VQE_OK) {
    (void)vqe_error_set(status, "%s", lanes->message);
  }
  pthread_mutex_unlock(&lanes->lock);
  return status;
}

bool vqe_lanes_done(struct vqe_lanes *lanes)
{
  pthread_mutex_lock(&lanes->lock);
  bool done = quiet(lanes) && lanes->finished.first == NULL;
  pthread_mutex_unlock(&lanes->lock);
  return done;
}

/* Begin nothing more and wait for what runs. */
static void join_threads(struct vqe_lanes *lanes)
{
  pthread_mutex_lock(&lanes->lock);
  lanes->ending = true;
  pthread_cond_broadcast(&lanes->work);
  pthread_mutex_unlock(&lanes->lock);
  for (int k = 0; k < lanes->count; k++) {
    pthread_join(lanes->lanes[k].thread, NULL);
  }
  if (lanes->count > 0) {
    (void)vqe_lanes_news(&lanes->cut_off, lanes);
  }
  while (lanes->count > 0) {
    vqe_lane_clear(&lanes->lanes[--lanes->count].state);
  }
  if (lanes->waiting.first != NULL && lanes->status == VQE_OK) {
    lanes->status = VQE_ERR_INTERRUPTED;
  }
}

int vqe_lanes_end(struct vqe_lanes *lanes)
{
  join_threads(lanes);
  return vqe_lanes_status(lanes);
}

void vqe_lanes_free(struct vqe_lanes *lanes)
{
  if (lanes == NULL) {
    return;
  }
  join_threads(lanes);
  queue_clear(&lanes->waiting);
  queue_clear(&lanes->finished);
  pthread_cond_destroy(&lanes->news);
  pthread_cond_destroy(&lanes->work);
  pthread_mutex_destroy(&lanes->lock);
  free(lanes->lanes);
  free(lanes);
}
