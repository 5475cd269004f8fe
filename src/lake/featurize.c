#include "lake/featurize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_writer.h"

#define MAX_RACES 50

static const enum vqe_lake_table_index sources[] = {
    VQE_TABLE_MOLECULES, VQE_TABLE_ANSATZ_INFO, VQE_TABLE_PERFORMANCE_METRICS,
    VQE_TABLE_VQE_RESULTS, VQE_TABLE_VQE_ITERATIONS};

/* Experiments that all sources hold, and why others are left out. */
static const char candidates_sql[] =
    "CREATE OR REPLACE TEMP TABLE candidates AS "
    "WITH with_steps AS (SELECT DISTINCT experiment_id FROM vqe_iterations) "
    "SELECT v.experiment_id, v.processing_date, v.basis_set, "
    "v.total_iterations, row_number() OVER () AS position, "
    "m.experiment_id IS NOT NULL AND a.experiment_id IS NOT NULL "
    "AND p.experiment_id IS NOT NULL "
    "AND (s.experiment_id IS NOT NULL OR v.total_iterations = 0) AS complete, "
    "m.molecule_name IS NULL OR v.optimizer IS NULL OR v.basis_set IS NULL "
    "OR v.num_qubits IS NULL AS dropped "
    "FROM vqe_results v "
    "LEFT JOIN molecules m USING (experiment_id) "
    "LEFT JOIN ansatz_info a USING (experiment_id) "
    "LEFT JOIN performance_metrics p USING (experiment_id) "
    "LEFT JOIN with_steps s USING (experiment_id)";

/* A source that holds an experiment twice would multiply rows. */
static int check_unique(struct vqe_duck *duck, const char *source)
{
  char sql[256];
  int64_t extra;
  snprintf(sql, sizeof sql,
           "SELECT (count(*) - count(DISTINCT experiment_id))::BIGINT "
           "FROM %s WHERE experiment_id IS NOT NULL",
           source);
  int status = vqe_duck_count(duck, &extra, source, sql);
  if (status == VQE_OK && extra != 0) {
    status =
        vqe_error_set(VQE_ERR_INPUT,
                      "table '%s' holds %lld row%s more than experiments; "
                      "features are not made from it: see vqe_lake check",
                      source, (long long)extra, extra == 1 ? "" : "s");
  }
  return status;
}

static int check_steps(struct vqe_duck *duck)
{
  int64_t twice;
  int status = vqe_duck_count(
      duck, &twice, "vqe_iterations",
      "SELECT count(*)::BIGINT FROM (SELECT experiment_id, iteration_step "
      "FROM vqe_iterations SEMI JOIN wanted USING (experiment_id) "
      "GROUP BY ALL HAVING count(*) > 1)");
  if (status == VQE_OK && twice != 0) {
    status =
        vqe_error_set(VQE_ERR_INPUT,
                      "table 'vqe_iterations' holds %lld step%s more than "
                      "once; features are not made from it: see "
                      "vqe_lake check",
                      (long long)twice, twice == 1 ? "" : "s");
  }
  return status;
}

/* Views of the sources as they stand, and the table `candidates`. */
static int make_candidates(struct vqe_featurize_result *result,
                           struct vqe_warehouse *warehouse)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  int status = VQE_OK;
  for (size_t k = 0;
       status == VQE_OK && k < sizeof sources / sizeof sources[0]; k++) {
    struct vqe_table *table = NULL;
    status = vqe_table_open(&table, warehouse, sources[k], true);
    if (status == VQE_OK) {
      status = vqe_table_view(warehouse, table, table->name, false);
    }
    if (status == VQE_OK && sources[k] != VQE_TABLE_VQE_ITERATIONS) {
      status = check_unique(duck, table->name);
    }
    vqe_table_close(table);
  }
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, "candidates", candidates_sql);
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, &result->dropped, "candidates",
                            "SELECT count(*)::BIGINT FROM candidates "
                            "WHERE complete AND dropped");
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, &result->incomplete, "candidates",
                            "SELECT count(*)::BIGINT FROM candidates "
                            "WHERE NOT complete");
  }
  return status;
}

static int make_wanted(int64_t *groups, struct vqe_warehouse *warehouse,
                       const struct vqe_table *table, const char *weight)
{
  char sql[256];
  snprintf(sql, sizeof sql,
           "SELECT experiment_id, position, processing_date, basis_set, "
           "%s AS weight FROM candidates ANTI JOIN held USING (experiment_id) "
           "WHERE complete AND NOT dropped",
           weight);
  int status =
      vqe_table_make_held(vqe_warehouse_duck(warehouse), table, "held");
  if (status == VQE_OK) {
    status = vqe_table_group(groups, warehouse, table, sql);
  }
  return status;
}

