/* Records from an HDF5 result file, a spool, and the raw files of connectors,
 * and of results in memory. */
#ifndef VQE_LAKE_SOURCE_H
#define VQE_LAKE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/objects.h"
#include "record/record.h"

/* Takes one record, which stays the caller's; `where` names it in messages. */
typedef int (*vqe_source_sink)(void *ctx, struct vqe_record *record,
                               const char *where);

/* Where records come from. `read` gives them one after another to `sink` and
 * ends when that returns anything but VQE_OK; it sets the counts. */
struct vqe_source {
  int (*read)(struct vqe_source *source, vqe_source_sink sink, void *sink_ctx);
  void (*close)(void *ctx); /* frees ctx; may be NULL */
  void *ctx;
  /* What is skipped and why; may be NULL. */
  void (*warn)(void *ctx, const char *text);
  void *warn_ctx;
  char *kind;     /* "hdf5", ..., for source_data_info */
  char *name;     /* path or URI */
  size_t skipped; /* unreadable files or records */
  size_t failed;  /* experiments that ended without a result */
  bool refused;   /* by the sink: the last record cannot be stored, and the
                     error's message says why */
};

/* Finished experiments of an HDF5 result file. */
int vqe_source_hdf5(struct vqe_source *out, const char *path);
/* The same results while they are in memory, in the order of the file, so that
 * it need not be read back. Takes over the list and the results, also on
 * failure, and frees each once it is read: what is staged is not on top of
 * them all. Can be read once. */
int vqe_source_results(struct vqe_source *out, const char *path,
                       struct vqe_result **results, size_t count);
/* Raw files of connectors below a folder or s3:// place. */
int vqe_source_raw(struct vqe_source *out, const char *location,
                   const struct vqe_objects_options *options);
/* A local folder: a spool where it holds spooled records (oldest first; those
 * that cannot be read are skipped and counted), else raw files. */
int vqe_source_folder(struct vqe_source *out, const char *path,
                      const struct vqe_objects_options *options);
void vqe_source_close(struct vqe_source *source);

#endif
