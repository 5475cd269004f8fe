#include "lake/staging_sink.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"

#define MAX_COLUMNS 64
/* A chunk is sent early when its lists and texts pass this. */
#define CHUNK_BYTES ((size_t)8 << 20)

int vqe_staging_sink_open(struct vqe_staging_sink *sink, struct vqe_duck *duck,
                          const char *table, size_t columns)
{
  duckdb_logical_type types[MAX_COLUMNS];
  sink->table = table;
  sink->duck = duck;
  if (duckdb_appender_create(duck->connection, NULL, table, &sink->appender) !=
      DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_INPUT, "staging table '%s': %s", table,
                         duckdb_appender_error(sink->appender));
  }
  sink->columns = duckdb_appender_column_count(sink->appender);
  if (sink->columns != columns || columns > MAX_COLUMNS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "staging table '%s' has %llu columns, not %zu of at "
                         "most %d",
                         table, (unsigned long long)sink->columns, columns,
                         MAX_COLUMNS);
  }
  for (idx_t k = 0; k < sink->columns; k++) {
    types[k] = duckdb_appender_column_type(sink->appender, k);
  }
  sink->chunk = duckdb_create_data_chunk(types, sink->columns);
  for (idx_t k = 0; k < sink->columns; k++) {
    duckdb_destroy_logical_type(&types[k]);
  }
  return sink->chunk == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for staging")
             : VQE_OK;
}

static int send_chunk(struct vqe_staging_sink *sink)
{
  if (sink->rows == 0) {
    return VQE_OK;
  }
  double start = vqe_clock_wall();
  duckdb_data_chunk_set_size(sink->chunk, sink->rows);
  duckdb_state state = duckdb_append_data_chunk(sink->appender, sink->chunk);
  sink->duck->seconds += vqe_clock_wall() - start;
  if (state != DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_IO, "staging table '%s': %s", sink->table,
                         duckdb_appender_error(sink->appender));
  }
  duckdb_data_chunk_reset(sink->chunk);
  sink->rows = 0;
  sink->bytes = 0;
  return VQE_OK;
}

int vqe_staging_sink_flush(struct vqe_staging_sink *sink)
{
  int status = send_chunk(sink);
  if (status == VQE_OK &&
      duckdb_appender_flush(sink->appender) != DuckDBSuccess) {
    status = vqe_error_set(VQE_ERR_IO, "staging table '%s': %s", sink->table,
                           duckdb_appender_error(sink->appender));
  }
  return status;
}

void vqe_staging_sink_close(struct vqe_staging_sink *sink)
{
  duckdb_destroy_data_chunk(&sink->chunk);
  if (sink->appender != NULL) {
    duckdb_appender_destroy(&sink->appender);
  }
}

/* ---- values of a row, column after column ---- */

static duckdb_vector next_vector(struct vqe_staging_sink *sink)
{
  return duckdb_data_chunk_get_vector(sink->chunk, sink->column++);
}

static void set_null(duckdb_vector vector, idx_t row)
{
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

void vqe_staging_put_null(struct vqe_staging_sink *sink)
{
  set_null(next_vector(sink), sink->rows);
}

void vqe_staging_put_long(struct vqe_staging_sink *sink, int64_t value)
{
  duckdb_vector vector = next_vector(sink);
  ((int64_t *)duckdb_vector_get_data(vector))[sink->rows] = value;
}

void vqe_staging_put_int(struct vqe_staging_sink *sink, int32_t value)
{
  duckdb_vector vector = next_vector(sink);
  ((int32_t *)duckdb_vector_get_data(vector))[sink->rows] = value;
}

void vqe_staging_put_bool(struct vqe_staging_sink *sink, bool value)
{
  duckdb_vector vector = next_vector(sink);
  ((bool *)duckdb_vector_get_data(vector))[sink->rows] = value;
}

void vqe_staging_put_double(struct vqe_staging_sink *sink, double value)
{
  if (isfinite(value)) {
    duckdb_vector vector = next_vector(sink);
    ((double *)duckdb_vector_get_data(vector))[sink->rows] = value;
  } else {
    vqe_staging_put_null(sink);
  }
}

void vqe_staging_put_text(struct vqe_staging_sink *sink, const char *text)
{
  if (text == NULL) {
    vqe_staging_put_null(sink);
    return;
  }
  size_t size = strlen(text);
  duckdb_vector_assign_string_element_len(next_vector(sink), sink->rows, text,
                                          size);
  sink->bytes += size;
}

/* Room for `count` more elements of the list in row `row`; *first is where
 * they go in the child. */
static int extend_list(idx_t *first, duckdb_vector vector, idx_t row,
                       idx_t count)
{
  duckdb_list_entry *entries = duckdb_vector_get_data(vector);
  *first = duckdb_list_vector_get_size(vector);
  if (duckdb_list_vector_reserve(vector, *first + count) != DuckDBSuccess ||
      duckdb_list_vector_set_size(vector, *first + count) != DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of %llu",
                         (unsigned long long)count);
  }
  entries[row].offset = *first;
  entries[row].length = count;
  return VQE_OK;
}

static void fill_doubles(duckdb_vector child, idx_t first,
                         const double *values, size_t count)
{
  double *data = duckdb_vector_get_data(child);
  for (size_t k = 0; k < count; k++) {
    data[first + k] = values[k];
    if (!isfinite(values[k])) {
      set_null(child, first + k);
    }
  }
}

int vqe_staging_put_doubles(struct vqe_staging_sink *sink,
                            const double *values, size_t count)
{
  duckdb_vector vector = next_vector(sink);
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, count);
  if (status == VQE_OK) {
    fill_doubles(duckdb_list_vector_get_child(vector), first, values, count);
    sink->bytes += count * sizeof *values;
  }
  return status;
}

int vqe_staging_put_texts(struct vqe_staging_sink *sink, char *const *texts,
                          size_t count)
{
  duckdb_vector vector = next_vector(sink);
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, count);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    duckdb_vector_assign_string_element(duckdb_list_vector_get_child(vector),
                                        first + k, texts[k]);
  }
  return status;
}

int vqe_staging_put_rows(struct vqe_staging_sink *sink, const double *values,
                         const size_t *lengths, size_t count)
{
  duckdb_vector vector = next_vector(sink);
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, count);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    duckdb_vector row = duckdb_list_vector_get_child(vector);
    idx_t at;
    status = extend_list(&at, row, first + k, lengths[k]);
    if (status == VQE_OK) {
      fill_doubles(duckdb_list_vector_get_child(row), at, values, lengths[k]);
      values += lengths[k];
    }
  }
  return status;
}

int vqe_staging_end_row(struct vqe_staging_sink *sink)
{
  sink->column = 0;
  sink->rows++;
  return sink->rows == duckdb_vector_size() || sink->bytes > CHUNK_BYTES
             ? send_chunk(sink)
             : VQE_OK;
}
