/* Rows of the tables, which do not hold all that a result does: what a page
 * of them says, and what of foreign ones it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notes.h"
#include "pages/page_groups.h"
#include "pages/pages_fixture.h"

static void notes_of_tables_are_remarks(void **state)
{
  json_t *row = pages_row(1, 0.5, -1.1);
  (void)state;
  json_object_set_new(row, "notes",
                      json_pack("[s, s]", "no_fci", "wrong_spin"));
  char *html = pages_of_rows(&row, 1);
  assert_non_null(strstr(html, vqe_note_explanation(VQE_NOTE_NO_FCI)));
  assert_non_null(strstr(html, "<td>no FCI, other &lt;S^2&gt;</td>"));
  assert_null(strstr(html, "no result has a remark"));
  free(html);
}

/* Accuracy is of the molecule's state, as in the tables and the metrics. */
static void only_the_right_state_is_accurate(void **state)
{
  struct vqe_result *results[] = {
      pages_h2("right", 0.7, 1, 0.5), pages_h2("wrong", 0.7, 1, 0.5),
      pages_h2("unknown", 0.7, 1, 0.5), pages_h2("far", 0.7, 1, 2.5)};
  static const int accurate[] = {1, 0, -1};
  json_t *rows[3];
  (void)state;
  results[1]->s2_expectation = 2.0;
  results[2]->n_expectation = NAN;
  results[3]->n_expectation = NAN;
  char *html = pages_of(results, 4);
  assert_non_null(strstr(html, ">1 of 4</dd>"));
  assert_int_equal(pages_occurrences(html, "num good\">0.5000"), 1);
  assert_int_equal(pages_occurrences(html, "num poor\">0.5000"), 1);
  assert_int_equal(pages_occurrences(html, "num\">0.5000 ?"), 1);
  assert_int_equal(pages_occurrences(html, "num poor\">2.5000"), 1);
  free(html);
  for (int k = 0; k < 3; k++) {
    rows[k] = pages_row(k, 0.5, -1.1);
    json_object_set_new(rows[k], "within_chemical_accuracy",
                        accurate[k] < 0 ? json_null()
                                        : json_boolean(accurate[k]));
  }
  html = pages_of_rows(rows, 3);
  assert_non_null(strstr(html, ">1 of 3</dd>"));
  assert_int_equal(pages_occurrences(html, "num good\">0.5000"), 1);
  assert_int_equal(pages_occurrences(html, "num poor\">0.5000"), 1);
  assert_int_equal(pages_occurrences(html, "num\">0.5000 ?"), 1);
  free(html);
}

/* Texts and lists of foreign files can be of any length. */
static void what_is_too_long_is_cut(void **state)
{
  struct vqe_pages_run *run = NULL;
  size_t count = 5001;
  char *name = calloc(3 * count + 1, 1);
  json_t *row = pages_row(1, 0.5, -1.1);
  json_t *symbols = json_array();
  json_t *places = json_array();
  (void)state;
  for (size_t k = 0; k < count; k++) {
    memcpy(name + 3 * k, "\xe2\x82\xac", 3); /* a letter of three bytes */
    json_array_append_new(symbols, json_string("H"));
    json_array_append_new(places, json_pack("[f, f, f]", 0.0, 0.0, (double)k));
  }
  json_object_set_new(row, "symbols", symbols);
  json_object_set_new(row, "coordinates", places);
  json_object_set_new(row, "name", json_string(name));
  assert_int_equal(vqe_pages_run_of_row(&run, row), VQE_OK);
  assert_int_equal(run->natom, 0);
  assert_int_equal(strlen(run->name), VQE_PAGES_TEXT / 3 * 3);
  assert_memory_equal(run->name, name, strlen(run->name));
  vqe_pages_run_free(run);
  /* one atom less is a molecule */
  json_array_remove(symbols, 0);
  json_array_remove(places, 0);
  assert_int_equal(vqe_pages_run_of_row(&run, row), VQE_OK);
  assert_int_equal(run->natom, 5000);
  vqe_pages_run_free(run);
  json_decref(row);
  free(name);
}

