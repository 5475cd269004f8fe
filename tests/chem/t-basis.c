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
#include "chem/basis_catalog.h"
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
  static const char *const names[][2] = {{"STO-3G", "sto3g"},
                                         {"sto3g", "sto3g"},
                                         {"sto-3g", "sto3g"},
                                         {"6-31G", "6-31g"},
                                         {"631g", "6-31g"},
                                         {"cc-pVDZ", "cc-pvdz"},
                                         {"CCPVDZ", "cc-pvdz"},
                                         {"cc_pvdz", "cc-pvdz"},
                                         {"6-31G*", "6-31g*"},
                                         {"6-31G(d)", "6-31g*"},
                                         {"6-311++G(d,p)", "6-311++g**"},
                                         {"aug-cc-pVDZ", "aug-cc-pvdz"},
                                         {"def2-TZVP", "def2-tzvp"},
                                         {"def2-SV(P)", "def2-sv(p)"},
                                         {"PC-1", "pc-1"},
                                         {"ano rcc", "ano-rcc"}};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    const char *stored = NULL;
    assert_int_equal(vqe_basis_canonical(&stored, names[k][0]), 0);
    assert_string_equal(stored, names[k][1]);
  }
  const char *stored = NULL;
  assert_int_equal(vqe_basis_canonical(&stored, "def2-TVZP"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "did you mean 'def2-TZVP'?"));
  assert_int_equal(vqe_basis_canonical(&stored, "plain waves of any kind"),
                   VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "did you mean"));
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

/* No two sets share a name, and each name leads to its own set. */
static void names_of_the_catalogue_are_its_own(void **state)
{
  (void)state;
  assert_true(vqe_basis_set_count > 100);
  for (size_t k = 0; k < vqe_basis_set_count; k++) {
    const struct vqe_basis_set *set = &vqe_basis_sets[k];
    assert_ptr_equal(vqe_basis_find(set->name), set);
    assert_ptr_equal(vqe_basis_find(set->shown), set);
    assert_true(set->references[0] != '\0' && strlen(set->sha256) == 64);
  }
}

/* Shells of one element, 0 where it has a core potential. */
static size_t count_shells(const struct vqe_basis_set *set, int z)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  struct vqe_basis *basis = NULL;
  wanted[z] = true;
  int status = vqe_basis_load(&basis, set->name, wanted);
  size_t count = status == VQE_OK ? basis->nshell : 0;
  assert_true(status == VQE_OK || status == VQE_ERR_UNSUPPORTED);
  if (status != VQE_OK) {
    assert_non_null(strstr(vqe_error_message(), "core potential"));
    assert_non_null(strstr(vqe_error_message(), vqe_element_symbol(z)));
  }
  vqe_basis_free(basis);
  return count;
}

static void check_absent(const struct vqe_basis_set *set, int z)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  struct vqe_basis *basis = NULL;
  wanted[z] = true;
  assert_int_equal(vqe_basis_load(&basis, set->name, wanted), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), vqe_element_symbol(z)));
  assert_non_null(strstr(vqe_error_message(), set->elements));
}

/* Every set gives functions of every element that it is said to have, unless
 * that has a core potential, and none of another. */
static void sets_have_the_elements_that_they_are_said_to_have(void **state)
{
  (void)state;
  size_t pairs = 0;
  size_t cores = 0;
  for (size_t k = 0; k < vqe_basis_set_count; k++) {
    const struct vqe_basis_set *set = &vqe_basis_sets[k];
    bool wanted[VQE_MAX_Z + 1] = {false};
    struct vqe_basis *basis = NULL;
    for (int z = 1; z <= VQE_MAX_Z; z++) {
      wanted[z] = vqe_basis_has_element(set, z);
      if (!wanted[z]) {
        check_absent(set, z);
      }
    }
    bool whole = vqe_basis_load(&basis, set->name, wanted) == VQE_OK;
    for (int z = 1; z <= VQE_MAX_Z; z++) {
      size_t count = 0;
      for (size_t s = 0; whole && s < basis->nshell; s++) {
        count += basis->shells[s].z == z;
      }
      if (!whole && wanted[z]) {
        count = count_shells(set, z);
      }
      assert_true(count == 0 || wanted[z]);
      assert_true(count > 0 || !wanted[z] || !whole);
      pairs += count > 0;
      cores += count == 0 && wanted[z];
    }
    vqe_basis_free(basis);
  }
  /* cc-pVDZ-PP, TZ and QZ from Cu to Kr, LANL2DZ from Na to Kr */
  assert_int_equal(cores, 3 * 8 + 26);
  assert_true(pairs > 2500);
}

