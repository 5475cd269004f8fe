/* The page of results: what others wrote stays text, seeds and geometries are
 * brought together, numbers are those of the results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/page_draw.h"
#include "pages/page_groups.h"
#include "pages/pages_fixture.h"
#include "vqe/property.h"

static void texts_of_others_are_no_markup(void **state)
{
  struct vqe_result *results[] = {pages_h2(PAGES_HOSTILE, 0.7, 1, 0.5),
                                  report_failed(PAGES_HOSTILE)};
  (void)state;
  results[0]->notes = strdup("<b onclick=x>: <i onclick=y>\nno_fci: z");
  char *html = pages_of(results, 2);
  assert_null(strstr(html, "<img src=x"));
  assert_null(strstr(html, "<b onclick"));
  assert_null(strstr(html, "<i onclick"));
  assert_null(strchr(html, '\x1b'));
  assert_non_null(strstr(html, "&lt;/script&gt;&lt;img src=x "
                               "onerror=alert(1)&gt;&quot;&#39;&amp; [2J"));
  /* in the data of the scripts */
  assert_non_null(strstr(html, "\\u003c/script\\u003e\\u003cimg"));
  free(html);
}

static void numbers_are_those_of_the_results(void **state)
{
  struct vqe_result *results[] = {pages_h2("one", 0.7, 1, 0.5),
                                  pages_h2("two", 0.8, 1, 2.25)};
  (void)state;
  char *html = pages_of(results, 2);
  assert_non_null(strstr(html, "num good\">0.5000"));
  assert_non_null(strstr(html, "num poor\">2.2500"));
  assert_non_null(strstr(html, ">1 of 2</dd>")); /* within 1.6 mHa */
  assert_non_null(strstr(html, "\xe2\x88\x92"
                               "1.13050000"));  /* FCI */
  assert_non_null(strstr(html, ">0.700</td>")); /* the bond */
  free(html);
}

/* Random points cannot converge; a column is there where it has numbers. */
static void landscapes_and_noise_are_shown_as_what_they_are(void **state)
{
  (void)state;
  for (int noisy = 0; noisy < 2; noisy++) {
    struct vqe_result *results[] = {pages_h2("one", 0.7, 1, 0.5),
                                    pages_h2("two", 0.7, 2, 50.0)};
    free(results[1]->experiment->optimizer);
    results[1]->experiment->optimizer = strdup(VQE_LANDSCAPE);
    if (noisy == 1) {
      const uint64_t shape[VQE_PROPERTY_DIMS] = {1};
      double *values = NULL;
      assert_int_equal(
          vqe_property_add(&values, results[0], "noise_energy", shape),
          VQE_OK);
      values[0] = -1.0625;
    }
    char *html = pages_of(results, 2);
    assert_non_null(strstr(html, ">1 of 1</dd>")); /* converged */
    assert_null(strstr(html, "not converged (1 of"));
    assert_true((strstr(html, ">with noise</th>") != NULL) == (noisy == 1));
    assert_true((strstr(html, "\xe2\x88\x92"
                              "1.06250000") != NULL) == (noisy == 1));
    free(html);
  }
}

static void seeds_make_groups_and_geometries_families(void **state)
{
  struct vqe_pages_set set = {0};
  struct vqe_pages_run *runs[12];
  (void)state;
  for (int k = 0; k < 12; k++) {
    /* three lengths, four seeds each, the worst first */
    struct vqe_result *result =
        pages_h2("H2", 0.7 + 0.1 * (k % 3), k / 3, 4.0 - k / 3);
    assert_int_equal(vqe_pages_run_of(&runs[k], result), VQE_OK);
    vqe_result_free(result);
  }
  set.runs = runs;
  set.nrun = 12;
  assert_int_equal(vqe_pages_group(&set), VQE_OK);
  assert_int_equal(set.problems.count, 3);
  assert_int_equal(set.groups.count, 3);
  assert_int_equal(set.families.count, 1);
  assert_int_equal(vqe_pages_length(&set.families, 0), 3);
  for (size_t g = 0; g < 3; g++) {
    static const double errors[] = {1.0, 2.0, 4.0};
    assert_int_equal(vqe_pages_good(&set, g), 4);
    for (int place = 0; place < 3; place++) {
      assert_true(fabs(vqe_pages_run_error(vqe_pages_pick(&set, g, place)) -
                       errors[place]) < 1e-9);
    }
  }
  vqe_pages_ungroup(&set);
  for (int k = 0; k < 12; k++) {
    vqe_pages_run_free(runs[k]);
  }
}

