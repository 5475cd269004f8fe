/* Definitions, ids, partition paths and bounds, against Iceberg's rules
 * worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"
#include "iceberg/iceberg_schema.h"

static struct vqe_iceberg_definition *parse(const char *text)
{
  struct vqe_iceberg_definition *definition = NULL;
  int status =
      vqe_iceberg_definition_parse(&definition, text, strlen(text), "test");
  if (status != VQE_OK) {
    print_message("%s\n", vqe_error_message());
  }
  return definition;
}

/* ---- definitions ----------------------------------------------------- */

static void definition_ids_are_those_of_spark(void **state)
{
  (void)state;
  /* molecules, up to its last list; Spark numbers the columns first */
  struct vqe_iceberg_definition *d =
      parse("{\"name\": \"m\", \"columns\": ["
            "{\"name\": \"experiment_id\", \"type\": \"string\"},"
            "{\"name\": \"molecule_id\", \"type\": \"int\", \"doc\": "
            "\"place\", \"unit\": \"rows\", \"known\": \"step\"},"
            "{\"name\": \"atom_symbols\", \"type\": \"list<string>\"},"
            "{\"name\": \"coordinates\", \"type\": \"list<list<double>>\"},"
            "{\"name\": \"atomic_masses\", \"type\": \"list<double>\"},"
            "{\"name\": \"day\", \"type\": \"date\"}],"
            "\"partition\": [\"day\"], \"key\": [\"experiment_id\", "
            "\"molecule_id\"]}");
  assert_non_null(d);
  const int expected[6][3] = {{1, 0, 0}, {2, 0, 0},  {3, 7, 0},
                              {4, 8, 9}, {5, 10, 0}, {6, 0, 0}};
  for (size_t k = 0; k < 6; k++) {
    assert_int_equal(d->columns[k].id, expected[k][0]);
    assert_int_equal(d->columns[k].element_id, expected[k][1]);
    assert_int_equal(d->columns[k].inner_id, expected[k][2]);
  }
  assert_int_equal(vqe_iceberg_definition_last_id(d), 10);
  assert_int_equal(d->npartition, 1);
  assert_int_equal(d->partition[0], 5);
  assert_int_equal(d->nkey, 2);
  assert_false(d->tagged);
  json_t *schema = NULL;
  assert_int_equal(vqe_iceberg_schema_json(&schema, d, 0), VQE_OK);
  json_t *type = json_object_get(
      json_array_get(json_object_get(schema, "fields"), 3), "type");
  json_t *wanted = json_loads(
      "{\"type\": \"list\", \"element-id\": 8, \"element-required\": false,"
      " \"element\": {\"type\": \"list\", \"element-id\": 9,"
      " \"element\": \"double\", \"element-required\": false}}",
      0, NULL);
  assert_true(json_equal(type, wanted));
  const json_t *fields = json_object_get(schema, "fields");
  assert_string_equal(
      json_string_value(json_object_get(json_array_get(fields, 1), "doc")),
      "place; rows; known at step t");
  assert_null(json_object_get(json_array_get(fields, 0), "doc"));
  json_decref(wanted);
  json_decref(schema);
  vqe_iceberg_definition_free(d);
}

static void bad_definition_is_refused_with_its_reason(void **state)
{
  (void)state;
  static const char *const bad[][2] = {
      {"[", "line 1"},
      {"[]", "not an object"},
      {"{\"columns\": []}", "\"name\""},
      {"{\"name\": \"a/b\", \"columns\": []}", "\"name\""},
      {"{\"name\": \"t\"}", "\"columns\""},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\"}]}", "\"type\""},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": "
       "\"float\"}]}",
       "no type 'float'"},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": \"int\"},"
       "{\"name\": \"x\", \"type\": \"int\"}]}",
       "twice"},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": "
       "\"int\"}], \"partition\": [\"y\"]}",
       "no column 'y'"},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": "
       "\"double\"}], \"partition\": [\"x\"]}",
       "cannot stand"},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": "
       "\"int\"}], \"keys\": [\"x\"]}",
       "unknown key \"keys\""},
      {"{\"name\": \"t\", \"columns\": [{\"name\": \"x\", \"type\": "
       "\"int\", \"known\": \"later\"}]}",
       "\"known\" is 'later'"}};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    struct vqe_iceberg_definition *d = NULL;
    assert_int_equal(
        vqe_iceberg_definition_parse(&d, bad[k][0], strlen(bad[k][0]), "test"),
        VQE_ERR_INPUT);
    assert_null(d);
    if (strstr(vqe_error_message(), bad[k][1]) == NULL) {
      fail_msg("'%s' does not say '%s'", vqe_error_message(), bad[k][1]);
    }
  }
}

