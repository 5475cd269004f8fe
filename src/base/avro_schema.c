#include "base/avro_schema.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_memory.h"
#include "base/json_text.h"
#include "base/text.h"

#define LARGEST_TEXT ((size_t)1 << 20)
#define MOST_TYPES 10000 /* those of references counted at each */
#define DEEPEST 32       /* types inside types */
#define DEEPEST_TEXT 256 /* brackets inside brackets */
#define LARGEST_FIXED ((int64_t)1 << 20)
#define LARGEST_VALUE ((size_t)16 << 20)
#define NAME_SIZE 512
#define SHOWN 100

/* ---- the text --------------------------------------------------------- */

/* What the JSON says before it is known to be a schema. */
struct text {
  json_t *names; /* full names of the types so far */
  int depth;
};

static int refuse(const char *what, const char *name)
{
  char shown[SHOWN + 1];
  snprintf(shown, sizeof shown, "%s", name == NULL ? "" : name);
  vqe_text_blank_controls(shown);
  return vqe_error_set(VQE_ERR_UNSUPPORTED, "Avro schema: %s%s%s%s", what,
                       name == NULL ? "" : " '", shown,
                       name == NULL ? "" : "'");
}

/* What libraries say may hold parts of the text. */
static int no_schema(const char *reason)
{
  char text[300];
  snprintf(text, sizeof text, "%s", reason);
  vqe_text_blank_controls(text);
  return vqe_error_set(VQE_ERR_INPUT, "not an Avro schema: %s", text);
}

static bool has_name(const char *type)
{
  return strcmp(type, "record") == 0 || strcmp(type, "error") == 0 ||
         strcmp(type, "enum") == 0 || strcmp(type, "fixed") == 0;
}

/* A type that is defined once more would be read as one or the other. */
static int note_name(struct text *text, const json_t *object,
                     const char *space)
{
  const char *name = json_string_value(json_object_get(object, "name"));
  char full[NAME_SIZE];
  if (name == NULL) {
    return VQE_OK; /* avro-c says so */
  }
  bool whole = strchr(name, '.') != NULL || space[0] == '\0';
  int length = snprintf(full, sizeof full, "%s%s%s", whole ? "" : space,
                        whole ? "" : ".", name);
  if (length >= (int)sizeof full) {
    return refuse("the name of a type is too long:", name);
  }
  if (json_object_get(text->names, full) != NULL) {
    return refuse("two types have the name", full);
  }
  return json_object_set_new(text->names, full, json_true()) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema");
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the text, which is bounded */
static int check_text(struct text *text, const json_t *at, const char *space);

/* NOLINTNEXTLINE(misc-no-recursion) */
static int check_list(struct text *text, const json_t *list, const char *space)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < json_array_size(list); k++) {
    status = check_text(text, json_array_get(list, k), space);
  }
  return status;
}

/* Is the member a type, or a list that holds some? A default value may look
 * like anything. */
static bool holds_types(const char *key)
{
  return strcmp(key, "type") == 0 || strcmp(key, "items") == 0 ||
         strcmp(key, "values") == 0 || strcmp(key, "fields") == 0;
}

/* The namespace inside of a type: of its own, of its name, or that around. */
static void inner_space(char *out, size_t size, const json_t *object,
                        const char *space)
{
  const char *name = json_string_value(json_object_get(object, "name"));
  const char *own = json_string_value(json_object_get(object, "namespace"));
  const char *dot = name == NULL ? NULL : strrchr(name, '.');
  if (dot != NULL) {
    snprintf(out, size, "%.*s", (int)(dot - name), name);
  } else {
    snprintf(out, size, "%s", own != NULL ? own : space);
  }
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int check_object(struct text *text, const json_t *object,
                        const char *space)
{
  const char *type = json_string_value(json_object_get(object, "type"));
  char inner[NAME_SIZE];
  const char *key;
  json_t *member;
  int status = VQE_OK;
  snprintf(inner, sizeof inner, "%s", space);
  if (type != NULL && has_name(type)) {
    inner_space(inner, sizeof inner, object, space);
    status = note_name(text, object, inner);
  }
  json_object_foreach((json_t *)(uintptr_t)object, key, member)
  {
    if (status == VQE_OK && holds_types(key)) {
      status = check_text(text, member, inner);
    }
  }
  return status;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int check_text(struct text *text, const json_t *at, const char *space)
{
  int status = VQE_OK;
  if (text->depth >= DEEPEST_TEXT) {
    return refuse("it is nested too deeply", NULL);
  }
  text->depth++;
  if (json_is_array(at)) {
    status = check_list(text, at, space);
  } else if (json_is_object(at)) {
    status = check_object(text, at, space);
  }
  text->depth--;
  return status;
}

static int parse_text(const char *data, size_t size)
{
  struct text text = {NULL, 0};
  json_t *root = NULL;
  if (size > LARGEST_TEXT) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "Avro schema: %zu bytes, the limit is %zu", size,
                         LARGEST_TEXT);
  }
  int status = vqe_json_parse(&root, data, size, JSON_DECODE_ANY, "JSON");
  if (status != VQE_OK) {
    return status == VQE_ERR_INPUT ? no_schema(vqe_error_message()) : status;
  }
  text.names = json_object();
  status = text.names == NULL
               ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema")
               : check_text(&text, root, "");
  json_decref(text.names);
  json_decref(root);
  return status;
}

