#include "lake/normalize.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "lake/batches.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_writer.h"

/* How often a table may be worked out anew because others wrote to it. */
#define MAX_RACES 50

/* The order in which tables are committed: iterations last, since features
 * wait for them. */
static const enum vqe_lake_table_index commit_order[] = {
    VQE_TABLE_MOLECULES,
    VQE_TABLE_ANSATZ_INFO,
    VQE_TABLE_PERFORMANCE_METRICS,
    VQE_TABLE_VQE_RESULTS,
    VQE_TABLE_INITIAL_PARAMETERS,
    VQE_TABLE_OPTIMAL_PARAMETERS,
    VQE_TABLE_ITERATION_PARAMETERS,
    VQE_TABLE_HAMILTONIAN_TERMS,
    VQE_TABLE_MOLECULAR_PROPERTIES,
    VQE_TABLE_VQE_ITERATIONS};

/* Rows that a staged record brings to each table. */
static const char *const weights[] = {"1",
                                      "1",
                                      "1",
                                      "1",
                                      "len(initial_parameters)",
                                      "len(optimal_parameters)",
                                      "total_iterations",
                                      "iteration_parameter_rows",
                                      "term_rows",
                                      "property_rows"};

_Static_assert(sizeof commit_order / sizeof commit_order[0] ==
                       VQE_LAKE_NORMALISED &&
                   sizeof weights / sizeof weights[0] == VQE_LAKE_NORMALISED,
               "every normalised table is committed and has its weight");

struct normalizing {
  struct vqe_normalize_result *result;
  struct vqe_warehouse *warehouse;
  struct vqe_duck *duck;
  struct vqe_source *source;
  struct vqe_staging *staging;
  char batch_id[37];
  char known[VQE_TABLE_DIGEST_SIZE]; /* of what vqe_results holds */
  int64_t unknown;                   /* staged ones that it does not hold */
  char versions[VQE_LAKE_NORMALISED][VQE_BATCHES_TAG_SIZE];
};

/* ---- reading the source ---- */

static int stage(void *ctx, struct vqe_record *record, const char *where)
{
  struct normalizing *run = ctx;
  bool skipped;
  const struct vqe_staging_counts *counts = vqe_staging_counts(run->staging);
  size_t before = counts->duplicates;
  int status = vqe_staging_append(run->staging, record, where, &skipped);
  if (status == VQE_OK && skipped) {
    run->source->refused = counts->duplicates == before;
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
  int status = vqe_iceberg_uuid(run->batch_id);
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
      "'" VQE_PROCESSING_NAME "' AS processing_name",
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

/* Write the groups of `wanted` and commit them. VQE_ERR_EXISTS when another
 * writer came first. */
static int write_groups(struct normalizing *run, const struct vqe_table *table,
                        int64_t groups)
{
  struct vqe_table_writer *writer = NULL;
  struct vqe_iceberg_commit commit;
  char digest[VQE_TABLE_DIGEST_SIZE];
  enum vqe_lake_table_index index = table->index;
  int status =
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
  }
  vqe_table_writer_free(writer);
  return status;
}

/* What the table lacks of the staged records, as `wanted`. */
static int make_wanted(int64_t *groups, int64_t *experiments,
                       struct normalizing *run, const struct vqe_table *table)
{
  char rows[512];
  VQE_ASSERT((size_t)table->index < VQE_LAKE_NORMALISED);
  snprintf(rows, sizeof rows,
           "SELECT experiment_id, record, record AS position, basis_set, "
           "backend, run.processing_date, %s AS weight FROM staged_records "
           "ANTI JOIN held USING (experiment_id) CROSS JOIN run",
           weights[table->index]);
  int status = vqe_table_group(groups, run->warehouse, table, rows);
  if (status == VQE_OK) {
    status = vqe_duck_count(run->duck, experiments, table->name,
                            "SELECT count(*)::BIGINT FROM wanted");
  }
  return status;
}

static int write_table(struct normalizing *run,
                       enum vqe_lake_table_index index)
{
  struct vqe_table *table = NULL;
  int64_t groups = 0;
  int64_t experiments = 0;
  bool nothing = false;
  int status = open_table(&table, &nothing, run, index);
  if (status == VQE_OK && !nothing) {
    status = make_wanted(&groups, &experiments, run, table);
  }
  if (status == VQE_OK && !nothing && (groups > 0 || !table->exists)) {
    status = write_groups(run, table, groups);
    if (status == VQE_OK &&
        (size_t)experiments > run->result->new_experiments) {
      run->result->new_experiments = (size_t)experiments;
    }
  }
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

static int describe_source(char **out, const struct normalizing *run)
{
  const struct vqe_normalize_result *result = run->result;
  const char *slash = strrchr(run->source->name, '/');
  size_t skipped = result->skipped + result->staged.invalid +
                   result->staged.nonfinite_minimum;
  json_t *info = json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "source", run->source->kind,
      "name",
      slash != NULL && slash[1] != '\0' ? slash + 1 : run->source->name,
      "experiments", (json_int_t)result->new_experiments, "records",
      (json_int_t)result->staged.records, "duplicates",
      (json_int_t)result->staged.duplicates, "skipped", (json_int_t)skipped,
      "failed", (json_int_t)result->failed, "nonfinite_values",
      (json_int_t)result->staged.nonfinite_values);
  *out = info != NULL ? vqe_json_dumps(info, JSON_COMPACT) : NULL;
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
    status = vqe_batches_write(
        run->warehouse, run->batch_id,
        "SELECT processing_batch_id, processing_name, processing_timestamp, "
        "processing_date FROM run",
        info, (const char(*)[VQE_BATCHES_TAG_SIZE])run->versions,
        run->result->rows);
  }
  free(info);
  return status;
}

int vqe_normalize(struct vqe_normalize_result *result,
                  struct vqe_warehouse *warehouse, struct vqe_source *source)
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
    status = vqe_batches_repair(&result->repaired, warehouse);
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
                              "DROP TABLE staged_properties;"
                              "DROP TABLE IF EXISTS wanted;"
                              "DROP TABLE IF EXISTS held;"
                              "DROP TABLE IF EXISTS known;");
  }
  result->seconds_total = vqe_clock_wall() - start;
  return status;
}
