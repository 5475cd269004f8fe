/* Density matrices against closed formulas, and against state vectors that
 * are simulated another way. */
#include "noise_fixture.h"

static struct fixture f;

/* <P> of a Bell state after depolarising its two qubits: (1 - p) times. */
static void depolarised_bell_state_loses_its_correlations(void **state)
{
  (void)state;
  fixture_begin(&f, 2, "{\"depolarizing\": [0, 0.08], \"postselect\": true}");
  fixture_gate(&f, VQE_PROGRAM_H, 0, 0, 0.0);
  fixture_gate(&f, VQE_PROGRAM_CX, 0, 1, 0.0);
  fixture_term(&f, 0, 3, 1.0);
  fixture_term(&f, 3, 0, 10.0);
  fixture_term(&f, 3, 3, 100.0); /* YY is -1 */
  f.request.alpha = 1;
  f.request.beta = 2;
  f.request.nalpha = 1;
  f.request.nbeta = 1;
  const struct vqe_noisy_outcome *out = fixture_run(&f);
  near(out->ideal, 1.0 + 10.0 - 100.0, 1e-12);
  near(out->energy, 0.92 * (1.0 + 10.0 - 100.0), 1e-12);
  near(out->fidelity, 0.92 + 0.08 / 4.0, 1e-12);
  near(out->purity, (1.0 + 3.0 * 0.92 * 0.92) / 4.0, 1e-12);
  assert_true(out->error == 0.0);
  assert_int_equal(out->method, VQE_NOISY_DENSITY);
  /* |11> alone: <ZZ> = 1, and X flips it out of what is kept */
  near(out->kept, (1.0 + 0.92) / 4.0, 1e-12);
  near(out->selected, 1.0, 1e-12);
}

/* One-qubit depolarising leaves 1 - p of each gate. */
static void depolarised_qubit_shrinks_with_each_gate(void **state)
{
  (void)state;
  fixture_begin(&f, 1, "{\"depolarizing\": 0.01}");
  for (int k = 0; k < 5; k++) {
    fixture_gate(&f, VQE_PROGRAM_X, 0, 0, 0.0);
    fixture_gate(&f, VQE_PROGRAM_RZ, 0, 0, 0.4); /* without noise */
  }
  fixture_term(&f, 0, 1, 1.0);
  near(fixture_run(&f)->energy, -pow(0.99, 5), 1e-12);
  f.model.virtual_z = false;
  near(fixture_run(&f)->energy, -pow(0.99, 10), 1e-12);
  f.model.strength = 3.0;
  near(fixture_run(&f)->energy, -pow(0.97, 10), 1e-12);
}

/* P(1) = exp(-t/T1) after X, <X> = exp(-t/T2) after H. */
static void energy_and_phase_are_lost_in_t1_and_t2(void **state)
{
  (void)state;
  static const char model[] =
      "{\"t1_us\": 50, \"t2_us\": 70, \"gate_ns\": 5000}";
  fixture_begin(&f, 1, model);
  fixture_gate(&f, VQE_PROGRAM_X, 0, 0, 0.0);
  fixture_term(&f, 0, 1, 1.0);
  near(fixture_run(&f)->energy, 1.0 - 2.0 * exp(-0.1), 1e-12);
  fixture_begin(&f, 1, model);
  fixture_gate(&f, VQE_PROGRAM_H, 0, 0, 0.0);
  fixture_term(&f, 0, 1, 1.0);
  fixture_term(&f, 1, 0, 10.0);
  near(fixture_run(&f)->energy, 1.0 - exp(-0.1) + 10.0 * exp(-5.0 / 70.0),
       1e-12);
}

/* All gates, on all places of a pair: the density matrix without noise has the
 * energy of the state vector, and is pure. */
static void all_gates_agree_with_state_vectors(void **state)
{
  (void)state;
  for (int n = 1; n <= 6; n++) {
    fixture_begin(&f, n, "{\"depolarizing\": 0.1, \"strength\": 0}");
    fixture_mix(&f);
    fixture_strings(&f);
    double energy = fixture_run(&f)->energy;
    near(f.out.fidelity, 1.0, 1e-12);
    near(f.out.purity, 1.0, 1e-12);
    near(f.out.ideal, energy, 1e-12);
    f.model.method = VQE_NOISY_TRAJECTORIES;
    f.model.trajectories = 2;
    near(fixture_run(&f)->energy, energy, 1e-11);
    near(f.out.ideal, energy, 1e-11);
    assert_true(fabs(energy) > 1e-3);
  }
}

/* The same numbers whatever the threads. */
static void threads_do_not_change_a_bit(void **state)
{
  (void)state;
  fixture_begin(&f, 7,
                "{\"depolarizing\": 0.01, \"t1_us\": 10, "
                "\"gate_ns\": 100}");
  fixture_mix(&f);
  fixture_strings(&f);
  double energy = fixture_run(&f)->energy;
  f.request.threads = 1;
  assert_true(fixture_run(&f)->energy == energy);
}

static void too_many_qubits_are_refused_with_a_remedy(void **state)
{
  (void)state;
  fixture_begin(&f, 13, "{\"depolarizing\": 0.01, \"method\": \"density\"}");
  fixture_term(&f, 0, 0, 1.0);
  assert_int_equal(vqe_noisy_energy(&f.out, &f.request), VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "trajectories"));
  fixture_begin(&f, 21, "{\"depolarizing\": 0.01}");
  fixture_term(&f, 0, 0, 1.0);
  assert_int_equal(vqe_noisy_energy(&f.out, &f.request), VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "at most 20"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(depolarised_bell_state_loses_its_correlations),
      cmocka_unit_test(depolarised_qubit_shrinks_with_each_gate),
      cmocka_unit_test(energy_and_phase_are_lost_in_t1_and_t2),
      cmocka_unit_test(all_gates_agree_with_state_vectors),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(too_many_qubits_are_refused_with_a_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
