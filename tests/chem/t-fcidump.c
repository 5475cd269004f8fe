/* FCIDUMP: files of PySCF read back, our own written and read, bad input. */
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
#include <jansson.h>

#include "vqe/chem.h"
#include "vqe/error.h"

static const struct vqe_chem_options defaults = VQE_CHEM_OPTIONS_INIT;

static const json_t *find(const json_t *systems, const char *name)
{
  size_t k;
  json_t *system;
  json_array_foreach(systems, k, system)
  {
    if (strcmp(json_string_value(json_object_get(system, "name")), name) ==
        0) {
      return system;
    }
  }
  fail_msg("no system %s", name);
  return NULL;
}

static struct vqe_integrals *read_data(const char *name,
                                       const struct vqe_chem_options *options)
{
  char path[512];
  struct vqe_integrals *x = NULL;
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", name);
  if (vqe_fcidump_read(&x, path, options) != 0) {
    fail_msg("%s", vqe_error_message());
  }
  return x;
}

static double number(const json_t *system, const char *key)
{
  const json_t *value = json_object_get(system, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

/* HF, MP2 and orbital energies follow from the integrals alone. */
static void energies_follow_from_the_file_alone(void **state)
{
  (void)state;
  static const char *const names[] = {"H2",  "HeH+", "LiH", "BeH2",
                                      "H2O", "NH3",  "N2",  "CO2"};
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/energies.json", 0, &error);
  assert_non_null(root);
  const json_t *systems = json_object_get(root, "systems");
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    const json_t *system = find(systems, names[k]);
    struct vqe_integrals *x = read_data(names[k], &defaults);
    assert_int_equal(x->norb, (int)number(system, "n_ao"));
    assert_int_equal(x->nalpha, (int)number(system, "n_alpha"));
    assert_true(fabs(x->nuclear_repulsion - number(system, "e_nuc")) < 1e-8);
    assert_true(fabs(x->hf_energy - number(system, "e_hf")) < 1e-8);
    assert_true(x->has_mp2);
    assert_true(fabs(x->mp2_energy - number(system, "e_mp2")) < 1e-7);
    assert_string_equal(x->method, "FCIDUMP");
    assert_null(x->dipole_ints);
    const json_t *energies = json_object_get(system, "hf_orbital_energies");
    for (int p = 0; p < x->norb; p++) {
      double expected = json_number_value(json_array_get(energies, (size_t)p));
      assert_true(fabs(x->orbital_energies[p] - expected) < 1e-7);
    }
    vqe_integrals_free(x);
  }
  json_decref(root);
}

static void assert_same(const struct vqe_integrals *a,
                        const struct vqe_integrals *b, double tolerance)
{
  size_t npair = (size_t)a->norb * (size_t)(a->norb + 1) / 2;
  assert_int_equal(a->norb, b->norb);
  assert_int_equal(a->nalpha, b->nalpha);
  assert_int_equal(a->nbeta, b->nbeta);
  for (int k = 0; k < a->norb * a->norb; k++) {
    assert_true(fabs(a->h1e[k] - b->h1e[k]) <= tolerance);
  }
  for (size_t k = 0; k < npair * npair; k++) {
    assert_true(fabs(a->eri[k] - b->eri[k]) <= tolerance);
  }
  assert_true(fabs(a->hf_energy - b->hf_energy) < 1e-10);
}

static void written_file_reads_back_the_same(void **state)
{
  (void)state;
  char path[] = "/tmp/vqe-fcidump-XXXXXX";
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  struct vqe_integrals *x = read_data("NH3", &defaults);
  assert_int_equal(vqe_fcidump_write(x, path), 0);
  struct vqe_integrals *y = NULL;
  assert_int_equal(vqe_fcidump_read(&y, path, &defaults), 0);
  /* values below 1e-15 are left out, the rest is exact */
  assert_same(x, y, 1e-15);
  assert_true(x->nuclear_repulsion == y->nuclear_repulsion);
  vqe_integrals_free(x);
  vqe_integrals_free(y);

  /* with a frozen core the scalar is the sum of both */
  struct vqe_chem_options options = defaults;
  options.frozen_core = 1;
  x = read_data("NH3", &options);
  assert_int_equal(vqe_fcidump_write(x, path), 0);
  assert_int_equal(vqe_fcidump_read(&y, path, &defaults), 0);
  assert_same(x, y, 1e-15);
  assert_true(fabs(x->nuclear_repulsion + x->e_core - y->nuclear_repulsion) <
              1e-12);
  assert_true(x->e_core < -1.0);
  vqe_integrals_free(x);
  vqe_integrals_free(y);
  unlink(path);
}

static void write_to_nowhere_is_an_error(void **state)
{
  (void)state;
  struct vqe_integrals *x = read_data("H2", &defaults);
  assert_int_equal(vqe_fcidump_write(x, "/nonexistent/folder/x.fcidump"),
                   VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "/nonexistent/folder"));
  vqe_integrals_free(x);
}

