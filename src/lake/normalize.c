#include "lake/normalize.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "lake/duck.h"

#define PROCESSING_NAME "quantum_base_processing"
/* How often a table may be worked out anew because others wrote to it. */
#define MAX_RACES 50
/* Where other writers may be at work, a batch without its row counts as that
 * of a dead one only after this long. */
#define LIVE_MS INT64_C(3600000)

/* The order in which tables are committed: iterations last, since features
 * wait for them. */
static const enum vqe_lake_table_index commit_order[VQE_LAKE_NORMALISED] = {
    VQE_TABLE_MOLECULES,
    VQE_TABLE_ANSATZ_INFO,
    VQE_TABLE_PERFORMANCE_METRICS,
    VQE_TABLE_VQE_RESULTS,
    VQE_TABLE_INITIAL_PARAMETERS,
    VQE_TABLE_OPTIMAL_PARAMETERS,
    VQE_TABLE_ITERATION_PARAMETERS,
    VQE_TABLE_HAMILTONIAN_TERMS,
    VQE_TABLE_VQE_ITERATIONS};

/* Rows that a staged record brings to each table. */
static const char *const weights[VQE_LAKE_NORMALISED] = {
    "1",
    "1",
    "1",
    "1",
    "len(initial_parameters)",
    "len(optimal_parameters)",
    "total_iterations",
    "iteration_parameter_rows",
    "term_rows"};

struct normalizing {
  struct vqe_normalize_result *result;
  struct vqe_warehouse *warehouse;
  struct vqe_duck *duck;
  struct vqe_record_source *source;
  struct vqe_staging *staging;
  char batch_id[37];
  char known[VQE_TABLE_DIGEST_SIZE]; /* of what vqe_results holds */
  int64_t unknown;                   /* staged ones that it does not hold */
  size_t noted; /* snapshots whose batch may lack its row */
  char versions[VQE_LAKE_NORMALISED][64]; /* tags, "" where unchanged */
};

/* ---- reading the source ---- */

static int stage(void *ctx, struct vqe_record *record, const char *where)
{
  struct normalizing *run = ctx;
  bool skipped;
  int status = vqe_staging_append(run->staging, record, where, &skipped);
  if (status == VQE_OK && skipped) {
    vqe_warehouse_warn(run->warehouse, "%s", vqe_error_message());
  }
  return status;
}

static int read_source(struct normalizing *run)
{
  double start = vqe_clock_wall();
  double sql = run->duck->seconds;
  int status = vqe_staging_create(&run->staging, run->duck);
  if (status == VQE_OK) {
    status = run->source->read(run->source, stage, run);
  }
  if (status == VQE_OK) {
    status = vqe_staging_finish(run->staging);
  }
  if (run->staging != NULL) {
    run->result->staged = *vqe_staging_counts(run->staging);
  }
  run->result->skipped = run->source->skipped;
  run->result->failed = run->source->failed;
  run->result->seconds_source =
      vqe_clock_wall() - start - (run->duck->seconds - sql);
  return status;
}

/* The table `run`: what every row of this run says about it. */
static int make_run(struct normalizing *run)
{
  struct timespec now;
  struct tm utc;
  char date[16];
  char stamp[32];
  int status = vqe_lake_uuid(run->batch_id);
  if (status != VQE_OK) {
    return status;
  }
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(date, sizeof date, "%Y-%m-%d", &utc);
  strftime(stamp, sizeof stamp, "%H:%M:%S", &utc);
  return vqe_duck_executef(
      run->duck, "run",
      "CREATE OR REPLACE TABLE run AS SELECT "
      "'%s %s.%06ld+00'::TIMESTAMP WITH TIME ZONE AS processing_timestamp, "
      "'%s'::DATE AS processing_date, '%s' AS processing_batch_id, "
      "'" PROCESSING_NAME "' AS processing_name",
      date, stamp, now.tv_nsec / 1000, date, run->batch_id);
}

/* ---- one table ---- */

/* The table `known` of the experiments of vqe_results, which has one small row
 * each, and their digest: a table with the same digest holds the same ones,
 * and its own files need not be read. */
static int make_known(struct normalizing *run)
{
  struct vqe_table *table = NULL;
  int status =
      vqe_table_open(&table, run->warehouse, VQE_TABLE_VQE_RESULTS, true);
  if (status == VQE_OK) {
    status = vqe_table_make_held(run->duck, table, "known");
  }
  if (status == VQE_OK) {
    status = vqe_table_digest(run->known, run->duck, "FROM known");
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(run->duck, &run->unknown, "known",
                            "SELECT count(*)::BIGINT FROM staged_records "
                            "ANTI JOIN known USING (experiment_id)");
  }
  vqe_table_close(table);
  return status;
}

