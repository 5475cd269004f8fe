#include "lake/table_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"
#include "lake/table.h"

static bool is_null(duckdb_vector vector)
{
  uint64_t *validity = duckdb_vector_get_validity(vector);
  return validity != NULL && !duckdb_validity_row_is_valid(validity, 0);
}

static int read_value(struct vqe_iceberg_bytes *out, duckdb_vector vector,
                      enum vqe_iceberg_type type)
{
  void *data = duckdb_vector_get_data(vector);
  out->data = NULL;
  out->size = 0;
  if (is_null(vector)) {
    return VQE_OK;
  }
  switch (type) {
  case VQE_ICEBERG_INT:
  case VQE_ICEBERG_DATE:
    return vqe_iceberg_bytes_int(out, *(int32_t *)data);
  case VQE_ICEBERG_LONG:
  case VQE_ICEBERG_TIMESTAMPTZ:
    return vqe_iceberg_bytes_long(out, *(int64_t *)data);
  case VQE_ICEBERG_DOUBLE:
    return vqe_iceberg_bytes_double(out, *(double *)data);
  case VQE_ICEBERG_BOOLEAN:
    return vqe_iceberg_bytes_boolean(out, *(bool *)data);
  default:
    return vqe_iceberg_bytes_string(
        out, duckdb_string_t_data(data),
        duckdb_string_t_length(*(duckdb_string_t *)data));
  }
}

static int64_t read_long(duckdb_vector vector)
{
  return *(int64_t *)duckdb_vector_get_data(vector);
}

/* By field id, so that a file from before a column was added can be
 * described as well. */
static void add_scan(struct vqe_duck_text *sql,
                     const struct vqe_iceberg_definition *definition,
                     const char *path)
{
  char *paths[1] = {(char *)path};
  struct vqe_table table = {.name = definition->name,
                            .definition =
                                (struct vqe_iceberg_definition *)definition,
                            .paths = paths,
                            .npaths = 1};
  vqe_duck_add(sql, " FROM ");
  vqe_table_add_scan(sql, &table);
}

/* Columns of one statement: DuckDB takes memory by the square of them, as each
 * that is filtered gets room for all. */
#define STATEMENT_COLUMNS ((size_t)64)

static size_t end_of(const struct vqe_iceberg_definition *definition,
                     size_t from)
{
  return definition->ncolumns - from < STATEMENT_COLUMNS
             ? definition->ncolumns
             : from + STATEMENT_COLUMNS;
}

/* One row: the number of rows, then for each plain column from `from` on the
 * values that are not null, the NaN of doubles, least and greatest value. */
static void add_extremes(struct vqe_duck_text *sql,
                         const struct vqe_iceberg_definition *definition,
                         size_t from)
{
  vqe_duck_add(sql, "SELECT count(*)::BIGINT");
  for (size_t k = from; k < end_of(definition, from); k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    const char *name = column->name;
    if (!vqe_iceberg_type_has_bounds(column->type)) {
      continue;
    }
    vqe_duck_add(sql, ", count(%s)::BIGINT", name);
    if (column->type == VQE_ICEBERG_DOUBLE) {
      vqe_duck_add(sql,
                   ", count(*) FILTER (isnan(%s))::BIGINT"
                   ", min(%s) FILTER (NOT isnan(%s))"
                   ", max(%s) FILTER (NOT isnan(%s))",
                   name, name, name, name, name);
    } else {
      vqe_duck_add(sql, ", min(%s), max(%s)", name, name);
    }
  }
}

static int take_extremes(struct vqe_iceberg_file *file,
                         duckdb_data_chunk chunk,
                         const struct vqe_iceberg_definition *definition,
                         size_t from)
{
  idx_t at = 0;
  int status = VQE_OK;
  file->record_count = read_long(duckdb_data_chunk_get_vector(chunk, at++));
  for (size_t k = from; status == VQE_OK && k < end_of(definition, from);
       k++) {
    enum vqe_iceberg_type type = definition->columns[k].type;
    struct vqe_iceberg_stats *stats = &file->stats[k];
    if (!vqe_iceberg_type_has_bounds(type)) {
      continue;
    }
    stats->value_count = file->record_count;
    stats->null_count = file->record_count -
                        read_long(duckdb_data_chunk_get_vector(chunk, at++));
    if (type == VQE_ICEBERG_DOUBLE) {
      stats->nan_count = read_long(duckdb_data_chunk_get_vector(chunk, at++));
    }
    status = read_value(&stats->lower,
                        duckdb_data_chunk_get_vector(chunk, at++), type);
    if (status == VQE_OK) {
      status = read_value(&stats->upper,
                          duckdb_data_chunk_get_vector(chunk, at++), type);
    }
  }
  return status;
}

static int read_some(struct vqe_iceberg_file *file, struct vqe_duck *duck,
                     const struct vqe_iceberg_definition *definition,
                     size_t from, const char *path)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  duckdb_result result = {0};
  duckdb_data_chunk chunk = NULL;
  add_extremes(&sql, definition, from);
  add_scan(&sql, definition, path);
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &result, "statistics", sql.data);
  }
  if (status == VQE_OK) {
    chunk = duckdb_fetch_chunk(result);
    if (chunk == NULL || duckdb_data_chunk_get_size(chunk) != 1) {
      status = vqe_error_set(VQE_ERR_IO, "'%s' has no statistics", path);
    }
  }
  if (status == VQE_OK) {
    status = take_extremes(file, chunk, definition, from);
  }
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  free(sql.data);
  return status;
}

