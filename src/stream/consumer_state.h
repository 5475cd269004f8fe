/* What the consumer's files share: its state, and who changes what.
 *
 *   consumer_codec.c  a message to a record, by the schema it names
 *   consumer_place.c  partitions: where to begin and to end, what is committed
 *   consumer.c        the caller's side: open, read
 *
 * The last calls the others, which do not call each other. */
#ifndef VQE_STREAM_CONSUMER_STATE_H
#define VQE_STREAM_CONSUMER_STATE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "record/record_avro.h"
#include "stream/consumer.h"
#include "stream/kafka_secrets.h"
#include "stream/registry.h"

#define VQE_CONSUMER_REASON_SIZE 400

/* Codec of a writer's schema. */
struct vqe_consumer_codec {
  struct vqe_consumer_codec *next;
  uint32_t id;
  struct vqe_record_avro *avro;          /* NULL: unusable */
  char reason[VQE_CONSUMER_REASON_SIZE]; /* why */
};

struct vqe_consumer_part {
  int32_t id;
  int64_t next;      /* offset to be read next */
  int64_t end;       /* of the topic when reading began */
  int64_t committed; /* negative: nothing that counts */
  bool done;
};

struct vqe_consumer {
  rd_kafka_t *rk;
  struct vqe_kafka_secrets *secrets;
  struct vqe_registry *registry;
  struct vqe_consumer_codec *codecs;
  struct vqe_consumer_part *parts;
  size_t npart;
  char *topic;
  char *brokers;
  char *group;
  enum vqe_consumer_from from;
  int64_t from_value;
  bool reject_unknown;
  double timeout_s;
  size_t safe_records, safe_bytes;
  bool commit_later;
  char reason[VQE_CONSUMER_REASON_SIZE]; /* of the last error that librdkafka
                                            reported */
  rd_kafka_resp_err_t last_error;
  char rejected[VQE_CONSUMER_REASON_SIZE]; /* why, the first of a reading */
};

/* ---- consumer_codec.c ---- */

/* The record of a message, with its experiment_id. *is_none after a failure:
 * its own bytes are no record, the error's message says why; else it may be
 * one that cannot be read now. */
int vqe_consumer_decode(struct vqe_record **out, bool *is_none,
                        struct vqe_consumer *consumer,
                        const rd_kafka_message_t *message);

void vqe_consumer_free_codecs(struct vqe_consumer *consumer);

/* ---- consumer_place.c ---- */

/* Status and message for an error of Kafka's in doing `what`. */
int vqe_consumer_fail(const struct vqe_consumer *consumer, const char *what,
                      rd_kafka_resp_err_t error);

/* Find the partitions, where each is to be read from and up to, and take
 * those that have something; *left is their number. */
int vqe_consumer_start(struct vqe_consumer_counts *counts, size_t *left,
                       struct vqe_consumer *consumer);

struct vqe_consumer_part *vqe_consumer_find_part(struct vqe_consumer *consumer,
                                                 int32_t id);

/* A partition was read up to the offset `next`; *left falls by one when that
 * is its end. A broker that says so is believed too: the last offsets may hold
 * no messages. */
void vqe_consumer_advance(struct vqe_consumer_part *part, int64_t next,
                          size_t *left);

#endif
