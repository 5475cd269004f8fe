/* The thread that writes metrics to a file or pushes them, every few seconds.
 *
 * Nothing that goes wrong there ends a run or delays it: it is reported once a
 * kind, and the next round begins afresh. Only the end waits, a few seconds at
 * most. */
#ifndef VQE_METRICS_PUBLISHER_H
#define VQE_METRICS_PUBLISHER_H

#include "metrics/metrics.h"
#include "metrics/place.h"

struct vqe_metrics_publisher;

struct vqe_metrics_publisher_options {
  const struct vqe_metrics_place *place; /* must outlive the publisher */
  const char *batch;                     /* of the group; must too */
  /* Credentials of a Pushgateway; NULL: those of the address, or none. Must
   * outlive the publisher. */
  const char *username, *password, *token;
  const char *ca_file; /* PEM; NULL: the system's */
  double interval_s;   /* 0: 5 */
  /* A line that a user should know. From the thread. */
  void (*report)(void *ctx, const char *text);
  void *ctx;
};

int vqe_metrics_publisher_open(
    struct vqe_metrics_publisher **out, struct vqe_metrics *metrics,
    const struct vqe_metrics_publisher_options *options);

/* Write or push the last state, within a few seconds, and end. NULL is fine.
 */
void vqe_metrics_publisher_close(struct vqe_metrics_publisher *publisher);

#endif
