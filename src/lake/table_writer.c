#include "lake/table_writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/thread.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_stats.h"

/* Rows of one file at most, give or take an experiment: some tens of
 * megabytes for the widest tables. */
#define FILE_ROWS 4000000
#define COMMIT_ATTEMPTS 3
/* Files that are written at a time: each holds some row groups in memory. */
#define MOST_WRITERS 4

struct vqe_table_writer {
  struct vqe_warehouse *warehouse;
  const struct vqe_table *table;
  char run_id[64];
  struct vqe_iceberg_file *files;
  size_t nfiles;
  int64_t rows;
  bool settled; /* committed, or perhaps: the files stay */
};

/* ---- groups ---- */

int vqe_table_group(int64_t *groups, struct vqe_warehouse *warehouse,
                    const struct vqe_table *table, const char *rows)
{
  const struct vqe_iceberg_definition *definition = table->definition;
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  struct vqe_duck_text columns = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&columns, "0");
  for (size_t k = 0; k < definition->npartition; k++) {
    vqe_duck_add(&columns, ", %s",
                 definition->columns[definition->partition[k]].name);
  }
  int status = columns.status;
  if (status == VQE_OK) {
    vqe_duck_add(&sql,
                 "CREATE OR REPLACE TABLE wanted AS "
                 "WITH rows_in AS (%s), sliced AS ("
                 "SELECT *, (sum(weight) OVER (PARTITION BY %s ORDER BY "
                 "position) - weight) // %d AS slice FROM rows_in "
                 "WHERE weight > 0) "
                 "SELECT *, dense_rank() OVER (ORDER BY %s, slice) AS part "
                 "FROM sliced",
                 rows, columns.data, FILE_ROWS, columns.data);
    status = sql.status;
  }
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, table->name, sql.data);
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, groups, table->name,
                            "SELECT coalesce(max(part), 0)::BIGINT "
                            "FROM wanted");
  }
  free(columns.data);
  free(sql.data);
  return status;
}

/* ---- Parquet ---- */

static void add_field_ids(struct vqe_duck_text *sql,
                          const struct vqe_iceberg_definition *definition)
{
  vqe_duck_add(sql, "{");
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    vqe_duck_add(sql, "%s", k > 0 ? ", " : "");
    vqe_duck_add_name(sql, vqe_iceberg_column_name(column));
    vqe_duck_add(sql, ": ");
    if (column->element_id == 0) {
      vqe_duck_add(sql, "%d", column->id);
    } else if (column->inner_id == 0) {
      vqe_duck_add(sql, "{__duckdb_field_id: %d, element: %d}", column->id,
                   column->element_id);
    } else {
      vqe_duck_add(sql,
                   "{__duckdb_field_id: %d, element: "
                   "{__duckdb_field_id: %d, element: %d}}",
                   column->id, column->element_id, column->inner_id);
    }
  }
  vqe_duck_add(sql, "}");
}

/* Types come from the definition, whatever the query makes them. */
static int write_parquet(struct vqe_table_writer *writer,
                         struct vqe_duck *duck, const char *path,
                         const char *name, const char *rows)
{
  const struct vqe_iceberg_definition *definition = writer->table->definition;
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql, "COPY (SELECT ");
  for (size_t k = 0; k < definition->ncolumns; k++) {
    const struct vqe_iceberg_column *column = &definition->columns[k];
    char type[VQE_TABLE_TYPE_SIZE];
    vqe_table_sql_type(type, column);
    vqe_duck_add(&sql, "%s%s::%s AS ", k > 0 ? ", " : "", column->name, type);
    vqe_duck_add_name(&sql, vqe_iceberg_column_name(column));
  }
  vqe_duck_add(&sql, " FROM (\n%s)) TO ", rows);
  vqe_duck_add_quoted(&sql, path);
  vqe_duck_add(&sql, " (FORMAT parquet, COMPRESSION zstd, FIELD_IDS ");
  add_field_ids(&sql, definition);
  vqe_duck_add(&sql, ")");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, name, sql.data);
  }
  free(sql.data);
  return status;
}

/* ---- the writer ---- */

