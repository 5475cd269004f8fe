/* Charts of a page: curves along a bond, an angle, a torsion, and what their
 * axes take up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/pages_fixture.h"

static void three_lengths_make_a_curve(void **state)
{
  struct vqe_result *results[] = {pages_h2("a", 0.9, 1, 0.1),
                                  pages_h2("b", 0.5, 1, 0.2),
                                  pages_h2("c", 0.7, 1, 0.3)};
  (void)state;
  char *html = pages_of(results, 3);
  assert_non_null(strstr(html, "id=\"curves\""));
  /* along the bond, whatever the order of the input */
  const char *first = strstr(html, "<td class=\"num\">0.5</td>");
  const char *second = strstr(html, "<td class=\"num\">0.7</td>");
  const char *third = strstr(html, "<td class=\"num\">0.9</td>");
  assert_true(first != NULL && first < second && second < third);
  free(html);
}

static void long_scans_are_thinned(void **state)
{
  enum { COUNT = 900 };
  struct vqe_result *results[COUNT];
  (void)state;
  for (int k = 0; k < COUNT; k++) {
    results[k] = pages_h2("H2", 0.5 + 0.001 * k, 1, 0.1);
  }
  char *html = pages_of(results, COUNT);
  json_t *data = pages_data(html);
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
    results[k] = pages_h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->fci_energy = -5432.123456 - 1e-6 * k;
  }
  char *html = pages_of(results, 3);
  json_t *data = pages_data(html);
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
    results[k] = pages_h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->minimum = energies[k];
    results[k]->eval_energy[0] = energies[k];
  }
  char *html = pages_of(results, 3);
  json_t *data = pages_data(html);
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
    results[k] = pages_h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->fci_energy = NAN;
  }
  char *html = pages_of(results, 3);
  assert_non_null(strstr(html, "energy along the distance"));
  assert_null(strstr(html, "FCI (exact)"));
  assert_null(strstr(html, "sto3g: error to FCI"));
  free(html);
  for (int k = 0; k < 3; k++) {
    results[k] = pages_h2("H2", 0.5 + 0.1 * k, 1, 0.1);
    results[k]->status = VQE_EXPERIMENT_FAILED;
  }
  html = pages_of(results, 3);
  assert_null(strstr(html, "id=\"curves\""));
  assert_null(strstr(html, "energy along the distance"));
  free(html);
}

/* A molecule of several atoms instead of H2. */
static struct vqe_result *molecule_of(size_t natom, const char *const *symbols,
                                      const double (*coords)[3])
{
  struct vqe_result *result = pages_h2("scan", 1.0, 1, 0.1);
  struct vqe_molecule *molecule = result->experiment->molecule;
  molecule->natom = (int)natom;
  molecule->symbols =
      realloc(molecule->symbols, natom * sizeof *molecule->symbols);
  molecule->z = realloc(molecule->z, natom * sizeof(int));
  molecule->coords = realloc(molecule->coords, natom * sizeof *coords);
  for (size_t k = 0; k < natom; k++) {
    strcpy(molecule->symbols[k], symbols[k]);
    molecule->z[k] = symbols[k][0] == 'O' ? 8 : 1;
    memcpy(molecule->coords + 3 * k, coords[k], sizeof *coords);
  }
  return result;
}

#define DEGREE 0.017453292519943295

static void angles_make_a_curve(void **state)
{
  static const char *const symbols[] = {"O", "H", "H"};
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    double half = 0.5 * (95.0 + 10.0 * k) * DEGREE;
    double coords[3][3] = {{0, 0, 0},
                           {0.96 * sin(half), 0, 0.96 * cos(half)},
                           {-0.96 * sin(half), 0, 0.96 * cos(half)}};
    results[k] = molecule_of(3, symbols, coords);
  }
  char *html = pages_of(results, 3);
  assert_non_null(strstr(html, "energy along the angle"));
  assert_non_null(
      strstr(html, "angle H2\xe2\x80\x93O1\xe2\x80\x93H3 / \xc2\xb0"));
  assert_non_null(strstr(html, "<td class=\"num\">95</td>"));
  assert_non_null(strstr(html, "<td class=\"num\">115</td>"));
  free(html);
}

/* One bond of water is pulled: not an angle, though H-H changes as well. */
static void a_bond_of_three_atoms_makes_a_curve(void **state)
{
  static const char *const symbols[] = {"O", "H", "H"};
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    double bond = 0.9 + 0.5 * k;
    double coords[3][3] = {
        {0, 0, 0},
        {0.96, 0, 0},
        {bond * cos(104.5 * DEGREE), bond * sin(104.5 * DEGREE), 0}};
    results[k] = molecule_of(3, symbols, coords);
  }
  char *html = pages_of(results, 3);
  assert_non_null(strstr(html, "energy along the distance"));
  assert_non_null(strstr(html, "distance O1\xe2\x80\x93H3 / "));
  free(html);
}

static void torsions_make_a_curve(void **state)
{
  static const char *const symbols[] = {"H", "O", "O", "H"};
  static const double turns[] = {-120.0, 60.0, 113.0};
  struct vqe_result *results[3];
  (void)state;
  for (int k = 0; k < 3; k++) {
    double turn = turns[k] * DEGREE;
    /* seen along z, from the first oxygen: a positive torsion is clockwise */
    double coords[4][3] = {{0.95, 0, -0.17},
                           {0, 0, 0},
                           {0, 0, 1.45},
                           {0.95 * cos(turn), 0.95 * sin(turn), 1.62}};
    results[k] = molecule_of(4, symbols, coords);
  }
  char *html = pages_of(results, 3);
  assert_non_null(strstr(html, "energy along the torsion"));
  assert_non_null(strstr(html, "torsion H1\xe2\x80\x93O2\xe2\x80\x93O3"
                               "\xe2\x80\x93H4 / \xc2\xb0"));
  assert_non_null(strstr(html, "<td class=\"num\">-120</td>"));
  assert_non_null(strstr(html, "<td class=\"num\">113</td>"));
  free(html);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(three_lengths_make_a_curve),
      cmocka_unit_test(long_scans_are_thinned),
      cmocka_unit_test(data_of_scripts_keep_microhartree),
      cmocka_unit_test(absurd_values_draw_axes),
      cmocka_unit_test(curves_need_values),
      cmocka_unit_test(angles_make_a_curve),
      cmocka_unit_test(a_bond_of_three_atoms_makes_a_curve),
      cmocka_unit_test(torsions_make_a_curve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
