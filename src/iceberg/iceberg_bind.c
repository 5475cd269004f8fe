#include "iceberg/iceberg_bind.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_type.h"

static const json_t *field_of(const json_t *schema, const char *name)
{
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

static const json_t *field_with(const json_t *schema, int64_t id)
{
  size_t k;
  json_t *field;
  json_array_foreach(json_object_get(schema, "fields"), k, field)
  {
    if (vqe_iceberg_integer(field, "id", -1) == id) {
      return field;
    }
  }
  return NULL;
}

/* The column that first had that name, whatever another engine calls it now;
 * else the one that has it now. *dropped: there was one, and no more. */
static const json_t *find_field(bool *dropped,
                                const struct vqe_iceberg_table *table,
                                const char *name)
{
  const json_t *current = vqe_iceberg_current_schema(table->metadata);
  int64_t first = INT64_MAX;
  int64_t id = -1;
  size_t k;
  json_t *schema;
  json_array_foreach(json_object_get(table->metadata, "schemas"), k, schema)
  {
    int64_t number = vqe_iceberg_integer(schema, "schema-id", INT64_MAX);
    const json_t *field = field_of(schema, name);
    if (field != NULL && number < first) {
      first = number;
      id = vqe_iceberg_integer(field, "id", -1);
    }
  }
  const json_t *found = field_with(current, id);
  found = found != NULL ? found : field_of(current, name);
  *dropped = id >= 0 && found == NULL;
  return found;
}

bool vqe_iceberg_has_column(const struct vqe_iceberg_table *table,
                            const char *name)
{
  bool dropped;
  return find_field(&dropped, table, name) != NULL;
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
    bool dropped;
    const json_t *source = find_field(&dropped, table, column->name);
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
                         "version writes it; give it the partition fields of "
                         "the other tables there, or write to another "
                         "warehouse",
                         table->name);
  }
  return VQE_OK;
}

/* An int that another engine has made a long holds all that we write. */
static bool type_fits(const struct vqe_iceberg_column *table,
                      const struct vqe_iceberg_column *column)
{
  return table->type == column->type ||
         (column->type == VQE_ICEBERG_INT && table->type == VQE_ICEBERG_LONG);
}

static int refuse_field(const struct vqe_iceberg_table *table,
                        const struct vqe_iceberg_column *column, bool dropped,
                        bool required)
{
  if (dropped) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s': another engine has dropped column '%s', "
                         "which this version writes; add it again there "
                         "(ALTER TABLE ... ADD COLUMN), or write to another "
                         "warehouse",
                         table->name, column->name);
  }
  if (required) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s': another engine has made column '%s' "
                         "required, which this version writes as optional; "
                         "make it optional there (ALTER COLUMN ... DROP NOT "
                         "NULL), or write to another warehouse",
                         table->name, column->name);
  }
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "table '%s': another engine has given column '%s' "
                       "another type than %s, as this version writes it; "
                       "write to another warehouse",
                       table->name, column->name,
                       vqe_iceberg_type_name(column->type));
}

/* A column of another engine: bound when the definition was made whole. */
static int foreign_ids(struct vqe_iceberg_column *ids,
                       const struct vqe_iceberg_column *column,
                       const struct vqe_iceberg_table *table)
{
  const json_t *field =
      field_with(vqe_iceberg_current_schema(table->metadata), column->id);
  bool known = field != NULL && vqe_iceberg_schema_column(ids, field);
  if (field == NULL || known != (column->other == NULL) ||
      (known && ids->type != column->type)) {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "table '%s': another engine has changed its columns "
                         "meanwhile",
                         table->name);
  }
  ids->id = column->id;
  return VQE_OK;
}

/* Two of our columns cannot be one of the table's. */
static int check_distinct(const struct vqe_iceberg_column *ids,
                          const struct vqe_iceberg_definition *definition,
                          const struct vqe_iceberg_table *table)
{
  for (size_t k = 0; k < definition->ncolumns; k++) {
    for (size_t i = 0; i < k; i++) {
      if (ids[i].id == ids[k].id) {
        return vqe_error_set(
            VQE_ERR_UNSUPPORTED,
            "table '%s': another engine calls column '%s' '%s', which this "
            "version writes as well; rename it there, or write to another "
            "warehouse",
            table->name, definition->columns[i].name,
            definition->columns[k].name);
      }
    }
  }
  return VQE_OK;
}

