/* Reading the manifests of a snapshot from the store. */
#ifndef VQE_ICEBERG_ICEBERG_READ_H
#define VQE_ICEBERG_ICEBERG_READ_H

#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_table.h"

#define VQE_ICEBERG_MANIFEST_LIMIT ((size_t)1 << 30) /* bytes of one file */

/* Read the manifest list of a snapshot; empty for NO_SNAPSHOT. */
int vqe_iceberg_read_manifests(struct vqe_iceberg_manifests *out,
                               struct vqe_iceberg_table *table,
                               int64_t snapshot);
/* VQE_ERR_UNSUPPORTED where a manifest of delete files has one that counts:
 * once their writer has merged them, all its entries are deleted ones. */
int vqe_iceberg_check_deletes(struct vqe_iceberg_table *table,
                              const struct vqe_iceberg_manifest *manifest);
/* Read a manifest; null snapshot and sequence numbers are replaced by what
 * they inherit, keys filled in. VQE_ERR_UNSUPPORTED for delete files. */
int vqe_iceberg_read_entries(struct vqe_iceberg_entries *out,
                             struct vqe_iceberg_table *table,
                             const struct vqe_iceberg_manifest *manifest);

#endif
