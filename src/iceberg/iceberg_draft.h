/* A snapshot on its way into a table, through all attempts of its commit: the
 * manifest of its new files, its manifest list and its summary. */
#ifndef VQE_ICEBERG_ICEBERG_DRAFT_H
#define VQE_ICEBERG_ICEBERG_DRAFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg_change.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_manifest.h"

struct vqe_objects;

struct vqe_iceberg_draft {
  struct vqe_objects *objects;
  const struct vqe_iceberg_definition *definition;
  const struct vqe_iceberg_commit_options *options;
  int64_t snapshot;
  char uuid[VQE_ICEBERG_UUID_SIZE];
  struct vqe_iceberg_entries added; /* the new files, in final form */
  int64_t added_bytes, added_rows;
  struct vqe_iceberg_manifest manifest; /* of them; uri NULL until written */
  char *manifest_key;
  char *list_key; /* of this attempt */
  int attempts;
};

/* Draws the snapshot's id. The arguments must outlive the draft. */
int vqe_iceberg_draft_open(struct vqe_iceberg_draft *draft,
                           struct vqe_objects *objects,
                           const struct vqe_iceberg_definition *definition,
                           const struct vqe_iceberg_commit_options *options);
void vqe_iceberg_draft_close(struct vqe_iceberg_draft *draft);

/* Add a new data file, checked against the definition. */
int vqe_iceberg_draft_file(struct vqe_iceberg_draft *draft,
                           const struct vqe_iceberg_file *file);

/* vqe_iceberg_change_commit() with the options of the draft. */
int vqe_iceberg_draft_commit(struct vqe_iceberg_commit *result,
                             const struct vqe_iceberg_draft *draft,
                             const struct vqe_iceberg_change *change);
/* Has the table a snapshot of this run already? Then the result says so. */
bool vqe_iceberg_draft_is_done(struct vqe_iceberg_commit *result,
                               const struct vqe_iceberg_draft *draft,
                               const struct vqe_iceberg_table *base);
/* After the commit: may the table refer to what was put? */
bool vqe_iceberg_draft_is_kept(const struct vqe_iceberg_commit *result,
                               const struct vqe_iceberg_draft *draft);

/* Put the manifest of the new files, at the first attempt only. */
int vqe_iceberg_draft_put_added(struct vqe_iceberg_draft *draft,
                                const json_t *metadata, int64_t sequence);
/* Append that manifest, under the sequence number of this attempt. */
int vqe_iceberg_draft_list_added(struct vqe_iceberg_manifests *manifests,
                                 const struct vqe_iceberg_draft *draft,
                                 int64_t sequence);
/* Encode another manifest and put it at metadata/<name>. */
int vqe_iceberg_draft_put_manifest(struct vqe_iceberg_manifest *out,
                                   char **out_key,
                                   const struct vqe_iceberg_draft *draft,
                                   const json_t *metadata,
                                   const struct vqe_iceberg_entries *entries,
                                   int64_t sequence, const char *name);
/* Encode the manifest list of this attempt and put it. */
int vqe_iceberg_draft_put_list(char **uri, struct vqe_iceberg_draft *draft,
                               const struct vqe_iceberg_manifests *manifests,
                               int64_t parent, int64_t sequence);
/* Operation, engine, run id, totals of `manifests`, the caller's keys.
 * `more_bytes`: what the snapshot adds to the size of its parent. */
int vqe_iceberg_draft_summary(json_t **out, const char *operation,
                              const struct vqe_iceberg_draft *draft,
                              const struct vqe_iceberg_manifests *manifests,
                              const json_t *parent, int64_t more_bytes);

/* Delete *key (NULL: nothing) as far as possible, and free it. */
void vqe_iceberg_remove(struct vqe_objects *objects, char **key);

#endif
