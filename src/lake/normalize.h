/* Result records to the nine normalised tables and processing_metadata (data
 * contract, sections 3, 4 and 6). */
#ifndef VQE_LAKE_NORMALIZE_H
#define VQE_LAKE_NORMALIZE_H

#include <stddef.h>
#include <stdint.h>

#include "lake/staging.h"
#include "lake/tables.h"
#include "lake/warehouse.h"
#include "record/record.h"

/* Takes one record, which stays the caller's; `where` names it in messages. */
typedef int (*vqe_record_sink)(void *ctx, struct vqe_record *record,
                               const char *where);

/* Where records come from. `read` gives them one after another to `sink` and
 * ends when that returns anything but VQE_OK; it sets the counts. */
struct vqe_record_source {
  int (*read)(struct vqe_record_source *source, vqe_record_sink sink,
              void *sink_ctx);
  void (*close)(void *ctx); /* frees ctx; may be NULL */
  void *ctx;
  /* What is skipped and why; may be NULL. */
  void (*warn)(void *ctx, const char *text);
  void *warn_ctx;
  char *kind;     /* "hdf5", ..., for source_data_info */
  char *name;     /* path or URI */
  size_t skipped; /* unreadable files or records */
  size_t failed;  /* experiments that ended without a result */
};

/* Finished experiments of an HDF5 result file. */
int vqe_source_hdf5(struct vqe_record_source *out, const char *path);
/* Raw files of connectors below a folder or s3:// place. */
int vqe_source_raw(struct vqe_record_source *out, const char *location,
                   const struct vqe_objects_options *options);
/* A local folder: a spool where it holds spooled records (oldest first; those
 * that cannot be read are skipped and counted), else raw files. */
int vqe_source_folder(struct vqe_record_source *out, const char *path,
                      const struct vqe_objects_options *options);
void vqe_source_close(struct vqe_record_source *source);

/* The default warehouse of a result file: "run.warehouse" beside "run.h5".
 * Free by free(). */
int vqe_lake_beside(char **out, const char *result_path);

struct vqe_normalize_result {
  char batch_id[37]; /* UUID; "" when nothing was written */
  struct vqe_staging_counts staged;
  size_t skipped, failed;            /* of the source */
  size_t new_experiments;            /* in the table that got most */
  int64_t rows[VQE_LAKE_NORMALISED]; /* added to each table */
  size_t repaired;       /* batches that got their missing metadata row */
  double seconds_source; /* reading and decoding records */
  double seconds_total;
};

/* Add what is new to the warehouse. Running it again changes nothing;
 * running it after an interruption completes it. */
int vqe_normalize(struct vqe_normalize_result *result,
                  struct vqe_warehouse *warehouse,
                  struct vqe_record_source *source);

#endif
