/* ISYM of an FCIDUMP: the reference is of the irrep asked for, and what
 * cannot be is refused. Expected irreps: PySCF 2.14.0, which wrote the file
 * (CH2, triplet, C2v; orbitals 1 1 4 1 3 1 4).
 * tests/integration/input_files.py compares exact energies. */
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
#include "chem/fcidump_file.h"
#include "chem/fcidump_symmetry.h"
#include "vqe/chem.h"
#include "vqe/error.h"

#define ROOM 65536

/* The file with `from` in its header replaced by `to`, as long. */
static void edit(char text[ROOM], const char *from, const char *to)
{
  FILE *stream = fopen(VQE_TEST_DATA "/ch2_triplet.fcidump", "r");
  assert_non_null(stream);
  size_t size = fread(text, 1, ROOM - 1, stream);
  fclose(stream);
  text[size] = '\0';
  char *at = strstr(text, from);
  assert_non_null(at);
  assert_int_equal(strlen(from), strlen(to));
  memcpy(at, to, strlen(to));
}

static int parse(struct vqe_integrals **x, const char *text,
                 const struct vqe_chem_options *options)
{
  *x = NULL;
  return vqe_fcidump_parse(x, text, strlen(text), "test", options);
}

static void reference_is_of_the_irrep_asked_for(void **state)
{
  (void)state;
  static const struct {
    const char *isym;
    int irrep; /* from 0 */
  } cases[] = {{"ISYM=2", 1}, {"ISYM=3", 2}, {"ISYM=4", 3}};
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char *text = malloc(ROOM);
  assert_non_null(text);
  options.keep_all = true;
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x;
    edit(text, "ISYM=1", cases[k].isym);
    assert_int_equal(parse(&x, text, &options), 0);
    assert_non_null(x->irreps);
    assert_int_equal(x->target_irrep, cases[k].irrep);
    assert_int_equal(x->nirrep, 4);
    assert_int_equal(x->nalpha - x->nbeta, 2);
    assert_int_equal(x->irreps[x->nbeta] ^ x->irreps[x->nbeta + 1],
                     cases[k].irrep);
    assert_non_null(x->whole->irreps);
    vqe_integrals_free(x);
  }
  free(text);
}

/* 0 and 1 are what programs write whatever the state. */
static void isym_of_one_is_no_choice_and_said(void **state)
{
  (void)state;
  static const char *const isym[] = {"ISYM=1", "ISYM=0"};
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char *text = malloc(ROOM);
  assert_non_null(text);
  for (int k = 0; k < 2; k++) {
    struct vqe_integrals *x;
    edit(text, "ISYM=1", isym[k]);
    assert_int_equal(parse(&x, text, &options), 0);
    assert_null(x->irreps);
    assert_int_equal(vqe_notes_has(x->notes, VQE_NOTE_ISYM_NOT_TAKEN), k == 0);
    vqe_integrals_free(x);
  }
  free(text);
}

static void what_cannot_be_of_the_irrep_is_refused_with_a_remedy(void **state)
{
  (void)state;
  static const struct {
    const char *from, *to;
    int status;
    const char *message;
  } cases[] = {
      {"ISYM=1", "ISYM=9", VQE_ERR_INPUT, "ISYM=9 is not an irrep"},
      {"ISYM=1", "ISYM=-", VQE_ERR_INPUT, "not an integer"},
      /* no orbital of irrep 2, so no pair of open ones is of irrep 7 */
      {"ISYM=1", "ISYM=7", VQE_ERR_INPUT, "is of irrep ISYM=7"},
      {"MS2=2,\n  ORBSYM=1,1,4,1,3,1,4\n  ISYM=1",
       "MS2=0,\n  ORBSYM=1,1,4,1,3,1,4\n  ISYM=3", VQE_ERR_UNSUPPORTED,
       "open-shell singlet"},
      {"ORBSYM=1,1,4,1,3,1,4\n  ISYM=1", "ORBSYM=1,1,4,1,3,1  \n  ISYM=3",
       VQE_ERR_INPUT, "ORBSYM has 6 of NORB=7 entries"},
      {"ORBSYM=1,1,4,1,3,1,4\n  ISYM=1", "ORBSYM=1,1,4,1,0,1,4\n  ISYM=3",
       VQE_ERR_INPUT, "orbital 5 has ORBSYM 0"},
      {"ORBSYM=1,1,4,1,3,1,4\n  ISYM=1", "ORBSYM=1,4,1,1,3,1,4\n  ISYM=3",
       VQE_ERR_INPUT, "ORBSYM forbids this integral"},
  };
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char *text = malloc(ROOM);
  assert_non_null(text);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x;
    edit(text, cases[k].from, cases[k].to);
    int status = parse(&x, text, &options);
    if (status != cases[k].status || x != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
  }
  free(text);
}

/* What is written of a file that asks for an irrep asks for it. */
static void written_file_keeps_the_irrep(void **state)
{
  (void)state;
  const char *path = "fcidump_symmetry.fcidump";
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x;
  struct vqe_integrals *y = NULL;
  char *text = malloc(ROOM);
  assert_non_null(text);
  options.frozen_core = 1;
  edit(text, "ISYM=1", "ISYM=4");
  assert_int_equal(parse(&x, text, &options), 0);
  assert_int_equal(vqe_fcidump_write(x, path), 0);
  options.frozen_core = 0;
  assert_int_equal(vqe_fcidump_read(&y, path, &options), 0);
  assert_int_equal(y->target_irrep, 3);
  assert_memory_equal(x->irreps, y->irreps, (size_t)x->norb);
  assert_true(fabs(x->hf_energy - y->hf_energy) < 1e-9);
  vqe_integrals_free(x);
  vqe_integrals_free(y);
  free(text);
  remove(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reference_is_of_the_irrep_asked_for),
      cmocka_unit_test(isym_of_one_is_no_choice_and_said),
      cmocka_unit_test(what_cannot_be_of_the_irrep_is_refused_with_a_remedy),
      cmocka_unit_test(written_file_keeps_the_irrep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
