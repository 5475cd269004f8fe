/* Metrics of a run: from what rank 0 and the producer know to a file, a
 * Pushgateway or a page. */
#ifndef VQE_CMD_BATCH_METRICS_H
#define VQE_CMD_BATCH_METRICS_H

#include "batch/watch.h"
#include "batch_stream.h"
#include "job/job.h"
#include "options.h"

struct vqe_batch_metrics;

/* Start, when the job or the options ask for it; *out stays NULL else. Both
 * must outlive it, as `stream` must. VQE_ERR_INPUT for a place that is none
 * and for a port that cannot be had; whatever goes wrong later is printed once
 * a kind. */
int vqe_batch_metrics_open(struct vqe_batch_metrics **out,
                           const struct vqe_job *job,
                           const struct vqe_cmd_options *options,
                           struct vqe_batch_stream *stream);

/* What the run is watched by; NULL for NULL. */
const struct vqe_batch_watch *
vqe_batch_metrics_watch(const struct vqe_batch_metrics *metrics);

/* Everything is written: show the end, within a few seconds, and free it. NULL
 * is fine. */
void vqe_batch_metrics_close(struct vqe_batch_metrics *metrics);

#endif
