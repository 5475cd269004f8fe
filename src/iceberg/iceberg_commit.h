/* What appending and compacting share: the options and the outcome of a
 * commit. */
#ifndef VQE_ICEBERG_ICEBERG_COMMIT_H
#define VQE_ICEBERG_ICEBERG_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg_table.h"

#define VQE_ICEBERG_ANY_SNAPSHOT (-2) /* see base_snapshot */

/* What has just been made durable; for tests that stop there. */
enum vqe_iceberg_step {
  VQE_ICEBERG_STEP_BEGIN,
  VQE_ICEBERG_STEP_MANIFEST,
  VQE_ICEBERG_STEP_MANIFEST_LIST,
  VQE_ICEBERG_STEP_METADATA, /* committed from here on */
  VQE_ICEBERG_STEP_HINT,
  VQE_ICEBERG_STEP_COUNT
};

enum vqe_iceberg_outcome {
  VQE_ICEBERG_NOTHING,   /* surely not committed, nothing of it was left */
  VQE_ICEBERG_COMMITTED, /* by this call */
  VQE_ICEBERG_ALREADY,   /* the run id is in the table: the new files are
                            orphans, the caller may delete them */
  VQE_ICEBERG_UNKNOWN    /* an error after which it may have been committed:
                            delete nothing, repeat with the same run id */
};

struct vqe_iceberg_commit_options {
  const char *run_id;   /* processing_batch_id; repeated commits with one
                           run id add their files once. Required */
  int64_t timestamp_ms; /* 0 for now; raised where the table is newer */

  /* Snapshot from which the caller worked out what is new, NO_SNAPSHOT for
   * a missing or empty table. When the table has changed since, `validate` is
   * called with the newest table: VQE_OK to append after it all the same,
   * anything else ends the commit with that status and outcome NOTHING;
   * without `validate` that is VQE_ERR_EXISTS. ANY_SNAPSHOT never calls it. */
  int64_t base_snapshot;
  int (*validate)(void *ctx, struct vqe_iceberg_table *newest);
  void *validate_ctx;

  const char *const *summary; /* more keys: key, value, ..., NULL */
  bool exclusive;  /* the caller holds the store's writer lock; required
                      where the store has no conditional put */
  int max_retries; /* lost races before giving up; 0 for 100 */
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

struct vqe_iceberg_commit {
  enum vqe_iceberg_outcome outcome;
  bool created;     /* by this call */
  int64_t snapshot; /* NO_SNAPSHOT when none was needed */
  int64_t version;  /* N of the metadata now */
  int retries;      /* races lost */
  char tag[64];     /* "v_..." or "v_incr_...", "" when untagged */
};

#endif
