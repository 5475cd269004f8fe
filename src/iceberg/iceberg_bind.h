/* A definition against a table that exists: ids, types, partition spec. */
#ifndef VQE_ICEBERG_ICEBERG_BIND_H
#define VQE_ICEBERG_ICEBERG_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_table.h"

/* Give the definition's columns the ids they have in the table; columns that
 * the table lacks get the ids that the next commit will add them under. A
 * column is the one that first had its name, so that it stays the same one
 * when another engine renames it (table_name) or widens an int to a long. Call
 * it before writing Parquet files for a table that exists. VQE_ERR_INPUT or
 * VQE_ERR_UNSUPPORTED when a type or the partition differs, when another
 * engine has dropped a column of ours, or requires one of its own. */
int vqe_iceberg_definition_bind(struct vqe_iceberg_definition *definition,
                                const struct vqe_iceberg_table *table);

/* After binding: append the table's columns that the definition does not know,
 * as foreign ones named "other_<id>". */
int vqe_iceberg_definition_add_others(
    struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table);
/* Has the table no column beyond the definition's? */
bool vqe_iceberg_definition_is_whole(
    const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table);

/* Is that column in the table's current schema? (A column that the
 * definition adds is not, until the first commit with it.) */
bool vqe_iceberg_has_column(const struct vqe_iceberg_table *table,
                            const char *name);

/* For reading alone: give the definition's columns the ids and types that they
 * have in the table now, whatever another engine made of them; a column that
 * is gone gets VQE_ICEBERG_DROPPED and no type. Takes the partition away, as
 * each file has its own. */
int vqe_iceberg_definition_find(struct vqe_iceberg_definition *definition,
                                const struct vqe_iceberg_table *table);

/* The columns of a table's current schema as a definition, without partition,
 * for work that has none from outside. */
int vqe_iceberg_definition_of(struct vqe_iceberg_definition **out,
                              const struct vqe_iceberg_table *table);
/* Do the ids agree with the table, new columns coming after its last id?
 * *adds: how many columns the table lacks. */
int vqe_iceberg_definition_check(
    size_t *adds, const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table);

#endif
