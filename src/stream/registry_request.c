#include "stream/registry_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "stream/settings.h"

#define DEFAULT_TIMEOUT_S 10.0
#define DEFAULT_ATTEMPTS 3
#define CONNECT_TIMEOUT_S 5.0
#define FIRST_PAUSE_S 0.2
#define LONGEST_PAUSE_S 60.0
#define RESPONSE_LIMIT ((size_t)16 << 20)
#define SHORTEST_SECRET 4 /* shorter ones mask too much of a message */
#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

struct vqe_registry_client {
  struct vqe_http *http;
  char **urls;
  size_t nurl;
  size_t first; /* the one that responded last */
  char *username, *password, *token;
  char *ca_file;
  char *cert_file, *key_file;
  double timeout_s;
  int attempts;
};

/* ---- opening ---- */

static int add_url(struct vqe_registry_client *client, const char *text,
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
  int status = vqe_memory_grow(&client->urls, client->nurl, client->nurl + 1,
                               sizeof *client->urls, "URLs of the registry");
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&client->urls[client->nurl], "%.*s", (int)size, text);
    client->nurl += status == VQE_OK ? 1 : 0;
  }
  return status;
}

static int add_urls(struct vqe_registry_client *client, const char *urls)
{
  if (urls == NULL || urls[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no schema registry is named; give its URL");
  }
  int status = VQE_OK;
  bool is_last = false;
  while (status == VQE_OK && !is_last) {
    size_t size = strcspn(urls, ",");
    status = add_url(client, urls, size);
    is_last = urls[size] == '\0';
    urls += size + 1;
  }
  return status;
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

static int take_credentials(struct vqe_registry_client *client,
                            const struct vqe_registry_options *options)
{
  int status = vqe_stream_secret(&client->username, "VQE_REGISTRY_USERNAME");
  if (status == VQE_OK) {
    status = vqe_stream_secret(&client->password, "VQE_REGISTRY_PASSWORD");
  }
  if (status == VQE_OK) {
    status = vqe_stream_secret(&client->token, "VQE_REGISTRY_TOKEN");
  }
  if (status == VQE_OK && client->token != NULL &&
      strpbrk(client->token, "\r\n") != NULL) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "VQE_REGISTRY_TOKEN holds a line break");
  }
  if (status == VQE_OK) {
    status =
        take_path(&client->ca_file, options->ca_file, "VQE_REGISTRY_CA_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&client->cert_file, NULL, "VQE_REGISTRY_CERT_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&client->key_file, NULL, "VQE_REGISTRY_KEY_FILE");
  }
  return status;
}

static int connect_to(struct vqe_registry_client *client)
{
  const struct vqe_http_options options = {.ca_file = client->ca_file,
                                           .cert_file = client->cert_file,
                                           .key_file = client->key_file,
                                           .username = client->username,
                                           .password = client->password,
                                           .token = client->token,
                                           .connect_timeout_s =
                                               CONNECT_TIMEOUT_S};
  return vqe_http_open(&client->http, &options);
}

int vqe_registry_client_open(struct vqe_registry_client **out,
                             const struct vqe_registry_options *options)
{
  struct vqe_registry_client *client = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&client, 1, sizeof *client, "a registry");
  if (status != VQE_OK) {
    return status;
  }
  client->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  client->attempts =
      options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
  status = add_urls(client, options->urls);
  if (status == VQE_OK) {
    status = take_credentials(client, options);
  }
  if (status == VQE_OK) {
    status = connect_to(client);
  }
  if (status != VQE_OK) {
    vqe_registry_client_close(client);
    return status;
  }
  *out = client;
  return VQE_OK;
}

static void wipe(char *secret)
{
  if (secret != NULL) {
    explicit_bzero(secret, strlen(secret));
    free(secret);
  }
}

void vqe_registry_client_close(struct vqe_registry_client *client)
{
  if (client == NULL) {
    return;
  }
  vqe_http_close(client->http);
  for (size_t k = 0; k < client->nurl; k++) {
    free(client->urls[k]);
  }
  free(client->urls);
  free(client->username);
  wipe(client->password);
  wipe(client->token);
  free(client->ca_file);
  free(client->cert_file);
  free(client->key_file);
  free(client);
}

/* ---- one request ---- */

const char *vqe_registry_url(const struct vqe_registry_client *client,
                             const struct vqe_http_response *response)
{
  return client->urls[response->base];
}

void vqe_registry_mask(char *text, const struct vqe_registry_client *client)
{
  vqe_http_mask(text, client->password, SHORTEST_SECRET);
  vqe_http_mask(text, client->token, SHORTEST_SECRET);
  vqe_http_mask_basic(text, client->username, client->password);
}

bool vqe_registry_is_passing(long status)
{
  return status >= 500 || status == 429 || status == 408;
}

static bool is_tls(enum vqe_http_fault fault)
{
  return fault == VQE_HTTP_FAULT_TLS || fault == VQE_HTTP_FAULT_CERTIFICATE;
}

static enum vqe_http_verdict judge(void *ctx, const struct vqe_http *http,
                                   const struct vqe_http_response *response)
{
  (void)ctx;
  (void)http;
  if (response->fault != VQE_HTTP_NO_FAULT) {
    return is_tls(response->fault) ? VQE_HTTP_REFUSE : VQE_HTTP_RETRY;
  }
  return vqe_registry_is_passing(response->status) ? VQE_HTTP_RETRY
                                                   : VQE_HTTP_DONE;
}

/* The status of what came of a request, and its message. */
static int check(struct vqe_http_response *response,
                 const struct vqe_registry_client *client)
{
  const char *url = vqe_registry_url(client, response);
  bool tls = is_tls(response->fault);
  if (response->too_large) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "schema registry at %s: the response is larger than "
                         "%zu bytes; is this a registry?",
                         url, RESPONSE_LIMIT);
  }
  if (response->fault == VQE_HTTP_NO_FAULT) {
    return VQE_OK;
  }
  vqe_registry_mask(response->error, client);
  return vqe_error_set(tls ? VQE_ERR_INPUT : VQE_ERR_IO,
                       "schema registry at %s: %s%s", url, response->error,
                       tls ? "; name its CA by VQE_REGISTRY_CA_FILE" : "");
}

int vqe_registry_request(struct vqe_http_response *response,
                         struct vqe_registry_client *client, const char *path,
                         const char *body)
{
  static const char *const headers[] = {
      "Content-Type: " MEDIA_TYPE, "Accept: " MEDIA_TYPE ", application/json"};
  const struct vqe_http_request request = {
      .method = body == NULL ? "GET" : "POST",
      .bases = (const char *const *)client->urls,
      .nbase = client->nurl,
      .first = client->first,
      .path = path,
      .headers = headers,
      .nheader = sizeof headers / sizeof headers[0],
      .body = body,
      .size = body == NULL ? 0 : strlen(body),
      .plain_post = true,
      .timeout_s = client->timeout_s,
      .limit = RESPONSE_LIMIT};
  const struct vqe_http_policy policy = {.attempts = client->attempts,
                                         .first_s = FIRST_PAUSE_S,
                                         .longest_s = LONGEST_PAUSE_S,
                                         .judge = judge};
  int status = vqe_http_perform(response, client->http, &request, &policy);
  if (status == VQE_OK && response->verdict != VQE_HTTP_RETRY) {
    client->first = response->base;
  }
  return status == VQE_OK ? check(response, client) : status;
}
