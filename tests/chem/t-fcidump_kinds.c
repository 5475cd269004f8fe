/* FCIDUMP files of kinds that are not those of real restricted orbitals, and
 * orders of orbitals. Expected energies: PySCF 2.14.0. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/notes.h"
#include "chem/env.h"
#include "vqe/chem.h"
#include "vqe/error.h"

static const struct vqe_chem_options defaults = VQE_CHEM_OPTIONS_INIT;

#define HEADER "&FCI NORB=2,NELEC=2,MS2=0,\n&END\n"
/* H2 in STO-3G, but for the first value */
#define REST                                                                  \
  "0.18128880821149584 2 1 2 1\n0.66346809642356774 2 2 1 1\n"                \
  "0.69739376742302661 2 2 2 2\n-1.2524635735648981 1 1 0 0\n"                \
  "-0.47594871522096421 2 2 0 0\n"
#define CORE "0.71375399368761816 0 0 0 0\n"
#define FIRST "0.67448876635683752 1 1 1 1\n"
#define HF (-1.1166843870853405)

static int parse(struct vqe_integrals **x, const char *text)
{
  *x = NULL;
  return vqe_fcidump_parse(x, text, strlen(text), "test", &defaults);
}

static void comments_and_numbers_of_fortran_are_read(void **state)
{
  (void)state;
  static const char *const texts[] = {
      HEADER FIRST REST CORE,
      "&FCI NORB=2,NELEC=2,MS2=0, ! H2 = hydrogen\n ORBSYM=2*1, ISYM=1 / i a "
      "j b\n" FIRST REST CORE,
      "\xef\xbb\xbf"
      "&FCI NORB=2,NELEC=2,MS2=0 &END integrals, = / follow\n"
      "! a comment\n" FIRST "  ! another\n" REST CORE,
      HEADER "0.67448876635683752 1 1 1 1 ! (11|11)\n" REST CORE,
      HEADER FIRST
      "0.1-105 1 1 1 2\n0.1D-105 2 1 2 2\n-1.2-310 2 1 0 0\n" REST CORE,
      HEADER "6.7448876635683752-1 1 1 1 1\n" REST "7.1375399368761816D-01 0 "
             "0 0 0\n",
      /* twice the same is once */
      HEADER FIRST REST "0.18128880821149584 1 2 2 1\n-1.2524635735648981 1 1 "
                        "0 0\n" CORE,
      HEADER CORE FIRST REST CORE,
  };
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    struct vqe_integrals *x;
    if (parse(&x, texts[k]) != VQE_OK) {
      fail_msg("text %zu: %s", k, vqe_error_message());
    }
    assert_true(fabs(x->hf_energy - HF) < 1e-10);
    assert_null(x->notes);
    vqe_integrals_free(x);
  }
}

