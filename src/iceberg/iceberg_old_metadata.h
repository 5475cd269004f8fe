/* Removing metadata files that the table has left behind. */
#ifndef VQE_ICEBERG_ICEBERG_OLD_METADATA_H
#define VQE_ICEBERG_ICEBERG_OLD_METADATA_H

#include <stdint.h>

#include "iceberg/iceberg_table.h"

/* A writer that read an old version may put the next one late: if that were
 * deleted, its put would succeed and its rows be lost. No request lasts this
 * long; where nobody else writes there is nothing to wait for. */
#define VQE_ICEBERG_METADATA_GRACE_MS (INT64_C(3600) * 1000)

/* Remove vN files that are neither the table's own nor in its log and were
 * written before that time. Those of catalogs stay. */
int vqe_iceberg_remove_old_metadata(int64_t *count,
                                    const struct vqe_iceberg_table *table,
                                    int64_t before_ms);

#endif
