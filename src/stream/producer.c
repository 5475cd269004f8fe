#include "stream/producer.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "store/record_avro.h"
#include "store/spool.h"
#include "stream/kafka_conf.h"
#include "stream/registry.h"
#include "stream/wire.h"

#define QUEUE_RECORDS 256
#define QUEUE_BYTES ((size_t)64 << 20)
#define LARGEST_PAUSE_S 30.0
#define REGISTRY_TIMEOUT_S 5.0
#define IDLE_MS 100 /* reports and the queue wake the thread before */
#define MOST_UNDER_WAY 10000
#define REASON_SIZE 512
#define PURGE_POLLS 50
#define QUIET_S 3.0 /* under way without a report: ask why */
#define ASK_MS 2000
#define LASTING_GRACE_S 3.0 /* at the end, after an error that stays */

/* A record on its way. It is in one list at a time: queue (record set),
 * pending, or with librdkafka. */
struct message {
  struct message *next;
  struct vqe_record *record;      /* until it is encoded */
  char *key;                      /* experiment_id */
  uint8_t *avro;                  /* NULL: to be read from the spool */
  size_t size;                    /* of avro */
  size_t sent_size;               /* of the message under way */
  char name[VQE_SPOOL_NAME_SIZE]; /* in the spool; "" when it is not there */
  double given_at;                /* 0: found in the spool */
  bool alone; /* refused for its size together with others: sent alone */
};

struct list {
  struct message *first;
  struct message **end;
  size_t count;
};

struct vqe_producer {
  struct vqe_producer_options options;
  char *topic;
  char *subject;
  struct vqe_spool *spool;
  struct vqe_registry *registry;
  struct vqe_stream_property *properties;
  char *brokers;
  pthread_t thread;
  bool has_thread;

  pthread_mutex_t lock; /* guards the following */
  pthread_cond_t spooled;
  struct list queue;
  size_t queue_bytes; /* estimated */
  bool busy;          /* the thread spools one that it took */
  bool closing;
  double close_timeout_s;
  rd_kafka_queue_t *wake; /* interrupts the thread's wait */
  struct vqe_producer_counts counts;
  char reason[REASON_SIZE]; /* why the last thing failed */
  bool unsafe;              /* a record is neither spooled nor delivered */

  /* of the thread alone, once it runs */
  rd_kafka_t *rk;
  rd_kafka_topic_t *known_topic; /* has librdkafka look for it from the start,
                                    not when the first record waits */
  struct vqe_avro *avro;
  struct list pending;
  size_t kept_bytes; /* of avro of pending messages that could be read */
  size_t under_way, under_way_bytes;
  bool one_alone; /* the message under way is to stay alone */
  int32_t schema_id;
  bool has_schema, schema_refused;
  double schema_retry_at, schema_pause_s;
  double send_retry_at, send_pause_s;
  double last_progress;
  double quiet_since; /* messages are under way, without a report */
  rd_kafka_resp_err_t last_error;
  bool fatal;
};

/* ---- lists and messages ---- */

static void list_init(struct list *list)
{
  list->first = NULL;
  list->end = &list->first;
  list->count = 0;
}

static void list_add(struct list *list, struct message *message)
{
  message->next = NULL;
  *list->end = message;
  list->end = &message->next;
  list->count++;
}

static struct message *list_take(struct list *list)
{
  struct message *message = list->first;
  if (message != NULL) {
    list->first = message->next;
    if (list->first == NULL) {
      list->end = &list->first;
    }
    list->count--;
    message->next = NULL;
  }
  return message;
}

static void list_put_back(struct list *list, struct message *message)
{
  message->next = list->first;
  list->first = message;
  if (message->next == NULL) {
    list->end = &message->next;
  }
  list->count++;
}

static void message_free(struct message *message)
{
  if (message != NULL) {
    vqe_record_free(message->record);
    free(message->key);
    free(message->avro);
    free(message);
  }
}

/* About the bytes that a record takes. */
static size_t weight(const struct vqe_record *record)
{
  size_t bytes = sizeof *record + record->nterm * 96 + record->niteration * 64;
  for (size_t k = 0; k < record->niteration; k++) {
    bytes += record->iterations[k].nparam * sizeof(double);
  }
  return bytes + (record->ansatz == NULL ? 0 : strlen(record->ansatz));
}

