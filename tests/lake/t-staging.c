/* The staging tables: what their columns are, that the Iceberg tables know
 * them, and that a record arrives in them whole. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lake/duck.h"
#include "lake/staging.h"
#include "lake/tables.h"
#include "record/fields.h"
#include "record/result_fixture.h"
#include "vqe/error.h"

struct staged {
  struct vqe_duck *duck;
  struct vqe_staging *staging;
};

static int setup(void **state)
{
  static struct staged staged;
  const struct vqe_duck_options options = {
      .memory_mb = 256, .threads = 1, .scratch = "/tmp"};
  assert_int_equal(vqe_duck_open(&staged.duck, &options), VQE_OK);
  assert_int_equal(vqe_staging_create(&staged.staging, staged.duck), VQE_OK);
  *state = &staged;
  return 0;
}

static int teardown(void **state)
{
  struct staged *staged = *state;
  vqe_staging_free(staged->staging);
  vqe_duck_close(staged->duck);
  return 0;
}

/* Is the query's one number this? */
static void expect(struct staged *staged, const char *sql, int64_t number)
{
  int64_t found = -1;
  if (vqe_duck_count(staged->duck, &found, "test", sql) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  assert_int_equal(found, number);
}

/* Names and types that the SQL in schemas/sql reads. */
static void columns_are_those_that_sql_reads(void **state)
{
  struct staged *staged = *state;
  static const char *const columns[][2] = {
      {"record", "BIGINT"},
      {"experiment_id", "VARCHAR"},
      {"molecule_id", "INTEGER"},
      {"basis_set", "VARCHAR"},
      {"backend", "VARCHAR"},
      {"num_qubits", "INTEGER"},
      {"optimizer", "VARCHAR"},
      {"ansatz", "VARCHAR"},
      {"ansatz_reps", "INTEGER"},
      {"ansatz_name", "VARCHAR"},
      {"init_strategy", "VARCHAR"},
      {"noise_backend", "VARCHAR"},
      {"default_shots", "INTEGER"},
      {"seed", "INTEGER"},
      {"minimum_energy", "DOUBLE"},
      {"maxcv", "DOUBLE"},
      {"nuclear_repulsion_energy", "DOUBLE"},
      {"success", "BOOLEAN"},
      {"nfev", "INTEGER"},
      {"nit", "INTEGER"},
      {"total_iterations", "INTEGER"},
      {"hamiltonian_time", "DOUBLE"},
      {"mapping_time", "DOUBLE"},
      {"vqe_time", "DOUBLE"},
      {"total_time", "DOUBLE"},
      {"minimization_time", "DOUBLE"},
      {"hf_energy", "DOUBLE"},
      {"mp2_energy", "DOUBLE"},
      {"fci_energy", "DOUBLE"},
      {"reference_method", "VARCHAR"},
      {"code_version", "VARCHAR"},
      {"device", "VARCHAR"},
      {"multiplicity", "INTEGER"},
      {"charge", "INTEGER"},
      {"coordinate_units", "VARCHAR"},
      {"atom_symbols", "VARCHAR[]"},
      {"coordinates", "DOUBLE[][]"},
      {"atomic_masses", "DOUBLE[]"},
      {"initial_parameters", "DOUBLE[]"},
      {"optimal_parameters", "DOUBLE[]"},
      {"iteration_parameter_rows", "BIGINT"},
      {"term_rows", "BIGINT"},
      {"property_rows", "BIGINT"}};
  char sql[512];
  for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
    snprintf(sql, sizeof sql,
             "SELECT count(*)::BIGINT FROM duckdb_columns() WHERE table_name ="
             " 'staged_records' AND column_name = '%s' AND data_type = '%s'",
             columns[k][0], columns[k][1]);
    expect(staged, sql, 1);
  }
  expect(staged,
         "SELECT count(*)::BIGINT FROM (SELECT string_agg(column_name || ' ' "
         "|| data_type, ', ' ORDER BY column_index) AS text FROM "
         "duckdb_columns() WHERE table_name = 'staged_iterations') WHERE text "
         "= 'record BIGINT, iteration_step INTEGER, parameters DOUBLE[], "
         "iteration_energy DOUBLE, energy_std_dev DOUBLE, energy_delta "
         "DOUBLE, parameter_delta_norm DOUBLE, cumulative_min_energy DOUBLE'",
         1);
  expect(staged,
         "SELECT count(*)::BIGINT FROM (SELECT string_agg(column_name || ' ' "
         "|| data_type, ', ' ORDER BY column_index) AS text FROM "
         "duckdb_columns() WHERE table_name = 'staged_terms') WHERE text = "
         "'record BIGINT, term_index INTEGER, term_label VARCHAR, coeff_real "
         "DOUBLE, coeff_imag DOUBLE'",
         1);
  expect(staged,
         "SELECT count(*)::BIGINT FROM (SELECT string_agg(column_name || ' ' "
         "|| data_type, ', ' ORDER BY column_index) AS text FROM "
         "duckdb_columns() WHERE table_name = 'staged_properties') WHERE text "
         "= 'record BIGINT, property VARCHAR, property_columns INTEGER, "
         "property_values DOUBLE[]'",
         1);
}

/* ---- the tables ---- */

