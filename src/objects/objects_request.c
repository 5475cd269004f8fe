/* A request to S3: signing, checksums, and which responses are retried. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "objects/objects_aside.h"
#include "objects/objects_s3.h"
#include "objects/objects_xml.h"

#define ERROR_BODY_LIMIT 65536
#define FIRST_PAUSE_S 0.2
#define LONGEST_PAUSE_S 10.0
#define LONGEST_ASKED_PAUSE_S 30.0
#define SLOWEST_RATE 65536 /* bytes a second of a body */
#define LONGEST_BODY_S 1e6
#define MD5_SIZE ((size_t)16)
#define MOST_HEADERS 3

/* One request over its attempts. */
struct exchange {
  const struct vqe_s3 *s3;
  const struct vqe_s3_request *request;
  EVP_MD_CTX *md5;  /* of the body that comes; NULL: not computed */
  char code[32];    /* S3's, of the last attempt; "" for none */
  char reason[640]; /* why the last attempt was not good */
  struct vqe_s3_settling *settling;
};

void vqe_s3_reason(char *out, size_t size, const struct vqe_s3 *s3,
                   const struct vqe_http_response *response)
{
  char *code = NULL;
  char *text = NULL;
  out[0] = '\0';
  if (response->body != NULL &&
      vqe_s3_xml_text(&code, response->body, response->size, "Code") ==
          VQE_OK &&
      vqe_s3_xml_text(&text, response->body, response->size, "Message") ==
          VQE_OK &&
      code != NULL) {
    /* masked whole: a cut could leave a part of a credential */
    vqe_s3_credentials_mask(&s3->credentials, code);
    if (text != NULL) {
      vqe_s3_credentials_mask(&s3->credentials, text);
    }
    snprintf(out, size, "%.80s%s%.200s", code, text == NULL ? "" : ": ",
             text == NULL ? "" : text);
  }
  free(code);
  free(text);
}

/* ---- headers ---- */

struct headers {
  const char *lines[MOST_HEADERS];
  size_t count;
  char hash[sizeof "x-amz-content-sha256: " + VQE_SHA256_HEX_SIZE];
  char *token;
};

/* libcurl signs what stands here. An "Expect:" line would be signed but not
 * sent, so there is none. */
static int make_headers(struct headers *headers,
                        const struct exchange *exchange)
{
  const struct vqe_s3_request *request = exchange->request;
  const char *token = exchange->s3->credentials.token;
  char hash[VQE_SHA256_HEX_SIZE];
  int status = vqe_sha256_hex(hash, request->body == NULL ? "" : request->body,
                              request->size);
  if (status != VQE_OK) {
    return status;
  }
  snprintf(headers->hash, sizeof headers->hash, "x-amz-content-sha256: %s",
           hash);
  headers->lines[headers->count++] = headers->hash;
  if (request->only_new) {
    headers->lines[headers->count++] = "If-None-Match: *";
  }
  if (token != NULL) {
    status =
        vqe_memory_print(&headers->token, "x-amz-security-token: %s", token);
    headers->lines[headers->count++] = headers->token;
  }
  return status;
}

/* ---- the body that comes: checksum and file ---- */

static void start_md5(struct exchange *exchange)
{
  EVP_MD_CTX_free(exchange->md5);
  /* where MD5 is forbidden the check is left out */
  exchange->md5 = EVP_MD_CTX_new();
  if (exchange->md5 != NULL &&
      EVP_DigestInit_ex(exchange->md5, EVP_md5(), NULL) != 1) {
    EVP_MD_CTX_free(exchange->md5);
    exchange->md5 = NULL;
  }
}

static int begin_body(void *ctx)
{
  struct exchange *exchange = ctx;
  const struct vqe_s3_request *request = exchange->request;
  if (request->has_md5) {
    start_md5(exchange);
  }
  if (request->file >= 0 && (lseek(request->file, 0, SEEK_SET) != 0 ||
                             ftruncate(request->file, 0) != 0)) {
    return vqe_error_set(VQE_ERR_IO, "cannot rewind the file of '%s': %s",
                         request->key, strerror(errno));
  }
  return VQE_OK;
}

static int take_body(void *ctx, const void *data, size_t size)
{
  struct exchange *exchange = ctx;
  const struct vqe_s3_request *request = exchange->request;
  if (exchange->md5 != NULL && request->body == NULL) {
    EVP_DigestUpdate(exchange->md5, data, size);
  }
  return request->file < 0
             ? VQE_OK
             : vqe_objects_write(request->file, data, size,
                                 "writing a copy of", request->key);
}

