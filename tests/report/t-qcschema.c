/* Results as QCSchema: tests/integration/input_files.py has QCElemental read
 * what the program writes, where that is installed. */
#include <jansson.h>
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

#include "report/qcschema.h"
#include "report_fixture.h"
#include "vqe/error.h"

static const char path[] = "/tmp/vqe-qcschema.json";

static struct vqe_result *with_molecule(struct vqe_result *result)
{
  struct vqe_molecule_list *list = NULL;
  static const char text[] = "2\n1 2 ion\nH 0 0 0\nD 0 0 0.52917721092\n";
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, strlen(text), "xyz", "m.xyz"), 0);
  result->experiment->molecule = list->entries[0].molecule;
  list->entries[0].molecule = NULL;
  vqe_molecule_list_free(list);
  return result;
}

static json_t *written(struct vqe_result *const *results, size_t count,
                       size_t left_out)
{
  size_t found;
  json_error_t error;
  assert_int_equal(vqe_report_qcschema(path, &found, results, NULL, count), 0);
  assert_int_equal(found, left_out);
  json_t *root = json_load_file(path, 0, &error);
  assert_non_null(root);
  unlink(path);
  return root;
}

static double number(const json_t *object, const char *a, const char *b)
{
  const json_t *value = json_object_get(json_object_get(object, a), b);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

static void one_result_is_an_atomic_result(void **state)
{
  (void)state;
  struct vqe_result *result = with_molecule(report_ok("ion"));
  json_t *root = written(&result, 1, 0);
  const json_t *molecule = json_object_get(root, "molecule");
  assert_string_equal(json_string_value(json_object_get(root, "schema_name")),
                      "qcschema_output");
  assert_true(json_is_true(json_object_get(root, "success")));
  assert_true(fabs(json_number_value(json_object_get(root, "return_result")) +
                   1.13) < 1e-12);
  assert_true(fabs(number(root, "properties", "return_energy") + 1.13) <
              1e-12);
  assert_true(number(root, "properties", "scf_total_energy") == -1.116);
  assert_true(fabs(number(root, "properties", "mp2_correlation_energy") +
                   0.004) < 1e-12);
  assert_true(number(root, "molecule", "molecular_charge") == 1.0);
  assert_true(number(root, "molecule", "molecular_multiplicity") == 2.0);
  /* 0.529... angstrom are one bohr */
  assert_true(fabs(json_number_value(json_array_get(
                       json_object_get(molecule, "geometry"), 5)) -
                   1.0) < 1e-15);
  assert_int_equal(json_array_size(json_object_get(molecule, "masses")), 2);
  assert_string_equal(json_string_value(json_object_get(
                          json_object_get(root, "model"), "basis")),
                      "sto-3g");
  json_decref(root);
  vqe_result_free(result);
}

static void failures_have_their_reason_and_fcidumps_are_counted(void **state)
{
  (void)state;
  struct vqe_result *results[4] = {
      with_molecule(report_ok("ion")), report_failed("bad"),
      with_molecule(report_failed("late")), report_ok("dump")};
  results[3]->experiment->fcidump = strdup("a.fcidump");
  results[0]->mp2_energy = NAN;
  json_t *root = written(results, 4, 1);
  assert_int_equal(json_array_size(root), 3);
  for (size_t k = 1; k < 3; k++) {
    const json_t *failure = json_array_get(root, k);
    assert_true(json_is_false(json_object_get(failure, "success")));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(failure, "error"),
                                          "error_message")),
        "unknown element 'Xx'");
  }
  assert_null(
      json_object_get(json_object_get(json_array_get(root, 0), "properties"),
                      "mp2_total_energy"));
  json_decref(root);
  for (size_t k = 0; k < 4; k++) {
    vqe_result_free(results[k]);
  }
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  assert_non_null(text);
  return text;
}

/* Each in the version that its input had: in the second the input stands
 * within the result, the request within that. */
static void results_have_the_version_of_their_inputs(void **state)
{
  (void)state;
  const int versions[4] = {2, 0, 2, 1};
  struct vqe_result *results[4] = {
      with_molecule(report_ok("ion")), with_molecule(report_ok("ion")),
      with_molecule(report_failed("late")), report_failed("bad")};
  size_t left_out;
  assert_int_equal(vqe_report_qcschema(path, &left_out, results, versions, 4),
                   0);
  json_t *root = json_load_file(path, 0, NULL);
  unlink(path);
  const json_t *second = json_array_get(root, 0);
  const json_t *first = json_array_get(root, 1);
  const json_t *failed = json_array_get(root, 2);
  const json_t *input = json_object_get(second, "input_data");
  const json_t *request = json_object_get(input, "specification");
  assert_string_equal(text_of(second, "schema_name"),
                      "qcschema_atomic_result");
  assert_true(number(second, "molecule", "schema_version") == 3.0);
  assert_true(number(second, "properties", "return_energy") ==
              number(first, "properties", "return_energy"));
  assert_null(json_object_get(second, "model"));
  assert_string_equal(text_of(input, "schema_name"), "qcschema_atomic_input");
  assert_string_equal(text_of(request, "driver"), "energy");
  assert_string_equal(text_of(json_object_get(request, "model"), "basis"),
                      "sto-3g");
  assert_string_equal(text_of(first, "schema_name"), "qcschema_output");
  assert_true(number(first, "molecule", "schema_version") == 2.0);
  assert_string_equal(text_of(failed, "schema_name"),
                      "qcschema_failed_operation");
  assert_string_equal(
      text_of(json_object_get(failed, "input_data"), "schema_name"),
      "qcschema_atomic_input");
  assert_null(json_object_get(json_array_get(root, 3), "schema_name"));
  json_decref(root);
  for (size_t k = 0; k < 4; k++) {
    vqe_result_free(results[k]);
  }
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
  (void)state;
  size_t left_out;
  struct vqe_result *result = with_molecule(report_ok("ion"));
  assert_true(vqe_report_qcschema("/no/such/folder/r.json", &left_out, &result,
                                  NULL, 1) < 0);
  assert_non_null(strstr(vqe_error_message(), "/no/such/folder/r.json"));
  vqe_result_free(result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_result_is_an_atomic_result),
      cmocka_unit_test(failures_have_their_reason_and_fcidumps_are_counted),
      cmocka_unit_test(results_have_the_version_of_their_inputs),
      cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
