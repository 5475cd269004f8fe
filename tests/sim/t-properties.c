/* <N>, <S_z>, <S^2> and the one-body density matrix against dense operators;
 * the same bits for every number of threads. */
#include "sim/density.h"
#include "sim/sim_fixture.h"

/* <psi| a+_p a_q |psi>, spin orbitals */
static double complex ladder_pair(const double complex *psi, size_t n, int p,
                                  int q)
{
  double complex sum = 0.0;
  for (size_t x = 0; x < n; x++) {
    uint64_t y = x;
    int sign = oracle_move(&y, p, q);
    if (sign != 0) {
      sum += sign * conj(psi[y]) * psi[x];
    }
  }
  return sum;
}

static void check(const char *name, int norb, int na, int nb,
                  const uint8_t *irrep, enum vqe_representation representation)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, true, 0.0, 3);
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, NULL, 2, hamiltonian, na, nb);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, representation, 1);
  double *parameters = fixture_parameters(ansatz->nparam, 2.5, 21);
  double complex *psi = fixture_state(estimator, ansatz, parameters);
  size_t n = (size_t)1 << (2 * norb);
  struct vqe_properties properties;
  struct vqe_properties again;
  size_t elements = (size_t)(norb * norb);
  double *rdm1 = oracle_new(elements);
  assert_ok(
      vqe_estimator_properties(estimator, &properties, rdm1, parameters));
  assert_ok(vqe_estimator_properties(estimator, &again, NULL, parameters));
  assert_true(again.n == properties.n && again.sz == properties.sz &&
              again.s2 == properties.s2);
  double number = 0.0;
  double sz = 0.0;
  double trace = 0.0;
  for (int p = 0; p < norb; p++) {
    double alpha = creal(ladder_pair(psi, n, p, p));
    double beta = creal(ladder_pair(psi, n, p + norb, p + norb));
    number += alpha + beta;
    sz += 0.5 * (alpha - beta);
    trace += rdm1[p * norb + p];
    for (int q = 0; q < norb; q++) {
      double complex expected =
          ladder_pair(psi, n, p, q) + ladder_pair(psi, n, p + norb, q + norb);
      assert_close(rdm1[p * norb + q], creal(expected), 1e-12);
    }
  }
  double *spin = oracle_spin(norb);
  assert_close(properties.n, number, 1e-12);
  assert_close(properties.sz, sz, 1e-12);
  assert_close(properties.s2, oracle_expectation(spin, psi, n), 1e-12);
  assert_close(trace, number, 1e-12);
  size_t reference = (((size_t)1 << na) - 1) | (((size_t)1 << nb) - 1) << norb;
  double amplitude = cabs(psi[reference]);
  assert_close(properties.reference_weight, amplitude * amplitude, 1e-12);
  double *natural = oracle_new((size_t)norb);
  double *occupations = oracle_new((size_t)norb);
  assert_ok(vqe_density_occupations(occupations, rdm1, norb));
  oracle_eigenvalues(natural, rdm1, (size_t)norb);
  for (int p = 0; p < norb; p++) {
    assert_true(natural[p] > -1e-12 && natural[p] < 2.0 + 1e-12);
    assert_close(occupations[norb - 1 - p], natural[p], 1e-12);
  }
  if (strcmp(name, "UCCSD") == 0 ||
      strcmp(name, "ExcitationPreserving") == 0) {
    assert_close(number, na + nb, 1e-12);
  }
  free(natural);
  free(occupations);
  free(spin);
  free(rdm1);
  free(psi);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void properties_agree_with_ladder_operators(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  static const char *const names[] = {"EfficientSU2", "RealAmplitudes",
                                      "ExcitationPreserving", "UCCSD"};
  for (size_t k = 0; k < 4; k++) {
    for (int norb = 1; norb <= 4; norb++) {
      check(names[k], norb, (norb + 1) / 2, norb / 2, NULL,
            VQE_REPRESENTATION_FULL);
      check(names[k], norb, (norb + 2) / 2, norb / 2, irrep,
            VQE_REPRESENTATION_FULL);
    }
  }
  for (int na = 1; na <= 4; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check("UCCSD", 4, na, nb, NULL, VQE_REPRESENTATION_SECTOR);
      check("UCCSD", 4, na, nb, irrep, VQE_REPRESENTATION_SECTOR);
    }
  }
}

