/* Messages between rank 0 and the others, behind a table of functions: MPI in
 * the program (mpi_transport.h), queues in memory in the unit tests. Whoever
 * waits for a message sleeps. */
#ifndef VQE_BATCH_TRANSPORT_H
#define VQE_BATCH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Workers ask and report, rank 0 hands out and stops. */
enum vqe_transport_tag {
  VQE_TAG_ANY = 0, /* to look for; no message has it */
  VQE_TAG_ASK,     /* struct vqe_transport_ask: for work */
  VQE_TAG_WORK,    /* requests (request.h) */
  VQE_TAG_RESULT,  /* codec bytes of one result */
  VQE_TAG_NEWS,    /* struct vqe_news: where a long experiment stands */
  VQE_TAG_PULSE,   /* struct vqe_pulse: what the rank does, for a watcher */
  VQE_TAG_STOP,    /* empty; the last message that a worker takes */
  VQE_TAG_STOPPED  /* struct vqe_worker_report; the last message that a worker
                      sends */
};

#define VQE_TRANSPORT_ANYONE (-1)

/* What a worker reports when it asks for work. */
struct vqe_transport_ask {
  int idle;   /* lanes that have nothing to do */
  int lanes;  /* of the rank */
  int device; /* it has a GPU */
};

/* A message that has come and is not taken yet. */
struct vqe_transport_head {
  int from;
  enum vqe_transport_tag tag;
  size_t size;
};

struct vqe_transport {
  void *ctx;
  /* Send; `data` may change once this returns. */
  void (*send)(void *ctx, int to, enum vqe_transport_tag tag, const void *data,
               size_t size);
  /* Begin to send; `data` must stay as it is until arrived(). */
  int (*start)(void *ctx, void **request, int to, enum vqe_transport_tag tag,
               const void *data, size_t size);
  /* Has it arrived? The request is gone once this is true. */
  bool (*arrived)(void *ctx, void *request);
  /* The earliest message of `from` with `tag`, which stays there. */
  bool (*probe)(void *ctx, struct vqe_transport_head *found, int from,
                enum vqe_transport_tag tag);
  /* Take the message that was found; found->size bytes at `data`. False: its
   * sender died while it sent. */
  bool (*receive)(void *ctx, void *data,
                  const struct vqe_transport_head *found);
  /* Is a rank known to have died? What is sent to it gets lost, and counts as
   * arrived. NULL where the death of a rank ends all. */
  bool (*dead)(void *ctx, int rank);
  /* How many are? Cheaper than to ask of each. NULL where `dead` is. */
  int (*deaths)(void *ctx);
  /* End all ranks at once and do not return, as some wait for one that has
   * died. */
  void (*abandon)(void *ctx);
};

/* The most that one message may hold: MPI counts bytes in an int. */
#define VQE_TRANSPORT_MOST INT32_MAX
/* VQE_ERR_UNSUPPORTED above it. */
int vqe_transport_check_size(size_t size);

/* Longest sleep of a rank that waits. */
#define VQE_SLEEP_NS 1000000L
void vqe_transport_sleep(void);

/* Is there a message from `from` (or anyone) with `tag` (or any)? */
bool vqe_transport_probe(const struct vqe_transport *transport,
                         struct vqe_transport_head *found, int from,
                         enum vqe_transport_tag tag);
/* How many ranks are known to have died. */
int vqe_transport_deaths(const struct vqe_transport *transport);
/* Is it known to have died? */
bool vqe_transport_dead(const struct vqe_transport *transport, int rank);
/* Wait, asleep, until there is. False: `from` died before. */
bool vqe_transport_wait(const struct vqe_transport *transport,
                        struct vqe_transport_head *found, int from,
                        enum vqe_transport_tag tag);

/* VQE_ERR_UNSUPPORTED when it is too large. */
int vqe_transport_send(const struct vqe_transport *transport, int to,
                       enum vqe_transport_tag tag, const void *data,
                       size_t size);

/* Take the message that was found; free *out by free(). VQE_ERR_NOT_FOUND when
 * its sender died while it sent. */
int vqe_transport_receive(uint8_t **out, const struct vqe_transport *transport,
                          const struct vqe_transport_head *found);
/* Same for a message of known size. VQE_ERR_INPUT when it has another, and is
 * thrown away. */
int vqe_transport_receive_into(void *data, size_t size,
                               const struct vqe_transport *transport,
                               const struct vqe_transport_head *found);

#endif
