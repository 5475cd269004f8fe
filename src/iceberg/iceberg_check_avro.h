/* The Avro form of manifests and manifest lists: what is in their headers. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_AVRO_H
#define VQE_ICEBERG_ICEBERG_CHECK_AVRO_H

#include "iceberg/iceberg_check_report.h"

/* Header keys, names of records, field and element ids, types of a manifest
 * that a list names. */
int vqe_iceberg_check_manifest_form(
    struct vqe_iceberg_checking *check, const char *data, size_t size,
    const struct vqe_iceberg_manifest *manifest);
/* The same of the list of a snapshot. */
int vqe_iceberg_check_list_form(struct vqe_iceberg_checking *check,
                                const char *data, size_t size, const char *key,
                                const json_t *snapshot);
/* Did we commit the snapshot? Then its files have all that we write. */
bool vqe_iceberg_check_is_ours(const struct vqe_iceberg_checking *check,
                               int64_t snapshot);

#endif
