/* The text format: what Prometheus's own description of it asks for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/exposition.h"
#include "vqe/error.h"

static void assert_text(struct vqe_exposition *out, const char *wanted)
{
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_exposition_take(&text, &size, out), VQE_OK);
  assert_int_equal(strlen(text), size);
  assert_string_equal(text, wanted);
  free(text);
}

static void family_has_help_and_type_once_before_its_samples(void **state)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  (void)state;
  vqe_exposition_family(&out, "vqe_a", "gauge", "What it is.");
  vqe_exposition_sample(&out, "x=\"1\"", NULL, 1.0);
  vqe_exposition_sample(&out, "x=\"1\"", "y=\"2\"", 2.0);
  vqe_exposition_sample(&out, NULL, "y=\"2\"", 3.0);
  vqe_exposition_family(&out, "vqe_b_total", "counter", "More.");
  vqe_exposition_sample(&out, "", NULL, 4.0);
  assert_text(&out, "# HELP vqe_a What it is.\n"
                    "# TYPE vqe_a gauge\n"
                    "vqe_a{x=\"1\"} 1\n"
                    "vqe_a{x=\"1\",y=\"2\"} 2\n"
                    "vqe_a{y=\"2\"} 3\n"
                    "# HELP vqe_b_total More.\n"
                    "# TYPE vqe_b_total counter\n"
                    "vqe_b_total 4\n");
}

static void family_without_samples_leaves_nothing(void **state)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  (void)state;
  vqe_exposition_family(&out, "vqe_a", "gauge", "What it is.");
  assert_text(&out, "");
}

static void numbers_are_read_back_as_they_were(void **state)
{
  static const double values[] = {
      0.1,  -1.137270174, 1.0 / 3.0,   1e300, 5e-324, 9007199254740991.0,
      1e22, -0.0,         123456789.0, 2.5e-9};
  (void)state;
  for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
    struct vqe_exposition out = VQE_EXPOSITION_INIT;
    vqe_exposition_family(&out, "vqe_a", "gauge", "");
    vqe_exposition_sample(&out, NULL, NULL, values[k]);
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(vqe_exposition_take(&text, &size, &out), VQE_OK);
    const char *number = strstr(text, "\nvqe_a ") + strlen("\nvqe_a ");
    char *end = NULL;
    assert_true(strtod(number, &end) == values[k]);
    assert_string_equal(end, "\n");
    free(text);
  }
}

static void
numbers_that_are_not_finite_have_the_names_of_the_format(void **state)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  (void)state;
  vqe_exposition_family(&out, "a", "gauge", "h");
  vqe_exposition_sample(&out, NULL, NULL, NAN);
  vqe_exposition_sample(&out, NULL, NULL, INFINITY);
  vqe_exposition_sample(&out, NULL, NULL, -INFINITY);
  assert_text(&out, "# HELP a h\n# TYPE a gauge\na NaN\na +Inf\na -Inf\n");
}

static void assert_labels(const struct vqe_exposition_label *labels,
                          size_t count, const char *wanted)
{
  char *text = NULL;
  assert_int_equal(vqe_exposition_labels(&text, labels, count), VQE_OK);
  assert_string_equal(text, wanted);
  free(text);
}

static void label_values_are_escaped(void **state)
{
  const struct vqe_exposition_label labels[] = {{"a", "say \"hi\""},
                                                {"b", "C:\\x"},
                                                {"c", "two\nlines"},
                                                {"d", "H\xe2\x82\x82O"}};
  (void)state;
  assert_labels(labels, 4,
                "a=\"say \\\"hi\\\"\",b=\"C:\\\\x\",c=\"two\\nlines\","
                "d=\"H\xe2\x82\x82O\"");
}

static void bytes_that_are_no_utf8_are_marked(void **state)
{
  const struct vqe_exposition_label labels[] = {
      {"a", "x\xffy"}, {"b", "\xc3"}, {"c", "\xed\xa0\x80"}};
  (void)state;
  assert_labels(labels, 3, "a=\"x?y\",b=\"?\",c=\"???\"");
}

static void empty_labels_are_left_out(void **state)
{
  const struct vqe_exposition_label labels[] = {
      {"a", ""}, {"b", NULL}, {"c", "1"}, {"d", ""}};
  (void)state;
  assert_labels(labels, 4, "c=\"1\"");
  assert_labels(labels, 2, "");
}

static void help_is_escaped_without_its_quotes(void **state)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  (void)state;
  vqe_exposition_family(&out, "a", "gauge", "one\ntwo \\ \"three\"");
  vqe_exposition_sample(&out, NULL, NULL, 1.0);
  assert_text(&out,
              "# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na 1\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(family_has_help_and_type_once_before_its_samples),
      cmocka_unit_test(family_without_samples_leaves_nothing),
      cmocka_unit_test(numbers_are_read_back_as_they_were),
      cmocka_unit_test(
          numbers_that_are_not_finite_have_the_names_of_the_format),
      cmocka_unit_test(label_values_are_escaped),
      cmocka_unit_test(bytes_that_are_no_utf8_are_marked),
      cmocka_unit_test(empty_labels_are_left_out),
      cmocka_unit_test(help_is_escaped_without_its_quotes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
