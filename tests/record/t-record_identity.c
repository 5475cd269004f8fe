/* The identity of records that came without one, against the golden file. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/record.h"
#include "record/record_json.h"
#include "vqe/error.h"

/* The golden file's record of another producer, with the fields that its
 * identity does not know. */
struct golden {
  json_t *whole, *entry, *record, *initial;
};

static int setup(void **state)
{
  static struct golden golden;
  json_error_t error;
  golden.whole =
      json_load_file(VQE_TEST_DATA "/experiment_ids.json", 0, &error);
  assert_non_null(golden.whole);
  golden.entry = json_array_get(json_object_get(golden.whole, "cases"), 3);
  golden.record =
      json_object_get(json_object_get(golden.entry, "input"), "record");
  json_t *result = json_object_get(golden.record, "vqe_result");
  golden.initial = json_object_get(result, "initial_data");
  assert_non_null(golden.initial);
  json_t *more =
      json_pack("{s:[], s:f, s:[], s:f}", "iteration_list", "minimum", -1.5,
                "optimal_parameters", "minimization_time", 0.5);
  assert_int_equal(json_object_update_new(result, more), 0);
  more = json_pack("{s:f, s:f, s:f, s:f, s:i}", "hamiltonian_time", 1.0,
                   "mapping_time", 1.0, "vqe_time", 1.0, "total_time", 3.0,
                   "molecule_id", 0);
  assert_int_equal(json_object_update_new(golden.record, more), 0);
  *state = &golden;
  return 0;
}

static int teardown(void **state)
{
  struct golden *golden = *state;
  json_decref(golden->whole);
  return 0;
}

/* As the lake and the consumer do: text, record, identity. */
static int identify(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                    const struct golden *golden)
{
  struct vqe_record *record = NULL;
  char *json = json_dumps(golden->record, 0);
  assert_non_null(json);
  *text = NULL;
  int status = vqe_record_json_parse(&record, json, strlen(json), "golden");
  if (status == VQE_OK) {
    status = vqe_record_canonical(id, text, record);
  }
  if (status == VQE_OK) {
    assert_int_equal(vqe_record_identify(record), VQE_OK);
    assert_string_equal(record->experiment_id, id);
  }
  vqe_record_free(record);
  free(json);
  return status;
}

static void expect_id(const struct golden *golden, const char *id)
{
  char found[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  assert_int_equal(identify(found, &text, golden), VQE_OK);
  assert_string_equal(found, id);
  free(text);
}

static void canonical_text_and_id_are_the_golden_ones(void **state)
{
  const struct golden *golden = *state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  assert_int_equal(identify(id, &text, golden), VQE_OK);
  assert_string_equal(
      text, json_string_value(json_object_get(golden->entry, "canonical")));
  assert_string_equal(
      id, json_string_value(json_object_get(golden->entry, "experiment_id")));
  free(text);
}

/* 4.0 qubits, wrapped unions, absent defaults. */
static void types_come_from_the_schema(void **state)
{
  const struct golden *golden = *state;
  const char *id =
      json_string_value(json_object_get(golden->entry, "experiment_id"));
  json_object_set_new(golden->initial, "num_qubits", json_real(4.0));
  json_object_set_new(golden->initial, "init_strategy",
                      json_pack("{s:s}", "string", "random"));
  json_object_del(golden->initial, "exact_estimator");
  json_object_del(golden->initial, "seed");
  expect_id(golden, id);
}

static void another_seed_is_another_id(void **state)
{
  const struct golden *golden = *state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  json_object_set_new(golden->initial, "seed", json_pack("{s:i}", "int", 3));
  assert_int_equal(identify(id, &text, golden), VQE_OK);
  assert_string_not_equal(
      id, json_string_value(json_object_get(golden->entry, "experiment_id")));
  free(text);
}

static void what_fits_no_type_has_no_id(void **state)
{
  const struct golden *golden = *state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  json_object_set_new(golden->initial, "num_qubits", json_real(4.5));
  assert_int_equal(identify(id, &text, golden), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "'num_qubits'"));
  json_object_del(golden->initial, "num_qubits");
  assert_int_equal(identify(id, &text, golden), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "'num_qubits': is missing"));
}

/* json.dumps(s, ensure_ascii=False) of Python 3.11 over the same string. */
static void text_is_what_python_writes(void **state)
{
  const struct golden *golden = *state;
  static const char given[] = "\x01\x1f\x7f\"\\/\b\f\n\r\t\xc3\xa9"
                              "\xf0\x9f\x98\x80\xe2\x80\xa8\\u00AB";
  static const char expected[] =
      "\"ansatz\":\"\\u0001\\u001f\x7f\\\"\\\\/\\b\\f\\n\\r\\t\xc3\xa9"
      "\xf0\x9f\x98\x80\xe2\x80\xa8\\\\u00AB\",";
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  json_object_set_new(golden->initial, "ansatz", json_string(given));
  json_object_set_new(golden->initial, "initial_parameters",
                      json_pack("[n, f, f]", -0.0, -2.5));
  assert_int_equal(identify(id, &text, golden), VQE_OK);
  assert_non_null(strstr(text, expected));
  assert_non_null(strstr(text, "\"initial_parameters\":[\"7ff8000000000000\","
                               "\"0000000000000000\",\"c004000000000000\"]"));
  free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(canonical_text_and_id_are_the_golden_ones),
      TEST(types_come_from_the_schema),
      TEST(another_seed_is_another_id),
      TEST(what_fits_no_type_has_no_id),
      TEST(text_is_what_python_writes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
