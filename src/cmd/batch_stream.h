/* Publishing what a job finishes. */
#ifndef VQE_CMD_BATCH_STREAM_H
#define VQE_CMD_BATCH_STREAM_H

#include <pthread.h>

#include "job/job.h"
#include "options.h"
#include "stream/producer.h"

struct vqe_batch_stream {
  struct vqe_producer *producer; /* NULL: nothing is published */
  bool quiet;
  size_t refused;       /* finished, but could not be made a record */
  pthread_mutex_t lock; /* guards what follows, and the end of the producer */
  bool ending;
  char *spool;                     /* its folder; NULL: nothing is published */
  struct vqe_producer_counts last; /* once it ends */
};

/* Start, when the job or the options ask for it. Brokers need not be there;
 * wrong settings and a spool that cannot be written are errors. */
int vqe_batch_stream_open(struct vqe_batch_stream *out,
                          const struct vqe_job *job,
                          const struct vqe_cmd_options *options);

/* For struct vqe_batch_options; ctx: struct vqe_batch_stream. */
void vqe_batch_stream_finished(void *ctx, const struct vqe_result *result);

/* Until all is at least in the spool. */
void vqe_batch_stream_sync(struct vqe_batch_stream *stream);

/* How far publishing is, from any thread, until vqe_batch_stream_clear().
 * *measured: the spool could be read. False: nothing is published. */
bool vqe_batch_stream_look(struct vqe_producer_counts *counts,
                           struct vqe_spool_size *spool, bool *measured,
                           struct vqe_batch_stream *stream);

/* Wait a bounded time for reports and end; prints what is undelivered. 0, or a
 * negative code when something is. */
int vqe_batch_stream_close(struct vqe_batch_stream *stream);
void vqe_batch_stream_clear(struct vqe_batch_stream *stream);

#endif
