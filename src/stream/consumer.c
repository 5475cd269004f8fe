#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "stream/consumer_state.h"
#include "stream/kafka_conf.h"

#define DEFAULT_GROUP "vqe_lake"
#define DEFAULT_TIMEOUT_S 30.0
#define DEFAULT_RECORDS 500
#define DEFAULT_BYTES ((size_t)256 << 20)
#define POLL_MS 100

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
  struct vqe_consumer *consumer = vqe_kafka_secrets_owner(ctx);
  (void)rk;
  consumer->last_error = (rd_kafka_resp_err_t)code;
  snprintf(consumer->reason, sizeof consumer->reason, "%s", text);
  vqe_kafka_mask(consumer->secrets, consumer->reason);
}

static int start_kafka(struct vqe_consumer *consumer,
                       const struct vqe_consumer_options *options)
{
  const char *group = consumer->group;
  rd_kafka_conf_t *conf = NULL;
  char reason[256];
  int status = vqe_kafka_secrets_create(&consumer->secrets, consumer);
  if (status == VQE_OK) {
    status = vqe_kafka_conf(&conf, consumer->secrets, &options->stream,
                            VQE_KAFKA_CONSUMER);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (rd_kafka_conf_set(conf, "group.id", group, reason, sizeof reason) !=
      RD_KAFKA_CONF_OK) {
    rd_kafka_conf_destroy(conf);
    return vqe_error_set(VQE_ERR_INPUT, "consumer group '%s': %s", group,
                         reason);
  }
  rd_kafka_conf_set_error_cb(conf, on_error);
  status = vqe_kafka_new(&consumer->rk, conf, consumer->secrets,
                         VQE_KAFKA_CONSUMER);
  if (status == VQE_OK) {
    rd_kafka_poll_set_consumer(consumer->rk);
  }
  return status;
}

int vqe_consumer_open(struct vqe_consumer **out,
                      const struct vqe_consumer_options *options)
{
  struct vqe_consumer *consumer = NULL;
  const struct vqe_registry_options registry = {
      .urls = options->stream.registry,
      .ca_file = options->stream.registry_ca_file};
  const char *topic =
      options->stream.topic != NULL ? options->stream.topic : VQE_STREAM_TOPIC;
  *out = NULL;
  int status = vqe_memory_alloc(&consumer, 1, sizeof *consumer, "a consumer");
  if (status != VQE_OK) {
    return status;
  }
  consumer->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  consumer->safe_records =
      options->safe_records > 0 ? options->safe_records : DEFAULT_RECORDS;
  consumer->commit_later = options->commit_later;
  consumer->from = options->from;
  consumer->from_value = options->from_value;
  consumer->reject_unknown = options->reject_unknown;
  consumer->safe_bytes =
      options->safe_bytes > 0 ? options->safe_bytes : DEFAULT_BYTES;
  status = vqe_memory_strdup(&consumer->topic, topic);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&consumer->brokers, options->stream.brokers);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&consumer->group, options->group != NULL
                                                     ? options->group
                                                     : DEFAULT_GROUP);
  }
  if (status == VQE_OK) {
    status = vqe_registry_open(&consumer->registry, &registry);
  }
  if (status == VQE_OK) {
    status = start_kafka(consumer, options);
  }
  if (status != VQE_OK) {
    vqe_consumer_close(consumer);
    return status;
  }
  *out = consumer;
  return VQE_OK;
}

void vqe_consumer_close(struct vqe_consumer *consumer)
{
  if (consumer == NULL) {
    return;
  }
  if (consumer->rk != NULL) {
    rd_kafka_consumer_close(consumer->rk);
    rd_kafka_destroy(consumer->rk);
  }
  vqe_kafka_secrets_free(consumer->secrets);
  vqe_consumer_free_codecs(consumer);
  vqe_registry_close(consumer->registry);
  free(consumer->parts);
  free(consumer->topic);
  free(consumer->brokers);
  free(consumer->group);
  free(consumer);
}

/* Counts a message that is no record; `reason` is kept of the first. */
static void note_rejected(struct vqe_consumer_counts *counts,
                          struct vqe_consumer *consumer, const char *reason)
{
  if (counts->rejected++ == 0) {
    snprintf(consumer->rejected, sizeof consumer->rejected, "%s", reason);
  }
}

static int give_rejected(struct vqe_consumer_counts *counts,
                         struct vqe_consumer *consumer,
                         const struct vqe_consumer_place *place,
                         const struct vqe_consumer_callbacks *callbacks)
{
  char reason[1024];
  snprintf(reason, sizeof reason, "%s", vqe_error_message());
  note_rejected(counts, consumer, reason);
  return callbacks->rejected == NULL
             ? VQE_OK
             : callbacks->rejected(callbacks->ctx, place, reason);
}

