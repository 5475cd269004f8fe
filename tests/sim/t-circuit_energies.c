/* Circuits in the full space: Qiskit's states, the energies and gradients of
 * circuits.json, and a gate-by-gate simulator on more qubits. */
#include "sim/sim_fixture.h"

#include <jansson.h>

static double number(json_t *value, const char *key)
{
  json_t *item = json_object_get(value, key);
  assert_true(json_is_number(item));
  return json_number_value(item);
}

static const char *string(json_t *value, const char *key)
{
  return json_string_value(json_object_get(value, key));
}

static double *sine_parameters(int count)
{
  double *out = oracle_new((size_t)count);
  for (int k = 0; k < count; k++) {
    out[k] = 0.1 * sin(k + 1);
  }
  return out;
}

static void circuits_give_qiskits_states(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root =
      json_load_file(VQE_TEST_DATA "/qiskit_circuits.json", 0, &error);
  assert_non_null(root);
  json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 108);
  size_t k;
  json_t *item;
  json_array_foreach(cases, k, item)
  {
    int norb = (int)number(item, "qubits") / 2;
    double *h1e;
    double *eri;
    struct vqe_hamiltonian *hamiltonian =
        fixture_random(&h1e, &eri, norb, NULL, false, 0.0, 1);
    struct vqe_ansatz *ansatz = fixture_ansatz(
        string(item, "ansatz"), string(item, "entanglement"),
        (int)number(item, "reps"), hamiltonian, (int)number(item, "nalpha"),
        (int)number(item, "nbeta"));
    assert_int_equal(ansatz->nparam, (int)number(item, "parameters"));
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
    assert_string_equal(vqe_estimator_backend(estimator),
                        fixture_backend(false));
    double *parameters = sine_parameters(ansatz->nparam);
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    json_t *re = json_object_get(item, "re");
    json_t *im = json_object_get(item, "im");
    assert_int_equal(json_array_size(re), (size_t)1 << (2 * norb));
    for (size_t x = 0; x < (size_t)1 << (2 * norb); x++) {
      assert_close(creal(psi[x]), json_number_value(json_array_get(re, x)),
                   1e-12);
      assert_close(cimag(psi[x]), json_number_value(json_array_get(im, x)),
                   1e-12);
    }
    free(psi);
    free(parameters);
    vqe_estimator_free(estimator);
    vqe_ansatz_free(ansatz);
    vqe_hamiltonian_free(hamiltonian);
    free(h1e);
    free(eri);
  }
  json_decref(root);
}

static void circuits_give_reference_energies(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/circuits.json", 0, &error);
  assert_non_null(root);
  json_t *systems = json_object_get(root, "systems");
  assert_int_equal(json_array_size(systems), 6);
  size_t k;
  json_t *item;
  json_array_foreach(systems, k, item)
  {
    struct vqe_integrals *integrals = fixture_read(string(item, "molecule"));
    json_t *expected = json_object_get(item, "gradient");
    json_t *amplitudes = json_object_get(item, "amp_first8");
    /* with symmetry, and without where that is cheap */
    for (int symmetry = integrals->norb < 8 ? 0 : 1; symmetry < 2;
         symmetry++) {
      struct vqe_hamiltonian *hamiltonian =
          fixture_total(integrals, symmetry == 1);
      struct vqe_ansatz *ansatz =
          fixture_ansatz("EfficientSU2", NULL, 2, hamiltonian,
                         integrals->nalpha, integrals->nbeta);
      assert_int_equal(ansatz->nqubit, (int)number(item, "n_qubits"));
      assert_int_equal(ansatz->nparam, json_array_size(expected));
      struct vqe_estimator *estimator =
          fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_FULL, 1);
      double *parameters = sine_parameters(ansatz->nparam);
      double *gradient = oracle_new((size_t)ansatz->nparam);
      double energy;
      double again;
      assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
      assert_close(energy, number(item, "e_total"), 1e-9);
      assert_ok(
          vqe_estimator_gradient(estimator, &again, gradient, parameters));
      assert_close(again, energy, 1e-12);
      for (int p = 0; p < ansatz->nparam; p++) {
        assert_close(gradient[p],
                     json_number_value(json_array_get(expected, (size_t)p)),
                     1e-8);
      }
      double complex *psi = fixture_state(estimator, ansatz, parameters);
      for (size_t x = 0; x < 8; x++) {
        json_t *pair = json_array_get(amplitudes, x);
        assert_close(creal(psi[x]), json_number_value(json_array_get(pair, 0)),
                     1e-12);
        assert_close(cimag(psi[x]), json_number_value(json_array_get(pair, 1)),
                     1e-12);
      }
      free(psi);
      free(gradient);
      free(parameters);
      vqe_estimator_free(estimator);
      vqe_ansatz_free(ansatz);
      vqe_hamiltonian_free(hamiltonian);
    }
    vqe_integrals_free(integrals);
  }
  json_decref(root);
}

/* The list of gates, one after the other. */
static double complex *simulate(const struct vqe_ansatz *ansatz,
                                const double *parameters)
{
  size_t n = (size_t)1 << ansatz->nqubit;
  double complex *psi = calloc(n, sizeof *psi);
  assert_non_null(psi);
  psi[0] = 1.0;
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    int a = gate->q[0];
    int b = gate->q[1];
    double angle =
        gate->param < 0 ? 0.0 : gate->scale * parameters[gate->param];
    switch (gate->kind) {
    case VQE_GATE_X:
      oracle_x(psi, n, a, 0);
      break;
    case VQE_GATE_CX:
      oracle_x(psi, n, b, UINT64_C(1) << a);
      break;
    case VQE_GATE_RY:
      oracle_ry(psi, n, a, angle);
      break;
    case VQE_GATE_RZ:
      oracle_rz(psi, n, a, angle);
      break;
    case VQE_GATE_XXYY:
      oracle_two(psi, n, a, b, false, angle);
      oracle_two(psi, n, a, b, true, angle);
      break;
    default:
      fail_msg("an excitation in a circuit");
    }
  }
  return psi;
}