int vqe_table_writer_create(struct vqe_table_writer **out,
                            struct vqe_warehouse *warehouse,
                            const struct vqe_table *table, const char *run_id)
{
  struct vqe_table_writer *writer;
  int status = vqe_memory_alloc(&writer, 1, sizeof *writer, "a table writer");
  if (status != VQE_OK) {
    return status;
  }
  writer->warehouse = warehouse;
  writer->table = table;
  snprintf(writer->run_id, sizeof writer->run_id, "%s", run_id);
  *out = writer;
  return VQE_OK;
}

static int put_file(struct vqe_table_writer *writer,
                    struct vqe_iceberg_file *file, char *path)
{
  char name[128];
  const char *number = strrchr(path, '/') + 1;
  /* the number is new in this process, the id in all */
  snprintf(name, sizeof name, "%.6s-%s.parquet", number, writer->run_id);
  int status = vqe_iceberg_data_key(&file->key, writer->table->definition,
                                    file->partition, name);
  if (status == VQE_OK) {
    status = vqe_objects_put_file(vqe_warehouse_objects(writer->warehouse),
                                  file->key, path);
  }
  return status;
}

/* Put a described file and note it for the commit; takes `path` over. */
static int add_file(struct vqe_table_writer *writer,
                    struct vqe_iceberg_file *file, char *path)
{
  int status =
      vqe_memory_grow(&writer->files, writer->nfiles, writer->nfiles + 1,
                      sizeof *file, "list of files");
  if (status == VQE_OK) {
    status = put_file(writer, file, path);
  }
  if (status != VQE_OK) {
    unlink(path);
    free(path);
    return status;
  }
  writer->files[writer->nfiles++] = *file;
  writer->rows += file->record_count;
  status = vqe_warehouse_keep(writer->warehouse, file->key, path);
  memset(file, 0, sizeof *file);
  return status;
}

/* What is SQL runs on `duck` at once, the rest under `mutex`. */
static int write_rows(struct vqe_table_writer *writer, struct vqe_duck *duck,
                      pthread_mutex_t *mutex, const char *name,
                      const char *sql)
{
  struct vqe_iceberg_file file = {0};
  char *path = NULL;
  pthread_mutex_lock(mutex);
  int status = vqe_warehouse_scratch_file(&path, writer->warehouse);
  pthread_mutex_unlock(mutex);
  if (status != VQE_OK) {
    return status;
  }
  status = write_parquet(writer, duck, path, name, sql);
  if (status == VQE_OK) {
    status =
        vqe_table_describe_file(&file, duck, writer->table->definition, path);
  }
  if (status == VQE_OK && file.record_count > 0) {
    pthread_mutex_lock(mutex);
    status = add_file(writer, &file, path);
    pthread_mutex_unlock(mutex);
  } else {
    unlink(path);
    free(path);
  }
  vqe_iceberg_file_clear(&file);
  return status;
}

int vqe_table_writer_rows(struct vqe_table_writer *writer, const char *name,
                          const char *sql)
{
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  struct vqe_duck *duck = vqe_warehouse_duck(writer->warehouse);
  double before = duck->seconds;
  int status = write_rows(writer, duck, &mutex, name, sql);
  duck->parquet_seconds += duck->seconds - before;
  return status;
}

/* ---- several files at a time ---- */

/* Groups that threads take one after another. */
struct group_work {
  struct vqe_table_writer *writer;
  const char *name, *column, *sql;
  pthread_mutex_t mutex; /* for what follows, and the writer's files */
  int64_t next, groups;
  int status; /* the first failure, which ends the work */
  char message[1024];
};

static bool take_group(struct group_work *work, int64_t *group, int status)
{
  pthread_mutex_lock(&work->mutex);
  if (status != VQE_OK && work->status == VQE_OK) {
    work->status = status;
    snprintf(work->message, sizeof work->message, "%s", vqe_error_message());
  }
  *group = work->next;
  bool any = work->status == VQE_OK && work->next <= work->groups;
  work->next += any;
  pthread_mutex_unlock(&work->mutex);
  return any;
}

