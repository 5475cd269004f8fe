/* What the files of the S3 store share. Nothing here is for other parts. */
#ifndef VQE_OBJECTS_OBJECTS_S3_H
#define VQE_OBJECTS_OBJECTS_S3_H

#include "base/error_message.h"
#include "http/http.h"
#include "objects/objects_credentials.h"
#include "objects/objects_place.h"

#define VQE_S3_NO_FILE (-1)
#define VQE_S3_SMALL_LIMIT ((size_t)1 << 20) /* bytes of small responses */

enum vqe_s3_support { VQE_S3_UNKNOWN, VQE_S3_YES, VQE_S3_NO };

/* A bucket and how to reach it. */
struct vqe_s3 {
  struct vqe_http *http;
  struct vqe_s3_credentials credentials;
  struct vqe_error_mask mask; /* hides them in all messages */
  char *endpoint;             /* without '/' at the end */
  char *base;                 /* URL of the bucket, with a '/' at the end */
  char *region;
  char *sigv4;
  char *ca_file; /* NULL: the system's */
  char *bucket;
  char *prefix; /* "" or ends with '/' */
  double timeout_s;
  int attempts;
  enum vqe_s3_support conditional; /* PUT with `If-None-Match: *` */
  enum vqe_s3_support *md5_etags;  /* is an ETag that looks like an MD5 one? */
};

/* ---- objects_s3_open.c ---- */

int vqe_s3_open(struct vqe_s3 **out, const char *bucket, const char *prefix,
                const struct vqe_objects_options *options);
void vqe_s3_close(struct vqe_s3 *s3); /* NULL is fine */

/* ---- objects_request.c: keys from here on are whole, with the prefix ---- */

struct vqe_s3_request {
  const char *method;
  const char *key;   /* not encoded; NULL = the bucket */
  const char *query; /* encoded, sorted by name, each with '='; or NULL */
  const void *body;  /* NULL: none */
  size_t size;
  bool only_new; /* send `If-None-Match: *` */
  bool once;     /* libcurl sends it once an attempt: `unsure` is right */
  bool has_md5;  /* the ETag is the MD5 of the body, if it looks like one */
  int file;      /* a good response goes to this descriptor;
                    VQE_S3_NO_FILE: to memory */
  size_t limit;  /* most bytes of a good response, in memory or a file */
};

/* What is made of an ETag that looks like an MD5 and does not fit, while it is
 * not known whether the store's are MD5 sums. */
struct vqe_s3_settling {
  bool is_strict; /* it is a wrong checksum */
  bool is_unlike; /* else: set when the response has one, and is good */
  int done;       /* attempts before */
};

/* vqe_s3_send() without the settling of ETags. */
int vqe_s3_exchange(struct vqe_http_response *response,
                    const struct vqe_s3 *s3,
                    const struct vqe_s3_request *request,
                    struct vqe_s3_settling *settling);

/* S3's code and text of an error response, for messages: "NoSuchKey: ...", or
 * "" when it has none. No credential is in it. */
void vqe_s3_reason(char *out, size_t size, const struct vqe_s3 *s3,
                   const struct vqe_http_response *response);

/* ---- objects_s3_etag.c ---- */

/* Send a signed request until its response is one to go by: 5xx, 429, 408, a
 * conflict, a wrong checksum, a dropped connection and a timeout are retried
 * after growing, jittered pauses. 0 with any other status in *response;
 * VQE_ERR_IO when all attempts failed, VQE_ERR_INPUT for what no retry cures
 * (TLS, URL). Free by vqe_http_response_clear(), also after a failure.
 *
 * The first ETag that looks like an MD5 and is not that of the bytes is
 * settled: what was written is read back; for what was read, and for a part,
 * an object of known bytes is written, so that the store shows what its ETags
 * are. s3->md5_etags keeps that. */
int vqe_s3_send(struct vqe_http_response *response, const struct vqe_s3 *s3,
                const struct vqe_s3_request *request);

/* ---- objects_s3_calls.c ---- */

/* The prefix and `key`. Free by free(). */
int vqe_s3_key(char **out, const struct vqe_s3 *s3, const char *key);
/* Status and message for a response that is not what `verb` wants. */
int vqe_s3_fail(const struct vqe_s3 *s3,
                const struct vqe_http_response *response, const char *verb,
                const char *key);
/* VQE_OK for a good response, else vqe_s3_fail(). */
int vqe_s3_expect_good(const struct vqe_s3 *s3,
                       const struct vqe_http_response *response,
                       const char *verb, const char *key);
/* A request without a body whose response is small. */
int vqe_s3_plain(struct vqe_http_response *response, const struct vqe_s3 *s3,
                 const char *method, const char *key, const char *query);
int vqe_s3_put_bytes(struct vqe_http_response *response,
                     const struct vqe_s3 *s3, const char *key,
                     const char *query, const void *data, size_t size,
                     bool only_new);
int vqe_s3_head(uint64_t *size, const struct vqe_s3 *s3, const char *key);

/* ---- objects_s3_list.c ---- */

/* Undo `encoding-type=url` in place; stores write a space as '+' or %20. */
void vqe_s3_decode_key(char *key);
/* Milliseconds since 1970 of "2026-01-31T12:00:00.000Z"; 0 for another text.
 */
int64_t vqe_s3_time(const char *text);

/* ---- objects_s3_file.c, objects_s3_list.c, objects_s3_uploads.c: see
 * objects_place.h ---- */

int vqe_s3_put_file(void *place, const char *key, int descriptor,
                    uint64_t size, const char *path);
int vqe_s3_list(void *place, const char *folder, bool recursive,
                vqe_objects_visit visit, void *ctx);
int vqe_s3_end_uploads(size_t *ended, void *place, int64_t older_than_ms);

#endif