/* Exact extremes of what was written, read back: the text of the writer's own
 * statistics does not hold every value. */
static int read_extremes(struct vqe_iceberg_file *file, struct vqe_duck *duck,
                         const struct vqe_iceberg_definition *definition,
                         const char *path)
{
  size_t from = 0;
  int status;
  do {
    status = read_some(file, duck, definition, from, path);
    from = end_of(definition, from);
  } while (status == VQE_OK && from < definition->ncolumns);
  return status;
}

/* The leaves of a file in order, each with its field id. */
#define LEAVES                                                                \
  "(SELECT row_number() OVER () - 1 AS column_id, "                           \
  "coalesce(field_id, -1)::BIGINT AS field_id FROM parquet_schema("

/* Bytes of each column by its field id; of columns that the file lacks
 * unknown. */
static int read_sizes(struct vqe_iceberg_file *file, struct vqe_duck *duck,
                      const char *path)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  duckdb_result result = {0};
  duckdb_data_chunk chunk;
  vqe_duck_add(&sql, "SELECT any_value(field_id)::BIGINT, "
                     "sum(total_compressed_size)::BIGINT FROM " LEAVES);
  vqe_duck_add_path(&sql, path);
  vqe_duck_add(&sql, ") WHERE coalesce(num_children, 0) = 0) JOIN "
                     "parquet_metadata(");
  vqe_duck_add_path(&sql, path);
  vqe_duck_add(&sql, ") USING (column_id) GROUP BY column_id");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &result, "column sizes", sql.data);
  }
  while (status == VQE_OK && (chunk = duckdb_fetch_chunk(result)) != NULL) {
    const int64_t *ids =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const int64_t *sizes =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
      for (size_t k = 0; k < file->nstats; k++) {
        if (file->stats[k].field_id > 0 &&
            file->stats[k].field_id == ids[row]) {
          file->stats[k].column_size = sizes[row];
        }
      }
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  free(sql.data);
  return status;
}

/* Where the row groups start. */
static int read_offsets(struct vqe_iceberg_file *file, struct vqe_duck *duck,
                        const char *path)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  duckdb_result result = {0};
  duckdb_data_chunk chunk;
  vqe_duck_add(&sql, "SELECT min(least(coalesce(dictionary_page_offset, "
                     "data_page_offset), data_page_offset))::BIGINT"
                     " FROM parquet_metadata(");
  vqe_duck_add_path(&sql, path);
  vqe_duck_add(&sql, ") GROUP BY row_group_id ORDER BY row_group_id");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &result, "row groups", sql.data);
  }
  while (status == VQE_OK && (chunk = duckdb_fetch_chunk(result)) != NULL) {
    size_t count = (size_t)duckdb_data_chunk_get_size(chunk);
    size_t old = file->nsplit_offsets;
    status = vqe_memory_grow(&file->split_offsets, old, old + count,
                             sizeof(int64_t), "row groups");
    if (status == VQE_OK) {
      memcpy(file->split_offsets + old,
             duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)),
             count * sizeof(int64_t));
      file->nsplit_offsets += count;
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  free(sql.data);
  return status;
}

/* The partition's value is the column's only one. */
static int read_partition(struct vqe_iceberg_file *file,
                          const struct vqe_iceberg_definition *definition,
                          const char *name)
{
  int status = vqe_memory_alloc(&file->partition, definition->npartition,
                                sizeof *file->partition, "partition");
  file->npartition = status == VQE_OK ? definition->npartition : 0;
  for (size_t k = 0; status == VQE_OK && k < definition->npartition; k++) {
    const struct vqe_iceberg_stats *stats =
        &file->stats[definition->partition[k]];
    bool mixed =
        stats->null_count != 0 && stats->null_count != file->record_count;
    if (!mixed && stats->lower.data != NULL) {
      mixed = !vqe_iceberg_bytes_equal(&stats->lower, &stats->upper);
    }
    if (mixed) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: rows of one file differ in '%s'", name,
                           definition->columns[definition->partition[k]].name);
    }
    status = vqe_iceberg_bytes_copy(&file->partition[k], &stats->lower);
  }
  return status;
}

int vqe_table_describe_file(struct vqe_iceberg_file *file,
                            struct vqe_duck *duck,
                            const struct vqe_iceberg_definition *definition,
                            const char *path)
{
  struct stat info;
  int status = vqe_memory_alloc(&file->stats, definition->ncolumns,
                                sizeof *file->stats, "statistics");
  if (status != VQE_OK) {
    return status;
  }
  file->nstats = definition->ncolumns;
  for (size_t k = 0; k < definition->ncolumns; k++) {
    vqe_iceberg_stats_unknown(
        &file->stats[k], vqe_iceberg_column_leaf(&definition->columns[k]));
  }
  if (stat(path, &info) != 0) {
    return vqe_error_set(VQE_ERR_IO, "'%s': %s", path, strerror(errno));
  }
  file->size = (int64_t)info.st_size;
  status = read_extremes(file, duck, definition, path);
  if (status == VQE_OK && file->record_count > 0) {
    status = read_sizes(file, duck, path);
  }
  if (status == VQE_OK && file->record_count > 0) {
    status = read_offsets(file, duck, path);
  }
  if (status == VQE_OK) {
    status = read_partition(file, definition, definition->name);
  }
  return status;
}
