#include "objects/objects_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "objects/objects_credentials.h"
#include "objects/objects_place.h"
#include "objects/objects_xml.h"

#define ERROR_BODY_LIMIT 65536
#define DEFAULT_TIMEOUT_S 30.0
#define DEFAULT_ATTEMPTS 6
#define LONGEST_PAUSE_S 10.0
#define LONGEST_ASKED_PAUSE_S 30.0
#define SLOWEST_RATE 65536 /* bytes a second of a body */
#define SLOWEST_FLOW 1024  /* bytes a second, below which it is a stall */
#define MD5_SIZE 16

struct vqe_http {
  CURL *curl;
  bool is_global; /* curl_global_init() was called */
  struct vqe_credentials credentials;
  char *endpoint; /* without '/' at the end */
  char *base;     /* URL of the bucket, without '/' at the end */
  char *region;
  char *sigv4;
  char *ca_file;
  char *bucket;
  double timeout_s;
  int attempts;
  uint64_t requests;
  char error[CURL_ERROR_SIZE];
};

/* One try. */
struct transfer {
  struct vqe_http *http;
  const struct vqe_http_request *request;
  struct vqe_http_answer *answer;
  size_t sent;
  size_t capacity;
  EVP_MD_CTX *md5; /* NULL: not computed */
  bool encrypted;  /* the ETag is no MD5 */
  int write_errno; /* of the file */
  bool no_memory;
};

int vqe_http_encode(char **out, const char *text, bool keep_slash)
{
  static const char digits[] = "0123456789ABCDEF";
  char *encoded = NULL;
  int status =
      vqe_memory_alloc(&encoded, strlen(text) + 1, 3, "a key in a URL");
  *out = encoded;
  if (status != VQE_OK) {
    return status;
  }
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                 (*c >= '0' && *c <= '9') || strchr("-_.~", *c) != NULL ||
                 (*c == '/' && keep_slash);
    if (plain) {
      *encoded++ = (char)*c;
    } else {
      *encoded++ = '%';
      *encoded++ = digits[*c >> 4];
      *encoded++ = digits[*c & 15];
    }
  }
  *encoded = '\0';
  return VQE_OK;
}

static int set_text(char **out, const char *format, const char *a,
                    const char *b, const char *c)
    __attribute__((format(printf, 2, 0)));

static int set_text(char **out, const char *format, const char *a,
                    const char *b, const char *c)
{
  if (asprintf(out, format, a, b, c) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  return VQE_OK;
}

/* endpoint, region and base URL from options, environment, defaults */
static int choose_place(struct vqe_http *http, const char *bucket,
                        const struct vqe_objects_options *options)
{
  const char *region =
      options->region != NULL ? options->region : http->credentials.region;
  const char *endpoint = options->endpoint != NULL
                             ? options->endpoint
                             : http->credentials.endpoint;
  if (region == NULL) {
    region = "us-east-1";
  }
  if (region[0] == '\0' || strspn(region, "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_") != strlen(region)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "region '%s' is none: letters, digits, '-', '_'",
                         region);
  }
  int status = vqe_memory_strdup(&http->region, region);
  if (status != VQE_OK) {
    return status;
  }
  status = set_text(&http->sigv4, "aws:amz:%s:s3%s%s", region, "", "");
  if (status != VQE_OK) {
    return status;
  }
  if (endpoint == NULL) {
    status = set_text(&http->endpoint, "https://s3.%s.amazonaws.com%s%s",
                      region, "", "");
  } else {
    status = vqe_memory_strdup(&http->endpoint, endpoint);
  }
  if (status != VQE_OK) {
    return status;
  }
  char *host = strstr(http->endpoint, "://");
  /* what stands before '@' can be a password: not echoed */
  if (strchr(http->endpoint, '@') != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the S3 endpoint holds a '@'; give scheme, host and "
                         "port only, and credentials by AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY");
  }
  if (host == NULL ||
      (strncasecmp(http->endpoint, "http://", 7) != 0 &&
       strncasecmp(http->endpoint, "https://", 8) != 0) ||
      host[3] == '\0' || strpbrk(http->endpoint, "?# ") != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is no S3 endpoint; give a URL such as "
                         "http://localhost:3900",
                         http->endpoint);
  }
  size_t length = strlen(http->endpoint);
  while (http->endpoint[length - 1] == '/') {
    http->endpoint[--length] = '\0';
  }
  if (!options->virtual_host) {
    return set_text(&http->base, "%s/%s%s", http->endpoint, bucket, "");
  }
  if (asprintf(&http->base, "%.*s%s.%s", (int)(host + 3 - http->endpoint),
               http->endpoint, bucket, host + 3) < 0) {
    http->base = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  return VQE_OK;
}

