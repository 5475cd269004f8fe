/* Requests to a schema registry: its addresses, credentials and TLS, and
 * which statuses are retried.
 *
 * Errors: VQE_ERR_IO when no address responded in any round, VQE_ERR_INPUT
 * for TLS that does not fit and for a response beyond all size. An HTTP status
 * is no error here. */
#ifndef VQE_STREAM_REGISTRY_REQUEST_H
#define VQE_STREAM_REGISTRY_REQUEST_H

#include <stdbool.h>

#include "http/http.h"
#include "stream/registry.h"

struct vqe_registry_client;

int vqe_registry_client_open(struct vqe_registry_client **out,
                             const struct vqe_registry_options *options);
void vqe_registry_client_close(struct vqe_registry_client *client);

/* POST `body` to `path` below the addresses, GET when it is NULL, round after
 * round until one of them gives a response to go by; a 5xx that stays is one.
 * Free by vqe_http_response_clear(), also after a failure. */
int vqe_registry_request(struct vqe_http_response *response,
                         struct vqe_registry_client *client, const char *path,
                         const char *body);

/* The address of the last attempt, for messages. */
const char *vqe_registry_url(const struct vqe_registry_client *client,
                             const struct vqe_http_response *response);

/* Could a later attempt, or one at another address, go better? */
bool vqe_registry_is_passing(long status);

/* Overwrite the credentials where they stand in `text`. */
void vqe_registry_mask(char *text, const struct vqe_registry_client *client);

#endif
