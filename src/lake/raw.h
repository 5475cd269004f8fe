/* Raw results at rest: the files that connectors leave in a bucket or a
 * folder (jobs/connect). */
#ifndef VQE_LAKE_RAW_H
#define VQE_LAKE_RAW_H

#include <stddef.h>

#include "objects/objects.h"
#include "record/record.h"

struct vqe_raw_counts {
  size_t files;      /* .avro and .json files seen */
  size_t unreadable; /* of those, not read to their end */
  size_t invalid;    /* records that are none of ours, in Avro files */
  size_t records;    /* visited */
};

struct vqe_raw_callbacks {
  void *ctx;
  /* One record; the callee owns it. Its experiment_id is set, computed where
   * the file had null. A negative return ends the reading with it. */
  int (*record)(void *ctx, struct vqe_record *record, const char *key,
                size_t index);
  /* Why a file or a record was skipped; may be NULL. */
  void (*skipped)(void *ctx, const char *key, const char *reason);
};

/* Visit the records of all `.avro` files below `objects`, then of all `.json`
 * files, each in the order of keys; below `experiments/` only where there is
 * such a folder, so that what was rejected stays out. A file that cannot be
 * read is skipped and counted, with the records before the fault kept; a
 * record of a file that can be is skipped and counted alone.
 * Memory: one record, or one JSON file (limit 256 MB). */
int vqe_raw_read(struct vqe_objects *objects,
                 const struct vqe_raw_callbacks *callbacks,
                 struct vqe_raw_counts *counts);

#endif
