/* What a manifest says of a data file. */
#ifndef VQE_ICEBERG_ICEBERG_FILE_H
#define VQE_ICEBERG_ICEBERG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_value.h"

/* Of one leaf: a plain column, or the innermost elements of a list. */
struct vqe_iceberg_stats {
  int field_id;
  int64_t column_size;            /* bytes in the file, -1 unknown */
  int64_t value_count;            /* nulls and NaN included, -1 unknown */
  int64_t null_count;             /* -1 unknown */
  int64_t nan_count;              /* doubles only, -1 unknown */
  struct vqe_iceberg_bytes lower; /* exact minimum without NaN, or null */
  struct vqe_iceberg_bytes upper;
};

/* Statistics of that field of which nothing is known. */
void vqe_iceberg_stats_unknown(struct vqe_iceberg_stats *stats, int field_id);

/* Only column_size is written for leaves of lists. */
struct vqe_iceberg_file {
  char *key;
  int64_t record_count;
  int64_t size;                        /* bytes */
  struct vqe_iceberg_bytes *partition; /* npartition values */
  size_t npartition;
  int64_t spec_id; /* of the partition spec that those belong to */
  struct vqe_iceberg_stats *stats;
  size_t nstats;
  int64_t *split_offsets; /* starts of the row groups, or NULL */
  size_t nsplit_offsets;
};

/* Frees what the struct owns and zeroes it; not the struct itself. */
void vqe_iceberg_file_clear(struct vqe_iceberg_file *file);

#endif