static void write_groups(struct group_work *work, struct vqe_duck *duck,
                         int status)
{
  int64_t group;
  while (take_group(work, &group, status)) {
    status = vqe_duck_executef(duck, work->name,
                               "CREATE OR REPLACE TEMP TABLE chosen AS "
                               "SELECT %s FROM wanted WHERE part = %lld",
                               work->column, (long long)group);
    if (status == VQE_OK) {
      status =
          write_rows(work->writer, duck, &work->mutex, work->name, work->sql);
    }
  }
}

static void *help(void *ctx)
{
  struct group_work *work = ctx;
  struct vqe_duck *duck = NULL;
  int status =
      vqe_duck_connect(&duck, vqe_warehouse_duck(work->writer->warehouse));
  write_groups(work, duck, status);
  vqe_duck_close(duck);
  return NULL;
}

int vqe_table_writer_groups(struct vqe_table_writer *writer, const char *name,
                            const char *column, const char *sql,
                            int64_t groups)
{
  struct group_work work = {.writer = writer,
                            .name = name,
                            .column = column,
                            .sql = sql,
                            .mutex = PTHREAD_MUTEX_INITIALIZER,
                            .next = 1,
                            .groups = groups};
  struct vqe_duck *duck = vqe_warehouse_duck(writer->warehouse);
  struct vqe_objects_usage before, after;
  pthread_t helpers[MOST_WRITERS - 1];
  int64_t most = duck->threads < MOST_WRITERS ? duck->threads : MOST_WRITERS;
  int count = 0;
  double start = vqe_clock_wall();
  double sql_seconds = duck->seconds;
  vqe_objects_usage(&before, vqe_warehouse_objects(writer->warehouse));
  /* fewer threads than wanted only take longer */
  while (count + 1 < most && count + 1 < groups &&
         vqe_thread_start(&helpers[count], help, &work) == VQE_OK) {
    count++;
  }
  write_groups(&work, duck, VQE_OK);
  for (int k = 0; k < count; k++) {
    pthread_join(helpers[k], NULL);
  }
  vqe_objects_usage(&after, vqe_warehouse_objects(writer->warehouse));
  double seconds = vqe_clock_wall() - start - (after.seconds - before.seconds);
  duck->seconds = sql_seconds + seconds;
  duck->parquet_seconds += seconds;
  return work.status == VQE_OK
             ? VQE_OK
             : vqe_error_set(work.status, "%s", work.message);
}

bool vqe_table_writer_take(struct vqe_table_writer *writer,
                           struct vqe_iceberg_file *out)
{
  if (writer->nfiles == 0) {
    return false;
  }
  *out = writer->files[--writer->nfiles];
  return true;
}

int64_t vqe_table_writer_count(const struct vqe_table_writer *writer)
{
  return writer->rows;
}

int vqe_table_writer_commit(struct vqe_table_writer *writer,
                            const char *experiments,
                            struct vqe_iceberg_commit *result)
{
  const char *const summary[] = {VQE_ICEBERG_EXPERIMENTS_KEY, experiments,
                                 NULL};
  struct vqe_iceberg_commit_options options = {
      .run_id = writer->run_id,
      .base_snapshot = writer->table->snapshot,
      .summary = summary,
      .exclusive = vqe_warehouse_exclusive(writer->warehouse),
  };
  int status = VQE_OK;
  vqe_warehouse_forget(writer->warehouse, writer->table->index);
  for (int attempt = 0; attempt < COMMIT_ATTEMPTS; attempt++) {
    status = vqe_iceberg_append(
        result, vqe_warehouse_objects(writer->warehouse),
        writer->table->definition, writer->files, writer->nfiles, &options);
    if (status == VQE_OK || result->outcome != VQE_ICEBERG_UNKNOWN) {
      break;
    }
    /* it may be there: the same run id finds out, and its files stay */
    writer->settled = true;
  }
  if (status == VQE_OK || result->outcome == VQE_ICEBERG_UNKNOWN) {
    writer->settled = true;
  }
  return status;
}

void vqe_table_writer_free(struct vqe_table_writer *writer)
{
  if (writer == NULL) {
    return;
  }
  for (size_t k = 0; k < writer->nfiles; k++) {
    if (!writer->settled) {
      (void)vqe_objects_delete(vqe_warehouse_objects(writer->warehouse),
                               writer->files[k].key);
    }
    vqe_iceberg_file_clear(&writer->files[k]);
  }
  free(writer->files);
  free(writer);
}
