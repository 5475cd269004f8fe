#include "iceberg/iceberg_schema.h"

#include <jansson.h>
#include <string.h>

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_type.h"
#include "vqe/error.h"

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
  return json_pack("{s:i, s:s, s:b, s:o, s:s*}", "id", column->id, "name",
                   vqe_iceberg_column_name(column), "required", 0, "type",
                   type_json(column), "doc", column->doc);
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

bool vqe_iceberg_schema_column(struct vqe_iceberg_column *column,
                               const json_t *field)
{
  const json_t *type = json_object_get(field, "type");
  int depth = 0;
  memset(column, 0, sizeof *column);
  column->id = (int)vqe_iceberg_integer(field, "id", 0);
  column->required = json_is_true(json_object_get(field, "required"));
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