/* ---- telling ---- */

static void report(struct vqe_producer *producer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(struct vqe_producer *producer, const char *format, ...)
{
  char text[1200];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  pthread_mutex_lock(&producer->lock);
  bool is_news = strncmp(producer->reason, text, REASON_SIZE - 1) != 0;
  snprintf(producer->reason, REASON_SIZE, "%s", text);
  pthread_mutex_unlock(&producer->lock);
  if (is_news && producer->options.report != NULL) {
    producer->options.report(producer->options.report_ctx, text);
  }
}

/* librdkafka's word for an error, with what to do. */
static const char *remedy_of(rd_kafka_resp_err_t error)
{
  switch (error) {
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    return "the user needs the right to write to the topic";
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    return "check security.protocol, sasl.mechanism, VQE_KAFKA_SASL_USERNAME "
           "and VQE_KAFKA_SASL_PASSWORD";
  case RD_KAFKA_RESP_ERR__SSL:
    return "check security.protocol and ssl.ca.location";
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    return "create the topic";
  case RD_KAFKA_RESP_ERR__RESOLVE:
    return "check the names of the brokers";
  case RD_KAFKA_RESP_ERR__TRANSPORT:
  case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
  case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
  case RD_KAFKA_RESP_ERR__TIMED_OUT:
    return "are the brokers reachable?";
  default:
    return "records stay in the spool";
  }
}

/* Waiting will not cure it within this run. */
static bool is_lasting(rd_kafka_resp_err_t error)
{
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
         error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         error == RD_KAFKA_RESP_ERR__SSL ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR__RESOLVE;
}

static bool is_away(rd_kafka_resp_err_t error)
{
  return error == RD_KAFKA_RESP_ERR__TRANSPORT ||
         error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
         error == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/* What is behind librdkafka's "fatal error". */
static void tell_fatal(struct vqe_producer *producer, rd_kafka_t *rk)
{
  char text[400] = "";
  rd_kafka_resp_err_t error = rd_kafka_fatal_error(rk, text, sizeof text);
  producer->fatal = true;
  producer->last_error = error;
  report(producer, "Kafka at %s: %s; %s", producer->options.stream.brokers,
         text, remedy_of(error));
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
  struct vqe_producer *producer = ctx;
  rd_kafka_resp_err_t error = (rd_kafka_resp_err_t)code;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    tell_fatal(producer, rk);
    return;
  }
  /* told once until something is delivered: librdkafka tries again, and
   * says so, every few seconds */
  if (is_away(error) &&
      (is_away(producer->last_error) || is_lasting(producer->last_error))) {
    return;
  }
  producer->last_error = error;
  report(producer, "Kafka at %s: %s; %s", producer->options.stream.brokers,
         text, remedy_of(error));
}

/* ---- the spool ---- */

static void count_lost(struct vqe_producer *producer, size_t by)
{
  pthread_mutex_lock(&producer->lock);
  producer->counts.lost += by;
  producer->unsafe = true;
  pthread_mutex_unlock(&producer->lock);
}

/* Encode a record and put it into the spool; what cannot be spooled stays in
 * memory. From any thread: `avro` is the caller's codec. */
static int spool_message(struct vqe_producer *producer, struct vqe_avro *avro,
                         struct message *message)
{
  int status =
      vqe_avro_encode(&message->avro, &message->size, avro, message->record);
  vqe_record_free(message->record);
  message->record = NULL;
  if (status != VQE_OK) {
    report(producer, "%s", vqe_error_message());
    return status;
  }
  if (vqe_spool_put(message->name, producer->spool, message->key,
                    message->avro, message->size) != VQE_OK) {
    message->name[0] = '\0';
    report(producer, "%s; it is sent from memory and lost if that fails",
           vqe_error_message());
    pthread_mutex_lock(&producer->lock);
    producer->unsafe = true;
    pthread_mutex_unlock(&producer->lock);
  }
  return VQE_OK;
}

/* Forget the bytes of a message that can be read from the spool again. */
static void drop_bytes(struct message *message)
{
  if (message->avro != NULL && message->name[0] != '\0') {
    free(message->avro);
    message->avro = NULL;
  }
}

static void make_pending(struct vqe_producer *producer,
                         struct message *message)
{
  if (message->avro != NULL) {
    if (producer->kept_bytes + message->size > producer->options.queue_bytes) {
      drop_bytes(message);
    }
    producer->kept_bytes += message->avro == NULL ? 0 : message->size;
  }
  list_add(&producer->pending, message);
}

/* Bytes for a pending message that was taken from the list. */
static int load_bytes(struct vqe_producer *producer, struct message *message)
{
  char *id = NULL;
  if (message->avro != NULL) {
    producer->kept_bytes -= message->size;
    return VQE_OK;
  }
  int status = vqe_spool_load(&id, &message->avro, &message->size,
                              producer->spool, message->name);
  if (status == VQE_OK && message->key == NULL) {
    message->key = id;
    id = NULL;
  }
  free(id);
  return status;
}

/* ---- reports ---- */

static void delivered(struct vqe_producer *producer, struct message *message)
{
  double now = vqe_clock_wall();
  producer->last_progress = now;
  producer->send_pause_s = 0.0;
  producer->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (message->name[0] != '\0' &&
      vqe_spool_remove(producer->spool, message->name) != VQE_OK) {
    report(producer, "%s", vqe_error_message());
  }
  pthread_mutex_lock(&producer->lock);
  producer->counts.delivered++;
  producer->counts.bytes += message->sent_size;
  if (message->given_at > 0.0) {
    double latency = now - message->given_at;
    producer->counts.latency_sum_s += latency;
    if (latency > producer->counts.latency_max_s) {
      producer->counts.latency_max_s = latency;
    }
  }
  pthread_mutex_unlock(&producer->lock);
  message_free(message);
}

/* It stays in the spool and is not sent again by this producer. */
static void set_aside(struct vqe_producer *producer, struct message *message)
{
  pthread_mutex_lock(&producer->lock);
  if (message->name[0] != '\0') {
    producer->counts.spooled++;
  } else {
    producer->counts.lost++;
    producer->unsafe = true;
  }
  pthread_mutex_unlock(&producer->lock);
  message_free(message);
}

static void too_large(struct vqe_producer *producer, struct message *message,
                      const char *who)
{
  report(producer,
         "experiment %s: its record of %.3f MB is larger than %s; raise "
         "max.message.bytes of topic '%s' (and message.max.bytes here), it "
         "waits in '%s'",
         message->key, (double)message->sent_size / 1e6, who, producer->topic,
         vqe_spool_path(producer->spool));
  pthread_mutex_lock(&producer->lock);
  producer->counts.too_large++;
  pthread_mutex_unlock(&producer->lock);
  producer->last_progress = vqe_clock_wall();
  set_aside(producer, message);
}

static void wait_before_sending(struct vqe_producer *producer)
{
  double pause = producer->send_pause_s * 2.0;
  pause = pause < 0.5 ? 0.5 : pause;
  producer->send_pause_s = pause > LARGEST_PAUSE_S ? LARGEST_PAUSE_S : pause;
  producer->send_retry_at = vqe_clock_wall() + producer->send_pause_s;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *result,
                      void *ctx)
{
  struct vqe_producer *producer = ctx;
  struct message *message = result->_private;
  producer->under_way--;
  producer->quiet_since = vqe_clock_wall();
  producer->under_way_bytes -= message->sent_size;
  if (producer->under_way == 0) {
    producer->one_alone = false;
  }
  switch (result->err) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    delivered(producer, message);
    return;
  case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    if (message->alone) {
      too_large(producer, message, "the broker takes");
      return;
    }
    /* the limit was passed by a batch: perhaps by another record of it */
    message->alone = true;
    break;
  case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
  case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    break;
  case RD_KAFKA_RESP_ERR__FATAL:
    tell_fatal(producer, rk);
    break;
  default:
    producer->last_error = result->err;
    report(producer, "Kafka at %s, topic '%s': %s; %s",
           producer->options.stream.brokers, producer->topic,
           rd_kafka_err2str(result->err), remedy_of(result->err));
    wait_before_sending(producer);
    break;
  }
  make_pending(producer, message);
}

