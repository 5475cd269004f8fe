#include "device/launcher.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "kernels/shape.h"

/* Blocks of one launch at most: a block then does several. */
#define MOST_BLOCKS 65536u

struct vqe_launcher {
  struct vqe_gpu *device;
  pthread_mutex_t lock;
  pthread_cond_t done;
  /* under the lock */
  bool busy;
  struct vqe_launch_request *first, **end; /* that wait */
  /* of the thread that launches: tasks, parameters and results of one launch,
   * on the host and on the device */
  unsigned char *host;
  void *room;
  size_t host_capacity, capacity;
};

/* ---- life ---- */

int vqe_launcher_create(struct vqe_launcher **out, struct vqe_gpu *device)
{
  struct vqe_launcher *launcher = NULL;
  int status = vqe_memory_alloc(&launcher, 1, sizeof *launcher, "a launcher");
  *out = NULL;
  if (status != VQE_OK) {
    return status;
  }
  launcher->device = device;
  launcher->end = &launcher->first;
  pthread_mutex_init(&launcher->lock, NULL);
  pthread_cond_init(&launcher->done, NULL);
  *out = launcher;
  return VQE_OK;
}

void vqe_launcher_free(struct vqe_launcher *launcher)
{
  if (launcher == NULL) {
    return;
  }
  pthread_cond_destroy(&launcher->done);
  pthread_mutex_destroy(&launcher->lock);
  free(launcher->host);
  free(launcher);
}

/* ---- one launch ---- */

/* Room for a launch of so many bytes, here and there. */
static int make_room(struct vqe_launcher *launcher, size_t bytes)
{
  int status = VQE_OK;
  if (bytes > launcher->host_capacity) {
    free(launcher->host);
    launcher->host = NULL;
    launcher->host_capacity = 0;
    status =
        vqe_memory_alloc(&launcher->host, bytes, 1, "evaluations of a launch");
    if (status == VQE_OK) {
      launcher->host_capacity = bytes;
    }
  }
  if (status == VQE_OK && bytes > launcher->capacity) {
    vqe_gpu_release(launcher->device, launcher->room);
    launcher->room = NULL;
    launcher->capacity = 0;
    status = vqe_gpu_alloc(launcher->device, &launcher->room, bytes, 1,
                           "evaluations of a launch");
    if (status == VQE_OK) {
      launcher->capacity = bytes;
    }
  }
  return status;
}

/* Doubles of the parameters and of the results of all requests. */
struct totals {
  size_t count, parameters, results, shared;
};

static int add_up(struct totals *totals,
                  const struct vqe_launch_request *first)
{
  size_t bytes;
  memset(totals, 0, sizeof *totals);
  for (; first != NULL; first = first->next) {
    size_t n = (size_t)first->nparam;
    /* more than all three arrays take */
    if (!vqe_memory_mul(&bytes, first->count, 64 + 16 * n) ||
        bytes > SIZE_MAX / 4) {
      return vqe_error_set(VQE_ERR_MEMORY,
                           "%zu evaluations of %zu parameters are too many",
                           first->count, n);
    }
    totals->count += first->count;
    totals->parameters += first->count * n;
    totals->results += first->count * (n + 1);
    totals->shared =
        first->shared > totals->shared ? first->shared : totals->shared;
  }
  return VQE_OK;
}

/* The tasks of all requests and their parameters, as the device will have
 * them. */
static void fill(struct vqe_launcher *launcher, const struct totals *totals,
                 const struct vqe_launch_request *first)
{
  struct vqe_small_task *task = (void *)launcher->host;
  size_t head = totals->count * sizeof *task;
  double *parameters = (void *)(launcher->host + head);
  const double *there = (void *)((unsigned char *)launcher->room + head);
  double *out = (double *)(void *)((unsigned char *)launcher->room + head) +
                totals->parameters;
  for (; first != NULL; first = first->next) {
    size_t n = (size_t)first->nparam;
    if (first->count * n > 0) {
      memcpy(parameters, first->parameters,
             first->count * n * sizeof *parameters);
    }
    for (size_t k = 0; k < first->count; k++) {
      *task++ = (struct vqe_small_task){.problem = first->problem,
                                        .parameters = there + k * n,
                                        .out = out + k * (n + 1),
                                        .gradient = first->gradient};
    }
    parameters += first->count * n;
    there += first->count * n;
    out += first->count * (n + 1);
  }
}