/* Write the groups of `wanted` and commit them. */
static int write_groups(int64_t *rows, struct vqe_warehouse *warehouse,
                        const struct vqe_table *table, int64_t groups)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  struct vqe_table_writer *writer = NULL;
  struct vqe_iceberg_commit commit;
  char digest[VQE_TABLE_DIGEST_SIZE];
  char run_id[VQE_ICEBERG_UUID_SIZE];
  int status = check_steps(duck);
  if (status == VQE_OK) {
    status = vqe_iceberg_uuid(run_id);
  }
  if (status == VQE_OK) {
    status = vqe_table_writer_create(&writer, warehouse, table, run_id);
  }
  for (int64_t k = 1; status == VQE_OK && k <= groups; k++) {
    status = vqe_duck_executef(
        duck, table->name,
        "CREATE OR REPLACE TEMP TABLE chosen_experiments AS "
        "SELECT experiment_id FROM wanted WHERE part = %lld;%s",
        (long long)k, vqe_lake_sql_find("features"));
    if (status == VQE_OK) {
      status = vqe_table_writer_rows(writer, table->name,
                                     vqe_lake_sql_find(table->name));
    }
  }
  if (status == VQE_OK) {
    status = vqe_table_digest(digest, duck,
                              "FROM held UNION SELECT experiment_id "
                              "FROM wanted");
  }
  if (status == VQE_OK) {
    status = vqe_table_writer_commit(writer, digest, &commit);
  }
  if (status == VQE_OK) {
    *rows = vqe_table_writer_count(writer);
  }
  vqe_table_writer_free(writer);
  return status;
}

static int write_features(int64_t *rows, struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index, const char *weight)
{
  struct vqe_table *table = NULL;
  int64_t groups = 0;
  int status = vqe_table_open(&table, warehouse, index, true);
  if (status == VQE_OK) {
    status = make_wanted(&groups, warehouse, table, weight);
  }
  if (status == VQE_OK && (groups > 0 || !table->exists)) {
    status = write_groups(rows, warehouse, table, groups);
  }
  vqe_table_close(table);
  return status;
}

/* Again from the table as it stands whenever another writer came first. */
static int write_retrying(int64_t *rows, struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index, const char *weight)
{
  int races = 0;
  int status;
  do {
    status = write_features(rows, warehouse, index, weight);
  } while (status == VQE_ERR_EXISTS && ++races < MAX_RACES);
  return status == VQE_OK
             ? status
             : vqe_error_context(status, "table '%s'",
                                 vqe_lake_definitions[index].name);
}

/* Does a feature table hold just the experiments of vqe_results? Then it lacks
 * none. */
static int is_complete(bool *out, struct vqe_warehouse *warehouse,
                       enum vqe_lake_table_index index)
{
  struct vqe_table *results = NULL;
  struct vqe_table *table = NULL;
  int status =
      vqe_table_open(&results, warehouse, VQE_TABLE_VQE_RESULTS, false);
  if (status == VQE_OK) {
    status = vqe_table_open(&table, warehouse, index, false);
  }
  *out = status == VQE_OK && results->experiments[0] != '\0' &&
         strcmp(results->experiments, table->experiments) == 0;
  vqe_table_close(table);
  vqe_table_close(results);
  return status;
}

int vqe_featurize(struct vqe_featurize_result *result,
                  struct vqe_warehouse *warehouse)
{
  const struct {
    enum vqe_lake_table_index index;
    const char *weight;
    int64_t *rows;
  } tables[] = {
      {VQE_TABLE_ML_ITERATION_FEATURES, "total_iterations",
       &result->iteration_rows},
      {VQE_TABLE_ML_RUN_SUMMARY, "1", &result->summary_rows},
  };
  double start = vqe_clock_wall();
  bool complete = true;
  int status = VQE_OK;
  memset(result, 0, sizeof *result);
  for (size_t k = 0;
       status == VQE_OK && complete && k < sizeof tables / sizeof tables[0];
       k++) {
    status = is_complete(&complete, warehouse, tables[k].index);
  }
  if (status == VQE_OK && !complete) {
    status = make_candidates(result, warehouse);
  }
  for (size_t k = 0;
       status == VQE_OK && !complete && k < sizeof tables / sizeof tables[0];
       k++) {
    status = write_retrying(tables[k].rows, warehouse, tables[k].index,
                            tables[k].weight);
  }
  if (status == VQE_OK && result->dropped > 0) {
    vqe_warehouse_warn(warehouse,
                       "%lld experiment%s no features: no molecule name, "
                       "optimizer, basis set or number of qubits",
                       (long long)result->dropped,
                       result->dropped == 1 ? " has" : "s have");
  }
  result->seconds_total = vqe_clock_wall() - start;
  return status;
}
