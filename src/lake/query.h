/* SQL over the current snapshots of the twelve tables. */
#ifndef VQE_LAKE_QUERY_H
#define VQE_LAKE_QUERY_H

#include <stdio.h>

#include "lake/warehouse.h"

enum vqe_query_format { VQE_QUERY_TEXT, VQE_QUERY_CSV, VQE_QUERY_JSON };

/* Run one statement; tables are found under their names. Text is an aligned
 * table with a header, JSON an array of objects. Dates and times in UTC,
 * doubles in the shortest form that reads back the same.
 *
 * `locked`: for SQL of others. It reads the files of the tables and the
 * scratch folder, nothing else; it writes no file but what DuckDB
 * spills, loads no extension, reaches no network and changes no setting. The
 * SQL engine of the warehouse stays so: close it afterwards. */
int vqe_query(struct vqe_warehouse *warehouse, const char *sql,
              enum vqe_query_format format, bool locked, FILE *stream);

/* Views of the tables that the statement names, for statements of ours on the
 * SQL engine of the warehouse. */
int vqe_query_views(struct vqe_warehouse *warehouse, const char *sql);

/* The circuit of the one experiment whose id starts with `id`, from
 * ansatz_info. Free *out by free(). */
int vqe_query_ansatz(char **out, struct vqe_warehouse *warehouse,
                     const char *id);

/* Its optimal parameters in their order, of optimal_parameters. Free *out by
 * free(). */
int vqe_query_optimal(double **out, size_t *count,
                      struct vqe_warehouse *warehouse, const char *id);

#endif
