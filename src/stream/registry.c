#include "stream/registry.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "stream/settings.h"

#define DEFAULT_TIMEOUT_S 10.0
#define DEFAULT_ATTEMPTS 3
#define CONNECT_TIMEOUT_MS 5000L
#define FIRST_PAUSE_MS 200
#define ANSWER_LIMIT ((size_t)16 << 20)
#define SHORTEST_SECRET 4 /* shorter ones mask too much of a message */
#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

/* One known schema: by id, or by subject and hash. */
struct known {
  struct known *next;
  int32_t id;
  char *text;    /* of a fetched one */
  char *subject; /* of a registered one */
  char hash[VQE_SHA256_HEX_SIZE];
};

struct vqe_registry {
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
  struct known *known;
  atomic_bool aborted;
  char error[CURL_ERROR_SIZE];
};

struct answer {
  long status;
  char *body; /* NUL after the last byte */
  size_t size;
  size_t capacity;
  bool too_large;
  const char *url;
};

/* ---- opening ---- */

static int add_url(struct vqe_registry *registry, const char *text,
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
  int status =
      vqe_memory_grow(&registry->urls, registry->nurl, registry->nurl + 1,
                      sizeof *registry->urls, "URLs of the registry");
  if (status != VQE_OK) {
    free(copy);
    return status;
  }
  registry->urls[registry->nurl++] = copy;
  return VQE_OK;
}

static int add_urls(struct vqe_registry *registry, const char *urls)
{
  if (urls == NULL || urls[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no schema registry is named; give its URL");
  }
  for (;;) {
    size_t size = strcspn(urls, ",");
    int status = add_url(registry, urls, size);
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

static int take_credentials(struct vqe_registry *registry,
                            const struct vqe_registry_options *options)
{
  int status = vqe_stream_secret(&registry->username, "VQE_REGISTRY_USERNAME");
  if (status == VQE_OK) {
    status = vqe_stream_secret(&registry->password, "VQE_REGISTRY_PASSWORD");
  }
  if (status == VQE_OK) {
    status = vqe_stream_secret(&registry->token, "VQE_REGISTRY_TOKEN");
  }
  if (status == VQE_OK && registry->token != NULL &&
      strpbrk(registry->token, "\r\n") != NULL) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "VQE_REGISTRY_TOKEN holds a line break");
  }
  if (status == VQE_OK) {
    status = take_path(&registry->ca_file, options->ca_file,
                       "VQE_REGISTRY_CA_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&registry->cert_file, NULL, "VQE_REGISTRY_CERT_FILE");
  }
  if (status == VQE_OK) {
    status = take_path(&registry->key_file, NULL, "VQE_REGISTRY_KEY_FILE");
  }
  return status;
}

int vqe_registry_open(struct vqe_registry **out,
                      const struct vqe_registry_options *options)
{
  struct vqe_registry *registry = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&registry, 1, sizeof *registry, "a registry");
  if (status != VQE_OK) {
    return status;
  }
  atomic_init(&registry->aborted, false);
  registry->timeout_s =
      options->timeout_s > 0.0 ? options->timeout_s : DEFAULT_TIMEOUT_S;
  registry->attempts =
      options->attempts > 0 ? options->attempts : DEFAULT_ATTEMPTS;
  status = add_urls(registry, options->urls);
  if (status == VQE_OK) {
    status = take_credentials(registry, options);
  }
  if (status != VQE_OK) {
    goto out;
  }
  registry->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  registry->curl = registry->is_global ? curl_easy_init() : NULL;
  registry->headers = curl_slist_append(NULL, "Content-Type: " MEDIA_TYPE);
  struct curl_slist *more = curl_slist_append(
      registry->headers, "Accept: " MEDIA_TYPE ", application/json");
  if (registry->curl == NULL || registry->headers == NULL || more == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "libcurl does not start");
  }
out:
  if (status != VQE_OK) {
    vqe_registry_close(registry);
    return status;
  }
  *out = registry;
  return VQE_OK;
}

static void wipe(char *secret)
{
  if (secret != NULL) {
    explicit_bzero(secret, strlen(secret));
    free(secret);
  }
}

