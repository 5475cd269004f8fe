/* XYZ as the field writes it: comments, columns, labels, what follows the
 * atoms, and what cannot be read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "molecule/molecule_build.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

static struct vqe_molecule_list *list;

static int teardown(void **state)
{
  (void)state;
  vqe_molecule_list_free(list);
  list = NULL;
  return 0;
}

static const struct vqe_molecule_entry *
read_given(const char *text, const struct vqe_molecule_given *given)
{
  vqe_molecule_list_free(list);
  list = NULL;
  if (vqe_molecule_list_parse_given(&list, text, strlen(text), "xyz",
                                    "dir/h2.xyz", given) != 0) {
    fail_msg("%s", vqe_error_message());
  }
  return &list->entries[0];
}

/* A molecule of two atoms, 3 electrons and a charge, with this comment. */
static const struct vqe_molecule_entry *with_comment(const char *comment,
                                                     const char *atoms)
{
  char text[4096];
  snprintf(text, sizeof text, "2\n%s\n%s\n", comment, atoms);
  return read_given(text, NULL);
}

static void comments_give_charge_multiplicity_and_units(void **state)
{
  (void)state;
  static const struct {
    const char *comment;
    int charge, multiplicity;
    enum vqe_units units;
  } cases[] = {
      {"0 3", 0, 3, VQE_ANGSTROM},
      {"  0   3  ", 0, 3, VQE_ANGSTROM},
      {"0,3", 0, 3, VQE_ANGSTROM},
      {"0\t3 triplet oxygen", 0, 3, VQE_ANGSTROM},
      {"-1 2", -1, 2, VQE_ANGSTROM},
      {"+1 2 cation", 1, 2, VQE_ANGSTROM},
      {"1 2 1,2-something", 1, 2, VQE_ANGSTROM},
      {"1 2 3", 0, 1, VQE_ANGSTROM}, /* three numbers are data */
      {"charge=2 multiplicity=1", 2, 1, VQE_ANGSTROM},
      {"charge = 2 multiplicity = 1", 2, 1, VQE_ANGSTROM},
      {"charge: 1, mult: 2", 1, 2, VQE_ANGSTROM},
      {"Charge:1;Multiplicity:2", 1, 2, VQE_ANGSTROM},
      {"CHARGE=+1 MULT=2", 1, 2, VQE_ANGSTROM},
      {"charge 1 multiplicity 2", 1, 2, VQE_ANGSTROM},
      {"charge=1.0 mult=2.", 1, 2, VQE_ANGSTROM},
      {"charge=\"1\" multiplicity='2'", 1, 2, VQE_ANGSTROM},
      {"charge=1+ mult=2", 1, 2, VQE_ANGSTROM},
      {"charge=2-", -2, 1, VQE_ANGSTROM},
      {"total_charge=1 spin_multiplicity=2", 1, 2, VQE_ANGSTROM},
      {"spin=2", 0, 3, VQE_ANGSTROM},
      {"charge = -1 spin = 1", -1, 2, VQE_ANGSTROM},
      {"spin: 1 charge: 1", 1, 2, VQE_ANGSTROM},
      {"CSD_code = ABCDEF | q = 1 | S = 0.5 | MND = 7", 1, 2, VQE_ANGSTROM},
      {"q=-0.38 UHF = -147.6", 0, 1, VQE_ANGSTROM},
      {"charge=0 S=1", 0, 3, VQE_ANGSTROM},
      {"S=0", 0, 1, VQE_ANGSTROM},
      {"2S+1=3", 0, 3, VQE_ANGSTROM},
      {"charge = 1, 2S+1 = 2", 1, 2, VQE_ANGSTROM},
      {"chg=1 spinmult=2", 1, 2, VQE_ANGSTROM},
      {"chg = +1, spin multiplicity = 2", 1, 2, VQE_ANGSTROM},
      {"charge = +1, spin_multiplicity = 2", 1, 2, VQE_ANGSTROM},
      {"Charge: 1+, Spin-Multiplicity: 2", 1, 2, VQE_ANGSTROM},
      {"net charge 1 spin multiplicity 2", 1, 2, VQE_ANGSTROM},
      {"total charge = 1; unpaired electrons = 1", 1, 2, VQE_ANGSTROM},
      {"\"net charge\": 2, \"spin  multiplicity\": 3", 2, 3, VQE_ANGSTROM},
      {"molecular charge=0 total spin=2", 0, 3, VQE_ANGSTROM},
      {"# 0 3", 0, 3, VQE_ANGSTROM},
      {"energy in atomic units, units=angstrom", 0, 1, VQE_ANGSTROM},
      {"q=1 uhf=1", 1, 2, VQE_ANGSTROM},
      {"{\"charge\": 1, \"multiplicity\": 2}", 1, 2, VQE_ANGSTROM},
      {"charge=0 charge_a=1 charge_b=-1 scaling=2.0", 0, 1, VQE_ANGSTROM},
      {"units=bohr", 0, 1, VQE_BOHR},
      {"units = Bohr charge = 0", 0, 1, VQE_BOHR},
      {"unit: au", 0, 1, VQE_BOHR},
      {"units=\"angstrom\"", 0, 1, VQE_ANGSTROM},
      {"converted from bohr, units=angstrom", 0, 1, VQE_ANGSTROM},
      {"", 0, 1, VQE_ANGSTROM},
      {"charged water, high-spin-like title", 0, 1, VQE_ANGSTROM},
      {"triplet, optimised as multiplicity=3", 0, 3, VQE_ANGSTROM},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const struct vqe_molecule_entry *entry =
        with_comment(cases[k].comment, "O 0 0 0\nO 0 0 2.2");
    const struct vqe_molecule *m = entry->molecule;
    if (m == NULL || m->charge != cases[k].charge ||
        m->multiplicity != cases[k].multiplicity ||
        m->units != cases[k].units) {
      fail_msg("'%s': %s", cases[k].comment,
               m == NULL ? entry->reason : "another state or unit");
    }
  }
}

