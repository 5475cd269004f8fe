/* Result records to the nine normalised tables and processing_metadata (data
 * contract, sections 3, 4 and 6). */
#ifndef VQE_LAKE_NORMALIZE_H
#define VQE_LAKE_NORMALIZE_H

#include <stddef.h>
#include <stdint.h>

#include "lake/source.h"
#include "lake/staging.h"
#include "lake/tables.h"
#include "lake/warehouse.h"

struct vqe_normalize_result {
  char batch_id[37]; /* UUID; "" when nothing was written */
  struct vqe_staging_counts staged;
  size_t skipped, failed;            /* of the source */
  size_t new_experiments;            /* in the table that got most */
  int64_t rows[VQE_LAKE_NORMALISED]; /* added to each table */
  size_t repaired;       /* batches that got their missing metadata row */
  double seconds_source; /* reading and decoding records */
  double seconds_total;
};

/* Add what is new to the warehouse. Running it again changes nothing;
 * running it after an interruption completes it. */
int vqe_normalize(struct vqe_normalize_result *result,
                  struct vqe_warehouse *warehouse, struct vqe_source *source);

#endif
