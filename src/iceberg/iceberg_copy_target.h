/* The place of a table's copy: what is there, and its next version. */
#ifndef VQE_ICEBERG_ICEBERG_COPY_TARGET_H
#define VQE_ICEBERG_ICEBERG_COPY_TARGET_H

#include <jansson.h>

#include "iceberg/iceberg_handle.h"

/* Snapshot that the copy last had in common with its source, so that commits
 * of others to the copy are not taken for snapshots the source has dropped. */
#define VQE_ICEBERG_COPIED_PROPERTY "vqe.relocated-snapshot"

struct vqe_iceberg_target {
  struct vqe_objects *objects;
  char *location;                  /* URI of the table's folder */
  struct vqe_iceberg_table *table; /* NULL: no copy yet */
  json_t *there;                   /* key -> size */
  json_t *settled; /* keys of manifests and lists that the copy names -> the
                      length by which it does, where that is their size */
};

/* VQE_ERR_EXISTS when what is there is no copy of `source` that may follow
 * it. Free by vqe_iceberg_target_clear(), also after a failure. */
int vqe_iceberg_target_open(struct vqe_iceberg_target *out,
                            struct vqe_objects *objects,
                            const struct vqe_iceberg_table *source);
void vqe_iceberg_target_clear(struct vqe_iceberg_target *target);

/* Size of a key; -1 when it is not there. */
int64_t vqe_iceberg_target_size(const struct vqe_iceberg_target *target,
                                const char *key);

/* Sizes of all files of a table's folder: key -> size. */
int vqe_iceberg_target_list(json_t *sizes, struct vqe_objects *objects,
                            const char *folder);

/* Does the copy have this metadata already, its log of versions aside? */
bool vqe_iceberg_target_has(const struct vqe_iceberg_target *target,
                            const json_t *metadata);
/* Make it the next version, then mend the hint; `metadata` NULL: the hint
 * alone. *size of the version written. */
int vqe_iceberg_target_commit(int64_t *version, int64_t *size,
                              const struct vqe_iceberg_target *target,
                              const char *table, json_t *metadata);

#endif
