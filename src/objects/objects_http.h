/* Signed requests to one bucket over libcurl: signing, time limits, retries,
 * checksums. What a status means is the caller's. */
#ifndef VQE_OBJECTS_OBJECTS_HTTP_H
#define VQE_OBJECTS_OBJECTS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/objects.h"

struct vqe_http;

int vqe_http_open(struct vqe_http **out, const char *bucket,
                  const struct vqe_objects_options *options);
void vqe_http_close(struct vqe_http *http);

const char *vqe_http_endpoint(const struct vqe_http *http);
/* Requests sent so far, repeated ones too. */
uint64_t vqe_http_requests(const struct vqe_http *http);
const char *vqe_http_region(const struct vqe_http *http);

struct vqe_http_request {
  const char *method;
  const char *key;   /* whole key, not encoded; NULL = the bucket */
  const char *query; /* encoded, sorted by name, each with '='; or NULL */
  const void *body;  /* NULL: none */
  size_t size;
  bool only_new; /* send `If-None-Match: *` */
  bool once;     /* not sent twice behind the caller's back: `unsure` tells */
  bool has_md5;  /* the ETag is the MD5 of the body, if it looks like one */
  int file;      /* a good answer goes to this descriptor; -1: to memory */
  size_t limit;  /* most bytes of a good answer in memory */
};

struct vqe_http_answer {
  long status;
  char *body;  /* answer, or error text; NUL after the last byte */
  size_t size; /* bytes of it, or written to the file */
  char etag[128];
  uint64_t content_length;
  bool unsure;    /* an earlier try may have had its effect */
  bool too_large; /* above the limit; body is NULL */
};

/* Send until there is an answer worth having: 5xx, 429, 408, a conflict, a
 * wrong checksum, a dropped connection and a time limit are tried again with
 * growing, jittered pauses. 0 with any other status in *answer; VQE_ERR_IO
 * when all tries failed, VQE_ERR_INPUT for what no retry cures (TLS, URL).
 * Free by vqe_http_answer_clear(), also after a failure. */
int vqe_http_perform(struct vqe_http_answer *answer, struct vqe_http *http,
                     const struct vqe_http_request *request);
void vqe_http_answer_clear(struct vqe_http_answer *answer);

/* S3's code and text of an error answer, for messages: "NoSuchKey: ...", or
 * "" when it has none. No credential is in it. */
void vqe_http_reason(char *out, size_t size, const struct vqe_http *http,
                     const struct vqe_http_answer *answer);

/* Percent-encode all but A-Z a-z 0-9 - _ . ~, and '/' if `keep_slash`, with
 * upper-case digits. Free by free(). */
int vqe_http_encode(char **out, const char *text, bool keep_slash);

#endif
