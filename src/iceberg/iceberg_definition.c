#include "iceberg/iceberg_definition.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"

/* Of an escaped partition value in a path. */
#define PATH_VALUE_BYTES ((size_t)120)
#define PATH_HASH_DIGITS ((size_t)16)

void vqe_iceberg_definition_free(struct vqe_iceberg_definition *definition)
{
  if (definition == NULL) {
    return;
  }
  for (size_t k = 0; k < definition->ncolumns; k++) {
    free(definition->columns[k].name);
    free(definition->columns[k].doc);
    free(definition->columns[k].table_name);
    free(definition->columns[k].other);
  }
  free(definition->columns);
  free(definition->partition);
  free(definition->key);
  free(definition->name);
  free(definition->comment);
  free(definition);
}

const char *vqe_iceberg_column_name(const struct vqe_iceberg_column *column)
{
  return column->table_name != NULL ? column->table_name : column->name;
}

const struct vqe_iceberg_column *
vqe_iceberg_definition_column(const struct vqe_iceberg_definition *definition,
                              const char *name)
{
  for (size_t k = 0; k < definition->ncolumns; k++) {
    if (strcmp(definition->columns[k].name, name) == 0) {
      return &definition->columns[k];
    }
  }
  return NULL;
}

int vqe_iceberg_definition_number(struct vqe_iceberg_column *column, int last)
{
  int depth = vqe_iceberg_type_depth(column->type);
  column->element_id = depth > 0 ? ++last : 0;
  column->inner_id = depth > 1 ? ++last : 0;
  return last;
}

int vqe_iceberg_definition_last_id(
    const struct vqe_iceberg_definition *definition)
{
  int last = 0;
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    const int ids[] = {column->id, column->element_id, column->inner_id};
    for (size_t i = 0; i < 3; i++) {
      last = ids[i] > last ? ids[i] : last;
    }
  }
  return last;
}

int vqe_iceberg_column_leaf(const struct vqe_iceberg_column *column)
{
  return column->inner_id > 0     ? column->inner_id
         : column->element_id > 0 ? column->element_id
                                  : column->id;
}

/* "meaning; unit; known at step t": readers of the tables see nothing else of
 * a column. */
static int parse_doc(struct vqe_iceberg_column *column, const json_t *item,
                     const char *source)
{
  static const struct {
    const char *name;
    const char *text;
  } times[] = {{"start", "known at the start"},
               {"step", "known at step t"},
               {"step 10", "known at step 10"},
               {"end", "known only at the end"}};
  const char *doc = vqe_iceberg_string(item, "doc");
  const char *unit = vqe_iceberg_string(item, "unit");
  const char *known = vqe_iceberg_string(item, "known");
  size_t k = 0;
  while (known != NULL && k < sizeof times / sizeof times[0] &&
         strcmp(times[k].name, known) != 0) {
    k++;
  }
  if (k == sizeof times / sizeof times[0]) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: column '%s': \"known\" is '%s'; use start, "
                         "step, step 10 or end",
                         source, column->name, known);
  }
  if (doc == NULL) {
    return VQE_OK;
  }
  return vqe_memory_print(&column->doc, "%s%s%s%s%s", doc,
                          unit != NULL ? "; " : "", unit != NULL ? unit : "",
                          known != NULL ? "; " : "",
                          known != NULL ? times[k].text : "");
}

static int parse_columns(struct vqe_iceberg_definition *definition,
                         const json_t *list, const char *source)
{
  size_t count = json_array_size(list);
  if (!json_is_array(list) || count == 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: \"columns\" must be a list",
                         source);
  }
  int status = vqe_memory_alloc(&definition->columns, count,
                                sizeof *definition->columns, "columns");
  if (status != VQE_OK) {
    return status;
  }
  int last = (int)count;
  for (size_t k = 0; k < count; k++) {
    const json_t *item = json_array_get(list, k);
    const char *name = vqe_iceberg_string(item, "name");
    const char *type = vqe_iceberg_string(item, "type");
    struct vqe_iceberg_column *column = &definition->columns[k];
    if (name == NULL || name[0] == '\0' || type == NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: column %zu needs \"name\" and \"type\"",
                           source, k + 1);
    }
    if (vqe_iceberg_definition_column(definition, name) != NULL) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: column '%s' appears twice",
                           source, name);
    }
    if (!vqe_iceberg_type_find(&column->type, type)) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: column '%s': no type '%s'",
                           source, name, type);
    }
    status = vqe_memory_strdup(&column->name, name);
    if (status != VQE_OK) {
      return status;
    }
    definition->ncolumns = k + 1;
    column->id = (int)k + 1;
    last = vqe_iceberg_definition_number(column, last);
    status = parse_doc(column, item, source);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

/* A list of column names as indices; a missing list is empty. */
static int parse_names(size_t **out, size_t *out_count,
                       const struct vqe_iceberg_definition *definition,
                       const json_t *list, const char *key, const char *source)
{
  size_t count = json_array_size(list);
  *out = NULL;
  *out_count = 0;
  if (list != NULL && !json_is_array(list)) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: \"%s\" must be a list", source,
                         key);
  }
  int status = vqe_memory_alloc(out, count, sizeof **out, key);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < count; k++) {
    const char *name = json_string_value(json_array_get(list, k));
    const struct vqe_iceberg_column *column =
        name == NULL ? NULL : vqe_iceberg_definition_column(definition, name);
    if (column == NULL) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: \"%s\": no column '%s'", source,
                           key, name == NULL ? "?" : name);
    }
    if (vqe_iceberg_type_is_list(column->type) ||
        column->type == VQE_ICEBERG_DOUBLE) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: \"%s\": column '%s' of type %s cannot "
                           "stand there",
                           source, key, name,
                           vqe_iceberg_type_name(column->type));
    }
    (*out)[k] = (size_t)(column - definition->columns);
  }
  *out_count = count;
  return VQE_OK;
}