/* The determinant's energy does not depend on what is called core, and
 * PySCF's CASCI of N2 with both 1s frozen has this MP2 energy. */
static void energy_does_not_depend_on_what_is_frozen(void **state)
{
  (void)state;
  struct vqe_chem_options options = defaults;
  options.frozen_core = 2;
  struct vqe_integrals *x = read_data("N2", &options);
  struct vqe_integrals *all = read_data("N2", &defaults);
  assert_int_equal(x->norb, 8);
  assert_int_equal(x->nalpha, 5);
  assert_true(fabs(x->hf_energy - all->hf_energy) < 1e-10);
  assert_true(fabs(x->mp2_energy + 107.64950462839009) < 1e-7);
  vqe_integrals_free(x);
  options.frozen_core = 0;
  options.active_electrons = 6;
  options.active_orbitals = 6;
  assert_int_equal(vqe_fcidump_read(&x, VQE_TEST_DATA "/N2.fcidump", &options),
                   0);
  assert_int_equal(x->nfrozen, 4);
  assert_int_equal(x->norb, 6);
  assert_true(fabs(x->hf_energy - all->hf_energy) < 1e-10);
  vqe_integrals_free(x);
  vqe_integrals_free(all);
}

static int parse(struct vqe_integrals **x, const char *text)
{
  *x = NULL;
  return vqe_fcidump_parse(x, text, strlen(text), "test", &defaults);
}

/* The spellings that occur: lower case, "/" as the end, D exponents, any of
 * the eight orders, spaces around "=", no ORBSYM, orbital energies. */
static void all_spellings_in_use_are_read(void **state)
{
  (void)state;
  struct vqe_integrals *x;
  static const char text[] = "&fci norb = 2\n nelec=2 ms2=0\n/\n"
                             "0.67448876635683752D+00 1 1 1 1\n"
                             "1.8128880821149584d-1, 1, 2, 1, 2\n"
                             "0.66346809642356774 1 1 2 2\r\n"
                             "\n"
                             "0.69739376742302661 2 2 2 2\n"
                             "-1.2524635735648981 1 1 0 0\n"
                             "-0.47594871522096421 2 2 0 0\n"
                             "-0.57797 1 0 0 0\n"
                             "0.71375399368761816 0 0 0 0";
  assert_int_equal(parse(&x, text), 0);
  assert_true(fabs(x->hf_energy + 1.1166843870853405) < 1e-10);
  assert_true(fabs(x->mp2_energy + 1.1298551535553094) < 1e-10);
  vqe_integrals_free(x);
  assert_int_equal(parse(&x, "&FCI NORB=1,NELEC=1,MS2=1,\n ORBSYM=1,\n &END\n"
                             " -0.5 1 1 0 0\n 0.0 0 0 0 0\n"),
                   0);
  assert_int_equal(x->nbeta, 0);
  assert_true(x->has_mp2 && x->mp2_energy == -0.5);
  assert_true(x->hf_energy == -0.5);
  vqe_integrals_free(x);
}

/* Rotated orbitals have an off-diagonal Fock matrix: no MP2, and said so. */
static void rotated_orbitals_get_no_mp2_and_a_note(void **state)
{
  (void)state;
  struct vqe_integrals *x;
  assert_int_equal(parse(&x, "&FCI NORB=2,NELEC=2,MS2=0 &END\n"
                             "0.7 1 1 1 1\n-1.0 1 1 0 0\n-0.2 2 2 0 0\n"
                             "0.1 1 2 0 0\n0 0 0 0 0\n"),
                   0);
  assert_false(x->has_mp2);
  assert_non_null(x->notes);
  assert_non_null(strstr(x->notes, "no MP2"));
  assert_non_null(strstr(x->notes, "above Hartree-Fock"));
  vqe_integrals_free(x);
}