void vqe_registry_close(struct vqe_registry *registry)
{
  if (registry == NULL) {
    return;
  }
  curl_easy_cleanup(registry->curl);
  curl_slist_free_all(registry->headers);
  if (registry->is_global) {
    curl_global_cleanup();
  }
  while (registry->known != NULL) {
    struct known *next = registry->known->next;
    free(registry->known->text);
    free(registry->known->subject);
    free(registry->known);
    registry->known = next;
  }
  for (size_t k = 0; k < registry->nurl; k++) {
    free(registry->urls[k]);
  }
  free(registry->urls);
  free(registry->username);
  wipe(registry->password);
  wipe(registry->token);
  free(registry->ca_file);
  free(registry->cert_file);
  free(registry->key_file);
  free(registry);
}

void vqe_registry_abort(struct vqe_registry *registry)
{
  atomic_store(&registry->aborted, true);
}

/* ---- one request ---- */

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
  struct answer *answer = ctx;
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

static int watch(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c,
                 curl_off_t d)
{
  struct vqe_registry *registry = ctx;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  return atomic_load(&registry->aborted) ? 1 : 0;
}

static void prepare(struct vqe_registry *registry, struct answer *answer,
                    const char *url, const char *body)
{
  CURL *curl = registry->curl;
  curl_easy_reset(curl);
  registry->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, registry->headers);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, registry->error);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   (long)(registry->timeout_s * 1000.0));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, registry);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "vqe_batch/" VQE_VERSION);
  if (body != NULL) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)strlen(body));
  }
  if (registry->token != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, registry->token);
  } else if (registry->username != NULL) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, registry->username);
    curl_easy_setopt(curl, CURLOPT_PASSWORD,
                     registry->password == NULL ? "" : registry->password);
  }
  if (registry->ca_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, registry->ca_file);
  }
  if (registry->cert_file != NULL) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, registry->cert_file);
    curl_easy_setopt(curl, CURLOPT_SSLKEY,
                     registry->key_file == NULL ? registry->cert_file
                                                : registry->key_file);
  }
}

static void pause_ms(struct vqe_registry *registry, int ms)
{
  while (ms > 0 && !atomic_load(&registry->aborted)) {
    const struct timespec step = {.tv_nsec = 50 * 1000000L};
    nanosleep(&step, NULL);
    ms -= 50;
  }
}

/* Will another try, now or at another URL, perhaps go better? */
static bool is_passing(long status)
{
  return status >= 500 || status == 429 || status == 408;
}

static void mask(char *text, const char *secret)
{
  size_t size = secret == NULL ? 0 : strlen(secret);
  if (size < SHORTEST_SECRET) {
    return;
  }
  for (char *at = strstr(text, secret); at != NULL; at = strstr(at, secret)) {
    memset(at, '*', size);
  }
}

/* One try; *passing says whether a failure may pass. */
static int try_url(struct answer *answer, struct vqe_registry *registry,
                   size_t index, const char *path, const char *body,
                   bool *passing)
{
  char *url = NULL;
  int status = VQE_OK;
  *passing = true;
  free(answer->body);
  memset(answer, 0, sizeof *answer);
  answer->url = registry->urls[index];
  if (asprintf(&url, "%s%s", registry->urls[index], path) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  prepare(registry, answer, url, body);
  CURLcode code = curl_easy_perform(registry->curl);
  if (atomic_load(&registry->aborted)) {
    *passing = false;
    status = vqe_error_set(VQE_ERR_INTERRUPTED,
                           "the request to the schema registry was ended");
    goto out;
  }
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
    mask(registry->error, registry->password);
    mask(registry->error, registry->token);
    *passing = !tls;
    status =
        vqe_error_set(tls ? VQE_ERR_INPUT : VQE_ERR_IO,
                      "schema registry at %s: %s%s", answer->url,
                      registry->error[0] != '\0' ? registry->error
                                                 : curl_easy_strerror(code),
                      tls ? "; name its CA by VQE_REGISTRY_CA_FILE" : "");
    goto out;
  }
  curl_easy_getinfo(registry->curl, CURLINFO_RESPONSE_CODE, &answer->status);
  *passing = is_passing(answer->status);
out:
  free(url);
  return status;
}