static void comments_that_cannot_be_read_are_errors(void **state)
{
  (void)state;
  static const struct {
    const char *comment, *part;
  } cases[] = {
      {"charge=x", "key 'charge': 'x'"},
      {"charge=", "key 'charge'"},
      {"charge = two", "'two'"},
      {"charge=0.5", "'0.5'"},
      {"charge two", "no number follows"},
      {"Mulliken charge", "no number follows"},
      {"multiplicity=triplet", "'triplet'"},
      {"mult: 1e99", "key 'mult'"},
      {"spin=0.5", "spin is 2S"},
      {"spin=1/2", "'1/2'"},
      {"spin up", "key 'spin'"},
      {"spin multiplicity", "key 'spin_multiplicity'"},
      {"spin multiplicity = triplet", "'triplet'"},
      {"net charge = ?", "key 'net_charge'"},
      {"spin=3", "read as 2S: multiplicity=3 says the other"},
      {"charge=1 charge=2", "both 1 and 2"},
      {"0 1 multiplicity=3", "both 1 and 3"},
      {"0 0", "0 is not 2S + 1"},
      {"units=pm", "'pm'"},
      {"units=bohr unit=angstrom", "both bohr and angstrom"},
      {"oxygen in bohr", "speaks of bohr or atomic"},
      {"oxygen, triplet", "says 'triplet'"},
      {"oxygen S=1", "says 'S'"},
      {"coordinates in atomic units", "atomic units"},
      {"pbc=\"T T T\"", "key 'pbc': periodic"},
      {"pbc=\"F F T\"", "periodic"},
      {"Lattice=\"9 0 0 0 9 0 0 0 9\"", "key 'Lattice': periodic"},
      {"%PBC", "periodic"},
      {"Properties=pos:R:3", "species:S:1"},
      {"Properties=species:S:1:pos:R:x", "species:S:1:pos:R:3"},
      {"Properties=species:S:1:pos:R:2", "pos:R:3"},
      {"Properties=species:S:1:pos:R:3:q:R:1", "has 4 columns"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const struct vqe_molecule_entry *entry =
        with_comment(cases[k].comment, "O 0 0 0\nO 0 0 2.2");
    if (entry->molecule != NULL ||
        strstr(entry->reason, cases[k].part) == NULL ||
        strstr(entry->reason, "file 'dir/h2.xyz', molecule 0") == NULL) {
      fail_msg("'%s': %s", cases[k].comment,
               entry->molecule != NULL ? "accepted" : entry->reason);
    }
  }
}

/* What options give need not be understood. */
static void options_go_before_the_comment(void **state)
{
  (void)state;
  struct vqe_molecule_given given = {.has_charge = true,
                                     .has_multiplicity = true,
                                     .has_units = true,
                                     .charge = 1,
                                     .multiplicity = 2,
                                     .units = VQE_BOHR};
  static const char *const comments[] = {
      "0 1",      "charge=0 mult=1 units=angstrom", "Mulliken charge",
      "charge=x", "spin up, triplet, units=pm",     ""};
  for (size_t k = 0; k < sizeof comments / sizeof comments[0]; k++) {
    char text[256];
    snprintf(text, sizeof text, "2\n%s\nH 0 0 0\nH 0 0 1.4\n", comments[k]);
    const struct vqe_molecule_entry *entry = read_given(text, &given);
    if (entry->molecule == NULL) {
      fail_msg("'%s': %s", comments[k], entry->reason);
    }
    assert_int_equal(entry->molecule->charge, 1);
    assert_int_equal(entry->molecule->multiplicity, 2);
    assert_int_equal(entry->molecule->units, VQE_BOHR);
  }
}

static void what_is_left_of_a_comment_is_the_name(void **state)
{
  (void)state;
  static const struct {
    const char *comment, *name;
  } cases[] = {
      {"oxygen", "oxygen"},
      {"0 1 oxygen", "oxygen"},
      {"0 1, oxygen ", "oxygen"},
      {"oxygen charge=0", "oxygen"},
      {"oxygen (charge = 0)", "oxygen"},
      {"charge=0, oxygen; mult=1", "oxygen"},
      {"oxygen charge=0 molecule mult=1", "oxygen molecule"},
      {"oxygen, net charge = 0, spin multiplicity = 1", "oxygen"},
      {"O2 r=2.2 charge=0", "O2 r=2.2"},
      {"Fe(CO)5 like charge=0", "Fe(CO)5 like"},
      {"name=dioxygen energy=-3", "dioxygen"},
      {"name=\"di oxygen\" charge=0", "di oxygen"},
      {"name: di oxygen charge: 0", "di oxygen"},
      {"title: oxygen", "title: oxygen"},
      {"energy=-147.0 charge=0", "h2"},
      {"i = 12, E = -147.0", "h2"},
      {"-147.0", "h2"},
      {"0 1", "h2"},
      {"", "h2"},
      {"gdb 7\t157.7118\t157.70997\t0.\t13.21\t-0.3877", "gdb 7"},
      {"3.5 a", "3.5 a"},
      {"Properties=species:S:1:pos:R:3 energy=-1.0 a=\"b c\" oxygen",
       "oxygen"},
      {"Properties=species:S:1:pos:R:3 energy=-1.0", "h2"},
      {"pbc=\"F F F\" name=oxygen", "oxygen"},
      {"caf\xc3\xa9", "caf\xc3\xa9"},
      {"caf\xe9", "h2"}, /* Latin-1 */
      {"a\x1b[2Jb", "h2"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const struct vqe_molecule_entry *entry =
        with_comment(cases[k].comment, "O 0 0 0\nO 0 0 2.2");
    if (entry->molecule == NULL ||
        strcmp(entry->molecule->name, cases[k].name) != 0) {
      fail_msg("'%s' gives '%s'", cases[k].comment,
               entry->molecule == NULL ? entry->reason
                                       : entry->molecule->name);
    }
  }
}

/* A comment of any length is read to its end; a name has a limit. */
static void long_comments_are_read_to_their_end(void **state)
{
  (void)state;
  char comment[4000];
  memset(comment, 'x', sizeof comment);
  strcpy(comment + 3000, " charge=1 mult=2");
  const struct vqe_molecule_entry *entry =
      with_comment(comment, "O 0 0 0\nO 0 0 2.2");
  assert_non_null(entry->molecule);
  assert_int_equal(entry->molecule->charge, 1);
  assert_int_equal(entry->molecule->multiplicity, 2);
  assert_int_equal(strlen(entry->molecule->name), 79);
  memset(comment, 0, sizeof comment);
  for (size_t k = 0; k + 2 < 90; k += 2) {
    strcpy(comment + k, "\xc3\xa9");
  }
  entry = with_comment(comment, "O 0 0 0\nO 0 0 2.2");
  assert_int_equal(strlen(entry->molecule->name), 78);
}

static void properties_name_the_columns(void **state)
{
  (void)state;
  const struct vqe_molecule_entry *entry =
      with_comment("Properties=species:S:1:forces:R:3:pos:R:3 charge=1",
                   "He 0.1 0.2 0.3 0 0 0\nH 0.3 0.2 0.5 0 0 0.7743");
  assert_non_null(entry->molecule);
  assert_true(entry->molecule->coords[5] == 0.7743);
  assert_int_equal(entry->molecule->z[0], 2);
  entry = with_comment("Lattice=\"5 0 0 0 5 0 0 0 5\" "
                       "Properties=id:I:1:pos:R:3:Z:I:1 pbc=\"F F F\"",
                       "7 0 0 0 1\n8 0 0 0.74 1 extra");
  assert_non_null(entry->molecule);
  assert_int_equal(entry->molecule->z[1], 1);
  assert_true(entry->molecule->coords[5] == 0.74);
  entry = with_comment("Properties=\"species:S:1:pos:R:3:magmoms:R:1\"",
                       "H 0 0 0 1\nH 0 0 0.74 -1");
  assert_non_null(entry->molecule);
}

static void labels_isotopes_and_exponents_are_read(void **state)
{
  (void)state;
  static const struct {
    const char *label;
    int z;
    double mass; /* 0: none */
  } cases[] = {
      {"H", 1, 0},
      {"h", 1, 0},
      {"HE", 2, 0},
      {"6", 6, 0},
      {"C1", 6, 0},
      {"H_a", 1, 0},
      {"Fe12", 26, 0},
      {"Cl1", 17, 0},
      {"CL1", 17, 0},
      {"Ca1", 20, 0},
      {"C(3)", 6, 0},
      {"N1'", 7, 0},
      {"C.ar", 6, 0},
      {"D", 1, 2.01410178},
      {"T", 1, 3.01604928},
      {"2H", 1, 2.01410178},
      {"13C", 6, 13.00335484},
      {"H(Iso=2)", 1, 2.01410178},
      {"D1", 1, 2.01410178},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[256];
    snprintf(text, sizeof text, "2\ncharge=%d\n%s 0 0 0\nHe 0 0 2.2\n",
             cases[k].z % 2, cases[k].label);
    const struct vqe_molecule_entry *entry = read_given(text, NULL);
    const struct vqe_molecule *m = entry->molecule;
    if (m == NULL || m->z[0] != cases[k].z ||
        (m->masses != NULL) != (cases[k].mass > 0.0)) {
      fail_msg("'%s': %s", cases[k].label,
               m == NULL ? entry->reason : "another element or mass");
    }
    if (m->masses != NULL) {
      assert_true(fabs(m->masses[0] - cases[k].mass) < 1e-7);
      /* the most common isotope of the others; NIST */
      assert_true(fabs(m->masses[1] - 4.00260325) < 1e-7);
    }
  }
  const struct vqe_molecule_entry *entry =
      with_comment("", "H 0.0D+00 -1.0d-1 1.5*^-1\nH +1E0 2.e0 .5");
  assert_non_null(entry->molecule);
  assert_true(entry->molecule->coords[1] == -0.1);
  assert_true(entry->molecule->coords[2] == 0.15);
  assert_true(entry->molecule->coords[5] == 0.5);
}

static void labels_that_mean_two_things_are_refused(void **state)
{
  (void)state;
  static const struct {
    const char *label, *part;
  } cases[] = {
      {"CA1", "Ca or C"},   {"HG1", "Hg or H"}, {"Bq", "ghost"},
      {"H-Bq", "ghost"},    {"Gh(H)", "ghost"}, {"@H", "ghost"},
      {"H:", "ghost"},      {"X", "ghost"},     {"O2-", "charges"},
      {"Na+", "charges"},   {"HW1", "element"}, {"0", "element"},
      {"119", "element"},   {"9H", "9H"},       {"2H1", "element"},
      {"Water", "element"}, {"H@2", "element"}, {"Qq", "line 3, 'Qq'"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[256];
    snprintf(text, sizeof text, "1\n\n%s 0 0 0\n", cases[k].label);
    const struct vqe_molecule_entry *entry = read_given(text, NULL);
    if (entry->molecule != NULL ||
        strstr(entry->reason, cases[k].part) == NULL) {
      fail_msg("'%s': %s", cases[k].label,
               entry->molecule != NULL ? "accepted" : entry->reason);
    }
  }
}

static void a_label_with_a_zero_byte_is_refused(void **state)
{
  (void)state;
  static const char text[] = "1\n\n\0 0 0 0\n";
  vqe_molecule_list_free(list);
  list = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, sizeof text - 1, "xyz", "m.xyz"),
      0);
  assert_null(list->entries[0].molecule);
  assert_non_null(strstr(list->entries[0].reason, "not an element symbol"));
}

static void frames_end_in_many_ways(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t count;
  } cases[] = {
      {"2\n\nH 0 0 0\nH 0 0 1\n", 1},
      {"2\r\n\r\nH 0 0 0\r\nH 0 0 1\r\n", 1},
      {"2\r\rH 0 0 0\rH 0 0 1\r", 1},
      {"\xef\xbb\xbf"
       "2\n\nH 0 0 0\nH 0 0 1",
       1},
      {"\n \n2\n\nH 0 0 0\n\nH 0 0 1\n\n\n", 1},
      {"2 bohr\n0 1 H2\nH 0 0 0\nH 0 0 1\n", 1},
      {"2\n\nH 0 0 0\nH 0 0 1\n\n2\n\nH 0 0 0\nH 0 0 1\n", 2},
      {"2\ngdb 1 0.1 0.2\nH 0 0 0 .1\nH 0 0 1 .2\n4401.2\t3.0\nH\tH\n"
       "InChI=1S/H2/h1H\tInChI=1S/H2/h1H\n"
       "2\n\nH 0 0 0\nH 0 0 1\n",
       2},
      {"2\n\nH 0 0 0 0.1 0.2 0.3\nH 0 0 1 0.1 0.2 0.3\n$end\n", 1},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    (void)read_given(cases[k].text, NULL);
    if (list->count != cases[k].count) {
      fail_msg("case %zu: %zu frames", k, list->count);
    }
    for (size_t f = 0; f < list->count; f++) {
      if (list->entries[f].molecule == NULL) {
        fail_msg("case %zu: %s", k, list->entries[f].reason);
      }
    }
  }
  assert_int_equal(
      read_given("2 bohr\n0 1 H2\nH 0 0 0\nH 0 0 1\n", NULL)->molecule->units,
      VQE_BOHR);
}

