/* Merging small data files: what to merge, and the `replace` commit. */
#ifndef VQE_ICEBERG_ICEBERG_COMPACT_H
#define VQE_ICEBERG_ICEBERG_COMPACT_H

#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"

struct vqe_objects;

/* Merge Parquet files of one partition into one: put it into the store and
 * fill `out` (zeroed before). */
typedef int (*vqe_iceberg_merge)(
    void *ctx, struct vqe_iceberg_file *out,
    const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_file *files, size_t nfiles);

struct vqe_iceberg_compact_options {
  int64_t target_bytes; /* of a merged file; 0 for 128 MiB */
  int min_files;        /* fewer small files in a partition are left; 0
                           for 2 */
};

struct vqe_iceberg_compact_result {
  int64_t files_before, files_after; /* live in the table */
  int64_t merged;                    /* files replaced */
  struct vqe_iceberg_commit commit;
};

/* Replace small files (below half the target) by merged ones, a partition at
 * a time, in one `replace` snapshot, untagged. `definition` must be bound to
 * the table. Files added meanwhile stay; when one of the replaced files is
 * missing the merged ones are deleted and VQE_ERR_EXISTS is returned.
 * base_snapshot and validate are not used. */
int vqe_iceberg_compact(struct vqe_iceberg_compact_result *result,
                        struct vqe_objects *objects,
                        const struct vqe_iceberg_definition *definition,
                        vqe_iceberg_merge merge, void *merge_ctx,
                        const struct vqe_iceberg_compact_options *limits,
                        const struct vqe_iceberg_commit_options *options);

#endif
