/* Adjoint gradients against central differences of the energy. */
#include "sim/sim_fixture.h"

static void check(const char *name, const char *entanglement, int reps,
                  const struct vqe_hamiltonian *hamiltonian, int na, int nb,
                  enum vqe_representation representation, int threads,
                  int stride)
{
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, entanglement, reps, hamiltonian, na, nb);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, representation, threads);
  double *parameters = fixture_parameters(ansatz->nparam, 2.0, 17);
  double *gradient = oracle_new((size_t)ansatz->nparam);
  double energy;
  double plain;
  double largest = 0.0;
  assert_ok(vqe_estimator_energy(estimator, &plain, parameters));
  assert_ok(vqe_estimator_gradient(estimator, &energy, gradient, parameters));
  assert_close(energy, plain, 1e-12);
  for (int k = 0; k < ansatz->nparam; k += stride) {
    double expected = fixture_difference(estimator, parameters, k);
    assert_close(gradient[k], expected, 1e-7);
    largest = fmax(largest, fabs(expected));
  }
  if (hamiltonian->norb > 1) { /* one orbital may leave a flat energy */
    assert_true(largest > 1e-3);
  }
  /* the gradient leaves nothing behind */
  assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
  assert_true(energy == plain);
  free(gradient);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
}

static void check_circuits(const struct vqe_hamiltonian *hamiltonian, int na,
                           int nb, int threads, int stride)
{
  check("EfficientSU2", "reverse_linear", 2, hamiltonian, na, nb,
        VQE_REPRESENTATION_FULL, threads, stride);
  check("EfficientSU2", "sca", 2, hamiltonian, na, nb, VQE_REPRESENTATION_FULL,
        threads, stride);
  check("RealAmplitudes", "full", 2, hamiltonian, na, nb,
        VQE_REPRESENTATION_FULL, threads, stride);
  check("ExcitationPreserving", "circular", 1, hamiltonian, na, nb,
        VQE_REPRESENTATION_FULL, threads, stride);
}

static void circuit_gradients_agree_with_differences(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 2, 0};
  for (int norb = 2; norb <= 4; norb++) {
    for (int symmetry = 0; symmetry < 2; symmetry++) {
      double *h1e;
      double *eri;
      struct vqe_hamiltonian *hamiltonian =
          fixture_random(&h1e, &eri, norb, symmetry == 1 ? irrep : NULL, true,
                         0.0, (uint64_t)norb);
      check_circuits(hamiltonian, norb / 2 + 1, norb / 2, 1, 1);
      vqe_hamiltonian_free(hamiltonian);
      free(h1e);
      free(eri);
    }
  }
}

/* One orbital: two qubits, fewer than a vector register takes. */
static void two_qubit_gradients_agree_with_differences(void **state)
{
  (void)state;
  double h1e = -1.25;
  double eri = 0.7;
  struct vqe_hamiltonian *hamiltonian = NULL;
  assert_ok(
      vqe_hamiltonian_create(&hamiltonian, 1, &h1e, &eri, 0.0, true, 0.0));
  check("EfficientSU2", NULL, 2, hamiltonian, 1, 0, VQE_REPRESENTATION_FULL, 1,
        1);
  check("RealAmplitudes", NULL, 2, hamiltonian, 1, 0, VQE_REPRESENTATION_FULL,
        1, 1);
  check("ExcitationPreserving", NULL, 2, hamiltonian, 1, 0,
        VQE_REPRESENTATION_FULL, 1, 1);
  check("UCCSD", NULL, 1, hamiltonian, 1, 0, VQE_REPRESENTATION_FULL, 1, 1);
  check("UCCSD", NULL, 1, hamiltonian, 1, 0, VQE_REPRESENTATION_SECTOR, 1, 1);
  vqe_hamiltonian_free(hamiltonian);
}

/* Beyond the kernels' cache blocks, some parameters, with threads. */
static void gradients_over_cache_blocks_agree_with_differences(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("LiH");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  check_circuits(hamiltonian, integrals->nalpha, integrals->nbeta, 1, 11);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
  integrals = fixture_read("NH3");
  hamiltonian = fixture_total(integrals, true);
  check("RealAmplitudes", "linear", 1, hamiltonian, 5, 5,
        VQE_REPRESENTATION_FULL, 2, 15);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void uccsd_gradients_agree_with_differences(void **state)
{
  (void)state;
  static const int electrons[][2] = {{1, 1}, {2, 2}, {2, 1},
                                     {3, 1}, {2, 0}, {3, 2}};
  static const uint8_t irrep[4] = {0, 1, 2, 0};
  for (size_t e = 0; e < sizeof electrons / sizeof electrons[0]; e++) {
    for (int symmetry = 0; symmetry < 2; symmetry++) {
      double *h1e;
      double *eri;
      struct vqe_hamiltonian *hamiltonian = fixture_random(
          &h1e, &eri, 4, symmetry == 1 ? irrep : NULL, true, 0.0, 50 + e);
      for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR;
           r++) {
        check("UCCSD", NULL, symmetry == 1 ? 2 : 1, hamiltonian,
              electrons[e][0], electrons[e][1], (enum vqe_representation)r, 1,
              1);
        check("k-UpCCGSD", NULL, 2, hamiltonian, electrons[e][0],
              electrons[e][1], (enum vqe_representation)r, 1, 1);
        check("LUCJ", symmetry == 1 ? "all-to-all" : "square", 1, hamiltonian,
              electrons[e][0], electrons[e][1], (enum vqe_representation)r, 1,
              1);
      }
      vqe_hamiltonian_free(hamiltonian);
      free(h1e);
      free(eri);
    }
  }
}

static void uccsd_gradients_of_molecules_agree_with_differences(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("H2O");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  check("UCCSD", NULL, 1, hamiltonian, 5, 5, VQE_REPRESENTATION_SECTOR, 2, 1);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circuit_gradients_agree_with_differences),
      cmocka_unit_test(two_qubit_gradients_agree_with_differences),
      cmocka_unit_test(gradients_over_cache_blocks_agree_with_differences),
      cmocka_unit_test(uccsd_gradients_agree_with_differences),
      cmocka_unit_test(uccsd_gradients_of_molecules_agree_with_differences),
  };
  return FIXTURE_RUN(tests);
}
