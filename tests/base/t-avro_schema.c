/* Schemas that would make avro-c recurse, loop or take memory without end are
 * refused by a message that names the type; all that others write passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/avro_schema.h"
#include "base/file.h"
#include "vqe/error.h"

#define RECORD(name, fields)                                                  \
  "{\"type\": \"record\", \"name\": \"" name "\", \"fields\": [" fields "]}"
#define FIELD(name, type) "{\"name\": \"" name "\", \"type\": " type "}"
#define ARRAY(items) "{\"type\": \"array\", \"items\": " items "}"
#define MAP(values) "{\"type\": \"map\", \"values\": " values "}"
#define FIXED(name, size)                                                     \
  "{\"type\": \"fixed\", \"name\": \"" name "\", \"size\": " size "}"

static int parse(const char *text, size_t size)
{
  avro_schema_t schema = NULL;
  int status = vqe_schema_parse(&schema, text, size);
  assert_int_equal(status == VQE_OK, schema != NULL);
  if (schema != NULL) {
    avro_schema_decref(schema);
  }
  return status;
}

static void refused(const char *text, int status, const char *words)
{
  assert_int_equal(parse(text, strlen(text)), status);
  if (strstr(vqe_error_message(), words) == NULL) {
    fail_msg("'%s' is not in: %s", words, vqe_error_message());
  }
}

static void passes(const char *text)
{
  if (parse(text, strlen(text)) != VQE_OK) {
    fail_msg("%s: %s", vqe_error_message(), text);
  }
}

static void schemas_of_honest_writers_pass(void **state)
{
  (void)state;
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_file_read(&text, &size,
                                 VQE_TEST_DATA
                                 "/../../schemas/avro/experiment.vqe.avsc",
                                 1 << 20),
                   VQE_OK);
  assert_int_equal(parse(text, size), VQE_OK);
  free(text);
  passes("\"string\"");
  passes("[\"null\", \"int\"]");
  passes(ARRAY(ARRAY("\"double\"")));
  passes(MAP("\"null\""));
  passes(FIXED("decimal", "16"));
  passes("{\"type\": \"enum\", \"name\": \"e\", \"symbols\": [\"A\", \"B\"]}");
  /* one name in two namespaces is two types */
  passes("{\"type\": \"record\", \"name\": \"a\", \"namespace\": \"one\", "
         "\"fields\": [" FIELD("x", "{\"type\": \"record\", \"name\": "
                                    "\"two.a\", \"fields\": []}") "]}");
  /* used twice, defined once */
  passes(RECORD("r", FIELD("x", RECORD("in", FIELD("i", "\"int\""))) "," FIELD(
                         "y", ARRAY("\"in\""))));
  /* a default value may look like a type */
  passes(RECORD("r",
                "{\"name\": \"m\", \"type\": " MAP(
                    "\"int\"") ", \"default\": {\"type\": 1, \"items\": 2}}"));
}

static void types_that_contain_themselves_are_refused(void **state)
{
  (void)state;
  refused(RECORD("Node", FIELD("next", "\"Node\"")), VQE_ERR_UNSUPPORTED,
          "contains itself: 'Node'");
  refused(RECORD("Tree", FIELD("left", "[\"null\", \"Tree\"]")),
          VQE_ERR_UNSUPPORTED, "contains itself: 'Tree'");
  refused(RECORD("List", FIELD("all", ARRAY("\"List\""))), VQE_ERR_UNSUPPORTED,
          "contains itself");
  refused(RECORD("Map", FIELD("all", MAP("\"Map\""))), VQE_ERR_UNSUPPORTED,
          "contains itself");
  refused(RECORD("A", FIELD("b", RECORD("B", FIELD("a", "\"A\"")))),
          VQE_ERR_UNSUPPORTED, "contains itself");
}

static void sizes_without_end_are_refused(void **state)
{
  (void)state;
  refused(FIXED("huge", "4611686018427387904"), VQE_ERR_UNSUPPORTED, "'huge'");
  refused(FIXED("f", "1048577"), VQE_ERR_UNSUPPORTED, "1 MiB");
  passes(FIXED("f", "1048576"));
  refused("[\"null\", " FIXED("f", "2000000") "]", VQE_ERR_UNSUPPORTED,
          "1 MiB");
  /* many that are allowed are one value that is not */
  char text[4096];
  int used = snprintf(text, sizeof text,
                      "{\"type\": \"record\", \"name\": \"r\", \"fields\": "
                      "[" FIELD("f", FIXED("block", "1048576")));
  for (int k = 0; k < 20; k++) {
    used += snprintf(text + used, sizeof text - (size_t)used,
                     ", {\"name\": \"f%d\", \"type\": \"block\"}", k);
  }
  snprintf(text + used, sizeof text - (size_t)used, "]}");
  refused(text, VQE_ERR_UNSUPPORTED, "16 MiB");
}