int vqe_http_open(struct vqe_http **out, const char *bucket,
                  const struct vqe_objects_options *options)
{
  struct vqe_http *http = NULL;
  const char *ca_file =
      options->ca_file != NULL ? options->ca_file : getenv("AWS_CA_BUNDLE");
  *out = NULL;
  int status = vqe_memory_alloc(&http, 1, sizeof *http, "a connection");
  if (status != VQE_OK) {
    return status;
  }
  http->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  http->attempts =
      options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
  status = vqe_credentials_load(&http->credentials);
  if (status != VQE_OK) {
    goto out;
  }
  status = choose_place(http, bucket, options);
  if (status != VQE_OK) {
    goto out;
  }
  if (ca_file != NULL && ca_file[0] != '\0') {
    status = vqe_memory_strdup(&http->ca_file, ca_file);
    if (status != VQE_OK) {
      goto out;
    }
    if (access(ca_file, R_OK) != 0) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "cannot read the CA file '%s': %s; correct it or "
                             "leave it out",
                             ca_file, strerror(errno));
      goto out;
    }
  }
  status = vqe_memory_strdup(&http->bucket, bucket);
  if (status != VQE_OK) {
    goto out;
  }
  http->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  http->curl = http->is_global ? curl_easy_init() : NULL;
  if (http->curl == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "libcurl does not start");
  }
out:
  if (status != VQE_OK) {
    vqe_http_close(http);
    return status;
  }
  *out = http;
  return VQE_OK;
}

void vqe_http_close(struct vqe_http *http)
{
  if (http == NULL) {
    return;
  }
  curl_easy_cleanup(http->curl);
  if (http->is_global) {
    curl_global_cleanup();
  }
  vqe_credentials_clear(&http->credentials);
  free(http->endpoint);
  free(http->base);
  free(http->region);
  free(http->sigv4);
  free(http->ca_file);
  free(http->bucket);
  free(http);
}

const char *vqe_http_endpoint(const struct vqe_http *http)
{
  return http->endpoint;
}

uint64_t vqe_http_requests(const struct vqe_http *http)
{
  return http->requests;
}

const char *vqe_http_region(const struct vqe_http *http)
{
  return http->region;
}

void vqe_http_answer_clear(struct vqe_http_answer *answer)
{
  free(answer->body);
  memset(answer, 0, sizeof *answer);
}

void vqe_http_reason(char *out, size_t size, const struct vqe_http *http,
                     const struct vqe_http_answer *answer)
{
  struct vqe_xml_span all = {answer->body, answer->size};
  char *code = NULL;
  char *text = NULL;
  out[0] = '\0';
  if (answer->body == NULL || vqe_xml_text(&code, all, "Code") != VQE_OK ||
      vqe_xml_text(&text, all, "Message") != VQE_OK) {
    goto out;
  }
  if (code != NULL) {
    /* masked whole: a cut could leave a part of a credential */
    vqe_credentials_mask(&http->credentials, code);
    if (text != NULL) {
      vqe_credentials_mask(&http->credentials, text);
    }
    snprintf(out, size, "%.80s%s%.200s", code, text == NULL ? "" : ": ",
             text == NULL ? "" : text);
  }
out:
  free(code);
  free(text);
}

