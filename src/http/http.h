/* The one HTTP client: requests over libcurl, with timeouts, retries, limits
 * on what is read, and credentials that appear in no message.
 *
 * What a status means, what is worth a retry and what a message says is the
 * caller's: it gives a policy and gets the last response. No function here
 * writes about a request that failed at the other side; a negative result is
 * of this side (memory, a callback of the caller's).
 *
 * A handle is for one thread at a time; it keeps its connections open. */
#ifndef VQE_HTTP_HTTP_H
#define VQE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_http;

/* NULL or 0 leaves a setting out. Texts are not copied, so that no second
 * copy of a secret is in memory: they must outlive the handle. */
struct vqe_http_options {
  const char *ca_file;   /* PEM; NULL: SSL_CERT_FILE, the system's */
  const char *cert_file; /* PEM, for mutual TLS */
  const char *key_file;  /* PEM; NULL: the key is in cert_file */
  const char *sigv4;     /* sign with `username` and `password` as key id and
                            secret: "aws:amz:REGION:s3" */
  const char *username;  /* without sigv4: basic authentication */
  const char *password;
  const char *token; /* bearer; goes before username */
  double connect_timeout_s;
  double stall_s; /* end a transfer that flows slower than 1 KiB/s so long */
  bool only_http_1_1; /* libcurl's choice otherwise */
  bool sends_secrets; /* in bodies */
};

int vqe_http_open(struct vqe_http **out,
                  const struct vqe_http_options *options);
void vqe_http_close(struct vqe_http *http); /* NULL is fine */

/* Requests sent so far, each attempt counted. */
uint64_t vqe_http_requests(const struct vqe_http *http);

/* Who takes the body of a good response (status 2xx) as it comes. A negative
 * result of a function ends vqe_http_perform() with it. */
struct vqe_http_sink {
  void *ctx;
  int (*begin)(void *ctx); /* before each attempt: forget the one before */
  int (*take)(void *ctx, const void *data, size_t size);
  bool consumes; /* what it takes is not kept in memory besides */
};

struct vqe_http_request {
  const char *method;
  const char *const *bases; /* addresses to try, "http://host:port/path" */
  size_t nbase;
  size_t first;               /* the base to begin with */
  const char *path;           /* encoded, appended to the base */
  const char *const *headers; /* "Name: value" */
  size_t nheader;
  const void *body; /* NULL: none */
  size_t size;
  bool plain_post; /* POST the body as libcurl does by itself, which waits for
                      no "100 Continue" below 1 MiB; else it is an upload */
  bool once; /* each attempt on a connection of its own: on one that was used
                before, newer libcurl sends a request twice without a word
                when it finds the connection dropped */
  double timeout_s;   /* of one attempt; 0: none */
  size_t limit;       /* most bytes of a good body, in memory or consumed */
  size_t error_limit; /* most bytes kept of another body, the rest is dropped;
                         0: `limit` holds, and passing it is too_large */
  const struct vqe_http_sink *sink; /* NULL: none */
};

/* How an attempt failed before it had a response. */
enum vqe_http_fault {
  VQE_HTTP_NO_FAULT,
  VQE_HTTP_FAULT_URL,         /* malformed, or of another protocol */
  VQE_HTTP_FAULT_UNREACHABLE, /* no such host, nobody listens */
  VQE_HTTP_FAULT_TLS,         /* the peer's certificate, or our CA file */
  VQE_HTTP_FAULT_CERTIFICATE, /* our own certificate */
  VQE_HTTP_FAULT_MEMORY,
  VQE_HTTP_FAULT_MISSING, /* libcurl was built without what is asked of it */
  VQE_HTTP_FAULT_TRANSFER /* dropped, stalled, timed out, and the rest */
};

enum vqe_http_verdict {
  VQE_HTTP_DONE,  /* this response is the result */
  VQE_HTTP_RETRY, /* it may go better: another base, or after a pause */
  VQE_HTTP_REFUSE /* a failure that no retry cures */
};

struct vqe_http_response {
  long status;
  char *body;     /* NUL after the last byte; NULL: empty */
  size_t size;    /* bytes of the body, also of those that the sink consumed */
  char etag[128]; /* without quotes; "" when there is none */
  uint64_t content_length;
  bool too_large; /* above the limit; body is NULL */
  size_t base;    /* index of the base that was asked last */
  enum vqe_http_fault fault;
  char error[256]; /* libcurl's words for the fault; can quote a secret */
  enum vqe_http_verdict verdict; /* of the last attempt */
  int attempts;                  /* rounds over the bases, this one too */
  bool unsure; /* an attempt that failed may have had its effect: all but
                  those that a 409 refused */
};

/* Which attempts are repeated, how often and after which pause: `first_s`
 * doubled from round to round up to `longest_s`, reduced at random by up to
 * the part `jitter`, and not less than a Retry-After up to `longest_asked_s`
 * asks for (0: it is ignored). */
struct vqe_http_policy {
  int attempts; /* rounds over all bases */
  double first_s;
  double longest_s;
  double jitter; /* 0 to 1 */
  double longest_asked_s;
  /* Judge an attempt. Not asked about a body that is too large: that is
   * VQE_HTTP_DONE. */
  enum vqe_http_verdict (*judge)(void *ctx, const struct vqe_http *http,
                                 const struct vqe_http_response *response);
  void *ctx;
};

/* Send until the policy is content or its attempts are used up. 0 whatever
 * came of it: look at verdict, fault and status. Clear the response in every
 * case. */
int vqe_http_perform(struct vqe_http_response *response, struct vqe_http *http,
                     const struct vqe_http_request *request,
                     const struct vqe_http_policy *policy);
void vqe_http_response_clear(struct vqe_http_response *response);

/* Status 2xx? */
bool vqe_http_is_good(long status);

/* Value of a header of the last response; false when it has none. */
bool vqe_http_header(char *out, size_t size, const struct vqe_http *http,
                     const char *name);

/* Pause in seconds after the round `attempt` (1, 2, ...) of a policy: `draw`
 * is uniform in [0, 1), `asked_s` the Retry-After. */
double vqe_http_pause(const struct vqe_http_policy *policy, int attempt,
                      double draw, double asked_s);

/* Percent-encode all but A-Z a-z 0-9 - _ . ~, and '/' if `keep_slash`, with
 * upper-case digits. Free by free(). */
int vqe_http_encode(char **out, const char *text, bool keep_slash);

/* Overwrite each occurrence of `secret` in `text` by asterisks: as it is,
 * percent-encoded, escaped as in JSON, in base64 (both alphabets), and cut off
 * at the end of the text. A secret that is NULL or shorter than `shortest`
 * bytes stays: it would mask too much. */
void vqe_http_mask(char *text, const char *secret, size_t shortest);

/* The same of what basic authentication sends. */
void vqe_http_mask_basic(char *text, const char *username,
                         const char *password);

/* Does the URL send what it sends in plain text to another machine? */
bool vqe_http_is_exposed(const char *url);

/* Who is to know, once for each address, that credentials go there in plain
 * text; `what` is the address, `by` "a proxy" or NULL. NULL: nobody. Nothing
 * is reported before this is called. */
void vqe_http_report_exposed(void (*report)(const char *what, const char *by));

#endif
