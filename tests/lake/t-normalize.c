/* Records through the tables and out again by SQL: nulls, duplicates,
 * non-finite values, features of odd runs, repetition. Expected numbers are
 * worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "lake/featurize.h"
#include "lake/normalize.h"
#include "lake/query.h"
#include "lake/warehouse_check.h"
#include "record/record_avro.h"
#include "record/spool.h"
#include "vqe/error.h"

static char folder[] = "/tmp/t-normalize-XXXXXX";
static int place_number;

/* ---- records ---- */

static char *text(const char *value)
{
  char *copy = NULL;
  assert_int_equal(vqe_memory_strdup(&copy, value), VQE_OK);
  return copy;
}

static void doubles(double **out, size_t *count, size_t n,
                    const double *values)
{
  assert_int_equal(vqe_memory_alloc(out, n, sizeof **out, "test"), VQE_OK);
  memcpy(*out, values, n * sizeof **out);
  *count = n;
}

/* H2 with two parameters and the given energies; a delta of 1 each step. */
static struct vqe_record *make_record(const char *id, size_t n,
                                      const double *energies)
{
  struct vqe_record *record = NULL;
  assert_int_equal(vqe_record_create(&record), VQE_OK);
  record->experiment_id = id != NULL ? text(id) : NULL;
  record->backend = text("vqe_cpu_sector");
  record->num_qubits = 4;
  record->optimizer = text("CG");
  record->ansatz_qasm = text("OPENQASM 3.0;\n\"quoted\" 'text'\n");
  record->noise_backend = text("undef");
  record->ansatz_reps = 2;
  record->basis_set = text("sto3g");
  record->units = text("angstrom");
  record->multiplicity = 1;
  record->minimum = -1.5;
  record->nuclear_repulsion_energy = 0.5;
  record->vqe_time = 3.0;
  record->total_time = 4.0;
  record->natom = 2;
  record->ncoord = 2;
  assert_int_equal(
      vqe_memory_alloc(&record->symbols, 2, sizeof(char *), "test"), VQE_OK);
  record->symbols[0] = text("H");
  record->symbols[1] = text("H");
  assert_int_equal(
      vqe_memory_alloc(&record->coord_lengths, 2, sizeof(size_t), "test"),
      VQE_OK);
  record->coord_lengths[0] = 3;
  record->coord_lengths[1] = 3;
  size_t ncoord;
  doubles(&record->coords, &ncoord, 6, (double[]){0, 0, 0, 0, 0, 0.74});
  doubles(&record->initial_parameters, &record->ninitial, 2,
          (double[]){0.1, 0.2});
  doubles(&record->optimal_parameters, &record->noptimal, 2,
          (double[]){0.3, 0.4});
  assert_int_equal(
      vqe_memory_alloc(&record->terms, 1, sizeof *record->terms, "test"),
      VQE_OK);
  record->nterm = 1;
  record->terms[0].label = text("XIYZ");
  record->terms[0].real = 3.0;
  assert_int_equal(vqe_memory_alloc(&record->properties, 2,
                                    sizeof *record->properties, "test"),
                   VQE_OK);
  record->has_properties = true;
  record->nproperty = 2;
  record->properties[0].name = text("energy_variance");
  doubles(&record->properties[0].values, &record->properties[0].nvalue, 1,
          (double[]){0.5});
  record->properties[1].name = text("mutual_information");
  record->properties[1].columns = 2;
  doubles(&record->properties[1].values, &record->properties[1].nvalue, 4,
          (double[]){0.0, 0.25, 0.75, 1.25});
  assert_int_equal(vqe_memory_alloc(&record->iterations, n,
                                    sizeof *record->iterations, "test"),
                   VQE_OK);
  assert_int_equal(vqe_memory_alloc(&record->iteration_parameters, 2 * n,
                                    sizeof(double), "test"),
                   VQE_OK);
  record->niteration = n;
  for (size_t k = 0; k < n; k++) {
    record->iteration_parameters[2 * k] = (double)k;
    record->iteration_parameters[2 * k + 1] = -1.0;
    record->iterations[k] = (struct vqe_record_iteration){
        .iteration = (int32_t)(k + 1),
        .nparam = 2,
        .parameters = record->iteration_parameters + 2 * k,
        .result = energies[k],
        .energy_delta = k > 0 ? energies[k] - energies[k - 1] : NAN,
        .parameter_delta_norm = k > 0 ? 1.0 : NAN,
        .cumulative_min_energy = NAN};
  }
  return record;
}