static size_t read_body(char *buffer, size_t size, size_t count, void *ctx)
{
  struct transfer *transfer = ctx;
  size_t left = transfer->request->size - transfer->sent;
  size_t take = left < size * count ? left : size * count;
  if (take > 0) {
    memcpy(buffer, (const char *)transfer->request->body + transfer->sent,
           take);
  }
  transfer->sent += take;
  return take;
}

static int seek_body(void *ctx, curl_off_t offset, int origin)
{
  struct transfer *transfer = ctx;
  if (origin != SEEK_SET || offset < 0 ||
      (size_t)offset > transfer->request->size) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer->sent = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

static bool is_good(long status)
{
  return status >= 200 && status < 300;
}

static size_t to_file(struct transfer *transfer, const char *data, size_t size)
{
  size_t left = size;
  while (left > 0) {
    ssize_t put = write(transfer->request->file, data, left);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      transfer->write_errno = errno;
      return 0;
    }
    data += put;
    left -= (size_t)put;
  }
  return size;
}

static size_t to_memory(struct transfer *transfer, const char *data,
                        size_t size, bool good)
{
  struct vqe_http_answer *answer = transfer->answer;
  size_t limit = good ? transfer->request->limit : ERROR_BODY_LIMIT;
  if (size > limit - answer->size) {
    if (!good) {
      /* enough to tell what went wrong */
      return size;
    }
    answer->too_large = true;
    return 0;
  }
  size_t needed = answer->size + size + 1;
  if (needed > transfer->capacity) {
    size_t more = needed < 4096 ? 4096 : 2 * needed;
    if (vqe_memory_grow(&answer->body, transfer->capacity, more, 1,
                        "an answer of S3") != VQE_OK) {
      transfer->no_memory = true;
      return 0;
    }
    transfer->capacity = more;
  }
  memcpy(answer->body + answer->size, data, size);
  answer->body[answer->size + size] = '\0';
  return size;
}

static size_t write_answer(char *data, size_t size, size_t count, void *ctx)
{
  struct transfer *transfer = ctx;
  size_t got = size * count;
  long status = 0;
  curl_easy_getinfo(transfer->http->curl, CURLINFO_RESPONSE_CODE, &status);
  bool good = is_good(status);
  if (good && transfer->md5 != NULL && transfer->request->body == NULL) {
    EVP_DigestUpdate(transfer->md5, data, got);
  }
  size_t kept = good && transfer->request->file >= 0
                    ? to_file(transfer, data, got)
                    : to_memory(transfer, data, got, good);
  if (good || transfer->answer->size + kept <= ERROR_BODY_LIMIT) {
    transfer->answer->size += kept;
  }
  return kept;
}

/* "name: value" of one header line; NULL when it has another name. */
static const char *header_value(const char *line, size_t size,
                                const char *name)
{
  size_t length = strlen(name);
  if (size <= length || strncasecmp(line, name, length) != 0 ||
      line[length] != ':') {
    return NULL;
  }
  const char *value = line + length + 1;
  while (value < line + size && (*value == ' ' || *value == '\t')) {
    value++;
  }
  return value;
}

static size_t read_header(char *line, size_t size, size_t count, void *ctx)
{
  struct transfer *transfer = ctx;
  size_t length = size * count;
  const char *value = header_value(line, length, "etag");
  if (value != NULL) {
    size_t used = 0;
    for (const char *c = value; c < line + length && *c != '\r' && *c != '\n';
         c++) {
      if (*c != '"' && used + 1 < sizeof transfer->answer->etag) {
        transfer->answer->etag[used++] = *c;
      }
    }
    transfer->answer->etag[used] = '\0';
  }
  value = header_value(line, length, "x-amz-server-side-encryption");
  if (value != NULL && (size_t)(line + length - value) >= 6 &&
      strncasecmp(value, "AES256", 6) != 0) {
    transfer->encrypted = true;
  }
  if (header_value(line, length,
                   "x-amz-server-side-encryption-customer-algorithm") !=
      NULL) {
    transfer->encrypted = true;
  }
  return length;
}

