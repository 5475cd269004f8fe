/* Basis sets: the built-in ones, files, and what is wrong with a file. */
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

#include "chem/basis.h"
#include "vqe/chem.h"
#include "vqe/error.h"

static int parse(struct vqe_basis **basis, const char *text, int z)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  wanted[z] = true;
  *basis = NULL;
  return vqe_basis_parse(basis, text, strlen(text), "b.nw", wanted);
}

static void names_are_found_in_any_spelling(void **state)
{
  (void)state;
  static const char *const names[][2] = {
      {"STO-3G", "sto3g"},   {"sto3g", "sto3g"},    {"sto-3g", "sto3g"},
      {"6-31G", "6-31g"},    {"631g", "6-31g"},     {"cc-pVDZ", "cc-pvdz"},
      {"CCPVDZ", "cc-pvdz"}, {"cc_pvdz", "cc-pvdz"}};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    const char *stored = NULL;
    assert_int_equal(vqe_basis_canonical(&stored, names[k][0]), 0);
    assert_string_equal(stored, names[k][1]);
  }
  const char *stored = NULL;
  assert_int_equal(vqe_basis_canonical(&stored, "6-31G*"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "sto3g, 6-31g, cc-pvdz"));
  assert_int_equal(vqe_basis_canonical(&stored, NULL), VQE_ERR_INPUT);
}

static int count_functions(const struct vqe_basis *basis)
{
  int count = 0;
  for (size_t k = 0; k < basis->nshell; k++) {
    count += basis->shells[k].nctr * (2 * basis->shells[k].l + 1);
  }
  return count;
}

/* Sizes that textbooks give, for every element up to argon. */
static void built_in_sets_have_textbook_sizes(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    int row1, row2, row3; /* H-He, Li-Ne, Na-Ar */
  } sets[] = {{"sto3g", 1, 5, 9}, {"6-31g", 2, 9, 13}, {"cc-pvdz", 5, 14, 18}};
  for (size_t k = 0; k < 3; k++) {
    for (int z = 1; z <= 18; z++) {
      bool wanted[VQE_MAX_Z + 1] = {false};
      struct vqe_basis *basis = NULL;
      wanted[z] = true;
      assert_int_equal(vqe_basis_load(&basis, sets[k].name, wanted), 0);
      assert_int_equal(count_functions(basis), z <= 2    ? sets[k].row1
                                               : z <= 10 ? sets[k].row2
                                                         : sets[k].row3);
      vqe_basis_free(basis);
    }
  }
}

static void nwchem_syntax_gives_shells_and_contractions(void **state)
{
  (void)state;
  struct vqe_basis *basis;
  assert_int_equal(
      parse(&basis,
            "# comment\nBASIS \"ao basis\" CARTESIAN PRINT\n"
            "o  sp  ! trailing\r\n"
            " 5.0D+00 -1.0d-01 0.2\n 1.2 4.0E-1 6.0e-1 # comment\n"
            "O D\n 1.0 1.0\n"
            "O S\n 9.0 0.5 0.0 0.0\n 1.0 0.0 0.5 0.0\n"
            "O S\n 9.0 0.25\n 1.0 0.75\nEND\n",
            8),
      0);
  assert_true(basis->cartesian);
  assert_int_equal(basis->nshell, 4);
  const struct vqe_basis_shell *s = &basis->shells[0];
  assert_int_equal(s->l, 0);
  assert_int_equal(s->nprim, 2);
  assert_true(s->exponents[0] == 5.0 && s->coefficients[0] == -0.1);
  s = &basis->shells[1];
  assert_int_equal(s->l, 1);
  assert_true(s->exponents[1] == 1.2 && s->coefficients[1] == 0.6);
  assert_int_equal(basis->shells[2].l, 2);
  /* the empty third column goes, the shell over the same primitives joins */
  s = &basis->shells[3];
  assert_int_equal(s->nctr, 3);
  assert_true(s->coefficients[0] == 0.5 && s->coefficients[3] == 0.5);
  assert_true(s->coefficients[4] == 0.25 && s->coefficients[5] == 0.75);
  vqe_basis_free(basis);
}

