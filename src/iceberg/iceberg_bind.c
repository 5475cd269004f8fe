#include "iceberg/iceberg_bind.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_type.h"

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
      last = vqe_iceberg_definition_number(&ids[k], last);
      (*adds)++;
    } else if (!vqe_iceberg_schema_column(&ids[k], field) ||
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

static int read_columns(struct vqe_iceberg_definition *definition,
                        const struct vqe_iceberg_table *table)
{
  const json_t *fields =
      json_object_get(vqe_iceberg_current_schema(table->metadata), "fields");
  size_t count = json_array_size(fields);
  int status = vqe_memory_alloc(&definition->columns, count,
                                sizeof *definition->columns, "columns");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const json_t *field = json_array_get(fields, k);
    const char *name = vqe_iceberg_string(field, "name");
    if (name == NULL ||
        !vqe_iceberg_schema_column(&definition->columns[k], field)) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "table '%s': column %zu ('%s') has a type that "
                           "this version does not know",
                           table->name, k + 1, name == NULL ? "?" : name);
    }
    status = vqe_memory_strdup(&definition->columns[k].name, name);
    definition->ncolumns = k + 1;
  }
  return status;
}

static int read_partition(struct vqe_iceberg_definition *definition,
                          const struct vqe_iceberg_table *table)
{
  const json_t *spec =
      json_object_get(vqe_iceberg_default_spec(table->metadata), "fields");
  size_t count = json_array_size(spec);
  int status = vqe_memory_alloc(&definition->partition, count,
                                sizeof *definition->partition, "partition");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    int64_t source =
        vqe_iceberg_integer(json_array_get(spec, k), "source-id", -1);
    size_t c = 0;
    while (c < definition->ncolumns && definition->columns[c].id != source) {
      c++;
    }
    if (c == definition->ncolumns) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "table '%s': its partition spec names field "
                           "%lld, which its schema lacks",
                           table->name, (long long)source);
    }
    definition->partition[k] = c;
    definition->npartition = k + 1;
  }
  return status;
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
  if (status == VQE_OK) {
    status = read_partition(definition, table);
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
