#include "stream/registry_references.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"

#define MOST_DEPTH 100
#define NAME_SIZE 512
#define NUMBER "vqe_type"

/* Types by their full names: those of other schemas, and those that are
 * written already, by their new names. */
struct joining {
  json_t *others;  /* full name: definition */
  json_t *written; /* full name: new name */
  int depth;
};

static bool is_primitive(const char *name)
{
  static const char *const names[] = {"null",  "boolean", "int",   "long",
                                      "float", "double",  "bytes", "string"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (strcmp(name, names[k]) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_named(const char *type)
{
  return strcmp(type, "record") == 0 || strcmp(type, "error") == 0 ||
         strcmp(type, "enum") == 0 || strcmp(type, "fixed") == 0;
}

/* The full name of `name` where `space` is the namespace around it. */
static void qualify(char *out, size_t size, const char *name,
                    const char *space)
{
  if (strchr(name, '.') != NULL || space[0] == '\0') {
    snprintf(out, size, "%s", name);
  } else {
    snprintf(out, size, "%s.%s", space, name);
  }
}

/* Full name of the type that `object` defines; "" when it has no name. */
static void name_of(char *out, size_t size, const json_t *object,
                    const char *space)
{
  const char *name = json_string_value(json_object_get(object, "name"));
  const char *own = json_string_value(json_object_get(object, "namespace"));
  qualify(out, size, name == NULL ? "" : name, own == NULL ? space : own);
}

static int expand(json_t **type, struct joining *joining, const char *space);

/* `*type` is a name: the definition at its first place, its new name later. */
static int expand_name(json_t **type, struct joining *joining,
                       const char *space)
{
  const char *name = json_string_value(*type);
  char full[NAME_SIZE];
  qualify(full, sizeof full, name, space);
  if (json_object_get(joining->written, full) == NULL &&
      json_object_get(joining->others, full) == NULL) {
    snprintf(full, sizeof full, "%s", name); /* one without a namespace */
  }
  const json_t *written = json_object_get(joining->written, full);
  const json_t *other = json_object_get(joining->others, full);
  if (written == NULL && other == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the schema refers to the type '%.100s', which "
                         "neither it nor its references define",
                         name);
  }
  json_t *copy = json_deep_copy(written != NULL ? written : other);
  if (copy == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
  }
  json_decref(*type);
  *type = copy;
  return written != NULL ? VQE_OK : expand(type, joining, "");
}

/* A member that holds a type. */
static int expand_member(json_t *object, const char *key,
                         struct joining *joining, const char *space)
{
  json_t *type = json_incref(json_object_get(object, key));
  if (type == NULL) {
    return VQE_OK;
  }
  int status = expand(&type, joining, space);
  if (status == VQE_OK && json_object_set(object, key, type) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
  }
  json_decref(type);
  return status;
}

static int expand_fields(json_t *object, struct joining *joining,
                         const char *space)
{
  int status = VQE_OK;
  size_t index;
  json_t *field;
  json_array_foreach(json_object_get(object, "fields"), index, field)
  {
    if (status == VQE_OK && json_is_object(field)) {
      status = expand_member(field, "type", joining, space);
    }
  }
  return status;
}

/* A record, enum or fixed: gets its new name. */
static int expand_named(json_t *object, struct joining *joining,
                        const char *space)
{
  char full[NAME_SIZE];
  char inner[NAME_SIZE];
  char number[64];
  name_of(full, sizeof full, object, space);
  snprintf(inner, sizeof inner, "%s", full);
  char *dot = strrchr(inner, '.');
  if (dot == NULL) {
    inner[0] = '\0';
  } else {
    *dot = '\0';
  }
  snprintf(number, sizeof number, NUMBER "%zu",
           json_object_size(joining->written));
  (void)json_object_del(object, "namespace");
  (void)json_object_del(object, "aliases");
  if (json_object_set_new(object, "name", json_string(number)) != 0 ||
      json_object_set_new(joining->written, full, json_string(number)) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
  }
  return expand_fields(object, joining, inner);
}

static int expand_union(json_t *branches, struct joining *joining,
                        const char *space)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < json_array_size(branches); k++) {
    json_t *type = json_incref(json_array_get(branches, k));
    status = expand(&type, joining, space);
    if (status == VQE_OK && json_array_set(branches, k, type) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
    }
    json_decref(type);
  }
  return status;
}

static int expand_object(json_t *object, struct joining *joining,
                         const char *space)
{
  const char *type = json_string_value(json_object_get(object, "type"));
  if (type != NULL && is_named(type)) {
    return expand_named(object, joining, space);
  }
  if (type != NULL && strcmp(type, "array") == 0) {
    return expand_member(object, "items", joining, space);
  }
  if (type != NULL && strcmp(type, "map") == 0) {
    return expand_member(object, "values", joining, space);
  }
  return expand_member(object, "type", joining, space);
}

/* Replace what *type, which is owned, refers to. */
static int expand(json_t **type, struct joining *joining, const char *space)
{
  int status = VQE_OK;
  if (joining->depth >= MOST_DEPTH) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a schema more than %d types deep", MOST_DEPTH);
  }
  joining->depth++;
  if (json_is_array(*type)) {
    status = expand_union(*type, joining, space);
  } else if (json_is_object(*type)) {
    status = expand_object(*type, joining, space);
  } else if (json_is_string(*type) &&
             !is_primitive(json_string_value(*type))) {
    status = expand_name(type, joining, space);
  }
  joining->depth--;
  return status;
}

/* ---- the whole ---- */

static int parse(json_t **out, const char *text)
{
  int status =
      vqe_json_parse(out, text, strlen(text), JSON_DECODE_ANY, "schema");
  return status != VQE_ERR_INPUT
             ? status
             : vqe_error_set(VQE_ERR_INPUT, "a schema that is no JSON");
}

static int note_other(struct joining *joining, const char *text)
{
  json_t *schema = NULL;
  char full[NAME_SIZE];
  int status = parse(&schema, text);
  if (status == VQE_OK) {
    name_of(full, sizeof full, schema, "");
    if (full[0] != '\0' &&
        json_object_set(joining->others, full, schema) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
    }
  }
  json_decref(schema);
  return status;
}

int vqe_registry_join(char **out, const char *schema,
                      const char *const *others, size_t count)
{
  struct joining joining = {.others = json_object(), .written = json_object()};
  json_t *root = NULL;
  *out = NULL;
  int status = parse(&root, schema);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = note_other(&joining, others[k]);
  }
  if (status == VQE_OK) {
    status = expand(&root, &joining, "");
  }
  if (status == VQE_OK) {
    *out = vqe_json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
    if (*out == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
    }
  }
  json_decref(root);
  json_decref(joining.others);
  json_decref(joining.written);
  return status;
}
