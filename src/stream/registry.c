#include "stream/registry.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "stream/registry_references.h"
#include "stream/registry_request.h"

#define READ_ONLY 42205 /* error codes of the registry */
#define SCHEMA_NOT_FOUND 40403
#define MOST_REFERENCES 200 /* of a schema, those of its references too */

/* One known schema: by id, or by subject and hash. */
struct known {
  struct known *next;
  uint32_t id;
  char *text;    /* of a fetched one */
  char *subject; /* of a registered one */
  char hash[VQE_SHA256_HEX_SIZE];
};

struct vqe_registry {
  struct vqe_registry_client *client;
  struct known *known;
};

int vqe_registry_open(struct vqe_registry **out,
                      const struct vqe_registry_options *options)
{
  struct vqe_registry *registry = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&registry, 1, sizeof *registry, "a registry");
  if (status == VQE_OK) {
    status = vqe_registry_client_open(&registry->client, options);
  }
  if (status != VQE_OK) {
    free(registry);
    return status;
  }
  *out = registry;
  return VQE_OK;
}

void vqe_registry_close(struct vqe_registry *registry)
{
  if (registry == NULL) {
    return;
  }
  while (registry->known != NULL) {
    struct known *next = registry->known->next;
    free(registry->known->text);
    free(registry->known->subject);
    free(registry->known);
    registry->known = next;
  }
  vqe_registry_client_close(registry->client);
  free(registry);
}

/* ---- what a response says ---- */

/* The body as JSON; NULL when it is none. */
static json_t *body_of(const struct vqe_http_response *response)
{
  return response->body == NULL
             ? NULL
             : vqe_json_parse_any(response->body, response->size);
}

/* The registry's own words, without secrets and line breaks; "" when it has
 * none. */
static void reason_of(char *out, size_t size,
                      const struct vqe_registry *registry,
                      const struct vqe_http_response *response)
{
  json_t *root = body_of(response);
  const char *text = json_string_value(json_object_get(root, "message"));
  char *copy = NULL;
  out[0] = '\0';
  if (vqe_memory_strdup(&copy, text) == VQE_OK && copy != NULL) {
    /* masked whole: a cut could leave a part of a secret */
    vqe_registry_mask(copy, registry->client);
    snprintf(out, size, "%s", copy);
  }
  free(copy);
  json_decref(root);
  vqe_text_blank_controls(out);
}

/* All that a registry says can hold what was sent to it: the schema's name and
 * type, reasons, references. */
static int masked(int status, const struct vqe_registry *registry)
{
  char text[1024];
  snprintf(text, sizeof text, "%s", vqe_error_message());
  vqe_registry_mask(text, registry->client);
  return vqe_error_set(status, "%s", text);
}

/* The registry's own code of an error; 0 when it has none. */
static json_int_t error_code_of(const struct vqe_http_response *response)
{
  json_t *root = body_of(response);
  json_int_t code = json_integer_value(json_object_get(root, "error_code"));
  json_decref(root);
  return code;
}

/* A missing schema differs from a page that no registry has. */
static const char *missing_remedy(const struct vqe_http_response *response)
{
  return error_code_of(response) == SCHEMA_NOT_FOUND
             ? "this registry does not have it: was it started anew without "
               "its store, or is another one meant?"
             : "not there; check the registry's URL and its path, as in "
               "http://localhost:8080/apis/ccompat/v7";
}