/* ---- sending ---- */

/* librdkafka takes a copy where the bytes are nowhere else. Returns whether
 * more may be sent. */
static bool send_one(struct vqe_producer *producer, struct message *message)
{
  uint8_t *data = NULL;
  size_t size = 0;
  int status = load_bytes(producer, message);
  if (status == VQE_ERR_NOT_FOUND) {
    /* another program has delivered it */
    pthread_mutex_lock(&producer->lock);
    producer->counts.delivered++;
    pthread_mutex_unlock(&producer->lock);
    message_free(message);
    return true;
  }
  if (status == VQE_OK) {
    status = vqe_wire_encode(&data, &size, producer->schema_id, message->avro,
                             message->size);
  }
  if (status == VQE_ERR_MEMORY) {
    report(producer, "%s", vqe_error_message());
    make_pending(producer, message);
    wait_before_sending(producer);
    return false;
  }
  if (status != VQE_OK) {
    report(producer, "%s", vqe_error_message());
    set_aside(producer, message);
    return true;
  }
  message->sent_size = size;
  rd_kafka_resp_err_t error = rd_kafka_producev(
      producer->rk, RD_KAFKA_V_TOPIC(producer->topic),
      RD_KAFKA_V_KEY(message->key, strlen(message->key)),
      RD_KAFKA_V_VALUE(data, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_FREE),
      RD_KAFKA_V_OPAQUE(message), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    producer->under_way++;
    producer->under_way_bytes += size;
    producer->one_alone = message->alone;
    drop_bytes(message);
    return !message->alone;
  }
  free(data);
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    too_large(producer, message, "message.max.bytes");
    return true;
  }
  if (message->avro != NULL) {
    producer->kept_bytes += message->size;
  }
  list_put_back(&producer->pending, message);
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    tell_fatal(producer, producer->rk);
  } else if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    producer->last_error = error;
    report(producer, "Kafka at %s, topic '%s': %s; %s",
           producer->options.stream.brokers, producer->topic,
           rd_kafka_err2str(error), remedy_of(error));
    wait_before_sending(producer);
  }
  return false;
}

