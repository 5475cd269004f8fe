#include "lake/batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_writer.h"

/* How many attempts to write the row when others write theirs. */
#define MAX_RACES 50
/* Where other writers may be at work, a batch without its row counts as that
 * of a crashed one only after this long. */
#define LIVE_MS INT64_C(3600000)

/* ---- writing a row ---- */

/* Append the row that the table `batch` describes, unless the batch has
 * one. */
static int write_batch(struct vqe_warehouse *warehouse, const char *batch_id)
{
  const char *name = vqe_lake_definitions[VQE_TABLE_PROCESSING_METADATA].name;
  int status;
  int races = 0;
  do {
    struct vqe_table *table = NULL;
    struct vqe_table_writer *writer = NULL;
    struct vqe_iceberg_commit commit;
    status = vqe_table_open(&table, warehouse, VQE_TABLE_PROCESSING_METADATA,
                            false);
    if (status == VQE_OK) {
      status = vqe_table_writer_create(&writer, warehouse, table, batch_id);
    }
    if (status == VQE_OK) {
      status = vqe_table_writer_rows(writer, name, vqe_lake_sql_find(name));
    }
    if (status == VQE_OK) {
      status = vqe_table_writer_commit(writer, NULL, &commit);
    }
    vqe_table_writer_free(writer);
    vqe_table_close(table);
  } while (status == VQE_ERR_EXISTS && ++races < MAX_RACES);
  return status;
}

/* One row of `batch`. */
static int add_batch_row(struct vqe_duck *duck, int position,
                         const char *version, int64_t rows)
{
  return vqe_duck_executef(
      duck, "batch",
      "INSERT INTO batch SELECT h.*, %d, '%s', '%s', %lld, info FROM "
      "batch_head h CROSS JOIN batch_info",
      position, vqe_lake_definitions[position].name,
      version[0] != '\0' ? version : "no_changes",
      (long long)(version[0] != '\0' ? rows : 0));
}

/* `head` is a query for the columns of processing_metadata that all tables
 * share; `info` goes into source_data_info. */
static int start_batch(struct vqe_duck *duck, const char *head,
                       const char *info)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql,
               "CREATE OR REPLACE TEMP TABLE batch ("
               "processing_batch_id VARCHAR, processing_name VARCHAR, "
               "processing_timestamp TIMESTAMP WITH TIME ZONE, "
               "processing_date DATE, position INTEGER, table_name VARCHAR, "
               "table_version VARCHAR, record_count BIGINT, "
               "source_data_info VARCHAR);"
               "CREATE OR REPLACE TEMP TABLE batch_info AS SELECT ");
  vqe_duck_add_quoted(&sql, info);
  vqe_duck_add(&sql,
               " AS info;"
               "CREATE OR REPLACE TEMP TABLE batch_head AS %s;",
               head);
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, "batch", sql.data);
  }
  free(sql.data);
  return status;
}

int vqe_batches_write(struct vqe_warehouse *warehouse, const char *batch_id,
                      const char *head, const char *info,
                      const char (*versions)[VQE_BATCHES_TAG_SIZE],
                      const int64_t *rows)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  int status = start_batch(duck, head, info);
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_NORMALISED; k++) {
    status = add_batch_row(duck, k, versions[k], rows[k]);
  }
  return status == VQE_OK ? write_batch(warehouse, batch_id) : status;
}

/* ---- rows of runs that crashed ---- */

struct repairing {
  struct vqe_warehouse *warehouse;
  struct vqe_duck *duck;
  size_t noted; /* snapshots whose batch may lack its row */
  size_t repaired;
};

/* One snapshot of ours, as its table shows it. */
static int note_snapshot(struct repairing *run, int position,
                         const struct vqe_iceberg_snapshot *snapshot)
{
  char tag[80] = "";
  for (size_t k = 0; k < snapshot->nrefs; k++) {
    if (strncmp(snapshot->refs[k], "v_", 2) == 0) {
      snprintf(tag, sizeof tag, "%s", snapshot->refs[k]);
    }
  }
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql, "INSERT INTO noted VALUES (");
  vqe_duck_add_quoted(&sql, snapshot->run_id);
  vqe_duck_add(&sql, ", %d, ", position);
  vqe_duck_add_quoted(&sql, tag);
  vqe_duck_add(&sql, ", %lld, %lld)", (long long)snapshot->added_records,
               (long long)snapshot->timestamp_ms);
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(run->duck, "noted", sql.data);
  }
  free(sql.data);
  return status;
}

