/* Table definitions: JSON, ids, schema and partition spec as Iceberg wants
 * them, and their agreement with a table that exists. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_internal.h"

void vqe_iceberg_definition_free(struct vqe_iceberg_definition *definition)
{
  if (definition == NULL) {
    return;
  }
  for (size_t k = 0; k < definition->ncolumns; k++) {
    free(definition->columns[k].name);
  }
  free(definition->columns);
  free(definition->partition);
  free(definition->key);
  free(definition->name);
  free(definition->comment);
  free(definition);
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

/* Ids of list elements follow `last`; returns the new last one. */
static int number_elements(struct vqe_iceberg_column *column, int last)
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
    last = number_elements(column, last);
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

int vqe_iceberg_definition_parse(struct vqe_iceberg_definition **out,
                                 const char *text, size_t size,
                                 const char *source)
{
  static const char *const known[] = {"name",      "comment", "columns",
                                      "partition", "key",     "tagged"};
  struct vqe_iceberg_definition *definition = NULL;
  json_error_t error;
  json_t *root = NULL;
  const char *key;
  json_t *value;
  *out = NULL;
  int status = VQE_OK;
  root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(root)) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: line %d: %s", source,
                           root == NULL ? error.line : 1,
                           root == NULL ? error.text : "not an object");
    goto out;
  }
  json_object_foreach(root, key, value)
  {
    size_t k = 0;
    while (k < sizeof known / sizeof known[0] && strcmp(known[k], key) != 0) {
      k++;
    }
    if (k == sizeof known / sizeof known[0]) {
      status =
          vqe_error_set(VQE_ERR_INPUT, "%s: unknown key \"%s\"", source, key);
      goto out;
    }
  }
  const char *name = vqe_iceberg_string(root, "name");
  if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: \"name\" must name the table",
                           source);
    goto out;
  }
  status =
      vqe_memory_alloc(&definition, 1, sizeof *definition, "a definition");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&definition->name, name);
  }
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
  if (status == VQE_OK) {
    definition->tagged = json_is_true(json_object_get(root, "tagged"));
    *out = definition;
    definition = NULL;
  }

out:
  vqe_iceberg_definition_free(definition);
  json_decref(root);
  return status;
}

/* ---- as Iceberg JSON ------------------------------------------------- */

static json_t *type_json(const struct vqe_iceberg_column *column)
{
  json_t *type = json_string(vqe_iceberg_type_plain(column->type));
  for (int level = vqe_iceberg_type_depth(column->type); level > 0; level--) {
    int id = level == 2 ? column->inner_id : column->element_id;
    type = json_pack("{s:s, s:i, s:o, s:b}", "type", "list", "element-id", id,
                     "element", type, "element-required", 0);
  }
  return type;
}

static json_t *field_json(const struct vqe_iceberg_column *column)
{
  return json_pack("{s:i, s:s, s:b, s:o}", "id", column->id, "name",
                   column->name, "required", 0, "type", type_json(column));
}

int vqe_iceberg_schema_json(json_t **out,
                            const struct vqe_iceberg_definition *definition,
                            int schema_id)
{
  json_t *fields = json_array();
  *out = NULL;
  for (size_t k = 0; k < definition->ncolumns; k++) {
    if (json_array_append_new(fields, field_json(&definition->columns[k])) !=
        0) {
      json_decref(fields);
      return vqe_iceberg_no_json_memory();
    }
  }
  *out = json_pack("{s:s, s:i, s:o}", "type", "struct", "schema-id", schema_id,
                   "fields", fields);
  return *out == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
}

int vqe_iceberg_spec_json(json_t **out,
                          const struct vqe_iceberg_definition *definition)
{
  json_t *fields = json_array();
  for (size_t k = 0; k < definition->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    json_t *field =
        json_pack("{s:s, s:s, s:i, s:i}", "name", column->name, "transform",
                  "identity", "source-id", column->id, "field-id",
                  VQE_ICEBERG_FIRST_PARTITION_ID + (int)k);
    if (json_array_append_new(fields, field) != 0) {
      json_decref(fields);
      fields = NULL;
      break;
    }
  }
  *out = fields;
  return fields == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
}

/* ---- against a table ------------------------------------------------- */

/* Type, id and element ids of a schema's field; false when the type is none
 * of ours. */
static bool column_of_field(struct vqe_iceberg_column *column,
                            const json_t *field)
{
  const json_t *type = json_object_get(field, "type");
  int depth = 0;
  memset(column, 0, sizeof *column);
  column->id = (int)vqe_iceberg_integer(field, "id", 0);
  while (json_is_object(type)) {
    const char *kind = vqe_iceberg_string(type, "type");
    int id = (int)vqe_iceberg_integer(type, "element-id", 0);
    if (kind == NULL || strcmp(kind, "list") != 0 || depth == 2) {
      return false;
    }
    if (depth == 0) {
      column->element_id = id;
    } else {
      column->inner_id = id;
    }
    type = json_object_get(type, "element");
    depth++;
  }
  return json_is_string(type) && column->id > 0 &&
         vqe_iceberg_type_find_plain(&column->type, json_string_value(type),
                                     depth);
}

static const json_t *find_field(const struct vqe_iceberg_table *table,
                                const char *name)
{
  const json_t *schema = vqe_iceberg_current_schema(table->metadata);
  size_t k;
  json_t *field;
  json_array_foreach(json_object_get(schema, "fields"), k, field)
  {
    const char *found = vqe_iceberg_string(field, "name");
    if (found != NULL && strcmp(found, name) == 0) {
      return field;
    }
  }
  return NULL;
}