static int failed(const struct vqe_registry *registry,
                  const struct vqe_http_response *response, const char *what)
{
  char reason[600];
  const char *remedy = "is this the address of its interface?";
  int status = VQE_ERR_INPUT;
  reason_of(reason, sizeof reason, registry, response);
  switch (response->status) {
  case 401:
    remedy = "set VQE_REGISTRY_USERNAME and VQE_REGISTRY_PASSWORD, or "
             "VQE_REGISTRY_TOKEN";
    break;
  case 403:
    remedy = "these credentials may not do that";
    break;
  case 404:
    status = VQE_ERR_NOT_FOUND;
    remedy = missing_remedy(response);
    break;
  case 409:
    remedy = "new fields need a default; or change the subject's "
             "compatibility";
    break;
  case 422:
    remedy = error_code_of(response) == READ_ONLY
                 ? "it takes no new schemas; have this one registered by "
                   "whoever may"
                 : "the registry takes the schema for invalid";
    break;
  default:
    if (vqe_registry_is_passing(response->status)) {
      status = VQE_ERR_IO;
      remedy = "try again later";
    }
    break;
  }
  return vqe_error_set(
      status, "schema registry at %s: %s: HTTP status %ld%s%s; %s",
      vqe_registry_url(registry->client, response), what, response->status,
      reason[0] == '\0' ? "" : ", ", reason, remedy);
}

/* ---- registering ---- */

static int remember(struct vqe_registry *registry, uint32_t id,
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
  *out = root == NULL ? NULL : vqe_json_dumps(root, JSON_COMPACT);
  json_decref(root);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "the schema is no UTF-8 text");
  }
  return VQE_OK;
}

static int id_of(uint32_t *id, const struct vqe_registry *registry,
                 const struct vqe_http_response *response)
{
  json_t *root = body_of(response);
  const json_t *value = json_object_get(root, "id");
  json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
  json_decref(root);
  if (number < 0 || number > UINT32_MAX) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "schema registry at %s: the response has no schema id; "
        "is this a registry?",
        vqe_registry_url(registry->client, response));
  }
  *id = (uint32_t)number;
  return VQE_OK;
}

/* The reasons in the response to a check of compatibility, one after another;
 * "" when it gives none. */
static void list_reasons(char *out, size_t size,
                         const struct vqe_registry *registry,
                         const struct vqe_http_response *response)
{
  json_t *root = response->status == 200 ? body_of(response) : NULL;
  size_t used = 0;
  size_t index;
  const json_t *item;
  out[0] = '\0';
  json_array_foreach(json_object_get(root, "messages"), index, item)
  {
    char *text = NULL;
    if (used + 2 < size &&
        vqe_memory_strdup(&text, json_string_value(item)) == VQE_OK &&
        text != NULL) {
      /* masked whole, as above */
      vqe_registry_mask(text, registry->client);
      vqe_text_blank_controls(text);
      int put = snprintf(out + used, size - used, "%s%s",
                         used == 0 ? "" : "; ", text);
      used += put > 0 ? (size_t)put : 0;
    }
    free(text);
  }
  json_decref(root);
}

/* Add the registry's list of what is incompatible to the message, where its
 * response to the registration left it out. */
static void explain_conflict(struct vqe_registry *registry,
                             const char *subject, const char *body)
{
  struct vqe_http_response response = {0};
  char *path = NULL;
  char list[500];
  char first[1024];
  snprintf(first, sizeof first, "%s", vqe_error_message());
  int status = vqe_memory_print(
      &path, "/compatibility/subjects/%s/versions/latest?verbose=true",
      subject);
  if (status == VQE_OK) {
    status = vqe_registry_request(&response, registry->client, path, body);
  }
  if (status != VQE_OK) {
    response.status = 0;
  }
  list_reasons(list, sizeof list, registry, &response);
  (void)vqe_error_set(VQE_ERR_INPUT, "%.500s%s%s", first,
                      list[0] == '\0' ? "" : "; the registry names: ", list);
  vqe_http_response_clear(&response);
  free(path);
}

/* What a registration sends. */
struct registration {
  const char *subject;
  char *encoded; /* the subject in a URL */
  char *body;
};

