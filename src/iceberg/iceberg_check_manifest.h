/* Checking manifests: their headers, entries and data files, against what the
 * lists that carry them say. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_MANIFEST_H
#define VQE_ICEBERG_ICEBERG_CHECK_MANIFEST_H

#include "iceberg/iceberg_check_report.h"

/* Each manifest is read once, however many snapshots carry it. *out is valid
 * until the next call. */
int vqe_iceberg_check_manifest(const struct vqe_iceberg_seen **out,
                               struct vqe_iceberg_checking *check,
                               const struct vqe_iceberg_manifest *manifest);

#endif
