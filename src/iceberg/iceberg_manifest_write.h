/* Encoding manifests and manifest lists. */
#ifndef VQE_ICEBERG_ICEBERG_MANIFEST_WRITE_H
#define VQE_ICEBERG_ICEBERG_MANIFEST_WRITE_H

#include <jansson.h>

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_manifest.h"

/* Fill counts, rows, min_sequence and the summaries of the partition values,
 * which are of these types (OTHER: only whether there is a null). */
int vqe_iceberg_manifest_summarise(struct vqe_iceberg_manifest *out,
                                   const enum vqe_iceberg_type *types,
                                   size_t ntypes,
                                   const struct vqe_iceberg_entries *entries,
                                   int64_t inherit);
/* Encode a manifest; fills counts, rows, min_sequence and partition
 * summaries of `out` (uri, length and sequence are the caller's).
 * `inherit`: the sequence number that entries without one will have.
 * The header holds `schema` (Iceberg JSON with its schema-id) and `spec`
 * (JSON with its spec-id), which is the definition's by other names. */
int vqe_iceberg_manifest_encode(
    char **data, size_t *size, struct vqe_iceberg_manifest *out,
    const struct vqe_iceberg_definition *definition, const json_t *schema,
    const json_t *spec, const struct vqe_iceberg_entries *entries,
    int64_t inherit);
int vqe_iceberg_manifest_list_encode(
    char **data, size_t *size, const struct vqe_iceberg_manifests *manifests,
    int64_t snapshot, int64_t parent, int64_t sequence);

#endif