/* Functions of each angular momentum as the papers of the sets give them:
 * iron and zinc with f, g, h, and argon beside potassium in STO-3G. */
static void sets_have_published_sizes(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    int z;
    int count[7]; /* contracted functions by l */
    bool cartesian;
  } cases[] = {
      {"sto-3g", 18, {3, 2}, false},
      {"sto-3g", 26, {4, 3, 1}, false},
      {"6-31G(d)", 26, {5, 4, 2, 1}, true},
      {"6-31G(d)", 6, {3, 2, 1}, true},
      {"6-311G(d,p)", 14, {6, 5, 1}, false},
      {"cc-pVTZ", 26, {7, 6, 4, 2, 1}, false},
      {"cc-pVQZ", 30, {8, 7, 5, 3, 2, 1}, false},
      {"cc-pVQZ", 8, {5, 4, 3, 2, 1}, false},
      {"aug-cc-pVTZ", 8, {5, 4, 3, 2}, false},
      {"def2-SVP", 26, {5, 3, 2, 1}, false},
      {"def2-QZVP", 30, {11, 6, 5, 3, 1}, false},
      {"ANO-RCC-VDZP", 26, {5, 4, 2, 1}, false},
      {"ANO-RCC", 26, {10, 9, 8, 6, 4, 2}, false},
      {"pc-2", 6, {4, 3, 2, 1}, false},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    bool wanted[VQE_MAX_Z + 1] = {false};
    struct vqe_basis *basis = NULL;
    int count[VQE_BASIS_MAX_L + 1] = {0};
    wanted[cases[k].z] = true;
    assert_int_equal(vqe_basis_load(&basis, cases[k].name, wanted), 0);
    for (size_t s = 0; s < basis->nshell; s++) {
      count[basis->shells[s].l] += basis->shells[s].nctr;
    }
    for (int l = 0; l <= VQE_BASIS_MAX_L; l++) {
      if (count[l] != cases[k].count[l]) {
        fail_msg("%s of %s: %d functions of l = %d, not %d", cases[k].name,
                 vqe_element_symbol(cases[k].z), count[l], l,
                 cases[k].count[l]);
      }
    }
    assert_true(basis->cartesian == cases[k].cartesian);
    vqe_basis_free(basis);
  }
}

/* The folder that the environment names is taken alone; what lies there must
 * be the set. */
static void data_are_found_and_checked(void **state)
{
  (void)state;
  bool wanted[VQE_MAX_Z + 1] = {[6] = true};
  struct vqe_basis *basis = NULL;
  char folder[] = "/tmp/vqe-sets-XXXXXX";
  char path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/def2-svp.nw.gz", folder);
  setenv("VQE_BASIS_PATH", folder, 1);
  assert_int_equal(vqe_basis_load(&basis, "def2-svp", wanted),
                   VQE_ERR_NOT_FOUND);
  assert_non_null(strstr(vqe_error_message(), path));
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("C S\n1.0 1.0\n", file);
  fclose(file);
  assert_int_equal(vqe_basis_load(&basis, "def2-svp", wanted), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "is not version 1 of def2-SVP"));
  /* the head of a compressed file */
  file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite("\x1f\x8b\x08\0\0\0\0\0\x02\x03\x4b", 1, 11, file),
                   11);
  fclose(file);
  assert_int_equal(vqe_basis_load(&basis, "def2-svp", wanted), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "cut off or damaged"));
  /* what is built in needs no folder */
  assert_int_equal(vqe_basis_load(&basis, "cc-pvdz", wanted), VQE_OK);
  vqe_basis_free(basis);
  unlink(path);
  rmdir(folder);
  unsetenv("VQE_BASIS_PATH");
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
      cmocka_unit_test(names_of_the_catalogue_are_its_own),
      cmocka_unit_test(sets_have_the_elements_that_they_are_said_to_have),
      cmocka_unit_test(sets_have_published_sizes),
      cmocka_unit_test(data_are_found_and_checked),
      cmocka_unit_test(nwchem_syntax_gives_shells_and_contractions),
      cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
      cmocka_unit_test(file_by_path_equals_the_built_in_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
