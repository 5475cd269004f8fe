/* One staging table that is appended to. Rows go in through data chunks: one
 * batch of duckdb_vector_size() rows is filled in memory, column after column,
 * and appended as a whole. */
#ifndef VQE_LAKE_STAGING_SINK_H
#define VQE_LAKE_STAGING_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lake/duck.h"

/* Zero it; close it in any case. */
struct vqe_staging_sink {
  const char *table;
  struct vqe_duck *duck;
  duckdb_appender appender;
  duckdb_data_chunk chunk;
  idx_t columns;
  idx_t rows;   /* in the chunk */
  size_t bytes; /* in the chunk's lists and texts */
  idx_t column; /* the next to fill */
};

/* `table` exists and has `columns` columns. */
int vqe_staging_sink_open(struct vqe_staging_sink *sink, struct vqe_duck *duck,
                          const char *table, size_t columns);
/* Append what is in memory. */
int vqe_staging_sink_flush(struct vqe_staging_sink *sink);
void vqe_staging_sink_close(struct vqe_staging_sink *sink);

/* The value of the next column. Numbers that are not finite are null, in
 * lists too. */
void vqe_staging_put_null(struct vqe_staging_sink *sink);
void vqe_staging_put_long(struct vqe_staging_sink *sink, int64_t value);
void vqe_staging_put_int(struct vqe_staging_sink *sink, int32_t value);
void vqe_staging_put_bool(struct vqe_staging_sink *sink, bool value);
void vqe_staging_put_double(struct vqe_staging_sink *sink, double value);
void vqe_staging_put_text(struct vqe_staging_sink *sink, const char *text);
int vqe_staging_put_doubles(struct vqe_staging_sink *sink,
                            const double *values, size_t count);
int vqe_staging_put_texts(struct vqe_staging_sink *sink, char *const *texts,
                          size_t count);
/* `count` lists, one after another in `values`. */
int vqe_staging_put_rows(struct vqe_staging_sink *sink, const double *values,
                         const size_t *lengths, size_t count);

/* All columns have their value. */
int vqe_staging_end_row(struct vqe_staging_sink *sink);

#endif
