/* The choice by name, and what an ansatz refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ansatz/ansatz_names.h"
#include "vqe/ansatz.h"
#include "vqe/error.h"

static int create(struct vqe_ansatz **out, const char *name, int reps,
                  int norb, int nalpha, int nbeta)
{
  struct vqe_ansatz_options options;
  vqe_ansatz_options_init(&options);
  options.name = name;
  options.reps = reps;
  options.norb = norb;
  options.nalpha = nalpha;
  options.nbeta = nbeta;
  options.restricted = nalpha == nbeta;
  options.nirrep = 1;
  return vqe_ansatz_create(out, &options);
}

static void every_name_builds_an_ansatz_of_its_kind(void **state)
{
  (void)state;
  size_t k = 0;
  for (; vqe_ansatz_name(k) != NULL; k++) {
    const char *name = vqe_ansatz_name(k);
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(
        create(&ansatz, name, vqe_ansatz_default_reps(name), 3, 1, 1), VQE_OK);
    assert_string_equal(ansatz->name, name);
    assert_int_equal(ansatz->nqubit, 6);
    assert_int_equal(ansatz->conserves, vqe_ansatz_conserves(name));
    assert_int_equal(ansatz->real, vqe_ansatz_real(name));
    assert_true(ansatz->ngate > 0);
    assert_int_equal(ansatz->nparam > 0, !vqe_ansatz_grows(name));
    if (ansatz->conserves) {
      assert_int_equal(ansatz->gates[0].kind, VQE_GATE_X);
    }
    vqe_ansatz_free(ansatz);
  }
  assert_int_equal(k, 11);
}

static void unknown_name_is_refused_with_the_known_ones(void **state)
{
  (void)state;
  const char *name;
  assert_int_equal(vqe_ansatz_canonical(&name, "UCCS"), VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(),
                      "unknown ansatz 'UCCS'; known: UCCSD, UCCD, pUCCD, "
                      "UCCD0, ADAPT-VQE, k-UpCCGSD, k-UpCCGD, LUCJ, "
                      "EfficientSU2, RealAmplitudes, ExcitationPreserving");
  assert_string_equal(vqe_ansatz_nearest("UCCSDD"), "UCCSD");
  assert_string_equal(vqe_ansatz_nearest("efficientSU"), "EfficientSU2");
  assert_null(vqe_ansatz_nearest("QAOA"));
  assert_false(vqe_ansatz_conserves("QAOA"));
}

static void entanglement_of_another_ansatz_is_refused(void **state)
{
  (void)state;
  const char *map;
  assert_int_equal(vqe_entanglement_canonical(&map, "LUCJ", "full"),
                   VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(),
                      "unknown entanglement 'full' of LUCJ; known: square, "
                      "heavy-hex, all-to-all");
  assert_int_equal(vqe_entanglement_canonical(&map, "RealAmplitudes", "no"),
                   VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(),
                      "unknown entanglement 'no'; known: full, linear, "
                      "reverse_linear, pairwise, circular, sca");
  assert_int_equal(vqe_entanglement_canonical(&map, "UCCSD", "full"),
                   VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(),
                      "UCCSD has no entanglement option; remove 'full'");
  assert_int_equal(vqe_entanglement_canonical(&map, "UCCSD", NULL), VQE_OK);
  assert_null(map);
}

static void sizes_out_of_range_are_refused(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    int reps, norb, nalpha, nbeta;
  } cases[] = {
      {"UCCSD", 0, 2, 1, 1},         /* no product at all */
      {"ADAPT-VQE", 2, 2, 1, 1},     /* its growth is no repetition */
      {"EfficientSU2", -1, 2, 1, 1}, /* 0 would be one rotation layer */
      {"UCCSD", 1, 0, 0, 0},         {"UCCSD", 1, 2, 3, 1},
      {"UCCSD", 1, 2, 1, -1},        {"LUCJ", 1, VQE_MAX_ORBITALS + 1, 1, 1},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(create(&ansatz, cases[k].name, cases[k].reps,
                            cases[k].norb, cases[k].nalpha, cases[k].nbeta),
                     VQE_ERR_INPUT);
    assert_null(ansatz);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_name_builds_an_ansatz_of_its_kind),
      cmocka_unit_test(unknown_name_is_refused_with_the_known_ones),
      cmocka_unit_test(entanglement_of_another_ansatz_is_refused),
      cmocka_unit_test(sizes_out_of_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
