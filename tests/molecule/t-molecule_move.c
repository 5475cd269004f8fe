/* Internal coordinates: measured and set, and the text of a scan's point. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "molecule/molecule_move.h"
#include "molecule/molecule_scan.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

static void near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) {
    fail_msg("%.17g is not %.17g to %g", found, expected, tolerance);
  }
}

/* Hydrogen peroxide. */
static const char peroxide[] =
    "4\nHOOH\nO 0 0.734 -0.053\nO 0 -0.734 -0.053\nH 0.839 0.881 0.421\n"
    "H -0.839 -0.881 0.421\n";
static const char water[] = "3\nH2O\nO 0 0 0\nH 0 0 0.96\nH 0.93 0 -0.24\n";
/* a ring of three */
static const char ring[] =
    "3 \nH3 charge=1\nH 0 0 0\nH 0 0 0.8\nH 0.69 0 0.4\n";

static struct vqe_molecule *read(const char *text)
{
  struct vqe_molecule_list *list = NULL;
  struct vqe_molecule *molecule = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, strlen(text), "xyz", "m.xyz"), 0);
  assert_non_null(list->entries[0].molecule);
  assert_int_equal(vqe_molecule_copy(&molecule, list->entries[0].molecule), 0);
  vqe_molecule_list_free(list);
  return molecule;
}

static double distance(const struct vqe_molecule *molecule, size_t a, size_t b)
{
  const struct vqe_coordinate bond = {VQE_COORDINATE_BOND, {a, b}};
  return vqe_coordinate_measure(&bond, molecule);
}

/* Set it; its new value, with all distances between atoms of one side kept. */
static double set(struct vqe_molecule *molecule,
                  const struct vqe_coordinate *coordinate, double value)
{
  bool moves[8];
  double before[8][8];
  assert_true(molecule->natom <= 8);
  assert_int_equal(
      vqe_coordinate_fragment(moves, coordinate, molecule, "here"), 0);
  for (size_t a = 0; a < molecule->natom; a++) {
    for (size_t b = 0; b < molecule->natom; b++) {
      before[a][b] = distance(molecule, a, b);
    }
  }
  assert_int_equal(
      vqe_coordinate_set(molecule, coordinate, moves, value, "here"), 0);
  for (size_t a = 0; a < molecule->natom; a++) {
    for (size_t b = 0; b < molecule->natom; b++) {
      if (moves[a] == moves[b]) {
        near(distance(molecule, a, b), before[a][b], 1e-12);
      }
    }
  }
  return vqe_coordinate_measure(coordinate, molecule);
}

static void bonds_are_set_exactly_and_carry_what_hangs_on_them(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = read(peroxide);
  const struct vqe_coordinate oxygens = {VQE_COORDINATE_BOND, {0, 1}};
  near(set(molecule, &oxygens, 1.7), 1.7, 1e-15);
  /* the hydrogen of the second oxygen has followed it */
  near(distance(molecule, 1, 3), 0.9748, 1e-4);
  near(distance(molecule, 0, 2), 0.9748, 1e-4);
  vqe_molecule_free(molecule);
}

/* Along an axis the typed number is the coordinate, to the last bit. */
static void two_atoms_stand_where_they_were_asked_to(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = read("2\nN2\nN 0 0 0\nN 0 0 1\n");
  const struct vqe_coordinate bond = {VQE_COORDINATE_BOND, {0, 1}};
  (void)set(molecule, &bond, 1.1);
  assert_true(molecule->coords[5] == 1.1 && molecule->coords[2] == 0.0);
  vqe_molecule_free(molecule);
}

static void angles_and_torsions_are_set_and_leave_the_rest(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = read(water);
  const struct vqe_coordinate angle = {VQE_COORDINATE_ANGLE, {1, 0, 2}};
  near(vqe_coordinate_measure(&angle, molecule), 104.47, 0.01);
  near(set(molecule, &angle, 90.0), 90.0, 1e-10);
  near(set(molecule, &angle, 180.0), 180.0, 1e-5);
  /* from a straight one, in any plane */
  near(set(molecule, &angle, 120.0), 120.0, 1e-5);
  vqe_molecule_free(molecule);

  molecule = read(peroxide);
  const struct vqe_coordinate torsion = {VQE_COORDINATE_TORSION, {2, 0, 1, 3}};
  double start = vqe_coordinate_measure(&torsion, molecule);
  near(fabs(start), 121.07, 0.01);
  for (double value = -180.0; value <= 180.0; value += 60.0) {
    double now = set(molecule, &torsion, value);
    near(remainder(now - value, 360.0), 0.0, 1e-10);
  }
  vqe_molecule_free(molecule);
}

/* IUPAC: clockwise from the front is positive. */
static void torsions_have_the_usual_sign(void **state)
{
  (void)state;
  struct vqe_molecule *molecule =
      read("4\npart of a peroxide\nH 1 0 0\nO 0 0 0\nO 0 0 1.4\nH 0 1 1.4\n");
  const struct vqe_coordinate torsion = {VQE_COORDINATE_TORSION, {0, 1, 2, 3}};
  near(vqe_coordinate_measure(&torsion, molecule), 90.0, 1e-12);
  vqe_molecule_free(molecule);
}

