/* What the files of the HTTP client share. Nothing here is for others. */
#ifndef VQE_HTTP_HTTP_ATTEMPT_H
#define VQE_HTTP_HTTP_ATTEMPT_H

#include <curl/curl.h>

#include "http/http.h"

/* One attempt: what libcurl's callbacks read and write. */
struct vqe_http_attempt {
  CURL *curl;
  const struct vqe_http_request *request;
  struct vqe_http_response *response;
  size_t sent;     /* bytes of the request's body */
  size_t capacity; /* of the response's body */
  bool dropped;    /* the rest of a body that is no good one is left out */
  size_t left_out; /* bytes of that rest */
  bool is_enough;  /* the transfer was ended, what came is the response */
  size_t heads;    /* bytes of headers */
  int status;      /* of this side, found by a callback; VQE_OK: none */
};

/* ---- http_body.c ---- */

/* libcurl's callbacks for the bodies of `attempt`. */
void vqe_http_body_install(struct vqe_http_attempt *attempt);

/* ---- http_exposed.c ---- */

/* Report credentials that would go to `url`, or to a proxy, in plain text. */
void vqe_http_check_exposed(const struct vqe_http_options *options,
                            const char *url);

/* ---- http.c ---- */

/* Send once to bases[response->base] and fill the response. A negative result
 * is of this side. */
int vqe_http_send_once(struct vqe_http_response *response,
                       struct vqe_http *http,
                       const struct vqe_http_request *request);

/* Seconds that the last response asks to wait; 0: it asks for none. */
double vqe_http_retry_after(const struct vqe_http *http);

#endif
