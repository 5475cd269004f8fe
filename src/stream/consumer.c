#include "stream/consumer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "record/record_avro.h"
#include "stream/kafka_conf.h"
#include "stream/registry.h"
#include "stream/wire.h"

#define DEFAULT_GROUP "vqe_lake"
#define DEFAULT_TIMEOUT_S 30.0
#define DEFAULT_RECORDS 500
#define DEFAULT_BYTES ((size_t)256 << 20)
#define POLL_MS 100
#define REASON_SIZE 400

/* Codec of a writer's schema. */
struct codec {
  struct codec *next;
  int32_t id;
  struct vqe_record_avro *avro; /* NULL: unusable */
  char reason[REASON_SIZE];     /* why */
};

struct part {
  int32_t id;
  int64_t next; /* offset to be read next */
  int64_t end;  /* of the topic when reading began */
  int64_t committed;
  bool done;
};

struct vqe_consumer {
  rd_kafka_t *rk;
  struct vqe_registry *registry;
  struct codec *codecs;
  struct part *parts;
  size_t npart;
  char *topic;
  char *brokers;
  double timeout_s;
  size_t safe_records, safe_bytes;
  bool commit_later;
  char reason[REASON_SIZE]; /* of the last error that librdkafka told */
  rd_kafka_resp_err_t last_error;
};

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
  struct vqe_consumer *consumer = ctx;
  (void)rk;
  consumer->last_error = (rd_kafka_resp_err_t)code;
  snprintf(consumer->reason, sizeof consumer->reason, "%s", text);
}

int vqe_consumer_open(struct vqe_consumer **out,
                      const struct vqe_consumer_options *options)
{
  struct vqe_consumer *consumer = NULL;
  rd_kafka_conf_t *conf = NULL;
  char reason[256];
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
  consumer->safe_bytes =
      options->safe_bytes > 0 ? options->safe_bytes : DEFAULT_BYTES;
  status = vqe_memory_strdup(&consumer->topic, topic);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&consumer->brokers, options->stream.brokers);
  }
  if (status == VQE_OK) {
    status = vqe_registry_open(&consumer->registry, &registry);
  }
  if (status == VQE_OK) {
    status = vqe_kafka_conf(&conf, &options->stream, VQE_KAFKA_CONSUMER);
  }
  if (status != VQE_OK) {
    goto out;
  }
  const char *group = options->group != NULL ? options->group : DEFAULT_GROUP;
  if (rd_kafka_conf_set(conf, "group.id", group, reason, sizeof reason) !=
      RD_KAFKA_CONF_OK) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "consumer group '%s': %s", group, reason);
    rd_kafka_conf_destroy(conf);
    goto out;
  }
  rd_kafka_conf_set_opaque(conf, consumer);
  rd_kafka_conf_set_error_cb(conf, on_error);
  status = vqe_kafka_new(&consumer->rk, conf, VQE_KAFKA_CONSUMER);
  if (status == VQE_OK) {
    rd_kafka_poll_set_consumer(consumer->rk);
  }
out:
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
  while (consumer->codecs != NULL) {
    struct codec *next = consumer->codecs->next;
    vqe_record_avro_free(consumer->codecs->avro);
    free(consumer->codecs);
    consumer->codecs = next;
  }
  vqe_registry_close(consumer->registry);
  free(consumer->parts);
  free(consumer->topic);
  free(consumer->brokers);
  free(consumer);
}

/* Status and message for an error of Kafka's. */
static int failed(const struct vqe_consumer *consumer, const char *what,
                  rd_kafka_resp_err_t error)
{
  int status = VQE_ERR_IO;
  const char *remedy = "are the brokers reachable?";
  const char *text = rd_kafka_err2str(error);
  /* a time limit hides what went wrong before */
  if ((error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
       error == RD_KAFKA_RESP_ERR__TRANSPORT) &&
      consumer->reason[0] != '\0') {
    text = consumer->reason;
    error = consumer->last_error;
  }
  switch (error) {
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    status = VQE_ERR_INPUT;
    remedy = "the user needs the right to read the topic and to use the group";
    break;
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    status = VQE_ERR_INPUT;
    remedy = "check security.protocol, sasl.mechanism, "
             "VQE_KAFKA_SASL_USERNAME and VQE_KAFKA_SASL_PASSWORD";
    break;
  case RD_KAFKA_RESP_ERR__SSL:
    status = VQE_ERR_INPUT;
    remedy = "check security.protocol and ssl.ca.location";
    break;
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    status = VQE_ERR_NOT_FOUND;
    remedy = "there is no such topic; correct its name or publish first";
    break;
  default:
    break;
  }
  return vqe_error_set(status, "Kafka at %s, topic '%s': %s: %s; %s",
                       consumer->brokers, consumer->topic, what, text, remedy);
}

