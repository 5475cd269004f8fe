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

#include "base/notes.h"
#include "pages/page_draw.h"
#include "pages/page_groups.h"
#include "pages/pages.h"
#include "report/report_fixture.h"
#include "vqe/error.h"

#define HOSTILE "</script><img src=x onerror=alert(1)>\"'&\x1b[2J"

/* H2 at a distance, with a seed and an error to FCI in millihartree. */
static struct vqe_result *h2(const char *name, double distance, int64_t seed,
                             double error)
{
  struct vqe_result *result = report_ok(name);
  struct vqe_molecule *molecule = calloc(1, sizeof *molecule);
  molecule->name = strdup(name);
  molecule->natom = 2;
  molecule->symbols = calloc(2, sizeof *molecule->symbols);
  molecule->z = calloc(2, sizeof(int));
  molecule->coords = calloc(6, sizeof(double));
  molecule->multiplicity = 1;
  strcpy(molecule->symbols[0], "H");
  strcpy(molecule->symbols[1], "H");
  molecule->z[0] = molecule->z[1] = 1;
  molecule->coords[5] = distance;
  result->experiment->molecule = molecule;
  result->experiment->seed = seed;
  result->minimum =
      result->fci_energy - result->nuclear_repulsion_energy + 1e-3 * error;
  result->neval = 3;
  result->eval_energy = calloc(3, sizeof(double));
  for (int k = 0; k < 3; k++) {
    result->eval_energy[k] = result->minimum + 0.1 * (2 - k);
  }
  return result;
}

__attribute__((noinline)) static char *page_of(struct vqe_result **results,
                                               size_t count)
{
  struct vqe_pages *pages = NULL;
  char *html = NULL;
  size_t size = 0;
  assert_int_equal(vqe_pages_create(&pages, HOSTILE), VQE_OK);
  for (size_t k = 0; k < count; k++) {
    assert_int_equal(vqe_pages_add(pages, results[k]), VQE_OK);
    vqe_result_free(results[k]);
  }
  assert_int_equal(vqe_pages_count(pages), count);
  assert_int_equal(vqe_pages_html(&html, &size, pages), VQE_OK);
  assert_int_equal(strlen(html), size);
  vqe_pages_free(pages);
  return html;
}

