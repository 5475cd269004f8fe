/* Whether a warehouse is whole: what Iceberg's own check finds, and what only
 * reading the rows shows. */
#ifndef VQE_LAKE_WAREHOUSE_CHECK_H
#define VQE_LAKE_WAREHOUSE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "lake/warehouse.h"

struct vqe_warehouse_check_result {
  int64_t tables, files, rows;
  int64_t problems, orphans;
};

/* Check every table that exists: metadata, manifests, files (sizes, counts,
 * bounds worked out anew from the rows), keys that must be there once, and
 * that the tables of a batch hold the same experiments.
 * `report` gets each finding, and notes on
 * what other engines did. VQE_OK also with problems; an error when the
 * check could not be made. Cost: reads every file. */
int vqe_warehouse_check(struct vqe_warehouse_check_result *result,
                        struct vqe_warehouse *warehouse,
                        void (*report)(void *ctx, const char *table,
                                       enum vqe_iceberg_finding finding,
                                       const char *text),
                        void *report_ctx);

#endif