static void bad_files_are_refused_with_line_and_reason(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int status;
    const char *message;
  } cases[] = {
      {"", VQE_ERR_INPUT, "no functions for O"},
      {"H S\n1.0 1.0\n", VQE_ERR_INPUT, "no functions for O"},
      {"O S\n", VQE_ERR_INPUT, "line 1: the shell has no primitives"},
      {"O S\nO P\n1 1\n", VQE_ERR_INPUT, "line 1"},
      {"O Q\n1 1\n", VQE_ERR_INPUT, "line 1: not a shell type"},
      {"Zz S\n1 1\n", VQE_ERR_INPUT, "line 1: not an element"},
      {"O\n1 1\n", VQE_ERR_INPUT, "line 1"},
      {"O library 6-31g\n", VQE_ERR_INPUT, "line 1"},
      {"1.0 1.0\n", VQE_ERR_INPUT, "line 1: a number before"},
      {"O S\n1.0 1.0\nEND\n2.0 1.0\n", VQE_ERR_INPUT, "line 4"},
      {"O S\n1.0\n", VQE_ERR_INPUT, "line 2: an exponent"},
      {"O S\n1.0 1.0\n2.0 1.0 3.0\n", VQE_ERR_INPUT, "line 3: another"},
      {"O S\n-1.0 1.0\n", VQE_ERR_INPUT, "line 2: not a positive"},
      {"O S\n1.0x 1.0\n", VQE_ERR_INPUT, "line 2"},
      {"O S\n1.0 1.0y\n", VQE_ERR_INPUT, "line 2: not a coefficient"},
      {"O S\n1.0 0.0\n", VQE_ERR_INPUT, "line 1: all coefficients"},
      {"O SP\n1.0 1.0\n", VQE_ERR_INPUT, "line 1: an SP shell"},
      {"O S\n1 1\nEND\nECP\nO nelec 2\nO ul\n2 1.0 0.0\nEND\n",
       VQE_ERR_UNSUPPORTED, "core potential"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_basis *basis;
    int status = parse(&basis, cases[k].text, 8);
    if (status != cases[k].status || basis != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
  }
}

/* A file by path gives what the built-in set gives, and f functions work:
 * hydrogen with one more shell of each l can only come lower. */
static void file_by_path_equals_the_built_in_set(void **state)
{
  (void)state;
  static const char text[] = "H S\n3.42525091 0.15432897\n"
                             "0.62391373 0.53532814\n0.16885540 0.44463454\n";
  static const char more[] = "H P\n1.0 1.0\nH D\n1.0 1.0\nH F\n1.0 1.0\n"
                             "H G\n1.0 1.0\n";
  static const char input[] = "2\n\nH 0.1 0.2 0.3\nH 0.5 -0.1 0.7\n";
  struct vqe_molecule_list *list = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&list, input, strlen(input), "xyz", "test"), 0);
  double energies[3];
  for (int k = 0; k < 3; k++) {
    char path[] = "/tmp/vqe-basis-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    if (k == 2) {
      assert_int_equal(write(descriptor, more, strlen(more)), strlen(more));
    }
    close(descriptor);
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    options.basis = k == 0 ? "sto3g" : path;
    options.active_orbitals = 2;
    if (vqe_chem_run(&x, list->entries[0].molecule, &options) != 0) {
      fail_msg("%s", vqe_error_message());
    }
    energies[k] = x->hf_energy;
    vqe_integrals_free(x);
    unlink(path);
  }
  assert_true(fabs(energies[0] - energies[1]) < 1e-14);
  assert_true(energies[2] < energies[1] - 1e-3);
  vqe_molecule_list_free(list);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_found_in_any_spelling),
      cmocka_unit_test(built_in_sets_have_textbook_sizes),
      cmocka_unit_test(nwchem_syntax_gives_shells_and_contractions),
      cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
      cmocka_unit_test(file_by_path_equals_the_built_in_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