/* Two of three atoms would be another molecule. */
static void a_wrong_number_of_atoms_is_seen(void **state)
{
  (void)state;
  const struct vqe_molecule_entry *entry = read_given(
      "2\n\nO 0 0 0\nH 0 0 1\nH 0 1 0\n2\n\nH 0 0 0\nH 0 0 1\n", NULL);
  assert_null(entry->molecule);
  assert_non_null(strstr(entry->reason, "line 5: an atom follows the 2"));
  assert_int_equal(list->count, 2);
  assert_non_null(list->entries[1].molecule);
  entry = read_given("2\nH 0 0 0\nH 0 0 1\n", NULL);
  assert_non_null(strstr(entry->reason, "comment"));
  assert_non_null(strstr(entry->reason, "is missing"));
}

static void frames_without_a_title_are_numbered(void **state)
{
  (void)state;
  (void)read_given("1\n\nHe 0 0 0\n1\nhelium\nHe 0 0 0\n1\n0 1\nHe 0 0 0\n",
                   NULL);
  assert_string_equal(list->entries[0].molecule->name, "h2-0");
  assert_string_equal(list->entries[1].molecule->name, "helium");
  assert_string_equal(list->entries[2].molecule->name, "h2-2");
  assert_null(list->entries[0].name);
}

