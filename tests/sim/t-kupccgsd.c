/* k-UpCCGSD states against products of matrix exponentials of dense ladder
 * operators, in both representations; its start from MP2 pairs. */
#include "sim/sim_fixture.h"

/* k times: pairs p,p -> q,q, then singles of both spins, p < q. */
static double *reference(int norb, int na, int nb, int reps,
                         const double *parameters, int nparam)
{
  size_t n = (size_t)1 << (2 * norb);
  double *psi = oracle_new(n);
  int param = 0;
  psi[((size_t)1 << na) - 1 + ((((size_t)1 << nb) - 1) << norb)] = 1.0;
  for (int r = 0; r < reps; r++) {
    for (int part = 0; part < 2; part++) {
      for (int p = 0; p < norb; p++) {
        for (int q = p + 1; q < norb; q++) {
          double angle = parameters[param++];
          for (int spin = 0; spin < 2 * part; spin++) {
            double *single = oracle_excitation(2 * norb, p + spin * norb,
                                               q + spin * norb, -1, -1);
            oracle_exp_apply(psi, single, angle, n);
            free(single);
          }
          if (part == 0) {
            double *pair =
                oracle_excitation(2 * norb, p, q, p + norb, q + norb);
            oracle_exp_apply(psi, pair, angle, n);
            free(pair);
          }
        }
      }
    }
  }
  assert_int_equal(param, nparam);
  return psi;
}

static void check(int norb, int na, int nb, int reps, const uint8_t *irrep,
                  uint64_t seed)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, true, 0.5, seed);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("k-UpCCGSD", NULL, reps, hamiltonian, na, nb);
  assert_true(ansatz->conserves && ansatz->real);
  double *parameters = fixture_parameters(ansatz->nparam, 1.0, seed + 1);
  double *expected = reference(norb, na, nb, reps, parameters, ansatz->nparam);
  double *dense = oracle_hamiltonian(norb, h1e, eri, 0.5);
  size_t n = (size_t)1 << (2 * norb);
  double energy = 0.0;
  for (size_t x = 0; x < n; x++) {
    for (size_t y = 0; y < n; y++) {
      energy += expected[x] * dense[x * n + y] * expected[y];
    }
  }
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    struct vqe_properties properties;
    double got;
    for (size_t x = 0; x < n; x++) {
      assert_close(creal(psi[x]), expected[x], 1e-12);
      assert_close(cimag(psi[x]), 0.0, 0.0);
    }
    assert_ok(vqe_estimator_energy(estimator, &got, parameters));
    assert_close(got, energy, 1e-12);
    assert_ok(
        vqe_estimator_properties(estimator, &properties, NULL, parameters));
    assert_close(properties.n, na + nb, 1e-12);
    assert_close(properties.sz, 0.5 * (na - nb), 1e-12);
    free(psi);
    vqe_estimator_free(estimator);
  }
  free(dense);
  free(expected);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void states_agree_with_matrix_exponentials(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  for (int na = 0; na <= 3; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check(3, na, nb, 1, NULL, (uint64_t)(10 * na + nb));
    }
  }
  check(1, 1, 1, 2, NULL, 1);
  check(2, 1, 1, 3, NULL, 2);
  check(4, 2, 2, 2, NULL, 3);
  check(4, 2, 2, 2, irrep, 4);
  check(4, 2, 1, 1, irrep, 5);
}

/* First-order amplitudes of pairs, t = (ia|ia) / 2 (e_i - e_a), on the pairs
 * that leave an occupied orbital for an empty one; nothing elsewhere. */
static void mp2_start_has_the_pair_amplitudes(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("LiH");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  int norb = integrals->norb;
  struct vqe_ansatz *ansatz =
      fixture_ansatz("k-UpCCGSD", NULL, 2, hamiltonian, 2, 2);
  double *start = oracle_new((size_t)ansatz->nparam);
  int pairs = 0;
  assert_ok(vqe_ansatz_mp2_parameters(start, ansatz, integrals->eri,
                                      integrals->orbital_energies));
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    double expected = 0.0;
    int i = gate->q[0];
    int a = gate->q[1];
    if (gate->kind == VQE_GATE_X) {
      continue;
    }
    if (gate->kind == VQE_GATE_DOUBLE && i < 2 && a >= 2) {
      expected = oracle_eri(integrals->eri, norb, i, a, i, a) /
                 (2.0 * (integrals->orbital_energies[i] -
                         integrals->orbital_energies[a])) /
                 2.0;
      pairs++;
    }
    assert_close(start[gate->param], expected, 1e-14);
  }
  assert_int_equal(pairs, 2 * 2 * (norb - 2));
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
  double energy;
  assert_ok(vqe_estimator_energy(estimator, &energy, start));
  assert_true(energy < integrals->hf_energy - 1e-3);
  vqe_estimator_free(estimator);
  free(start);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_agree_with_matrix_exponentials),
      cmocka_unit_test(mp2_start_has_the_pair_amplitudes),
  };
  return FIXTURE_RUN(tests);
}
