/* Requests to a schema registry: its addresses, credentials, TLS, repeats.
 *
 * Errors: VQE_ERR_IO when no address answered in any round, VQE_ERR_INPUT for
 * TLS that does not fit and for an answer beyond all size. An HTTP status is
 * no error here. */
#ifndef VQE_STREAM_REGISTRY_HTTP_H
#define VQE_STREAM_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "stream/registry.h"

struct vqe_registry_http;

/* Begins as zeros, is used again from request to request; free body. */
struct vqe_registry_answer {
  long status;
  char *body; /* NUL after the last byte; may be NULL */
  size_t size;
  size_t capacity;
  bool too_large;
  const char *url; /* who answered */
};

int vqe_registry_http_open(struct vqe_registry_http **out,
                           const struct vqe_registry_options *options);
void vqe_registry_http_close(struct vqe_registry_http *http);

/* POST `body` to `path` below the addresses, GET when it is NULL, until there
 * is an answer that is worth having; a 5xx that stays is one. */
int vqe_registry_http_ask(struct vqe_registry_answer *answer,
                          struct vqe_registry_http *http, const char *path,
                          const char *body);

/* Will another try, now or at another address, perhaps go better? */
bool vqe_registry_is_passing(long status);

/* Overwrite the credentials where they stand in `text`. */
void vqe_registry_http_mask(char *text, const struct vqe_registry_http *http);

#endif