static void other_encodings_are_named(void **state)
{
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *part;
  } cases[] = {
      {"\xff\xfe"
       "1\0\n\0",
       6, "UTF-16"},
      {"\xfe\xff\0"
       "1\0\n",
       6, "UTF-16"},
      {"1\0\n\0\n\0", 6, "UTF-16"},
      {"\xff\xfe\0\0"
       "1\0\0\0",
       8, "UTF-32"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    for (int json = 0; json < 2; json++) {
      struct vqe_molecule_list *none = NULL;
      assert_int_equal(vqe_molecule_list_parse(&none, cases[k].bytes,
                                               cases[k].size,
                                               json ? "json" : "xyz", "a.xyz"),
                       VQE_ERR_INPUT);
      assert_non_null(strstr(vqe_error_message(), cases[k].part));
      assert_non_null(strstr(vqe_error_message(), "file 'a.xyz'"));
    }
  }
}

/* Masses of the table: NIST, by other sources than the table's. */
static void isotopes_have_their_masses(void **state)
{
  (void)state;
  assert_true(fabs(vqe_isotope_mass(1, 0) - 1.00782503) < 1e-7);
  assert_true(fabs(vqe_isotope_mass(6, 0) - 12.0) == 0.0);
  assert_true(fabs(vqe_isotope_mass(17, 37) - 36.96590260) < 1e-7);
  assert_true(fabs(vqe_isotope_mass(92, 0) - 238.0507884) < 1e-5);
  assert_true(vqe_isotope_mass(1, 9) == 0.0);
  for (int z = 1; z < VQE_MAX_Z; z++) {
    double mass = vqe_isotope_mass(z, 0);
    assert_true(mass >= z && mass < 3.0 * z + 1.0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comments_give_charge_multiplicity_and_units),
      cmocka_unit_test(comments_that_cannot_be_read_are_errors),
      cmocka_unit_test(options_go_before_the_comment),
      cmocka_unit_test(what_is_left_of_a_comment_is_the_name),
      cmocka_unit_test(long_comments_are_read_to_their_end),
      cmocka_unit_test(properties_name_the_columns),
      cmocka_unit_test(labels_isotopes_and_exponents_are_read),
      cmocka_unit_test(labels_that_mean_two_things_are_refused),
      cmocka_unit_test(a_label_with_a_zero_byte_is_refused),
      cmocka_unit_test(frames_end_in_many_ways),
      cmocka_unit_test(a_wrong_number_of_atoms_is_seen),
      cmocka_unit_test(frames_without_a_title_are_numbered),
      cmocka_unit_test(other_encodings_are_named),
      cmocka_unit_test(isotopes_have_their_masses),
  };
  return cmocka_run_group_tests(tests, NULL, teardown);
}
