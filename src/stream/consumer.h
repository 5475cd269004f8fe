/* Reading records from a Kafka topic.
 *
 * Offsets are committed for a consumer group only after the caller has said
 * that what it was given is safe, so that after a crash anywhere records
 * come again, and none is lost. Partitions are taken all at once without a
 * group rebalance: one program at a time reads for a group. */
#ifndef VQE_STREAM_CONSUMER_H
#define VQE_STREAM_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "stream/settings.h"

struct vqe_consumer;

/* Where a reading begins. */
enum vqe_consumer_from {
  VQE_CONSUMER_COMMITTED, /* at the group's committed places */
  VQE_CONSUMER_OFFSET,    /* at one offset of every partition */
  VQE_CONSUMER_TIME       /* at the first message of a time, in milliseconds
                             since 1970 */
};

struct vqe_consumer_options {
  struct vqe_stream_settings stream;
  const char *group;   /* NULL: "vqe_lake" */
  double timeout_s;    /* longest wait without a message or a response (30) */
  size_t safe_records; /* ask for safety at the latest after so many (500) */
  size_t safe_bytes;   /* or so many bytes of messages (256 MiB) */
  bool commit_later;   /* by vqe_consumer_commit alone; `safe` is not called */
  enum vqe_consumer_from from;
  int64_t from_value;
  bool reject_unknown; /* messages whose schema the registry does not have, or
                          has in a form that cannot be read, count as no
                          records; else they end the reading */
};

/* Place of a message, and its bytes; valid during the call. */
struct vqe_consumer_place {
  const char *topic;
  int32_t partition;
  int64_t offset;
  const void *data;
  size_t size;
};

/* A record that cannot be stored; it counts as rejected. */
#define VQE_CONSUMER_SET_ASIDE 1

struct vqe_consumer_callbacks {
  void *ctx;
  /* One record; the callee owns it. Its experiment_id is set, computed where
   * the message had null. VQE_CONSUMER_SET_ASIDE goes on without it; a
   * negative return ends the reading with it, and nothing after the last safe
   * place is committed then. */
  int (*record)(void *ctx, struct vqe_record *record,
                const struct vqe_consumer_place *place);
  /* A message that is no record, and why; may be NULL. The same for a
   * negative return. */
  int (*rejected)(void *ctx, const struct vqe_consumer_place *place,
                  const char *reason);
  /* Make safe what was given so far: when it returns VQE_OK, the offsets are
   * committed. NULL: it is safe when `record` returns. */
  int (*safe)(void *ctx);
};

struct vqe_consumer_counts {
  size_t messages; /* seen */
  size_t records;  /* given */
  size_t rejected; /* undecodable, or set aside */
  size_t deleted;  /* without content: tombstones of a compacted topic */
  size_t expired;  /* offsets gone before they were read: retention */
};

/* VQE_ERR_INPUT for wrong settings; no broker is contacted yet. */
int vqe_consumer_open(struct vqe_consumer **out,
                      const struct vqe_consumer_options *options);
void vqe_consumer_close(struct vqe_consumer *consumer); /* NULL is fine */

/* Read from the committed places (the beginning where there is none), or from
 * where the options say, to the end that the topic has when this begins. A
 * committed place never goes back.
 *
 * VQE_ERR_IO when brokers or registry do not respond in time,
 * VQE_ERR_NOT_FOUND when there is no such topic or no such schema,
 * VQE_ERR_INPUT when they refuse, and when messages were there and all of them
 * were rejected: that is a wrong topic more often than bad luck, and nothing
 * is committed then. *counts is set in every case. */
int vqe_consumer_read(struct vqe_consumer_counts *counts,
                      struct vqe_consumer *consumer,
                      const struct vqe_consumer_callbacks *callbacks);

/* Commit what the last reading gave, which is safe now. */
int vqe_consumer_commit(struct vqe_consumer *consumer);

#endif
