/* A warehouse that is open for work: the object store, the embedded DuckDB,
 * a scratch folder, the writer lock where the store needs one; reading the
 * current files of its tables by SQL, and writing rows as Parquet files and a
 * commit. */
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
struct vqe_duck_text;

struct vqe_warehouse_options {
  struct vqe_objects_options objects;
  size_t memory_mb;    /* of DuckDB; 0 for its default */
  int threads;         /* of DuckDB; 0 for its default */
  const char *scratch; /* folder for temporary files; NULL: beside a local
                          warehouse, TMPDIR for S3 */
  bool write;          /* take the writer lock where the store needs it */
  bool existing;       /* there must be tables: nothing is made otherwise */
  double lock_wait_s;  /* how long to wait for it */
  const char *holder;  /* describes this writer to others */
  /* Things to tell that are no failure; may be NULL. */
  void (*warn)(void *ctx, const char *text);
  void *warn_ctx;
};

struct vqe_warehouse;

/* VQE_ERR_NOT_FOUND when `existing` is set and no table of ours is there. */
int vqe_warehouse_open(struct vqe_warehouse **out, const char *location,
                       const struct vqe_warehouse_options *options);
/* Gives the lock back and removes the scratch folder; NULL is fine. */
int vqe_warehouse_close(struct vqe_warehouse *warehouse);

struct vqe_objects *vqe_warehouse_objects(struct vqe_warehouse *warehouse);
struct vqe_duck *vqe_warehouse_duck(struct vqe_warehouse *warehouse);
bool vqe_warehouse_exclusive(const struct vqe_warehouse *warehouse);
/* Whether no other writer of ours is at work here: known under the writer
 * lock, and on a local warehouse, where every writer holds a shared lock on
 * a file that its death gives back. Until vqe_warehouse_share() others wait;
 * what dead writers left beside the warehouse is removed. */
bool vqe_warehouse_alone(struct vqe_warehouse *warehouse);
void vqe_warehouse_share(struct vqe_warehouse *warehouse);
const char *vqe_warehouse_scratch(const struct vqe_warehouse *warehouse);
/* New path for a temporary file in the scratch folder. Free by free(). */
int vqe_warehouse_scratch_file(char **out, struct vqe_warehouse *warehouse);
/* A local file that holds what `key` does: on S3 it is kept and used instead
 * of downloading; on a local warehouse it is removed. Takes `path` over. */
int vqe_warehouse_keep(struct vqe_warehouse *warehouse, const char *key,
                       char *path);
/* Local file of a key, downloaded from S3 at first use. Free by free(). */
int vqe_warehouse_fetch(char **out, struct vqe_warehouse *warehouse,
                        const char *key);
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
 * is no table. Cost on S3: three requests at first, then one, none under the
 * writer lock. */
int vqe_warehouse_iceberg(struct vqe_iceberg_table **out,
                          struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index);
/* To be called by whoever commits to the table. */
void vqe_warehouse_forget(struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index);

/* "COUNT-NUMBER" of a set of experiment_ids. */
#define VQE_TABLE_DIGEST_SIZE 64

/* A table as it stands: its definition bound to the ids in use, its newest
 * snapshot and that snapshot's files. */
struct vqe_table {
  const char *name;
  enum vqe_lake_table_index index;
  struct vqe_iceberg_definition *definition;
  bool exists;
  int64_t snapshot; /* VQE_ICEBERG_NO_SNAPSHOT when missing or empty */
  /* digest of the experiments it holds, "" when others wrote to it last */
  char experiments[VQE_TABLE_DIGEST_SIZE];
  char **paths;         /* local files, downloaded from S3 at first use */
  int64_t *snapshot_of; /* snapshot that added each */
  size_t npaths;
};

/* `files` false leaves `paths` empty. */
int vqe_table_open(struct vqe_table **out, struct vqe_warehouse *warehouse,
                   enum vqe_lake_table_index index, bool files);
void vqe_table_close(struct vqe_table *table);

/* read_parquet(...) of the table's files with the definition's columns in
 * order and type: columns that a file lacks are null. Needs files. */
void vqe_table_add_scan(struct vqe_duck_text *sql,
                        const struct vqe_table *table);

/* Make a view `view` of the table's rows, with the definition's columns in
 * order and type: columns that a file lacks are null, a missing table is
 * empty. */
int vqe_table_view(struct vqe_warehouse *warehouse,
                   const struct vqe_table *table, const char *view);

/* Make the table `held` of the experiment_ids in the table's rows, each once.
 * Needs files. */
int vqe_table_make_held(struct vqe_duck *duck, const struct vqe_table *table,
                        const char *held);
/* Digest of the distinct experiment_ids that the query `ids` gives: their
 * number and the exclusive or of their MD5, so that two tables with the same
 * digest hold the same experiments. */
int vqe_table_digest(char out[VQE_TABLE_DIGEST_SIZE], struct vqe_duck *duck,
                     const char *ids);

/* Type of a column in SQL. */
const char *vqe_table_sql_type(enum vqe_iceberg_type type);

/* Make the table `wanted` of SQL `rows` - columns: what identifies an
 * experiment, the partition columns, `position` (their order),
 * `weight` (rows it brings) - split into
 * groups of one partition value and a bounded number of rows each, numbered
 * from 1 in column `part`. *groups is their number. */
int vqe_table_group(int64_t *groups, struct vqe_warehouse *warehouse,
                    const struct vqe_table *table, const char *rows);

/* A random UUID in lower case. */
int vqe_lake_uuid(char out[37]);

/* Data files on their way into one commit. */
struct vqe_table_writer;

/* `table` must outlive the writer. `run_id` is the processing_batch_id. */
int vqe_table_writer_create(struct vqe_table_writer **out,
                            struct vqe_warehouse *warehouse,
                            const struct vqe_table *table, const char *run_id);
/* Write the rows of `sql` (a query whose columns are the definition's in
 * order) as one Parquet file, all of one partition, and put it into the
 * store; no file when there are no rows. `name` says in messages which SQL
 * it is. */
int vqe_table_writer_rows(struct vqe_table_writer *writer, const char *name,
                          const char *sql);
/* Write groups 1 to `groups` of the table `wanted`, each by `sql` with a
 * table `chosen` of its `column` - several at a time, on connections of their
 * own: `sql` may use no other temporary tables or views. */
int vqe_table_writer_groups(struct vqe_table_writer *writer, const char *name,
                            const char *column, const char *sql,
                            int64_t groups);
/* Move the last file written out of the writer; false when there is none. */
bool vqe_table_writer_take(struct vqe_table_writer *writer,
                           struct vqe_iceberg_file *out);
int64_t vqe_table_writer_count(const struct vqe_table_writer *writer);
/* Statistics, partition, size and row groups of a Parquet file; everything
 * of `file` (zeroed before) but its key. */
int vqe_table_describe_file(struct vqe_iceberg_file *file,
                            struct vqe_duck *duck,
                            const struct vqe_iceberg_definition *definition,
                            const char *path);
/* Commit what was written; see vqe_iceberg_append for the result.
 * `experiments` is the digest of those that the table then holds, or NULL.
 * VQE_ERR_EXISTS when another writer came first: work out anew what is new,
 * the files written are gone. */
int vqe_table_writer_commit(struct vqe_table_writer *writer,
                            const char *experiments,
                            struct vqe_iceberg_commit *result);
/* Removes files that were put and not committed. */
void vqe_table_writer_free(struct vqe_table_writer *writer);

#endif