/* Snapshots of processing_metadata, ordered by their run. */
struct batches {
  struct vqe_iceberg_snapshot *snapshots;
  size_t count;
};

static int by_run(const void *left, const void *right)
{
  const struct vqe_iceberg_snapshot *a = left;
  const struct vqe_iceberg_snapshot *b = right;
  return strcmp(a->run_id != NULL ? a->run_id : "",
                b->run_id != NULL ? b->run_id : "");
}

static int read_batches(struct batches *out, struct repairing *run)
{
  struct vqe_iceberg_table *table = NULL;
  int status = vqe_warehouse_iceberg(&table, run->warehouse,
                                     VQE_TABLE_PROCESSING_METADATA);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_snapshots(&out->snapshots, &out->count, table);
  }
  if (status == VQE_OK && out->count > 0) {
    qsort(out->snapshots, out->count, sizeof *out->snapshots, by_run);
  }
  return status;
}

static bool has_batch(const struct batches *batches,
                      const struct vqe_iceberg_snapshot *snapshot)
{
  return batches->count > 0 &&
         bsearch(snapshot, batches->snapshots, batches->count,
                 sizeof *batches->snapshots, by_run) != NULL;
}

/* Note the snapshots of ours whose batch has none in processing_metadata. */
static int note_table(struct repairing *run, int position,
                      const struct batches *batches)
{
  struct vqe_iceberg_table *table = NULL;
  struct vqe_iceberg_snapshot *snapshots = NULL;
  size_t count = 0;
  int status = vqe_warehouse_iceberg(&table, run->warehouse,
                                     (enum vqe_lake_table_index)position);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_snapshots(&snapshots, &count, table);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (snapshots[k].run_id != NULL &&
        strcmp(snapshots[k].operation, "append") == 0 &&
        !has_batch(batches, &snapshots[k])) {
      status = note_snapshot(run, position, &snapshots[k]);
      run->noted++;
    }
  }
  vqe_iceberg_snapshots_free(snapshots, count);
  return status;
}

static int note_tables(struct repairing *run)
{
  struct batches batches = {NULL, 0};
  int status = read_batches(&batches, run);
  if (status == VQE_OK) {
    status = vqe_duck_execute(run->duck, "noted",
                              "CREATE OR REPLACE TEMP TABLE noted "
                              "(batch VARCHAR, position INTEGER, tag VARCHAR, "
                              "added BIGINT, ms BIGINT)");
  }
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_NORMALISED; k++) {
    status = note_table(run, k, &batches);
  }
  vqe_iceberg_snapshots_free(batches.snapshots, batches.count);
  return status;
}

/* The next batch in `noted`; *batch_id is "" when there is none. */
static int next_missing(struct repairing *run, char batch_id[64],
                        int64_t *timestamp_ms)
{
  duckdb_result result;
  batch_id[0] = '\0';
  int status = vqe_duck_query(run->duck, &result, "noted",
                              "SELECT batch, min(ms)::BIGINT FROM noted "
                              "GROUP BY batch ORDER BY 2, 1 LIMIT 1");
  duckdb_data_chunk chunk =
      status == VQE_OK ? duckdb_fetch_chunk(result) : NULL;
  if (chunk != NULL && duckdb_data_chunk_get_size(chunk) > 0) {
    duckdb_string_t *text =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    snprintf(batch_id, 64, "%.*s", (int)duckdb_string_t_length(*text),
             duckdb_string_t_data(text));
    *timestamp_ms = *(int64_t *)duckdb_vector_get_data(
        duckdb_data_chunk_get_vector(chunk, 1));
  }
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  return status;
}