/* Does the ETag, if it can be an MD5, fit what went over the wire? */
static bool has_right_md5(const struct transfer *transfer)
{
  const char *etag = transfer->answer->etag;
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  char text[2 * MD5_SIZE + 1];
  if (transfer->md5 == NULL || transfer->encrypted ||
      strlen(etag) != 2 * MD5_SIZE ||
      strspn(etag, "0123456789abcdefABCDEF") != 2 * MD5_SIZE) {
    return true;
  }
  if (transfer->request->body != NULL) {
    EVP_DigestUpdate(transfer->md5, transfer->request->body,
                     transfer->request->size);
  }
  if (EVP_DigestFinal_ex(transfer->md5, sum, &size) != 1 || size != MD5_SIZE) {
    return true;
  }
  for (size_t k = 0; k < MD5_SIZE; k++) {
    snprintf(text + 2 * k, 3, "%02x", sum[k]);
  }
  return strcasecmp(text, etag) == 0;
}

/* curl_easy_perform() without the SIGPIPE that TLS can raise on a dropped
 * connection, in this thread alone. */
static CURLcode perform_quietly(CURL *curl)
{
  const struct timespec at_once = {0, 0};
  sigset_t pipe;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigemptyset(&pending);
  sigpending(&pending);
  bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  CURLcode code = curl_easy_perform(curl);
  if (!was_pending) {
    while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return code;
}

static int add_header(struct curl_slist **headers, const char *text)
{
  struct curl_slist *more = curl_slist_append(*headers, text);
  if (more == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a header");
  }
  *headers = more;
  return VQE_OK;
}

/* libcurl signs what stands here. An "Expect:" line would be signed but not
 * sent, so there is none. */
static int make_headers(struct curl_slist **headers,
                        const struct vqe_http *http,
                        const struct vqe_http_request *request)
{
  char hash[VQE_SHA256_HEX_SIZE];
  char line[sizeof "x-amz-content-sha256: " + VQE_SHA256_HEX_SIZE];
  int status = vqe_sha256_hex(hash, request->body == NULL ? "" : request->body,
                              request->size);
  if (status != VQE_OK) {
    return status;
  }
  snprintf(line, sizeof line, "x-amz-content-sha256: %s", hash);
  status = add_header(headers, line);
  if (status == VQE_OK && request->only_new) {
    status = add_header(headers, "If-None-Match: *");
  }
  if (status == VQE_OK && http->credentials.token != NULL) {
    char *token = NULL;
    status = set_text(&token, "x-amz-security-token: %s%s%s",
                      http->credentials.token, "", "");
    if (status == VQE_OK) {
      status = add_header(headers, token);
    }
    free(token);
  }
  return status;
}

static void set_options(struct transfer *transfer, const char *url,
                        struct curl_slist *headers)
{
  const struct vqe_http *http = transfer->http;
  const struct vqe_http_request *request = transfer->request;
  CURL *curl = http->curl;
  long timeout_ms = (long)(http->timeout_s * 1e3);
  long stall_s = (long)http->timeout_s;
  bool is_get = strcmp(request->method, "GET") == 0;
  bool is_head = strcmp(request->method, "HEAD") == 0;
  curl_easy_reset(curl); /* keeps the connection */
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "vqe_batch/" VQE_VERSION);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
  curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, http->sigv4);
  curl_easy_setopt(curl, CURLOPT_USERNAME, http->credentials.key_id);
  curl_easy_setopt(curl, CURLOPT_PASSWORD, http->credentials.secret);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_FLOW);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s > 0 ? stall_s : 1L);
  /* a body of unknown size is watched for stalls alone */
  if (!is_get || request->file < 0) {
    double body = (double)(is_get ? request->limit : request->size);
    double body_ms = body * (1e3 / SLOWEST_RATE);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     timeout_ms + (long)(body_ms < 1e9 ? body_ms : 1e9));
  }
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  /* on a connection that was used before, newer libcurl repeats a request
   * without a word when it finds the connection dropped */
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_answer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, read_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
  if (http->ca_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
  }
  if (is_head) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request->body != NULL) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t)request->size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  } else if (!is_get) {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  }
}

