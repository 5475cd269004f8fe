/* Walking over the live data files of a snapshot. */
#ifndef VQE_ICEBERG_ICEBERG_SCAN_H
#define VQE_ICEBERG_ICEBERG_SCAN_H

#include <stdint.h>

#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_table.h"

/* Called for each live data file; `snapshot` is the one that added it. A
 * status other than VQE_OK ends the walk and is returned. */
typedef int (*vqe_iceberg_visit)(void *ctx,
                                 const struct vqe_iceberg_file *file,
                                 int64_t snapshot);

/* Walk over the live files of a snapshot (vqe_iceberg_current_snapshot() for
 * now; of NO_SNAPSHOT there are none). Reads each manifest once, memory of
 * one manifest and the names of all files. VQE_ERR_INPUT, at the end of the
 * walk, where a file is named more than once. */
int vqe_iceberg_scan(struct vqe_iceberg_table *table, int64_t snapshot,
                     vqe_iceberg_visit visit, void *ctx);

#endif
