/* The snapshots of a table, its tags and branches. */
#ifndef VQE_ICEBERG_ICEBERG_SNAPSHOT_H
#define VQE_ICEBERG_ICEBERG_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_table.h"

/* Summary key that says which run a snapshot belongs to. */
#define VQE_ICEBERG_RUN_KEY "vqe.run-id"

struct vqe_iceberg_snapshot {
  int64_t id;
  int64_t parent; /* VQE_ICEBERG_NO_SNAPSHOT for the first */
  int64_t sequence;
  int64_t timestamp_ms;
  int schema_id;
  bool current;
  char *operation; /* "append", "replace", ... */
  char *run_id;    /* NULL when another program wrote it */
  char **refs;     /* tags and branches that point here */
  size_t nrefs;
  int64_t added_files, added_records;
  int64_t total_files, total_records; /* -1 where the summary has none */
  int64_t deleted_records;
};

/* All snapshots, oldest first. Free by vqe_iceberg_snapshots_free(). */
int vqe_iceberg_snapshots(struct vqe_iceberg_snapshot **out, size_t *count,
                          const struct vqe_iceberg_table *table);
void vqe_iceberg_snapshots_free(struct vqe_iceberg_snapshot *snapshots,
                                size_t count);

/* The snapshot that a tag or branch names; VQE_ERR_NOT_FOUND. */
int vqe_iceberg_find_ref(int64_t *snapshot,
                         const struct vqe_iceberg_table *table,
                         const char *ref);

/* The first snapshot of a run, VQE_ICEBERG_NO_SNAPSHOT when there is none. */
int64_t vqe_iceberg_find_run(const struct vqe_iceberg_table *table,
                             const char *run_id);

#endif
