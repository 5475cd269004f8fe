/* Basis files of every format, against PySCF 2.14.0 (nuclei in angstrom, the
 * file's functions given to PySCF as they stand); what is read of a file and
 * what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chem/basis.h"
#include "vqe/chem.h"
#include "vqe/error.h"

#define WATER "3\n\nO 0 0 0.1173\nH 0 0.7572 -0.4692\nH 0 -0.7572 -0.4692\n"

static struct vqe_integrals *compute(const char *xyz, const char *file)
{
  struct vqe_molecule_list *list = NULL;
  struct vqe_integrals *x = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char path[256];
  snprintf(path, sizeof path, "%s/%s", VQE_TEST_DATA, file);
  options.basis = path;
  assert_int_equal(vqe_molecule_list_parse(&list, xyz, strlen(xyz), "xyz", ""),
                   0);
  if (vqe_chem_run(&x, list->entries[0].molecule, &options) != 0) {
    fail_msg("%s: %s", file, vqe_error_message());
  }
  vqe_molecule_list_free(list);
  return x;
}

static void water_has_pyscf_energies_in_every_format(void **state)
{
  (void)state;
  static const struct {
    const char *file;
    double energy;
  } cases[] = {
      /* Cartesian, as the files say; Gaussian's do not say */
      {"basis_631gs.nw", -76.010504995},
      {"basis_631gs.json", -76.010504995},
      {"basis_631gs.gbs", -76.009108030},
      /* general contractions */
      {"basis_ano.nw", -75.936805295},
      {"basis_ano.json", -75.936805295},
      {"basis_ano.gbs", -75.936805295},
      {"basis_svp.nw", -75.960983987},
      {"basis_svp.json", -75.960983987},
      {"basis_svp.gbs", -75.960983987},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x = compute(WATER, cases[k].file);
    if (!(fabs(x->hf_energy - cases[k].energy) < 1e-8)) {
      fail_msg("%s: %.9f", cases[k].file, x->hf_energy);
    }
    vqe_integrals_free(x);
  }
}

static void cartesian_functions_have_pyscf_dipole(void **state)
{
  (void)state;
  struct vqe_integrals *x = compute(WATER, "basis_631gs.nw");
  size_t n = (size_t)x->norb;
  double dipole = x->dipole_core[2];
  for (size_t i = 0; i < (size_t)x->nbeta; i++) {
    dipole -= 2.0 * x->dipole_ints[2 * n * n + i * n + i];
  }
  assert_int_equal(n, 19);
  assert_true(fabs(dipole + 0.875785831) < 1e-7);
  vqe_integrals_free(x);
}

static void energy_of_cartesian_functions_ignores_orientation(void **state)
{
  (void)state;
  /* water turned by an angle that no axis shares, in other order */
  static const double r[3][3] = {
      {0, 0, 0.1173}, {0, 0.7572, -0.4692}, {0, -0.7572, -0.4692}};
  const double a = 0.7, b = 1.1;
  char xyz[512];
  int used = snprintf(xyz, sizeof xyz, "3\n\n");
  for (int k = 2; k >= 0; k--) {
    double y = cos(a) * r[k][1] - sin(a) * r[k][2];
    double z = sin(a) * r[k][1] + cos(a) * r[k][2];
    used += snprintf(xyz + used, sizeof xyz - (size_t)used,
                     "%s %.12f %.12f %.12f\n", k == 0 ? "O" : "H",
                     cos(b) * r[k][0] - sin(b) * y,
                     sin(b) * r[k][0] + cos(b) * y, z);
  }
  struct vqe_integrals *x = compute(xyz, "basis_631gs.nw");
  assert_true(fabs(x->hf_energy + 76.010504995) < 1e-8);
  vqe_integrals_free(x);
}

static void fitting_functions_are_no_orbitals(void **state)
{
  (void)state;
  struct vqe_integrals *x =
      compute("2\n\nH 0 0 0\nH 0 0 0.74\n", "basis_two_blocks.nw");
  assert_true(fabs(x->hf_energy + 1.11675931) < 1e-8);
  vqe_integrals_free(x);
}

static int parse(struct vqe_basis **basis, const char *text, size_t size,
                 int z)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  wanted[z] = true;
  *basis = NULL;
  return vqe_basis_parse(basis, text, size, "b", wanted);
}