static size_t occurrences(const char *text, const char *part)
{
  size_t count = 0;
  for (const char *at = strstr(text, part); at != NULL;
       at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

static void texts_of_others_are_no_markup(void **state)
{
  struct vqe_result *results[] = {h2(HOSTILE, 0.7, 1, 0.5),
                                  report_failed(HOSTILE)};
  (void)state;
  results[0]->notes = strdup("<b onclick=x>: <i onclick=y>\nno_fci: z");
  char *html = page_of(results, 2);
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
  struct vqe_result *results[] = {h2("one", 0.7, 1, 0.5),
                                  h2("two", 0.8, 1, 2.25)};
  (void)state;
  char *html = page_of(results, 2);
  assert_non_null(strstr(html, "num good\">0.5000"));
  assert_non_null(strstr(html, "num poor\">2.2500"));
  assert_non_null(strstr(html, ">1 of 2</dd>")); /* within 1.6 mHa */
  assert_non_null(strstr(html, "\xe2\x88\x92"
                               "1.13050000"));  /* FCI */
  assert_non_null(strstr(html, ">0.700</td>")); /* the bond */
  free(html);
}

/* A row as schemas/sql/report.sql has it: H2 with a seed and an FCI energy. */
static json_t *row_of(int seed, double error, double fci)
{
  char text[16];
  snprintf(text, sizeof text, "%d", seed);
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:b, s:b, s:[s, s], "
      "s:[[f, f, f], [f, f, f]], s:f, s:f, s:f, s:[i, i], s:[f, f], s:[f, f], "
      "s:[f, f]}",
      "experiment_id", text, "name", "H2", "basis", "sto-3g", "ansatz",
      "UCCSD", "optimizer", "L-BFGS-B", "seed", text, "qubits", 4, "minimum",
      fci + 1e-3 * error, "nuclear_repulsion", 0.0, "fci", fci, "converged", 1,
      "state_ok", 1, "symbols", "H", "H", "coordinates", 0.0, 0.0, 0.0, 0.0,
      0.0, 0.7, "seconds_hamiltonian", 0.25, "seconds_vqe", 0.5,
      "seconds_total", 1.0, "steps", 1, 2, "energies", fci + 0.1,
      fci + 1e-3 * error, "lowest", fci + 0.1, fci + 1e-3 * error, "stds", 0.0,
      0.0);
}

/* Takes the rows over. */
static char *page_of_rows(json_t **rows, size_t count)
{
  struct vqe_pages *pages = NULL;
  char *html = NULL;
  size_t size = 0;
  assert_int_equal(vqe_pages_create(&pages, "tables"), VQE_OK);
  for (size_t k = 0; k < count; k++) {
    assert_non_null(rows[k]);
    assert_int_equal(vqe_pages_add_row(pages, rows[k]), VQE_OK);
    json_decref(rows[k]);
  }
  assert_int_equal(vqe_pages_html(&html, &size, pages), VQE_OK);
  vqe_pages_free(pages);
  return html;
}

static void notes_of_tables_are_remarks(void **state)
{
  json_t *row = row_of(1, 0.5, -1.1);
  (void)state;
  json_object_set_new(row, "notes",
                      json_pack("[s, s]", "no_fci", "wrong_spin"));
  char *html = page_of_rows(&row, 1);
  assert_non_null(strstr(html, vqe_note_explanation(VQE_NOTE_NO_FCI)));
  assert_non_null(strstr(html, "<td>no FCI, other &lt;S^2&gt;</td>"));
  assert_null(strstr(html, "no result has a remark"));
  free(html);
}

/* Accuracy is of the molecule's state, as in the tables and the metrics. */
static void only_the_right_state_is_accurate(void **state)
{
  struct vqe_result *results[] = {
      h2("right", 0.7, 1, 0.5), h2("wrong", 0.7, 1, 0.5),
      h2("unknown", 0.7, 1, 0.5), h2("far", 0.7, 1, 2.5)};
  static const int accurate[] = {1, 0, -1};
  json_t *rows[3];
  (void)state;
  results[1]->s2_expectation = 2.0;
  results[2]->n_expectation = NAN;
  results[3]->n_expectation = NAN;
  char *html = page_of(results, 4);
  assert_non_null(strstr(html, ">1 of 4</dd>"));
  assert_int_equal(occurrences(html, "num good\">0.5000"), 1);
  assert_int_equal(occurrences(html, "num poor\">0.5000"), 1);
  assert_int_equal(occurrences(html, "num\">0.5000 ?"), 1);
  assert_int_equal(occurrences(html, "num poor\">2.5000"), 1);
  free(html);
  for (int k = 0; k < 3; k++) {
    rows[k] = row_of(k, 0.5, -1.1);
    json_object_set_new(rows[k], "within_chemical_accuracy",
                        accurate[k] < 0 ? json_null()
                                        : json_boolean(accurate[k]));
  }
  html = page_of_rows(rows, 3);
  assert_non_null(strstr(html, ">1 of 3</dd>"));
  assert_int_equal(occurrences(html, "num good\">0.5000"), 1);
  assert_int_equal(occurrences(html, "num poor\">0.5000"), 1);
  assert_int_equal(occurrences(html, "num\">0.5000 ?"), 1);
  free(html);
}

/* Texts and lists of foreign files can be of any length. */
static void what_is_too_long_is_cut(void **state)
{
  struct vqe_pages_run *run = NULL;
  size_t count = 5001;
  char *name = calloc(3 * count + 1, 1);
  json_t *row = row_of(1, 0.5, -1.1);
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
    struct vqe_result *result = h2("one", 0.7, 1, 0.5);
    json_t *row = row_of(1, 0.5, -1.1);
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
  json_t *row = row_of(1, 0.5, -1.1);
  struct vqe_result *result = h2("one", 0.7, 1, 0.5);
  (void)state;
  char *html = page_of_rows(&row, 1);
  assert_null(strstr(html, "no experiment failed"));
  assert_null(strstr(html, "none failed"));
  assert_non_null(strstr(html, "tables hold finished ones only"));
  free(html);
  html = page_of(&result, 1);
  assert_non_null(strstr(html, "no experiment failed"));
  assert_non_null(strstr(html, "none failed"));
  free(html);
}

static void times_that_nobody_knows_have_no_column(void **state)
{
  json_t *row = row_of(1, 0.5, -1.1);
  struct vqe_result *result = h2("one", 0.7, 1, 0.5);
  (void)state;
  char *html = page_of_rows(&row, 1);
  assert_null(strstr(html, "</svg> SCF</th>"));
  assert_null(strstr(html, "</svg> integrals</th>"));
  assert_null(strstr(html, "</svg> FCI</th>"));
  assert_null(strstr(html, "</svg> mapping</th>"));
  assert_non_null(strstr(html, "</svg> Hamiltonian (integrals, SCF)</th>"));
  assert_non_null(strstr(html, "</svg> VQE</th>"));
  free(html);
  html = page_of(&result, 1);
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
    json_t *row = row_of(k, 0.1, exact[k]);
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
  json_t *rows[] = {row_of(1, 0.1, -1.1)};
  char *html = page_of_rows(rows, 1);
  assert_non_null(strstr(html, "The tables hold no orbital spaces"));
  free(html);
  struct vqe_result *result = h2("one", 0.7, 1, 0.5);
  html = page_of(&result, 1);
  assert_null(strstr(html, "The tables hold no orbital spaces"));
  free(html);
}

static void seeds_make_groups_and_geometries_families(void **state)
{
  struct vqe_pages_set set = {0};
  struct vqe_pages_run *runs[12];
  (void)state;
  for (int k = 0; k < 12; k++) {
    /* three lengths, four seeds each, the worst first */
    struct vqe_result *result =
        h2("H2", 0.7 + 0.1 * (k % 3), k / 3, 4.0 - k / 3);
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

static void three_lengths_make_a_curve(void **state)
{
  struct vqe_result *results[] = {h2("a", 0.9, 1, 0.1), h2("b", 0.5, 1, 0.2),
                                  h2("c", 0.7, 1, 0.3)};
  (void)state;
  char *html = page_of(results, 3);
  assert_non_null(strstr(html, "id=\"curves\""));
  /* along the bond, whatever the order of the input */
  const char *first = strstr(html, "<td class=\"num\">0.5</td>");
  const char *second = strstr(html, "<td class=\"num\">0.7</td>");
  const char *third = strstr(html, "<td class=\"num\">0.9</td>");
  assert_true(first != NULL && first < second && second < third);
  free(html);
}

/* What the scripts of a page draw from. */
static json_t *data_of(const char *html)
{
  const char *start = strstr(html, "id=\"data\">");
  assert_non_null(start);
  start = strchr(start, '>') + 1;
  const char *end = strstr(start, "</script>");
  json_t *data = json_loadb(start, (size_t)(end - start), 0, NULL);
  assert_non_null(data);
  return data;
}

static void long_scans_are_thinned(void **state)
{
  enum { COUNT = 900 };
  struct vqe_result *results[COUNT];
  (void)state;
  for (int k = 0; k < COUNT; k++) {
    results[k] = h2("H2", 0.5 + 0.001 * k, 1, 0.1);
  }
  char *html = page_of(results, COUNT);
  json_t *data = data_of(html);
  json_t *x = json_object_get(
      json_array_get(
          json_object_get(json_array_get(json_object_get(data, "charts"), 0),
                          "series"),
          0),
      "x");
  assert_int_equal(json_array_size(x), 400);
  assert_true(fabs(json_number_value(json_array_get(x, 0)) - 0.5) < 1e-9);
  assert_true(fabs(json_number_value(json_array_get(x, 399)) - 1.399) < 1e-9);
  assert_non_null(strstr(html, "Of up to 900 geometries 400 are drawn"));
  json_decref(data);
  free(html);
}

/* Energies of heavy atoms: thousands of hartree, of which microhartree count.
 */
static void data_of_scripts_keep_microhartree(void **state)
{
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    results[k] = h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->fci_energy = -5432.123456 - 1e-6 * k;
  }
  char *html = page_of(results, 3);
  json_t *data = data_of(html);
  json_t *series = json_object_get(
      json_array_get(json_object_get(data, "charts"), 0), "series");
  json_t *fci = json_object_get(json_array_get(series, 1), "y");
  assert_int_equal(json_array_size(fci), 3);
  for (size_t k = 0; k < 3; k++) {
    double wanted = -5432.123456 - 1e-6 * (double)k;
    double found = json_number_value(json_array_get(fci, k));
    assert_true(fabs(found - wanted) < 1e-7);
  }
  json_decref(data);
  free(html);
}

/* Of damaged files: no axis takes them up, no drawing holds what is no
 * number. */
static void absurd_values_draw_axes(void **state)
{
  static const double energies[] = {1.7e308, -1.7e308, -1.1};
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    results[k] = h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->minimum = energies[k];
    results[k]->eval_energy[0] = energies[k];
  }
  char *html = page_of(results, 3);
  json_t *data = data_of(html);
  json_t *chart;
  size_t k;
  json_array_foreach(json_object_get(data, "charts"), k, chart)
  {
    json_t *axis = json_object_get(chart, "y_axis");
    assert_int_equal(json_array_size(axis), 3);
    assert_true(fabs(json_number_value(json_array_get(axis, 0))) < 1e4);
    assert_true(fabs(json_number_value(json_array_get(axis, 1))) < 1e4);
  }
  assert_true(k > 2);
  *strstr(html, "id=\"data\">") = '\0';
  const char *curves = strstr(html, "id=\"curves\"");
  assert_non_null(curves);
  assert_null(strstr(curves, "Mnan"));
  assert_null(strstr(curves, "\"nan"));
  assert_null(strstr(curves, "\"-nan"));
  assert_null(strstr(curves, "nan\""));
  assert_null(strstr(curves, ">inf<"));
  json_decref(data);
  free(html);
}

static void curves_need_values(void **state)
{
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    results[k] = h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->fci_energy = NAN;
  }
  char *html = page_of(results, 3);
  assert_non_null(strstr(html, "energy along the distance"));
  assert_null(strstr(html, "FCI (exact)"));
  assert_null(strstr(html, "sto3g: error to FCI"));
  free(html);
  for (int k = 0; k < 3; k++) {
    results[k] = h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->status = VQE_EXPERIMENT_FAILED;
  }
  html = page_of(results, 3);
  assert_null(strstr(html, "id=\"curves\""));
  assert_null(strstr(html, "energy along the distance"));
  free(html);
}

