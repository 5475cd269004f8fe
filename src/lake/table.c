#include "lake/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"

struct collecting {
  struct vqe_warehouse *warehouse;
  struct vqe_table *table;
  char **foreign; /* borrowed paths of files that others may have written */
  size_t nforeign;
};

/* Six digits and a UUID. */
bool vqe_table_is_ours(const char *key)
{
  const char *slash = strrchr(key, '/');
  const char *name = slash == NULL ? key : slash + 1;
  return strspn(name, "0123456789") == 6 && name[6] == '-' &&
         strspn(name + 7, "0123456789abcdef-") == 36 &&
         strcmp(name + 43, ".parquet") == 0;
}

static int note_foreign(struct collecting *collecting, char *path)
{
  size_t count = collecting->nforeign;
  int status = vqe_memory_grow(&collecting->foreign, count, count + 1,
                               sizeof(char *), "list of files");
  if (status == VQE_OK) {
    collecting->foreign[collecting->nforeign++] = path;
  }
  return status;
}

int vqe_table_require_ids(struct vqe_duck *duck, const char *name,
                          char *const *paths, size_t npaths)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  int64_t count = 0;
  if (npaths == 0) {
    return VQE_OK;
  }
  vqe_duck_add(&sql, "SELECT count(*)::BIGINT FROM (SELECT file_name FROM "
                     "parquet_schema([");
  for (size_t k = 0; k < npaths; k++) {
    vqe_duck_add(&sql, "%s", k > 0 ? ", " : "");
    vqe_duck_add_path(&sql, paths[k]);
  }
  vqe_duck_add(&sql, "]) GROUP BY file_name HAVING count(field_id) = 0)");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, &count, "field ids", sql.data);
  }
  free(sql.data);
  if (status == VQE_OK && count > 0) {
    status = vqe_error_set(
        VQE_ERR_UNSUPPORTED,
        "table '%s': %lld of its files have no field ids (another engine took "
        "them in as they were) and would read as nulls: let that engine "
        "rewrite them (rewrite_data_files), see vqe_lake check",
        name, (long long)count);
  }
  return status;
}

static int collect_file(void *ctx, const struct vqe_iceberg_file *file,
                        int64_t snapshot)
{
  struct collecting *collecting = ctx;
  struct vqe_table *table = collecting->table;
  size_t count = table->npaths;
  int status = VQE_OK;
  if ((count & (count - 1)) == 0) {
    size_t capacity = count > 0 ? 2 * count : 1;
    status = vqe_memory_grow(&table->paths, count, capacity, sizeof(char *),
                             "list of files");
    if (status == VQE_OK) {
      status = vqe_memory_grow(&table->snapshot_of, count, capacity,
                               sizeof(int64_t), "list of files");
    }
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_fetch(&table->paths[count], collecting->warehouse,
                                 file->key, file->size);
  }
  if (status == VQE_OK) {
    table->snapshot_of[count] = snapshot;
    table->npaths++;
    status = vqe_table_is_ours(file->key)
                 ? VQE_OK
                 : note_foreign(collecting, table->paths[count]);
  }
  return status;
}

/* The files of a snapshot, which must have field ids. */
static int collect_files(struct vqe_table *table,
                         struct vqe_warehouse *warehouse,
                         struct vqe_iceberg_table *iceberg, int64_t snapshot)
{
  struct collecting collecting = {.warehouse = warehouse, .table = table};
  int status = vqe_iceberg_scan(iceberg, snapshot, collect_file, &collecting);
  if (status == VQE_OK) {
    status = vqe_table_require_ids(vqe_warehouse_duck(warehouse), table->name,
                                   collecting.foreign, collecting.nforeign);
  }
  free(collecting.foreign);
  return status;
}

/* What the newest metadata of the table says, where it exists. */
static int read_state(struct vqe_table *table, struct vqe_warehouse *warehouse,
                      bool files, bool reading)
{
  struct vqe_iceberg_table *iceberg = NULL;
  int status = vqe_warehouse_iceberg(&iceberg, warehouse, table->index);
  if (status != VQE_OK) {
    return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
  }
  table->exists = true;
  table->snapshot = vqe_iceberg_current_snapshot(iceberg);
  snprintf(table->experiments, sizeof table->experiments, "%s",
           vqe_iceberg_current_summary(iceberg, VQE_ICEBERG_EXPERIMENTS_KEY));
  status = reading ? vqe_iceberg_definition_find(table->definition, iceberg)
                   : vqe_iceberg_definition_bind(table->definition, iceberg);
  if (status == VQE_OK && files) {
    status = collect_files(table, warehouse, iceberg, table->snapshot);
  }
  return status;
}

