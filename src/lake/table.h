/* A table of a warehouse as it stands, as SQL sees it. */
#ifndef VQE_LAKE_TABLE_H
#define VQE_LAKE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "lake/tables.h"
#include "lake/warehouse.h"

/* lake/duck.h, which not everyone can include */
struct vqe_duck;
struct vqe_duck_text;

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
/* The same to be read alone: what another engine made of the columns and of
 * the partition is no reason to refuse. */
int vqe_table_read(struct vqe_table **out, struct vqe_warehouse *warehouse,
                   enum vqe_lake_table_index index, bool files);
void vqe_table_close(struct vqe_table *table);
/* Give the definition the columns of other engines as well. */
int vqe_table_add_others(struct vqe_table *table,
                         struct vqe_warehouse *warehouse);

/* Is the data file named as our writer names its files? */
bool vqe_table_is_ours(const char *key);

/* Size of the text of vqe_table_sql_type(). */
#define VQE_TABLE_TYPE_SIZE 64
/* Type of a column in SQL; "" for one of another engine that is none here. */
void vqe_table_sql_type(char out[VQE_TABLE_TYPE_SIZE],
                        const struct vqe_iceberg_column *column);
/* VQE_ERR_UNSUPPORTED, naming the column, when there is one without type. */
int vqe_table_require_types(const struct vqe_table *table);

/* read_parquet(...) of the table's files with the definition's columns in
 * order and type, under the definition's names: columns that a file lacks are
 * null, those without type in SQL are left out. Needs files. */
void vqe_table_add_scan(struct vqe_duck_text *sql,
                        const struct vqe_table *table);

/* Make a view `view` of the table's rows, with the definition's columns in
 * order and type: columns that a file lacks are null, a missing table is
 * empty. Of `table` only name, definition and paths are used. `named`: under
 * the table's names, not the definition's. */
int vqe_table_view(struct vqe_warehouse *warehouse,
                   const struct vqe_table *table, const char *view,
                   bool named);

/* The same of the rows of an earlier snapshot; VQE_ERR_NOT_FOUND or
 * VQE_ERR_INPUT where they are no more. */
int vqe_table_view_at(struct vqe_warehouse *warehouse,
                      enum vqe_lake_table_index index, int64_t snapshot,
                      const char *view);

/* VQE_ERR_UNSUPPORTED when one of the Parquet files has no field ids, as files
 * that another engine only took in: it would read as nulls. */
int vqe_table_require_ids(struct vqe_duck *duck, const char *name,
                          char *const *paths, size_t npaths);

/* Make the table `held` of the experiment_ids in the table's rows, each once.
 * Needs files. */
int vqe_table_make_held(struct vqe_duck *duck, const struct vqe_table *table,
                        const char *held);
/* Digest of the distinct experiment_ids that the query `ids` gives: their
 * number and the exclusive or of their MD5, so that two tables with the same
 * digest hold the same experiments. */
int vqe_table_digest(char out[VQE_TABLE_DIGEST_SIZE], struct vqe_duck *duck,
                     const char *ids);

#endif