static void check_state(const char *name, const char *entanglement, int reps,
                        int norb, int threads)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, NULL, false, 0.0, 3);
  struct vqe_ansatz *ansatz = fixture_ansatz(
      name, entanglement, reps, hamiltonian, (norb + 1) / 2, norb / 2);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_FULL, threads);
  double *parameters =
      fixture_parameters(ansatz->nparam, ORACLE_PI, (uint64_t)norb);
  double complex *expected = simulate(ansatz, parameters);
  double complex *psi = fixture_state(estimator, ansatz, parameters);
  for (size_t x = 0; x < (size_t)1 << ansatz->nqubit; x++) {
    if (!(cabs(psi[x] - expected[x]) < 1e-12)) {
      fail_msg("%s %s, %d qubits: amplitude %zu differs by %.3g", name,
               ansatz->entanglement, ansatz->nqubit, x,
               cabs(psi[x] - expected[x]));
    }
  }
  free(psi);
  free(expected);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

/* Sizes on both sides of the kernels' blocks, and several threads. */
static void circuits_agree_with_gates_applied_one_by_one(void **state)
{
  (void)state;
  static const int sizes[] = {1, 2, 3, 5, 6, 7};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    check_state("EfficientSU2", "sca", 3, sizes[k], 1);
    check_state("RealAmplitudes", "circular", 2, sizes[k], 1);
    check_state("ExcitationPreserving", "full", 1, sizes[k], 1);
  }
  check_state("EfficientSU2", "reverse_linear", 2, 8, 3);
  check_state("ExcitationPreserving", "pairwise", 1, 8, 2);
}

/* Energies of complex and real states that mix all electron numbers, with
 * and without symmetry, against the dense Hamiltonian. */
static void energies_agree_with_dense_hamiltonian(void **state)
{
  (void)state;
  static const char *const names[] = {"EfficientSU2", "RealAmplitudes",
                                      "ExcitationPreserving", "UCCSD"};
  static const uint8_t irrep[4] = {0, 1, 2, 3};
  for (int norb = 1; norb <= 4; norb++) {
    for (int symmetry = 0; symmetry < 2; symmetry++) {
      double *h1e;
      double *eri;
      struct vqe_hamiltonian *hamiltonian =
          fixture_random(&h1e, &eri, norb, symmetry == 1 ? irrep : NULL, true,
                         -0.375, (uint64_t)(31 + norb));
      assert_int_equal(hamiltonian->nirrep, symmetry == 0 ? 1
                                            : norb < 3    ? norb
                                                          : 4);
      double *dense = oracle_hamiltonian(norb, h1e, eri, -0.375);
      for (size_t k = 0; k < 4; k++) {
        struct vqe_ansatz *ansatz = fixture_ansatz(
            names[k], NULL, 2, hamiltonian, (norb + 1) / 2, norb / 2);
        struct vqe_estimator *estimator =
            fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_FULL, 1);
        double *parameters =
            fixture_parameters(ansatz->nparam, ORACLE_PI, 100 + k);
        double energy;
        assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
        double complex *psi = fixture_state(estimator, ansatz, parameters);
        assert_close(energy,
                     oracle_expectation(dense, psi, (size_t)1 << (2 * norb)),
                     1e-12);
        free(psi);
        free(parameters);
        vqe_estimator_free(estimator);
        vqe_ansatz_free(ansatz);
      }
      free(dense);
      vqe_hamiltonian_free(hamiltonian);
      free(h1e);
      free(eri);
    }
  }
}

/* The parameters of `hf` give the reference determinant's energy. */
static void zero_angles_give_hartree_fock_energy(void **state)
{
  (void)state;
  static const char *const molecules[] = {"H2", "HeH+", "LiH", "H2O"};
  static const char *const names[] = {"EfficientSU2", "RealAmplitudes",
                                      "ExcitationPreserving", "UCCSD"};
  static const char *const maps[] = {NULL, "full", "sca"};
  for (size_t m = 0; m < 4; m++) {
    struct vqe_integrals *integrals = fixture_read(molecules[m]);
    struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
    for (size_t k = 0; k < 4; k++) {
      for (size_t map = 0; map < (k < 2 ? 3 : 1); map++) {
        struct vqe_ansatz *ansatz =
            fixture_ansatz(names[k], maps[map], 2, hamiltonian,
                           integrals->nalpha, integrals->nbeta);
        struct vqe_estimator *estimator =
            fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
        double *parameters = oracle_new((size_t)ansatz->nparam);
        double energy;
        vqe_ansatz_hf_parameters(parameters, ansatz);
        assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
        assert_close(energy, integrals->hf_energy, 1e-10);
        free(parameters);
        vqe_estimator_free(estimator);
        vqe_ansatz_free(ansatz);
      }
    }
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circuits_give_qiskits_states),
      cmocka_unit_test(circuits_give_reference_energies),
      cmocka_unit_test(circuits_agree_with_gates_applied_one_by_one),
      cmocka_unit_test(energies_agree_with_dense_hamiltonian),
      cmocka_unit_test(zero_angles_give_hartree_fock_energy),
  };
  return FIXTURE_RUN(tests);
}