/* Until there is an answer that is worth having; a 5xx that stays is one. */
static int request(struct answer *answer, struct vqe_registry *registry,
                   const char *path, const char *body)
{
  int status = VQE_OK;
  int pause = FIRST_PAUSE_MS;
  for (int round = 0; round < registry->attempts; round++) {
    for (size_t k = 0; k < registry->nurl; k++) {
      size_t index = (registry->first + k) % registry->nurl;
      bool passing = false;
      status = try_url(answer, registry, index, path, body, &passing);
      if (!passing) {
        registry->first = index;
        return status;
      }
    }
    if (round + 1 < registry->attempts) {
      pause_ms(registry, pause);
      pause *= 2;
    }
  }
  return status;
}

/* ---- what an answer says ---- */

/* The registry's own words, without secrets and line breaks; "" when it has
 * none. */
static void reason_of(char *out, size_t size,
                      const struct vqe_registry *registry,
                      const struct answer *answer)
{
  out[0] = '\0';
  json_t *root = answer->body == NULL
                     ? NULL
                     : json_loadb(answer->body, answer->size, 0, NULL);
  const char *text = json_string_value(json_object_get(root, "message"));
  char *copy = text == NULL ? NULL : strdup(text);
  json_decref(root);
  if (copy != NULL) {
    /* masked whole: a cut could leave a part of a secret */
    mask(copy, registry->password);
    mask(copy, registry->token);
    snprintf(out, size, "%s", copy);
    free(copy);
  }
  for (char *c = out; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ') {
      *c = ' ';
    }
  }
}

static int failed(const struct vqe_registry *registry,
                  const struct answer *answer, const char *what)
{
  char reason[600];
  const char *remedy = "is this the address of its interface?";
  int status = VQE_ERR_INPUT;
  reason_of(reason, sizeof reason, registry, answer);
  switch (answer->status) {
  case 401:
    remedy = "set VQE_REGISTRY_USERNAME and VQE_REGISTRY_PASSWORD, or "
             "VQE_REGISTRY_TOKEN";
    break;
  case 403:
    remedy = "these credentials may not do that";
    break;
  case 404:
    status = VQE_ERR_NOT_FOUND;
    remedy = "not there; check the registry's URL and its path";
    break;
  case 409:
    remedy = "new fields need a default; or change the subject's "
             "compatibility";
    break;
  case 422:
    remedy = "the registry takes the schema for invalid";
    break;
  default:
    if (is_passing(answer->status)) {
      status = VQE_ERR_IO;
      remedy = "try again later";
    }
    break;
  }
  return vqe_error_set(status,
                       "schema registry at %s: %s: HTTP status %ld%s%s; %s",
                       answer->url, what, answer->status,
                       reason[0] == '\0' ? "" : ", ", reason, remedy);
}

/* ---- registering ---- */

static int remember(struct vqe_registry *registry, int32_t id,
                    const char *text, const char *subject, const char *hash)
{
  struct known *known = NULL;
  int status = vqe_memory_alloc(&known, 1, sizeof *known, "a schema");
  if (status != VQE_OK) {
    return status;
  }
  known->id = id;
  if (hash != NULL) {
    snprintf(known->hash, sizeof known->hash, "%s", hash);
  }
  status = vqe_memory_strdup(&known->text, text);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&known->subject, subject);
  }
  if (status != VQE_OK) {
    free(known->text);
    free(known);
    return status;
  }
  known->next = registry->known;
  registry->known = known;
  return VQE_OK;
}

/* {"schema": text}: the body of all requests that send one. */
static int make_body(char **out, const char *schema, size_t size)
{
  json_t *root = json_pack("{s:s%}", "schema", schema, size);
  *out = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
  json_decref(root);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "the schema is no UTF-8 text");
  }
  return VQE_OK;
}

static int id_of(int32_t *id, const struct answer *answer)
{
  json_t *root = answer->body == NULL
                     ? NULL
                     : json_loadb(answer->body, answer->size, 0, NULL);
  const json_t *value = json_object_get(root, "id");
  json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
  json_decref(root);
  if (number < 0 || number > INT32_MAX) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "schema registry at %s: the answer has no schema id; "
                         "is this a registry?",
                         answer->url);
  }
  *id = (int32_t)number;
  return VQE_OK;
}

/* Add the registry's list of what is incompatible to the message, where its
 * answer to the registration left it out. */