static void hand_out(const double *results, struct vqe_launch_request *first)
{
  for (; first != NULL; first = first->next) {
    size_t count = first->count * ((size_t)first->nparam + 1);
    memcpy(first->results, results, count * sizeof *results);
    results += count;
  }
}

/* All requests of a list as one launch. */
static int launch(struct vqe_launcher *launcher,
                  struct vqe_launch_request *first)
{
  struct totals totals;
  int status = add_up(&totals, first);
  if (status != VQE_OK) {
    return status;
  }
  size_t up = totals.count * sizeof(struct vqe_small_task) +
              totals.parameters * sizeof(double);
  size_t down = totals.results * sizeof(double);
  status = make_room(launcher, up + down);
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_small_args args = {.tasks = launcher->room,
                                .count = totals.count};
  unsigned blocks =
      totals.count < MOST_BLOCKS ? (unsigned)totals.count : MOST_BLOCKS;
  fill(launcher, &totals, first);
  status =
      vqe_gpu_upload(launcher->device, launcher->room, launcher->host, up);
  if (status == VQE_OK) {
    status = vqe_gpu_launch(launcher->device, VQE_KERNEL_small, &args, blocks,
                            totals.shared);
  }
  if (status == VQE_OK) {
    status = vqe_gpu_download(launcher->device, launcher->host + up,
                              (unsigned char *)launcher->room + up, down);
  }
  if (status == VQE_OK) {
    hand_out((const double *)(const void *)(launcher->host + up), first);
  }
  return status;
}

static void conclude(struct vqe_launch_request *request, int status)
{
  request->status = status;
  if (status != VQE_OK) {
    snprintf(request->message, sizeof request->message, "%s",
             vqe_error_message());
  }
}

/* Everything of a list; where there is no memory for all of it at once, one
 * after the other: no request fails for the size of others. */
static void serve(struct vqe_launcher *launcher,
                  struct vqe_launch_request *first)
{
  int status = launch(launcher, first);
  bool apart = status == VQE_ERR_MEMORY && first->next != NULL;
  for (struct vqe_launch_request *next = NULL; first != NULL; first = next) {
    next = first->next;
    if (apart) {
      first->next = NULL;
      status = launch(launcher, first);
      first->next = next;
    }
    conclude(first, status);
  }
}

/* ---- many threads ---- */

int vqe_launcher_run(struct vqe_launcher *launcher, struct vqe_gpu *device,
                     struct vqe_launch_request *request)
{
  double started = vqe_clock_wall();
  VQE_ASSERT(request->count > 0 && request->nparam >= 0);
  VQE_ASSERT(request->problem != NULL);
  request->next = NULL;
  request->done = false;
  pthread_mutex_lock(&launcher->lock);
  *launcher->end = request;
  launcher->end = &request->next;
  while (!request->done && launcher->busy) {
    pthread_cond_wait(&launcher->done, &launcher->lock);
  }
  if (!request->done) {
    struct vqe_launch_request *taken = launcher->first;
    launcher->first = NULL;
    launcher->end = &launcher->first;
    launcher->busy = true;
    pthread_mutex_unlock(&launcher->lock);
    serve(launcher, taken);
    pthread_mutex_lock(&launcher->lock);
    launcher->busy = false;
    while (taken != NULL) {
      /* once done it may be gone as soon as the lock is free */
      struct vqe_launch_request *next = taken->next;
      taken->done = true;
      taken = next;
    }
    pthread_cond_broadcast(&launcher->done);
  }
  pthread_mutex_unlock(&launcher->lock);
  if (request->status != VQE_OK) {
    return vqe_error_set(request->status, "%s", request->message);
  }
  if (launcher->device != device) {
    size_t n = (size_t)request->nparam;
    struct vqe_gpu_use use = {
        .seconds = vqe_clock_wall() - started,
        .launches = 1,
        .bytes_up = request->count *
                    (sizeof(struct vqe_small_task) + n * sizeof(double)),
        .bytes_down = request->count * (n + 1) * sizeof(double),
    };
    vqe_gpu_charge(device, &use);
  }
  return VQE_OK;
}
