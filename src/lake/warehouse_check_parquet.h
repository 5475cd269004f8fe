/* The schema of a Parquet file against what Iceberg asks of it. */
#ifndef VQE_LAKE_WAREHOUSE_CHECK_PARQUET_H
#define VQE_LAKE_WAREHOUSE_CHECK_PARQUET_H

#include "iceberg/iceberg.h"

struct vqe_duck; /* lake/duck.h, which not everyone can include */

/* Field ids on every column and list element, lists in the three-level form,
 * the physical type of each column. `problem` gets each fault. */
int vqe_warehouse_check_parquet(
    struct vqe_duck *duck, const struct vqe_iceberg_definition *definition,
    const char *path, void (*problem)(void *ctx, const char *text), void *ctx);

#endif