/* The table as it stands, and the table `held` of its experiments; *nothing
 * when it holds all that are staged. */
static int open_table(struct vqe_table **out, bool *nothing,
                      struct normalizing *run, enum vqe_lake_table_index index)
{
  struct vqe_table *table = NULL;
  int status = vqe_table_open(&table, run->warehouse, index, false);
  bool same = status == VQE_OK && strcmp(table->experiments, run->known) == 0;
  *nothing = same && run->unknown == 0;
  if (status == VQE_OK && same && !*nothing) {
    status = vqe_duck_execute(run->duck, table->name,
                              "CREATE OR REPLACE TEMP TABLE held AS "
                              "FROM known");
  }
  if (status == VQE_OK && !same &&
      table->snapshot != VQE_ICEBERG_NO_SNAPSHOT) {
    vqe_table_close(table);
    table = NULL;
    status = vqe_table_open(&table, run->warehouse, index, true);
  }
  if (status == VQE_OK && !same) {
    status = vqe_table_make_held(run->duck, table, "held");
  }
  if (status != VQE_OK) {
    vqe_table_close(table);
    return status;
  }
  *out = table;
  return VQE_OK;
}

/* VQE_ERR_EXISTS when another writer came first. */
static int write_table(struct normalizing *run,
                       enum vqe_lake_table_index index)
{
  struct vqe_table *table = NULL;
  struct vqe_table_writer *writer = NULL;
  struct vqe_iceberg_commit commit;
  int64_t groups = 0;
  int64_t experiments = 0;
  char digest[VQE_TABLE_DIGEST_SIZE];
  char rows[512];
  bool nothing = false;
  int status = open_table(&table, &nothing, run, index);
  if (status != VQE_OK || nothing) {
    goto out;
  }
  snprintf(rows, sizeof rows,
           "SELECT experiment_id, record, record AS position, basis_set, "
           "backend, run.processing_date, %s AS weight FROM staged_records "
           "ANTI JOIN held USING (experiment_id) CROSS JOIN run",
           weights[index]);
  status = vqe_table_group(&groups, run->warehouse, table, rows);
  if (status == VQE_OK) {
    status = vqe_duck_count(run->duck, &experiments, table->name,
                            "SELECT count(*)::BIGINT FROM wanted");
  }
  if (status != VQE_OK || (groups == 0 && table->exists)) {
    goto out;
  }
  status =
      vqe_table_writer_create(&writer, run->warehouse, table, run->batch_id);
  if (status == VQE_OK) {
    status = vqe_table_writer_groups(writer, table->name, "record",
                                     vqe_lake_sql_find(table->name), groups);
  }
  if (status == VQE_OK) {
    status = vqe_table_digest(digest, run->duck,
                              "FROM held UNION SELECT experiment_id "
                              "FROM wanted");
  }
  if (status == VQE_OK) {
    status = vqe_table_writer_commit(writer, digest, &commit);
  }
  if (status == VQE_OK) {
    run->result->rows[index] = vqe_table_writer_count(writer);
    snprintf(run->versions[index], sizeof run->versions[index], "%s",
             vqe_table_writer_count(writer) > 0 ? commit.tag : "");
    if ((size_t)experiments > run->result->new_experiments) {
      run->result->new_experiments = (size_t)experiments;
    }
  }
out:
  vqe_table_writer_free(writer);
  vqe_table_close(table);
  return status;
}

static int write_tables(struct normalizing *run)
{
  int status = make_known(run);
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_NORMALISED; k++) {
    enum vqe_lake_table_index index = commit_order[k];
    int races = 0;
    do {
      status = write_table(run, index);
    } while (status == VQE_ERR_EXISTS && ++races < MAX_RACES);
    if (status != VQE_OK) {
      status = vqe_error_context(status, "table '%s'",
                                 vqe_lake_definitions[index].name);
    }
  }
  return status;
}

/* ---- processing_metadata ---- */

/* Append the row that the table `batch` describes, unless the batch has
 * one. */