static void thousands_share_lines(void **state)
{
  size_t count = 1500;
  struct vqe_result **results = calloc(count, sizeof *results);
  (void)state;
  for (size_t k = 0; k < count; k++) {
    results[k] = pages_h2("H2", 0.5 + 0.01 * (double)(k / 10),
                          (int64_t)(k % 10), 0.1 * (double)(k % 10));
  }
  char *html = pages_of(results, count);
  const char *table = strstr(html, "id=\"results\"");
  char *end = strstr(table, "</section>");
  *end = '\0';
  assert_int_equal(pages_occurrences(table, "<tr><th scope=\"row\">"), 150);
  assert_true(strlen(html) < (size_t)4 << 20);
  free(html);
  free(results);
}

static void the_rest_of_a_hamiltonian_is_summed(void **state)
{
  struct vqe_pages_run *run = NULL;
  struct vqe_pages_term terms[20];
  char labels[20][8];
  double rest = 0.0;
  (void)state;
  for (int k = 0; k < 20; k++) {
    snprintf(labels[k], sizeof labels[k], "Z%d", k);
    double sign = k % 2 == 0 ? 1.0 : -1.0;
    terms[k] = (struct vqe_pages_term){labels[k], sign * (k + 1), 0.0};
    rest += k < 3 ? k + 1 : 0.0;
  }
  strcpy(labels[19], "II");
  assert_int_equal(vqe_pages_run_create(&run), VQE_OK);
  assert_int_equal(vqe_pages_run_keep_terms(run, terms, 20), VQE_OK);
  assert_int_equal(run->nterm, VQE_PAGES_TERMS);
  assert_int_equal(run->nterm_rest, 3);
  assert_true(run->rest == rest && run->identity == -20.0);
  assert_string_equal(run->terms[0].label, "Z18");
  vqe_pages_run_free(run);
}

static void kept_evaluations_end_with_the_last(void **state)
{
  static const size_t counts[] = {0, 1, 160, 161, 1000, 1000000};
  (void)state;
  for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
    size_t steps[VQE_PAGES_POINTS];
    size_t kept = vqe_pages_run_steps(steps, counts[c]);
    assert_true(kept <= VQE_PAGES_POINTS && kept <= counts[c]);
    assert_true(kept == 0 ? counts[c] == 0
                          : steps[0] == 0 && steps[kept - 1] == counts[c] - 1);
    for (size_t k = 1; k < kept; k++) {
      assert_true(steps[k] > steps[k - 1]);
    }
  }
}

static void only_circuits_that_can_be_read_are_drawn(void **state)
{
  static const struct {
    const char *text;
    bool drawn;
  } circuits[] = {
      {"OPENQASM 3.0;\nqubit[2] q;\nry(t00000) q[0];\ncx q[0], q[1];\n", true},
      {"x q[5];\n", false},
      {"x q[-1];\n", false},
      {"<svg onload=x> q[0];\n", false},
      {"cx q[0], q[1], q[0], q[1], q[0];\n", false},
      {"", false}};
  (void)state;
  for (size_t k = 0; k < sizeof circuits / sizeof circuits[0]; k++) {
    struct vqe_pages_run *run = NULL;
    struct vqe_pages_text text = {NULL, 0, 0, VQE_OK};
    assert_int_equal(vqe_pages_run_create(&run), VQE_OK);
    run->nqubit = 2;
    run->circuit = strdup(circuits[k].text);
    assert_int_equal(vqe_pages_draw_circuit(&text, run), circuits[k].drawn);
    assert_true((text.used > 0) == circuits[k].drawn);
    free(text.data);
    vqe_pages_run_free(run);
  }
}