static void send_pending(struct vqe_producer *producer)
{
  while (producer->pending.first != NULL && producer->has_schema &&
         !producer->one_alone && producer->under_way < MOST_UNDER_WAY &&
         vqe_clock_wall() >= producer->send_retry_at) {
    struct message *message = producer->pending.first;
    /* one message may be larger than the bound, two may not */
    if (producer->under_way > 0 &&
        (message->alone || producer->under_way_bytes + message->size >
                               producer->options.queue_bytes)) {
      return;
    }
    (void)list_take(&producer->pending);
    if (!send_one(producer, message)) {
      return;
    }
  }
}

static void ensure_schema(struct vqe_producer *producer)
{
  if (producer->has_schema || producer->schema_refused ||
      vqe_clock_wall() < producer->schema_retry_at) {
    return;
  }
  int status = vqe_registry_register(&producer->schema_id, producer->registry,
                                     producer->subject, vqe_avro_schema_text,
                                     vqe_avro_schema_text_size);
  if (status == VQE_OK) {
    producer->has_schema = true;
    producer->last_progress = vqe_clock_wall();
    return;
  }
  if (status == VQE_ERR_INTERRUPTED) {
    return;
  }
  producer->schema_refused = status == VQE_ERR_INPUT;
  report(producer, "%s; %s", vqe_error_message(),
         producer->schema_refused ? "records stay in the spool"
                                  : "records wait in the spool");
  double pause = producer->schema_pause_s;
  producer->schema_retry_at = vqe_clock_wall() + pause;
  producer->schema_pause_s =
      2.0 * pause > LARGEST_PAUSE_S ? LARGEST_PAUSE_S : 2.0 * pause;
}