struct list {
  struct vqe_record *records[8];
  size_t count;
};

static int read_list(struct vqe_source *source, vqe_source_sink sink,
                     void *sink_ctx)
{
  struct list *list = source->ctx;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < list->count; k++) {
    status = sink(sink_ctx, list->records[k], "a record");
  }
  return status;
}

static void free_list(struct list *list)
{
  for (size_t k = 0; k < list->count; k++) {
    vqe_record_free(list->records[k]);
  }
  list->count = 0;
}

/* ---- the warehouse ---- */

static struct vqe_warehouse *warehouse;

static int setup(void **state)
{
  char place[128];
  struct vqe_warehouse_options options = {
      .objects = VQE_OBJECTS_OPTIONS_INIT, .threads = 3, .write = true};
  (void)state;
  snprintf(place, sizeof place, "%s/w%d", folder, place_number++);
  return vqe_warehouse_open(&warehouse, place, &options);
}

static int teardown(void **state)
{
  (void)state;
  return vqe_warehouse_close(warehouse);
}

static struct vqe_normalize_result normalize(struct list *list)
{
  struct vqe_normalize_result result;
  struct vqe_source source = {.read = read_list,
                              .ctx = list,
                              .kind = text("test"),
                              .name = text("/some/where")};
  int status = vqe_normalize(&result, warehouse, &source);
  if (status != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  free(source.kind);
  free(source.name);
  return result;
}

static struct vqe_featurize_result featurize(void)
{
  struct vqe_featurize_result result;
  int status = vqe_featurize(&result, warehouse);
  if (status != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return result;
}

static void assert_result(const char *sql, const char *expected)
{
  char *output = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&output, &size);
  int status = vqe_query(warehouse, sql, VQE_QUERY_CSV, false, stream);
  fclose(stream);
  if (status != VQE_OK) {
    fail_msg("%s: %s", sql, vqe_error_message());
  }
  const char *rows = strchr(output, '\n') + 1; /* after the header */
  assert_string_equal(rows, expected);
  free(output);
}

static void report(void *ctx, const char *table,
                   enum vqe_iceberg_finding finding, const char *text)
{
  (void)ctx;
  if (finding != VQE_ICEBERG_NOTE) {
    fail_msg("%s: %s", table, text);
  }
}

static void assert_sound(void)
{
  struct vqe_warehouse_check_result result;
  assert_int_equal(vqe_warehouse_check(&result, warehouse, report, NULL),
                   VQE_OK);
  assert_int_equal(result.problems, 0);
  assert_int_equal(result.tables, VQE_LAKE_TABLES);
}

/* ---- the tests ---- */

static void nulls_and_types_follow_the_contract(void **state)
{
  (void)state;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 1, (double[]){-1.0});
  normalize(&list);
  assert_result("SELECT molecule_name, coordinates, atomic_masses IS NULL "
                "FROM molecules",
                "HH,\"[[0.0, 0.0, 0.0], [0.0, 0.0, 0.74]]\",true\n");
  /* defaults stand in ansatz_info, nulls in vqe_results */
  assert_result("SELECT ansatz_name, init_strategy, ansatz = "
                "'OPENQASM 3.0;' || chr(10) || '\"quoted\" ''text''' || "
                "chr(10) FROM ansatz_info",
                "EfficientSU2,random,true\n");
  assert_result("SELECT ansatz_name, init_strategy, seed, default_shots, "
                "success, nfev, nit, maxcv, hf_energy, device, "
                "total_iterations FROM vqe_results",
                ",,,,,,,,,,1\n");
  assert_result("SELECT coeff_real, coeff_imag, typeof(coeff_real), term_id "
                "FROM hamiltonian_terms",
                "3.0,0.0,DOUBLE,a_term_0\n");
  assert_result("SELECT property, index_1, index_2, value, property_id FROM "
                "molecular_properties ORDER BY property_id",
                "energy_variance,0,,0.5,a_energy_variance_0\n"
                "mutual_information,0,0,0.0,a_mutual_information_0\n"
                "mutual_information,0,1,0.25,a_mutual_information_1\n"
                "mutual_information,1,0,0.75,a_mutual_information_2\n"
                "mutual_information,1,1,1.25,a_mutual_information_3\n");
  assert_result("SELECT parameter_value, parameter_id FROM "
                "iteration_parameters ORDER BY parameter_index",
                "0.0,a_iter_1_param_0\n-1.0,a_iter_1_param_1\n");
  assert_result("SELECT parameter_id, optimal_parameter_value FROM "
                "optimal_parameters ORDER BY 1",
                "a_opt_0,0.3\na_opt_1,0.4\n");
  assert_result("SELECT source_data_info::JSON->>'source', "
                "source_data_info::JSON->>'name', record_counts "
                "FROM processing_metadata",
                "test,where,\"[1, 1, 1, 1, 2, 2, 1, 2, 1, 5]\"\n");
  free_list(&list);
}

