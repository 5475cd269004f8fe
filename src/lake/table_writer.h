/* Rows of SQL as Parquet files with statistics, put into the store and
 * committed together. */
#ifndef VQE_LAKE_TABLE_WRITER_H
#define VQE_LAKE_TABLE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "lake/table.h"
#include "lake/warehouse.h"

/* Make the table `wanted` of SQL `rows` - columns: what identifies an
 * experiment, the partition columns, `position` (their order),
 * `weight` (rows it brings) - split into
 * groups of one partition value and a bounded number of rows each, numbered
 * from 1 in column `part`. *groups is their number. */
int vqe_table_group(int64_t *groups, struct vqe_warehouse *warehouse,
                    const struct vqe_table *table, const char *rows);

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
/* Commit what was written; see vqe_iceberg_append for the result.
 * `experiments` is the digest of those that the table then holds, or NULL.
 * VQE_ERR_EXISTS when another writer came first: work out anew what is new,
 * the files written are deleted. */
int vqe_table_writer_commit(struct vqe_table_writer *writer,
                            const char *experiments,
                            struct vqe_iceberg_commit *result);
/* Removes files that were put and not committed. */
void vqe_table_writer_free(struct vqe_table_writer *writer);

#endif