/* Register the schema, or look it up where that is not allowed. */
static int request_id(uint32_t *id, struct vqe_registry *registry,
                      const struct registration *registration)
{
  struct vqe_http_response response = {0};
  const char *verb = "registering";
  char what[200];
  char *path = NULL;
  int status =
      vqe_memory_print(&path, "/subjects/%s/versions", registration->encoded);
  if (status == VQE_OK) {
    status = vqe_registry_request(&response, registry->client, path,
                                  registration->body);
  }
  if (status == VQE_OK &&
      (response.status == 403 ||
       (response.status == 422 && error_code_of(&response) == READ_ONLY))) {
    /* perhaps somebody else registers here, and has done so */
    verb = "looking up";
    path[strlen(path) - strlen("/versions")] = '\0';
    vqe_http_response_clear(&response);
    status = vqe_registry_request(&response, registry->client, path,
                                  registration->body);
  }
  if (status == VQE_OK && response.status != 200) {
    snprintf(what, sizeof what, "%s the schema of '%.100s'", verb,
             registration->subject);
    status = failed(registry, &response, what);
    if (response.status == 409) {
      explain_conflict(registry, registration->encoded, registration->body);
    }
  }
  if (status == VQE_OK) {
    status = id_of(id, registry, &response);
  }
  vqe_http_response_clear(&response);
  free(path);
  return status;
}

int vqe_registry_register(uint32_t *id, struct vqe_registry *registry,
                          const char *subject, const char *schema, size_t size)
{
  struct registration registration = {.subject = subject};
  char hash[VQE_SHA256_HEX_SIZE];
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
  status = vqe_http_encode(&registration.encoded, subject, false);
  if (status == VQE_OK) {
    status = make_body(&registration.body, schema, size);
  }
  if (status == VQE_OK) {
    status = request_id(id, registry, &registration);
  }
  if (status == VQE_OK) {
    status = remember(registry, *id, NULL, subject, hash);
  }
  free(registration.encoded);
  free(registration.body);
  return status == VQE_OK ? status : masked(status, registry);
}

/* ---- fetching ---- */

/* Texts of the schemas that one refers to, in the order in which they are
 * found. */
struct others {
  char **texts;
  char **names; /* "subject/version", to fetch each once */
  size_t count;
};

static void free_others(struct others *others)
{
  for (size_t k = 0; k < others->count; k++) {
    free(others->texts[k]);
    free(others->names[k]);
  }
  free(others->texts);
  free(others->names);
}

/* Makes room for the schema `name`; *is_new is false where it is there. */
static int add_other(bool *is_new, struct others *others, const char *name)
{
  size_t more = others->count + 1;
  *is_new = false;
  for (size_t k = 0; k < others->count; k++) {
    if (strcmp(others->names[k], name) == 0) {
      return VQE_OK;
    }
  }
  if (more > MOST_REFERENCES) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a schema with more than %d references",
                         MOST_REFERENCES);
  }
  int status = vqe_memory_grow(&others->texts, others->count, more,
                               sizeof *others->texts, "schemas");
  if (status == VQE_OK) {
    status = vqe_memory_grow(&others->names, others->count, more,
                             sizeof *others->names, "schemas");
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&others->names[others->count], name);
  }
  others->count += status == VQE_OK ? 1 : 0;
  *is_new = status == VQE_OK;
  return status;
}

/* GET `path`; *root has the text of an Avro schema as "schema". */
static int request_schema(json_t **root, struct vqe_registry *registry,
                          const char *path, const char *what)
{
  struct vqe_http_response response = {0};
  *root = NULL;
  int status = vqe_registry_request(&response, registry->client, path, NULL);
  if (status == VQE_OK && response.status != 200) {
    status = failed(registry, &response, what);
  }
  if (status == VQE_OK) {
    *root = body_of(&response);
    const char *type = json_string_value(json_object_get(*root, "schemaType"));
    if (json_string_value(json_object_get(*root, "schema")) == NULL) {
      status =
          vqe_error_set(VQE_ERR_INPUT,
                        "schema registry at %s: %s: the response has no "
                        "schema; is this a registry?",
                        vqe_registry_url(registry->client, &response), what);
    } else if (type != NULL && strcmp(type, "AVRO") != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "schema registry at %s: %s: its type is %.40s, "
                             "not AVRO",
                             vqe_registry_url(registry->client, &response),
                             what, type);
    }
  }
  if (status != VQE_OK) {
    json_decref(*root);
    *root = NULL;
  }
  vqe_http_response_clear(&response);
  return status;
}

