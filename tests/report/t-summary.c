/* --summary: exactly the keys of the data contract, in order, numbers to the
 * last bit, null where there is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"
#include "report/report_fixture.h"
#include "vqe/error.h"

static const char *const keys[] = {"experiment_id",
                                   "name",
                                   "status",
                                   "reason",
                                   "basis",
                                   "n_qubits",
                                   "n_electrons",
                                   "ansatz",
                                   "n_parameters",
                                   "optimizer",
                                   "init",
                                   "seed",
                                   "n_evaluations",
                                   "converged",
                                   "nuclear_repulsion",
                                   "energy",
                                   "energy_hf",
                                   "energy_mp2",
                                   "energy_fci",
                                   "error_mha",
                                   "s2",
                                   "n_expectation",
                                   "n_pauli_terms",
                                   "pauli_one_norm",
                                   "seconds_scf",
                                   "seconds_mapping",
                                   "seconds_vqe",
                                   "device",
                                   "peak_memory_mb",
                                   "restored",
                                   "state_ok",
                                   "notes",
                                   "energy_std",
                                   "energy_exact",
                                   "total_shots",
                                   "scan",
                                   "dipole_debye",
                                   "natural_occupations",
                                   "two_qubit_gates",
                                   "depth",
                                   "starts",
                                   "active_space",
                                   "orbitals",
                                   "one_qubit_gates",
                                   "two_qubit_depth",
                                   "t_count",
                                   "measurement_groups",
                                   "chemical_accuracy_shots",
                                   "started_from",
                                   "properties",
                                   "landscape",
                                   "noise_backend",
                                   "noise_energy",
                                   "noise_error",
                                   "measurement"};

static json_t *summary_of(struct vqe_result *const *results, size_t count)
{
  const char *path = "t-summary.json";
  json_error_t error;
  assert_int_equal(vqe_report_summary(path, results, NULL, count), 0);
  json_t *array = json_load_file(path, 0, &error);
  assert_non_null(array);
  assert_int_equal(json_array_size(array), count);
  unlink(path);
  return array;
}

static void active_orbitals_are_shown_as_json(void **state)
{
  (void)state;
  struct vqe_result *results[2] = {report_ok("H2"), report_ok("HeH+")};
  results[1]->experiment->active_space = strdup("{\"auto\":{\"orbitals\":2}}");
  results[1]->orbitals = strdup("[{\"number\":1},{\"number\":4}]");
  json_t *array = summary_of(results, 2);
  const json_t *first = json_array_get(array, 0);
  const json_t *second = json_array_get(array, 1);
  assert_true(json_is_null(json_object_get(first, "active_space")));
  assert_true(json_is_null(json_object_get(first, "orbitals")));
  const json_t *rule =
      json_object_get(json_object_get(second, "active_space"), "auto");
  assert_int_equal(json_integer_value(json_object_get(rule, "orbitals")), 2);
  const json_t *orbital =
      json_array_get(json_object_get(second, "orbitals"), 1);
  assert_int_equal(json_integer_value(json_object_get(orbital, "number")), 4);
  json_decref(array);
  for (int k = 0; k < 2; k++) {
    vqe_result_free(results[k]);
  }
}

/* One start has none; several are a list of objects. */
static void starts_are_shown_as_json(void **state)
{
  (void)state;
  struct vqe_result *results[2] = {report_ok("H2"), report_ok("H2")};
  results[1]->starts =
      strdup("[{\"start\":0,\"energy\":-1.5},{\"start\":1,\"energy\":-2}]");
  json_t *array = summary_of(results, 2);
  assert_true(
      json_is_null(json_object_get(json_array_get(array, 0), "starts")));
  json_t *starts = json_object_get(json_array_get(array, 1), "starts");
  assert_int_equal(json_array_size(starts), 2);
  assert_true(json_real_value(json_object_get(json_array_get(starts, 0),
                                              "energy")) == -1.5);
  json_decref(array);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

static void keys_are_those_of_the_contract_in_order(void **state)
{
  (void)state;
  struct vqe_result *results[2] = {report_ok("H2"), report_failed("bad")};
  json_t *array = summary_of(results, 2);
  for (size_t row = 0; row < 2; row++) {
    json_t *object = json_array_get(array, row);
    size_t k = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
      assert_true(k < sizeof keys / sizeof keys[0]);
      assert_string_equal(key, keys[k]);
      k++;
    }
    assert_int_equal(k, sizeof keys / sizeof keys[0]);
  }
  json_decref(array);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

static double number(json_t *object, const char *key)
{
  json_t *value = json_object_get(object, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

static const char *text(json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static void values_are_those_of_the_result(void **state)
{
  (void)state;
  struct vqe_result *results[1] = {report_ok("H2")};
  results[0]->minimum = -1.8510456784448648;
  results[0]->nuclear_repulsion_energy = 0.1;
  results[0]->mp2_energy = NAN;
  json_t *array = summary_of(results, 1);
  json_t *object = json_array_get(array, 0);
  assert_string_equal(text(object, "experiment_id"),
                      results[0]->experiment->id);
  assert_string_equal(text(object, "status"), "ok");
  assert_string_equal(text(object, "optimizer"), "L-BFGS-B");
  assert_string_equal(text(object, "init"), "mp2");
  assert_true(number(object, "n_qubits") == 4);
  assert_true(number(object, "n_electrons") == 2);
  assert_true(number(object, "n_parameters") == 3);
  assert_true(number(object, "n_evaluations") == 9);
  assert_true(number(object, "n_pauli_terms") == 15);
  assert_true(number(object, "seed") == 2147483647);
  assert_true(number(object, "energy") == -1.8510456784448648 + 0.1);
  assert_true(number(object, "energy_fci") == -1.1305);
  assert_true(number(object, "error_mha") ==
              1e3 * (-1.8510456784448648 + 0.1 + 1.1305));
  assert_true(json_is_null(json_object_get(object, "energy_mp2")));
  assert_true(json_is_true(json_object_get(object, "converged")));
  assert_true(number(object, "seconds_scf") == 0.25);
  assert_true(number(object, "seconds_mapping") == 0.5);
  assert_true(number(object, "seconds_vqe") == 0.75);
  assert_true(number(object, "peak_memory_mb") == 64.0);
  json_decref(array);
  vqe_result_free(results[0]);
}

static void failed_experiment_has_nulls_and_a_reason(void **state)
{
  (void)state;
  struct vqe_result *results[1] = {report_failed("bad \xff name")};
  json_t *array = summary_of(results, 1);
  json_t *object = json_array_get(array, 0);
  assert_string_equal(text(object, "status"), "failed");
  assert_string_equal(text(object, "reason"), "unknown element 'Xx'");
  assert_string_equal(text(object, "name"), "(not UTF-8)");
  const char *const nulls[] = {"energy",   "energy_hf", "energy_fci",
                               "n_qubits", "converged", "error_mha",
                               "basis",    "device",    "pauli_one_norm"};
  for (size_t k = 0; k < sizeof nulls / sizeof nulls[0]; k++) {
    assert_true(json_is_null(json_object_get(object, nulls[k])));
  }
  json_decref(array);
  vqe_result_free(results[0]);
}

static void summary_that_cannot_be_written_names_its_path(void **state)
{
  (void)state;
  json_decref(summary_of(NULL, 0));
  assert_int_equal(vqe_report_summary("no/such/folder/s.json", NULL, NULL, 0),
                   VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "no/such/folder/s.json"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(starts_are_shown_as_json),
      cmocka_unit_test(active_orbitals_are_shown_as_json),
      cmocka_unit_test(keys_are_those_of_the_contract_in_order),
      cmocka_unit_test(values_are_those_of_the_result),
      cmocka_unit_test(failed_experiment_has_nulls_and_a_reason),
      cmocka_unit_test(summary_that_cannot_be_written_names_its_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
