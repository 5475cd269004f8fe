/* What every commit with a snapshot puts: manifests, the manifest list, and
 * the snapshot's summary. */
#ifndef VQE_ICEBERG_ICEBERG_PUT_H
#define VQE_ICEBERG_ICEBERG_PUT_H

#include <jansson.h>
#include <stdint.h>

#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_manifest.h"

struct vqe_objects;

/* Encode a manifest and put it at metadata/<name>. */
int vqe_iceberg_put_manifest(struct vqe_iceberg_manifest *out, char **out_key,
                             struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition,
                             const json_t *metadata,
                             const struct vqe_iceberg_entries *entries,
                             int64_t snapshot, int64_t sequence,
                             const char *name);
/* Encode a manifest list and put it. */
int vqe_iceberg_put_list(char **uri, char **out_key,
                         struct vqe_objects *objects, const char *table,
                         const struct vqe_iceberg_manifests *manifests,
                         int64_t snapshot, int64_t parent, int64_t sequence,
                         int attempt, const char *uuid);
/* Delete *key (NULL: nothing) as far as possible, and free it. */
void vqe_iceberg_remove(struct vqe_objects *objects, char **key);
/* Operation, engine, run id, totals of `manifests`, the caller's keys. */
int vqe_iceberg_new_summary(json_t **out, const char *operation,
                            const struct vqe_iceberg_commit_options *options,
                            const struct vqe_iceberg_manifests *manifests,
                            const json_t *parent, int64_t added_bytes);

#endif
