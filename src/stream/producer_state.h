/* What the producer's files share: its state, and who changes what.
 *
 *   producer_state.c  what becomes of a message, counted and reported
 *   producer_kafka.c  librdkafka: sending, reports, errors
 *   producer_work.c   the thread: from the queue to the spool and to Kafka
 *   producer.c        the caller's side
 *
 * Each file calls those above it alone. */
#ifndef VQE_STREAM_PRODUCER_STATE_H
#define VQE_STREAM_PRODUCER_STATE_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>

#include "record/spool.h"
#include "stream/kafka_secrets.h"
#include "stream/message.h"
#include "stream/producer.h"
#include "stream/registry.h"

#define VQE_PRODUCER_REASON_SIZE 512
#define VQE_PRODUCER_IDLE_MS 100 /* reports and the queue wake it before */

struct vqe_producer {
  struct vqe_producer_options options;
  char *topic;
  char *subject;
  char *brokers;
  struct vqe_stream_property *properties;
  struct vqe_spool *spool;
  struct vqe_registry *registry;
  struct vqe_kafka_secrets *secrets;
  pthread_t thread;

  pthread_mutex_t lock;   /* guards the following */
  pthread_cond_t settled; /* nopen is 0 */
  pthread_cond_t taken;   /* out of the queue */
  struct vqe_message_list queue;
  size_t nopen;    /* given, and neither delivered nor in the spool; not
                      counting the next */
  size_t nrefused; /* the same, tried: the spool did not take them */
  size_t nsync;    /* callers that wait for nopen to become 0 */
  bool closing;
  double close_timeout_s;
  rd_kafka_queue_t *wake; /* interrupts the thread's wait */
  struct vqe_producer_counts counts;
  char reason[VQE_PRODUCER_REASON_SIZE]; /* why the last thing failed */

  /* of the thread alone, once it runs */
  rd_kafka_t *rk;
  rd_kafka_topic_t *known_topic; /* has librdkafka look for it from the start,
                                    not when the first record waits */
  struct vqe_message_list pending;
  struct vqe_message_list under_way; /* with librdkafka, which reads their
                                        bytes until the report */
  bool one_alone; /* the message under way is to stay alone */
  uint32_t schema_id;
  bool has_schema, schema_refused;
  double schema_retry_at, schema_pause_s;
  double send_retry_at, send_pause_s;
  double last_progress;
  double quiet_since; /* messages are under way, without a report */
  double look_at;     /* for what waits too long */
  double *latencies;  /* of records that were given */
  size_t nlatency, latency_capacity;
  rd_kafka_resp_err_t last_error;
  bool fatal;
};

/* ---- producer_state.c ---- */

/* Report a line to the user, once as long as it stays the last one. */
void vqe_producer_report(struct vqe_producer *producer, const char *format,
                         ...) __attribute__((format(printf, 2, 3)));

/* Put it into the spool; when that refuses, it goes on from memory. From any
 * thread. */
void vqe_producer_keep(struct vqe_producer *producer,
                       struct vqe_message *message);

/* A message ends: on the topic, in the spool until another producer opens it,
 * or nowhere. It is freed. */
void vqe_producer_delivered(struct vqe_producer *producer,
                            struct vqe_message *message);
void vqe_producer_set_aside(struct vqe_producer *producer,
                            struct vqe_message *message);

/* ---- producer_kafka.c ---- */

/* A new handle of librdkafka in `rk`. */
int vqe_producer_connect(struct vqe_producer *producer);

/* End it; what is under way becomes pending. */
void vqe_producer_disconnect(struct vqe_producer *producer);

/* After an error that librdkafka does not get over. */
void vqe_producer_reconnect(struct vqe_producer *producer);

/* As many as may be under way at a time. */
void vqe_producer_send_pending(struct vqe_producer *producer);

/* librdkafka waits in silence for a topic that it may not see: after some
 * seconds without a report, fetch the topic's state and report an error. */
void vqe_producer_check_topic(struct vqe_producer *producer);

/* Waiting will not cure the last error within this run. */
bool vqe_producer_is_stuck(const struct vqe_producer *producer);

/* ---- producer_work.c ---- */

/* The thread's function; ctx: struct vqe_producer. */
void *vqe_producer_work(void *ctx);

#endif
