/* What is said of properties below the table: their numbers, and nothing where
 * there are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/property_lines.h"
#include "report/report_fixture.h"

static void add(struct vqe_result *result, const char *name, int ndim,
                uint64_t rows, uint64_t cols, const double *values)
{
  struct vqe_property *property;
  size_t size = (size_t)(rows * cols);
  result->properties =
      realloc(result->properties,
              (result->nproperty + 1) * sizeof *result->properties);
  assert_non_null(result->properties);
  property = &result->properties[result->nproperty++];
  *property = (struct vqe_property){.ndim = ndim, .shape = {rows, cols}};
  snprintf(property->name, sizeof property->name, "%s", name);
  property->values = malloc(size * sizeof *values);
  assert_non_null(property->values);
  memcpy(property->values, values, size * sizeof *values);
}

static char *print(struct vqe_result *const *results, size_t count, int width)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  vqe_report_properties(stream, results, count, width);
  fclose(stream);
  return text;
}

static struct vqe_result *molecular(double spin)
{
  static const double dipole[3] = {0.0, -1e-9, 1.0};
  static const double quadrupole[9] = {1.0, 0.5, 0.0, 0.5, 2.0,
                                       0.0, 0.0, 0.0, -3.0};
  static const double charges[2] = {0.25, -0.25};
  static const double information[4] = {0.0, 0.125, 0.125, 0.0};
  const double spins[2] = {spin, 0.0};
  const double variance = 2.5e-7;
  struct vqe_result *result = report_ok("NH");
  struct vqe_molecule *molecule = calloc(1, sizeof *molecule);
  assert_non_null(molecule);
  molecule->natom = 2;
  molecule->name = strdup("NH");
  molecule->symbols = calloc(2, sizeof *molecule->symbols);
  molecule->z = calloc(2, sizeof *molecule->z);
  molecule->coords = calloc(6, sizeof *molecule->coords);
  assert_non_null(molecule->symbols);
  memcpy(molecule->symbols[0], "N", 2);
  memcpy(molecule->symbols[1], "H", 2);
  result->experiment->molecule = molecule;
  add(result, "dipole", 1, 3, 1, dipole);
  add(result, "quadrupole", 2, 3, 3, quadrupole);
  add(result, "mulliken_charges", 1, 2, 1, charges);
  add(result, "mulliken_spins", 1, 2, 1, spins);
  add(result, "mutual_information", 2, 2, 2, information);
  add(result, "energy_variance", 1, 1, 1, &variance);
  return result;
}

static void numbers_stand_below_the_table(void **state)
{
  (void)state;
  struct vqe_result *result = molecular(1.0);
  char *text = print(&result, 1, 200);
  assert_string_equal(
      text,
      "Properties of the final states; moments about the centre of nuclear "
      "charge, quadrupoles traceless.\n"
      "  NH, sto3g, UCCSD: dipole 2.5417 debye (0.0000, 0.0000, 1.0000 e "
      "bohr); quadrupole xx 1.0000 yy 2.0000 zz -3.0000 xy 0.5000 xz 0.0000 "
      "yz 0.0000 e bohr^2\n"
      "    Mulliken charges: N 0.2500, H -0.2500\n"
      "    Mulliken spin populations: N 1.0000, H 0.0000\n"
      "    most mutual information: orbitals 1 and 2 (of the active ones, "
      "from 1), 0.1250\n"
      "    variance of the energy: 2.5e-07 hartree^2\n");
  free(text);
  vqe_result_free(result);
}

static void lines_fit_the_window(void **state)
{
  (void)state;
  struct vqe_result *result = molecular(1.0);
  char *text = print(&result, 1, 60);
  char *next = NULL;
  for (char *line = strtok_r(text, "\n", &next); line != NULL;
       line = strtok_r(NULL, "\n", &next)) {
    assert_true(strlen(line) <= 60);
  }
  free(text);
  vqe_result_free(result);
}

static void singlets_have_no_spins(void **state)
{
  (void)state;
  struct vqe_result *result = molecular(1e-7);
  char *text = print(&result, 1, 200);
  assert_null(strstr(text, "spin populations"));
  free(text);
  vqe_result_free(result);
}

static void results_without_properties_say_nothing(void **state)
{
  (void)state;
  struct vqe_result *result = report_ok("H2");
  char *text = print(&result, 1, 200);
  assert_string_equal(text, "");
  free(text);
  vqe_result_free(result);
}

static void many_results_are_counted(void **state)
{
  (void)state;
  struct vqe_result *results[12];
  for (size_t k = 0; k < 12; k++) {
    results[k] = molecular(0.0);
  }
  char *text = print(results, 12, 200);
  assert_non_null(strstr(text, "properties of 2 more: --summary FILE"));
  free(text);
  for (size_t k = 0; k < 12; k++) {
    vqe_result_free(results[k]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_stand_below_the_table),
      cmocka_unit_test(lines_fit_the_window),
      cmocka_unit_test(singlets_have_no_spins),
      cmocka_unit_test(results_without_properties_say_nothing),
      cmocka_unit_test(many_results_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
