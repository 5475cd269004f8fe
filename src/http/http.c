#include "http/http.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "http/http_attempt.h"

#define SLOWEST_FLOW 1024L /* bytes a second, below which it is a stall */

struct vqe_http {
  CURL *curl;
  bool is_global; /* curl_global_init() was called */
  CURLSH *share;  /* its connections */
  struct vqe_http_options options;
  uint64_t requests;
  char error[CURL_ERROR_SIZE];
};

/* ---- the handle ---- */

int vqe_http_open(struct vqe_http **out,
                  const struct vqe_http_options *options)
{
  struct vqe_http *http = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&http, 1, sizeof *http, "a connection");
  if (status != VQE_OK) {
    return status;
  }
  http->options = *options;
  http->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  http->share = http->is_global ? curl_share_init() : NULL;
  http->curl = http->share != NULL ? curl_easy_init() : NULL;
  if (http->curl == NULL ||
      curl_share_setopt(http->share, CURLSHOPT_SHARE,
                        CURL_LOCK_DATA_CONNECT) != CURLSHE_OK) {
    vqe_http_close(http);
    return vqe_error_set(VQE_ERR_MEMORY, "libcurl does not start");
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
  curl_share_cleanup(http->share);
  if (http->is_global) {
    curl_global_cleanup();
  }
  free(http);
}

uint64_t vqe_http_requests(const struct vqe_http *http)
{
  return http->requests;
}

/* ---- the response ---- */

void vqe_http_response_clear(struct vqe_http_response *response)
{
  free(response->body);
  memset(response, 0, sizeof *response);
}

bool vqe_http_header(char *out, size_t size, const struct vqe_http *http,
                     const char *name)
{
  struct curl_header *header = NULL;
  out[0] = '\0';
  if (curl_easy_header(http->curl, name, 0, CURLH_HEADER, -1, &header) !=
      CURLHE_OK) {
    return false;
  }
  snprintf(out, size, "%s", header->value);
  return true;
}

double vqe_http_retry_after(const struct vqe_http *http)
{
  curl_off_t seconds = 0;
  return curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &seconds) ==
                 CURLE_OK
             ? (double)seconds
             : 0.0;
}

static void find_etag(struct vqe_http_response *response,
                      const struct vqe_http *http)
{
  char value[sizeof response->etag];
  size_t used = 0;
  (void)vqe_http_header(value, sizeof value, http, "etag");
  for (const char *c = value; *c != '\0'; c++) {
    if (*c != '"') {
      response->etag[used++] = *c;
    }
  }
  response->etag[used] = '\0';
}

static enum vqe_http_fault fault_of(CURLcode code)
{
  switch (code) {
  case CURLE_OK:
    return VQE_HTTP_NO_FAULT;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return VQE_HTTP_FAULT_URL;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_CONNECT:
    return VQE_HTTP_FAULT_UNREACHABLE;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
    return VQE_HTTP_FAULT_TLS;
  case CURLE_SSL_CERTPROBLEM:
    return VQE_HTTP_FAULT_CERTIFICATE;
  case CURLE_OUT_OF_MEMORY:
    return VQE_HTTP_FAULT_MEMORY;
  case CURLE_NOT_BUILT_IN:
    return VQE_HTTP_FAULT_MISSING;
  default:
    return VQE_HTTP_FAULT_TRANSFER;
  }
}

/* ---- one attempt ---- */

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

static int make_headers(struct curl_slist **headers,
                        const struct vqe_http_request *request)
{
  for (size_t k = 0; k < request->nheader; k++) {
    struct curl_slist *more = curl_slist_append(*headers, request->headers[k]);
    if (more == NULL) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for a header");
    }
    *headers = more;
  }
  return VQE_OK;
}

