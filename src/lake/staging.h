/* Result records in tables of the embedded DuckDB, as the SQL of the
 * normalised tables finds them:
 *
 *   staged_records     one row a record: record, every field that has a column
 *                      in record/fields.def (lists of atoms and of initial
 *                      and optimal parameters too), total_iterations,
 *                      iteration_parameter_rows, term_rows
 *   staged_iterations  record, and the columns of an iteration
 *   staged_terms       record, term_index, and the columns of a term
 *   staged_properties  record, and the columns of a property
 *
 * `record` numbers the records from 0 in order of appending. Non-finite
 * doubles arrive as null. Memory: one batch of rows, DuckDB's limit for the
 * rest, which it spills. */
#ifndef VQE_LAKE_STAGING_H
#define VQE_LAKE_STAGING_H

#include <stdbool.h>
#include <stddef.h>

#include "record/record.h"

struct vqe_duck; /* lake/duck.h */
struct vqe_staging;

/* What was appended, skipped and mended. */
struct vqe_staging_counts {
  size_t records;    /* staged */
  size_t duplicates; /* an experiment_id that was already staged: skipped */
  size_t nonfinite_minimum; /* skipped */
  size_t invalid;           /* skipped by vqe_record_validate */
  size_t nonfinite_values;  /* in staged records: null in the tables */
};

/* Makes the staging tables; `duck` must outlive it. */
int vqe_staging_create(struct vqe_staging **out, struct vqe_duck *duck);
/* Append one record; one without experiment_id gets it here. `where` names it
 * in messages. *skipped (may be NULL) says whether it was left out, and then
 * vqe_error_message() says why. */
int vqe_staging_append(struct vqe_staging *staging, struct vqe_record *record,
                       const char *where, bool *skipped);
/* Flush; the tables can be queried after this. */
int vqe_staging_finish(struct vqe_staging *staging);
const struct vqe_staging_counts *
vqe_staging_counts(const struct vqe_staging *staging);
void vqe_staging_free(struct vqe_staging *staging);

#endif