static int open_table(struct vqe_table **out, struct vqe_warehouse *warehouse,
                      enum vqe_lake_table_index index, bool files,
                      bool reading)
{
  const struct vqe_lake_text *text = &vqe_lake_definitions[index];
  struct vqe_table *table = NULL;
  int status = vqe_memory_alloc(&table, 1, sizeof *table, "a table");
  if (status != VQE_OK) {
    return status;
  }
  table->name = text->name;
  table->index = index;
  table->snapshot = VQE_ICEBERG_NO_SNAPSHOT;
  status = vqe_iceberg_definition_parse(&table->definition, text->text,
                                        text->size, text->name);
  if (status == VQE_OK) {
    status = read_state(table, warehouse, files, reading);
  }
  if (status != VQE_OK) {
    vqe_table_close(table);
    return status;
  }
  *out = table;
  return VQE_OK;
}

int vqe_table_open(struct vqe_table **out, struct vqe_warehouse *warehouse,
                   enum vqe_lake_table_index index, bool files)
{
  return open_table(out, warehouse, index, files, false);
}

int vqe_table_read(struct vqe_table **out, struct vqe_warehouse *warehouse,
                   enum vqe_lake_table_index index, bool files)
{
  return open_table(out, warehouse, index, files, true);
}

void vqe_table_close(struct vqe_table *table)
{
  if (table == NULL) {
    return;
  }
  for (size_t k = 0; k < table->npaths; k++) {
    free(table->paths[k]);
  }
  free(table->paths);
  free(table->snapshot_of);
  vqe_iceberg_definition_free(table->definition);
  free(table);
}

int vqe_table_add_others(struct vqe_table *table,
                         struct vqe_warehouse *warehouse)
{
  struct vqe_iceberg_table *iceberg = NULL;
  if (!table->exists) {
    return VQE_OK;
  }
  int status = vqe_warehouse_iceberg(&iceberg, warehouse, table->index);
  return status == VQE_OK
             ? vqe_iceberg_definition_add_others(table->definition, iceberg)
             : status;
}

/* Types of other engines that are the same thing here. */
static void other_type(char out[VQE_TABLE_TYPE_SIZE], const char *type)
{
  static const struct {
    const char *iceberg, *sql;
  } known[] = {{"float", "FLOAT"},
               {"timestamp", "TIMESTAMP"},
               {"binary", "BLOB"},
               {"uuid", "UUID"}};
  int precision, scale;
  char rest;
  out[0] = '\0';
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(type, known[k].iceberg) == 0) {
      snprintf(out, VQE_TABLE_TYPE_SIZE, "%s", known[k].sql);
    }
  }
  if (sscanf(type, "decimal(%d ,%d %c", &precision, &scale, &rest) == 3 &&
      rest == ')' && precision >= 1 && precision <= 38 && scale >= 0 &&
      scale <= precision) {
    snprintf(out, VQE_TABLE_TYPE_SIZE, "DECIMAL(%d,%d)", precision, scale);
  }
}

void vqe_table_sql_type(char out[VQE_TABLE_TYPE_SIZE],
                        const struct vqe_iceberg_column *column)
{
  static const char *const names[] = {
      [VQE_ICEBERG_STRING] = "VARCHAR",
      [VQE_ICEBERG_INT] = "INTEGER",
      [VQE_ICEBERG_LONG] = "BIGINT",
      [VQE_ICEBERG_DOUBLE] = "DOUBLE",
      [VQE_ICEBERG_BOOLEAN] = "BOOLEAN",
      [VQE_ICEBERG_DATE] = "DATE",
      [VQE_ICEBERG_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
      [VQE_ICEBERG_LIST_STRING] = "VARCHAR[]",
      [VQE_ICEBERG_LIST_LONG] = "BIGINT[]",
      [VQE_ICEBERG_LIST_DOUBLE] = "DOUBLE[]",
      [VQE_ICEBERG_LIST_LIST_DOUBLE] = "DOUBLE[][]"};
  if (column->type == VQE_ICEBERG_OTHER) {
    other_type(out, column->other);
  } else {
    snprintf(out, VQE_TABLE_TYPE_SIZE, "%s", names[column->type]);
  }
}

int vqe_table_require_types(const struct vqe_table *table)
{
  for (size_t k = 0; k < table->definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &table->definition->columns[k];
    char type[VQE_TABLE_TYPE_SIZE];
    vqe_table_sql_type(type, column);
    if (type[0] == '\0' && column->id != VQE_ICEBERG_DROPPED) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "table '%s': column '%s' of another engine has the "
                           "type %.80s, which this version cannot rewrite",
                           table->name, vqe_iceberg_column_name(column),
                           column->other);
    }
  }
  return VQE_OK;
}