static int visit(struct vqe_consumer_counts *counts,
                 struct vqe_consumer *consumer,
                 const rd_kafka_message_t *message,
                 const struct vqe_consumer_callbacks *callbacks)
{
  struct vqe_record *record = NULL;
  bool is_none = false;
  const struct vqe_consumer_place place = {.topic = consumer->topic,
                                           .partition = message->partition,
                                           .offset = message->offset,
                                           .data = message->payload,
                                           .size = message->len};
  counts->messages++;
  if (message->payload == NULL) {
    counts->deleted++;
    return VQE_OK;
  }
  int status = vqe_consumer_decode(&record, &is_none, consumer, message);
  if (status != VQE_OK) {
    return is_none ? give_rejected(counts, consumer, &place, callbacks)
                   : status;
  }
  status = callbacks->record(callbacks->ctx, record, &place);
  if (status == VQE_CONSUMER_SET_ASIDE) {
    note_rejected(counts, consumer, vqe_error_message());
    return VQE_OK;
  }
  counts->records += status == VQE_OK ? 1 : 0;
  return status;
}

/* Have it made safe, then commit: once there was a record, as a reading that
 * finds none may be of a wrong topic. */
static int make_safe(struct vqe_consumer *consumer,
                     const struct vqe_consumer_counts *counts,
                     const struct vqe_consumer_callbacks *callbacks)
{
  bool is_new = false;
  if (counts->records == 0 && counts->rejected > 0) {
    return VQE_OK;
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    is_new |= consumer->parts[k].next > consumer->parts[k].committed;
  }
  if (!is_new || consumer->commit_later) {
    return VQE_OK;
  }
  int status =
      callbacks->safe == NULL ? VQE_OK : callbacks->safe(callbacks->ctx);
  return status == VQE_OK ? vqe_consumer_commit(consumer) : status;
}

/* An error that the broker reports instead of a message: fatal, or noted for
 * the message of a timeout. */
static int take_error(struct vqe_consumer *consumer,
                      const rd_kafka_message_t *message)
{
  if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
      message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
      message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
      message->err == RD_KAFKA_RESP_ERR__FATAL) {
    return vqe_consumer_fail(consumer, "reading", message->err);
  }
  snprintf(consumer->reason, sizeof consumer->reason, "%s",
           rd_kafka_message_errstr(message));
  vqe_kafka_mask(consumer->secrets, consumer->reason);
  consumer->last_error = message->err;
  return VQE_OK;
}

/* One reading: partitions that are not at their end, and what was given since
 * the last commit. */
struct reading {
  struct vqe_consumer_counts *counts;
  struct vqe_consumer *consumer;
  const struct vqe_consumer_callbacks *callbacks;
  size_t left;
  size_t records;
  size_t bytes;
  double last; /* time of the last sign of the broker's */
};

static int take_message(struct reading *reading,
                        const rd_kafka_message_t *message)
{
  struct vqe_consumer *consumer = reading->consumer;
  struct vqe_consumer_part *part =
      vqe_consumer_find_part(consumer, message->partition);
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && part != NULL) {
    reading->last = vqe_clock_wall();
    vqe_consumer_advance(
        part, message->offset > part->end ? message->offset : part->end,
        &reading->left);
    return VQE_OK;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return take_error(consumer, message);
  }
  if (part == NULL || part->done || message->offset < part->next) {
    return VQE_OK;
  }
  reading->last = vqe_clock_wall();
  if (message->offset >= part->end) {
    /* came after the reading began: the next reading's */
    vqe_consumer_advance(part, part->end, &reading->left);
    return VQE_OK;
  }
  int status = visit(reading->counts, consumer, message, reading->callbacks);
  if (status == VQE_OK) {
    reading->records++;
    reading->bytes += message->len;
    vqe_consumer_advance(part, message->offset + 1, &reading->left);
  }
  return status;
}

/* One message, if there is one, and a commit when enough has been given. */
static int read_next(struct reading *reading)
{
  struct vqe_consumer *consumer = reading->consumer;
  rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->rk, POLL_MS);
  if (message == NULL) {
    return vqe_clock_wall() - reading->last <= consumer->timeout_s
               ? VQE_OK
               : vqe_consumer_fail(consumer, "waiting for messages",
                                   RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
  int status = take_message(reading, message);
  rd_kafka_message_destroy(message);
  if (status == VQE_OK && (reading->records >= consumer->safe_records ||
                           reading->bytes >= consumer->safe_bytes)) {
    status = make_safe(consumer, reading->counts, reading->callbacks);
    reading->records = 0;
    reading->bytes = 0;
    reading->last = vqe_clock_wall();
  }
  return status;
}

int vqe_consumer_read(struct vqe_consumer_counts *counts,
                      struct vqe_consumer *consumer,
                      const struct vqe_consumer_callbacks *callbacks)
{
  struct reading reading = {
      .counts = counts, .consumer = consumer, .callbacks = callbacks};
  memset(counts, 0, sizeof *counts);
  consumer->reason[0] = '\0';
  int status = vqe_consumer_start(counts, &reading.left, consumer);
  reading.last = vqe_clock_wall();
  while (status == VQE_OK && reading.left > 0) {
    status = read_next(&reading);
  }
  if (status == VQE_OK) {
    status = make_safe(consumer, counts, callbacks);
  }
  if (status == VQE_OK && counts->records == 0 && counts->rejected > 0) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "topic '%s': none of %zu message%s is a record, so nothing is "
        "committed: %s; correct the topic or the registry, or pass over them "
        "by --from OFFSET",
        consumer->topic, counts->rejected, counts->rejected == 1 ? "" : "s",
        consumer->rejected);
  }
  (void)rd_kafka_assign(consumer->rk, NULL);
  return status;
}
