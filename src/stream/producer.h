/* Publishing records to a Kafka topic.
 *
 * A record given to vqe_producer_send is encoded there and goes through a
 * thread of the producer to the brokers. It counts as delivered when the
 * broker's report says that it is on the topic with all in-sync replicas
 * (idempotent producer). Where no report has come within two seconds, and at
 * vqe_producer_sync, it is put into the spool, whose file goes when the report
 * comes; what is there is sent first by the next producer that opens the
 * spool. So a record is on the topic at least once; readers recognise a second
 * copy by experiment_id, which is the message's key. A caller keeps what it
 * gives - in a journal, a result file - until vqe_producer_sync says that a
 * crash loses none of it.
 *
 * No call waits for the network but vqe_producer_close, and that one for a
 * bounded time. While brokers or registry are away records gather in the
 * spool. A record that is larger than the broker takes stays there too. */
#ifndef VQE_STREAM_PRODUCER_H
#define VQE_STREAM_PRODUCER_H

#include <stddef.h>

#include "record/record.h"
#include "record/spool.h"
#include "stream/settings.h"

struct vqe_producer;

/* 0 or NULL asks for the default. */
struct vqe_producer_options {
  struct vqe_stream_settings stream;
  const char *spool;       /* folder; required */
  double registry_retry_s; /* first pause after the registry failed, doubled
                              up to 30 s (1) */
  size_t queue_records;    /* given, but not yet in the spool (256) */
  size_t queue_bytes;      /* of those, and of records under way (64 MiB) */
  /* One line on what a user should know: who did not respond, which record
   * was refused. Called from the producer's thread, or from that of a sender
   * when the queue is full; may be NULL. */
  void (*report)(void *ctx, const char *text);
  void *report_ctx;
};

struct vqe_producer_counts {
  size_t accepted;  /* given to vqe_producer_send */
  size_t found;     /* in the spool at the start */
  size_t delivered; /* by the broker's report, of both */
  size_t spooled;   /* not delivered, in the spool */
  size_t too_large; /* of those, refused by the broker for their size */
  size_t lost;      /* neither delivered nor in the spool: disk full */
  size_t bytes;     /* of delivered messages, before compression */
  /* from send to report, of those that were given */
  double latency_median_s, latency_p99_s, latency_max_s;
};

/* Start; nothing is awaited of brokers or registry. VQE_ERR_INPUT for wrong
 * settings, VQE_ERR_IO for a spool that cannot be written. */
int vqe_producer_open(struct vqe_producer **out,
                      const struct vqe_producer_options *options);

/* Give a record, which the producer owns from now on, also on failure.
 * Cost: encoding it, about two milliseconds a megabyte; when the queue is
 * full, a short wait or writing it to the spool itself. VQE_ERR_INPUT for a
 * record that no message can hold. */
int vqe_producer_send(struct vqe_producer *producer,
                      struct vqe_record *record);

/* Wait until all that was given is in the spool or delivered: from now on a
 * crash loses none of it. Waits for the disk only. VQE_ERR_IO when some could
 * not be spooled. */
int vqe_producer_sync(struct vqe_producer *producer);

/* The numbers as they are now, without latencies, and what waits in the spool.
 * From any thread; reads the folder. */
int vqe_producer_look(struct vqe_producer_counts *counts,
                      struct vqe_spool_size *spool,
                      struct vqe_producer *producer);

/* Wait for reports, at most `timeout_s` without any, then end. *counts (may
 * be NULL) has the final numbers; VQE_ERR_IO when something is undelivered,
 * with its number, its place and the last reason as message. NULL is fine. */
int vqe_producer_close(struct vqe_producer_counts *counts,
                       struct vqe_producer *producer, double timeout_s);

#endif
