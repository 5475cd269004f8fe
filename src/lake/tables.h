/* The thirteen tables of the lake: definitions (schemas/iceberg) and SQL
 * (schemas/sql), compiled into the program. */
#ifndef VQE_LAKE_TABLES_H
#define VQE_LAKE_TABLES_H

#include <stddef.h>

#define VQE_LAKE_NORMALISED 10 /* the first ten tables */
#define VQE_LAKE_TABLES 13

enum vqe_lake_table_index {
  VQE_TABLE_MOLECULES,
  VQE_TABLE_ANSATZ_INFO,
  VQE_TABLE_PERFORMANCE_METRICS,
  VQE_TABLE_VQE_RESULTS,
  VQE_TABLE_INITIAL_PARAMETERS,
  VQE_TABLE_OPTIMAL_PARAMETERS,
  VQE_TABLE_VQE_ITERATIONS,
  VQE_TABLE_ITERATION_PARAMETERS,
  VQE_TABLE_HAMILTONIAN_TERMS,
  VQE_TABLE_MOLECULAR_PROPERTIES,
  VQE_TABLE_PROCESSING_METADATA,
  VQE_TABLE_ML_ITERATION_FEATURES,
  VQE_TABLE_ML_RUN_SUMMARY
};

/* One embedded file. `text` ends with a NUL that `size` does not count. */
struct vqe_lake_text {
  const char *name; /* "molecules" */
  const char *text;
  size_t size;
};

/* Made by the build from schemas/iceberg/NAME.json, in the order above. */
extern const struct vqe_lake_text vqe_lake_definitions[VQE_LAKE_TABLES];
/* Made by the build from schemas/sql/NAME.sql: the rows of a table, in the
 * order above; then further statements. */
extern const struct vqe_lake_text vqe_lake_sql[];
extern const size_t vqe_lake_sql_count;

/* The SQL of that name; NULL when there is none. */
const char *vqe_lake_sql_find(const char *name);

#endif
