/* Readers of molecules: what is accepted, and what is said about the rest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "molecule/molecule_json.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

static struct vqe_molecule_list *parse(const char *text, const char *format)
{
  struct vqe_molecule_list *list = NULL;
  if (vqe_molecule_list_parse(&list, text, strlen(text), format, "m.txt") !=
      0) {
    fail_msg("%s", vqe_error_message());
  }
  return list;
}

static void symbols_and_numbers_map_both_ways(void **state)
{
  (void)state;
  assert_int_equal(vqe_element_z("H"), 1);
  assert_int_equal(vqe_element_z("he"), 2);
  assert_int_equal(vqe_element_z("CL"), 17);
  assert_int_equal(vqe_element_z("u"), 92);
  assert_int_equal(vqe_element_z("Og"), 118);
  assert_int_equal(vqe_element_z("Xx"), 0);
  assert_int_equal(vqe_element_z(""), 0);
  assert_int_equal(vqe_element_z(NULL), 0);
  assert_string_equal(vqe_element_symbol(79), "Au");
  assert_null(vqe_element_symbol(0));
  assert_null(vqe_element_symbol(119));
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    assert_int_equal(vqe_element_z(vqe_element_symbol(z)), z);
  }
}

static void json_gives_molecules_with_defaults(void **state)
{
  (void)state;
  struct vqe_molecule_list *list = parse(
      "[{\"symbols\": [\"o\", \"H\", \"h\"], \"coords\": [[0, 0, 0.1173],"
      " [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]], \"name\": \"water\","
      " \"masses\": [15.99, 1.008, 2], \"colour\": {\"a\": [1]}},"
      " {\"symbols\": [\"HE\", \"H\"], \"coords\": [[0,0,0],[0,0,1.5e0]],"
      "  \"charge\": 1, \"units\": \"BOHR\", \"multiplicity\": 1.0}]",
      "json");
  assert_int_equal(list->count, 2);
  const struct vqe_molecule *water = list->entries[0].molecule;
  assert_non_null(water);
  assert_string_equal(water->name, "water");
  assert_string_equal(water->symbols[0], "O");
  assert_string_equal(water->symbols[2], "H");
  assert_int_equal(water->z[0], 8);
  assert_int_equal(water->units, VQE_ANGSTROM);
  assert_int_equal(water->charge, 0);
  assert_int_equal(water->multiplicity, 1);
  assert_true(water->masses[2] == 2.0);
  assert_true(water->coords[4] == 0.7572);
  assert_int_equal(vqe_molecule_electrons(water), 10);
  /* PySCF 2.14.0, energy_nuc() */
  assert_true(fabs(vqe_molecule_nuclear_repulsion(water) - 9.189533762934902) <
              1e-12);
  const struct vqe_molecule *ion = list->entries[1].molecule;
  assert_string_equal(ion->name, "m-1");
  assert_int_equal(ion->units, VQE_BOHR);
  assert_null(ion->masses);
  assert_int_equal(vqe_molecule_electrons(ion), 2);
  assert_true(fabs(vqe_molecule_nuclear_repulsion(ion) - 2.0 / 1.5) < 1e-15);
  struct vqe_molecule *copy = NULL;
  assert_int_equal(vqe_molecule_copy(&copy, water), 0);
  vqe_molecule_list_free(list);
  assert_string_equal(copy->name, "water");
  assert_string_equal(copy->symbols[1], "H");
  assert_true(copy->masses[0] == 15.99 && copy->coords[2] == 0.1173);
  vqe_molecule_free(copy);
}

