/* Where metrics go: a file for node_exporter, or a Pushgateway. */
#ifndef VQE_METRICS_PLACE_H
#define VQE_METRICS_PLACE_H

#include <stdbool.h>

struct vqe_metrics_place {
  char *file; /* NULL: a Pushgateway */
  char *url;  /* without credentials and without a slash at its end */
  /* as they stood in the URL; NULL: none there */
  char *username, *password;
};

/* Read what `option` was given: FILE.prom, or http(s)://HOST:PORT/PATH, with
 * credentials as in http://USER:PASSWORD@HOST. VQE_ERR_INPUT for anything
 * else; no message quotes what may be a secret. */
int vqe_metrics_place_read(struct vqe_metrics_place *out, const char *text,
                           const char *option);
void vqe_metrics_place_clear(struct vqe_metrics_place *place);

/* Path of the group {job="vqe_batch", batch=...}, with the key `experiment`
 * unless that is NULL, below the address of a Pushgateway: values that a path
 * cannot hold as they are go in base64, as it documents. Free by free(). */
int vqe_metrics_place_group(char **out, const char *batch,
                            const char *experiment);

/* "[ADDRESS:]PORT" of a page that is served: the address is "127.0.0.1" where
 * none is given; "[::1]:9100" is one of IPv6. VQE_ERR_INPUT names `option`. */
int vqe_metrics_place_listen(char **address, int *port, const char *text,
                             const char *option);

#endif