static void other_kinds_and_damage_are_refused_by_reason(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int status;
    const char *message;
  } cases[] = {
      {HEADER FIRST REST "0.7 1 1 1 1\n" CORE, VQE_ERR_UNSUPPORTED,
       "lines 3 and 9 give 0.6744887664 and 0.7 for one integral"},
      {HEADER FIRST REST "-1.0 1 1 0 0\n" CORE, VQE_ERR_UNSUPPORTED,
       "lines 7 and 9"},
      {HEADER FIRST "0.17 1 2 2 1\n" REST CORE, VQE_ERR_UNSUPPORTED,
       "unrestricted"},
      {HEADER FIRST REST "0.0 0 0 0 0\n" CORE, VQE_ERR_UNSUPPORTED,
       "lines 9 and 10 give 0 and 0.7137539937 for the core energy"},
      {HEADER FIRST REST, VQE_ERR_INPUT, "without a core energy"},
      {HEADER FIRST, VQE_ERR_INPUT, "without one-electron integrals"},
      {HEADER FIRST "0.18128880821149584 2 1", VQE_ERR_INPUT, "truncated"},
      {HEADER "0.6 0.0 1 1 1 1\n", VQE_ERR_UNSUPPORTED, "line 3: two numbers"},
      {HEADER "( 0.6,0.0) 1 1 1 1\n", VQE_ERR_UNSUPPORTED, "complex"},
      {"&FCI NORB=2,NELEC=-2,MS2=0 &END\n", VQE_ERR_INPUT,
       "NELEC=-2 is negative"},
      {"&FCI NORB=2,NELEC=2,MS2=-2 &END\n", VQE_ERR_INPUT,
       "MS2=-2 is negative"},
      {"&FCI NORB=2,NELEC=2,IGENERAL=1 &END\n", VQE_ERR_UNSUPPORTED,
       "IGENERAL"},
      {"&FCI NORB=2,NELEC=2,SYMLZ=1,-1 &END\n", VQE_ERR_UNSUPPORTED, "Lz"},
      {"&FCI NORB=2,NELEC=2,TREL=.TRUE. &END\n", VQE_ERR_UNSUPPORTED,
       "spinors"},
      {"&FCI NORB=2,NELEC=2,UHF=T /\n", VQE_ERR_UNSUPPORTED, "line 1"},
      {"&FCI NORB=2,NELEC=2,ORBSYM=a /\n", VQE_ERR_INPUT, "ORBSYM: 'a'"},
      {"\xff\xfe&FCI", VQE_ERR_INPUT, "UTF-16"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x;
    int status = parse(&x, cases[k].text);
    if (status != cases[k].status || x != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
  }
}

static struct vqe_integrals *read_data(const char *name)
{
  struct vqe_integrals *x = NULL;
  char path[256];
  snprintf(path, sizeof path, "%s/%s.fcidump", VQE_TEST_DATA, name);
  if (vqe_fcidump_read(&x, path, &defaults) != VQE_OK) {
    assert_null(x);
  }
  return x;
}

static void files_of_other_orbitals_are_refused(void **state)
{
  (void)state;
  /* alpha, beta and mixed integrals one after the other, without the flag */
  assert_null(read_data("uhf_noflag"));
  assert_non_null(strstr(vqe_error_message(), "lines 5 and 286"));
  /* pi orbitals of sharp Lz */
  assert_null(read_data("lz"));
  assert_non_null(strstr(vqe_error_message(), "IGENERAL"));
}

/* The same file without its flag is seen by its integrals. */
static void missing_symmetry_is_seen_without_a_flag(void **state)
{
  (void)state;
  FILE *stream = fopen(VQE_TEST_DATA "/lz.fcidump", "r");
  char text[65536];
  assert_non_null(stream);
  size_t size = fread(text, 1, sizeof text - 1, stream);
  fclose(stream);
  text[size] = '\0';
  char *flag = strstr(text, "IGENERAL=1");
  assert_non_null(flag);
  memcpy(flag, "IGENERAL=0", 10);
  struct vqe_integrals *x;
  assert_int_equal(parse(&x, text), VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "less than eightfold"));
}

static void lowest_determinant_is_found_in_order_of_irreps(void **state)
{
  (void)state;
  struct vqe_integrals *x = read_data("he2_irrep_order");
  assert_non_null(x);
  assert_true(fabs(x->hf_energy + 5.710321) < 1e-6);
  assert_true(vqe_notes_has(x->notes, VQE_NOTE_REFERENCE_NOT_FIRST));
  assert_non_null(strstr(x->notes, "orbitals 1, 3 of the file"));
  assert_true(x->has_mp2);
  vqe_integrals_free(x);
  x = read_data("comment_after_end");
  assert_non_null(x);
  assert_true(fabs(x->hf_energy + 1.11668563) < 1e-8);
  assert_null(x->notes);
  vqe_integrals_free(x);
}

/* Text of an FCIDUMP with the orbitals in another order. */
static char *shuffled(const struct vqe_integrals *x, const int *order)
{
  char *text = NULL;
  size_t size = 0;
  size_t n = (size_t)x->norb;
  size_t npair = n * (n + 1) / 2;
  FILE *stream = open_memstream(&text, &size);
  fprintf(stream, "&FCI NORB=%d,NELEC=%d,MS2=%d /\n", x->norb,
          x->nalpha + x->nbeta, x->nalpha - x->nbeta);
  for (size_t pq = 0, p = 0; p < n; p++) {
    for (size_t q = 0; q <= p; q++, pq++) {
      for (size_t rs = 0, r = 0; r <= p; r++) {
        for (size_t s = 0; s <= r && rs <= pq; s++, rs++) {
          size_t from = vqe_pair((size_t)order[p], (size_t)order[q]) * npair +
                        vqe_pair((size_t)order[r], (size_t)order[s]);
          fprintf(stream, "%.17g %zu %zu %zu %zu\n", x->eri[from], p + 1,
                  q + 1, r + 1, s + 1);
        }
      }
    }
  }
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q <= p; q++) {
      fprintf(stream, "%.17g %zu %zu 0 0\n",
              x->h1e[(size_t)order[p] * n + (size_t)order[q]], p + 1, q + 1);
    }
  }
  fprintf(stream, "%.17g 0 0 0 0\n", x->nuclear_repulsion + x->e_core);
  fclose(stream);
  return text;
}