/* ---- the schema ------------------------------------------------------- */

/* A walk over all types, references followed. */
struct walk {
  avro_schema_t path[DEEPEST]; /* from the outermost type to this one */
  int depth;
  size_t types;
};

/* One value: memory before its arrays, maps and texts, and the least number
 * of bytes that it has in a file. */
struct cost {
  size_t memory, bytes;
};

/* From above, for avro-c 1.11 on 64 bits, less than twice as much. */
#define TEXT_MEMORY 64
#define ARRAY_MEMORY 96
#define MAP_MEMORY 192
#define UNION_MEMORY 48
#define OTHER_MEMORY 16

static const char *name_of(avro_schema_t schema)
{
  const char *name = avro_schema_type_name(schema);
  return name == NULL ? "" : name;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as `path` */
static int measure(struct cost *out, struct walk *walk, avro_schema_t schema);

/* NOLINTNEXTLINE(misc-no-recursion) */
static int measure_record(struct cost *out, struct walk *walk,
                          avro_schema_t schema)
{
  int count = (int)avro_schema_record_size(schema);
  int status = VQE_OK;
  *out = (struct cost){OTHER_MEMORY, 0};
  for (int k = 0; status == VQE_OK && k < count; k++) {
    struct cost field = {0, 0};
    status = measure(&field, walk,
                     avro_schema_record_field_get_by_index(schema, k));
    out->memory += field.memory;
    out->bytes += field.bytes;
    if (status == VQE_OK && out->memory > LARGEST_VALUE) {
      status = refuse("one value takes more than 16 MiB, of the record",
                      name_of(schema));
    }
  }
  return status;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int measure_union(struct cost *out, struct walk *walk,
                         avro_schema_t schema)
{
  int count = (int)avro_schema_union_size(schema);
  int status = VQE_OK;
  *out = (struct cost){0, 1};
  if (count == 0) {
    return refuse("a union without branches", NULL);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    avro_schema_t branch = avro_schema_union_branch(schema, k);
    struct cost cost = {0, 0};
    status = avro_typeof(branch) == AVRO_UNION
                 ? refuse("a union in a union", NULL)
                 : measure(&cost, walk, branch);
    out->memory = cost.memory > out->memory ? cost.memory : out->memory;
  }
  out->memory += UNION_MEMORY;
  return status;
}

/* The items of an array, or the values of a map, which have their keys. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int measure_items(struct cost *out, struct walk *walk,
                         avro_schema_t item, bool keyed)
{
  struct cost cost = {0, 0};
  int status = measure(&cost, walk, item);
  if (status == VQE_OK && !keyed && cost.bytes == 0) {
    /* nothing bounds their number */
    status =
        refuse("an array whose items have no bytes, of type", name_of(item));
  }
  *out = (struct cost){keyed ? MAP_MEMORY : ARRAY_MEMORY, 1};
  return status;
}