/* Eight ansatzes of one molecule: charts have six lines, six circuits stand.
 */
static void settings_that_are_left_out_are_counted(void **state)
{
  struct vqe_result *results[8];
  (void)state;
  for (int k = 0; k < 8; k++) {
    results[k] = pages_h2("one", 0.7, 1, 0.5);
    free(results[k]->experiment->ansatz_name);
    assert_true(asprintf(&results[k]->experiment->ansatz_name, "A%d", k) > 0);
    results[k]->ansatz_qasm = strdup("x q[0];\n");
  }
  char *html = pages_of(results, 8);
  assert_non_null(strstr(html, "at most: 2 further ones are not drawn"));
  assert_non_null(strstr(html, ">2 further circuits are not drawn."));
  assert_int_equal(pages_occurrences(html, "<svg class=\"circuit\""), 6);
  assert_null(strstr(html, "further charts are drawn where scripts run"));
  free(html);
}

/* Fourteen molecules: twelve have a chart and occupations of their own. */
static void molecules_that_are_left_out_are_counted(void **state)
{
  struct vqe_result *results[14];
  (void)state;
  for (int k = 0; k < 14; k++) {
    char name[8];
    snprintf(name, sizeof name, "m%d", k);
    results[k] = pages_h2(name, 0.7, 1, 0.5);
    results[k]->natural_occupations = calloc(2, sizeof(double));
    results[k]->noccupation = 2;
  }
  char *html = pages_of(results, 14);
  assert_non_null(
      strstr(html, ">2 further charts are drawn where scripts run"));
  assert_non_null(strstr(html, ">Occupations of 2 further molecules"));
  assert_null(strstr(html, "further circuits are not drawn"));
  assert_null(strstr(html, "further ones are not drawn"));
  free(html);
}

static void ranks_are_of_all_runs(void **state)
{
  struct vqe_result *results[4];
  (void)state;
  for (int k = 0; k < 4; k++) {
    results[k] = pages_h2("one", 0.7, k, 0.5);
    results[k]->mpi_ranks = k < 2 ? 1 : 16;
    results[k]->threads = k == 3 ? 8 : 4;
  }
  char *html = pages_of(results, 4);
  assert_non_null(strstr(html, "<td>1, 4; 16, 4; 16, 8</td>"));
  free(html);
}

/* 1,500 circuits of 23,000 bytes are more than are kept. */
static void circuits_take_bounded_memory(void **state)
{
  size_t count = 1500;
  struct vqe_result **results = calloc(count, sizeof *results);
  char *text = calloc(23001, 1);
  (void)state;
  for (size_t k = 0; k < 23000; k += 8) {
    memcpy(text + k, "x q[0];\n", 8);
  }
  for (size_t k = 0; k < count; k++) {
    results[k] = pages_h2("H2", 0.7, (int64_t)k, 0.1);
    results[k]->ansatz_qasm = strdup(k == 0 ? "x q[0];\n" : text);
  }
  char *html = pages_of(results, count);
  assert_non_null(strstr(html, "Circuits of later experiments may be left"));
  free(html);
  free(text);
  free(results);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circuits_take_bounded_memory),
      cmocka_unit_test(ranks_are_of_all_runs),
      cmocka_unit_test(settings_that_are_left_out_are_counted),
      cmocka_unit_test(molecules_that_are_left_out_are_counted),
      cmocka_unit_test(texts_of_others_are_no_markup),
      cmocka_unit_test(numbers_are_those_of_the_results),
      cmocka_unit_test(landscapes_and_noise_are_shown_as_what_they_are),
      cmocka_unit_test(seeds_make_groups_and_geometries_families),
      cmocka_unit_test(thousands_share_lines),
      cmocka_unit_test(the_rest_of_a_hamiltonian_is_summed),
      cmocka_unit_test(kept_evaluations_end_with_the_last),
      cmocka_unit_test(only_circuits_that_can_be_read_are_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