static void partition_path_is_escaped_as_java_does(void **state)
{
  (void)state;
  struct vqe_iceberg_definition *d = parse(
      "{\"name\": \"t\", \"columns\": [{\"name\": \"day\", \"type\": "
      "\"date\"}, {\"name\": \"basis set\", \"type\": \"string\"}, "
      "{\"name\": \"n\", \"type\": \"int\"}, {\"name\": \"f\", \"type\": "
      "\"boolean\"}], \"partition\": [\"day\", \"basis set\", \"n\", "
      "\"f\"]}");
  struct vqe_iceberg_bytes values[4];
  char *path = NULL;
  char *key = NULL;
  vqe_iceberg_bytes_int(&values[0], 20454); /* 2026-01-01 */
  vqe_iceberg_bytes_string(&values[1], "a/b c=\xc3\xa9*", 9);
  vqe_iceberg_bytes_int(&values[2], -7);
  vqe_iceberg_bytes_boolean(&values[3], true);
  assert_int_equal(vqe_iceberg_partition_path(&path, d, values), VQE_OK);
  assert_string_equal(
      path, "day=2026-01-01/basis+set=a%2Fb+c%3D%C3%A9*/n=-7/f=true");
  assert_int_equal(vqe_iceberg_data_key(&key, d, values, "x.parquet"), VQE_OK);
  assert_memory_equal(key, "quantum_features/t/data/day=2026-01-01/", 38);
  free(path);
  free(key);
  vqe_iceberg_bytes_clear(&values[0]);
  vqe_iceberg_bytes_int(&values[0], -1); /* 1969-12-31 */
  vqe_iceberg_bytes_clear(&values[1]);
  assert_int_equal(vqe_iceberg_partition_path(&path, d, values), VQE_OK);
  assert_string_equal(path, "day=1969-12-31/basis+set=null/n=-7/f=true");
  free(path);
  for (size_t k = 0; k < 4; k++) {
    vqe_iceberg_bytes_clear(&values[k]);
  }
  vqe_iceberg_definition_free(d);
}

static char *path_of(const char *value)
{
  struct vqe_iceberg_definition *d =
      parse("{\"name\": \"t\", \"columns\": [{\"name\": \"basis\", "
            "\"type\": \"string\"}], \"partition\": [\"basis\"]}");
  struct vqe_iceberg_bytes bytes;
  char *path = NULL;
  vqe_iceberg_bytes_string(&bytes, value, strlen(value));
  assert_int_equal(vqe_iceberg_partition_path(&path, d, &bytes), VQE_OK);
  vqe_iceberg_bytes_clear(&bytes);
  vqe_iceberg_definition_free(d);
  return path;
}

static void long_partition_values_are_cut_and_stay_apart(void **state)
{
  char value[400];
  (void)state;
  memset(value, 'a', sizeof value);
  value[120] = '\0';
  char *whole = path_of(value);
  assert_int_equal(strlen(whole), strlen("basis=") + 120);
  assert_null(strchr(whole, '-'));
  memset(value, 'a', sizeof value);
  value[399] = '\0';
  char *first = path_of(value);
  value[398] = 'b';
  char *second = path_of(value);
  assert_int_equal(strlen(first), strlen("basis=") + 120);
  assert_memory_equal(first, second, 6 + 103);
  assert_string_not_equal(first, second);
  assert_non_null(strchr(first, '-'));
  free(whole);
  free(first);
  free(second);
  /* at any place, no escape is cut in two */
  for (size_t start = 0; start < 3; start++) {
    memset(value, 'a', start);
    memset(value + start, '/', 300);
    value[300] = '\0';
    char *path = path_of(value);
    size_t plain = 6;
    assert_true(strlen(path) <= 126);
    while (path[plain] == 'a' || path[plain] == '%') {
      plain += path[plain] == '%' ? 3 : 1;
    }
    assert_int_equal(path[plain], '-');
    assert_int_equal(strspn(path + plain + 1, "0123456789abcdef"), 16);
    free(path);
  }
}

