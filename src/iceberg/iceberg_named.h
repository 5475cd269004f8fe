/* All files that a table's metadata names. */
#ifndef VQE_ICEBERG_ICEBERG_NAMED_H
#define VQE_ICEBERG_ICEBERG_NAMED_H

#include <jansson.h>

#include "iceberg/iceberg_handle.h"

/* Add to `keys` what the metadata of catalogs that have registered the table
 * names beside what the table itself does: manifest lists, manifests, data and
 * delete files, statistics. What is gone, or lies outside the warehouse, is
 * left out. */
int vqe_iceberg_named_by_catalogs(json_t *keys,
                                  const struct vqe_iceberg_table *table);
/* Add what the snapshots of the metadata name, in the same way. */
int vqe_iceberg_named_snapshots(json_t *keys, struct vqe_objects *objects,
                                const json_t *metadata);
/* Add the statistics files of the metadata. */
int vqe_iceberg_named_statistics(json_t *keys, struct vqe_objects *objects,
                                 const json_t *metadata);

#endif
