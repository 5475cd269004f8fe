/* A record on its way through the producer, and lists of such. */
#ifndef VQE_STREAM_MESSAGE_H
#define VQE_STREAM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "record/spool.h"

enum vqe_message_state {
  VQE_MESSAGE_OPEN,   /* neither delivered nor in the spool */
  VQE_MESSAGE_KEPT,   /* in the spool */
  VQE_MESSAGE_REFUSED /* the spool did not take it */
};

/* In one list at most. Bytes come and go while it is in none, or by
 * vqe_messages_drop. */
struct vqe_message {
  struct vqe_message *next, *previous;
  char *key;     /* experiment_id; NULL: only the spool knows */
  uint8_t *data; /* in wire format; NULL: to be read from the spool */
  size_t size;   /* of data */
  char name[VQE_SPOOL_NAME_SIZE]; /* in the spool, when kept there */
  enum vqe_message_state state;
  double given_at; /* 0: found in the spool */
  bool alone;      /* refused for its size together with others: sent alone */
};

struct vqe_message_list {
  struct vqe_message *first, *last;
  size_t count;
  size_t bytes; /* that its messages hold in memory */
};

void vqe_messages_add(struct vqe_message_list *list,
                      struct vqe_message *message);
void vqe_messages_put_back(struct vqe_message_list *list,
                           struct vqe_message *message);
void vqe_messages_remove(struct vqe_message_list *list,
                         struct vqe_message *message);
struct vqe_message *vqe_messages_take(struct vqe_message_list *list);
void vqe_messages_clear(struct vqe_message_list *list);

/* Forget the bytes of one in the list, which the spool has. */
void vqe_messages_drop(struct vqe_message_list *list,
                       struct vqe_message *message);

/* The bytes of a record, with schema id 0. */
int vqe_message_create(struct vqe_message **out,
                       const struct vqe_record *record);
void vqe_message_free(struct vqe_message *message); /* NULL is fine */

/* Bytes and key from the spool, unless they are there. */
int vqe_message_load(struct vqe_message *message,
                     const struct vqe_spool *spool);

/* Into the spool; the state says how it went. */
int vqe_message_keep(struct vqe_message *message, struct vqe_spool *spool);

#endif