/* Is the ETag no MD5, since the store encrypts by a key of its own? */
static bool is_encrypted(const struct vqe_http *http)
{
  char value[32];
  return (vqe_http_header(value, sizeof value, http,
                          "x-amz-server-side-encryption") &&
          strncasecmp(value, "AES256", 6) != 0) ||
         vqe_http_header(value, sizeof value, http,
                         "x-amz-server-side-encryption-customer-algorithm");
}

/* Does the ETag, if it can be an MD5, fit what went over the wire? The first
 * that does shows what the ETags of the store are. */
static bool has_right_md5(const struct exchange *exchange,
                          const struct vqe_http *http, const char *etag)
{
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  char text[2 * MD5_SIZE + 1];
  if (exchange->md5 == NULL || *exchange->s3->md5_etags == VQE_S3_NO ||
      strlen(etag) != 2 * MD5_SIZE ||
      strspn(etag, "0123456789abcdefABCDEF") != 2 * MD5_SIZE ||
      is_encrypted(http)) {
    return true;
  }
  if (exchange->request->body != NULL) {
    EVP_DigestUpdate(exchange->md5, exchange->request->body,
                     exchange->request->size);
  }
  if (EVP_DigestFinal_ex(exchange->md5, sum, &size) != 1 || size != MD5_SIZE) {
    return true;
  }
  for (size_t k = 0; k < MD5_SIZE; k++) {
    snprintf(text + 2 * k, 3, "%02x", sum[k]);
  }
  if (strcasecmp(text, etag) != 0) {
    return false;
  }
  *exchange->s3->md5_etags = VQE_S3_YES;
  return true;
}

/* ---- the policy ---- */

static enum vqe_http_verdict judge_fault(enum vqe_http_fault fault)
{
  switch (fault) {
  case VQE_HTTP_FAULT_URL:
  case VQE_HTTP_FAULT_TLS:
  case VQE_HTTP_FAULT_MEMORY:
  case VQE_HTTP_FAULT_MISSING:
    return VQE_HTTP_REFUSE;
  default:
    return VQE_HTTP_RETRY;
  }
}

/* Does the store ask for fewer requests, whatever the status? */
static bool is_throttled(const char *reason)
{
  static const char *const codes[] = {
      "SlowDown", "Throttling", "RequestLimitExceeded", "TooManyRequests"};
  for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
    if (strncmp(reason, codes[k], strlen(codes[k])) == 0) {
      return true;
    }
  }
  return false;
}

static enum vqe_http_verdict judge(void *ctx, const struct vqe_http *http,
                                   const struct vqe_http_response *response)
{
  struct exchange *exchange = ctx;
  char *reason = exchange->reason;
  size_t size = sizeof exchange->reason;
  char text[320] = "";
  if (response->fault != VQE_HTTP_NO_FAULT) {
    snprintf(reason, size, "%s", response->error);
    vqe_s3_credentials_mask(&exchange->s3->credentials, reason);
    return judge_fault(response->fault);
  }
  long status = response->status;
  if (!vqe_http_is_good(status)) {
    vqe_s3_reason(text, sizeof text, exchange->s3, response);
  }
  snprintf(exchange->code, sizeof exchange->code, "%.31s", text);
  snprintf(reason, size, "HTTP status %ld%s%s", status,
           text[0] == '\0' ? "" : ", ", text);
  if (status == 501 || status == 505) {
    return VQE_HTTP_DONE; /* "not implemented" stays so */
  }
  if (is_throttled(text) || status >= 500 || status == 429 || status == 408 ||
      status == 409 ||
      (status == 400 && strncmp(text, "RequestTimeout:", 15) == 0)) {
    return VQE_HTTP_RETRY;
  }
  if (vqe_http_is_good(status) &&
      !has_right_md5(exchange, http, response->etag)) {
    if (!exchange->settling->is_strict &&
        *exchange->s3->md5_etags == VQE_S3_UNKNOWN) {
      exchange->settling->is_unlike = true;
      return VQE_HTTP_DONE;
    }
    snprintf(reason, size,
             "wrong checksum: the bytes %s are not those that "
             "the ETag %s stands for (if this store's ETags are no MD5: "
             "--etag opaque)",
             exchange->request->body == NULL ? "received" : "stored",
             response->etag);
    vqe_s3_credentials_mask(&exchange->s3->credentials, reason);
    return VQE_HTTP_RETRY;
  }
  return VQE_HTTP_DONE;
}