static void first_record_of_an_id_wins(void **state)
{
  (void)state;
  struct list list = {.count = 3};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.1});
  list.records[1] = make_record("a", 1, (double[]){-5.0});
  list.records[2] = make_record(NULL, 1, (double[]){-2.0});
  struct vqe_normalize_result result = normalize(&list);
  assert_int_equal(result.staged.records, 2);
  assert_int_equal(result.staged.duplicates, 1);
  assert_int_equal(result.new_experiments, 2);
  assert_result("SELECT iteration_energy FROM vqe_iterations "
                "WHERE experiment_id = 'a' ORDER BY iteration_step",
                "-1.0\n-1.1\n");
  /* an id was computed for the last */
  assert_result("SELECT count(*) FROM vqe_results WHERE "
                "length(experiment_id) = 64",
                "1\n");
  /* and it is the same when it comes again */
  free(list.records[2]->experiment_id);
  list.records[2]->experiment_id = NULL;
  result = normalize(&list);
  assert_int_equal(result.new_experiments, 0);
  free_list(&list);
}

static void spool_record(struct vqe_spool *spool,
                         char name[VQE_SPOOL_NAME_SIZE],
                         const struct vqe_record *record)
{
  uint8_t *data = NULL;
  size_t size = 0;
  assert_int_equal(vqe_record_avro_encode(&data, &size, 0, record), VQE_OK);
  assert_int_equal(
      vqe_spool_put(name, spool, record->experiment_id, data, size), VQE_OK);
  free(data);
}

static void spool_source_survives_a_truncated_file(void **state)
{
  (void)state;
  char path[128];
  char name[VQE_SPOOL_NAME_SIZE];
  char damaged[sizeof path + VQE_SPOOL_NAME_SIZE];
  struct vqe_spool *spool = NULL;
  struct vqe_source source;
  struct vqe_normalize_result result;
  struct list list = {.count = 3};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.1});
  list.records[1] = make_record("a", 1, (double[]){-5.0});
  list.records[2] = make_record("b", 1, (double[]){-2.0});
  snprintf(path, sizeof path, "%s/spool", folder);
  assert_int_equal(vqe_spool_open(&spool, path), VQE_OK);
  for (size_t k = 0; k < list.count; k++) {
    spool_record(spool, name, list.records[k]);
  }
  snprintf(damaged, sizeof damaged, "%s/%s", path, name);
  assert_int_equal(truncate(damaged, 100), 0);
  assert_int_equal(vqe_source_folder(&source, path, NULL), VQE_OK);
  assert_string_equal(source.kind, "spool");
  assert_int_equal(vqe_normalize(&result, warehouse, &source), VQE_OK);
  vqe_source_close(&source);
  assert_int_equal(result.staged.records, 1);
  assert_int_equal(result.staged.duplicates, 1);
  assert_int_equal(result.skipped, 1);
  /* the oldest of an id is kept, and what is in the spool stays there */
  assert_result("SELECT experiment_id, iteration_energy FROM vqe_iterations "
                "ORDER BY iteration_step",
                "a,-1.0\na,-1.1\n");
  assert_int_equal(access(damaged, F_OK), 0);
  /* a folder without spooled records is one of raw files */
  assert_int_equal(vqe_source_folder(&source, folder, NULL), VQE_OK);
  assert_string_equal(source.kind, "raw");
  vqe_source_close(&source);
  vqe_spool_close(spool);
  free_list(&list);
}