/* Forget what an earlier try left. */
static int reset_answer(struct vqe_http_answer *answer,
                        const struct vqe_http_request *request)
{
  bool unsure = answer->unsure;
  vqe_http_answer_clear(answer);
  answer->unsure = unsure;
  if (request->file >= 0 && (lseek(request->file, 0, SEEK_SET) != 0 ||
                             ftruncate(request->file, 0) != 0)) {
    return vqe_error_set(VQE_ERR_IO, "cannot rewind the file of '%s': %s",
                         request->key, strerror(errno));
  }
  return VQE_OK;
}

/* One try: `code` and what it filled into the answer. A non-zero result is
 * of this side. */
static int try_once(struct transfer *transfer, CURLcode *code, const char *url)
{
  struct vqe_http *http = transfer->http;
  struct curl_slist *headers = NULL;
  int status = reset_answer(transfer->answer, transfer->request);
  if (status != VQE_OK) {
    return status;
  }
  transfer->sent = 0;
  transfer->capacity = 0;
  transfer->encrypted = false;
  if (transfer->request->has_md5) {
    /* where MD5 is forbidden the check is left out */
    transfer->md5 = EVP_MD_CTX_new();
    if (transfer->md5 != NULL &&
        EVP_DigestInit_ex(transfer->md5, EVP_md5(), NULL) != 1) {
      EVP_MD_CTX_free(transfer->md5);
      transfer->md5 = NULL;
    }
  }
  status = make_headers(&headers, http, transfer->request);
  if (status == VQE_OK) {
    curl_off_t length = -1;
    http->error[0] = '\0';
    set_options(transfer, url, headers);
    http->requests++;
    *code = perform_quietly(http->curl);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE,
                      &transfer->answer->status);
    curl_easy_getinfo(http->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    transfer->answer->content_length = length > 0 ? (uint64_t)length : 0;
  }
  curl_slist_free_all(headers);
  return status;
}

enum verdict { GOOD, AGAIN, NEVER };

/* Is the outcome of a try final? `reason` says why not. */
static enum verdict judge(char *reason, size_t size,
                          const struct transfer *transfer, CURLcode code)
{
  const struct vqe_http *http = transfer->http;
  const struct vqe_http_answer *answer = transfer->answer;
  char text[320];
  if (code != CURLE_OK) {
    snprintf(reason, size, "%s",
             http->error[0] != '\0' ? http->error : curl_easy_strerror(code));
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_NOT_BUILT_IN:
      return NEVER;
    default:
      return AGAIN;
    }
  }
  vqe_http_reason(text, sizeof text, http, answer);
  snprintf(reason, size, "HTTP status %ld%s%s", answer->status,
           text[0] == '\0' ? "" : ", ", text);
  if (answer->status == 501 || answer->status == 505) {
    return GOOD; /* "not implemented" stays so */
  }
  if (answer->status >= 500 || answer->status == 429 ||
      answer->status == 408 || answer->status == 409 ||
      (answer->status == 400 && strncmp(text, "RequestTimeout:", 15) == 0)) {
    return AGAIN;
  }
  if (is_good(answer->status) && !has_right_md5(transfer)) {
    snprintf(reason, size,
             "wrong checksum: the bytes %s are not those that "
             "the ETag %s stands for",
             transfer->request->body == NULL ? "received" : "stored",
             answer->etag);
    return AGAIN;
  }
  return GOOD;
}

static double uniform(void)
{
  uint32_t draw = 0;
  if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    return 0.5;
  }
  return (double)draw / 4294967296.0;
}