/* The reference is Hartree-Fock's in whatever order the orbitals come: with
 * few occupations (all are tried), with many, and of an open shell. */
static void order_of_orbitals_does_not_matter(void **state)
{
  (void)state;
  static const struct {
    const char *xyz, *basis;
  } systems[] = {
      {"3\n0 1\nO 0 0 0.1\nH 0 0.76 -0.5\nH 0 -0.76 -0.5\n", "sto3g"},
      {"2\n0 3\nO 0 0 0\nO 0 0 1.2\n", "sto3g"},
      {"2\n0 1\nN 0 0 0\nN 0 0 1.1\n", "cc-pvdz"},
  };
  for (size_t k = 0; k < sizeof systems / sizeof systems[0]; k++) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_molecule_list *list = NULL;
    struct vqe_integrals *x = NULL;
    struct vqe_integrals *y = NULL;
    int order[32];
    options.basis = systems[k].basis;
    assert_int_equal(vqe_molecule_list_parse(&list, systems[k].xyz,
                                             strlen(systems[k].xyz), "xyz",
                                             ""),
                     0);
    assert_int_equal(vqe_chem_run(&x, list->entries[0].molecule, &options), 0);
    int step = x->norb % 7 == 0 ? 5 : 7;
    for (int p = 0; p < x->norb; p++) {
      order[p] = (step * p + 3) % x->norb;
    }
    char *text = shuffled(x, order);
    assert_int_equal(parse(&y, text), 0);
    assert_true(fabs(x->hf_energy - y->hf_energy) < 1e-9);
    assert_true(vqe_notes_has(y->notes, VQE_NOTE_REFERENCE_NOT_FIRST));
    if (x->has_mp2) {
      assert_true(fabs(x->mp2_energy - y->mp2_energy) < 1e-8);
    }
    for (int p = 0; p < x->norb && x->has_mp2; p++) {
      assert_true(fabs(x->orbital_energies[p] - y->orbital_energies[p]) <
                  1e-7);
    }
    free(text);
    vqe_integrals_free(x);
    vqe_integrals_free(y);
    vqe_molecule_list_free(list);
  }
}

static void rules_need_atoms(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.active_space = "\"pi\"";
  assert_int_equal(
      vqe_fcidump_read(&integrals, VQE_TEST_DATA "/N2.fcidump", &options),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "a rule needs atoms"));
}

static void active_space_of_a_file_that_splits_a_pair_is_noted(void **state)
{
  (void)state;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  options.active_electrons = 6;
  options.active_orbitals = 6; /* sigma, pi and their pi*: nothing is split */
  assert_int_equal(vqe_fcidump_read(&x, VQE_TEST_DATA "/N2.fcidump", &options),
                   0);
  assert_false(vqe_notes_has(x->notes, VQE_NOTE_ACTIVE_SPACE_SPLITS));
  vqe_integrals_free(x);
  options.active_orbitals = 4; /* one pi* alone */
  assert_int_equal(vqe_fcidump_read(&x, VQE_TEST_DATA "/N2.fcidump", &options),
                   0);
  assert_true(vqe_notes_has(x->notes, VQE_NOTE_ACTIVE_SPACE_SPLITS));
  vqe_integrals_free(x);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comments_and_numbers_of_fortran_are_read),
      cmocka_unit_test(other_kinds_and_damage_are_refused_by_reason),
      cmocka_unit_test(files_of_other_orbitals_are_refused),
      cmocka_unit_test(missing_symmetry_is_seen_without_a_flag),
      cmocka_unit_test(lowest_determinant_is_found_in_order_of_irreps),
      cmocka_unit_test(order_of_orbitals_does_not_matter),
      cmocka_unit_test(active_space_of_a_file_that_splits_a_pair_is_noted),
      cmocka_unit_test(rules_need_atoms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
