/* Opening a table: finding its newest metadata and reading it. */
#ifndef VQE_ICEBERG_ICEBERG_TABLE_H
#define VQE_ICEBERG_ICEBERG_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct vqe_objects;
struct vqe_iceberg_table;

#define VQE_ICEBERG_NO_SNAPSHOT (-1) /* an empty table has none */

/* The newest metadata of a table: the hint, then upward, plain or by gzip.
 * VQE_ERR_NOT_FOUND when the table does not exist, VQE_ERR_INPUT when it
 * cannot be understood or names another place (a copied warehouse). `objects`
 * must outlive the table. */
int vqe_iceberg_open(struct vqe_iceberg_table **out,
                     struct vqe_objects *objects, const char *name);
void vqe_iceberg_close(struct vqe_iceberg_table *table);

/* VQE_ERR_INPUT where another engine has put metadata beside the table's own
 * that holds a commit which it lacks: to commit would make two tables of one.
 * The message names the file and the remedy. */
int vqe_iceberg_require_whole(const struct vqe_iceberg_table *table);

/* VQE_ERR_UNSUPPORTED where the table's properties forbid to remove files. */
int vqe_iceberg_require_collection(const struct vqe_iceberg_table *table);

int64_t vqe_iceberg_version(const struct vqe_iceberg_table *table); /* N */
/* VQE_ICEBERG_NO_SNAPSHOT for an empty table. */
int64_t vqe_iceberg_current_snapshot(const struct vqe_iceberg_table *table);

/* Is there no later metadata? One request. */
int vqe_iceberg_is_newest(bool *out, const struct vqe_iceberg_table *table);

/* Summary key for what a commit knows of the rows that the table then holds;
 * a compaction carries it on, another program's commit ends it. */
#define VQE_ICEBERG_EXPERIMENTS_KEY "vqe.experiments"
/* A value of the current snapshot's summary; "" when it has none. */
const char *vqe_iceberg_current_summary(const struct vqe_iceberg_table *table,
                                        const char *key);

#endif
