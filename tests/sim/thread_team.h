/* A team whose ranks are threads of the test. */
#ifndef VQE_TESTS_SIM_THREAD_TEAM_H
#define VQE_TESTS_SIM_THREAD_TEAM_H

#include "oracle.h"

#include <pthread.h>

#include "vqe/team.h"

#define THREAD_TEAM_MAX 8

struct mailbox {
  const double *data;
  size_t count;
  int full;
};

struct thread_team {
  int size;
  pthread_mutex_t lock;
  pthread_cond_t news;
  pthread_t threads[THREAD_TEAM_MAX];
  struct thread_rank {
    struct thread_team *team;
    int rank;
    struct vqe_team view;
  } ranks[THREAD_TEAM_MAX];
  struct mailbox boxes[THREAD_TEAM_MAX][THREAD_TEAM_MAX];
  /* broadcast and sum */
  int arrived, left;
  void *root;
  const double *terms[THREAD_TEAM_MAX];
  double *total;
  uint64_t moved; /* doubles, in exchanges */
};

/* All ranks arrive; the last one runs `work`; then all leave. */
static inline void team_meet(struct thread_rank *me,
                             void (*work)(struct thread_team *, size_t),
                             size_t count)
{
  struct thread_team *team = me->team;
  team->arrived++;
  if (team->arrived == team->size) {
    work(team, count);
    team->left = 0;
    pthread_cond_broadcast(&team->news);
  }
  while (team->arrived < team->size) {
    pthread_cond_wait(&team->news, &team->lock);
  }
}

/* The last one to leave opens the next meeting. */
static inline void team_leave(struct thread_team *team)
{
  team->left++;
  if (team->left == team->size) {
    team->arrived = 0;
    pthread_cond_broadcast(&team->news);
  }
  while (team->arrived == team->size) {
    pthread_cond_wait(&team->news, &team->lock);
  }
}

static inline void nothing(struct thread_team *team, size_t count)
{
  (void)team;
  (void)count;
}

static inline void team_broadcast(void *ctx, void *data, size_t bytes)
{
  struct thread_rank *me = ctx;
  pthread_mutex_lock(&me->team->lock);
  if (me->rank == 0) {
    me->team->root = data;
  }
  team_meet(me, nothing, 0);
  if (me->rank != 0 && bytes > 0) {
    memcpy(data, me->team->root, bytes);
  }
  team_leave(me->team);
  pthread_mutex_unlock(&me->team->lock);
}

static inline void add_terms(struct thread_team *team, size_t count)
{
  team->total = oracle_new(count > 0 ? count : 1);
  for (int r = 0; r < team->size; r++) {
    for (size_t k = 0; k < count; k++) {
      team->total[k] += team->terms[r][k];
    }
  }
}

static inline void team_sum(void *ctx, double *values, size_t count)
{
  struct thread_rank *me = ctx;
  struct thread_team *team = me->team;
  pthread_mutex_lock(&team->lock);
  team->terms[me->rank] = values;
  team_meet(me, add_terms, count);
  memcpy(values, team->total, count * sizeof *values);
  if (team->left == team->size - 1) {
    free(team->total);
  }
  team_leave(team);
  pthread_mutex_unlock(&team->lock);
}

static inline void team_exchange(void *ctx, double *const *recv,
                                 const size_t *recv_count,
                                 const double *const *send,
                                 const size_t *send_count)
{
  struct thread_rank *me = ctx;
  struct thread_team *team = me->team;
  pthread_mutex_lock(&team->lock);
  for (int r = 0; r < team->size; r++) {
    if (send_count[r] > 0) {
      struct mailbox *box = &team->boxes[me->rank][r];
      *box = (struct mailbox){send[r], send_count[r], 1};
      team->moved += send_count[r];
    }
  }
  pthread_cond_broadcast(&team->news);
  for (int r = 0; r < team->size; r++) {
    struct mailbox *box = &team->boxes[r][me->rank];
    while (recv_count[r] > 0 && !box->full) {
      pthread_cond_wait(&team->news, &team->lock);
    }
    if (recv_count[r] > 0) {
      if (box->count != recv_count[r]) {
        fprintf(stderr, "rank %d sends %zu, rank %d expects %zu\n", r,
                box->count, me->rank, recv_count[r]);
        abort();
      }
      memcpy(recv[r], box->data, box->count * sizeof(double));
      box->full = 0;
      pthread_cond_broadcast(&team->news);
    }
  }
  for (int r = 0; r < team->size; r++) {
    while (team->boxes[me->rank][r].full) {
      pthread_cond_wait(&team->news, &team->lock);
    }
  }
  pthread_mutex_unlock(&team->lock);
}

static inline void *team_serve(void *ctx)
{
  struct thread_rank *me = ctx;
  vqe_team_serve(&me->view, 1);
  return NULL;
}

/* Ranks 1 and up serve from here on; rank 0's view is the caller's. */
static inline const struct vqe_team *
thread_team_start(struct thread_team *team, int size, size_t buffer)
{
  memset(team, 0, sizeof *team);
  team->size = size;
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->news, NULL);
  for (int r = 0; r < size; r++) {
    struct thread_rank *rank = &team->ranks[r];
    *rank = (struct thread_rank){
        team,
        r,
        {rank, r, size, buffer, team_broadcast, team_sum, team_exchange}};
    if (r > 0) {
      assert_int_equal(
          pthread_create(&team->threads[r], NULL, team_serve, rank), 0);
    }
  }
  return &team->ranks[0].view;
}

static inline void thread_team_stop(struct thread_team *team)
{
  vqe_team_dismiss(&team->ranks[0].view);
  for (int r = 1; r < team->size; r++) {
    pthread_join(team->threads[r], NULL);
  }
  pthread_cond_destroy(&team->news);
  pthread_mutex_destroy(&team->lock);
}

#endif