/* ---- values ---------------------------------------------------------- */

static void single_values_are_little_endian(void **state)
{
  (void)state;
  struct vqe_iceberg_bytes value;
  vqe_iceberg_bytes_int(&value, -2);
  assert_int_equal(value.size, 4);
  assert_memory_equal(value.data, "\xfe\xff\xff\xff", 4);
  vqe_iceberg_bytes_clear(&value);
  vqe_iceberg_bytes_long(&value, INT64_C(0x0102030405060708));
  assert_int_equal(value.size, 8);
  assert_memory_equal(value.data, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
  vqe_iceberg_bytes_clear(&value);
  vqe_iceberg_bytes_double(&value, 1.0);
  assert_memory_equal(value.data, "\0\0\0\0\0\0\xf0\x3f", 8);
  vqe_iceberg_bytes_clear(&value);
  vqe_iceberg_bytes_boolean(&value, true);
  assert_int_equal(value.size, 1);
  assert_int_equal(value.data[0], 1);
  vqe_iceberg_bytes_clear(&value);
  /* the empty string is a value, no string is null */
  vqe_iceberg_bytes_string(&value, "", 0);
  assert_non_null(value.data);
  assert_int_equal(value.size, 0);
  vqe_iceberg_bytes_clear(&value);
  vqe_iceberg_bytes_string(&value, NULL, 0);
  assert_null(value.data);
}

static void expect_bound(const char *text, bool upper, const char *expected)
{
  struct vqe_iceberg_bytes value;
  vqe_iceberg_bytes_string(&value, text, strlen(text));
  assert_int_equal(vqe_iceberg_bound(&value, VQE_ICEBERG_STRING, upper),
                   VQE_OK);
  if (expected == NULL) {
    assert_null(value.data);
  } else {
    assert_non_null(value.data);
    assert_int_equal(value.size, strlen(expected));
    assert_memory_equal(value.data, expected, value.size);
    /* what the bound is for: byte order is the order of code points */
    int order = strcmp(expected, text);
    assert_true(upper ? order >= 0 : order <= 0);
  }
  vqe_iceberg_bytes_clear(&value);
}

#define X15 "xxxxxxxxxxxxxxx"
#define TOP "\xf4\x8f\xbf\xbf" /* U+10FFFF */
#define TOP4 TOP TOP TOP TOP
#define E4 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"

static void string_bounds_are_cut_and_rounded_up(void **state)
{
  (void)state;
  expect_bound("", false, "");
  expect_bound("", true, "");
  expect_bound("short", true, "short");
  expect_bound(X15 "y", true, X15 "y"); /* 16 code points are kept */
  expect_bound(X15 "yz", false, X15 "y");
  expect_bound(X15 "yz", true, X15 "z");
  /* code points, not bytes: 16 times U+00E9 are 32 bytes */
  expect_bound(E4 E4 E4 E4, true, E4 E4 E4 E4);
  expect_bound(E4 E4 E4 E4 "a", false, E4 E4 E4 E4);
  expect_bound(E4 E4 E4 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                        "a",
               true, E4 E4 E4 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xaa");
  /* the next code point may need one more byte */
  expect_bound(X15 "\x7f!", true, X15 "\xc2\x80");
  expect_bound(X15 "\xdf\xbf!", true, X15 "\xe0\xa0\x80");
  expect_bound(X15 "\xef\xbf\xbf!", true, X15 "\xf0\x90\x80\x80");
  /* surrogates are no code points: U+D7FF is followed by U+E000 */
  expect_bound(X15 "\xed\x9f\xbf!", true, X15 "\xee\x80\x80");
  /* the last code point has no next one: the one before it is raised */
  expect_bound(X15 TOP "!", true, "xxxxxxxxxxxxxxy");
  expect_bound("a" TOP4 TOP4 TOP4 TOP TOP TOP "!", true, "b");
  /* none can be raised: no bound at all */
  expect_bound(TOP4 TOP4 TOP4 TOP4 "!", true, NULL);
  expect_bound(TOP4 TOP4 TOP4 TOP4 "!", false, TOP4 TOP4 TOP4 TOP4);
  /* not UTF-8: nothing to be sure of */
  expect_bound("\xff", true, NULL);
  expect_bound("\xed\xa0\x80", false, NULL); /* a surrogate */
  expect_bound("\xc0\x80", false, NULL);     /* overlong */
  expect_bound("\xe2\x82", true, NULL);      /* cut */
}

static void expect_double(double number, bool upper, double expected)
{
  struct vqe_iceberg_bytes value;
  double found;
  vqe_iceberg_bytes_double(&value, number);
  assert_int_equal(vqe_iceberg_bound(&value, VQE_ICEBERG_DOUBLE, upper),
                   VQE_OK);
  if (isnan(expected)) {
    assert_null(value.data);
    return;
  }
  memcpy(&found, value.data, sizeof found);
  assert_true(found == expected);
  assert_int_equal(signbit(found) != 0, signbit(expected) != 0);
  vqe_iceberg_bytes_clear(&value);
}

static void double_bounds_are_never_nan(void **state)
{
  (void)state;
  expect_double(NAN, false, NAN);
  expect_double(-NAN, true, NAN);
  expect_double(0.0, false, -0.0);
  expect_double(-0.0, false, -0.0);
  expect_double(-0.0, true, 0.0);
  expect_double(0.0, true, 0.0);
  expect_double(-1.5, true, -1.5);
  expect_double(INFINITY, true, INFINITY);
  struct vqe_iceberg_bytes value;
  vqe_iceberg_bytes_int(&value, 1);
  assert_int_equal(vqe_iceberg_bound(&value, VQE_ICEBERG_DOUBLE, false),
                   VQE_ERR_INPUT);
  vqe_iceberg_bytes_clear(&value);
}

static void values_compare_by_value_not_by_bytes(void **state)
{
  (void)state;
  struct vqe_iceberg_bytes a, b;
  const double doubles[] = {-INFINITY, -1.0, -0.0, 0.0, 1e-300, INFINITY};
  for (size_t i = 0; i < 6; i++) {
    for (size_t k = 0; k < 6; k++) {
      vqe_iceberg_bytes_double(&a, doubles[i]);
      vqe_iceberg_bytes_double(&b, doubles[k]);
      int order = vqe_iceberg_bytes_compare(&a, &b, VQE_ICEBERG_DOUBLE);
      assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
      vqe_iceberg_bytes_clear(&a);
      vqe_iceberg_bytes_clear(&b);
    }
  }
  /* little-endian bytes are not in order */
  vqe_iceberg_bytes_int(&a, 256);
  vqe_iceberg_bytes_int(&b, 255);
  assert_true(vqe_iceberg_bytes_compare(&a, &b, VQE_ICEBERG_INT) > 0);
  vqe_iceberg_bytes_clear(&a);
  vqe_iceberg_bytes_int(&a, -1);
  assert_true(vqe_iceberg_bytes_compare(&a, &b, VQE_ICEBERG_DATE) < 0);
  vqe_iceberg_bytes_clear(&a);
  vqe_iceberg_bytes_clear(&b);
  vqe_iceberg_bytes_string(&a, "ab", 2);
  vqe_iceberg_bytes_string(&b, "a", 1);
  assert_true(vqe_iceberg_bytes_compare(&a, &b, VQE_ICEBERG_STRING) > 0);
  vqe_iceberg_bytes_clear(&a);
  vqe_iceberg_bytes_clear(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(definition_ids_are_those_of_spark),
      cmocka_unit_test(bad_definition_is_refused_with_its_reason),
      cmocka_unit_test(partition_path_is_escaped_as_java_does),
      cmocka_unit_test(long_partition_values_are_cut_and_stay_apart),
      cmocka_unit_test(single_values_are_little_endian),
      cmocka_unit_test(string_bounds_are_cut_and_rounded_up),
      cmocka_unit_test(double_bounds_are_never_nan),
      cmocka_unit_test(values_compare_by_value_not_by_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
