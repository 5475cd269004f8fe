/* Ranks in one process: messages between them wait in a list in memory. */
#ifndef VQE_TEST_FAKE_TRANSPORT_H
#define VQE_TEST_FAKE_TRANSPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch/transport.h"

#define FAKE_RANKS 8

struct fake_message {
  struct fake_message *next;
  int to;
  struct vqe_transport_head head;
  uint8_t *data;
};

struct fake_net {
  pthread_mutex_t lock;
  struct fake_message *first;
  _Atomic size_t on_way; /* begun and not arrived */
  _Atomic int polls;     /* how often arrived() says no */
  size_t sent;           /* messages */
  _Atomic bool dead[FAKE_RANKS];
  _Atomic bool cut[FAKE_RANKS]; /* what they sent cannot be taken, and stays */
  struct fake_rank {
    struct fake_net *net;
    int rank;
  } ranks[FAKE_RANKS];
};

static inline void fake_init(struct fake_net *net)
{
  memset(net, 0, sizeof *net);
  pthread_mutex_init(&net->lock, NULL);
  for (int k = 0; k < FAKE_RANKS; k++) {
    net->ranks[k] = (struct fake_rank){net, k};
  }
}

static inline void fake_put(struct fake_net *net, int from, int to,
                            enum vqe_transport_tag tag, const void *data,
                            size_t size)
{
  struct fake_message *message = calloc(1, sizeof *message);
  message->to = to;
  message->head = (struct vqe_transport_head){from, tag, size};
  message->data = malloc(size + 1);
  if (size > 0) {
    memcpy(message->data, data, size);
  }
  pthread_mutex_lock(&net->lock);
  struct fake_message **end = &net->first;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = message;
  net->sent++;
  pthread_mutex_unlock(&net->lock);
}

/* The place in the list of the first message that fits. Under the lock. */
static inline struct fake_message **
fake_find(struct fake_net *net, int to, int from, enum vqe_transport_tag tag)
{
  struct fake_message **at = &net->first;
  while (*at != NULL &&
         ((*at)->to != to || (from >= 0 && (*at)->head.from != from) ||
          (tag != VQE_TAG_ANY && (*at)->head.tag != tag))) {
    at = &(*at)->next;
  }
  return at;
}

/* Take one out, or NULL. Free it by fake_free(). */
static inline struct fake_message *
fake_take(struct fake_net *net, int to, int from, enum vqe_transport_tag tag)
{
  pthread_mutex_lock(&net->lock);
  struct fake_message **at = fake_find(net, to, from, tag);
  struct fake_message *message = *at;
  if (message != NULL) {
    *at = message->next;
  }
  pthread_mutex_unlock(&net->lock);
  return message;
}

static inline void fake_free(struct fake_message *message)
{
  free(message->data);
  free(message);
}

/* Same after up to 20 seconds; a failed test without one. */
static inline struct fake_message *
fake_await(struct fake_net *net, int to, int from, enum vqe_transport_tag tag)
{
  struct fake_message *message = fake_take(net, to, from, tag);
  for (int k = 0; message == NULL && k < 20000; k++) {
    vqe_transport_sleep();
    message = fake_take(net, to, from, tag);
  }
  assert_non_null(message);
  return message;
}

/* Wait for a message that only has to come. */
static inline void fake_expect(struct fake_net *net, int to, int from,
                               enum vqe_transport_tag tag)
{
  fake_free(fake_await(net, to, from, tag));
}

static inline bool fake_has(struct fake_net *net, int to,
                            enum vqe_transport_tag tag)
{
  pthread_mutex_lock(&net->lock);
  bool has = *fake_find(net, to, VQE_TRANSPORT_ANYONE, tag) != NULL;
  pthread_mutex_unlock(&net->lock);
  return has;
}

/* ---- the functions of a transport ---- */

static inline void fake_send(void *ctx, int to, enum vqe_transport_tag tag,
                             const void *data, size_t size)
{
  struct fake_rank *rank = ctx;
  if (!rank->net->dead[to]) {
    fake_put(rank->net, rank->rank, to, tag, data, size);
  }
}

static inline int fake_start(void *ctx, void **request, int to,
                             enum vqe_transport_tag tag, const void *data,
                             size_t size)
{
  struct fake_rank *rank = ctx;
  *request = malloc(1);
  rank->net->on_way++;
  fake_send(ctx, to, tag, data, size);
  return 0;
}

static inline bool fake_arrived(void *ctx, void *request)
{
  struct fake_rank *rank = ctx;
  if (rank->net->polls > 0) {
    rank->net->polls--;
    return false;
  }
  rank->net->on_way--;
  free(request);
  return true;
}

static inline bool fake_probe(void *ctx, struct vqe_transport_head *found,
                              int from, enum vqe_transport_tag tag)
{
  const struct fake_rank *rank = ctx;
  pthread_mutex_lock(&rank->net->lock);
  const struct fake_message *message =
      *fake_find(rank->net, rank->rank, from, tag);
  if (message != NULL) {
    *found = message->head;
  }
  pthread_mutex_unlock(&rank->net->lock);
  return message != NULL;
}

static inline bool fake_receive(void *ctx, void *data,
                                const struct vqe_transport_head *found)
{
  const struct fake_rank *rank = ctx;
  if (rank->net->cut[found->from]) {
    return false;
  }
  struct fake_message *message =
      fake_take(rank->net, rank->rank, found->from, found->tag);
  if (message->head.size > 0) {
    memcpy(data, message->data, message->head.size);
  }
  fake_free(message);
  return true;
}

static inline bool fake_dead(void *ctx, int rank)
{
  const struct fake_rank *asks = ctx;
  return asks->net->dead[rank];
}

static inline int fake_deaths(void *ctx)
{
  const struct fake_rank *asks = ctx;
  int count = 0;
  for (int k = 0; k < FAKE_RANKS; k++) {
    count += asks->net->dead[k];
  }
  return count;
}

static inline struct vqe_transport fake_transport(struct fake_net *net,
                                                  int rank)
{
  return (struct vqe_transport){.ctx = &net->ranks[rank],
                                .send = fake_send,
                                .start = fake_start,
                                .arrived = fake_arrived,
                                .probe = fake_probe,
                                .receive = fake_receive,
                                .dead = fake_dead,
                                .deaths = fake_deaths};
}

static inline void fake_clear(struct fake_net *net)
{
  while (net->first != NULL) {
    struct fake_message *message = net->first;
    net->first = message->next;
    fake_free(message);
  }
  pthread_mutex_destroy(&net->lock);
}

#endif