/* Spellings that all mean one s function and one p function of hydrogen. */
static void spellings_of_a_shell_are_read_alike(void **state)
{
  (void)state;
  static const char *const texts[] = {
      "\xef\xbb\xbf"
      "BASIS SPHERICAL\nhydrogen sp\n 2.0 0.5 0.5\nEND\n",
      "basis \"AO Basis\" spherical\nHYDROGEN SP\n 2.0D0 5d-1 0.5\nend\n"
      "basis \"cd basis\"\nH S\n 9 1\nend\nbasis other\nH D\n 9 1\nend\n",
      "BASIS\nH L\n 2 .5 .5\nEND\nSO\nH p\n 2 1 1\nEND\n",
      "! comment\n****\nH 0\nSP 1 1.00\n 0.2D+01 0.5 0.5 ! end\n****\n",
      "H     0 \r\nSP 1 1.00\r\n 2.0 0.5D0 0.5\r\n****\r\n",
      "-H O 0\nS 1 2.0\n 0.5 0.5\nP 1\n 2.0 0.5\n****\n",
      "{\"elements\": {\"1\": {\"electron_shells\": [{\"angular_momentum\": "
      "[0, 1], \"exponents\": [\"2.0D0\"], \"coefficients\": [[\"0.5\"], "
      "[0.5]]}]}}}",
      "\n {\"role\": \"orbital\", \"elements\": {\"H\": {\"electron_shells\": "
      "[{\"angular_momentum\": [0], \"exponents\": [2], \"coefficients\": "
      "[[0.5]]}, {\"function_type\": \"gto_spherical\", "
      "\"angular_momentum\": [1], \"exponents\": [2e0], \"coefficients\": "
      "[[0.5]]}]}}}",
  };
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    struct vqe_basis *basis;
    if (parse(&basis, texts[k], strlen(texts[k]), 1) != VQE_OK) {
      fail_msg("text %zu: %s", k, vqe_error_message());
    }
    assert_int_equal(basis->nshell, 2);
    for (int l = 0; l < 2; l++) {
      const struct vqe_basis_shell *shell = &basis->shells[l];
      assert_int_equal(shell->l, l);
      assert_int_equal(shell->nprim, 1);
      assert_true(shell->exponents[0] == 2.0);
      assert_true(shell->coefficients[0] == 0.5);
    }
    assert_false(basis->cartesian);
    vqe_basis_free(basis);
  }
}

static void a_block_for_two_elements_serves_both(void **state)
{
  (void)state;
  static const char text[] = "H O 0\nS 1 1.0\n 2.0 1.0\n****\n"
                             "O 0\nP 1 1.0\n 1.0 1.0\n****\n";
  struct vqe_basis *basis;
  assert_int_equal(parse(&basis, text, strlen(text), 1), VQE_OK);
  assert_int_equal(basis->nshell, 1);
  vqe_basis_free(basis);
  assert_int_equal(parse(&basis, text, strlen(text), 8), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "another block"));
}

#define JSON_SHELL(rest)                                                      \
  "{\"elements\": {\"1\": {\"electron_shells\": [{" rest "}]}}}"