/* By field id, as Iceberg reads: a file that was written before a column was
 * added has null there. The partition values in the path are left alone. */
void vqe_table_add_scan(struct vqe_duck_text *sql,
                        const struct vqe_table *table)
{
  const struct vqe_iceberg_definition *definition = table->definition;
  const char *comma = "";
  vqe_duck_add(sql, "read_parquet([");
  for (size_t k = 0; k < table->npaths; k++) {
    vqe_duck_add(sql, "%s", k > 0 ? ", " : "");
    vqe_duck_add_path(sql, table->paths[k]);
  }
  vqe_duck_add(sql, "], hive_partitioning = false, schema = MAP {");
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    char type[VQE_TABLE_TYPE_SIZE];
    vqe_table_sql_type(type, column);
    if (type[0] != '\0') {
      vqe_duck_add(sql, "%s%d: {name: '%s', type: '%s', default_value: NULL}",
                   comma, column->id, column->name, type);
      comma = ", ";
    }
  }
  vqe_duck_add(sql, "})");
}

int vqe_table_view(struct vqe_warehouse *warehouse,
                   const struct vqe_table *table, const char *view, bool named)
{
  const struct vqe_iceberg_definition *definition = table->definition;
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  const char *comma = "";
  vqe_duck_add(&sql, "CREATE OR REPLACE TEMP VIEW %s AS SELECT ", view);
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    char type[VQE_TABLE_TYPE_SIZE];
    vqe_table_sql_type(type, column);
    if (type[0] == '\0') {
      continue;
    }
    if (table->npaths == 0) {
      vqe_duck_add(&sql, "%sNULL::%s AS ", comma, type);
    } else {
      vqe_duck_add(&sql, "%s%s AS ", comma, column->name);
    }
    vqe_duck_add_name(&sql,
                      named ? vqe_iceberg_column_name(column) : column->name);
    comma = ", ";
  }
  if (table->npaths == 0) {
    vqe_duck_add(&sql, " WHERE false");
  } else {
    vqe_duck_add(&sql, " FROM ");
    vqe_table_add_scan(&sql, table);
  }
  int status = sql.status;
  if (status == VQE_OK) {
    status =
        vqe_duck_execute(vqe_warehouse_duck(warehouse), table->name, sql.data);
  }
  free(sql.data);
  return status;
}

int vqe_table_view_at(struct vqe_warehouse *warehouse,
                      enum vqe_lake_table_index index, int64_t snapshot,
                      const char *view)
{
  struct vqe_table *table = NULL;
  struct vqe_iceberg_table *iceberg = NULL;
  int status = vqe_table_read(&table, warehouse, index, false);
  if (status == VQE_OK) {
    status = vqe_warehouse_iceberg(&iceberg, warehouse, index);
  }
  if (status == VQE_OK) {
    status = collect_files(table, warehouse, iceberg, snapshot);
  }
  if (status == VQE_OK) {
    status = vqe_table_view(warehouse, table, view, false);
  }
  vqe_table_close(table);
  return status;
}

/* ---- which experiments ---- */

int vqe_table_make_held(struct vqe_duck *duck, const struct vqe_table *table,
                        const char *held)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql,
               "CREATE OR REPLACE TEMP TABLE %s AS SELECT DISTINCT "
               "experiment_id FROM ",
               held);
  if (table->npaths > 0) {
    vqe_table_add_scan(&sql, table);
  } else {
    vqe_duck_add(&sql, "(SELECT NULL::VARCHAR AS experiment_id WHERE false)");
  }
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, table->name, sql.data);
  }
  free(sql.data);
  return status;
}

int vqe_table_digest(char out[VQE_TABLE_DIGEST_SIZE], struct vqe_duck *duck,
                     const char *ids)
{
  duckdb_result result;
  out[0] = '\0';
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql,
               "SELECT count(*)::VARCHAR || '-' || "
               "coalesce(bit_xor(md5_number(experiment_id)), 0)::VARCHAR "
               "FROM (%s) WHERE experiment_id IS NOT NULL",
               ids);
  if (sql.status != VQE_OK) {
    free(sql.data);
    return sql.status;
  }
  int status = vqe_duck_query(duck, &result, "experiments", sql.data);
  duckdb_data_chunk chunk =
      status == VQE_OK ? duckdb_fetch_chunk(result) : NULL;
  if (chunk != NULL && duckdb_data_chunk_get_size(chunk) == 1) {
    duckdb_string_t *text =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    snprintf(out, VQE_TABLE_DIGEST_SIZE, "%.*s",
             (int)duckdb_string_t_length(*text), duckdb_string_t_data(text));
  }
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  free(sql.data);
  return status;
}
