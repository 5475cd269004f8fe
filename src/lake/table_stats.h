/* Statistics of a Parquet file for its manifest, read back from the file. */
#ifndef VQE_LAKE_TABLE_STATS_H
#define VQE_LAKE_TABLE_STATS_H

#include "iceberg/iceberg.h"

struct vqe_duck;

/* Statistics, partition, size and row groups of a Parquet file; everything
 * of `file` (zeroed before) but its key. */
int vqe_table_describe_file(struct vqe_iceberg_file *file,
                            struct vqe_duck *duck,
                            const struct vqe_iceberg_definition *definition,
                            const char *path);

#endif