static int measure_fixed(struct cost *out, avro_schema_t schema)
{
  int64_t size = avro_schema_fixed_size(schema);
  if (size < 0 || size > LARGEST_FIXED) {
    return refuse("more than 1 MiB in a fixed, of type", name_of(schema));
  }
  *out = (struct cost){OTHER_MEMORY + (size_t)size, (size_t)size};
  return VQE_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int measure_inside(struct cost *out, struct walk *walk,
                          avro_schema_t schema)
{
  switch (avro_typeof(schema)) {
  case AVRO_RECORD:
    return measure_record(out, walk, schema);
  case AVRO_UNION:
    return measure_union(out, walk, schema);
  case AVRO_ARRAY:
    return measure_items(out, walk, avro_schema_array_items(schema), false);
  case AVRO_MAP:
    return measure_items(out, walk, avro_schema_map_values(schema), true);
  case AVRO_LINK:
    return measure(out, walk, avro_schema_link_target(schema));
  case AVRO_FIXED:
    return measure_fixed(out, schema);
  case AVRO_STRING:
  case AVRO_BYTES:
    *out = (struct cost){TEXT_MEMORY, 1};
    return VQE_OK;
  case AVRO_NULL:
    *out = (struct cost){OTHER_MEMORY, 0};
    return VQE_OK;
  default:
    *out = (struct cost){OTHER_MEMORY, 1};
    return VQE_OK;
  }
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int measure(struct cost *out, struct walk *walk, avro_schema_t schema)
{
  for (int k = 0; k < walk->depth; k++) {
    if (walk->path[k] == schema) {
      return refuse("a type contains itself:", name_of(schema));
    }
  }
  if (walk->depth == DEEPEST) {
    return refuse("types more than 32 deep, to", name_of(schema));
  }
  if (++walk->types > MOST_TYPES) {
    return refuse("more than 10000 types", NULL);
  }
  walk->path[walk->depth++] = schema;
  int status = measure_inside(out, walk, schema);
  walk->depth--;
  return status;
}

size_t vqe_schema_value_size(avro_schema_t schema, size_t *types)
{
  struct walk walk = {.types = 0};
  struct cost cost = {0, 0};
  int status = measure(&cost, &walk, schema);
  *types += walk.types;
  return status == VQE_OK ? cost.memory : LARGEST_VALUE;
}

/* avro-c reads its JSON by itself. */
static int make_schema(avro_schema_t *out, const char *text, size_t size)
{
  *out = NULL;
  int status = vqe_json_reserve(size);
  if (status != VQE_OK) {
    return vqe_error_set(status, "no memory for a schema");
  }
  bool good = avro_schema_from_json_length(text, size, out) == 0;
  bool lost = vqe_json_lost();
  vqe_json_release();
  if (good && lost) {
    avro_schema_decref(*out);
  }
  if (lost || !good) {
    *out = NULL;
    return lost ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a schema")
                : no_schema(avro_strerror());
  }
  return VQE_OK;
}

int vqe_schema_parse(avro_schema_t *out, const char *text, size_t size)
{
  avro_schema_t schema = NULL;
  struct walk walk = {.types = 0};
  struct cost cost;
  *out = NULL;
  int status = parse_text(text, size);
  if (status == VQE_OK) {
    status = make_schema(&schema, text, size);
  }
  if (status == VQE_OK && schema != NULL) {
    status = measure(&cost, &walk, schema);
  }
  if (status == VQE_OK) {
    *out = schema;
  } else if (schema != NULL) {
    avro_schema_decref(schema);
  }
  return status;
}

int vqe_schema_holder_open(struct vqe_schema_holder *holder, const char *text,
                           size_t size)
{
  memset(holder, 0, sizeof *holder);
  int status = vqe_schema_parse(&holder->schema, text, size);
  if (status == VQE_OK) {
    holder->iface = avro_generic_class_from_schema(holder->schema);
    holder->has_value =
        holder->iface != NULL &&
        avro_generic_value_new(holder->iface, &holder->value) == 0;
    if (!holder->has_value) {
      status =
          vqe_error_set(VQE_ERR_INPUT, "Avro schema: %s", avro_strerror());
    }
  }
  return status;
}

void vqe_schema_holder_close(struct vqe_schema_holder *holder)
{
  if (holder->has_value) {
    avro_value_decref(&holder->value);
  }
  if (holder->iface != NULL) {
    avro_value_iface_decref(holder->iface);
  }
  if (holder->schema != NULL) {
    avro_schema_decref(holder->schema);
  }
  memset(holder, 0, sizeof *holder);
}