/* The Hartree-Fock determinant of a closed and of an open shell. */
static void hartree_fock_has_exact_properties(void **state)
{
  (void)state;
  static const char *const names[] = {"EfficientSU2", "UCCSD"};
  for (size_t k = 0; k < 2; k++) {
    for (int nb = 1; nb <= 2; nb++) {
      double *h1e;
      double *eri;
      double rdm1[9];
      struct vqe_hamiltonian *hamiltonian =
          fixture_random(&h1e, &eri, 3, NULL, true, 0.0, 3);
      struct vqe_ansatz *ansatz =
          fixture_ansatz(names[k], NULL, 1, hamiltonian, 2, nb);
      struct vqe_estimator *estimator =
          fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
      double *parameters = oracle_new((size_t)ansatz->nparam);
      struct vqe_properties properties;
      vqe_ansatz_hf_parameters(parameters, ansatz);
      assert_ok(
          vqe_estimator_properties(estimator, &properties, rdm1, parameters));
      assert_close(properties.n, 2 + nb, 1e-12);
      assert_close(properties.sz, 0.5 * (2 - nb), 1e-12);
      assert_close(properties.s2, nb == 2 ? 0.0 : 0.75, 1e-12);
      for (int p = 0; p < 9; p++) {
        double occupation = p == 0 ? 2 : p == 4 ? nb : 0;
        assert_close(rdm1[p], occupation, 1e-12);
      }
      free(parameters);
      vqe_estimator_free(estimator);
      vqe_ansatz_free(ansatz);
      vqe_hamiltonian_free(hamiltonian);
      free(h1e);
      free(eri);
    }
  }
}

/* Energy, gradient and properties for 1, 2 and 3 threads, bit for bit. */
static void check_threads(const char *name, int reps,
                          const struct vqe_hamiltonian *hamiltonian, int na,
                          int nb, enum vqe_representation representation)
{
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, NULL, reps, hamiltonian, na, nb);
  double *parameters = fixture_parameters(ansatz->nparam, 0.5, 2);
  size_t nparam = (size_t)ansatz->nparam;
  double *gradient[3];
  double energy[3];
  double plain[3];
  struct vqe_properties properties[3];
  for (int t = 0; t < 3; t++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, representation, t + 1);
    gradient[t] = oracle_new(nparam);
    assert_ok(vqe_estimator_energy(estimator, &plain[t], parameters));
    assert_ok(vqe_estimator_gradient(estimator, &energy[t], gradient[t],
                                     parameters));
    assert_ok(
        vqe_estimator_properties(estimator, &properties[t], NULL, parameters));
    vqe_estimator_free(estimator);
  }
  for (int t = 1; t < 3; t++) {
    assert_true(plain[t] == plain[0]);
    assert_true(energy[t] == energy[0]);
    assert_true(properties[t].n == properties[0].n);
    assert_true(properties[t].sz == properties[0].sz);
    assert_true(properties[t].s2 == properties[0].s2);
    assert_memory_equal(gradient[t], gradient[0], nparam * sizeof(double));
  }
  for (int t = 0; t < 3; t++) {
    free(gradient[t]);
  }
  free(parameters);
  vqe_ansatz_free(ansatz);
}

static void threads_do_not_change_bits(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("NH3");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  check_threads("UCCSD", 1, hamiltonian, 5, 5, VQE_REPRESENTATION_SECTOR);
  check_threads("k-UpCCGSD", 1, hamiltonian, 5, 5, VQE_REPRESENTATION_SECTOR);
  check_threads("LUCJ", 2, hamiltonian, 5, 5, VQE_REPRESENTATION_SECTOR);
  check_threads("EfficientSU2", 1, hamiltonian, 5, 5, VQE_REPRESENTATION_FULL);
  check_threads("ExcitationPreserving", 1, hamiltonian, 5, 5,
                VQE_REPRESENTATION_FULL);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* A sector long enough for its rotations to be shared out: 210 x 120
 * determinants. */
static void threads_do_not_change_bits_of_sector(void **state)
{
  (void)state;
  static const uint8_t irrep[10] = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1};
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 10, irrep, true, 0.0, 6);
  assert_int_equal(hamiltonian->nirrep, 8);
  /* blocks off: all determinants in one */
  struct vqe_hamiltonian *plain = NULL;
  assert_ok(vqe_hamiltonian_create(&plain, 10, h1e, eri, 0.0, false, 0.0));
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "UCCSD",
                                       .reps = 1,
                                       .norb = 10,
                                       .nalpha = 4,
                                       .nbeta = 3,
                                       .nirrep = hamiltonian->nirrep,
                                       .irrep = hamiltonian->irrep};
  struct vqe_ansatz *ansatz = NULL;
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  double *parameters = fixture_parameters(ansatz->nparam, 0.5, 2);
  double *gradient[3];
  double energy[3];
  for (int t = 0; t < 3; t++) {
    struct vqe_estimator *estimator =
        fixture_estimator(plain, ansatz, VQE_REPRESENTATION_SECTOR, t + 1);
    gradient[t] = oracle_new((size_t)ansatz->nparam);
    assert_ok(vqe_estimator_gradient(estimator, &energy[t], gradient[t],
                                     parameters));
    vqe_estimator_free(estimator);
  }
  for (int t = 0; t < 3; t++) {
    assert_true(energy[t] == energy[0]);
    assert_memory_equal(gradient[t], gradient[0],
                        (size_t)ansatz->nparam * sizeof(double));
  }
  for (int t = 0; t < 3; t++) {
    free(gradient[t]);
  }
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(plain);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(properties_agree_with_ladder_operators),
      cmocka_unit_test(hartree_fock_has_exact_properties),
      cmocka_unit_test(threads_do_not_change_bits),
      cmocka_unit_test(threads_do_not_change_bits_of_sector),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
