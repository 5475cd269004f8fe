/* The page of metrics over HTTP, by libmicrohttpd: GET /metrics, nothing else.
 * Few connections, of few seconds each, so that whoever reaches the port
 * cannot hold up a run or fill its memory. */
#ifndef VQE_METRICS_LISTENER_H
#define VQE_METRICS_LISTENER_H

#include "metrics/metrics.h"

struct vqe_metrics_listener;

/* Serve on `address` (IPv4 or IPv6, of this machine) and `port`, 0: one that
 * is free; *bound is the port. VQE_ERR_INPUT when it is no address of this
 * machine, VQE_ERR_EXISTS when the port is taken. */
int vqe_metrics_listener_open(struct vqe_metrics_listener **out, int *bound,
                              struct vqe_metrics *metrics, const char *address,
                              int port);
void vqe_metrics_listener_close(struct vqe_metrics_listener *listener);

#endif
