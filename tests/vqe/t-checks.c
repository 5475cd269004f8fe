/* What a result is worth, case by case: numbers that are all right have no
 * note, and each doubt has its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/notes.h"
#include "vqe/checks.h"

/* A triplet of 4 electrons whose numbers are all right. */
static struct vqe_result *sound(void)
{
  static double occupations[4];
  static struct vqe_result result;
  static struct vqe_experiment experiment;
  const double good[4] = {2.0, 1.0, 1.0, 0.0};
  free(result.notes);
  memset(&result, 0, sizeof result);
  vqe_experiment_init(&experiment);
  result.experiment = &experiment;
  memcpy(occupations, good, sizeof good);
  result.nalpha = 3;
  result.nbeta = 1;
  result.n_expectation = 4.0;
  result.s2_expectation = 2.0;
  result.minimum = -2.0;
  result.nuclear_repulsion_energy = 1.0;
  result.fci_energy = -1.0;
  result.fci_s2 = 2.0;
  result.mp2_energy = NAN;
  result.energy_std = NAN;
  result.energy_exact = NAN;
  result.reference_weight = 0.95;
  result.natural_occupations = occupations;
  result.noccupation = 4;
  return &result;
}

static void expect_note(struct vqe_result *result, enum vqe_note note)
{
  assert_int_equal(vqe_result_note_checks(result), 0);
  if (note == VQE_NOTE_COUNT) {
    assert_null(result->notes);
  } else {
    assert_int_equal(vqe_notes_count(result->notes), 1);
    assert_true(vqe_notes_has(result->notes, note));
  }
}

static void sound_result_has_no_note(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  expect_note(result, VQE_NOTE_COUNT);
  assert_int_equal(vqe_result_state_ok(result), 1);
  assert_int_equal(vqe_result_accurate(result), 1);
  result = sound();
  result->fci_energy = NAN;
  result->fci_s2 = NAN;
  expect_note(result, VQE_NOTE_COUNT);
  assert_int_equal(vqe_result_accurate(result), -1);
}

static void state_is_judged_to_a_thousandth(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->n_expectation = 4.0009;
  result->s2_expectation = 1.9991;
  assert_int_equal(vqe_result_state_ok(result), 1);
  result->n_expectation = 4.0011;
  assert_int_equal(vqe_result_state_ok(result), 0);
  assert_int_equal(vqe_result_accurate(result), 0);
  expect_note(result, VQE_NOTE_WRONG_SECTOR);
  result = sound();
  result->s2_expectation = 2.0011;
  assert_int_equal(vqe_result_state_ok(result), 0);
  expect_note(result, VQE_NOTE_WRONG_SPIN);
  result = sound();
  result->s2_expectation = NAN;
  assert_int_equal(vqe_result_state_ok(result), -1);
  assert_int_equal(vqe_result_accurate(result), -1);
  expect_note(result, VQE_NOTE_COUNT);
}

static void energy_is_judged_to_chemical_accuracy(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->minimum = -2.0 + 1.5e-3;
  assert_int_equal(vqe_result_accurate(result), 1);
  expect_note(result, VQE_NOTE_COUNT);
  result = sound();
  result->minimum = -2.0 + 1.7e-3;
  assert_int_equal(vqe_result_accurate(result), 0);
  expect_note(result, VQE_NOTE_ABOVE_ACCURACY);
  result = sound();
  result->minimum = -2.0 - 2e-6;
  expect_note(result, VQE_NOTE_BELOW_EXACT);
}

/* The exact energy of an active space is that of the orbitals before they are
 * optimised; of all orbitals it is that of any. */
static void optimised_orbitals_may_lie_below_the_active_space(void **state)
{
  (void)state;
  for (int active = 0; active < 2; active++) {
    struct vqe_result *result = sound();
    char key[] = "orbital_optimization";
    char json[] = "true";
    struct vqe_option option = {key, json};
    result->experiment->ansatz_options.items = &option;
    result->experiment->ansatz_options.count = 1;
    result->experiment->active_electrons = active ? 2 : -1;
    result->experiment->active_orbitals = active ? 2 : -1;
    result->minimum = -2.1;
    assert_true(vqe_result_below_exact(result) == !active);
    expect_note(result, active ? VQE_NOTE_COUNT : VQE_NOTE_BELOW_EXACT);
  }
}