/* ---- where to begin, where to end ---- */

static int timeout_ms(const struct vqe_consumer *consumer)
{
  return (int)(consumer->timeout_s * 1000.0);
}

static int find_parts(struct vqe_consumer *consumer)
{
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_topic_t *topic =
      rd_kafka_topic_new(consumer->rk, consumer->topic, NULL);
  int status = VQE_OK;
  if (topic == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s' is no name of a topic",
                         consumer->topic);
  }
  rd_kafka_resp_err_t error = rd_kafka_metadata(
      consumer->rk, 0, topic, &metadata, timeout_ms(consumer));
  /* errors that were told wait in the queue */
  rd_kafka_poll(consumer->rk, 0);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
    error = metadata->topics[0].err;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = failed(consumer, "asking for its partitions", error);
    goto out;
  }
  size_t count = (size_t)metadata->topics[0].partition_cnt;
  free(consumer->parts);
  consumer->npart = 0;
  status = vqe_memory_alloc(&consumer->parts, count, sizeof *consumer->parts,
                            "partitions");
  if (status != VQE_OK) {
    goto out;
  }
  consumer->npart = count;
  for (size_t k = 0; k < count; k++) {
    consumer->parts[k].id = metadata->topics[0].partitions[k].id;
  }
out:
  if (metadata != NULL) {
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(topic);
  return status;
}

static int make_list(rd_kafka_topic_partition_list_t **out,
                     const struct vqe_consumer *consumer)
{
  *out = rd_kafka_topic_partition_list_new((int)consumer->npart);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for partitions");
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    rd_kafka_topic_partition_list_add(*out, consumer->topic,
                                      consumer->parts[k].id)
        ->offset = consumer->parts[k].next;
  }
  return VQE_OK;
}

static int find_range(struct vqe_consumer_counts *counts,
                      struct vqe_consumer *consumer)
{
  rd_kafka_topic_partition_list_t *list = NULL;
  int status = make_list(&list, consumer);
  if (status != VQE_OK) {
    return status;
  }
  rd_kafka_resp_err_t error =
      rd_kafka_committed(consumer->rk, list, timeout_ms(consumer));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(consumer->rk, 0);
    status = failed(consumer, "asking for the committed place", error);
    goto out;
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    struct part *part = &consumer->parts[k];
    int64_t low = 0;
    error = rd_kafka_query_watermark_offsets(consumer->rk, consumer->topic,
                                             part->id, &low, &part->end,
                                             timeout_ms(consumer));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_poll(consumer->rk, 0);
      status = failed(consumer, "asking for its end", error);
      goto out;
    }
    int64_t committed = list->elems[k].offset;
    part->next = committed;
    part->committed = committed;
    if (committed < 0) {
      part->next = low;
    } else if (committed < low) {
      counts->expired += (size_t)(low - committed);
      part->next = low;
    } else if (committed > part->end) {
      /* the topic was made anew */
      part->next = low;
    }
    part->done = part->next >= part->end;
  }
out:
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