/* The error of a request that no attempt brought through. */
static int give_up(const struct exchange *exchange,
                   const struct vqe_http_response *response)
{
  const struct vqe_s3 *s3 = exchange->s3;
  const struct vqe_s3_request *request = exchange->request;
  const char *remedy = "check that the store is up and reachable, then run "
                       "this again";
  int status = VQE_ERR_IO;
  switch (response->fault) {
  case VQE_HTTP_FAULT_TLS:
    status = VQE_ERR_INPUT;
    remedy = "give the CA that signed the store's certificate (AWS_CA_BUNDLE)";
    break;
  case VQE_HTTP_FAULT_URL:
    status = VQE_ERR_INPUT;
    remedy = "correct the endpoint";
    break;
  case VQE_HTTP_FAULT_UNREACHABLE:
    remedy = "check the endpoint, and that the store is up";
    break;
  case VQE_HTTP_FAULT_MEMORY:
    status = VQE_ERR_MEMORY;
    remedy = "free some memory";
    break;
  default:
    if (is_throttled(exchange->code)) {
      remedy = "the store asks for fewer requests: run this again later, and "
               "fewer programs at a time";
    }
    break;
  }
  return vqe_error_set(
      status,
      "%s of '%s' in bucket '%s' at %s failed (%d %s): %s; "
      "%s",
      request->method, request->key == NULL ? "" : request->key, s3->bucket,
      s3->endpoint, response->attempts + exchange->settling->done,
      response->attempts + exchange->settling->done == 1 ? "attempt"
                                                         : "attempts",
      exchange->reason, remedy);
}

/* Seconds for one attempt; 0, which is none, for a body of unknown size: that
 * one is watched for stalls alone. */
static double timeout_of(const struct vqe_s3 *s3,
                         const struct vqe_s3_request *request)
{
  bool is_get = strcmp(request->method, "GET") == 0;
  if (is_get && request->file >= 0) {
    return 0.0;
  }
  double body_s =
      (double)(is_get ? request->limit : request->size) / SLOWEST_RATE;
  return s3->timeout_s + (body_s < LONGEST_BODY_S ? body_s : LONGEST_BODY_S);
}

static int perform(struct vqe_http_response *response,
                   struct exchange *exchange, const char *path,
                   const struct headers *headers)
{
  const struct vqe_s3 *s3 = exchange->s3;
  const struct vqe_s3_request *request = exchange->request;
  const char *const bases[] = {s3->base};
  const struct vqe_http_sink sink = {.ctx = exchange,
                                     .begin = begin_body,
                                     .take = take_body,
                                     .consumes = request->file >= 0};
  const struct vqe_http_request sent = {.method = request->method,
                                        .bases = bases,
                                        .nbase = 1,
                                        .path = path,
                                        .headers = headers->lines,
                                        .nheader = headers->count,
                                        .body = request->body,
                                        .size = request->size,
                                        .once = request->once,
                                        .timeout_s = timeout_of(s3, request),
                                        .limit = request->limit,
                                        .error_limit = ERROR_BODY_LIMIT,
                                        .sink = &sink};
  int attempts = s3->attempts - exchange->settling->done;
  const struct vqe_http_policy policy = {
      .attempts = attempts > 1 ? attempts : 1,
      .first_s = FIRST_PAUSE_S,
      .longest_s = LONGEST_PAUSE_S,
      .jitter = 0.5,
      .longest_asked_s = LONGEST_ASKED_PAUSE_S,
      .judge = judge,
      .ctx = exchange};
  int status = vqe_http_perform(response, s3->http, &sent, &policy);
  if (status == VQE_OK && response->verdict != VQE_HTTP_DONE) {
    status = give_up(exchange, response);
  }
  EVP_MD_CTX_free(exchange->md5);
  exchange->md5 = NULL;
  return status;
}

int vqe_s3_exchange(struct vqe_http_response *response,
                    const struct vqe_s3 *s3,
                    const struct vqe_s3_request *request,
                    struct vqe_s3_settling *settling)
{
  struct exchange exchange = {
      .s3 = s3, .request = request, .settling = settling};
  struct headers headers = {.count = 0};
  char *key = NULL;
  char *path = NULL;
  memset(response, 0, sizeof *response);
  int status =
      vqe_http_encode(&key, request->key == NULL ? "" : request->key, true);
  if (status == VQE_OK) {
    status = vqe_memory_print(&path, "%s%s%s", key,
                              request->query == NULL ? "" : "?",
                              request->query == NULL ? "" : request->query);
  }
  if (status == VQE_OK) {
    status = make_headers(&headers, &exchange);
  }
  if (status == VQE_OK) {
    status = perform(response, &exchange, path, &headers);
  }
  free(headers.token);
  free(key);
  free(path);
  return status;
}
