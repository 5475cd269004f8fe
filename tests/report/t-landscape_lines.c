/* What is said of landscapes below the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/landscape_lines.h"
#include "report/report_fixture.h"

static char *print(struct vqe_result *const *results, size_t count)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  vqe_report_landscapes(stream, results, count, 80);
  fclose(stream);
  return text;
}

static void line_has_total_energy_and_variances(void **state)
{
  (void)state;
  struct vqe_result *result = report_ok("H2");
  char *text = print(&result, 1);
  assert_string_equal(text, "");
  free(text);
  result->landscape = (struct vqe_landscape){400.0, -1.25, 0.03125, 0.0078125};
  result->nuclear_repulsion_energy = 0.75;
  text = print(&result, 1);
  assert_non_null(strstr(text, "Landscape of H2 "));
  assert_non_null(strstr(text, "400 random"));
  assert_non_null(strstr(text, "energy -0.5000 hartree on average"));
  assert_non_null(strstr(text, "3.125e-02"));
  assert_non_null(strstr(text, "7.812e-03"));
  for (const char *line = text; line != NULL && *line != '\0';) {
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    assert_true(end - line <= 80);
    line = end + 1;
  }
  free(text);
  vqe_result_free(result);
}

/* One point has no variance. */
static void what_is_not_known_is_left_out(void **state)
{
  (void)state;
  struct vqe_result *result = report_ok("H2");
  result->landscape = (struct vqe_landscape){1.0, -1.25, NAN, NAN};
  char *text = print(&result, 1);
  assert_non_null(strstr(text, "1 random point:"));
  assert_null(strstr(text, "nan"));
  assert_null(strstr(text, "variance"));
  free(text);
  vqe_result_free(result);
}

static void many_are_counted(void **state)
{
  (void)state;
  struct vqe_result *results[VQE_REPORT_LANDSCAPES + 3];
  size_t count = sizeof results / sizeof results[0];
  for (size_t k = 0; k < count; k++) {
    results[k] = report_ok("H2");
    results[k]->landscape = (struct vqe_landscape){2.0, -1.0, 0.5, 0.25};
  }
  char *text = print(results, count);
  assert_non_null(strstr(text, "3 more landscapes: --summary has all."));
  free(text);
  for (size_t k = 0; k < count; k++) {
    vqe_result_free(results[k]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(line_has_total_energy_and_variances),
      cmocka_unit_test(what_is_not_known_is_left_out),
      cmocka_unit_test(many_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