static int assign(struct vqe_consumer *consumer, size_t *left)
{
  rd_kafka_topic_partition_list_t *list =
      rd_kafka_topic_partition_list_new((int)consumer->npart);
  int status = VQE_OK;
  *left = 0;
  if (list == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for partitions");
  }
  for (size_t k = 0; k < consumer->npart; k++) {
    if (!consumer->parts[k].done) {
      rd_kafka_topic_partition_list_add(list, consumer->topic,
                                        consumer->parts[k].id)
          ->offset = consumer->parts[k].next;
      (*left)++;
    }
  }
  rd_kafka_resp_err_t error = *left == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                         : rd_kafka_assign(consumer->rk, list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = failed(consumer, "taking its partitions", error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

/* ---- messages ---- */

/* Codec for schema `id`, asked of the registry once. VQE_OK with an unusable
 * one for a schema that is not there or no schema; a registry that does not
 * answer is an error: its messages are not to be rejected. */
static int codec_of(struct codec **out, struct vqe_consumer *consumer,
                    int32_t id)
{
  const char *schema = NULL;
  struct codec *codec = NULL;
  for (codec = consumer->codecs; codec != NULL; codec = codec->next) {
    if (codec->id == id) {
      *out = codec;
      return VQE_OK;
    }
  }
  int status = vqe_registry_fetch(&schema, consumer->registry, id);
  if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
    return status;
  }
  bool found = status == VQE_OK;
  status = vqe_memory_alloc(&codec, 1, sizeof *codec, "a codec");
  if (status != VQE_OK) {
    return status;
  }
  codec->id = id;
  if (found) {
    status = vqe_record_avro_create(&codec->avro, schema, strlen(schema));
  }
  if (status == VQE_ERR_MEMORY) {
    free(codec);
    return status;
  }
  if (codec->avro == NULL) {
    snprintf(codec->reason, sizeof codec->reason, "schema %d: %s", id,
             vqe_error_message());
  }
  codec->next = consumer->codecs;
  consumer->codecs = codec;
  *out = codec;
  return VQE_OK;
}

/* VQE_ERR_INPUT: no record, the message says why. */
static int decode(struct vqe_record **out, struct vqe_consumer *consumer,
                  const rd_kafka_message_t *message)
{
  struct codec *codec = NULL;
  const uint8_t *payload = NULL;
  size_t size = 0;
  int32_t id = 0;
  char where[200];
  *out = NULL;
  int status =
      vqe_wire_decode(&id, &payload, &size, message->payload, message->len);
  if (status != VQE_OK) {
    return status;
  }
  status = codec_of(&codec, consumer, id);
  if (status != VQE_OK) {
    /* not the message's fault */
    return status == VQE_ERR_INPUT ? VQE_ERR_UNSUPPORTED : status;
  }
  if (codec->avro == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", codec->reason);
  }
  snprintf(where, sizeof where, "%.100s, partition %d, offset %lld",
           consumer->topic, message->partition, (long long)message->offset);
  status = vqe_record_avro_decode(out, codec->avro, payload, size, where);
  if (status == VQE_OK) {
    status = vqe_record_identify(*out);
  }
  if (status != VQE_OK) {
    vqe_record_free(*out);
    *out = NULL;
  }
  return status;
}

static int visit(struct vqe_consumer_counts *counts,
                 struct vqe_consumer *consumer,
                 const rd_kafka_message_t *message,
                 const struct vqe_consumer_callbacks *callbacks)
{
  struct vqe_record *record = NULL;
  const struct vqe_consumer_place place = {.topic = consumer->topic,
                                           .partition = message->partition,
                                           .offset = message->offset};
  counts->messages++;
  if (message->payload == NULL) {
    counts->deleted++;
    return VQE_OK;
  }
  int status = decode(&record, consumer, message);
  if (status == VQE_OK) {
    counts->records++;
    return callbacks->record(callbacks->ctx, record, &place);
  }
  if (status != VQE_ERR_INPUT) {
    return status;
  }
  counts->rejected++;
  if (callbacks->rejected == NULL) {
    return VQE_OK;
  }
  char reason[1024];
  snprintf(reason, sizeof reason, "%s", vqe_error_message());
  return callbacks->rejected(callbacks->ctx, &place, message->payload,
                             message->len, reason);
}

static struct part *part_of(struct vqe_consumer *consumer, int32_t id)
{
  for (size_t k = 0; k < consumer->npart; k++) {
    if (consumer->parts[k].id == id) {
      return &consumer->parts[k];
    }
  }
  return NULL;
}

int vqe_consumer_commit(struct vqe_consumer *consumer)
{
  rd_kafka_topic_partition_list_t *list = NULL;
  int status = make_list(&list, consumer);
  if (status != VQE_OK) {
    return status;
  }
  rd_kafka_resp_err_t error = list->cnt == 0
                                  ? RD_KAFKA_RESP_ERR_NO_ERROR
                                  : rd_kafka_commit(consumer->rk, list, 0);
  for (int k = 0; k < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; k++) {
    error = list->elems[k].err;
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (size_t k = 0; k < consumer->npart; k++) {
      consumer->parts[k].committed = consumer->parts[k].next;
    }
  } else {
    status =
        failed(consumer, "committing the place (the data are safe)", error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

/* Have it made safe, then commit. */
static int make_safe(struct vqe_consumer *consumer,
                     const struct vqe_consumer_callbacks *callbacks)
{
  bool is_news = false;
  for (size_t k = 0; k < consumer->npart; k++) {
    is_news |= consumer->parts[k].next != consumer->parts[k].committed;
  }
  if (!is_news || consumer->commit_later) {
    return VQE_OK;
  }
  int status =
      callbacks->safe == NULL ? VQE_OK : callbacks->safe(callbacks->ctx);
  return status == VQE_OK ? vqe_consumer_commit(consumer) : status;
}

/* A partition is read when all up to its end was seen, or when the broker
 * says so: the last offsets may hold no messages. */
static void advance(struct part *part, int64_t next, size_t *left)
{
  if (part->done) {
    return;
  }
  if (next > part->next) {
    part->next = next;
  }
  if (part->next >= part->end) {
    part->next = part->next > part->end ? part->next : part->end;
    part->done = true;
    (*left)--;
  }
}

static int read_all(struct vqe_consumer_counts *counts,
                    struct vqe_consumer *consumer, size_t left,
                    const struct vqe_consumer_callbacks *callbacks)
{
  int status = VQE_OK;
  size_t records = 0;
  size_t bytes = 0;
  double last = vqe_clock_wall();
  while (left > 0 && status == VQE_OK) {
    rd_kafka_message_t *message =
        rd_kafka_consumer_poll(consumer->rk, POLL_MS);
    if (message == NULL) {
      if (vqe_clock_wall() - last > consumer->timeout_s) {
        status = failed(consumer, "waiting for messages",
                        RD_KAFKA_RESP_ERR__TIMED_OUT);
      }
      continue;
    }
    struct part *part = part_of(consumer, message->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && part != NULL) {
      last = vqe_clock_wall();
      advance(part, message->offset > part->end ? message->offset : part->end,
              &left);
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
          message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
          message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
          message->err == RD_KAFKA_RESP_ERR__FATAL) {
        status = failed(consumer, "reading", message->err);
      } else {
        snprintf(consumer->reason, sizeof consumer->reason, "%s",
                 rd_kafka_message_errstr(message));
        consumer->last_error = message->err;
      }
    } else if (part != NULL && !part->done && message->offset >= part->next) {
      last = vqe_clock_wall();
      if (message->offset >= part->end) {
        /* came after the reading began: the next reading's */
        advance(part, part->end, &left);
      } else {
        status = visit(counts, consumer, message, callbacks);
        if (status == VQE_OK) {
          records++;
          bytes += message->len;
          advance(part, message->offset + 1, &left);
        }
      }
    }
    rd_kafka_message_destroy(message);
    if (status == VQE_OK &&
        (records >= consumer->safe_records || bytes >= consumer->safe_bytes)) {
      status = make_safe(consumer, callbacks);
      records = 0;
      bytes = 0;
      last = vqe_clock_wall();
    }
  }
  if (status == VQE_OK) {
    status = make_safe(consumer, callbacks);
  }
  return status;
}

int vqe_consumer_read(struct vqe_consumer_counts *counts,
                      struct vqe_consumer *consumer,
                      const struct vqe_consumer_callbacks *callbacks)
{
  size_t left = 0;
  memset(counts, 0, sizeof *counts);
  consumer->reason[0] = '\0';
  int status = find_parts(consumer);
  if (status == VQE_OK) {
    status = find_range(counts, consumer);
  }
  if (status == VQE_OK) {
    status = assign(consumer, &left);
  }
  if (status == VQE_OK) {
    status = read_all(counts, consumer, left, callbacks);
  }
  (void)rd_kafka_assign(consumer->rk, NULL);
  return status;
}