/* When a crashed run worked: from its own rows, else its first snapshot. */
static int find_head(char **out, struct repairing *run, const char *batch_id,
                     int64_t timestamp_ms)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  bool any = false;
  int status = VQE_OK;
  vqe_duck_add(&sql, "SELECT * FROM (SELECT * FROM (");
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_NORMALISED; k++) {
    struct vqe_table *table = NULL;
    status = vqe_table_open(&table, run->warehouse,
                            (enum vqe_lake_table_index)k, true);
    if (status == VQE_OK && table->npaths > 0) {
      vqe_duck_add(&sql,
                   "%sSELECT processing_batch_id, processing_name, "
                   "processing_timestamp, processing_date FROM ",
                   any ? " UNION ALL " : "");
      vqe_table_add_scan(&sql, table);
      vqe_duck_add(&sql, " WHERE processing_batch_id = ");
      vqe_duck_add_quoted(&sql, batch_id);
      any = true;
    }
    vqe_table_close(table);
  }
  if (!any) {
    vqe_duck_add(&sql, "SELECT NULL, NULL, NULL, NULL WHERE false");
  }
  vqe_duck_add(&sql, ") LIMIT 1) UNION ALL SELECT ");
  vqe_duck_add_quoted(&sql, batch_id);
  vqe_duck_add(&sql,
               ", '" VQE_PROCESSING_NAME "', "
               "(epoch_ms(%lld)::VARCHAR || '+00')::TIMESTAMP WITH TIME ZONE, "
               "epoch_ms(%lld)::DATE LIMIT 1",
               (long long)timestamp_ms, (long long)timestamp_ms);
  if (status == VQE_OK) {
    status = sql.status;
  }
  if (status == VQE_OK) {
    *out = sql.data;
  } else {
    free(sql.data);
  }
  return status;
}

static int repair_batch(struct repairing *run, const char *batch_id,
                        int64_t timestamp_ms)
{
  char *head = NULL;
  int status = find_head(&head, run, batch_id, timestamp_ms);
  if (status == VQE_OK) {
    status = start_batch(run->duck, head, "{\"source\":\"unknown\"}");
  }
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  for (int k = 0; k < VQE_LAKE_NORMALISED; k++) {
    vqe_duck_add(&sql,
                 "INSERT INTO batch SELECT h.*, %d, '%s', coalesce(n.tag, "
                 "'no_changes'), coalesce(n.added, 0), info FROM batch_head h "
                 "CROSS JOIN batch_info LEFT JOIN noted n ON n.position = %d "
                 "AND n.batch = ",
                 k, vqe_lake_definitions[k].name, k);
    vqe_duck_add_quoted(&sql, batch_id);
    vqe_duck_add(&sql, ";");
  }
  vqe_duck_add(&sql, "DELETE FROM noted WHERE batch = ");
  vqe_duck_add_quoted(&sql, batch_id);
  if (status == VQE_OK) {
    status = sql.status;
  }
  if (status == VQE_OK) {
    status = vqe_duck_execute(run->duck, "batch", sql.data);
  }
  if (status == VQE_OK) {
    status = write_batch(run->warehouse, batch_id);
  }
  if (status == VQE_OK) {
    run->repaired++;
  }
  free(sql.data);
  free(head);
  return status;
}

/* Batches of crashed writers, in snapshots but not in processing_metadata. */
static int repair_all(struct repairing *run, bool alone)
{
  struct timespec now;
  struct vqe_table *table = NULL;
  char batch_id[64];
  int64_t timestamp_ms = 0;
  int status = note_tables(run);
  if (status != VQE_OK || run->noted == 0) {
    return status;
  }
  /* the snapshot that a row came by may have expired */
  status = vqe_table_open(&table, run->warehouse,
                          VQE_TABLE_PROCESSING_METADATA, true);
  if (status == VQE_OK) {
    status = vqe_table_view(run->warehouse, table, "known_batches", false);
  }
  clock_gettime(CLOCK_REALTIME, &now);
  if (status == VQE_OK) {
    status = vqe_duck_executef(
        run->duck, "noted",
        "DELETE FROM noted WHERE batch IN "
        "(SELECT processing_batch_id FROM known_batches) OR batch IN "
        "(SELECT batch FROM noted WHERE ms > %lld)",
        alone ? (long long)INT64_MAX : (long long)now.tv_sec * 1000 - LIVE_MS);
  }
  while (status == VQE_OK) {
    status = next_missing(run, batch_id, &timestamp_ms);
    if (status != VQE_OK || batch_id[0] == '\0') {
      break;
    }
    status = repair_batch(run, batch_id, timestamp_ms);
  }
  vqe_table_close(table);
  return status;
}

int vqe_batches_repair(size_t *repaired, struct vqe_warehouse *warehouse)
{
  struct repairing run = {.warehouse = warehouse,
                          .duck = vqe_warehouse_duck(warehouse)};
  bool alone;
  int status = vqe_warehouse_alone(&alone, warehouse);
  if (status == VQE_OK) {
    status = repair_all(&run, alone);
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_share(warehouse);
  }
  *repaired = run.repaired;
  return status;
}
