/* Dropping old tags, the snapshots that only they kept, and the files that
 * only those used. */
#ifndef VQE_ICEBERG_ICEBERG_EXPIRE_H
#define VQE_ICEBERG_ICEBERG_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg_commit.h"

struct vqe_objects;

struct vqe_iceberg_expire_options {
  int64_t older_than_ms; /* since 1970; what is newer stays */
  bool exclusive;
  bool alone; /* no other writer is at work: metadata that left the log goes
                 at once, not after an hour */
  int max_retries;
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

struct vqe_iceberg_expire_result {
  int64_t tags, snapshots;                       /* dropped */
  int64_t data_files, manifests, manifest_lists; /* deleted */
  int64_t metadata_files;
};

/* Drop our own tags (v_<run>, v_incr_<run>) of snapshots older than that,
 * then the snapshots that no tag or branch needs, then the files that only
 * those used, and metadata files that left the log. The current snapshot and
 * the refs of others stay, and so does what the table's properties
 * (history.expire.*), those of its branch main, and metadata of catalogs that
 * have registered it keep. VQE_ERR_UNSUPPORTED where gc.enabled is false. */
int vqe_iceberg_expire(struct vqe_iceberg_expire_result *result,
                       struct vqe_objects *objects, const char *table,
                       const struct vqe_iceberg_expire_options *options);

#endif
