#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "stream/kafka_conf.h"
#include "stream/producer_state.h"
#include "stream/wire.h"

#define LARGEST_PAUSE_S 30.0
#define MOST_UNDER_WAY 10000
#define PURGE_POLLS 50
#define QUIET_S 3.0 /* under way without a report: check the topic */
#define METADATA_TIMEOUT_MS 2000
/* Brokers cut off a request above their socket.request.max.bytes, 100 MiB
 * unless set, without a word. */
#define HUGE_BYTES ((size_t)90 << 20)

/* ---- errors ---- */

/* What to do about librdkafka's word for an error. */
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

bool vqe_producer_is_stuck(const struct vqe_producer *producer)
{
  return is_lasting(producer->last_error);
}

static bool is_away(rd_kafka_resp_err_t error)
{
  return error == RD_KAFKA_RESP_ERR__TRANSPORT ||
         error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
         error == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

static void report_error(struct vqe_producer *producer,
                         rd_kafka_resp_err_t error, const char *text)
{
  char words[600];
  producer->last_error = error;
  snprintf(words, sizeof words, "%s", text);
  vqe_kafka_mask(producer->secrets, words);
  vqe_producer_report(producer, "Kafka at %s, topic '%s': %s; %s",
                      producer->brokers, producer->topic, words,
                      remedy_of(error));
}

/* What is behind librdkafka's "fatal error". */
static void report_fatal(struct vqe_producer *producer, rd_kafka_t *rk)
{
  char text[400] = "";
  rd_kafka_resp_err_t error = rd_kafka_fatal_error(rk, text, sizeof text);
  producer->fatal = true;
  report_error(producer, error, text);
}

/* It may be the record's own size that makes a broker hang up. */
static void report_huge(struct vqe_producer *producer,
                        const struct vqe_message *message)
{
  vqe_producer_report(
      producer,
      "experiment %s: Kafka at %s does not take its record of %.0f MB; "
      "brokers end the connection above their socket.request.max.bytes (100 "
      "MiB unless set): raise it and max.message.bytes of topic '%s'",
      message->key, producer->brokers, (double)message->size / 1e6,
      producer->topic);
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
  struct vqe_producer *producer = vqe_kafka_secrets_owner(ctx);
  rd_kafka_resp_err_t error = (rd_kafka_resp_err_t)code;
  /* one that large is under way without others */
  const struct vqe_message *first = producer->under_way.first;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    report_fatal(producer, rk);
    return;
  }
  if (is_away(error) && first != NULL && first->size > HUGE_BYTES) {
    report_huge(producer, first);
    producer->last_error = error;
    return;
  }
  /* reported once until something is delivered: librdkafka connects again,
   * and says so, every few seconds */
  if (is_away(error) &&
      (is_away(producer->last_error) || is_lasting(producer->last_error))) {
    return;
  }
  report_error(producer, error, text);
}

/* ---- reports ---- */

static void too_large(struct vqe_producer *producer,
                      struct vqe_message *message, const char *who)
{
  vqe_producer_report(
      producer,
      "experiment %s: its record of %.3f MB is larger than %s; raise "
      "max.message.bytes of topic '%s' (and message.max.bytes here), it waits "
      "in '%s'",
      message->key, (double)message->size / 1e6, who, producer->topic,
      vqe_spool_path(producer->spool));
  pthread_mutex_lock(&producer->lock);
  producer->counts.too_large++;
  pthread_mutex_unlock(&producer->lock);
  producer->last_progress = vqe_clock_wall();
  vqe_producer_set_aside(producer, message);
}

static void wait_before_sending(struct vqe_producer *producer)
{
  double pause = producer->send_pause_s * 2.0;
  pause = pause < 0.5 ? 0.5 : pause;
  producer->send_pause_s = pause > LARGEST_PAUSE_S ? LARGEST_PAUSE_S : pause;
  producer->send_retry_at = vqe_clock_wall() + producer->send_pause_s;
}

/* To be sent again. What the spool has need not stay in memory. */
static void make_pending(struct vqe_producer *producer,
                         struct vqe_message *message)
{
  vqe_messages_add(&producer->pending, message);
  if (message->state == VQE_MESSAGE_KEPT &&
      producer->pending.bytes > producer->options.queue_bytes) {
    vqe_messages_drop(&producer->pending, message);
  }
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *result,
                      void *ctx)
{
  struct vqe_producer *producer = vqe_kafka_secrets_owner(ctx);
  struct vqe_message *message = result->_private;
  vqe_messages_remove(&producer->under_way, message);
  producer->quiet_since = vqe_clock_wall();
  if (producer->under_way.count == 0) {
    producer->one_alone = false;
  }
  switch (result->err) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    producer->send_pause_s = 0.0;
    producer->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    vqe_producer_delivered(producer, message);
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
    report_fatal(producer, rk);
    break;
  case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    if (message->size > HUGE_BYTES) {
      /* others wait behind it */
      report_huge(producer, message);
      vqe_producer_set_aside(producer, message);
      return;
    }
    report_error(producer, result->err, rd_kafka_err2str(result->err));
    wait_before_sending(producer);
    break;
  default:
    report_error(producer, result->err, rd_kafka_err2str(result->err));
    wait_before_sending(producer);
    break;
  }
  make_pending(producer, message);
}

