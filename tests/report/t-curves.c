/* What the points of a scan say together, on Morse's curve, whose minimum and
 * frequency are known (Phys. Rev. 34, 57 (1929)). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/curves.h"
#include "report_fixture.h"
#include "vqe/error.h"

#define DEPTH 0.2      /* hartree */
#define STEEPNESS 2.0  /* 1/angstrom */
#define DISTANCE 1.123 /* angstrom */
#define POINTS 17

static void near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) {
    fail_msg("%.17g is not %.17g to %g", found, expected, tolerance);
  }
}

static double morse(double r)
{
  double x = 1.0 - exp(-STEEPNESS * (r - DISTANCE));
  return -1.0 + DEPTH * (x * x - 1.0);
}

static void minimum_lies_between_points(void **state)
{
  struct vqe_curve_minimum minimum;
  double places[POINTS];
  double energies[POINTS];
  (void)state;
  for (size_t k = 0; k < POINTS; k++) {
    places[k] = 0.9 + 0.05 * (double)k;
    energies[k] = morse(places[k]);
  }
  assert_int_equal(vqe_curve_find_minimum(&minimum, places, energies, POINTS),
                   1);
  near(minimum.place, DISTANCE, 1e-4);
  near(minimum.energy, -1.0 - DEPTH, 1e-6);
  near(minimum.second, 2.0 * DEPTH * STEEPNESS * STEEPNESS, 0.01);
  /* what it says of its own error is no less than that */
  assert_true(minimum.place_doubt >= fabs(minimum.place - DISTANCE));
  assert_true(minimum.energy_doubt >= fabs(minimum.energy + 1.0 + DEPTH));
  assert_true(minimum.place_doubt < 1e-2);
  /* three points */
  assert_int_equal(
      vqe_curve_find_minimum(&minimum, places + 3, energies + 3, 3), 1);
  near(minimum.place, DISTANCE, 5e-3);
  near(minimum.place_doubt, 0.02, 1e-9);
  /* falling to its end, and too short */
  assert_int_equal(vqe_curve_find_minimum(&minimum, places, energies, 4), 0);
  assert_int_equal(vqe_curve_find_minimum(&minimum, places, energies, 1), 0);
  /* N2 from 0.1 angstrom in steps of 0.7: the polynomial is 7 hartree lower */
  static const double far[5] = {0.1, 0.8, 1.5, 2.2, 2.9};
  static const double steep[5] = {40.0, -107.3, -107.6, -107.45, -107.43};
  assert_int_equal(vqe_curve_find_minimum(&minimum, far, steep, 5), -1);
  static const double few[3] = {40.0, -107.6, -107.5};
  assert_int_equal(vqe_curve_find_minimum(&minimum, far, few, 3), -1);
}

static struct vqe_result *point(double r, int seed, double above)
{
  struct vqe_result *result = report_ok("N2");
  struct vqe_experiment *experiment = result->experiment;
  struct vqe_molecule_list *list = NULL;
  char text[160];
  snprintf(text, sizeof text, "2\nN2\nN 0 0 0\nN 0 0 %.17g\n", r);
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, strlen(text), "xyz", "n2"), 0);
  experiment->molecule = list->entries[0].molecule;
  list->entries[0].molecule = NULL;
  vqe_molecule_list_free(list);
  snprintf(text, sizeof text,
           "{\"curve\": \"N2\", \"at\": [{\"bond\": [0, 1], \"value\": "
           "%.17g}]}",
           r);
  experiment->scan = strdup(text);
  experiment->seed = seed;
  result->minimum = morse(r) + above;
  result->energy_exact = NAN;
  result->nuclear_repulsion_energy = 0.0;
  result->fci_energy = morse(r) - 1e-3 * (r > 1.68);
  return result;
}

__attribute__((noinline)) static char *print(struct vqe_result *const *results,
                                             size_t count)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  assert_int_equal(vqe_report_curves(stream, results, count, 400), 0);
  fclose(stream);
  return text;
}

static void curve_is_told_from_points_in_any_order(void **state)
{
  struct vqe_result *results[2 * POINTS];
  (void)state;
  for (size_t k = 0; k < POINTS; k++) {
    /* two seeds: the lower one counts */
    results[k] = point(0.9 + 0.05 * (double)(POINTS - 1 - k), 1, 0.5);
    results[POINTS + k] = point(0.9 + 0.05 * (double)k, 2, 0.0);
  }
  char *text = print(results, 2 * POINTS);
  assert_non_null(strstr(text, "N2 bond 0-1, 17 points: equilibrium 1.12"));
  /* a/(2 pi c) sqrt(2 D / mu): 1/angstrom, hartree, half of 14N */
  double mass = 0.5 * 14.00307400443 * 1822.888486209;
  double expected =
      219474.6313632 * STEEPNESS * 0.52917721092 * sqrt(2.0 * DEPTH / mass);
  const char *frequency = strstr(text, "harmonic frequency ");
  assert_non_null(frequency);
  frequency += strlen("harmonic frequency ");
  frequency += strncmp(frequency, "about ", 6) == 0 ? 6 : 0;
  near(strtod(frequency, NULL), expected, 0.01 * expected);
  assert_non_null(strstr(
      text, "below its end at 1.7 angstrom. Exact energies: equilibrium"));
  assert_non_null(strstr(text, "Largest error 1.000 mHa at 1.7."));
  assert_null(strstr(text, "another state"));
  free(text);
  /* one point of another spin is said */
  results[POINTS]->s2_expectation = 2.0;
  text = print(results + POINTS, POINTS);
  assert_non_null(strstr(text, "1 of its points is of another state"));
  free(text);
  /* nor is the lowest of random points one */
  for (size_t k = 0; k < POINTS; k++) {
    results[k]->landscape.points = 10.0;
  }
  text = print(results, POINTS);
  assert_string_equal(text, "");
  free(text);
  for (size_t k = 0; k < POINTS; k++) {
    results[k]->landscape.points = NAN;
  }
  /* few points are a rough guess, and say so */
  text = print(results + POINTS + 2, 4);
  assert_non_null(
      strstr(text, "4 points: equilibrium about 1.1 angstrom, -1.20 hartree"));
  assert_null(strstr(text, "frequency"));
  free(text);
  /* a point that failed is counted, and its place is a hole */
  results[POINTS + 9]->status = VQE_EXPERIMENT_FAILED;
  text = print(results + POINTS, POINTS);
  assert_non_null(strstr(text, "N2 bond 0-1, 16 of 17 points: "));
  free(text);
  results[POINTS + 9]->status = VQE_EXPERIMENT_OK;
  /* other molecules of the same name have a curve of their own */
  for (size_t k = 0; k < POINTS; k++) {
    results[POINTS + k]->experiment->molecule->multiplicity = 3;
  }
  text = print(results, 2 * POINTS);
  assert_non_null(strstr(text, "N2 bond 0-1, 17 points: "));
  assert_non_null(strstr(text, "N2 bond 0-1 (multiplicity 3), 17 points: "));
  free(text);
  /* two points are no curve, nor are results without a scan */
  text = print(results, 2);
  assert_string_equal(text, "");
  free(text);
  for (size_t k = 0; k < 2 * POINTS; k++) {
    free(results[k]->experiment->scan);
    results[k]->experiment->scan = k % 2 ? NULL : strdup("{\"damaged");
  }
  text = print(results, 2 * POINTS);
  assert_string_equal(text, "");
  free(text);
  for (size_t k = 0; k < 2 * POINTS; k++) {
    vqe_result_free(results[k]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(minimum_lies_between_points),
      cmocka_unit_test(curve_is_told_from_points_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
