/* Values of a job file: what is taken, and the message for what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/error_message.h"
#include "job/job_value.h"

static json_t *json(const char *text)
{
  json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
  assert_non_null(value);
  return value;
}

static void refused(int status, const char *part)
{
  assert_int_equal(status, VQE_ERR_INPUT);
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' lacks '%s'", vqe_error_message(), part);
  }
}

static int read_int(int64_t *out, const char *text, int64_t low, int64_t high)
{
  json_t *value = json(text);
  int status = vqe_job_read_int(out, value, low, high, "key 'reps'");
  json_decref(value);
  return status;
}

static void whole_numbers_may_be_written_with_an_exponent(void **state)
{
  (void)state;
  int64_t number = 0;
  assert_int_equal(read_int(&number, "7", 1, 7), 0);
  assert_int_equal(number, 7);
  assert_int_equal(read_int(&number, "1e4", 1, 10000), 0);
  assert_int_equal(number, 10000);
  assert_int_equal(read_int(&number, "3.0", 1, 4), 0);
  assert_int_equal(number, 3);
}

static void other_numbers_are_refused_with_place_and_value(void **state)
{
  (void)state;
  int64_t number = 0;
  refused(read_int(&number, "2.5", 1, 7), "key 'reps': 2.5 is not");
  refused(read_int(&number, "8", 1, 7), "key 'reps': 8 is not");
  refused(read_int(&number, "0", 1, 7), "key 'reps': 0 is not");
  refused(read_int(&number, "1e300", 1, 7), "is not");
  refused(read_int(&number, "\"7\"", 1, 7), "\"7\" is not");
  refused(read_int(&number, "null", 1, 7), "null is not");
}

static void size_is_finite_and_zero_only_where_it_may_be(void **state)
{
  (void)state;
  double size = -1.0;
  json_t *zero = json("0");
  json_t *small = json("1e-8");
  json_t *negative = json("-1");
  assert_int_equal(vqe_job_read_size(&size, zero, true, "x"), 0);
  assert_true(size == 0.0);
  refused(vqe_job_read_size(&size, zero, false, "x"), "x: 0 is not");
  assert_int_equal(vqe_job_read_size(&size, small, false, "x"), 0);
  assert_true(size == 1e-8);
  refused(vqe_job_read_size(&size, negative, true, "x"), "x: -1 is not");
  json_decref(zero);
  json_decref(small);
  json_decref(negative);
}

static void choice_ignores_case_and_names_the_nearest(void **state)
{
  (void)state;
  static const char *const known[] = {"random", "hf", "mp2"};
  const char *found = NULL;
  json_t *upper = json("\"HF\"");
  json_t *near = json("\"randon\"");
  assert_int_equal(
      vqe_job_read_choice(&found, upper, known, 3, "strategy", "key 'init'"),
      0);
  assert_ptr_equal(found, known[1]);
  refused(
      vqe_job_read_choice(&found, near, known, 3, "strategy", "key 'init'"),
      "key 'init': unknown strategy 'randon': did you mean 'random'?");
  json_decref(upper);
  json_decref(near);
}

static void
options_stand_over_the_file_and_the_file_over_defaults(void **state)
{
  (void)state;
  struct vqe_job_value value;
  json_t *job = json("{\"ansatz\": \"file\", \"seed\": 1}");
  struct vqe_job_reader reader = {
      .job = job,
      .given = json("{\"seed\": 2, \"init_noise\": 0}"),
      .defaults = json("{\"ansatz\": \"default\", \"basis\": \"default\"}"),
      .path = "a.json"};
  vqe_job_value_find(&value, &reader, "seed");
  assert_int_equal(json_integer_value(value.json), 2);
  assert_string_equal(value.where, "option --seed");
  assert_null(value.base_file); /* relative to where the user is */
  vqe_job_value_find(&value, &reader, "init_noise");
  assert_string_equal(value.where, "option --init-noise");
  vqe_job_value_find(&value, &reader, "ansatz");
  assert_string_equal(json_string_value(value.json), "file");
  assert_string_equal(value.where, "file 'a.json', key 'ansatz'");
  assert_string_equal(value.base_file, "a.json");
  vqe_job_value_find(&value, &reader, "basis");
  assert_string_equal(json_string_value(value.json), "default");
  vqe_job_value_find(&value, &reader, "shots");
  assert_null(value.json);
  json_decref(job);
  json_decref(reader.given);
  json_decref(reader.defaults);
}

static void option_texts_become_numbers_null_or_strings(void **state)
{
  (void)state;
  json_t *object = json_object();
  assert_int_equal(vqe_job_put_member(object, "a", "1e-3"), 0);
  assert_int_equal(vqe_job_put_member(object, "b", "none"), 0);
  assert_int_equal(vqe_job_put_member(object, "c", "full"), 0);
  assert_int_equal(vqe_job_put_member(object, "d", NULL), 0);
  assert_true(json_number_value(json_object_get(object, "a")) == 1e-3);
  assert_true(json_is_null(json_object_get(object, "b")));
  assert_string_equal(json_string_value(json_object_get(object, "c")), "full");
  assert_null(json_object_get(object, "d"));
  json_decref(object);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_numbers_may_be_written_with_an_exponent),
      cmocka_unit_test(other_numbers_are_refused_with_place_and_value),
      cmocka_unit_test(size_is_finite_and_zero_only_where_it_may_be),
      cmocka_unit_test(choice_ignores_case_and_names_the_nearest),
      cmocka_unit_test(options_stand_over_the_file_and_the_file_over_defaults),
      cmocka_unit_test(option_texts_become_numbers_null_or_strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
