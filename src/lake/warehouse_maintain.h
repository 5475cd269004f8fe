/* Upkeep of all tables of a warehouse. */
#ifndef VQE_LAKE_WAREHOUSE_MAINTAIN_H
#define VQE_LAKE_WAREHOUSE_MAINTAIN_H

#include <stdint.h>

#include "lake/warehouse.h"

struct vqe_warehouse_compact_result {
  int64_t files_before, files_after, merged;
  int64_t left_alone; /* tables with a reason not to touch them */
};

/* Merge small files of each partition; see vqe_iceberg_compact. Columns of
 * other engines are carried through; a table with one that cannot be, or with
 * delete files, is left as it is, with a warning. */
int vqe_warehouse_compact(struct vqe_warehouse_compact_result *result,
                          struct vqe_warehouse *warehouse);

/* Drop our tags and the snapshots of before `older_than_ms`, and the files
 * that only they need; see vqe_iceberg_expire. */
int vqe_warehouse_expire(struct vqe_iceberg_expire_result *result,
                         struct vqe_warehouse *warehouse,
                         int64_t older_than_ms);

/* Remove what crashed writers left before `older_than_ms`; see
 * vqe_iceberg_remove_orphans. While others may be at work, only what is older
 * than a day. */
int vqe_warehouse_remove_orphans(int64_t *count,
                                 struct vqe_warehouse *warehouse,
                                 int64_t older_than_ms);

#endif