static void thousands_share_lines(void **state)
{
  size_t count = 1500;
  struct vqe_result **results = calloc(count, sizeof *results);
  (void)state;
  for (size_t k = 0; k < count; k++) {
    results[k] = h2("H2", 0.5 + 0.01 * (double)(k / 10), (int64_t)(k % 10),
                    0.1 * (double)(k % 10));
  }
  char *html = page_of(results, count);
  const char *table = strstr(html, "id=\"results\"");
  char *end = strstr(table, "</section>");
  *end = '\0';
  assert_int_equal(occurrences(table, "<tr><th scope=\"row\">"), 150);
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_of_others_are_no_markup),
      cmocka_unit_test(numbers_are_those_of_the_results),
      cmocka_unit_test(notes_of_tables_are_remarks),
      cmocka_unit_test(tables_do_not_know_what_failed),
      cmocka_unit_test(times_that_nobody_knows_have_no_column),
      cmocka_unit_test(only_the_right_state_is_accurate),
      cmocka_unit_test(what_is_too_long_is_cut),
      cmocka_unit_test(circuits_that_are_never_drawn_are_not_kept),
      cmocka_unit_test(spaces_of_tables_are_no_seeds),
      cmocka_unit_test(seeds_make_groups_and_geometries_families),
      cmocka_unit_test(three_lengths_make_a_curve),
      cmocka_unit_test(long_scans_are_thinned),
      cmocka_unit_test(data_of_scripts_keep_microhartree),
      cmocka_unit_test(absurd_values_draw_axes),
      cmocka_unit_test(curves_need_values),
      cmocka_unit_test(thousands_share_lines),
      cmocka_unit_test(the_rest_of_a_hamiltonian_is_summed),
      cmocka_unit_test(kept_evaluations_end_with_the_last),
      cmocka_unit_test(only_circuits_that_can_be_read_are_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