static int new_handle(struct vqe_producer *producer)
{
  rd_kafka_conf_t *conf = NULL;
  rd_kafka_t *rk = NULL;
  int status =
      vqe_kafka_conf(&conf, &producer->options.stream, VQE_KAFKA_PRODUCER);
  if (status != VQE_OK) {
    return status;
  }
  rd_kafka_conf_set_opaque(conf, producer);
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_error_cb(conf, on_error);
  status = vqe_kafka_new(&rk, conf, VQE_KAFKA_PRODUCER);
  if (status != VQE_OK) {
    return status;
  }
  producer->known_topic = rd_kafka_topic_new(rk, producer->topic, NULL);
  if (producer->known_topic == NULL) {
    rd_kafka_destroy(rk);
    return vqe_error_set(VQE_ERR_INPUT, "'%s' is no name of a topic",
                         producer->topic);
  }
  pthread_mutex_lock(&producer->lock);
  producer->rk = rk;
  producer->wake = rd_kafka_queue_get_main(rk);
  pthread_mutex_unlock(&producer->lock);
  return VQE_OK;
}

/* All messages come back to `pending` by their reports. */
static void drop_handle(struct vqe_producer *producer)
{
  if (producer->rk == NULL) {
    return;
  }
  rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE |
                                   RD_KAFKA_PURGE_F_INFLIGHT |
                                   RD_KAFKA_PURGE_F_NON_BLOCKING);
  for (int k = 0; k < PURGE_POLLS && producer->under_way > 0; k++) {
    rd_kafka_poll(producer->rk, IDLE_MS);
  }
  pthread_mutex_lock(&producer->lock);
  rd_kafka_queue_destroy(producer->wake);
  producer->wake = NULL;
  pthread_mutex_unlock(&producer->lock);
  rd_kafka_topic_destroy(producer->known_topic);
  rd_kafka_destroy(producer->rk);
  producer->rk = NULL;
}

/* An idempotent producer that met an error it cannot order around is dead;
 * a new one takes its messages. */
static void renew_handle(struct vqe_producer *producer)
{
  drop_handle(producer);
  if (new_handle(producer) == VQE_OK) {
    producer->fatal = false;
  } else {
    report(producer, "%s", vqe_error_message());
  }
  wait_before_sending(producer);
}

/* librdkafka waits in silence for a topic that it may not see; its state
 * says why. */
static void ask_why(struct vqe_producer *producer)
{
  const struct rd_kafka_metadata *metadata = NULL;
  double now = vqe_clock_wall();
  if (producer->under_way == 0 || producer->rk == NULL) {
    producer->quiet_since = now;
    return;
  }
  if (now - producer->quiet_since < QUIET_S) {
    return;
  }
  rd_kafka_resp_err_t error = rd_kafka_metadata(
      producer->rk, 0, producer->known_topic, &metadata, ASK_MS);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
    error = metadata->topics[0].err;
    if (is_lasting(error)) {
      producer->last_error = error;
      report(producer, "Kafka at %s, topic '%s': %s; %s",
             producer->options.stream.brokers, producer->topic,
             rd_kafka_err2str(error), remedy_of(error));
    }
  }
  if (metadata != NULL) {
    rd_kafka_metadata_destroy(metadata);
  }
  producer->quiet_since = vqe_clock_wall();
}

/* ---- the thread ---- */

/* Spool what was given; one at a time, so that reports are not kept waiting.
 * Returns whether there may be more. */
static bool take_given(struct vqe_producer *producer)
{
  pthread_mutex_lock(&producer->lock);
  struct message *message = list_take(&producer->queue);
  producer->busy = message != NULL;
  if (message != NULL) {
    producer->queue_bytes -= message->record == NULL ? 0 : message->sent_size;
  }
  pthread_mutex_unlock(&producer->lock);
  if (message == NULL) {
    return false;
  }
  if (message->record == NULL ||
      spool_message(producer, producer->avro, message) == VQE_OK) {
    make_pending(producer, message);
  } else {
    count_lost(producer, 1);
    message_free(message);
  }
  pthread_mutex_lock(&producer->lock);
  producer->busy = false;
  pthread_cond_broadcast(&producer->spooled);
  pthread_mutex_unlock(&producer->lock);
  return true;
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
  if (producer->pending.count == 0 && producer->under_way == 0) {
    return true;
  }
  if (producer->schema_refused) {
    return true;
  }
  if (is_lasting(producer->last_error) && timeout > LASTING_GRACE_S) {
    timeout = LASTING_GRACE_S;
  }
  return vqe_clock_wall() - producer->last_progress >= timeout;
}

