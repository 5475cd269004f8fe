#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/thread.h"
#include "stream/producer_state.h"

#define QUEUE_RECORDS 256
#define QUEUE_BYTES ((size_t)64 << 20)
#define REGISTRY_TIMEOUT_S 5.0
/* For space in a full queue: about what a synced write would take. */
#define WAIT_NS 20000000L

/* ---- opening ---- */

static int copy_settings(struct vqe_producer *producer,
                         const struct vqe_producer_options *options)
{
  const struct vqe_stream_settings *stream = &options->stream;
  size_t count = stream->nproperty;
  int status = vqe_memory_strdup(&producer->topic, stream->topic != NULL
                                                       ? stream->topic
                                                       : VQE_STREAM_TOPIC);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&producer->brokers, stream->brokers);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&producer->subject, "%s-value", producer->topic);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&producer->properties, count,
                              sizeof *producer->properties, "properties");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_stream_property *to = &producer->properties[k];
    producer->options.stream.nproperty = k + 1;
    status = vqe_memory_strdup((char **)&to->name, stream->properties[k].name);
    if (status == VQE_OK) {
      status =
          vqe_memory_strdup((char **)&to->value, stream->properties[k].value);
    }
  }
  producer->options.stream.properties = producer->properties;
  producer->options.stream.brokers = producer->brokers;
  producer->options.stream.topic = producer->topic;
  return status;
}

static int load_spool(struct vqe_producer *producer)
{
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 0;
  int status = vqe_spool_list(&names, &count, producer->spool);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_message *message = NULL;
    status = vqe_memory_alloc(&message, 1, sizeof *message, "a message");
    if (status == VQE_OK) {
      memcpy(message->name, names[k], VQE_SPOOL_NAME_SIZE);
      message->state = VQE_MESSAGE_KEPT;
      vqe_messages_add(&producer->pending, message);
    }
  }
  producer->counts.found = count;
  free(names);
  return status;
}

static void free_producer(struct vqe_producer *producer)
{
  vqe_producer_disconnect(producer);
  vqe_kafka_secrets_free(producer->secrets);
  vqe_messages_clear(&producer->pending);
  vqe_messages_clear(&producer->queue);
  vqe_registry_close(producer->registry);
  vqe_spool_close(producer->spool);
  for (size_t k = 0;
       k < producer->options.stream.nproperty && producer->properties != NULL;
       k++) {
    free((char *)producer->properties[k].name);
    free((char *)producer->properties[k].value);
  }
  free(producer->properties);
  free(producer->latencies);
  free(producer->topic);
  free(producer->subject);
  free(producer->brokers);
  pthread_cond_destroy(&producer->settled);
  pthread_cond_destroy(&producer->taken);
  pthread_mutex_destroy(&producer->lock);
  free(producer);
}

static void set_defaults(struct vqe_producer *producer,
                         const struct vqe_producer_options *options)
{
  pthread_mutex_init(&producer->lock, NULL);
  pthread_cond_init(&producer->settled, NULL);
  pthread_cond_init(&producer->taken, NULL);
  producer->options = *options;
  producer->options.stream.nproperty = 0;
  producer->options.queue_records =
      options->queue_records > 0 ? options->queue_records : QUEUE_RECORDS;
  producer->options.queue_bytes =
      options->queue_bytes > 0 ? options->queue_bytes : QUEUE_BYTES;
  producer->schema_pause_s =
      options->registry_retry_s > 0.0 ? options->registry_retry_s : 1.0;
  producer->last_progress = vqe_clock_wall();
}

int vqe_producer_open(struct vqe_producer **out,
                      const struct vqe_producer_options *options)
{
  struct vqe_producer *producer = NULL;
  const struct vqe_registry_options registry = {
      .urls = options->stream.registry,
      .ca_file = options->stream.registry_ca_file,
      .timeout_s = REGISTRY_TIMEOUT_S,
      .attempts = 1};
  *out = NULL;
  if (options->spool == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "no spool folder is named");
  }
  int status = vqe_memory_alloc(&producer, 1, sizeof *producer, "a producer");
  if (status != VQE_OK) {
    return status;
  }
  set_defaults(producer, options);
  status = copy_settings(producer, options);
  if (status == VQE_OK) {
    status = vqe_registry_open(&producer->registry, &registry);
  }
  if (status == VQE_OK) {
    status = vqe_kafka_secrets_create(&producer->secrets, producer);
  }
  if (status == VQE_OK) {
    status = vqe_producer_connect(producer);
  }
  if (status == VQE_OK) {
    status = vqe_spool_open(&producer->spool, options->spool);
  }
  if (status == VQE_OK) {
    status = load_spool(producer);
  }
  if (status == VQE_OK) {
    status = vqe_thread_start(&producer->thread, vqe_producer_work, producer);
  }
  if (status != VQE_OK) {
    free_producer(producer);
    return status;
  }
  *out = producer;
  return VQE_OK;
}

/* ---- giving ---- */

/* With the lock held. A thread that keeps up empties the queue faster than
 * the spool could take a record. */