static int check_keys(json_t *root, const char *source)
{
  static const char *const known[] = {"name",      "comment", "columns",
                                      "partition", "key",     "tagged"};
  const char *key;
  json_t *value;
  json_object_foreach(root, key, value)
  {
    size_t k = 0;
    while (k < sizeof known / sizeof known[0] && strcmp(known[k], key) != 0) {
      k++;
    }
    if (k == sizeof known / sizeof known[0]) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: unknown key \"%s\"", source,
                           key);
    }
  }
  return VQE_OK;
}

static int parse_members(struct vqe_iceberg_definition *definition,
                         const json_t *root, const char *source)
{
  const char *name = vqe_iceberg_string(root, "name");
  if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: \"name\" must name the table",
                         source);
  }
  definition->tagged = json_is_true(json_object_get(root, "tagged"));
  int status = vqe_memory_strdup(&definition->name, name);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&definition->comment,
                               vqe_iceberg_string(root, "comment"));
  }
  if (status == VQE_OK) {
    status =
        parse_columns(definition, json_object_get(root, "columns"), source);
  }
  if (status == VQE_OK) {
    status = parse_names(&definition->partition, &definition->npartition,
                         definition, json_object_get(root, "partition"),
                         "partition", source);
  }
  if (status == VQE_OK) {
    status = parse_names(&definition->key, &definition->nkey, definition,
                         json_object_get(root, "key"), "key", source);
  }
  return status;
}

int vqe_iceberg_definition_parse(struct vqe_iceberg_definition **out,
                                 const char *text, size_t size,
                                 const char *source)
{
  struct vqe_iceberg_definition *definition = NULL;
  json_t *root;
  *out = NULL;
  int status = vqe_json_parse_object(&root, text, size, source);
  if (status == VQE_OK) {
    status = check_keys(root, source);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&definition, 1, sizeof *definition, "a definition");
  }
  if (status == VQE_OK) {
    status = parse_members(definition, root, source);
  }
  json_decref(root);
  if (status != VQE_OK) {
    vqe_iceberg_definition_free(definition);
    return status;
  }
  *out = definition;
  return VQE_OK;
}

/* ---- keys ------------------------------------------------------------ */

/* As Java's URLEncoder does, which other writers use for partition paths. */
static char *escape(char *to, const char *text)
{
  static const char hex[] = "0123456789ABCDEF";
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte < 0x80 && (isalnum(byte) || strchr(".-*_", byte) != NULL)) {
      *to++ = (char)byte;
    } else if (byte == ' ') {
      *to++ = '+';
    } else {
      *to++ = '%';
      *to++ = hex[byte >> 4];
      *to++ = hex[byte & 15];
    }
  }
  return to;
}

/* Folder names end at 255 bytes, and keys of objects at 1024: a long value is
 * cut, and the hash of all of it keeps two that begin alike apart. `text` is
 * escaped and has room. */
static int shorten(char *text, const char *value)
{
  char hash[VQE_SHA256_HEX_SIZE];
  size_t keep = PATH_VALUE_BYTES - 1 - PATH_HASH_DIGITS;
  if (strlen(text) <= PATH_VALUE_BYTES) {
    return VQE_OK;
  }
  int status = vqe_sha256_hex(hash, value, strlen(value));
  if (status == VQE_OK) {
    for (size_t k = 1; k <= 2; k++) { /* no half of a "%2F" */
      if (text[keep - k] == '%') {
        keep -= k;
        break;
      }
    }
    text[keep] = '-';
    memcpy(text + keep + 1, hash, PATH_HASH_DIGITS);
    text[keep + 1 + PATH_HASH_DIGITS] = '\0';
  }
  return status;
}

int vqe_iceberg_partition_path(char **out,
                               const struct vqe_iceberg_definition *definition,
                               const struct vqe_iceberg_bytes *values)
{
  char *path = NULL;
  size_t length = 0;
  *out = NULL;
  int status = vqe_memory_alloc(&path, 1, 1, "a path");
  for (size_t k = 0; status == VQE_OK && k < definition->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    char *text = NULL;
    status = vqe_iceberg_bytes_text(&text, &values[k], column->type);
    if (status == VQE_OK) {
      size_t more = 3 * (strlen(column->name) + strlen(text)) + 3;
      status = vqe_memory_grow(&path, length + 1, length + more, 1, "a path");
    }
    if (status == VQE_OK) {
      char *at = path + length;
      if (k > 0) {
        *at++ = '/';
      }
      at = escape(at, column->name);
      *at++ = '=';
      *escape(at, text) = '\0';
      status = shorten(at, text);
      length = strlen(path);
    }
    free(text);
  }
  if (status != VQE_OK) {
    free(path);
    return status;
  }
  *out = path;
  return VQE_OK;
}

int vqe_iceberg_data_key(char **out,
                         const struct vqe_iceberg_definition *definition,
                         const struct vqe_iceberg_bytes *values,
                         const char *name)
{
  char *path = NULL;
  *out = NULL;
  int status = vqe_iceberg_partition_path(&path, definition, values);
  if (status == VQE_OK) {
    status = vqe_memory_print(out, VQE_ICEBERG_NAMESPACE "/%s/data/%s%s%s",
                              definition->name, path,
                              path[0] == '\0' ? "" : "/", name);
  }
  free(path);
  return status;
}