static void non_finite_values_become_null_and_are_counted(void **state)
{
  (void)state;
  struct list list = {.count = 2};
  list.records[0] = make_record("a", 3, (double[]){-1.0, NAN, INFINITY});
  list.records[0]->iteration_parameters[0] = -INFINITY;
  list.records[0]->coords[1] = NAN;
  list.records[0]->maxcv = INFINITY;
  list.records[1] = make_record("b", 1, (double[]){-1.0});
  list.records[1]->minimum = NAN;
  struct vqe_normalize_result result = normalize(&list);
  assert_int_equal(result.staged.nonfinite_minimum, 1);
  assert_int_equal(result.staged.records, 1);
  /* two energies, a parameter, a coordinate, maxcv; the deltas are NaN,
     which is null */
  assert_int_equal(result.staged.nonfinite_values, 5);
  assert_result("SELECT iteration_energy FROM vqe_iterations "
                "ORDER BY iteration_step",
                "-1.0\n\n\n");
  assert_result("SELECT count(*), count(parameter_value) "
                "FROM iteration_parameters",
                "6,5\n");
  assert_result("SELECT coordinates FROM molecules",
                "\"[[0.0, NULL, 0.0], [0.0, 0.0, 0.74]]\"\n");
  featurize();
  assert_sound();
  free_list(&list);
}

static void invalid_records_are_skipped(void **state)
{
  (void)state;
  struct list list = {.count = 3};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -2.0});
  list.records[0]->iterations[1].iteration = 1; /* a key twice */
  list.records[1] = make_record("b", 1, (double[]){-1.0});
  free(list.records[1]->basis_set);
  list.records[1]->basis_set = text("\xff\xfe");
  list.records[2] = make_record("c", 1, (double[]){-1.0});
  struct vqe_normalize_result result = normalize(&list);
  assert_int_equal(result.staged.invalid, 2);
  assert_int_equal(result.new_experiments, 1);
  free_list(&list);
}

static void features_match_values_worked_out_by_hand(void **state)
{
  (void)state;
  /* minima at steps 1, 2 and 5; a plateau of three steps before the last
     record's end */
  const double energies[] = {-1.0, -1.5, -1.25, -1.5, -2.0, -1.0, -1.0, -1.0};
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 8, energies);
  list.records[0]->minimum = -2.0;
  list.records[0]->has_references = true;
  list.records[0]->hf_energy = -1.0;
  list.records[0]->fci_energy = -2.0;
  list.records[0]->reference_method = text("RHF");
  normalize(&list);
  struct vqe_featurize_result result = featurize();
  assert_int_equal(result.iteration_rows, 8);
  assert_int_equal(result.summary_rows, 1);
  assert_result("SELECT is_new_minimum, steps_since_improvement, "
                "convergence_iteration, relative_iteration, "
                "normalized_energy FROM ml_iteration_features "
                "ORDER BY iteration_step",
                "true,0,5,0.125,0.0\ntrue,0,5,0.25,0.0\n"
                "false,1,5,0.375,0.16666666666666666\nfalse,2,5,0.5,0.0\n"
                "true,0,5,0.625,0.0\nfalse,1,5,0.75,0.5\n"
                "false,2,5,0.875,0.5\nfalse,3,5,1.0,0.5\n");
  assert_result("SELECT energy_improvement_rate, mean_param_change, "
                "energy_moving_avg_5, energy_delta, energy_moving_std_5 "
                "FROM ml_iteration_features "
                "WHERE iteration_step IN (1, 2) ORDER BY iteration_step",
                "0.0,,-1.0,,\n0.25,1.0,-1.25,-0.5,0.3535533905932738\n");
  /* five rows and no more: steps 4 to 8 */
  assert_result("SELECT energy_moving_avg_5 FROM ml_iteration_features "
                "WHERE iteration_step = 8",
                "-1.3\n");
  assert_result("SELECT num_new_minima, longest_plateau, improvement_ratio, "
                "min_energy, max_energy, energy_range, total_param_distance, "
                "mean_param_delta_norm, std_param_delta_norm, "
                "time_per_iteration FROM ml_run_summary",
                "3,3,0.375,-2.0,-1.0,1.0,7.0,1.0,0.0,0.375\n");
  assert_result("SELECT total_energy, error_to_fci, correlation_recovered, "
                "first_10_mean_energy, last_10_mean_energy "
                "FROM ml_run_summary",
                "-1.5,0.5,0.5,-1.28125,-1.28125\n");
  free_list(&list);
}

