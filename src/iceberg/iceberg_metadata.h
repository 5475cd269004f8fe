/* Table metadata: that of a new table, and the next version of it. */
#ifndef VQE_ICEBERG_ICEBERG_METADATA_H
#define VQE_ICEBERG_ICEBERG_METADATA_H

#include <jansson.h>
#include <stdint.h>

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_table.h"

/* Metadata of a new table, without snapshots. */
int vqe_iceberg_metadata_new(json_t **out, struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition);
/* Copy of the table's metadata, ready to be changed into the next version:
 * last-updated-ms raised to at least `timestamp_ms` (written back), the
 * metadata log one longer. */
int vqe_iceberg_metadata_next(json_t **out, int64_t *timestamp_ms,
                              const struct vqe_iceberg_table *table);
/* Add the columns that the current schema lacks; see definition_check(). */
int vqe_iceberg_metadata_evolve(
    json_t *metadata, const struct vqe_iceberg_definition *definition);

struct vqe_iceberg_new_snapshot {
  int64_t id;
  int64_t sequence;
  int64_t timestamp_ms;
  const char *manifest_list; /* URI */
  json_t *summary;           /* borrowed */
  const char *tag;           /* NULL or "" for none */
};

/* Add a snapshot after the current one, make it current, tag it. */
int vqe_iceberg_metadata_snapshot(
    json_t *metadata, const struct vqe_iceberg_new_snapshot *snapshot);

#endif
