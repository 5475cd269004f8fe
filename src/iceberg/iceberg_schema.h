/* Schemas and partition specs as Iceberg JSON, and back to columns. */
#ifndef VQE_ICEBERG_ICEBERG_SCHEMA_H
#define VQE_ICEBERG_ICEBERG_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "iceberg/iceberg_definition.h"

#define VQE_ICEBERG_FIRST_PARTITION_ID 1000

/* Schema as Iceberg JSON {"type": "struct", "schema-id", "fields"}. */
int vqe_iceberg_schema_json(json_t **out,
                            const struct vqe_iceberg_definition *definition,
                            int schema_id);
/* The fields array of the partition spec. */
int vqe_iceberg_spec_json(json_t **out,
                          const struct vqe_iceberg_definition *definition);
/* Type, id and element ids of a schema's field; false when the type is none
 * of ours. */
bool vqe_iceberg_schema_column(struct vqe_iceberg_column *column,
                               const json_t *field);

#endif