static void features_of_runs_without_iterations_are_null(void **state)
{
  (void)state;
  struct list list = {.count = 4};
  list.records[0] = make_record("none", 0, NULL);
  list.records[1] = make_record("one", 1, (double[]){0.0});
  list.records[2] = make_record("fcidump", 1, (double[]){-1.0});
  free(list.records[2]->symbols[0]);
  free(list.records[2]->symbols[1]);
  list.records[2]->natom = 0;
  list.records[2]->ncoord = 0;
  list.records[3] = make_record("equal", 2, (double[]){-1.0, -1.0});
  list.records[3]->has_references = true;
  list.records[3]->hf_energy = -2.0;
  list.records[3]->fci_energy = -2.0;
  list.records[3]->reference_method = text("RHF");
  normalize(&list);
  assert_result("SELECT count(*) FROM molecules WHERE molecule_name IS NULL "
                "AND len(atom_symbols) = 0",
                "1\n");
  struct vqe_featurize_result result = featurize();
  assert_int_equal(result.dropped, 1);
  assert_int_equal(result.incomplete, 0);
  assert_int_equal(result.iteration_rows, 3);
  assert_int_equal(result.summary_rows, 3);
  assert_result("SELECT total_iterations, convergence_iteration, min_energy, "
                "num_new_minima, improvement_ratio, time_per_iteration, "
                "final_energy FROM ml_run_summary "
                "WHERE experiment_id = 'none'",
                "0,,,,,,-1.5\n");
  assert_result("SELECT normalized_energy, first_10_energy_slope, "
                "std_energy_delta, total_param_distance "
                "FROM ml_run_summary JOIN ml_iteration_features "
                "USING (experiment_id) WHERE experiment_id = 'one'",
                "0.0,,,\n");
  assert_result("SELECT correlation_recovered, first_10_energy_slope, "
                "longest_plateau FROM ml_run_summary "
                "WHERE experiment_id = 'equal'",
                ",0.0,1\n");
  assert_sound();
  free_list(&list);
}

static void repeating_adds_nothing_and_growth_adds_the_rest(void **state)
{
  (void)state;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.5});
  struct vqe_normalize_result result = normalize(&list);
  assert_int_equal(result.rows[VQE_TABLE_ITERATION_PARAMETERS], 4);
  assert_string_not_equal(result.batch_id, "");
  featurize();
  result = normalize(&list);
  assert_int_equal(result.new_experiments, 0);
  assert_string_equal(result.batch_id, "");
  assert_int_equal(featurize().summary_rows, 0);
  list.records[1] = make_record("b", 1, (double[]){-1.0});
  list.count = 2;
  result = normalize(&list);
  assert_int_equal(result.new_experiments, 1);
  assert_int_equal(featurize().summary_rows, 1);
  assert_result("SELECT count(*), count(DISTINCT processing_batch_id) "
                "FROM processing_metadata",
                "2,2\n");
  assert_result("SELECT count(*), count(DISTINCT parameter_id) "
                "FROM iteration_parameters",
                "6,6\n");
  assert_result("SELECT count(*), count(DISTINCT experiment_id) "
                "FROM ml_run_summary",
                "2,2\n");
  assert_sound();
  free_list(&list);
}

static void remove_below(const char *what)
{
  char command[256];
  snprintf(command, sizeof command, "rm -r %s/w%d/quantum_features/%s", folder,
           place_number - 1, what);
  assert_int_equal(system(command), 0);
}

/* Nothing new is found without the files of the large tables; a table that
 * was lost is made again from the records there are. */
static void unchanged_tables_are_not_read(void **state)
{
  (void)state;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.5});
  list.records[1] = make_record("b", 1, (double[]){-1.0});
  normalize(&list);
  featurize();
  remove_below("iteration_parameters/data");
  remove_below("molecules/data");
  assert_int_equal(normalize(&list).new_experiments, 0);
  assert_int_equal(featurize().summary_rows, 0);
  list.count = 2;
  assert_int_equal(normalize(&list).rows[VQE_TABLE_ITERATION_PARAMETERS], 2);
  remove_below("molecules");
  vqe_warehouse_forget(warehouse, VQE_TABLE_MOLECULES);
  assert_int_equal(normalize(&list).rows[VQE_TABLE_MOLECULES], 2);
  free_list(&list);
}

