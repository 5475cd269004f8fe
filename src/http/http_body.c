/* Bodies: what is sent, what is kept of what comes. */
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "http/http_attempt.h"

#define FIRST_CAPACITY 4096
#define LEFT_OUT_LIMIT ((size_t)1 << 20)
#define HEADS_LIMIT ((size_t)1 << 18)

/* ---- sending ---- */

static size_t read_body(char *buffer, size_t size, size_t count, void *ctx)
{
  struct vqe_http_attempt *attempt = ctx;
  size_t left = attempt->request->size - attempt->sent;
  size_t take = left < size * count ? left : size * count;
  if (take > 0) {
    memcpy(buffer, (const char *)attempt->request->body + attempt->sent, take);
  }
  attempt->sent += take;
  return take;
}

static int seek_body(void *ctx, curl_off_t offset, int origin)
{
  struct vqe_http_attempt *attempt = ctx;
  if (origin != SEEK_SET || offset < 0 ||
      (size_t)offset > attempt->request->size) {
    return CURL_SEEKFUNC_FAIL;
  }
  attempt->sent = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

static void install_upload(struct vqe_http_attempt *attempt)
{
  CURL *curl = attempt->curl;
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                   (curl_off_t)attempt->request->size);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
  curl_easy_setopt(curl, CURLOPT_READDATA, attempt);
  curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
  curl_easy_setopt(curl, CURLOPT_SEEKDATA, attempt);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, attempt->request->method);
}

/* ---- receiving ---- */

bool vqe_http_is_good(long status)
{
  return status >= 200 && status < 300;
}

/* Room for `size` more bytes and a NUL in the body. */
static int reserve(struct vqe_http_attempt *attempt, size_t size)
{
  size_t needed = attempt->response->size + size + 1;
  if (needed <= attempt->capacity) {
    return VQE_OK;
  }
  size_t more = needed < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * needed;
  int status = vqe_memory_grow(&attempt->response->body, attempt->capacity,
                               more, 1, "a response");
  if (status == VQE_OK) {
    attempt->capacity = more;
  }
  return status;
}

/* Bytes taken; anything but `size` ends the transfer. */
static size_t keep(struct vqe_http_attempt *attempt, const char *data,
                   size_t size, bool good)
{
  struct vqe_http_response *response = attempt->response;
  const struct vqe_http_request *request = attempt->request;
  bool may_drop = !good && request->error_limit > 0;
  size_t limit = may_drop ? request->error_limit : request->limit;
  if (attempt->dropped || size > limit - response->size) {
    /* of an error the beginning says enough */
    attempt->dropped = may_drop;
    response->too_large = !may_drop;
    /* a little more keeps the connection, without end it does not */
    attempt->left_out += size;
    attempt->is_enough = may_drop && attempt->left_out > LEFT_OUT_LIMIT;
    return may_drop && !attempt->is_enough ? size : 0;
  }
  attempt->status = reserve(attempt, size);
  if (attempt->status != VQE_OK) {
    return 0;
  }
  memcpy(response->body + response->size, data, size);
  response->size += size;
  response->body[response->size] = '\0';
  return size;
}

static size_t write_body(char *data, size_t size, size_t count, void *ctx)
{
  struct vqe_http_attempt *attempt = ctx;
  const struct vqe_http_sink *sink = attempt->request->sink;
  size_t got = size * count;
  long status = 0;
  curl_easy_getinfo(attempt->curl, CURLINFO_RESPONSE_CODE, &status);
  bool good = vqe_http_is_good(status);
  if (!good || sink == NULL) {
    return keep(attempt, data, got, good);
  }
  if (sink->consumes &&
      got > attempt->request->limit - attempt->response->size) {
    attempt->response->too_large = true;
    return 0;
  }
  attempt->status = sink->take(sink->ctx, data, got);
  if (attempt->status != VQE_OK) {
    return 0;
  }
  if (!sink->consumes) {
    return keep(attempt, data, got, good);
  }
  attempt->response->size += got;
  return got;
}

/* libcurl keeps headers without a limit. */
static size_t count_header(char *data, size_t size, size_t count, void *ctx)
{
  struct vqe_http_attempt *attempt = ctx;
  (void)data;
  attempt->heads += size * count;
  return attempt->heads <= HEADS_LIMIT ? size * count : 0;
}

void vqe_http_body_install(struct vqe_http_attempt *attempt)
{
  const struct vqe_http_request *request = attempt->request;
  CURL *curl = attempt->curl;
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, count_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, attempt);
  if (strcmp(request->method, "HEAD") == 0) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request->body != NULL && request->plain_post) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)request->size);
  } else if (request->body != NULL) {
    install_upload(attempt);
  } else if (strcmp(request->method, "GET") != 0) {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  }
}
