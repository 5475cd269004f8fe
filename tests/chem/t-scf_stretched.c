/* SCF where bonds are stretched and frontier orbitals degenerate: the lowest
 * solution, whatever the orientation and the order of the atoms. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

/* Total Hartree-Fock energy of the atoms "X x y z", one a line. */
static double energy_of(const char *atoms, int charge, int multiplicity,
                        const char *basis)
{
  struct vqe_molecule_list *list = NULL;
  struct vqe_integrals *integrals = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char text[3000];
  char symbols[500] = "";
  char coords[2000] = "";
  for (const char *at = atoms; *at != '\0'; at = strchr(at, '\n') + 1) {
    char symbol[4];
    double x[3];
    size_t used = strlen(symbols);
    assert_int_equal(
        sscanf(at, "%3s %lf %lf %lf", symbol, &x[0], &x[1], &x[2]), 4);
    snprintf(symbols + used, sizeof symbols - used, "%s\"%s\"",
             used > 0 ? "," : "", symbol);
    used = strlen(coords);
    snprintf(coords + used, sizeof coords - used, "%s[%.17g,%.17g,%.17g]",
             used > 0 ? "," : "", x[0], x[1], x[2]);
  }
  int size = snprintf(text, sizeof text,
                      "{\"symbols\": [%s], \"coords\": [%s], "
                      "\"charge\": %d, \"multiplicity\": %d}",
                      symbols, coords, charge, multiplicity);
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, (size_t)size, "json", "test"), 0);
  struct vqe_molecule *molecule = list->entries[0].molecule;
  assert_non_null(molecule);
  options.basis = basis;
  if (vqe_chem_run(&integrals, molecule, &options) != 0) {
    fail_msg("%s: %s", atoms, vqe_error_message());
  }
  double energy = integrals->hf_energy;
  vqe_integrals_free(integrals);
  vqe_molecule_list_free(list);
  return energy;
}

/* Every point of stretched_diatomics.json converges, and lies no more than a
 * microhartree above PySCF's second-order solution. */
static void
stretched_diatomics_are_not_above_second_order_solutions(void **state)
{
  (void)state;
  json_error_t error;
  json_t *file =
      json_load_file(VQE_TEST_DATA "/stretched_diatomics.json", 0, &error);
  assert_non_null(file);
  json_t *points = json_object_get(file, "points");
  size_t index;
  json_t *point;
  assert_true(json_array_size(points) > 300);
  json_array_foreach(points, index, point)
  {
    const char *a, *b, *basis;
    double distance, reference;
    int multiplicity;
    char atoms[100];
    assert_int_equal(json_unpack(point, "[s, s, F, i, s, F]", &a, &b,
                                 &distance, &multiplicity, &basis, &reference),
                     0);
#if defined(__SANITIZE_ADDRESS__)
    if (strcmp(basis, "sto-3g") != 0) {
      continue; /* takes minutes with sanitizers */
    }
#endif
    snprintf(atoms, sizeof atoms, "%s 0 0 0\n%s 0 0 %.2f\n", a, b, distance);
    double energy = energy_of(atoms, 0, multiplicity, basis);
    if (energy > reference + 1e-6) {
      fail_msg("%s-%s, %.1f angstrom, %s: %.9f, PySCF %.9f", a, b, distance,
               basis, energy, reference);
    }
  }
  json_decref(file);
}

/* Solutions of far atoms that differ by the directions of their p orbitals lie
 * within 1e-6 to 1e-3 hartree. The lowest one must be found however rounding
 * falls, which changes of the distance by 1e-7 angstrom stand for. */
