/* UCCSD: factors and parameters in the prescribed order, sharing, screening,
 * and the start from MP2 amplitudes. */
#include "oracle.h"

#include <jansson.h>

#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/error.h"

/* "p: i->a" or "p: i->a j->b" with spin orbitals as 0a, 1b, ... */
static void factor_text(char *out, size_t size, const struct vqe_gate *gate,
                        int norb)
{
  char orbital[4][8];
  for (int k = 0; k < 4; k++) {
    snprintf(orbital[k], sizeof orbital[k], "%d%c", gate->q[k] % norb,
             gate->q[k] < norb ? 'a' : 'b');
  }
  if (gate->kind == VQE_GATE_SINGLE) {
    snprintf(out, size, "%d: %s->%s", gate->param, orbital[0], orbital[1]);
  } else {
    assert_int_equal(gate->kind, VQE_GATE_DOUBLE);
    snprintf(out, size, "%d: %s->%s %s->%s", gate->param, orbital[0],
             orbital[1], orbital[2], orbital[3]);
  }
  assert_true(gate->scale == 1.0);
}

static struct vqe_ansatz *uccsd(int norb, int nalpha, int nbeta, int reps,
                                bool restricted, int nirrep,
                                const uint8_t *irrep)
{
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "UCCSD",
                                       .reps = reps,
                                       .norb = norb,
                                       .nalpha = nalpha,
                                       .nbeta = nbeta,
                                       .restricted = restricted,
                                       .nirrep = nirrep,
                                       .irrep = irrep};
  struct vqe_ansatz *ansatz = NULL;
  if (vqe_ansatz_create(&ansatz, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return ansatz;
}

/* Compare the factors behind the Hartree-Fock state. */
static void expect(struct vqe_ansatz *ansatz, int nparam, size_t nfactor,
                   const char *const *factors)
{
  size_t electrons = (size_t)(ansatz->nalpha + ansatz->nbeta);
  assert_int_equal(ansatz->nparam, nparam);
  assert_int_equal(ansatz->ngate, electrons + nfactor);
  for (size_t k = 0; k < electrons; k++) {
    assert_int_equal(ansatz->gates[k].kind, VQE_GATE_X);
    int orbital = (int)k < ansatz->nalpha
                      ? (int)k
                      : ansatz->norb + (int)k - ansatz->nalpha;
    assert_int_equal(ansatz->gates[k].q[0], orbital);
  }
  for (size_t k = 0; k < nfactor; k++) {
    char text[64];
    factor_text(text, sizeof text, &ansatz->gates[electrons + k],
                ansatz->norb);
    assert_string_equal(text, factors[k]);
  }
  vqe_ansatz_free(ansatz);
}

/* Two electrons in three orbitals. */
static void two_electrons_have_the_expected_factors(void **state)
{
  (void)state;
  static const char *const factors[] = {
      "0: 0a->1a",        "0: 0b->1b",        "1: 0a->2a",
      "1: 0b->2b",        "2: 0a->1a 0b->1b", "3: 0a->2a 0b->1b",
      "3: 0a->1a 0b->2b", "4: 0a->2a 0b->2b",
  };
  expect(uccsd(3, 1, 1, 1, true, 1, NULL), 5, 8, factors);
}

/* Four electrons in four orbitals: every kind of factor. */
static void four_electrons_have_every_kind_of_factor(void **state)
{
  (void)state;
  static const char *const factors[] = {
      /* singles, spin partners behind */
      "0: 0a->2a", "0: 0b->2b", "1: 0a->3a", "1: 0b->3b", "2: 1a->2a",
      "2: 1b->2b", "3: 1a->3a", "3: 1b->3b",
      /* same spin */
      "4: 0a->2a 1a->3a", "4: 0b->2b 1b->3b",
      /* opposite spins, ia >= jb, mirrors behind */
      "5: 0a->2a 0b->2b", "6: 0a->3a 0b->2b", "6: 0a->2a 0b->3b",
      "7: 0a->3a 0b->3b", "8: 1a->2a 0b->2b", "8: 0a->2a 1b->2b",
      "9: 1a->2a 0b->3b", "9: 0a->3a 1b->2b", "10: 1a->2a 1b->2b",
      "11: 1a->3a 0b->2b", "11: 0a->2a 1b->3b", "12: 1a->3a 0b->3b",
      "12: 0a->3a 1b->3b", "13: 1a->3a 1b->2b", "13: 1a->2a 1b->3b",
      "14: 1a->3a 1b->3b"};
  expect(uccsd(4, 2, 2, 1, true, 1, NULL), 15, 26, factors);
}

/* Open shell: all independent, every pair of an alpha and a beta single. */
static void open_shell_factors_are_independent(void **state)
{
  (void)state;
  static const char *const factors[] = {
      "0: 0a->2a",        "1: 1a->2a",        "2: 0b->1b",
      "3: 0b->2b",        "4: 0a->2a 0b->1b", "5: 0a->2a 0b->2b",
      "6: 1a->2a 0b->1b", "7: 1a->2a 0b->2b"};
  expect(uccsd(3, 2, 1, 1, false, 1, NULL), 8, 8, factors);
  static const char *const triplet[] = {"0: 0a->2a", "1: 0a->3a", "2: 1a->2a",
                                        "3: 1a->3a", "4: 0a->2a 1a->3a"};
  expect(uccsd(4, 2, 0, 1, false, 1, NULL), 5, 5, triplet);
  /* a closed shell without sharing has a parameter for each factor */
  struct vqe_ansatz *ansatz = uccsd(4, 2, 2, 1, false, 1, NULL);
  assert_int_equal(ansatz->nparam, 4 + 4 + 1 + 1 + 16);
  assert_int_equal(ansatz->ngate, 4 + 26);
  vqe_ansatz_free(ansatz);
}

/* Screened out: whatever changes the product of irreps. Numbers of
 * parameters close up. */
static void screening_drops_what_changes_the_irrep(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  static const char *const factors[] = {
      "0: 0a->2a",        "0: 0b->2b",        "1: 1a->3a",
      "1: 1b->3b",        "2: 0a->2a 1a->3a", "2: 0b->2b 1b->3b",
      "3: 0a->2a 0b->2b", "4: 0a->3a 0b->3b", "5: 1a->2a 0b->3b",
      "5: 0a->3a 1b->2b", "6: 1a->2a 1b->2b", "7: 1a->3a 0b->2b",
      "7: 0a->2a 1b->3b", "8: 1a->3a 1b->3b"};
  expect(uccsd(4, 2, 2, 1, true, 2, irrep), 9, 14, factors);
}

/* A second repetition repeats the factors with parameters of its own. */
static void repetition_has_parameters_of_its_own(void **state)
{
  (void)state;
  struct vqe_ansatz *once = uccsd(4, 2, 2, 1, true, 1, NULL);
  struct vqe_ansatz *twice = uccsd(4, 2, 2, 2, true, 1, NULL);
  size_t factors = once->ngate - 4;
  assert_int_equal(twice->nparam, 2 * once->nparam);
  assert_int_equal(twice->ngate, 4 + 2 * factors);
  for (size_t k = 0; k < factors; k++) {
    char first[64];
    char second[64];
    struct vqe_gate shifted = once->gates[4 + k];
    shifted.param += once->nparam;
    factor_text(first, sizeof first, &shifted, 4);
    factor_text(second, sizeof second, &twice->gates[4 + factors + k], 4);
    assert_string_equal(second, first);
  }
  vqe_ansatz_free(once);
  vqe_ansatz_free(twice);
}

/* Nothing to excite: no parameters, no failure. */
static void nothing_to_excite_is_no_failure(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = uccsd(2, 2, 2, 1, true, 1, NULL);
  assert_int_equal(ansatz->nparam, 0);
  assert_int_equal(ansatz->ngate, 4);
  vqe_ansatz_free(ansatz);
  ansatz = uccsd(2, 0, 0, 1, true, 1, NULL);
  assert_int_equal(ansatz->nparam, 0);
  assert_int_equal(ansatz->ngate, 0);
  vqe_ansatz_free(ansatz);
}

static void water_has_75_parameters(void **state)
{
  (void)state;
  /* water in STO-3G: 10 singles, 10 same-spin and 55 alpha-beta doubles */
  struct vqe_ansatz *ansatz = uccsd(7, 5, 5, 1, true, 1, NULL);
  assert_int_equal(ansatz->nparam, 75);
  vqe_ansatz_free(ansatz);
}

static void mp2_parameters_are_those_of_the_reference(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root =
      json_load_file(VQE_TEST_DATA "/mp2_parameters.json", 0, &error);
  assert_non_null(root);
  json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 6);
  size_t at;
  json_t *item;
  json_array_foreach(cases, at, item)
  {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *integrals = NULL;
    char path[512];
    snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump",
             json_string_value(json_object_get(item, "name")));
    assert_int_equal(vqe_fcidump_read(&integrals, path, &options), VQE_OK);
    json_t *expected = json_object_get(item, "parameters");
    for (int reps = 1; reps <= 2; reps++) {
      struct vqe_ansatz *ansatz = uccsd(integrals->norb, integrals->nalpha,
                                        integrals->nbeta, reps, true, 1, NULL);
      int nparam = ansatz->nparam / reps;
      assert_int_equal(nparam, json_array_size(expected));
      double *out = oracle_new((size_t)ansatz->nparam);
      assert_int_equal(vqe_ansatz_mp2_parameters(out, ansatz, integrals->eri,
                                                 integrals->orbital_energies),
                       VQE_OK);
      for (int k = 0; k < ansatz->nparam; k++) {
        double value =
            json_number_value(json_array_get(expected, (size_t)(k % nparam)));
        assert_close(out[k], value / reps, 1e-12);
      }
      free(out);
      vqe_ansatz_free(ansatz);
    }
    vqe_integrals_free(integrals);
  }
  json_decref(root);
}

