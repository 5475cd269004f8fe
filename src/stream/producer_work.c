/* The thread: from the queue to the spool and to Kafka. */
#include <time.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "record/record_avro.h"
#include "stream/producer_state.h"

#define LARGEST_PAUSE_S 30.0
#define LASTING_GRACE_S 3.0 /* at the end, after an error that stays */
/* A record that no report came for goes to the spool. Delivered sooner, as
 * most are, it never costs a write that is synced. */
#define KEEP_AFTER_S 2.0
#define LOOK_S 0.1
#define MOST_AT_ONCE 64

/* A few at once, so that librdkafka gets batches and reports do not wait.
 * Returns whether there may be more. */
static bool take_given(struct vqe_producer *producer)
{
  int count = 0;
  pthread_mutex_lock(&producer->lock);
  /* beyond that the rest waits in the queue, whose filler uses the spool */
  while (count < MOST_AT_ONCE && producer->queue.count > 0 &&
         producer->pending.bytes < producer->options.queue_bytes) {
    vqe_messages_add(&producer->pending, vqe_messages_take(&producer->queue));
    count++;
  }
  if (count > 0) {
    pthread_cond_signal(&producer->taken);
  }
  pthread_mutex_unlock(&producer->lock);
  return count == MOST_AT_ONCE;
}

/* The first of a list that waits too long. */
static struct vqe_message *overdue(const struct vqe_message_list *list,
                                   double since)
{
  struct vqe_message *message = list->first;
  while (message != NULL &&
         (message->state != VQE_MESSAGE_OPEN || message->given_at > since)) {
    message = message->next;
  }
  return message;
}

/* Put what waits too long into the spool; one at a time. Returns whether
 * there may be more. */
static bool keep_overdue(struct vqe_producer *producer)
{
  double now = vqe_clock_wall();
  pthread_mutex_lock(&producer->lock);
  bool all = producer->nsync > 0;
  pthread_mutex_unlock(&producer->lock);
  if (!all && now < producer->look_at) {
    return false;
  }
  double since = all ? now : now - KEEP_AFTER_S;
  struct vqe_message *message = overdue(&producer->under_way, since);
  if (message != NULL) {
    /* librdkafka goes on reading the bytes */
    vqe_producer_keep(producer, message);
    return true;
  }
  message = overdue(&producer->pending, since);
  if (message == NULL) {
    producer->look_at = now + LOOK_S;
    return false;
  }
  vqe_producer_keep(producer, message);
  if (message->state == VQE_MESSAGE_KEPT) {
    vqe_messages_drop(&producer->pending, message);
  }
  return true;
}

static void ensure_schema(struct vqe_producer *producer)
{
  if (producer->has_schema || producer->schema_refused ||
      vqe_clock_wall() < producer->schema_retry_at) {
    return;
  }
  int status = vqe_registry_register(
      &producer->schema_id, producer->registry, producer->subject,
      vqe_record_avro_schema_text, vqe_record_avro_schema_text_size);
  if (status == VQE_OK) {
    producer->has_schema = true;
    producer->last_progress = vqe_clock_wall();
    return;
  }
  producer->schema_refused = status == VQE_ERR_INPUT;
  vqe_producer_report(producer, "%s; %s", vqe_error_message(),
                      producer->schema_refused ? "records stay in the spool"
                                               : "records wait in the spool");
  double pause = producer->schema_pause_s;
  producer->schema_retry_at = vqe_clock_wall() + pause;
  producer->schema_pause_s =
      2.0 * pause > LARGEST_PAUSE_S ? LARGEST_PAUSE_S : 2.0 * pause;
}

static bool is_finished(struct vqe_producer *producer)
{
  pthread_mutex_lock(&producer->lock);
  /* what came since the queue was last looked at is taken first */
  bool closing = producer->closing && producer->queue.count == 0;
  double timeout = producer->close_timeout_s;
  pthread_mutex_unlock(&producer->lock);
  if (!closing) {
    producer->last_progress = vqe_clock_wall();
    return false;
  }
  if (producer->pending.count == 0 && producer->under_way.count == 0) {
    return true;
  }
  if (producer->schema_refused) {
    return true;
  }
  if (vqe_producer_is_stuck(producer) && timeout > LASTING_GRACE_S) {
    timeout = LASTING_GRACE_S;
  }
  return vqe_clock_wall() - producer->last_progress >= timeout;
}

void *vqe_producer_work(void *ctx)
{
  struct vqe_producer *producer = ctx;
  for (;;) {
    bool more = take_given(producer);
    more = keep_overdue(producer) || more;
    if (producer->pending.count > 0) {
      ensure_schema(producer);
    }
    if (producer->fatal && vqe_clock_wall() >= producer->send_retry_at) {
      vqe_producer_reconnect(producer);
    }
    if (producer->rk != NULL) {
      vqe_producer_send_pending(producer);
      rd_kafka_poll(producer->rk, more ? 0 : VQE_PRODUCER_IDLE_MS);
    } else if (!more) {
      const struct timespec pause = {.tv_nsec =
                                         VQE_PRODUCER_IDLE_MS * 1000000L};
      nanosleep(&pause, NULL);
    }
    vqe_producer_check_topic(producer);
    if (!more && is_finished(producer)) {
      break;
    }
  }
  vqe_producer_disconnect(producer);
  for (;;) {
    struct vqe_message *message = vqe_messages_take(&producer->pending);
    if (message == NULL) {
      break;
    }
    vqe_producer_set_aside(producer, message);
  }
  return NULL;
}