static void *work(void *ctx)
{
  struct vqe_producer *producer = ctx;
  for (;;) {
    bool more = take_given(producer);
    if (producer->pending.count > 0) {
      ensure_schema(producer);
    }
    if (producer->fatal && vqe_clock_wall() >= producer->send_retry_at) {
      renew_handle(producer);
    }
    if (producer->rk != NULL) {
      send_pending(producer);
      rd_kafka_poll(producer->rk, more ? 0 : IDLE_MS);
    } else if (!more) {
      const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000L};
      nanosleep(&pause, NULL);
    }
    ask_why(producer);
    if (!more && is_finished(producer)) {
      break;
    }
  }
  drop_handle(producer);
  for (;;) {
    struct message *message = list_take(&producer->pending);
    if (message == NULL) {
      break;
    }
    set_aside(producer, message);
  }
  return NULL;
}

/* ---- the caller's side ---- */

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
  if (status == VQE_OK &&
      asprintf(&producer->subject, "%s-value", producer->topic) < 0) {
    producer->subject = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a subject");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&producer->properties, count,
                              sizeof *producer->properties, "properties");
  }
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
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
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    struct message *message = NULL;
    status = vqe_memory_alloc(&message, 1, sizeof *message, "a message");
    if (status == VQE_OK) {
      memcpy(message->name, names[k], VQE_SPOOL_NAME_SIZE);
      list_add(&producer->pending, message);
    }
  }
  producer->counts.found = count;
  free(names);
  return status;
}

static int start(struct vqe_producer *producer)
{
  sigset_t all;
  sigset_t before;
  /* signals are the program's own */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&producer->thread, NULL, work, producer);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "cannot start a thread");
  }
  producer->has_thread = true;
  return VQE_OK;
}

static void free_producer(struct vqe_producer *producer)
{
  if (producer->wake != NULL) {
    rd_kafka_queue_destroy(producer->wake);
  }
  if (producer->rk != NULL) {
    rd_kafka_topic_destroy(producer->known_topic);
    rd_kafka_destroy(producer->rk);
  }
  for (struct message *message; (message = list_take(&producer->pending));) {
    message_free(message);
  }
  for (struct message *message; (message = list_take(&producer->queue));) {
    message_free(message);
  }
  vqe_avro_free(producer->avro);
  vqe_registry_close(producer->registry);
  vqe_spool_close(producer->spool);
  for (size_t k = 0;
       k < producer->options.stream.nproperty && producer->properties != NULL;
       k++) {
    free((char *)producer->properties[k].name);
    free((char *)producer->properties[k].value);
  }
  free(producer->properties);
  free(producer->topic);
  free(producer->subject);
  free(producer->brokers);
  pthread_cond_destroy(&producer->spooled);
  pthread_mutex_destroy(&producer->lock);
  free(producer);
}

int vqe_producer_open(struct vqe_producer **out,
                      const struct vqe_producer_options *options)
{
  struct vqe_producer *producer = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&producer, 1, sizeof *producer, "a producer");
  if (status != VQE_OK) {
    return status;
  }
  pthread_mutex_init(&producer->lock, NULL);
  pthread_cond_init(&producer->spooled, NULL);
  list_init(&producer->queue);
  list_init(&producer->pending);
  producer->options = *options;
  producer->options.stream.nproperty = 0;
  producer->options.queue_records =
      options->queue_records > 0 ? options->queue_records : QUEUE_RECORDS;
  producer->options.queue_bytes =
      options->queue_bytes > 0 ? options->queue_bytes : QUEUE_BYTES;
  producer->schema_pause_s =
      options->registry_retry_s > 0.0 ? options->registry_retry_s : 1.0;
  producer->last_progress = vqe_clock_wall();
  if (options->spool == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT, "no spool folder is named");
    goto out;
  }
  const struct vqe_registry_options registry = {
      .urls = options->stream.registry,
      .ca_file = options->stream.registry_ca_file,
      .timeout_s = REGISTRY_TIMEOUT_S,
      .attempts = 1};
  status = copy_settings(producer, options);
  if (status == VQE_OK) {
    status = vqe_registry_open(&producer->registry, &registry);
  }
  if (status == VQE_OK) {
    status = vqe_avro_create(&producer->avro, NULL, 0);
  }
  if (status == VQE_OK) {
    status = new_handle(producer);
  }
  if (status == VQE_OK) {
    status = vqe_spool_open(&producer->spool, options->spool);
  }
  if (status == VQE_OK) {
    status = load_spool(producer);
  }
  if (status == VQE_OK) {
    status = start(producer);
  }
