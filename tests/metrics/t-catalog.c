/* The table of metrics and its page are one. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "metrics/catalog.h"
#include "vqe/error.h"

#define PAGE VQE_TEST_DATA "/../../src/metrics/README.md"
#define BEGIN "| name | type | unit | labels | what |\n|---|---|---|---|---|\n"

static void page_shows_the_table(void **state)
{
  char *page = NULL;
  char *wanted = NULL;
  size_t size = 0;
  (void)state;
  assert_int_equal(vqe_file_read(&page, &size, PAGE, (size_t)1 << 20), VQE_OK);
  assert_int_equal(vqe_catalog_page(&wanted), VQE_OK);
  const char *shown = strstr(page, BEGIN);
  assert_non_null(shown);
  shown += strlen(BEGIN);
  if (strncmp(shown, wanted, strlen(wanted)) != 0 ||
      shown[strlen(wanted)] == '|') {
    /* cmocka cuts what it prints */
    fprintf(stderr, "the table of src/metrics/README.md has to be:\n%s",
            wanted);
    fail();
  }
  free(wanted);
  free(page);
}

static bool ends_with(const char *text, const char *end)
{
  size_t length = strlen(text);
  return length >= strlen(end) &&
         strcmp(text + length - strlen(end), end) == 0;
}

/* https://prometheus.io/docs/practices/naming */
static void names_follow_the_rules_of_prometheus(void **state)
{
  (void)state;
  for (size_t k = 0; k < VQE_CATALOG_IDS; k++) {
    const struct vqe_catalog_metric *metric = &vqe_catalog_metrics[k];
    bool counts = strcmp(metric->type, "counter") == 0;
    assert_true(strncmp(metric->name, "vqe_", 4) == 0);
    assert_true(counts || strcmp(metric->type, "gauge") == 0);
    assert_int_equal(ends_with(metric->name, "_total"), counts);
    for (const char *c = metric->name; *c != '\0'; c++) {
      assert_true(*c == '_' || islower((unsigned char)*c));
    }
    if (strcmp(metric->unit, "seconds") == 0) {
      assert_non_null(strstr(metric->name, "_seconds"));
    }
    if (strcmp(metric->unit, "bytes") == 0) {
      assert_non_null(strstr(metric->name, "_bytes"));
    }
    for (size_t n = 0; n < k; n++) {
      assert_string_not_equal(metric->name, vqe_catalog_metrics[n].name);
    }
    assert_true(ends_with(metric->help, "."));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_shows_the_table),
      cmocka_unit_test(names_follow_the_rules_of_prometheus),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