static void what_cannot_be_moved_is_said(void **state)
{
  (void)state;
  bool moves[4];
  struct vqe_molecule *molecule = read(ring);
  const struct vqe_coordinate bond = {VQE_COORDINATE_BOND, {0, 1}};
  const struct vqe_coordinate far = {VQE_COORDINATE_BOND, {0, 3}};
  const struct vqe_coordinate twice = {VQE_COORDINATE_ANGLE, {0, 1, 0}};
  assert_int_equal(vqe_coordinate_check(&bond, molecule, "here"), 0);
  assert_int_equal(vqe_coordinate_fragment(moves, &bond, molecule, "here"),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "as in a ring"));
  assert_int_equal(vqe_coordinate_check(&far, molecule, "here"),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "has no atom 3"));
  assert_int_equal(vqe_coordinate_check(&twice, molecule, "here"),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "atom 0 stands twice"));
  vqe_molecule_free(molecule);

  molecule = read("4\nacetylene\nH 0 0 0\nC 0 0 1\nC 0 0 2.2\nH 0 0 3.2\n");
  const struct vqe_coordinate straight = {VQE_COORDINATE_TORSION,
                                          {0, 1, 2, 3}};
  assert_int_equal(vqe_coordinate_fragment(moves, &straight, molecule, "here"),
                   0);
  assert_int_equal(
      vqe_coordinate_set(molecule, &straight, moves, 30.0, "here"),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "straight line"));
  const struct vqe_coordinate apart = {VQE_COORDINATE_TORSION, {1, 0, 2, 3}};
  assert_int_equal(vqe_coordinate_fragment(moves, &apart, molecule, "here"),
                   VQE_ERR_INPUT);
  vqe_molecule_free(molecule);
}

static void points_are_written_and_read(void **state)
{
  (void)state;
  char name[] = "H2O";
  char *text = NULL;
  char *title = NULL;
  struct vqe_scan_point back;
  struct vqe_scan_point point = {
      .curve = name,
      .count = 3,
      .places = {
          {.coordinate = {VQE_COORDINATE_BOND, {0, 1}}, .value = 0.1},
          {.coordinate = {VQE_COORDINATE_ANGLE, {1, 0, 2}}, .value = 104.5},
          {.displaced = true, .width = 0.05, .value = 7}}};
  assert_int_equal(vqe_scan_point_write(&text, &point), 0);
  assert_string_equal(text,
                      "{\"curve\":\"H2O\",\"at\":[{\"bond\":[0,1],\"value\":"
                      "0.1},{\"angle\":[1,0,2],\"value\":104.5},"
                      "{\"displace\":0.05,\"value\":7.0}]}");
  assert_int_equal(vqe_scan_point_read(&back, text), 0);
  assert_int_equal(back.count, 3);
  assert_true(back.places[0].value == 0.1 && back.places[2].displaced);
  assert_int_equal(back.places[1].coordinate.atoms[2], 2);
  assert_int_equal(vqe_scan_point_title(&title, &back), 0);
  assert_string_equal(title, "H2O bond 0-1, angle 1-0-2, displaced");
  vqe_scan_point_clear(&back);
  free(title);
  free(text);
}

static void damaged_points_are_refused(void **state)
{
  static const char *const bad[] = {
      "",
      "{}",
      "[]",
      "{\"curve\": \"a\", \"at\": []}",
      "{\"curve\": 1, \"at\": [{\"bond\": [0, 1], \"value\": 1}]}",
      "{\"curve\": \"a\", \"at\": [{\"bond\": [0], \"value\": 1}]}",
      "{\"curve\": \"a\", \"at\": [{\"bond\": [0, -1], \"value\": 1}]}",
      "{\"curve\": \"a\", \"at\": [{\"bond\": [0, 1]}]}",
      "{\"curve\": \"a\", \"at\": [1,1,1,1,1,1,1]}"};
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    struct vqe_scan_point point;
    assert_int_equal(vqe_scan_point_read(&point, bad[k]), VQE_ERR_INPUT);
    vqe_scan_point_clear(&point);
  }
  struct vqe_scan_point none;
  assert_int_equal(vqe_scan_point_read(&none, NULL), 0);
  assert_int_equal(none.count, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bonds_are_set_exactly_and_carry_what_hangs_on_them),
      cmocka_unit_test(two_atoms_stand_where_they_were_asked_to),
      cmocka_unit_test(angles_and_torsions_are_set_and_leave_the_rest),
      cmocka_unit_test(torsions_have_the_usual_sign),
      cmocka_unit_test(what_cannot_be_moved_is_said),
      cmocka_unit_test(points_are_written_and_read),
      cmocka_unit_test(damaged_points_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