static void mp2_is_refused_where_it_has_no_meaning(void **state)
{
  (void)state;
  double out[64];
  double eri[9] = {0.6, 0, 0.5, 0, 0.1, 0, 0.5, 0, 0.7};
  double energies[2] = {-0.5, 0.5};
  struct vqe_ansatz *ansatz = uccsd(2, 1, 0, 1, false, 1, NULL);
  assert_int_equal(vqe_ansatz_mp2_parameters(out, ansatz, eri, energies),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "closed shell"));
  vqe_ansatz_free(ansatz);
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "EfficientSU2",
                                       .reps = 1,
                                       .norb = 2,
                                       .nalpha = 1,
                                       .nbeta = 1,
                                       .nirrep = 1};
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(vqe_ansatz_mp2_parameters(out, ansatz, eri, energies),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "EfficientSU2"));
  vqe_ansatz_free(ansatz);
  ansatz = uccsd(2, 1, 1, 1, true, 1, NULL);
  energies[1] = energies[0];
  assert_int_equal(vqe_ansatz_mp2_parameters(out, ansatz, eri, energies),
                   VQE_ERR_NUMERIC);
  assert_non_null(strstr(vqe_error_message(), "diverge"));
  vqe_ansatz_free(ansatz);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_electrons_have_the_expected_factors),
      cmocka_unit_test(four_electrons_have_every_kind_of_factor),
      cmocka_unit_test(open_shell_factors_are_independent),
      cmocka_unit_test(screening_drops_what_changes_the_irrep),
      cmocka_unit_test(repetition_has_parameters_of_its_own),
      cmocka_unit_test(nothing_to_excite_is_no_failure),
      cmocka_unit_test(water_has_75_parameters),
      cmocka_unit_test(mp2_parameters_are_those_of_the_reference),
      cmocka_unit_test(mp2_is_refused_where_it_has_no_meaning),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