/* A run that crashed before its row in processing_metadata gets it, once. */
static void batch_of_a_crashed_run_gets_its_row(void **state)
{
  (void)state;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.5});
  list.records[1] = make_record("b", 1, (double[]){-1.0});
  normalize(&list);
  remove_below("processing_metadata");
  vqe_warehouse_forget(warehouse, VQE_TABLE_PROCESSING_METADATA);
  assert_int_equal(normalize(&list).repaired, 1);
  assert_result("SELECT source_data_info, record_counts, table_versions[1] = "
                "'v_' || replace(processing_batch_id, '-', '') "
                "FROM processing_metadata",
                "\"{\"\"source\"\":\"\"unknown\"\"}\",\"[1, 1, 1, 1, 2, 2, 2, "
                "4, 1, 5]\",true\n");
  assert_int_equal(normalize(&list).repaired, 0);
  list.count = 2;
  assert_int_equal(normalize(&list).repaired, 0);
  assert_result("SELECT count(*), count(DISTINCT processing_batch_id) "
                "FROM processing_metadata",
                "2,2\n");
  free_list(&list);
}

/* A writer that crashes between metadata and hint leaves readers of the hint
 * with the table before; the next run mends that, though nothing is new. */
static void hint_of_a_crashed_run_is_mended(void **state)
{
  (void)state;
  static const char key[] =
      "quantum_features/molecules/metadata/version-hint.text";
  struct vqe_objects *objects = vqe_warehouse_objects(warehouse);
  struct list list = {.count = 1};
  char *hint = NULL;
  size_t size = 0;
  list.records[0] = make_record("a", 2, (double[]){-1.0, -1.5});
  normalize(&list);
  assert_int_equal(vqe_objects_put(objects, key, "0", 1, VQE_OBJECTS_REPLACE),
                   VQE_OK);
  vqe_warehouse_forget(warehouse, VQE_TABLE_MOLECULES);
  assert_int_equal(normalize(&list).new_experiments, 0);
  assert_int_equal(vqe_objects_get(&hint, &size, objects, key, 20), VQE_OK);
  assert_string_equal(hint, "1");
  free(hint);
  free_list(&list);
}

/* A file for each basis set, written at the same time. */
static void partitions_are_written_at_the_same_time(void **state)
{
  (void)state;
  static const char *const basis[] = {"sto3g", "6-31g", "cc-pvdz", "cc-pvtz"};
  struct list list = {.count = 8};
  for (int k = 0; k < 8; k++) {
    char id[2] = {(char)('a' + k), '\0'};
    list.records[k] = make_record(id, 3, (double[]){-1.0, -1.5, -1.25 - k});
    free(list.records[k]->basis_set);
    list.records[k]->basis_set = text(basis[k % 4]);
  }
  struct vqe_normalize_result result = normalize(&list);
  assert_int_equal(result.rows[VQE_TABLE_ITERATION_PARAMETERS], 48);
  featurize();
  assert_result("SELECT experiment_id, basis_set, sum(iteration_energy) "
                "FROM vqe_iterations WHERE experiment_id > 'f' "
                "GROUP BY ALL ORDER BY 1",
                "g,cc-pvdz,-9.75\nh,cc-pvtz,-10.75\n");
  assert_result("SELECT count(*), count(DISTINCT parameter_id) FROM "
                "iteration_parameters",
                "48,48\n");
  assert_sound();
  free_list(&list);
}

static void runs_longer_than_a_chunk_are_whole(void **state)
{
  (void)state;
  /* more rows than a chunk holds */
  const size_t n = 5000;
  double *energies = malloc(n * sizeof *energies);
  struct list list = {.count = 1};
  for (size_t k = 0; k < n; k++) {
    energies[k] = -(double)k / 1024.0;
  }
  list.records[0] = make_record("a", n, energies);
  normalize(&list);
  featurize();
  assert_result("SELECT count(*), sum(iteration_step), "
                "sum(iteration_energy) * 1024 FROM vqe_iterations",
                "5000,12502500,-12497500.0\n");
  assert_result("SELECT count(*), sum(parameter_value) FROM "
                "iteration_parameters WHERE parameter_index = 0",
                "5000,12497500.0\n");
  assert_result("SELECT num_new_minima, first_10_energy_slope * 1024, "
                "last_10_mean_energy * 1024 FROM ml_run_summary",
                "5000,-1.0,-4994.5\n");
  assert_sound();
  free_list(&list);
  free(energies);
}