static void set_credentials(CURL *curl, const struct vqe_http_options *options)
{
  if (options->sigv4 != NULL) {
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, options->sigv4);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options->username);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options->password);
  } else if (options->token != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options->token);
  } else if (options->username != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options->username);
    curl_easy_setopt(curl, CURLOPT_PASSWORD,
                     options->password == NULL ? "" : options->password);
  }
  /* where the system's are is compiled into libcurl, and elsewhere on another
   * distribution; the variable is OpenSSL's */
  const char *ca_file =
      options->ca_file != NULL ? options->ca_file : getenv("SSL_CERT_FILE");
  if (ca_file != NULL && ca_file[0] != '\0') {
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
  }
  if (options->cert_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options->cert_file);
    curl_easy_setopt(curl, CURLOPT_SSLKEY,
                     options->key_file == NULL ? options->cert_file
                                               : options->key_file);
  }
}

static void set_timeouts(CURL *curl, const struct vqe_http_options *options,
                         double timeout_s)
{
  long stall_s = (long)options->stall_s;
  if (options->connect_timeout_s > 0.0) {
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(options->connect_timeout_s * 1e3));
  }
  if (options->stall_s > 0.0) {
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOWEST_FLOW);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s > 0 ? stall_s : 1L);
  }
  if (timeout_s > 0.0) {
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout_s * 1e3));
  }
}

static void set_options(struct vqe_http *http,
                        const struct vqe_http_request *request,
                        const char *url, struct curl_slist *headers)
{
  CURL *curl = http->curl;
  curl_easy_setopt(curl, CURLOPT_SHARE, http->share);
  http->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  if (http->options.only_http_1_1) {
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  }
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "vqe_batch/" VQE_VERSION);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
  set_credentials(curl, &http->options);
  set_timeouts(curl, &http->options, request->timeout_s);
}

/* What the attempt before left in the response, but for what counts over all
 * of them. */
static void start_response(struct vqe_http_response *response)
{
  const struct vqe_http_response kept = {.base = response->base,
                                         .attempts = response->attempts,
                                         .unsure = response->unsure};
  vqe_http_response_clear(response);
  *response = kept;
}

static int send_request(struct vqe_http_attempt *attempt,
                        struct vqe_http *http, const char *url)
{
  struct vqe_http_response *response = attempt->response;
  struct curl_slist *headers = NULL;
  curl_off_t length = -1;
  int status = make_headers(&headers, attempt->request);
  if (status == VQE_OK) {
    set_options(http, attempt->request, url, headers);
    vqe_http_body_install(attempt);
    http->requests++;
    CURLcode code = perform_quietly(http->curl);
    code = attempt->is_enough ? CURLE_OK : code;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(http->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    response->content_length = length > 0 ? (uint64_t)length : 0;
    find_etag(response, http);
    response->fault = fault_of(code);
    if (code != CURLE_OK) {
      snprintf(response->error, sizeof response->error, "%s",
               http->error[0] != '\0' ? http->error
                                      : curl_easy_strerror(code));
    }
    status = attempt->status;
  }
  curl_slist_free_all(headers);
  return status;
}

/* Another handle for each request, the connections being shared: libcurl up to
 * 8.0 keeps a pointer to the last header of the response before, which is
 * freed, and reads it where the first header of the next one begins with a
 * blank. */
static int renew_handle(struct vqe_http *http)
{
  CURL *curl = curl_easy_init();
  if (curl == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "libcurl does not start");
  }
  curl_easy_cleanup(http->curl);
  http->curl = curl;
  return VQE_OK;
}

int vqe_http_send_once(struct vqe_http_response *response,
                       struct vqe_http *http,
                       const struct vqe_http_request *request)
{
  struct vqe_http_attempt attempt = {.request = request, .response = response};
  char *url = NULL;
  start_response(response);
  int status = renew_handle(http);
  attempt.curl = http->curl;
  if (status == VQE_OK && request->sink != NULL) {
    status = request->sink->begin(request->sink->ctx);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&url, "%s%s", request->bases[response->base],
                              request->path);
  }
  if (status == VQE_OK) {
    vqe_http_check_exposed(&http->options, url);
    status = send_request(&attempt, http, url);
  }
  if (response->too_large) {
    free(response->body);
    response->body = NULL;
    response->size = 0;
  }
  free(url);
  return status;
}
