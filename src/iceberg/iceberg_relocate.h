/* Copying a table to another place, with all that points at it, and keeping
 * the copy up to date. */
#ifndef VQE_ICEBERG_ICEBERG_RELOCATE_H
#define VQE_ICEBERG_ICEBERG_RELOCATE_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg_check.h"

struct vqe_objects;

struct vqe_iceberg_relocate_options {
  const char *scratch;   /* local directory in which data is staged */
  bool dry_run;          /* find out what would be done, and write nothing */
  bool remove;           /* files of the copy that nothing refers to */
  bool (*stopped)(void); /* asked before each file; may be NULL */
  /* Gets the findings of the check afterwards; may be NULL. */
  void (*report)(void *ctx, enum vqe_iceberg_finding finding,
                 const char *text);
  void *report_ctx;
};

struct vqe_iceberg_relocate_result {
  int64_t files, bytes;                   /* of data: copied now */
  int64_t files_there;                    /* of data: copied before */
  int64_t metadata_files, metadata_bytes; /* manifests, lists, metadata */
  int64_t removed, removed_bytes;
  int64_t kept;      /* to be removed by a later run, as readers may have
                        opened the version before */
  int64_t version;   /* of the copy; 0 before the first */
  bool is_committed; /* this run made that version */
  int64_t problems;  /* that the check found */
};

/* Copy a table to another store, its metadata, manifest lists and manifests
 * rewritten to point there. All snapshots and tags come along, the older
 * metadata files do not. A source that was copied by other means, so that its
 * metadata points elsewhere, may be given.
 *
 * Where `to` has a copy already, it follows: what it lacks is copied, and
 * one commit makes it the same as the source, whatever that has added,
 * merged or dropped. VQE_ERR_EXISTS where `to` has another table of the name,
 * or a copy into which others have written: to follow would lose their rows.
 *
 * The order is data, manifests, lists, metadata, hint, so that a reader never
 * sees metadata whose data is not there; a run that is cut anywhere is
 * completed by the next. Then the copy is checked as by vqe_iceberg_check().
 * `remove`: what neither the copy nor, where this run has made a version, the
 * one before it names is deleted; nothing after a problem.
 *
 * VQE_ERR_INTERRUPTED once `stopped` says so, with the copy as it was.
 * VQE_ERR_NOT_FOUND when there is no such table in `from`; VQE_ERR_INPUT when
 * a file of it is missing or of another size: the copy is left as it was. */
int vqe_iceberg_relocate(struct vqe_iceberg_relocate_result *result,
                         struct vqe_objects *to, struct vqe_objects *from,
                         const char *table,
                         const struct vqe_iceberg_relocate_options *options);

#endif