static void bad_files_are_refused_by_place_and_reason(void **state)
{
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"\xff\xfeH\0", "UTF-16"},
      {"basis \"cd basis\"\nH S\n 1 1\nend\n",
       "has functions for H in the block \"cd basis\" (line 2) alone"},
      {"basis large\nO S\n 1 1\nH S\n 1 1\nend\n",
       "block \"large\" (line 4) alone"},
      {"basis \"large\"\nO S\n 1 1\nend\n", "no functions for H"},
      /* first lines of formats as the Basis Set Exchange writes them */
      {"! H\n$DATA\nHYDROGEN\nS   3\n1  18.7  0.033\n",
       "line 2: this is the format of GAMESS-US or ORCA"},
      {"HYDROGEN\nS   1\n1  18.7  1.0\n", "of GAMESS-US or ORCA"},
      {"$basis\n*\nh 6-31G\n*\n 3   s\n", "of Turbomole"},
      {"$basis\nH     0\nS   3   1.00\n", "of Q-Chem"},
      {"$rem\nBASIS GEN\n$end\n", "of Q-Chem"},
      {"spherical\nbasis={\ns, H , 18.7\n", "of Molpro"},
      {"H:6-31G\n6-31G valence double-zeta\n  1\n", "of CFOUR or ACES II"},
      {"BASIS 6-31G 5D\nH\nS 0 3\n", "of Jaguar"},
      {"a 1\nH    4    2\n 18.7 0.03 0\n", "of Dalton"},
      {"H 6-31G\n    2\n1 0 0 3 1\n", "of CP2K"},
      {"S   H\n  0.03  18.7\n", "of GAMESS-UK"},
      {"P   O\n  0.03  18.7\n", "of GAMESS-UK"},
      {"O-HYDROGEN H (6-31G)\n    2\n", "of deMon2k"},
      {"FOR        H\nS 18.7 0.03\n", "of PQS"},
      {"@BASIS_SET 6-31G\n@ATOMBASIS H\n", "of VeloxChem"},
      {"*-----\n* Basis Set Exchange\n", "of Molcas"},
      {"include_min_basis .false.\n", "of FHI-aims"},
      {"BASIS\nH S\n 1 1\nEND\nBASIS\nH P\n 1 1\nEND\n",
       "line 6: another block"},
      {"BASIS\n* library 6-31g\nEND\n", "line 2: functions from a library"},
      {"BASIS CARTESIAN\nH D\n1 1\nEND\nBASIS SPHERICAL\nEND\n",
       "Cartesian functions in one place"},
      {"BASIS\nhidrogen S\n 1 1\nEND\n", "line 2: not an element symbol"},
      {"H 0\nS 2 1.0\n 1 1\n****\n", "line 4: the shell above has fewer"},
      {"H 0\nS 2 1.0\n 1 1\n", "the shell above has fewer"},
      {"H 0\nS 1 1.0\n 1 1\n 2 1\n****\n", "line 4"},
      {"H 0\nS 0 1.0\n****\n", "line 2: 1 to 64 primitives"},
      {"H 0\nS 1 0.0\n 1 1\n****\n", "line 2: one positive scale"},
      {"H 0\nSPD 1\n 1 1 1 1\n****\n", "line 2: not a shell type"},
      {"****\nS 1 1.0\n 1 1\n****\n", "line 2: an element and a zero"},
      {"H O 0\nS 1 1.0\n 1 1\n", "no line of four asterisks"},
      {"{\"elements\": ", "line 1"},
      {"{\"symbols\": []}", "an object 'elements'"},
      {"{\"role\": \"jkfit\", \"elements\": {}}", "something else"},
      {"{\"elements\": {\"0\": {}}}", "not an atomic number: '0'"},
      {"{\"elements\": {\"1\": {\"components\": []}}}", "element H"},
      {JSON_SHELL(""), "element H, shell 1"},
      {JSON_SHELL("\"angular_momentum\": [7], \"exponents\": [1], "
                  "\"coefficients\": [[1]]"),
       "element H, shell 1: 0 to 6"},
      {JSON_SHELL("\"angular_momentum\": [0], \"exponents\": [1, 2], "
                  "\"coefficients\": [[1]]"),
       "one number for each exponent"},
      {JSON_SHELL("\"angular_momentum\": [0, 1], \"exponents\": [1], "
                  "\"coefficients\": [[1], [1], [1]]"),
       "one column for each angular momentum"},
      {JSON_SHELL("\"angular_momentum\": [0], \"exponents\": [\"x\"], "
                  "\"coefficients\": [[1]]"),
       "not a positive exponent: 'x'"},
      {JSON_SHELL("\"function_type\": \"sto\", \"angular_momentum\": [0], "
                  "\"exponents\": [1], \"coefficients\": [[1]]"),
       "function_type is not supported: 'sto'"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_basis *basis;
    size_t size = strlen(cases[k].text);
    int status = parse(&basis, cases[k].text, size, 1);
    if (status == VQE_OK || basis != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
  }
}

static void effective_core_potentials_are_refused_by_name(void **state)
{
  (void)state;
  static const char *const files[][2] = {
      {"basis_lanl2dz.nw", "block ECP"},
      {"basis_lanl2dz.gbs", "AG-ECP"},
      {"basis_lanl2dz.json", "ecp_potentials"}};
  for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
    bool wanted[VQE_MAX_Z + 1] = {false};
    struct vqe_basis *basis = NULL;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", VQE_TEST_DATA, files[k][0]);
    wanted[1] = true;
    assert_int_equal(vqe_basis_load(&basis, path, wanted), VQE_OK);
    vqe_basis_free(basis); /* hydrogen has none */
    wanted[47] = true;
    basis = NULL;
    assert_int_equal(vqe_basis_load(&basis, path, wanted),
                     VQE_ERR_UNSUPPORTED);
    assert_null(basis);
    assert_non_null(strstr(vqe_error_message(), "for Ag"));
    assert_non_null(strstr(vqe_error_message(), files[k][1]));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(water_has_pyscf_energies_in_every_format),
      cmocka_unit_test(cartesian_functions_have_pyscf_dipole),
      cmocka_unit_test(energy_of_cartesian_functions_ignores_orientation),
      cmocka_unit_test(fitting_functions_are_no_orbitals),
      cmocka_unit_test(spellings_of_a_shell_are_read_alike),
      cmocka_unit_test(a_block_for_two_elements_serves_both),
      cmocka_unit_test(bad_files_are_refused_by_place_and_reason),
      cmocka_unit_test(effective_core_potentials_are_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