static void bad_input_is_refused_with_its_line(void **state)
{
  (void)state;
#define HEADER "&FCI NORB=2,NELEC=2,MS2=0,\n&END\n"
  static const struct {
    const char *text;
    int status;
    const char *message;
  } cases[] = {
      {"", VQE_ERR_INPUT, "&FCI"},
      {"hello", VQE_ERR_INPUT, "&FCI"},
      {"&FCI NORB=2,NELEC=2", VQE_ERR_INPUT, "&END"},
      {"&FCI NELEC=2 &END\n", VQE_ERR_INPUT, "NORB"},
      {"&FCI NORB=2 &END\n", VQE_ERR_INPUT, "NELEC"},
      {"&FCI NORB=2,NELEC=3,MS2=0 &END\n", VQE_ERR_INPUT, "MS2=0"},
      {"&FCI NORB=2,NELEC=6,MS2=0 &END\n", VQE_ERR_INPUT, "NELEC=6"},
      {"&FCI NORB=x,NELEC=2 &END\n", VQE_ERR_INPUT, "'x'"},
      {"&FCI NORB=100000,NELEC=2 &END\n", VQE_ERR_UNSUPPORTED, "100000"},
      {"&FCI NORB=65,NELEC=2 &END\n", VQE_ERR_UNSUPPORTED, "NORB=65"},
      {"&FCI NORB=2,NELEC=2,IUHF=1 &END\n", VQE_ERR_UNSUPPORTED, "RHF"},
      {"&FCI NORB=2,NELEC=2,UHF=.TRUE. &END\n", VQE_ERR_UNSUPPORTED, "RHF"},
      {HEADER "1.0 1 1 1 3\n", VQE_ERR_INPUT, "line 3: index 3"},
      {HEADER "1.0 1 1 1 -1\n", VQE_ERR_INPUT, "line 3: index -1"},
      {HEADER "1.0 1 1 1 1\n1.0 1 1 1 0\n", VQE_ERR_INPUT, "line 4"},
      {HEADER "nan 1 1 1 1\n", VQE_ERR_INPUT, "line 3"},
      {HEADER "1.0x 1 1 1 1\n", VQE_ERR_INPUT, "1.0x"},
      {HEADER "1.0 1 1 1\n", VQE_ERR_INPUT, "four indices"},
      {HEADER "1.0 1 1 1 1 1\n", VQE_ERR_INPUT, "more than four"},
      {HEADER "(1.0,0.0) 1 1 1 1\n", VQE_ERR_UNSUPPORTED, "complex"},
      {HEADER "1e308 1 1 0 0\n1e308 1 1 1 1\n1e308 0 0 0 0\n", VQE_ERR_INPUT,
       "too large"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x;
    int status = parse(&x, cases[k].text);
    if (status != cases[k].status ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: status %d, '%s'", k, status, vqe_error_message());
    }
    assert_null(x);
  }
  struct vqe_integrals *x;
  assert_int_equal(vqe_fcidump_read(&x, "/nonexistent.fcidump", &defaults),
                   VQE_ERR_NOT_FOUND);
}

static void space_that_does_not_fit_is_refused(void **state)
{
  (void)state;
  static const struct {
    int frozen, electrons, orbitals;
    const char *message;
  } cases[] = {
      {VQE_FROZEN_CORE_AUTO, -1, -1, "number"},
      {6, -1, -1, "frozen_core 6"},
      {0, 3, 4, "even"},
      {0, 12, 4, "even number up to 10"},
      {2, 8, 5, "contradicts"},
      {0, 4, 6, "more than the 7"},
      {0, 4, 1, "at least 2"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_chem_options options = defaults;
    struct vqe_integrals *x = NULL;
    options.frozen_core = cases[k].frozen;
    options.active_electrons = cases[k].electrons;
    options.active_orbitals = cases[k].orbitals;
    int status = vqe_fcidump_read(&x, VQE_TEST_DATA "/H2O.fcidump", &options);
    if (status != VQE_ERR_INPUT ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: status %d, '%s'", k, status, vqe_error_message());
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energies_follow_from_the_file_alone),
      cmocka_unit_test(written_file_reads_back_the_same),
      cmocka_unit_test(write_to_nowhere_is_an_error),
      cmocka_unit_test(energy_does_not_depend_on_what_is_frozen),
      cmocka_unit_test(all_spellings_in_use_are_read),
      cmocka_unit_test(rotated_orbitals_get_no_mp2_and_a_note),
      cmocka_unit_test(bad_input_is_refused_with_its_line),
      cmocka_unit_test(space_that_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