/* Ids of every column as the table has or will get them. */
static int table_ids(struct vqe_iceberg_column *ids, size_t *adds,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_table *table)
{
  int last = (int)vqe_iceberg_integer(table->metadata, "last-column-id", 0);
  int status = VQE_OK;
  *adds = 0;
  for (size_t k = 0; status == VQE_OK && k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    bool dropped = false;
    const json_t *field =
        column->foreign ? NULL : find_field(&dropped, table, column->name);
    if (column->foreign) {
      status = foreign_ids(&ids[k], column, table);
    } else if (field == NULL && !dropped) {
      ids[k].type = column->type;
      ids[k].id = ++last;
      last = vqe_iceberg_definition_number(&ids[k], last);
      (*adds)++;
    } else {
      bool required = json_is_true(json_object_get(field, "required"));
      bool fits = !dropped && vqe_iceberg_schema_column(&ids[k], field) &&
                  type_fits(&ids[k], column);
      status = fits && !required ? VQE_OK
                                 : refuse_field(table, column, dropped, fits);
    }
  }
  return status == VQE_OK ? check_distinct(ids, definition, table) : status;
}

static bool has_id(const struct vqe_iceberg_column *ids, size_t count,
                   int64_t id)
{
  for (size_t k = 0; k < count; k++) {
    if (ids[k].id == id) {
      return true;
    }
  }
  return false;
}

/* Rows of ours lack the columns of other engines, which must allow that. */
static int check_others(const struct vqe_iceberg_column *ids, size_t count,
                        const struct vqe_iceberg_table *table)
{
  size_t k;
  json_t *field;
  json_array_foreach(
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields"),
      k, field)
  {
    if (json_is_true(json_object_get(field, "required")) &&
        !has_id(ids, count, vqe_iceberg_integer(field, "id", -1))) {
      const char *name = vqe_iceberg_string(field, "name");
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "table '%s': column '%s' of another engine is "
                           "required, and rows of this version lack it; make "
                           "it optional there (ALTER COLUMN ... DROP NOT "
                           "NULL), or write to another warehouse",
                           table->name, name == NULL ? "?" : name);
    }
  }
  return VQE_OK;
}