/* With shots the energy scatters; the exact one at the same parameters is
 * what the ansatz reached. */
static void sampled_energy_is_judged_by_its_error(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->energy_std = 0.01;
  result->energy_exact = -1.9995;
  result->minimum = -2.025;
  expect_note(result, VQE_NOTE_COUNT);
  result = sound();
  result->energy_std = 0.001;
  result->energy_exact = -1.9995;
  result->minimum = -2.005;
  expect_note(result, VQE_NOTE_BELOW_EXACT);
  result = sound();
  result->energy_std = 0.01;
  result->energy_exact = -1.99;
  result->minimum = -2.0;
  expect_note(result, VQE_NOTE_ABOVE_ACCURACY);
}

/* Where no exact energy is known, only what no correlation brings. */
static void energy_far_below_the_start_is_said(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->fci_energy = NAN;
  result->hf_energy = -1.0;
  result->minimum = -1000.0;
  expect_note(result, VQE_NOTE_FAR_BELOW_START);
  assert_int_equal(vqe_result_note_low(result), 0);
  assert_int_equal(vqe_notes_count(result->notes), 1);
  /* two bonds of a closed-shell reference that break */
  result = sound();
  result->fci_energy = NAN;
  result->hf_energy = -1.0;
  result->minimum = -2.0 - 2 * 0.4;
  expect_note(result, VQE_NOTE_COUNT);
  /* an ion of the molecule may lie anywhere, and there is a note of it */
  result = sound();
  result->fci_energy = NAN;
  result->hf_energy = -1.0;
  result->minimum = -1000.0;
  result->n_expectation = 6.0;
  expect_note(result, VQE_NOTE_WRONG_SECTOR);
}

static void exact_state_of_another_spin_is_said(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->fci_s2 = 6.0;
  expect_note(result, VQE_NOTE_OTHER_STATE);
}

static void mp2_below_the_exact_energy_is_said(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->mp2_energy = -0.999;
  expect_note(result, VQE_NOTE_COUNT);
  result = sound();
  result->mp2_energy = -1.001;
  expect_note(result, VQE_NOTE_MP2_BELOW_FCI);
}

/* Only where there is no exact energy to compare with. */
static void state_far_from_one_determinant_is_said(void **state)
{
  (void)state;
  struct vqe_result *result = sound();
  result->reference_weight = 0.5;
  expect_note(result, VQE_NOTE_COUNT);
  result = sound();
  result->fci_energy = NAN;
  result->reference_weight = 0.89;
  expect_note(result, VQE_NOTE_MULTIREFERENCE);
  result = sound();
  result->fci_energy = NAN;
  result->natural_occupations[0] = 1.85;
  result->natural_occupations[3] = 0.15;
  expect_note(result, VQE_NOTE_MULTIREFERENCE);
  result = sound();
  result->fci_energy = NAN;
  /* two electrons more that are not paired: every occupation is whole */
  result->natural_occupations[0] = 1.0;
  result->natural_occupations[3] = 1.0;
  expect_note(result, VQE_NOTE_MULTIREFERENCE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_result_has_no_note),
      cmocka_unit_test(state_is_judged_to_a_thousandth),
      cmocka_unit_test(energy_is_judged_to_chemical_accuracy),
      cmocka_unit_test(sampled_energy_is_judged_by_its_error),
      cmocka_unit_test(energy_far_below_the_start_is_said),
      cmocka_unit_test(exact_state_of_another_spin_is_said),
      cmocka_unit_test(optimised_orbitals_may_lie_below_the_active_space),
      cmocka_unit_test(mp2_below_the_exact_energy_is_said),
      cmocka_unit_test(state_far_from_one_determinant_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
