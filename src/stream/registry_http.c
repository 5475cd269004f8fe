#include "stream/registry_http.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "stream/settings.h"

#define DEFAULT_TIMEOUT_S 10.0
#define DEFAULT_ATTEMPTS 3
#define CONNECT_TIMEOUT_MS 5000L
#define FIRST_PAUSE_MS 200
#define ANSWER_LIMIT ((size_t)16 << 20)
#define SHORTEST_SECRET 4 /* shorter ones mask too much of a message */
#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

struct vqe_registry_http {
  CURL *curl;
  struct curl_slist *headers;
  bool is_global; /* curl_global_init() was called */
  char **urls;
  size_t nurl;
  size_t first; /* the one that answered last */
  char *username, *password, *token;
  char *ca_file;
  char *cert_file, *key_file;
  double timeout_s;
  int attempts;
  char error[CURL_ERROR_SIZE];
};

/* ---- opening ---- */

static int add_url(struct vqe_registry_http *http, const char *text,
                   size_t size)
{
  while (size > 0 && (text[size - 1] == '/' || text[size - 1] == ' ')) {
    size--;
  }
  while (size > 0 && text[0] == ' ') {
    text++;
    size--;
  }
  if (memchr(text, '@', size) != NULL) {
    /* what stands before it can be a password: not echoed */
    return vqe_error_set(VQE_ERR_INPUT,
                         "the registry's URL holds a '@'; give credentials by "
                         "VQE_REGISTRY_USERNAME and VQE_REGISTRY_PASSWORD");
  }
  if ((size < 8 || strncasecmp(text, "http://", 7) != 0) &&
      (size < 9 || strncasecmp(text, "https://", 8) != 0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%.*s' is no URL of a schema registry; give one "
                         "such as http://localhost:8081",
                         (int)size, text);
  }
  char *copy = strndup(text, size);
  if (copy == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  int status = vqe_memory_grow(&http->urls, http->nurl, http->nurl + 1,
                               sizeof *http->urls, "URLs of the registry");
  if (status != VQE_OK) {
    free(copy);
    return status;
  }
  http->urls[http->nurl++] = copy;
  return VQE_OK;
}

static int add_urls(struct vqe_registry_http *http, const char *urls)
{
  if (urls == NULL || urls[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no schema registry is named; give its URL");
  }
  for (;;) {
    size_t size = strcspn(urls, ",");
    int status = add_url(http, urls, size);
    if (status != VQE_OK || urls[size] == '\0') {
      return status;
    }
    urls += size + 1;
  }
}

static int take_path(char **out, const char *given, const char *name)
{
  const char *path = given != NULL ? given : getenv(name);
  *out = NULL;
  if (path == NULL || path[0] == '\0') {
    return VQE_OK;
  }
  if (access(path, R_OK) != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "cannot read '%s' (%s); correct it or leave it out",
                         path, name);
  }
  return vqe_memory_strdup(out, path);
}

static int take_credentials(struct vqe_registry_http *http,
                            const struct vqe_registry_options *options)
{
  int status = vqe_stream_secret(&http->username, "VQE_REGISTRY_USERNAME");
  if (status == VQE_OK) {
    status = vqe_stream_secret(&http->password, "VQE_REGISTRY_PASSWORD");
  }
  if (status == VQE_OK) {
    status = vqe_stream_secret(&http->token, "VQE_REGISTRY_TOKEN");
  }
  if (status == VQE_OK && http->token != NULL &&
      strpbrk(http->token, "\r\n") != NULL) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "VQE_REGISTRY_TOKEN holds a line break");
  }
  if (status == VQE_OK) {
    status =
        take_path(&http->ca_file, options->ca_file, "VQE_REGISTRY_CA_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&http->cert_file, NULL, "VQE_REGISTRY_CERT_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&http->key_file, NULL, "VQE_REGISTRY_KEY_FILE");
  }
  return status;
}

int vqe_registry_http_open(struct vqe_registry_http **out,
                           const struct vqe_registry_options *options)
{
  struct vqe_registry_http *http = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&http, 1, sizeof *http, "a registry");
  if (status != VQE_OK) {
    return status;
  }
  http->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  http->attempts =
      options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
  status = add_urls(http, options->urls);
  if (status == VQE_OK) {
    status = take_credentials(http, options);
  }
  if (status != VQE_OK) {
    goto out;
  }
  http->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  http->curl = http->is_global ? curl_easy_init() : NULL;
  http->headers = curl_slist_append(NULL, "Content-Type: " MEDIA_TYPE);
  struct curl_slist *more = curl_slist_append(
      http->headers, "Accept: " MEDIA_TYPE ", application/json");
  if (http->curl == NULL || http->headers == NULL || more == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "libcurl does not start");
  }
out:
  if (status != VQE_OK) {
    vqe_registry_http_close(http);
    return status;
  }
  *out = http;
  return VQE_OK;
}

static void wipe(char *secret)
{
  if (secret != NULL) {
    explicit_bzero(secret, strlen(secret));
    free(secret);
  }
}

