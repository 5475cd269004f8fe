/* processing_metadata: a row for each run that wrote something. */
#ifndef VQE_LAKE_BATCHES_H
#define VQE_LAKE_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "lake/tables.h"
#include "lake/warehouse.h"

#define VQE_PROCESSING_NAME "quantum_base_processing"
#define VQE_BATCHES_TAG_SIZE 64

/* Append the row of a batch. `head` is a query for its id, name, timestamp and
 * date; `info` goes into source_data_info; versions[k] is the tag that
 * normalised table k got, "" where it did not change, rows[k] what it got. */
int vqe_batches_write(struct vqe_warehouse *warehouse, const char *batch_id,
                      const char *head, const char *info,
                      const char (*versions)[VQE_BATCHES_TAG_SIZE],
                      const int64_t *rows);

/* Write the row of the batches whose run crashed before it did, from their
 * snapshots; *repaired is their number. What may be the batch of
 * a writer at work is left alone. */
int vqe_batches_repair(size_t *repaired, struct vqe_warehouse *warehouse);

#endif