out:
  if (status != VQE_OK) {
    free_producer(producer);
    return status;
  }
  *out = producer;
  return VQE_OK;
}

/* The queue is full: the disk, not the network, is what the caller waits
 * for. */
static int spool_here(struct vqe_producer *producer, struct message *message)
{
  struct vqe_avro *avro = NULL;
  int status = vqe_avro_create(&avro, NULL, 0);
  if (status == VQE_OK) {
    status = spool_message(producer, avro, message);
  }
  vqe_avro_free(avro);
  if (status == VQE_OK) {
    drop_bytes(message);
  }
  return status;
}

int vqe_producer_send(struct vqe_producer *producer, struct vqe_record *record)
{
  struct message *message = NULL;
  int status = vqe_record_identify(record);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&message, 1, sizeof *message, "a message");
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&message->key, record->experiment_id);
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    message_free(message);
    return status;
  }
  message->record = record;
  message->sent_size = weight(record);
  message->given_at = vqe_clock_wall();
  pthread_mutex_lock(&producer->lock);
  producer->counts.accepted++;
  bool full = producer->queue.count >= producer->options.queue_records ||
              (producer->queue.count > 0 &&
               producer->queue_bytes + message->sent_size >
                   producer->options.queue_bytes);
  pthread_mutex_unlock(&producer->lock);
  if (full) {
    status = spool_here(producer, message);
    if (status != VQE_OK) {
      count_lost(producer, 1);
      message_free(message);
      return status;
    }
  }
  pthread_mutex_lock(&producer->lock);
  producer->queue_bytes += message->record == NULL ? 0 : message->sent_size;
  list_add(&producer->queue, message);
  if (producer->wake != NULL) {
    rd_kafka_queue_yield(producer->wake);
  }
  pthread_mutex_unlock(&producer->lock);
  return VQE_OK;
}

int vqe_producer_sync(struct vqe_producer *producer)
{
  pthread_mutex_lock(&producer->lock);
  while (producer->queue.count > 0 || producer->busy) {
    pthread_cond_wait(&producer->spooled, &producer->lock);
  }
  bool unsafe = producer->unsafe;
  char reason[REASON_SIZE];
  memcpy(reason, producer->reason, sizeof reason);
  pthread_mutex_unlock(&producer->lock);
  if (unsafe) {
    return vqe_error_set(VQE_ERR_IO, "records could not be spooled: %s",
                         reason);
  }
  return VQE_OK;
}

void vqe_producer_counts(struct vqe_producer_counts *counts,
                         struct vqe_producer *producer)
{
  pthread_mutex_lock(&producer->lock);
  *counts = producer->counts;
  counts->spooled =
      counts->accepted + counts->found - counts->delivered - counts->lost;
  pthread_mutex_unlock(&producer->lock);
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
  if (last.spooled + last.lost > 0) {
    char place[300] = "";
    if (last.spooled > 0) {
      snprintf(place, sizeof place,
               ", %zu of them wait in '%s' (sent by the next run or by "
               "vqe_lake publish)",
               last.spooled, vqe_spool_path(producer->spool));
    }
    status = vqe_error_set(
        VQE_ERR_IO, "%zu records are undelivered%s%s; last reason: %s",
        last.spooled + last.lost, place,
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