static bool is_worked_out(const char *column)
{
  static const char *const columns[] = {
      "molecule_name", "computed_total_time", "total_iterations",
      "processing_timestamp", "processing_date", "processing_batch_id",
      "processing_name", "initial_parameter_value", "parameter_value",
      "optimal_parameter_value", "parameter_index", "parameter_id",
      "iteration_id", "term_index", "term_id", "gradient_norm", "index_1",
      "index_2", "value", "property_id",
      /* of the circuit, and long beside its other counts */
      "one_qubit_gates", "two_qubit_gates", "depth", "two_qubit_depth",
      "t_count", "measurement_groups", "chemical_accuracy_shots",
      "within_chemical_accuracy"};
  for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
    if (strcmp(columns[k], column) == 0) {
      return true;
    }
  }
  return false;
}

static const char *iceberg_type(const struct vqe_field *field)
{
  switch (field->kind) {
  case VQE_FIELD_INT:
    return "int";
  case VQE_FIELD_LONG:
    return "long";
  case VQE_FIELD_BOOL:
    return "boolean";
  case VQE_FIELD_DOUBLE:
    return "double";
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    return "list<double>";
  case VQE_FIELD_TEXTS:
    return "list<string>";
  case VQE_FIELD_ROWS:
    return "list<list<double>>";
  default:
    return "string";
  }
}

static bool equal_text(const char *a, const char *b)
{
  return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* A column whose name is neither a field's nor listed above would be filled
 * by nothing; doc and unit of a field's column are the field's. */
static void columns_of_tables_are_fields_or_worked_out(void **state)
{
  (void)state;
  for (size_t k = 0; k < VQE_LAKE_NORMALISED; k++) {
    const struct vqe_lake_text *text = &vqe_lake_definitions[k];
    json_error_t error;
    json_t *definition = json_loadb(text->text, text->size, 0, &error);
    json_t *column;
    size_t index;
    assert_non_null(definition);
    json_array_foreach(json_object_get(definition, "columns"), index, column)
    {
      const char *name = json_string_value(json_object_get(column, "name"));
      const char *type = json_string_value(json_object_get(column, "type"));
      const char *doc = json_string_value(json_object_get(column, "doc"));
      const struct vqe_field *field = vqe_fields_find_column(name);
      if (field == NULL && !is_worked_out(name)) {
        fail_msg("%s.%s is no field's column", text->name, name);
      }
      if (strcmp(text->name, "ansatz_info") == 0 &&
          strcmp(name, "num_parameters") == 0) {
        assert_string_equal(type, "long"); /* as the circuit's other counts */
      } else if (field != NULL) {
        assert_string_equal(type, iceberg_type(field));
        assert_non_null(doc);
        assert_string_equal(doc, field->doc);
        assert_true(equal_text(
            json_string_value(json_object_get(column, "unit")), field->unit));
      }
    }
    json_decref(definition);
  }
}

/* ---- values ---- */

static void a_record_arrives_whole(void **state)
{
  struct staged *staged = *state;
  struct vqe_result *result = fixture_result(5, 4, 3);
  struct vqe_record *record = NULL;
  bool skipped = true;
  result->status = VQE_EXPERIMENT_OK;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  assert_int_equal(
      vqe_staging_append(staged->staging, record, "test", &skipped), VQE_OK);
  assert_false(skipped);
  /* without references, with an id of its own */
  record->has_references = false;
  record->experiment_id[0] = '1';
  assert_int_equal(
      vqe_staging_append(staged->staging, record, "test", &skipped), VQE_OK);
  assert_int_equal(vqe_staging_finish(staged->staging), VQE_OK);
  expect(staged,
         "SELECT count(*)::BIGINT FROM staged_records WHERE record = 0 AND "
         "molecule_id = 12 AND basis_set = 'sto3g:cd34' AND "
         "default_shots = 18 AND minimum_energy = -1.8510456784448648 AND "
         "maxcv IS NULL AND success AND nfev = 25 AND nit IS NULL AND "
         "total_iterations = 4 AND hf_energy = -1.1 AND mp2_energy IS NULL "
         "AND reference_method = 'ROHF' AND charge = -2 AND "
         "coordinate_units = 'bohr' AND atom_symbols = ['Li', 'H'] AND "
         "len(coordinates) = 2 AND len(coordinates[2]) = 3 AND "
         "atomic_masses[1] > 1.58 AND len(optimal_parameters) = 3 AND "
         "iteration_parameter_rows = 12 AND term_rows = 5",
         1);
  expect(staged,
         "SELECT count(*)::BIGINT FROM staged_records WHERE record = 1 AND "
         "hf_energy IS NULL AND fci_energy IS NULL AND reference_method IS "
         "NULL AND code_version = '0.1.0'",
         1);
  expect(staged,
         "SELECT count(*)::BIGINT FROM staged_iterations WHERE "
         "len(parameters) = 3 AND iteration_energy < 0 AND "
         "(energy_delta IS NULL) = (iteration_step = 1)",
         8);
  expect(staged,
         "SELECT count(*)::BIGINT FROM staged_terms WHERE "
         "length(term_label) = 4 AND coeff_real < 0 AND coeff_imag = 0",
         10);
  vqe_record_free(record);
  vqe_result_free(result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(columns_are_those_that_sql_reads),
      cmocka_unit_test(columns_of_tables_are_fields_or_worked_out),
      TEST(a_record_arrives_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
