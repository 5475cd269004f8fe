/* A warehouse that is open for work: the object store, the embedded DuckDB,
 * a scratch folder, the writer lock where the store needs one. */
#ifndef VQE_LAKE_WAREHOUSE_H
#define VQE_LAKE_WAREHOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "lake/tables.h"
#include "objects/objects.h"

/* lake/duck.h, which not everyone can include */
struct vqe_duck;

struct vqe_warehouse_options {
  struct vqe_objects_options objects;
  size_t memory_mb;    /* of DuckDB; 0 for its default */
  int threads;         /* of DuckDB; 0 for its default */
  const char *scratch; /* folder for temporary files; NULL: beside a local
                          warehouse, TMPDIR for S3 */
  bool write;          /* take the writer lock where the store needs it */
  bool existing;       /* there must be tables: nothing is made otherwise */
  double lock_wait_s;  /* how long to wait for it, and for other writers to a
                          local warehouse that want to be alone */
  const char *holder;  /* describes this writer to others */
  /* Reports what is no failure; may be NULL. */
  void (*warn)(void *ctx, const char *text);
  void *warn_ctx;
  bool over_ended; /* locks of this holder's that crashed here are removed:
                      what they wrote late would do no harm */
};

struct vqe_warehouse;

/* VQE_ERR_NOT_FOUND when `existing` is set and no table of ours is there. */
int vqe_warehouse_open(struct vqe_warehouse **out, const char *location,
                       const struct vqe_warehouse_options *options);
/* Gives the lock back and removes the scratch folder; NULL is fine. */
int vqe_warehouse_close(struct vqe_warehouse *warehouse);

/* The default warehouse of a result file: "run.warehouse" beside "run.h5".
 * Free by free(). */
int vqe_warehouse_beside(char **out, const char *result_path);

struct vqe_objects *vqe_warehouse_objects(struct vqe_warehouse *warehouse);
struct vqe_duck *vqe_warehouse_duck(struct vqe_warehouse *warehouse);
bool vqe_warehouse_exclusive(const struct vqe_warehouse *warehouse);
/* Whether no other writer of ours is at work here: known under the writer
 * lock, and on a local warehouse, where every writer holds a shared lock on
 * a file that the system releases when it ends. Until vqe_warehouse_share()
 * others wait; what crashed writers left beside the warehouse is removed.
 * VQE_ERR_EXISTS, from both, where somebody else keeps that file for himself
 * for longer than lock_wait_s: this one is no writer any more. */
int vqe_warehouse_alone(bool *alone, struct vqe_warehouse *warehouse);
int vqe_warehouse_share(struct vqe_warehouse *warehouse);
const char *vqe_warehouse_scratch(const struct vqe_warehouse *warehouse);
/* New path for a temporary file in the scratch folder. Free by free(). */
int vqe_warehouse_scratch_file(char **out, struct vqe_warehouse *warehouse);
/* A local file that holds what `key` does: on S3 it is kept and used instead
 * of downloading; on a local warehouse it is removed. Takes `path` over. */
int vqe_warehouse_keep(struct vqe_warehouse *warehouse, const char *key,
                       char *path);
/* Local file of a key, downloaded from S3 at first use: a regular one of the
 * size that its manifest says, in a local warehouse behind no symbolic link.
 * VQE_ERR_INPUT for anything else, also for nothing: only a table can be
 * missing. Free by free(). */
int vqe_warehouse_fetch(char **out, struct vqe_warehouse *warehouse,
                        const char *key, int64_t size);
/* Where the time went since the warehouse was opened, in seconds. */
struct vqe_warehouse_times {
  double total;
  double sql;        /* DuckDB, without the next */
  double parquet;    /* making Parquet files, with the SQL that feeds them */
  double store;      /* the object store */
  uint64_t requests; /* to it */
};
void vqe_warehouse_times(struct vqe_warehouse_times *out,
                         const struct vqe_warehouse *warehouse);
void vqe_warehouse_warn(struct vqe_warehouse *warehouse, const char *format,
                        ...) __attribute__((format(printf, 2, 3)));

/* The newest metadata of a table, kept by the warehouse: valid until the next
 * call for that table or vqe_warehouse_forget(). VQE_ERR_NOT_FOUND when there
 * is no table, VQE_ERR_INPUT in a warehouse open for writing where another
 * engine's commit lies beside it (readers get a warning). Cost on S3: three
 * requests at first, then one, none under the writer lock. */
int vqe_warehouse_iceberg(struct vqe_iceberg_table **out,
                          struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index);
/* To be called by whoever commits to the table. */
void vqe_warehouse_forget(struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index);

#endif