static bool is_full(struct vqe_producer *producer, size_t size)
{
  const struct vqe_message_list *queue = &producer->queue;
  struct timespec until;
  int waited = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += WAIT_NS;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  for (;;) {
    bool full = queue->count >= producer->options.queue_records ||
                (queue->count > 0 &&
                 queue->bytes + size > producer->options.queue_bytes);
    if (!full || waited != 0) {
      return full;
    }
    waited = pthread_cond_timedwait(&producer->taken, &producer->lock, &until);
  }
}

/* The queue is full: the disk, not the network, is what the caller waits
 * for. */
static void keep_here(struct vqe_producer *producer,
                      struct vqe_message *message)
{
  vqe_producer_keep(producer, message);
  if (message->state == VQE_MESSAGE_KEPT) {
    free(message->data);
    message->data = NULL;
  }
}

int vqe_producer_send(struct vqe_producer *producer, struct vqe_record *record)
{
  struct vqe_message *message = NULL;
  int status = vqe_record_identify(record);
  if (status == VQE_OK) {
    status = vqe_message_create(&message, record);
  }
  vqe_record_free(record);
  if (status != VQE_OK) {
    return status;
  }
  message->given_at = vqe_clock_wall();
  pthread_mutex_lock(&producer->lock);
  producer->counts.accepted++;
  producer->nopen++;
  bool full = is_full(producer, message->size);
  pthread_mutex_unlock(&producer->lock);
  if (full) {
    keep_here(producer, message);
  }
  pthread_mutex_lock(&producer->lock);
  vqe_messages_add(&producer->queue, message);
  if (producer->queue.count == 1 && producer->wake != NULL) {
    rd_kafka_queue_yield(producer->wake);
  }
  pthread_mutex_unlock(&producer->lock);
  return VQE_OK;
}

int vqe_producer_sync(struct vqe_producer *producer)
{
  char reason[VQE_PRODUCER_REASON_SIZE];
  pthread_mutex_lock(&producer->lock);
  producer->nsync++;
  if (producer->wake != NULL) {
    rd_kafka_queue_yield(producer->wake);
  }
  while (producer->nopen > 0) {
    pthread_cond_wait(&producer->settled, &producer->lock);
  }
  producer->nsync--;
  size_t unsafe = producer->nrefused + producer->counts.lost;
  memcpy(reason, producer->reason, sizeof reason);
  pthread_mutex_unlock(&producer->lock);
  if (unsafe > 0) {
    return vqe_error_set(VQE_ERR_IO, "%zu record%s could not be spooled: %s",
                         unsafe, unsafe == 1 ? "" : "s", reason);
  }
  return VQE_OK;
}

int vqe_producer_look(struct vqe_producer_counts *counts,
                      struct vqe_spool_size *spool,
                      struct vqe_producer *producer)
{
  pthread_mutex_lock(&producer->lock);
  *counts = producer->counts;
  pthread_mutex_unlock(&producer->lock);
  return vqe_spool_measure(spool, producer->spool);
}

/* ---- the end ---- */

static int by_value(const void *left, const void *right)
{
  double a = *(const double *)left;
  double b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static void count_latencies(struct vqe_producer_counts *counts,
                            struct vqe_producer *producer)
{
  size_t count = producer->nlatency;
  if (count == 0) {
    return;
  }
  qsort(producer->latencies, count, sizeof(double), by_value);
  counts->latency_median_s = producer->latencies[(count - 1) / 2];
  counts->latency_p99_s = producer->latencies[(count * 99 + 99) / 100 - 1];
  counts->latency_max_s = producer->latencies[count - 1];
}

int vqe_producer_close(struct vqe_producer_counts *counts,
                       struct vqe_producer *producer, double timeout_s)
{
  struct vqe_producer_counts last = {0};
  int status = VQE_OK;
  if (counts != NULL) {
    *counts = last;
  }
  if (producer == NULL) {
    return VQE_OK;
  }
  pthread_mutex_lock(&producer->lock);
  producer->closing = true;
  producer->close_timeout_s = timeout_s;
  if (producer->wake != NULL) {
    rd_kafka_queue_yield(producer->wake);
  }
  pthread_mutex_unlock(&producer->lock);
  pthread_join(producer->thread, NULL);
  last = producer->counts;
  count_latencies(&last, producer);
  if (last.spooled + last.lost > 0) {
    char place[300] = "";
    if (last.spooled > 0) {
      snprintf(place, sizeof place,
               ", %zu of them wait%s in '%s' (sent by the next run or by "
               "vqe_lake publish)",
               last.spooled, last.spooled == 1 ? "s" : "",
               vqe_spool_path(producer->spool));
    }
    status = vqe_error_set(
        VQE_ERR_IO, "%zu record%s undelivered%s%s; last reason: %s",
        last.spooled + last.lost,
        last.spooled + last.lost == 1 ? " is" : "s are", place,
        last.lost > 0 ? ", the others are LOST to the stream: publish them "
                        "from the result file"
                      : "",
        producer->reason[0] == '\0' ? "the time was over" : producer->reason);
  }
  if (counts != NULL) {
    *counts = last;
  }
  free_producer(producer);
  return status;
}