bool vqe_iceberg_has_column(const struct vqe_iceberg_table *table,
                            const char *name)
{
  return find_field(table, name) != NULL;
}

/* Is the table's default spec the definition's? By names and transforms:
 * ids are the table's own. */
static int check_spec(const struct vqe_iceberg_definition *definition,
                      const struct vqe_iceberg_table *table)
{
  const json_t *spec = vqe_iceberg_default_spec(table->metadata);
  const json_t *fields = json_object_get(spec, "fields");
  bool same = json_array_size(fields) == definition->npartition;
  for (size_t k = 0; same && k < definition->npartition; k++) {
    const struct vqe_iceberg_column *column =
        &definition->columns[definition->partition[k]];
    const json_t *field = json_array_get(fields, k);
    const json_t *source = find_field(table, column->name);
    const char *transform = vqe_iceberg_string(field, "transform");
    same = transform != NULL && strcmp(transform, "identity") == 0 &&
           source != NULL &&
           vqe_iceberg_integer(source, "id", -1) ==
               vqe_iceberg_integer(field, "source-id", -2) &&
           vqe_iceberg_integer(field, "field-id", -1) ==
               VQE_ICEBERG_FIRST_PARTITION_ID + (int64_t)k;
  }
  if (!same) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s' is partitioned in another way than this "
                         "version writes it; write to another warehouse",
                         table->name);
  }
  return VQE_OK;
}

/* Ids of every column as the table has or will get them. */
static int table_ids(struct vqe_iceberg_column *ids, size_t *adds,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_table *table)
{
  int last = (int)vqe_iceberg_integer(table->metadata, "last-column-id", 0);
  *adds = 0;
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    const json_t *field = find_field(table, column->name);
    if (field == NULL) {
      ids[k].type = column->type;
      ids[k].id = ++last;
      last = number_elements(&ids[k], last);
      (*adds)++;
    } else if (!column_of_field(&ids[k], field) ||
               ids[k].type != column->type ||
               json_is_true(json_object_get(field, "required"))) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "table '%s': column '%s' is not an optional %s, "
                           "as this version writes it; write to another "
                           "warehouse",
                           table->name, column->name,
                           vqe_iceberg_type_name(column->type));
    }
  }
  return VQE_OK;
}

static int compare_ids(struct vqe_iceberg_definition *bind, size_t *adds,
                       const struct vqe_iceberg_definition *definition,
                       const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_column *ids = NULL;
  int status =
      vqe_memory_alloc(&ids, definition->ncolumns, sizeof *ids, "column ids");
  if (status == VQE_OK) {
    status = table_ids(ids, adds, definition, table);
  }
  if (status == VQE_OK) {
    status = check_spec(definition, table);
  }
  for (size_t k = 0; status == VQE_OK && k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    if (bind != NULL) {
      bind->columns[k].id = ids[k].id;
      bind->columns[k].element_id = ids[k].element_id;
      bind->columns[k].inner_id = ids[k].inner_id;
    } else if (ids[k].id != column->id ||
               ids[k].element_id != column->element_id ||
               ids[k].inner_id != column->inner_id) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "table '%s': column '%s' has another id there; "
                             "the files were written for another table",
                             table->name, column->name);
    }
  }
  free(ids);
  return status;
}

int vqe_iceberg_definition_bind(struct vqe_iceberg_definition *definition,
                                const struct vqe_iceberg_table *table)
{
  size_t adds;
  return compare_ids(definition, &adds, definition, table);
}

int vqe_iceberg_definition_check(
    size_t *adds, const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table)
{
  return compare_ids(NULL, adds, definition, table);
}

int vqe_iceberg_definition_of(struct vqe_iceberg_definition **out,
                              const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_definition *definition = NULL;
  const json_t *fields =
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields");
  const json_t *spec =
      json_object_get(vqe_iceberg_default_spec(table->metadata), "fields");
  size_t count = json_array_size(fields);
  size_t npartition = json_array_size(spec);
  *out = NULL;
  int status =
      vqe_memory_alloc(&definition, 1, sizeof *definition, "a definition");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&definition->name, table->name);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&definition->columns, count,
                              sizeof *definition->columns, "columns");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&definition->partition, npartition,
                              sizeof *definition->partition, "partition");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const json_t *field = json_array_get(fields, k);
    const char *name = vqe_iceberg_string(field, "name");
    if (name == NULL || !column_of_field(&definition->columns[k], field)) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s': column %zu ('%s') has a type that "
                             "this version does not know",
                             table->name, k + 1, name == NULL ? "?" : name);
      break;
    }
    status = vqe_memory_strdup(&definition->columns[k].name, name);
    definition->ncolumns = k + 1;
  }
  for (size_t k = 0; status == VQE_OK && k < npartition; k++) {
    const json_t *field = json_array_get(spec, k);
    int64_t source = vqe_iceberg_integer(field, "source-id", -1);
    size_t c = 0;
    while (c < count && definition->columns[c].id != source) {
      c++;
    }
    if (c == count) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "table '%s': its partition spec names field "
                             "%lld, which its schema lacks",
                             table->name, (long long)source);
      break;
    }
    definition->partition[k] = c;
    definition->npartition = k + 1;
  }
  if (status == VQE_OK) {
    status = check_spec(definition, table);
  }
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
      at = escape(at, text);
      *at = '\0';
      length = (size_t)(at - path);
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
  if (status == VQE_OK &&
      asprintf(out, "%s/%s/data/%s%s%s", VQE_ICEBERG_NAMESPACE,
               definition->name, path, path[0] == '\0' ? "" : "/", name) < 0) {
    *out = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a key");
  }
  free(path);
  return status;
}