static void items_without_bytes_are_refused(void **state)
{
  (void)state;
  refused(ARRAY("\"null\""), VQE_ERR_UNSUPPORTED, "no bytes");
  refused(ARRAY(RECORD("empty", "")), VQE_ERR_UNSUPPORTED, "'empty'");
  refused(ARRAY(RECORD("nulls", FIELD("a", "\"null\""))), VQE_ERR_UNSUPPORTED,
          "'nulls'");
  refused(RECORD("r", FIELD("a", ARRAY(FIXED("f", "0")))), VQE_ERR_UNSUPPORTED,
          "no bytes");
  passes(ARRAY(ARRAY("\"int\"")));
  passes(ARRAY("[\"null\", \"int\"]"));
}

/* b0 = {}, b1 = {b0, b0}, ...: 2^30 fields of thirty short lines. */
static void references_are_counted_where_they_stand(void **state)
{
  (void)state;
  char text[8192];
  int used = snprintf(text, sizeof text, "[\"null\", " RECORD("b0", ""));
  for (int k = 1; k <= 28; k++) {
    used += snprintf(text + used, sizeof text - (size_t)used,
                     ", {\"type\": \"record\", \"name\": \"b%d\", \"fields\": "
                     "[{\"name\": \"x\", \"type\": \"b%d\"}, {\"name\": "
                     "\"y\", \"type\": \"b%d\"}]}",
                     k, k - 1, k - 1);
  }
  snprintf(text + used, sizeof text - (size_t)used, "]");
  assert_int_equal(parse(text, strlen(text)), VQE_ERR_UNSUPPORTED);
}

static void fill(char *text, size_t size, const char *open, const char *inner,
                 const char *close, int depth)
{
  text[0] = '\0';
  for (int k = 0; k < depth; k++) {
    strncat(text, open, size - strlen(text) - 1);
  }
  strncat(text, inner, size - strlen(text) - 1);
  for (int k = 0; k < depth; k++) {
    strncat(text, close, size - strlen(text) - 1);
  }
}

static void depth_has_an_end(void **state)
{
  (void)state;
  static char text[1 << 17];
  const char *open = "{\"type\": \"array\", \"items\": ";
  fill(text, sizeof text, open, "\"int\"", "}", 20);
  passes(text);
  fill(text, sizeof text, open, "\"int\"", "}", 40);
  refused(text, VQE_ERR_UNSUPPORTED, "32 deep");
  fill(text, sizeof text, open, "\"int\"", "}", 1000);
  refused(text, VQE_ERR_UNSUPPORTED, "nested too deeply");
  /* the parser of JSON stops by itself */
  fill(text, sizeof text, "[", "", "]", 20000);
  refused(text, VQE_ERR_INPUT, "broken JSON");
  fill(text, sizeof text, "{\"default\": ", "1", "}", 4000);
  refused(text, VQE_ERR_INPUT, "broken JSON");
}

static void unions_and_names_follow_the_rules(void **state)
{
  (void)state;
  const char *text = "[\"null\", [\"int\", \"string\"]]";
  assert_int_not_equal(parse(text, strlen(text)), VQE_OK);
  refused(RECORD("r", FIELD("a", RECORD("r", ""))), VQE_ERR_UNSUPPORTED,
          "two types have the name 'r'");
  refused("{\"type\": \"record\", \"name\": \"r\", \"namespace\": \"n\", "
          "\"fields\": [" FIELD("a", FIXED("n.r", "4")) "]}",
          VQE_ERR_UNSUPPORTED, "'n.r'");
}

static void what_is_no_schema_is_an_input_error(void **state)
{
  (void)state;
  static const char *const texts[] = {
      "",
      "{",
      "7",
      "null",
      "\"unknown\"",
      "{}",
      "{\"type\": 7}",
      "{\"type\": \"record\", \"name\": \"r\"}",
      "{\"type\": \"array\"}",
      "{\"type\": \"enum\", \"name\": \"e\", \"symbols\": [7]}",
      "{\"type\": \"fixed\", \"name\": \"f\"}",
  };
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    if (parse(texts[k], strlen(texts[k])) != VQE_ERR_INPUT) {
      fail_msg("%s: %s", texts[k], vqe_error_message());
    }
  }
  assert_int_equal(parse("\"int\"\0\"x\"", 9), VQE_ERR_INPUT);
  /* control characters of it reach no terminal */
  refused("\"a\\u001b[31m\"", VQE_ERR_INPUT, "");
  assert_null(strchr(vqe_error_message(), '\x1b'));
  refused(RECORD("r", FIELD("a\\u001b[31m", "\"int\"")), VQE_ERR_INPUT, "");
  assert_null(strchr(vqe_error_message(), '\x1b'));
  size_t size = ((size_t)1 << 20) + 1;
  char *large = malloc(size);
  assert_non_null(large);
  memset(large, ' ', size);
  assert_int_equal(parse(large, size), VQE_ERR_UNSUPPORTED);
  free(large);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(schemas_of_honest_writers_pass),
      cmocka_unit_test(types_that_contain_themselves_are_refused),
      cmocka_unit_test(sizes_without_end_are_refused),
      cmocka_unit_test(items_without_bytes_are_refused),
      cmocka_unit_test(references_are_counted_where_they_stand),
      cmocka_unit_test(depth_has_an_end),
      cmocka_unit_test(unions_and_names_follow_the_rules),
      cmocka_unit_test(what_is_no_schema_is_an_input_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