/* 0.2 s doubling up to 10 s, times 0.5 to 1; not before the store asks. */
static void pause_before(int attempt, CURL *curl)
{
  curl_off_t asked = 0;
  double seconds = 0.1;
  for (int k = 0; k < attempt && seconds < LONGEST_PAUSE_S; k++) {
    seconds *= 2.0;
  }
  seconds = seconds < LONGEST_PAUSE_S ? seconds : LONGEST_PAUSE_S;
  seconds *= 0.5 + 0.5 * uniform();
  if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK &&
      (double)asked > seconds) {
    seconds = (double)asked < LONGEST_ASKED_PAUSE_S ? (double)asked
                                                    : LONGEST_ASKED_PAUSE_S;
  }
  struct timespec left = {
      .tv_sec = (time_t)seconds,
      .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* The error of a request that no try brought through. */
static int give_up(const struct vqe_http *http,
                   const struct vqe_http_request *request, CURLcode code,
                   const char *reason, int tries)
{
  const char *remedy = "check that the store is up and reachable, then run "
                       "this again";
  int status = VQE_ERR_IO;
  if (code == CURLE_PEER_FAILED_VERIFICATION ||
      code == CURLE_SSL_CACERT_BADFILE) {
    status = VQE_ERR_INPUT;
    remedy = "give the CA that signed the store's certificate (AWS_CA_BUNDLE)";
  } else if (code == CURLE_URL_MALFORMAT ||
             code == CURLE_UNSUPPORTED_PROTOCOL) {
    status = VQE_ERR_INPUT;
    remedy = "correct the endpoint";
  } else if (code == CURLE_COULDNT_RESOLVE_HOST ||
             code == CURLE_COULDNT_CONNECT) {
    remedy = "check the endpoint, and that the store is up";
  } else if (code == CURLE_OUT_OF_MEMORY) {
    status = VQE_ERR_MEMORY;
    remedy = "free some memory";
  }
  return vqe_error_set(
      status,
      "%s of '%s' in bucket '%s' at %s failed (%d %s): %s; "
      "%s",
      request->method, request->key == NULL ? "" : request->key, http->bucket,
      http->endpoint, tries, tries == 1 ? "try" : "tries", reason, remedy);
}

/* A fault of this side found by a callback. */
static int own_fault(const struct transfer *transfer)
{
  if (transfer->write_errno != 0) {
    return vqe_objects_errno(transfer->write_errno, "writing a copy of",
                             transfer->request->key);
  }
  return transfer->no_memory ? VQE_ERR_MEMORY : VQE_OK;
}

int vqe_http_perform(struct vqe_http_answer *answer, struct vqe_http *http,
                     const struct vqe_http_request *request)
{
  char *path = NULL;
  char *url = NULL;
  memset(answer, 0, sizeof *answer);
  int status =
      vqe_http_encode(&path, request->key == NULL ? "" : request->key, true);
  if (status != VQE_OK) {
    return status;
  }
  if (asprintf(&url, "%s/%s%s%s", http->base, path,
               request->query == NULL ? "" : "?",
               request->query == NULL ? "" : request->query) < 0) {
    url = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  for (int attempt = 1; status == VQE_OK; attempt++) {
    struct transfer transfer = {
        .http = http, .request = request, .answer = answer};
    char reason[640];
    CURLcode code = CURLE_OK;
    enum verdict verdict = GOOD;
    status = try_once(&transfer, &code, url);
    if (status == VQE_OK) {
      status = own_fault(&transfer);
    }
    if (status == VQE_OK && !answer->too_large) {
      verdict = judge(reason, sizeof reason, &transfer, code);
    }
    EVP_MD_CTX_free(transfer.md5);
    if (status != VQE_OK || verdict == GOOD) {
      break;
    }
    /* a conflict was refused; all else may have had its effect */
    answer->unsure = answer->unsure || answer->status != 409;
    if (verdict == NEVER || attempt >= http->attempts) {
      status = give_up(http, request, code, reason, attempt);
      break;
    }
    pause_before(attempt, http->curl);
  }
  if (answer->too_large) {
    free(answer->body);
    answer->body = NULL;
    answer->size = 0;
  }
  free(path);
  free(url);
  return status;
}
