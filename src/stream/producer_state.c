/* What becomes of a message, counted and reported. */
#include "stream/producer_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"

void vqe_producer_report(struct vqe_producer *producer, const char *format,
                         ...)
{
  char text[1200];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  pthread_mutex_lock(&producer->lock);
  bool is_new =
      strncmp(producer->reason, text, VQE_PRODUCER_REASON_SIZE - 1) != 0;
  snprintf(producer->reason, VQE_PRODUCER_REASON_SIZE, "%s", text);
  pthread_mutex_unlock(&producer->lock);
  if (is_new && producer->options.report != NULL) {
    producer->options.report(producer->options.report_ctx, text);
  }
}

/* With the lock held: a message leaves the state it was in. */
static void leave_state(struct vqe_producer *producer,
                        enum vqe_message_state state)
{
  if (state == VQE_MESSAGE_OPEN) {
    producer->nopen--;
    if (producer->nopen == 0) {
      pthread_cond_broadcast(&producer->settled);
    }
  } else if (state == VQE_MESSAGE_REFUSED) {
    producer->nrefused--;
  }
}

static void add_latency(struct vqe_producer *producer, double seconds)
{
  size_t count = producer->nlatency;
  if (count == producer->latency_capacity) {
    size_t more = count == 0 ? 256 : 2 * count;
    if (vqe_memory_grow(&producer->latencies, count, more, sizeof(double),
                        "latencies") != VQE_OK) {
      return;
    }
    producer->latency_capacity = more;
  }
  producer->latencies[producer->nlatency++] = seconds;
}

void vqe_producer_delivered(struct vqe_producer *producer,
                            struct vqe_message *message)
{
  double now = vqe_clock_wall();
  producer->last_progress = now;
  if (message->state == VQE_MESSAGE_KEPT &&
      vqe_spool_remove(producer->spool, message->name) != VQE_OK) {
    vqe_producer_report(producer, "%s", vqe_error_message());
  }
  if (message->given_at > 0.0) {
    add_latency(producer, now - message->given_at);
  }
  pthread_mutex_lock(&producer->lock);
  producer->counts.delivered++;
  producer->counts.bytes += message->size;
  leave_state(producer, message->state);
  pthread_mutex_unlock(&producer->lock);
  vqe_message_free(message);
}

static void lose(struct vqe_producer *producer, struct vqe_message *message)
{
  pthread_mutex_lock(&producer->lock);
  producer->counts.lost++;
  leave_state(producer, message->state);
  pthread_mutex_unlock(&producer->lock);
  vqe_message_free(message);
}

/* It stays in the spool and is not sent again by this producer. */
void vqe_producer_set_aside(struct vqe_producer *producer,
                            struct vqe_message *message)
{
  if (message->state != VQE_MESSAGE_KEPT) {
    /* also where the spool refused before: there may be space by now */
    vqe_producer_keep(producer, message);
  }
  if (message->state != VQE_MESSAGE_KEPT) {
    lose(producer, message);
    return;
  }
  pthread_mutex_lock(&producer->lock);
  producer->counts.spooled++;
  pthread_mutex_unlock(&producer->lock);
  vqe_message_free(message);
}

void vqe_producer_keep(struct vqe_producer *producer,
                       struct vqe_message *message)
{
  enum vqe_message_state before = message->state;
  if (vqe_message_keep(message, producer->spool) != VQE_OK) {
    vqe_producer_report(producer,
                        "%s; it is sent from memory and lost if that fails",
                        vqe_error_message());
  }
  pthread_mutex_lock(&producer->lock);
  producer->nrefused += message->state == VQE_MESSAGE_REFUSED;
  leave_state(producer, before);
  pthread_mutex_unlock(&producer->lock);
}