static void qcschema_is_read_in_bohr_at_both_levels(void **state)
{
  (void)state;
  static const char molecule[] =
      "{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2,"
      " \"symbols\": [\"O\", \"H\"], \"geometry\": [0, 0, 0, 0, 0, 1.8],"
      " \"molecular_charge\": -1.0, \"molecular_multiplicity\": 1,"
      " \"name\": \"hydroxide\", \"real\": [true, true], \"units\": \"x\"}";
  struct vqe_molecule_list *list = parse(molecule, "json");
  const struct vqe_molecule *m = list->entries[0].molecule;
  assert_non_null(m);
  assert_string_equal(m->name, "hydroxide");
  assert_int_equal(m->units, VQE_BOHR);
  assert_int_equal(m->charge, -1);
  assert_true(m->coords[5] == 1.8);
  vqe_molecule_list_free(list);
  char input[512];
  snprintf(input, sizeof input,
           "{\"schema_name\": \"qcschema_input\", \"molecule\": %s}",
           molecule);
  list = parse(input, "json");
  assert_non_null(list->entries[0].molecule);
  assert_int_equal(list->entries[0].molecule->natom, 2);
  vqe_molecule_list_free(list);
}

static void qcschema_of_every_version_is_read(void **state)
{
  (void)state;
  static const char *const cases[] = {
      "\"schema_name\": \"qc_schema_molecule\", \"schema_version\": 1, "
      "\"geometry\": [0,0,0,0,0,1.4], \"molecular_multiplicity\": 1",
      "\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2, "
      "\"geometry\": [[0,0,0],[0,0,1.4]], \"fix_com\": true, "
      "\"real\": [true, true], \"masses\": [2.0, 3.0]",
      "\"schema_name\": \"qcschema_molecule\", \"schema_version\": 3, "
      "\"geometry\": [0,0,0,0,0,1.4], \"molecular_multiplicity\": 1.0, "
      "\"molecular_charge\": 0.0, \"comment\": \"hydrogen\", \"mass_numbers\""
      ": [2, -1], \"real\": null, \"fragment_charges\": [0.0, 0.0]",
  };
  static const double masses[][2] = {
      {0, 0}, {2.0, 3.0}, {2.01410177812, 1.00782503223}};
  for (size_t k = 0; k < 3; k++) {
    char text[600];
    snprintf(text, sizeof text, "{\"symbols\": [\"H\", \"H\"], %s}", cases[k]);
    struct vqe_molecule_list *list = parse(text, "json");
    const struct vqe_molecule *m = list->entries[0].molecule;
    if (m == NULL) {
      fail_msg("%s", list->entries[0].reason);
    }
    assert_int_equal(m->units, VQE_BOHR);
    assert_true(m->coords[5] == 1.4);
    assert_string_equal(m->name, k == 2 ? "hydrogen" : "m");
    assert_int_equal(m->masses != NULL, masses[k][0] > 0.0);
    for (size_t a = 0; m->masses != NULL && a < 2; a++) {
      assert_true(m->masses[a] == masses[k][a]);
    }
    vqe_molecule_list_free(list);
  }
}

/* What would be left out in silence is an error that names the right key;
 * what looks like none is kept quietly. */
static void keys_near_known_ones_are_refused(void **state)
{
  (void)state;
  static const char *const near[][2] = {
      {"mult", "multiplicity"},
      {"spin", "multiplicity"},
      {"Multiplicity", "multiplicity"},
      {"multiplicty", "multiplicity"},
      {"unit", "units"},
      {"Units", "units"},
      {"Charge", "charge"},
      {"charg", "charge"},
      {"total_charge", "charge"},
      {"molecular_charge", "charge"},
      {"coordinates", "coords"},
      {"coord", "coords"},
      {"geometry", "coords"},
      {"symbol", "symbols"},
      {"elements", "symbols"},
      {"Name", "name"},
      {"mass", "masses"},
      {"spin-multiplicity", "multiplicity"},
      {"total_spin", "multiplicity"},
      {"chrg", "charge"},
      {"formal charge", "charge"},
  };
  static const char *const others[] = {
      "note",   "id",   "smiles", "inchi", "energy",          "tags",
      "method", "date", "source", "basis", "units_of_energy", "formula",
      "comment"};
  char text[512], part[128];
  for (size_t k = 0; k < sizeof near / sizeof near[0]; k++) {
    snprintf(text, sizeof text,
             "{\"symbols\": [\"He\"], \"coords\": [[0,0,0]], \"%s\": 1}",
             near[k][0]);
    snprintf(part, sizeof part, "key '%s': not known; did you mean '%s'",
             near[k][0], near[k][1]);
    struct vqe_molecule_list *list = parse(text, "json");
    assert_null(list->entries[0].molecule);
    if (strstr(list->entries[0].reason, part) == NULL) {
      fail_msg("'%s'", list->entries[0].reason);
    }
    vqe_molecule_list_free(list);
  }
  for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
    snprintf(text, sizeof text,
             "{\"symbols\": [\"He\"], \"coords\": [[0,0,0]], \"%s\": 1}",
             others[k]);
    struct vqe_molecule_list *list = parse(text, "json");
    if (list->entries[0].molecule == NULL) {
      fail_msg("'%s'", list->entries[0].reason);
    }
    vqe_molecule_list_free(list);
  }
}