void vqe_registry_http_close(struct vqe_registry_http *http)
{
  if (http == NULL) {
    return;
  }
  curl_easy_cleanup(http->curl);
  curl_slist_free_all(http->headers);
  if (http->is_global) {
    curl_global_cleanup();
  }
  for (size_t k = 0; k < http->nurl; k++) {
    free(http->urls[k]);
  }
  free(http->urls);
  free(http->username);
  wipe(http->password);
  wipe(http->token);
  free(http->ca_file);
  free(http->cert_file);
  free(http->key_file);
  free(http);
}

/* ---- one request ---- */

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
  struct vqe_registry_answer *answer = ctx;
  size *= count;
  if (answer->size + size > ANSWER_LIMIT) {
    answer->too_large = true;
    return 0;
  }
  if (answer->size + size + 1 > answer->capacity) {
    size_t more = 2 * (answer->size + size + 1);
    if (vqe_memory_grow(&answer->body, answer->size, more, 1,
                        "an answer of the registry") != VQE_OK) {
      return 0;
    }
    answer->capacity = more;
  }
  memcpy(answer->body + answer->size, data, size);
  answer->size += size;
  answer->body[answer->size] = '\0';
  return size;
}

static void prepare(struct vqe_registry_http *http,
                    struct vqe_registry_answer *answer, const char *url,
                    const char *body)
{
  CURL *curl = http->curl;
  curl_easy_reset(curl);
  http->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(http->timeout_s * 1000.0));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "vqe_batch/" VQE_VERSION);
  if (body != NULL) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)strlen(body));
  }
  if (http->token != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, http->token);
  } else if (http->username != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, http->username);
    curl_easy_setopt(curl, CURLOPT_PASSWORD,
                     http->password == NULL ? "" : http->password);
  }
  if (http->ca_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
  }
  if (http->cert_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, http->cert_file);
    curl_easy_setopt(curl, CURLOPT_SSLKEY,
                     http->key_file == NULL ? http->cert_file
                                            : http->key_file);
  }
}

static void mask_one(char *text, const char *secret)
{
  size_t size = secret == NULL ? 0 : strlen(secret);
  if (size < SHORTEST_SECRET) {
    return;
  }
  for (char *at = strstr(text, secret); at != NULL; at = strstr(at, secret)) {
    memset(at, '*', size);
  }
}

void vqe_registry_http_mask(char *text, const struct vqe_registry_http *http)
{
  mask_one(text, http->password);
  mask_one(text, http->token);
}

bool vqe_registry_is_passing(long status)
{
  return status >= 500 || status == 429 || status == 408;
}

/* One try; *passing says whether a failure may pass. */
static int try_url(struct vqe_registry_answer *answer,
                   struct vqe_registry_http *http, size_t index,
                   const char *path, const char *body, bool *passing)
{
  char *url = NULL;
  int status = VQE_OK;
  *passing = true;
  free(answer->body);
  memset(answer, 0, sizeof *answer);
  answer->url = http->urls[index];
  if (asprintf(&url, "%s%s", http->urls[index], path) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  prepare(http, answer, url, body);
  CURLcode code = curl_easy_perform(http->curl);
  if (answer->too_large) {
    *passing = false;
    status = vqe_error_set(VQE_ERR_INPUT,
                           "schema registry at %s: the answer is larger than "
                           "%zu bytes; is this a registry?",
                           answer->url, ANSWER_LIMIT);
    goto out;
  }
  if (code != CURLE_OK) {
    bool tls = code == CURLE_PEER_FAILED_VERIFICATION ||
               code == CURLE_SSL_CACERT_BADFILE ||
               code == CURLE_SSL_CERTPROBLEM;
    vqe_registry_http_mask(http->error, http);
    *passing = !tls;
    status = vqe_error_set(tls ? VQE_ERR_INPUT : VQE_ERR_IO,
                           "schema registry at %s: %s%s", answer->url,
                           http->error[0] != '\0' ? http->error
                                                  : curl_easy_strerror(code),
                           tls ? "; name its CA by VQE_REGISTRY_CA_FILE" : "");
    goto out;
  }
  curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &answer->status);
  *passing = vqe_registry_is_passing(answer->status);
out:
  free(url);
  return status;
}

int vqe_registry_http_ask(struct vqe_registry_answer *answer,
                          struct vqe_registry_http *http, const char *path,
                          const char *body)
{
  int status = VQE_OK;
  int pause = FIRST_PAUSE_MS;
  for (int round = 0; round < http->attempts; round++) {
    for (size_t k = 0; k < http->nurl; k++) {
      size_t index = (http->first + k) % http->nurl;
      bool passing = false;
      status = try_url(answer, http, index, path, body, &passing);
      if (!passing) {
        http->first = index;
        return status;
      }
    }
    if (round + 1 < http->attempts) {
      const struct timespec time = {pause / 1000, pause % 1000 * 1000000L};
      nanosleep(&time, NULL);
      pause *= 2;
    }
  }
  return status;
}
