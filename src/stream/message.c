#include "stream/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "record/record_avro.h"
#include "stream/wire.h"

static size_t held(const struct vqe_message *message)
{
  return message->data == NULL ? 0 : message->size;
}

void vqe_messages_add(struct vqe_message_list *list,
                      struct vqe_message *message)
{
  message->next = NULL;
  message->previous = list->last;
  if (list->last == NULL) {
    list->first = message;
  } else {
    list->last->next = message;
  }
  list->last = message;
  list->count++;
  list->bytes += held(message);
}

void vqe_messages_put_back(struct vqe_message_list *list,
                           struct vqe_message *message)
{
  message->previous = NULL;
  message->next = list->first;
  if (list->first == NULL) {
    list->last = message;
  } else {
    list->first->previous = message;
  }
  list->first = message;
  list->count++;
  list->bytes += held(message);
}

void vqe_messages_remove(struct vqe_message_list *list,
                         struct vqe_message *message)
{
  if (message->previous == NULL) {
    list->first = message->next;
  } else {
    message->previous->next = message->next;
  }
  if (message->next == NULL) {
    list->last = message->previous;
  } else {
    message->next->previous = message->previous;
  }
  message->next = NULL;
  message->previous = NULL;
  list->count--;
  list->bytes -= held(message);
}

struct vqe_message *vqe_messages_take(struct vqe_message_list *list)
{
  struct vqe_message *message = list->first;
  if (message != NULL) {
    vqe_messages_remove(list, message);
  }
  return message;
}

void vqe_messages_clear(struct vqe_message_list *list)
{
  struct vqe_message *message = list->first;
  while (message != NULL) {
    struct vqe_message *next = message->next;
    vqe_message_free(message);
    message = next;
  }
  *list = (struct vqe_message_list){0};
}

void vqe_messages_drop(struct vqe_message_list *list,
                       struct vqe_message *message)
{
  list->bytes -= held(message);
  free(message->data);
  message->data = NULL;
}

int vqe_message_create(struct vqe_message **out,
                       const struct vqe_record *record)
{
  struct vqe_message *message = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&message, 1, sizeof *message, "a message");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&message->key, record->experiment_id);
  }
  if (status == VQE_OK) {
    status = vqe_record_avro_encode(&message->data, &message->size,
                                    VQE_WIRE_HEAD_SIZE, record);
  }
  if (status != VQE_OK) {
    vqe_message_free(message);
    return status;
  }
  vqe_wire_start(message->data);
  *out = message;
  return VQE_OK;
}

void vqe_message_free(struct vqe_message *message)
{
  if (message != NULL) {
    free(message->key);
    free(message->data);
    free(message);
  }
}

int vqe_message_load(struct vqe_message *message,
                     const struct vqe_spool *spool)
{
  char *id = NULL;
  uint8_t *payload = NULL;
  size_t size = 0;
  if (message->data != NULL) {
    return VQE_OK;
  }
  int status = vqe_spool_load(&id, &payload, &size, spool, message->name);
  if (status == VQE_OK) {
    status = vqe_wire_encode(&message->data, &message->size, 0, payload, size);
  }
  if (status == VQE_OK && message->key == NULL) {
    message->key = id;
    id = NULL;
  }
  free(payload);
  free(id);
  return status;
}

int vqe_message_keep(struct vqe_message *message, struct vqe_spool *spool)
{
  int status = vqe_spool_put(message->name, spool, message->key,
                             message->data + VQE_WIRE_HEAD_SIZE,
                             message->size - VQE_WIRE_HEAD_SIZE);
  message->state = status == VQE_OK ? VQE_MESSAGE_KEPT : VQE_MESSAGE_REFUSED;
  return status;
}