/* ---- sending ---- */

/* Returns whether more may be sent. */
static bool send_one(struct vqe_producer *producer,
                     struct vqe_message *message)
{
  int status = vqe_message_load(message, producer->spool);
  if (status == VQE_ERR_NOT_FOUND) {
    /* another program has delivered it */
    message->size = 0;
    message->given_at = 0.0;
    vqe_producer_delivered(producer, message);
    return true;
  }
  if (status == VQE_ERR_MEMORY) {
    vqe_producer_report(producer, "%s", vqe_error_message());
    make_pending(producer, message);
    wait_before_sending(producer);
    return false;
  }
  if (status != VQE_OK) {
    vqe_producer_report(producer, "%s", vqe_error_message());
    vqe_producer_set_aside(producer, message);
    return true;
  }
  vqe_wire_set_schema(message->data, producer->schema_id);
  /* no copy: the bytes are ours until the report */
  rd_kafka_resp_err_t error =
      rd_kafka_producev(producer->rk, RD_KAFKA_V_RKT(producer->known_topic),
                        RD_KAFKA_V_KEY(message->key, strlen(message->key)),
                        RD_KAFKA_V_VALUE(message->data, message->size),
                        RD_KAFKA_V_OPAQUE(message), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    vqe_messages_add(&producer->under_way, message);
    producer->one_alone = message->alone;
    return !message->alone;
  }
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    too_large(producer, message, "message.max.bytes");
    return true;
  }
  vqe_messages_put_back(&producer->pending, message);
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    report_fatal(producer, producer->rk);
  } else if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    report_error(producer, error, rd_kafka_err2str(error));
    wait_before_sending(producer);
  }
  return false;
}

void vqe_producer_send_pending(struct vqe_producer *producer)
{
  size_t bound = producer->options.queue_bytes;
  while (producer->pending.first != NULL && producer->has_schema &&
         !producer->fatal && !producer->one_alone &&
         producer->under_way.count < MOST_UNDER_WAY &&
         vqe_clock_wall() >= producer->send_retry_at) {
    struct vqe_message *message = producer->pending.first;
    /* one message may be larger than the bound, two may not */
    if (producer->under_way.count > 0 &&
        (message->alone ||
         producer->under_way.bytes + message->size > bound)) {
      return;
    }
    vqe_messages_remove(&producer->pending, message);
    if (!send_one(producer, message)) {
      return;
    }
  }
}

/* ---- the handle ---- */

int vqe_producer_connect(struct vqe_producer *producer)
{
  rd_kafka_conf_t *conf = NULL;
  rd_kafka_t *rk = NULL;
  int status = vqe_kafka_conf(&conf, producer->secrets,
                              &producer->options.stream, VQE_KAFKA_PRODUCER);
  if (status != VQE_OK) {
    return status;
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_error_cb(conf, on_error);
  status = vqe_kafka_new(&rk, conf, producer->secrets, VQE_KAFKA_PRODUCER);
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

void vqe_producer_disconnect(struct vqe_producer *producer)
{
  if (producer->rk == NULL) {
    return;
  }
  rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE |
                                   RD_KAFKA_PURGE_F_INFLIGHT |
                                   RD_KAFKA_PURGE_F_NON_BLOCKING);
  for (int k = 0; k < PURGE_POLLS && producer->under_way.count > 0; k++) {
    rd_kafka_poll(producer->rk, VQE_PRODUCER_IDLE_MS);
  }
  pthread_mutex_lock(&producer->lock);
  rd_kafka_queue_destroy(producer->wake);
  producer->wake = NULL;
  pthread_mutex_unlock(&producer->lock);
  rd_kafka_topic_destroy(producer->known_topic);
  rd_kafka_destroy(producer->rk);
  producer->rk = NULL;
  /* those whose report never came */
  for (;;) {
    struct vqe_message *message = vqe_messages_take(&producer->under_way);
    if (message == NULL) {
      break;
    }
    make_pending(producer, message);
  }
  producer->one_alone = false;
}

/* An idempotent producer sends nothing any more after an error that could
 * break the order; a new one takes its messages. */
void vqe_producer_reconnect(struct vqe_producer *producer)
{
  vqe_producer_disconnect(producer);
  if (vqe_producer_connect(producer) == VQE_OK) {
    producer->fatal = false;
  } else {
    vqe_producer_report(producer, "%s", vqe_error_message());
  }
  wait_before_sending(producer);
}

void vqe_producer_check_topic(struct vqe_producer *producer)
{
  const struct rd_kafka_metadata *metadata = NULL;
  double now = vqe_clock_wall();
  if (producer->under_way.count == 0 || producer->rk == NULL) {
    producer->quiet_since = now;
    return;
  }
  if (now - producer->quiet_since < QUIET_S) {
    return;
  }
  rd_kafka_resp_err_t error = rd_kafka_metadata(
      producer->rk, 0, producer->known_topic, &metadata, METADATA_TIMEOUT_MS);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
    error = metadata->topics[0].err;
    if (is_lasting(error)) {
      report_error(producer, error, rd_kafka_err2str(error));
    }
  }
  if (metadata != NULL) {
    rd_kafka_metadata_destroy(metadata);
  }
  producer->quiet_since = vqe_clock_wall();
}