static int write_batch(struct normalizing *run, const char *batch_id)
{
  const char *name = vqe_lake_definitions[VQE_TABLE_PROCESSING_METADATA].name;
  int status;
  int races = 0;
  do {
    struct vqe_table *table = NULL;
    struct vqe_table_writer *writer = NULL;
    struct vqe_iceberg_commit commit;
    status = vqe_table_open(&table, run->warehouse,
                            VQE_TABLE_PROCESSING_METADATA, false);
    if (status == VQE_OK) {
      status =
          vqe_table_writer_create(&writer, run->warehouse, table, batch_id);
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

static int describe_source(char **out, const struct normalizing *run)
{
  const struct vqe_normalize_result *result = run->result;
  const char *slash = strrchr(run->source->name, '/');
  json_t *info = json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "source", run->source->kind,
      "name",
      slash != NULL && slash[1] != '\0' ? slash + 1 : run->source->name,
      "experiments", (json_int_t)result->new_experiments, "records",
      (json_int_t)result->staged.records, "duplicates",
      (json_int_t)result->staged.duplicates, "skipped",
      (json_int_t)(result->skipped + result->staged.invalid +
                   result->staged.nonfinite_minimum),
      "failed", (json_int_t)result->failed, "nonfinite_values",
      (json_int_t)result->staged.nonfinite_values);
  *out = info != NULL ? json_dumps(info, JSON_COMPACT) : NULL;
  json_decref(info);
  return *out == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a description")
             : VQE_OK;
}

static int write_metadata(struct normalizing *run)
{
  char *info = NULL;
  bool changed = false;
  for (int k = 0; k < VQE_LAKE_NORMALISED; k++) {
    changed = changed || run->versions[k][0] != '\0';
  }
  if (!changed) {
    return VQE_OK;
  }
  int status = describe_source(&info, run);
  if (status == VQE_OK) {
    status = start_batch(run->duck,
                         "SELECT processing_batch_id, processing_name, "
                         "processing_timestamp, processing_date FROM run",
                         info);
  }
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_NORMALISED; k++) {
    status =
        add_batch_row(run->duck, k, run->versions[k], run->result->rows[k]);
  }
  if (status == VQE_OK) {
    status = write_batch(run, run->batch_id);
  }
  free(info);
  return status;
}

/* ---- batches of runs that died ---- */

/* One snapshot of ours, as its table shows it. */
static int note_snapshot(struct normalizing *run, int position,
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

static int read_batches(struct batches *out, struct normalizing *run)
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
static int note_table(struct normalizing *run, int position,
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

static int note_tables(struct normalizing *run)
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
static int next_missing(struct normalizing *run, char batch_id[64],
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

/* When a dead run worked: its own rows say, else its first snapshot. */
static int find_head(char **out, struct normalizing *run, const char *batch_id,
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
               ", '" PROCESSING_NAME "', "
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

static int repair_batch(struct normalizing *run, const char *batch_id,
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
    status = write_batch(run, batch_id);
  }
  if (status == VQE_OK) {
    run->result->repaired++;
  }
  free(sql.data);
  free(head);
  return status;
}

/* Batches of dead writers in snapshots that processing_metadata does not
 * know. */
static int repair_all(struct normalizing *run, bool alone)
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
    status = vqe_table_view(run->warehouse, table, "known_batches");
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

static int repair(struct normalizing *run)
{
  int status = repair_all(run, vqe_warehouse_alone(run->warehouse));
  vqe_warehouse_share(run->warehouse);
  return status;
}

int vqe_normalize(struct vqe_normalize_result *result,
                  struct vqe_warehouse *warehouse,
                  struct vqe_record_source *source)
{
  struct normalizing run = {.result = result,
                            .warehouse = warehouse,
                            .duck = vqe_warehouse_duck(warehouse),
                            .source = source};
  double start = vqe_clock_wall();
  memset(result, 0, sizeof *result);
  int status = read_source(&run);
  if (status == VQE_OK) {
    status = make_run(&run);
  }
  if (status == VQE_OK) {
    status = repair(&run);
  }
  if (status == VQE_OK) {
    status = write_tables(&run);
  }
  if (status == VQE_OK) {
    status = write_metadata(&run);
  }
  for (int k = 0; k < VQE_LAKE_NORMALISED; k++) {
    if (run.versions[k][0] != '\0') {
      memcpy(result->batch_id, run.batch_id, sizeof result->batch_id);
    }
  }
  vqe_staging_free(run.staging);
  if (status == VQE_OK) {
    status = vqe_duck_execute(run.duck, "staging",
                              "DROP TABLE staged_records;"
                              "DROP TABLE staged_iterations;"
                              "DROP TABLE staged_terms;"
                              "DROP TABLE IF EXISTS wanted;"
                              "DROP TABLE IF EXISTS held;"
                              "DROP TABLE IF EXISTS known;");
  }
  result->seconds_total = vqe_clock_wall() - start;
  return status;
}