static void far_atoms_have_one_energy_whatever_the_rounding(void **state)
{
  (void)state;
  static const struct {
    const char *a, *b;
    double distance;
    int multiplicity;
    const char *basis;
  } cases[] = {
      {"C", "N", 8.0, 2, "sto-3g"},  {"Al", "O", 8.0, 2, "sto-3g"},
      {"B", "F", 12.0, 1, "sto-3g"}, {"C", "O", 12.0, 1, "6-31g"},
      {"C", "N", 4.0, 2, "6-31g"},   {"C", "N", 6.0, 2, "6-31g"},
      {"N", "O", 12.0, 2, "6-31g"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    double least = INFINITY;
    double most = -INFINITY;
#if defined(__SANITIZE_ADDRESS__)
    if (strcmp(cases[k].basis, "sto-3g") != 0) {
      continue; /* takes minutes with sanitizers */
    }
#endif
    for (int step = -2; step <= 2; step++) {
      char atoms[100];
      snprintf(atoms, sizeof atoms, "%s 0 0 0\n%s 0 0 %.9f\n", cases[k].a,
               cases[k].b, cases[k].distance + 1e-7 * step);
      double energy =
          energy_of(atoms, 0, cases[k].multiplicity, cases[k].basis);
      least = fmin(least, energy);
      most = fmax(most, energy);
    }
    if (most - least > 5e-7) {
      fail_msg("%s-%s, %.1f angstrom, %s: from %.9f to %.9f", cases[k].a,
               cases[k].b, cases[k].distance, cases[k].basis, least, most);
    }
  }
}

/* Values of PySCF 2.14.0, those of BF and BCl of 2.9.0. */
static void known_points_have_their_energies(void **state)
{
  (void)state;
  static const struct {
    const char *atoms, *basis;
    int multiplicity;
    double energy;
  } cases[] = {
      {"H 0 0 0\nH 0 0 20\n", "sto3g", 1, -0.559090157},
      {"H 0 0 0\nF 0 0 4\n", "sto3g", 1, -98.079235},
      {"Li 0 0 0\nH 0 0 5\n", "sto3g", 1, -7.584301},
      {"C 0 0 0\nO 0 0 3\n", "sto3g", 1, -110.755272},
      {"Li 0 0 0\nF 0 0 6\n", "sto3g", 1, -105.035110},
      {"B 0 0 0\nF 0 0 4\n", "sto3g", 3, -122.135639557},
      {"B 0 0 0\nF 0 0 8\n", "sto3g", 3, -122.135498261},
      {"B 0 0 0\nCl 0 0 6\n", "6-31g", 1, -483.853994564},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    double energy =
        energy_of(cases[k].atoms, 0, cases[k].multiplicity, cases[k].basis);
    if (fabs(energy - cases[k].energy) > 1e-6) {
      fail_msg("case %zu: %.9f, not %.9f", k, energy, cases[k].energy);
    }
  }
}

/* The molecule turned about an odd axis, its atoms in reverse order. */
static void turn(char *out, size_t size, const char *atoms)
{
  static const double r[3][3] = {
      {0.7263157894736842, -0.5263157894736842, 0.4421052631578947},
      {0.6105263157894737, 0.7894736842105263, -0.0631578947368421},
      {-0.3157894736842106, 0.3157894736842105, 0.8947368421052632}};
  char lines[16][100];
  int count = 0;
  size_t used = 0;
  for (const char *at = atoms; *at != '\0'; at = strchr(at, '\n') + 1) {
    char symbol[4];
    double x[3];
    double y[3];
    assert_int_equal(
        sscanf(at, "%3s %lf %lf %lf", symbol, &x[0], &x[1], &x[2]), 4);
    for (int i = 0; i < 3; i++) {
      y[i] = r[i][0] * x[0] + r[i][1] * x[1] + r[i][2] * x[2];
    }
    snprintf(lines[count++], sizeof lines[0], "%s %.15f %.15f %.15f\n", symbol,
             y[0], y[1], y[2]);
  }
  while (count > 0) {
    used += (size_t)snprintf(out + used, size - used, "%s", lines[--count]);
  }
}

static void energy_does_not_depend_on_orientation_or_order(void **state)
{
  (void)state;
  static const struct {
    const char *atoms;
    int charge, multiplicity;
  } cases[] = {
      /* squares along the axes and along the diagonals */
      {"H 0.9 0 0\nH -0.9 0 0\nH 0 0.9 0\nH 0 -0.9 0\n", 0, 1},
      {"H 0.7 0.7 0\nH 0.7 -0.7 0\nH -0.7 0.7 0\nH -0.7 -0.7 0\n", 0, 1},
      {"C 0 0 0\nH 0.63 0.63 0.63\nH -0.63 -0.63 0.63\n"
       "H -0.63 0.63 -0.63\nH 0.63 -0.63 -0.63\n",
       1, 2},
      {"Be 1.2 1.2 0\nBe 1.2 -1.2 0\nBe -1.2 1.2 0\nBe -1.2 -1.2 0\n", 0, 1},
      {"H 1 0 0\nH -0.5 0.866025403784439 0\nH -0.5 -0.866025403784439 0\n", 0,
       2},
      {"O 0 0 0\nO 0 0 2.5\n", 0, 3},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char turned[1000];
    turn(turned, sizeof turned, cases[k].atoms);
    double as_given = energy_of(cases[k].atoms, cases[k].charge,
                                cases[k].multiplicity, "sto3g");
    double other =
        energy_of(turned, cases[k].charge, cases[k].multiplicity, "sto3g");
    if (fabs(as_given - other) > 1e-8) {
      fail_msg("case %zu: %.10f, turned %.10f", k, as_given, other);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          stretched_diatomics_are_not_above_second_order_solutions),
      cmocka_unit_test(far_atoms_have_one_energy_whatever_the_rounding),
      cmocka_unit_test(known_points_have_their_energies),
      cmocka_unit_test(energy_does_not_depend_on_orientation_or_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