static int fetch_others(struct others *others, struct vqe_registry *registry,
                        const json_t *references);

/* One entry of "references", and what its schema refers to. */
static int fetch_other(struct others *others, struct vqe_registry *registry,
                       const json_t *reference)
{
  const char *subject =
      json_string_value(json_object_get(reference, "subject"));
  json_int_t version =
      json_integer_value(json_object_get(reference, "version"));
  char what[200];
  char *encoded = NULL;
  char *path = NULL;
  json_t *root = NULL;
  bool is_new = false;
  int status =
      vqe_http_encode(&encoded, subject == NULL ? "" : subject, false);
  if (status == VQE_OK) {
    status = vqe_memory_print(&path, "/subjects/%s/versions/%lld", encoded,
                              (long long)version);
  }
  if (status == VQE_OK) {
    status = add_other(&is_new, others, path);
  }
  if (is_new) {
    size_t at = others->count - 1;
    snprintf(what, sizeof what,
             "fetching version %lld of '%.100s', which a "
             "schema refers to",
             (long long)version, subject == NULL ? "" : subject);
    status = request_schema(&root, registry, path, what);
    if (status == VQE_OK) {
      status = vqe_memory_strdup(
          &others->texts[at],
          json_string_value(json_object_get(root, "schema")));
    }
    if (status == VQE_OK) {
      status =
          fetch_others(others, registry, json_object_get(root, "references"));
    }
  }
  json_decref(root);
  free(encoded);
  free(path);
  return status;
}

static int fetch_others(struct others *others, struct vqe_registry *registry,
                        const json_t *references)
{
  int status = VQE_OK;
  size_t index;
  const json_t *reference;
  json_array_foreach((json_t *)references, index, reference)
  {
    if (status == VQE_OK) {
      status = fetch_other(others, registry, reference);
    }
  }
  return status;
}

/* Remember the schema of a response, its references resolved. */
static int take_schema(struct vqe_registry *registry, uint32_t id,
                       const json_t *root)
{
  const char *text = json_string_value(json_object_get(root, "schema"));
  const json_t *references = json_object_get(root, "references");
  struct others others = {.count = 0};
  char *joined = NULL;
  int status = VQE_OK;
  if (json_array_size(references) > 0) {
    status = fetch_others(&others, registry, references);
    if (status == VQE_OK) {
      status = vqe_registry_join(
          &joined, text, (const char *const *)others.texts, others.count);
    }
    if (status != VQE_OK) {
      status = vqe_error_context(status, "schema %lu", (unsigned long)id);
    }
  }
  if (status == VQE_OK) {
    status =
        remember(registry, id, joined != NULL ? joined : text, NULL, NULL);
  }
  free_others(&others);
  free(joined);
  return status;
}

int vqe_registry_fetch(const char **schema, struct vqe_registry *registry,
                       uint32_t id)
{
  json_t *root = NULL;
  char path[64];
  char what[64];
  *schema = NULL;
  for (const struct known *k = registry->known; k != NULL; k = k->next) {
    if (k->text != NULL && k->id == id) {
      *schema = k->text;
      return VQE_OK;
    }
  }
  snprintf(path, sizeof path, "/schemas/ids/%lu", (unsigned long)id);
  snprintf(what, sizeof what, "fetching the schema %lu", (unsigned long)id);
  int status = request_schema(&root, registry, path, what);
  if (status == VQE_OK) {
    status = take_schema(registry, id, root);
  }
  if (status == VQE_OK) {
    *schema = registry->known->text;
  }
  json_decref(root);
  return status == VQE_OK ? status : masked(status, registry);
}