/* Id, type and name of a column as the table has it. */
static int bind_column(struct vqe_iceberg_column *column,
                       const struct vqe_iceberg_column *ids,
                       const struct vqe_iceberg_table *table)
{
  const json_t *field =
      field_with(vqe_iceberg_current_schema(table->metadata), ids->id);
  const char *name = vqe_iceberg_string(field, "name");
  column->id = ids->id;
  column->element_id = ids->element_id;
  column->inner_id = ids->inner_id;
  if (column->other == NULL) {
    column->type = ids->type;
  }
  free(column->table_name);
  column->table_name = NULL;
  return name != NULL && strcmp(name, column->name) != 0
             ? vqe_memory_strdup(&column->table_name, name)
             : VQE_OK;
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
    status = check_others(ids, definition->ncolumns, table);
  }
  if (status == VQE_OK) {
    status = check_spec(definition, table);
  }
  for (size_t k = 0; status == VQE_OK && k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    if (bind != NULL) {
      status = bind_column(&bind->columns[k], &ids[k], table);
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

/* A column out of a field of the table's schema. `internal` is a name that
 * none of ours has, NULL to take the table's. */
static int read_column(struct vqe_iceberg_column *column, const json_t *field,
                       const char *internal)
{
  const char *name = vqe_iceberg_string(field, "name");
  bool known = vqe_iceberg_schema_column(column, field);
  int status = vqe_memory_strdup(&column->name, internal != NULL ? internal
                                                : name != NULL   ? name
                                                                 : "?");
  if (status == VQE_OK && internal != NULL) {
    status = vqe_memory_strdup(&column->table_name, name);
  }
  if (!known) {
    const json_t *type = json_object_get(field, "type");
    column->type = VQE_ICEBERG_OTHER;
    column->element_id = column->inner_id = 0;
    column->other =
        type == NULL || json_is_string(type)
            ? strdup(type == NULL ? "none" : json_string_value(type))
            : vqe_json_dumps(type, JSON_COMPACT);
    if (status == VQE_OK && column->other == NULL) {
      status = vqe_iceberg_no_json_memory();
    }
  }
  return status;
}

/* What a column of ours is in the table, whatever became of it. */
static int find_column(struct vqe_iceberg_column *column, int *last,
                       const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_column found = {.name = NULL};
  bool dropped = false;
  const json_t *field = find_field(&dropped, table, column->name);
  int status = VQE_OK;
  if (field == NULL && !dropped) {
    column->id = ++*last;
    *last = vqe_iceberg_definition_number(column, *last);
    return VQE_OK;
  }
  if (!dropped) {
    status = read_column(&found, field, NULL);
  } else {
    found = (struct vqe_iceberg_column){.id = VQE_ICEBERG_DROPPED,
                                        .type = VQE_ICEBERG_OTHER};
    status = vqe_memory_strdup(&found.other, "none");
  }
  if (status == VQE_OK) {
    free(column->other);
    free(column->table_name);
    column->id = found.id;
    column->element_id = found.element_id;
    column->inner_id = found.inner_id;
    column->type = found.type;
    column->required = found.required;
    column->other = found.other;
    column->table_name =
        found.name != NULL && strcmp(found.name, column->name) != 0
            ? found.name
            : NULL;
  }
  if (found.name != column->table_name) {
    free(found.name);
  }
  return status;
}

int vqe_iceberg_definition_find(struct vqe_iceberg_definition *definition,
                                const struct vqe_iceberg_table *table)
{
  int last = (int)vqe_iceberg_integer(table->metadata, "last-column-id", 0);
  int status = VQE_OK;
  definition->npartition = 0;
  for (size_t k = 0; status == VQE_OK && k < definition->ncolumns; k++) {
    struct vqe_iceberg_column *column = &definition->columns[k];
    status = find_column(column, &last, table);
    for (size_t i = 0; status == VQE_OK && i < k; i++) {
      if (definition->columns[i].id == column->id && column->id > 0) {
        /* another engine's name for an earlier one */
        column->id = VQE_ICEBERG_DROPPED;
        column->type = VQE_ICEBERG_OTHER;
        free(column->other);
        status = vqe_memory_strdup(&column->other, "none");
      }
    }
  }
  return status;
}

static int read_columns(struct vqe_iceberg_definition *definition,
                        const struct vqe_iceberg_table *table)
{
  const json_t *fields =
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields");
  size_t count = json_array_size(fields);
  int status = vqe_memory_alloc(&definition->columns, count,
                                sizeof *definition->columns, "columns");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    definition->ncolumns = k + 1;
    status =
        read_column(&definition->columns[k], json_array_get(fields, k), NULL);
  }
  return status;
}

int vqe_iceberg_definition_add_others(
    struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table)
{
  const json_t *fields =
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields");
  size_t k;
  json_t *field;
  json_array_foreach(fields, k, field)
  {
    size_t count = definition->ncolumns;
    int64_t id = vqe_iceberg_integer(field, "id", -1);
    char internal[32];
    if (has_id(definition->columns, count, id)) {
      continue;
    }
    snprintf(internal, sizeof internal, "other_%lld", (long long)id);
    int status = vqe_memory_grow(&definition->columns, count, count + 1,
                                 sizeof *definition->columns, "columns");
    if (status == VQE_OK) {
      struct vqe_iceberg_column *column = &definition->columns[count];
      definition->ncolumns = count + 1;
      status = read_column(column, field, internal);
      column->foreign = true;
    }
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

bool vqe_iceberg_definition_is_whole(
    const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table)
{
  size_t k;
  json_t *field;
  json_array_foreach(
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields"),
      k, field)
  {
    if (!has_id(definition->columns, definition->ncolumns,
                vqe_iceberg_integer(field, "id", -1))) {
      return false;
    }
  }
  return true;
}

int vqe_iceberg_definition_of(struct vqe_iceberg_definition **out,
                              const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_definition *definition = NULL;
  *out = NULL;
  int status =
      vqe_memory_alloc(&definition, 1, sizeof *definition, "a definition");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&definition->name, table->name);
  }
  if (status == VQE_OK) {
    status = read_columns(definition, table);
  }
  if (status != VQE_OK) {
    vqe_iceberg_definition_free(definition);
    return status;
  }
  *out = definition;
  return VQE_OK;
}