static void queries_print_results_and_refuse_bad_sql(void **state)
{
  (void)state;
  char *output = NULL;
  size_t size = 0;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 1, (double[]){-1.0});
  normalize(&list);
  FILE *stream = open_memstream(&output, &size);
  assert_int_equal(vqe_query(warehouse,
                             "SELECT experiment_id AS id, vqe_time AS t, "
                             "hamiltonian_time > 1 AS slow "
                             "FROM performance_metrics;",
                             VQE_QUERY_TEXT, false, stream),
                   VQE_OK);
  assert_int_equal(vqe_query(warehouse, "SELECT nothing FROM vqe_results",
                             VQE_QUERY_TEXT, false, stream),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "nothing"));
  assert_int_equal(vqe_query(warehouse, "SELECT 1; SELECT 2", VQE_QUERY_TEXT,
                             false, stream),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_query(warehouse, "SELECT * FROM elsewhere",
                             VQE_QUERY_TEXT, false, stream),
                   VQE_ERR_INPUT);
  assert_int_equal(
      vqe_query(warehouse, "SHOW TABLES", VQE_QUERY_TEXT, false, stream),
      VQE_OK);
  fclose(stream);
  const char *expected = "id    t  slow\na   3.0  false\nname\nansatz_info\n";
  assert_memory_equal(output, expected, strlen(expected));
  assert_non_null(strstr(output, "vqe_results\n"));
  free(output);
  assert_int_equal(vqe_query_ansatz(&output, warehouse, "b"),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_query_ansatz(&output, warehouse, "a"), VQE_OK);
  assert_string_equal(output, list.records[0]->ansatz_qasm);
  free(output);
  free_list(&list);
}

/* The status of SQL of others over a warehouse that is opened for it. */
static int run_locked(const char *sql)
{
  const struct vqe_warehouse_options options = {.existing = true};
  struct vqe_warehouse *reader = NULL;
  char *output = NULL;
  char place[128];
  size_t size = 0;
  snprintf(place, sizeof place, "%s/w%d", folder, place_number - 1);
  assert_int_equal(vqe_warehouse_open(&reader, place, &options), VQE_OK);
  FILE *stream = open_memstream(&output, &size);
  int status = vqe_query(reader, sql, VQE_QUERY_CSV, true, stream);
  fclose(stream);
  if (status == VQE_OK) {
    assert_true(size > 0);
  }
  assert_null(strstr(output, "root:"));
  free(output);
  assert_int_equal(vqe_warehouse_close(reader), VQE_OK);
  return status;
}

static void locked_query_reads_tables_alone(void **state)
{
  static const char *const refused[] = {
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM read_blob('/etc/passwd')",
      "SELECT * FROM read_csv('/etc/passwd')",
      "SELECT * FROM '/etc/passwd'",
      "SELECT * FROM glob('/etc/*')",
      "SELECT m.* FROM molecules m, read_text('/etc/passwd')",
      "SET lock_configuration = false"};
  (void)state;
  struct list list = {.count = 1};
  list.records[0] = make_record("a", 1, (double[]){-1.0});
  normalize(&list);
  for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
    assert_int_not_equal(run_locked(refused[k]), VQE_OK);
  }
  assert_int_equal(run_locked("SELECT * FROM molecules"), VQE_OK);
  assert_int_equal(run_locked("SHOW TABLES"), VQE_OK);
  free_list(&list);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(nulls_and_types_follow_the_contract,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(first_record_of_an_id_wins, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(spool_source_survives_a_truncated_file,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(
          non_finite_values_become_null_and_are_counted, setup, teardown),
      cmocka_unit_test_setup_teardown(invalid_records_are_skipped, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(features_match_values_worked_out_by_hand,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(
          features_of_runs_without_iterations_are_null, setup, teardown),
      cmocka_unit_test_setup_teardown(
          repeating_adds_nothing_and_growth_adds_the_rest, setup, teardown),
      cmocka_unit_test_setup_teardown(unchanged_tables_are_not_read, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(batch_of_a_crashed_run_gets_its_row,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(hint_of_a_crashed_run_is_mended, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(partitions_are_written_at_the_same_time,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(runs_longer_than_a_chunk_are_whole,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(queries_print_results_and_refuse_bad_sql,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(locked_query_reads_tables_alone, setup,
                                      teardown),
  };
  if (mkdtemp(folder) == NULL) {
    return 1;
  }
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  if (failed == 0) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    failed = system(command) == 0 ? 0 : 1;
  }
  return failed;
}
