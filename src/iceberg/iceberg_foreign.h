/* Metadata that another engine put beside ours: a commit of its own must never
 * be taken for none. */
#ifndef VQE_ICEBERG_ICEBERG_FOREIGN_H
#define VQE_ICEBERG_ICEBERG_FOREIGN_H

#include <jansson.h>

#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_versions.h"

/* Metadata file of a key, unpacked and parsed. VQE_ERR_INPUT when it cannot be
 * understood, or has more values than any table; the message says why, without
 * the name. */
int vqe_iceberg_fetch_metadata(json_t **out, struct vqe_objects *objects,
                               const char *key);

/* Look at the files beside the table's own metadata: sets `beyond` where one
 * holds what the table lacks, and `catalogs`, the keys of those of catalogs
 * that have registered the table. Cost: reads those that neither the metadata
 * log names nor are much older than it. */
int vqe_iceberg_look_around(struct vqe_iceberg_table *table,
                            const struct vqe_iceberg_versions *versions);

#endif