static void xyz_frames_carry_names_charges_and_spins(void **state)
{
  (void)state;
  struct vqe_molecule_list *list =
      parse("3\nwater, neutral\nO 0 0 0.1173 extra columns 9\r\n"
            "H  0.0  0.7572 -4.692e-1\n1\t0.0\t-0.7572\t-0.4692\n"
            "\n"
            "2\n charge=1 multiplicity=2, name=cation\nH 0 0 0\nH 0 0 1.1\n"
            "1\nEnergy=-1.0 charge_a=7\nHe 0 0 0",
            "xyz");
  assert_int_equal(list->count, 3);
  const struct vqe_molecule *m = list->entries[0].molecule;
  assert_non_null(m);
  assert_string_equal(m->name, "water, neutral");
  assert_string_equal(m->symbols[2], "H");
  assert_true(m->coords[5] == -0.4692);
  m = list->entries[1].molecule;
  assert_non_null(m);
  assert_string_equal(m->name, "cation");
  assert_int_equal(m->charge, 1);
  assert_int_equal(m->multiplicity, 2);
  m = list->entries[2].molecule;
  assert_non_null(m);
  assert_string_equal(m->name, "m-2");
  assert_int_equal(m->charge, 0);
  vqe_molecule_list_free(list);
}

/* A bad molecule has its reason, and the others are still there. */
static void bad_json_molecule_leaves_the_others(void **state)
{
  (void)state;
#define H2 "\"symbols\":[\"H\",\"H\"],\"coords\":[[0,0,0],[0,0,0.74]]"
#define GOOD "{" H2 "}"
  static const struct {
    const char *object;
    const char *key;
    const char *reason;
  } cases[] = {
      {"{\"coords\":[[0,0,0]]}", "symbols", "missing"},
      {"{\"symbols\":[\"H\"]}", "coords", "missing"},
      {"{\"symbols\":[],\"coords\":[]}", "symbols", "at least one"},
      {"{\"symbols\":\"H\",\"coords\":[]}", "symbols", "list"},
      {"{\"symbols\":[1],\"coords\":[[0,0,0]]}", "symbols", "a number"},
      {"{\"symbols\":[\"Xx\"],\"coords\":[[0,0,0]]}", "symbols", "'Xx'"},
      {"{\"symbols\":[\"H\"],\"coords\":[]}", "coords", "0 rows"},
      {"{\"symbols\":[\"H\"],\"coords\":[[0,0]]}", "coords", "coords[0]"},
      {"{\"symbols\":[\"H\"],\"coords\":[[0,0,\"a\"]]}", "coords", "[0][2]"},
      {"{\"symbols\":[\"H\"],\"coords\":[[null,0,0]]}", "coords", "null"},
      {"{\"symbols\":[\"He\"],\"coords\":[[1e300,0,0]]}", "coords", "finite"},
      {"{" H2 ",\"multiplicity\":2}", "multiplicity", "2 electrons"},
      {"{" H2 ",\"multiplicity\":0}", "multiplicity", "singlet"},
      {"{" H2 ",\"multiplicity\":5}", "multiplicity", "unpaired"},
      {"{" H2 ",\"multiplicity\":\"a\"}", "multiplicity", "a string"},
      {"{" H2 ",\"charge\":3}", "charge", "-1 electrons"},
      {"{" H2 ",\"charge\":0.5}", "charge", "integer"},
      {"{" H2 ",\"charge\":1e99}", "charge", "integer"},
      {"{" H2 ",\"units\":\"pm\"}", "units", "'pm'"},
      {"{" H2 ",\"units\":3}", "units", "a number"},
      {"{" H2 ",\"masses\":[1]}", "masses", "2 numbers"},
      {"{" H2 ",\"masses\":[1,-1]}", "masses", "positive"},
      {"{" H2 ",\"masses\":[1,\"x\"]}", "masses", "masses[1]"},
      {"{" H2 ",\"name\":3}", "name", "a number"},
      {"{\"symbols\":[\"H\",\"H\"],\"coords\":[[0,0,0],[0,0,0.05]]}", "coords",
       "coincide"},
      {"{\"schema_name\":\"qcschema_molecule\",\"symbols\":[\"He\"],"
       "\"geometry\":[0,0]}",
       "geometry", "2 numbers"},
      {"{\"schema_name\":\"qcschema_molecule\",\"symbols\":[\"He\"],"
       "\"geometry\":[0,0,0],\"real\":[false]}",
       "real", "ghost"},
      {"{\"schema_name\":\"qcschema_molecule\",\"symbols\":[\"He\"],"
       "\"geometry\":[[0,0]]}",
       "geometry", "geometry[0]"},
      {"{\"schema_name\":\"qcschema_molecule\",\"symbols\":[\"He\",\"He\"],"
       "\"geometry\":[[0,0,0]]}",
       "geometry", "1 rows for 2 symbols"},
      {"{\"schema_name\":\"qcschema_molecule\",\"symbols\":[\"He\"],"
       "\"geometry\":[0,0,0],\"fragment_charges\":[1.0]}",
       "molecular_charge", "sum to 1"},
      {"3", "a number", "object"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[1024];
    snprintf(text, sizeof text, "[%s, %s, %s]", GOOD, cases[k].object, GOOD);
    struct vqe_molecule_list *list = parse(text, "json");
    assert_int_equal(list->count, 3);
    assert_non_null(list->entries[0].molecule);
    assert_non_null(list->entries[2].molecule);
    const char *reason = list->entries[1].reason;
    assert_non_null(reason);
    assert_null(list->entries[1].molecule);
    if (strstr(reason, "file 'm.txt', molecule 1") == NULL ||
        strstr(reason, cases[k].key) == NULL ||
        strstr(reason, cases[k].reason) == NULL) {
      fail_msg("case %zu: '%s'", k, reason);
    }
    vqe_molecule_list_free(list);
  }
}

static void bad_xyz_frame_leaves_the_others(void **state)
{
  (void)state;
  struct vqe_molecule_list *list =
      parse("1\n\nQq 0 0 0\n1\n\nHe 0 nan 0\n1\n\nHe 0 0\n"
            "1\ncharge=x\nHe 0 0 0\n1\n\nHe 0 0 0\n3\n\nHe 0 0 0\n",
            "xyz");
  static const char *const reasons[] = {"line 3, 'Qq'",
                                        "line 6, coordinate 1",
                                        "line 9, coordinate 2",
                                        "key 'charge'",
                                        NULL,
                                        "ends after 1 of 3"};
  assert_int_equal(list->count, 6);
  for (size_t k = 0; k < 6; k++) {
    if (reasons[k] == NULL) {
      assert_non_null(list->entries[k].molecule);
    } else {
      assert_null(list->entries[k].molecule);
      assert_non_null(strstr(list->entries[k].reason, reasons[k]));
    }
  }
  vqe_molecule_list_free(list);
}

static void broken_file_is_refused_with_its_place(void **state)
{
  (void)state;
  static const struct {
    const char *format;
    const char *text;
    const char *message;
  } cases[] = {
      {"json", "{\n\"symbols\": [\"H\",\n", "line 3, column"},
      {"json", "", "broken JSON"},
      {"json", "[]", "0 molecules"},
      {"json", "3", "broken JSON"},
      {"json", "{\"symbols\":[\"He\"],\"coords\":[[NaN,0,0]]}", "line 1"},
      {"json", "{\"a\":1,\"a\":2}", "duplicate"},
      {"json", "{} x", "broken JSON"},
      {"xyz", "", "no molecule"},
      {"xyz", "1\n\nHe 0 0 0\nrubbish\n0\n", "line 5"},
      {"xyz", "-1\n\n", "line 1"},
      {"xyz", "999999999\n\n", "line 1"},
      {"xyz", "2 3\n\n", "line 1"},
      {"yaml", "a: 1", "'yaml'"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_molecule_list *list = NULL;
    int status = vqe_molecule_list_parse(
        &list, cases[k].text, strlen(cases[k].text), cases[k].format, "m.txt");
    if (status != VQE_ERR_INPUT || list != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
  }
}

/* The format follows the extension, else the content. */
static void format_follows_extension_else_content(void **state)
{
  (void)state;
  static const struct {
    const char *suffix;
    const char *text;
  } cases[] = {
      {".xyz", "\n1\nhelium\nHe 0 0 0\n"},
      {".json", "{\"symbols\":[\"He\"],\"coords\":[[0,0,0]]}"},
      {".txt", "  1\nhelium\nHe 0 0 0\n"},
      {".inp", "\n [{\"symbols\":[\"He\"],\"coords\":[[0,0,0]]}]"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/vqe-molecule-XXXXXX%s", cases[k].suffix);
    int descriptor = mkstemps(path, (int)strlen(cases[k].suffix));
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, cases[k].text, strlen(cases[k].text)),
                     strlen(cases[k].text));
    close(descriptor);
    struct vqe_molecule_list *list = NULL;
    assert_int_equal(vqe_molecule_list_read(&list, path), 0);
    assert_int_equal(list->count, 1);
    assert_non_null(list->entries[0].molecule);
    assert_int_equal(list->entries[0].molecule->z[0], 2);
    vqe_molecule_list_free(list);
    unlink(path);
  }
  struct vqe_molecule_list *list = NULL;
  assert_int_equal(vqe_molecule_list_read(&list, "/nonexistent.json"),
                   VQE_ERR_NOT_FOUND);
  assert_non_null(strstr(vqe_error_message(), "/nonexistent.json"));
}

/* What the reader of job files calls for a molecule written inside one. */
static void object_within_a_job_file_becomes_a_molecule(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = NULL;
  json_t *object = json_loads("{" H2 "}", 0, NULL);
  assert_int_equal(vqe_molecule_from_json(&molecule, object, NULL, "job 'j'"),
                   0);
  assert_string_equal(molecule->name, "");
  vqe_molecule_free(molecule);
  json_object_set_new(object, "charge", json_integer(1));
  molecule = NULL;
  assert_int_equal(vqe_molecule_from_json(&molecule, object, NULL, "job 'j'"),
                   VQE_ERR_INPUT);
  assert_null(molecule);
  assert_non_null(strstr(vqe_error_message(), "job 'j', key 'multiplicity'"));
  json_decref(object);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(symbols_and_numbers_map_both_ways),
      cmocka_unit_test(json_gives_molecules_with_defaults),
      cmocka_unit_test(qcschema_is_read_in_bohr_at_both_levels),
      cmocka_unit_test(qcschema_of_every_version_is_read),
      cmocka_unit_test(keys_near_known_ones_are_refused),
      cmocka_unit_test(xyz_frames_carry_names_charges_and_spins),
      cmocka_unit_test(bad_json_molecule_leaves_the_others),
      cmocka_unit_test(bad_xyz_frame_leaves_the_others),
      cmocka_unit_test(broken_file_is_refused_with_its_place),
      cmocka_unit_test(format_follows_extension_else_content),
      cmocka_unit_test(object_within_a_job_file_becomes_a_molecule),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
