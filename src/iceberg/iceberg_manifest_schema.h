/* Avro schemas of manifests and manifest lists, with Iceberg's field ids. */
#ifndef VQE_ICEBERG_ICEBERG_MANIFEST_SCHEMA_H
#define VQE_ICEBERG_ICEBERG_MANIFEST_SCHEMA_H

#include <jansson.h>

#include "iceberg/iceberg_definition.h"

/* The schema text of a manifest of that partition spec (JSON, which has the
 * names). Free by free(). */
int vqe_iceberg_manifest_schema(
    char **out, const struct vqe_iceberg_definition *definition,
    const json_t *spec);
int vqe_iceberg_manifest_list_schema(char **out);

#endif