static void explain_conflict(struct vqe_registry *registry,
                             const char *subject, const char *body)
{
  struct answer answer = {0};
  char *path = NULL;
  char list[500] = "";
  size_t used = 0;
  size_t index;
  const json_t *item;
  json_t *root = NULL;
  char first[1024];
  snprintf(first, sizeof first, "%s", vqe_error_message());
  if (asprintf(&path,
               "/compatibility/subjects/%s/versions/latest?verbose=true",
               subject) < 0) {
    return;
  }
  if (request(&answer, registry, path, body) == VQE_OK &&
      answer.status == 200) {
    root = json_loadb(answer.body, answer.size, 0, NULL);
  }
  json_array_foreach(json_object_get(root, "messages"), index, item)
  {
    const char *text = json_string_value(item);
    if (text != NULL && used + 2 < sizeof list) {
      int put = snprintf(list + used, sizeof list - used, "%s%s",
                         used == 0 ? "" : "; ", text);
      used += put > 0 ? (size_t)put : 0;
    }
  }
  (void)vqe_error_set(VQE_ERR_INPUT, "%.500s%s%s", first,
                      list[0] == '\0' ? "" : "; the registry names: ", list);
  json_decref(root);
  free(answer.body);
  free(path);
}

int vqe_registry_register(int32_t *id, struct vqe_registry *registry,
                          const char *subject, const char *schema, size_t size)
{
  struct answer answer = {0};
  char hash[VQE_SHA256_HEX_SIZE];
  char what[200];
  char *body = NULL;
  char *encoded = NULL;
  char *path = NULL;
  int status = vqe_sha256_hex(hash, schema, size);
  if (status != VQE_OK) {
    return status;
  }
  for (const struct known *k = registry->known; k != NULL; k = k->next) {
    if (k->subject != NULL && strcmp(k->subject, subject) == 0 &&
        strcmp(k->hash, hash) == 0) {
      *id = k->id;
      return VQE_OK;
    }
  }
  snprintf(what, sizeof what, "registering the schema of '%.100s'", subject);
  encoded = curl_easy_escape(registry->curl, subject, (int)strlen(subject));
  if (encoded == NULL ||
      asprintf(&path, "/subjects/%s/versions", encoded) < 0) {
    path = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
    goto out;
  }
  status = make_body(&body, schema, size);
  if (status == VQE_OK) {
    status = request(&answer, registry, path, body);
  }
  if (status == VQE_OK && answer.status == 403) {
    /* perhaps somebody else registers here, and has done so */
    path[strlen(path) - strlen("/versions")] = '\0';
    status = request(&answer, registry, path, body);
    snprintf(what, sizeof what, "looking up the schema of '%.100s'", subject);
  }
  if (status == VQE_OK && answer.status != 200) {
    status = failed(registry, &answer, what);
    if (answer.status == 409) {
      explain_conflict(registry, encoded, body);
    }
  }
  if (status == VQE_OK) {
    status = id_of(id, &answer);
  }
  if (status == VQE_OK) {
    status = remember(registry, *id, NULL, subject, hash);
  }
out:
  free(answer.body);
  free(body);
  curl_free(encoded);
  free(path);
  return status;
}

int vqe_registry_fetch(const char **schema, struct vqe_registry *registry,
                       int32_t id)
{
  struct answer answer = {0};
  char path[64];
  char what[64];
  json_t *root = NULL;
  *schema = NULL;
  for (const struct known *k = registry->known; k != NULL; k = k->next) {
    if (k->text != NULL && k->id == id) {
      *schema = k->text;
      return VQE_OK;
    }
  }
  snprintf(path, sizeof path, "/schemas/ids/%d", id);
  snprintf(what, sizeof what, "fetching the schema %d", id);
  int status = request(&answer, registry, path, NULL);
  if (status == VQE_OK && answer.status != 200) {
    status = failed(registry, &answer, what);
  }
  if (status != VQE_OK) {
    goto out;
  }
  root = answer.body == NULL ? NULL
                             : json_loadb(answer.body, answer.size, 0, NULL);
  const char *text = json_string_value(json_object_get(root, "schema"));
  if (text == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "schema registry at %s: %s: the answer has no "
                           "schema; is this a registry?",
                           answer.url, what);
    goto out;
  }
  status = remember(registry, id, text, NULL, NULL);
  if (status == VQE_OK) {
    *schema = registry->known->text;
  }
out:
  json_decref(root);
  free(answer.body);
  return status;
}