static void circuits_that_are_never_drawn_are_not_kept(void **state)
{
  (void)state;
  for (int qubits = 12; qubits <= 13; qubits++) {
    struct vqe_pages_run *run = NULL;
    struct vqe_result *result = pages_h2("one", 0.7, 1, 0.5);
    json_t *row = pages_row(1, 0.5, -1.1);
    result->num_qubits = qubits;
    result->ansatz_qasm = strdup("x q[0];\n");
    json_object_set_new(row, "qubits", json_integer(qubits));
    json_object_set_new(row, "circuit", json_string("x q[0];\n"));
    assert_int_equal(vqe_pages_run_of(&run, result), VQE_OK);
    assert_int_equal(run->circuit != NULL, qubits == 12);
    vqe_pages_run_free(run);
    assert_int_equal(vqe_pages_run_of_row(&run, row), VQE_OK);
    assert_int_equal(run->circuit != NULL, qubits == 12);
    vqe_pages_run_free(run);
    vqe_result_free(result);
    json_decref(row);
  }
}

static void tables_do_not_know_what_failed(void **state)
{
  json_t *row = pages_row(1, 0.5, -1.1);
  struct vqe_result *result = pages_h2("one", 0.7, 1, 0.5);
  (void)state;
  char *html = pages_of_rows(&row, 1);
  assert_null(strstr(html, "no experiment failed"));
  assert_null(strstr(html, "none failed"));
  assert_non_null(strstr(html, "tables hold finished ones only"));
  free(html);
  html = pages_of(&result, 1);
  assert_non_null(strstr(html, "no experiment failed"));
  assert_non_null(strstr(html, "none failed"));
  free(html);
}

static void times_that_nobody_knows_have_no_column(void **state)
{
  json_t *row = pages_row(1, 0.5, -1.1);
  struct vqe_result *result = pages_h2("one", 0.7, 1, 0.5);
  (void)state;
  char *html = pages_of_rows(&row, 1);
  assert_null(strstr(html, "</svg> SCF</th>"));
  assert_null(strstr(html, "</svg> integrals</th>"));
  assert_null(strstr(html, "</svg> FCI</th>"));
  assert_null(strstr(html, "</svg> mapping</th>"));
  assert_non_null(strstr(html, "</svg> Hamiltonian (integrals, SCF)</th>"));
  assert_non_null(strstr(html, "</svg> VQE</th>"));
  free(html);
  html = pages_of(&result, 1);
  assert_non_null(strstr(html, "</svg> SCF</th>"));
  assert_non_null(strstr(html, "</svg> mapping</th>"));
  free(html);
}

/* Two active spaces of a size: each has an exact energy of its own. */
static void spaces_of_tables_are_no_seeds(void **state)
{
  static const double exact[] = {-1.1, -1.1, -1.2, -1.2};
  struct vqe_pages_set set = {0};
  struct vqe_pages_run *runs[4];
  (void)state;
  for (int k = 0; k < 4; k++) {
    json_t *row = pages_row(k, 0.1, exact[k]);
    assert_int_equal(vqe_pages_run_of_row(&runs[k], row), VQE_OK);
    json_decref(row);
  }
  set.runs = runs;
  set.nrun = 4;
  assert_int_equal(vqe_pages_group(&set), VQE_OK);
  assert_int_equal(set.problems.count, 2);
  assert_int_equal(set.groups.count, 2);
  for (size_t p = 0; p < 2; p++) {
    bool known = false;
    assert_true(vqe_pages_target(&set, p, &known) == exact[2 * p] && known);
  }
  assert_string_equal(runs[0]->cells[VQE_REPORT_SPACE], "4 qubits");
  vqe_pages_ungroup(&set);
  for (int k = 0; k < 4; k++) {
    vqe_pages_run_free(runs[k]);
  }
  json_t *rows[] = {pages_row(1, 0.1, -1.1)};
  char *html = pages_of_rows(rows, 1);
  assert_non_null(strstr(html, "The tables hold no orbital spaces"));
  free(html);
  struct vqe_result *result = pages_h2("one", 0.7, 1, 0.5);
  html = pages_of(&result, 1);
  assert_null(strstr(html, "The tables hold no orbital spaces"));
  free(html);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(notes_of_tables_are_remarks),
      cmocka_unit_test(only_the_right_state_is_accurate),
      cmocka_unit_test(what_is_too_long_is_cut),
      cmocka_unit_test(circuits_that_are_never_drawn_are_not_kept),
      cmocka_unit_test(tables_do_not_know_what_failed),
      cmocka_unit_test(times_that_nobody_knows_have_no_column),
      cmocka_unit_test(spaces_of_tables_are_no_seeds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
