/* Finite shots: unbiased, with an honest standard error, and reproducible. */
#include "sim/sim_fixture.h"

#define ROUNDS 400

struct case_data {
  double *h1e, *eri;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz *ansatz;
  struct vqe_estimator *estimator;
  struct vqe_pauli_sum *paulis;
  double *parameters;
};

static struct case_data make(const char *name, int norb, int na, int nb,
                             enum vqe_representation representation)
{
  struct case_data c = {0};
  c.hamiltonian =
      fixture_random(&c.h1e, &c.eri, norb, NULL, true, 0.75, (uint64_t)norb);
  c.ansatz = fixture_ansatz(name, NULL, 1, c.hamiltonian, na, nb);
  c.estimator = fixture_estimator(c.hamiltonian, c.ansatz, representation, 1);
  assert_ok(vqe_pauli_sum_jordan_wigner(&c.paulis, c.hamiltonian, 0.0));
  c.parameters = fixture_parameters(c.ansatz->nparam, 1.0, 5);
  return c;
}

static void clear(struct case_data *c)
{
  free(c->parameters);
  vqe_pauli_sum_free(c->paulis);
  vqe_estimator_free(c->estimator);
  vqe_ansatz_free(c->ansatz);
  vqe_hamiltonian_free(c->hamiltonian);
  free(c->h1e);
  free(c->eri);
}

/* sum over groups of <G^2> - <G>^2, G the sum of a group's words, each
 * applied to the state from its label. */
static double exact_variance(const struct case_data *c, bool commuting)
{
  const struct vqe_pauli_sum *sum = c->paulis;
  size_t n = (size_t)1 << sum->nqubit;
  double complex *psi = fixture_state(c->estimator, c->ansatz, c->parameters);
  double complex *out = calloc(n, sizeof *out);
  int *group = calloc(sum->nterm, sizeof *group);
  int ngroup;
  double total = 0.0;
  assert_true(out != NULL && group != NULL);
  assert_ok(commuting ? vqe_pauli_group_commuting(sum, group, &ngroup)
                      : vqe_pauli_group_qwc(sum, group, &ngroup));
  for (int g = 0; g < ngroup; g++) {
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < sum->nterm; k++) {
      if (group[k] != g) {
        continue;
      }
      char label[65];
      vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
      for (size_t x = 0; x < n; x++) {
        size_t y = x;
        double complex value = sum->coeff[k] * psi[x];
        for (int q = 0; q < sum->nqubit; q++) {
          char letter = label[sum->nqubit - 1 - q];
          bool one = x >> q & 1;
          if (letter == 'X' || letter == 'Y') {
            y ^= (size_t)1 << q;
          }
          if (letter == 'Y') {
            value *= one ? -I : I;
          } else if (letter == 'Z' && one) {
            value = -value;
          }
        }
        out[y] += value;
      }
    }
    double square = 0.0;
    double mean = 0.0;
    for (size_t x = 0; x < n; x++) {
      square += creal(conj(out[x]) * out[x]);
      mean += creal(conj(psi[x]) * out[x]);
    }
    total += square - mean * mean;
  }
  free(psi);
  free(out);
  free(group);
  return total;
}

/* Returns the spread of the energies. */
static double check_measured(const char *name, int norb, int na, int nb,
                             enum vqe_representation representation, int shots,
                             unsigned measurement)
{
  struct case_data c = make(name, norb, na, nb, representation);
  bool commuting = (measurement & VQE_MEASUREMENT_COMMUTING) != 0;
  double exact;
  double sum = 0.0;
  double square = 0.0;
  double reported = 0.0;
  assert_ok(vqe_estimator_energy(c.estimator, &exact, c.parameters));
  assert_ok(vqe_estimator_measure(c.estimator, measurement));
  for (int k = 0; k < ROUNDS; k++) {
    double energy;
    double std;
    assert_ok(vqe_estimator_sample(c.estimator, &energy, &std, c.parameters,
                                   c.paulis, shots, "experiment", k));
    sum += energy - exact;
    square += (energy - exact) * (energy - exact);
    reported += std / ROUNDS;
  }
  double mean = sum / ROUNDS;
  double spread = sqrt((square - ROUNDS * mean * mean) / (ROUNDS - 1));
  assert_true(spread > 1e-4);
  assert_true(fabs(mean) < 5.0 * spread / sqrt(ROUNDS));
  assert_close(reported / spread, 1.0, 0.2);
  if ((measurement & VQE_MEASUREMENT_VARIANCE) == 0) {
    assert_close(reported / sqrt(exact_variance(&c, commuting) / shots), 1.0,
                 0.05);
  }
  clear(&c);
  return spread;
}

static void check_statistics(const char *name, int norb, int na, int nb,
                             enum vqe_representation representation, int shots)
{
  check_measured(name, norb, na, nb, representation, shots, 0);
}

static void samples_have_the_exact_mean_and_error(void **state)
{
  (void)state;
  check_statistics("EfficientSU2", 2, 1, 1, VQE_REPRESENTATION_FULL, 100);
  check_statistics("RealAmplitudes", 3, 1, 1, VQE_REPRESENTATION_FULL, 40);
  check_statistics("ExcitationPreserving", 2, 1, 1, VQE_REPRESENTATION_FULL,
                   100);
}

/* One circuit more for each group, and fewer of them. */
static void commuting_groups_have_the_exact_mean_and_error(void **state)
{
  (void)state;
  check_measured("EfficientSU2", 2, 1, 1, VQE_REPRESENTATION_FULL, 100,
                 VQE_MEASUREMENT_COMMUTING);
  check_measured("RealAmplitudes", 3, 1, 1, VQE_REPRESENTATION_FULL, 40,
                 VQE_MEASUREMENT_COMMUTING);
  check_measured("UCCSD", 3, 2, 1, VQE_REPRESENTATION_SECTOR, 40,
                 VQE_MEASUREMENT_COMMUTING);
  struct case_data c = make("UCCSD", 3, 2, 1, VQE_REPRESENTATION_SECTOR);
  int groups[2];
  for (int k = 0; k < 2; k++) {
    assert_ok(vqe_estimator_measure(c.estimator, (unsigned)k));
    assert_ok(vqe_estimator_groups(c.estimator, &groups[k], c.paulis));
  }
  assert_true(groups[1] < groups[0]);
  clear(&c);
}

/* As many shots in all, and a smaller error that is said rightly. */
static void shots_by_variance_have_a_smaller_error(void **state)
{
  (void)state;
  for (unsigned groups = 0; groups < 2; groups++) {
    double equal = check_measured("UCCSD", 3, 2, 1, VQE_REPRESENTATION_SECTOR,
                                  200, groups);
    double spread = check_measured("UCCSD", 3, 2, 1, VQE_REPRESENTATION_SECTOR,
                                   200, groups | VQE_MEASUREMENT_VARIANCE);
    assert_true(spread < equal);
  }
  check_measured("EfficientSU2", 2, 1, 1, VQE_REPRESENTATION_FULL, 100,
                 VQE_MEASUREMENT_VARIANCE);
}

/* Few shots: the draws that decide how many more a group gets are no part of
 * the mean, which would lean by a tenth of its spread. */
static void few_shots_by_variance_have_no_bias(void **state)
{
  (void)state;
  for (unsigned groups = 0; groups < 2; groups++) {
    struct case_data c = make("UCCSD", 2, 1, 1, VQE_REPRESENTATION_SECTOR);
    double exact;
    double sum = 0.0;
    double square = 0.0;
    int rounds = 50 * ROUNDS;
    assert_ok(vqe_estimator_energy(c.estimator, &exact, c.parameters));
    assert_ok(
        vqe_estimator_measure(c.estimator, groups | VQE_MEASUREMENT_VARIANCE));
    for (int k = 0; k < rounds; k++) {
      double energy;
      double std;
      assert_ok(vqe_estimator_sample(c.estimator, &energy, &std, c.parameters,
                                     c.paulis, 10, "few", k));
      sum += energy - exact;
      square += (energy - exact) * (energy - exact);
    }
    double mean = sum / rounds;
    double spread = sqrt((square - rounds * mean * mean) / (rounds - 1));
    assert_true(spread > 1e-3);
    assert_true(fabs(mean) < 4.0 * spread / sqrt(rounds));
    clear(&c);
  }
}

/* A sector state is expanded. */
static void sector_state_samples_as_full_space(void **state)
{
  (void)state;
  check_statistics("UCCSD", 3, 2, 1, VQE_REPRESENTATION_SECTOR, 40);
}

static void same_stream_gives_same_sample(void **state)
{
  (void)state;
  struct case_data c = make("UCCSD", 2, 1, 1, VQE_REPRESENTATION_SECTOR);
  struct case_data d = make("UCCSD", 2, 1, 1, VQE_REPRESENTATION_FULL);
  double energy[6];
  double std[6];
  assert_ok(vqe_estimator_sample(c.estimator, &energy[0], &std[0],
                                 c.parameters, c.paulis, 64, "a", 0));
  assert_ok(vqe_estimator_sample(c.estimator, &energy[1], &std[1],
                                 c.parameters, c.paulis, 64, "a", 1));
  assert_ok(vqe_estimator_sample(c.estimator, &energy[2], &std[2],
                                 c.parameters, c.paulis, 64, "b", 0));
  assert_ok(vqe_estimator_sample(c.estimator, &energy[3], &std[3],
                                 c.parameters, c.paulis, 64, "a", 0));
  assert_ok(vqe_estimator_sample(d.estimator, &energy[4], &std[4],
                                 d.parameters, d.paulis, 64, "a", 0));
  assert_true(energy[0] == energy[3] && std[0] == std[3]);
  assert_true(energy[0] != energy[1]);
  assert_true(energy[0] != energy[2]);
  /* the same state by another way: the same draws */
  assert_close(energy[4], energy[0], 1e-12);
  clear(&c);
  clear(&d);
}

/* A determinant in a diagonal Hamiltonian has no spread. */
static void eigenstate_has_no_variance(void **state)
{
  (void)state;
  double h1e[4] = {-1.25, 0, 0, -0.5};
  double eri[9] = {0.7, 0, 0.6, 0, 0, 0, 0.6, 0, 0.65};
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_pauli_sum *paulis = NULL;
  double energy;
  double std;
  assert_ok(
      vqe_hamiltonian_create(&hamiltonian, 2, h1e, eri, 0.5, false, 0.0));
  assert_ok(vqe_pauli_sum_jordan_wigner(&paulis, hamiltonian, 0.0));
  struct vqe_ansatz *ansatz =
      fixture_ansatz("EfficientSU2", NULL, 1, hamiltonian, 1, 1);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_FULL, 1);
  double *parameters = oracle_new((size_t)ansatz->nparam);
  vqe_ansatz_hf_parameters(parameters, ansatz);
  assert_ok(vqe_estimator_sample(estimator, &energy, &std, parameters, paulis,
                                 50, "id", 3));
  assert_close(energy, 0.5 - 2.5 + 0.7, 1e-12);
  assert_close(std, 0.0, 1e-7);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_pauli_sum_free(paulis);
  vqe_hamiltonian_free(hamiltonian);
}

/* Another sum for the same estimator takes effect; one that does not belong
 * to it is refused. */
static void another_pauli_sum_replaces_the_first(void **state)
{
  (void)state;
  struct case_data c = make("UCCSD", 2, 1, 1, VQE_REPRESENTATION_SECTOR);
  struct case_data other = make("UCCSD", 3, 1, 1, VQE_REPRESENTATION_SECTOR);
  vqe_qubits x = 0;
  vqe_qubits z = 0;
  double coeff = 4.5;
  const struct vqe_pauli_sum constant = {4, 1, &x, &z, &coeff};
  double energy;
  double std;
  assert_ok(vqe_estimator_sample(c.estimator, &energy, &std, c.parameters,
                                 c.paulis, 10, "id", 0));
  assert_ok(vqe_estimator_sample(c.estimator, &energy, &std, c.parameters,
                                 &constant, 10, "id", 0));
  assert_close(energy, 4.5, 0.0);
  assert_close(std, 0.0, 0.0);
  assert_int_equal(vqe_estimator_sample(c.estimator, &energy, &std,
                                        c.parameters, other.paulis, 10, "id",
                                        0),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "6 qubits"));
  clear(&c);
  clear(&other);
}

static void no_shots_and_too_many_qubits_are_refused(void **state)
{
  (void)state;
  struct case_data c = make("UCCSD", 2, 1, 1, VQE_REPRESENTATION_SECTOR);
  double energy;
  double std;
  assert_int_equal(vqe_estimator_sample(c.estimator, &energy, &std,
                                        c.parameters, c.paulis, 0, "id", 0),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "shots 0"));
  clear(&c);
  /* eleven orbitals: 22 qubits, 121 determinants */
  c = make("UCCSD", 11, 1, 1, VQE_REPRESENTATION_SECTOR);
  assert_ok(vqe_estimator_energy(c.estimator, &energy, c.parameters));
  assert_int_equal(vqe_estimator_sample(c.estimator, &energy, &std,
                                        c.parameters, c.paulis, 10, "id", 0),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "20 qubits, not 22"));
  assert_non_null(strstr(vqe_error_message(), "active space"));
  clear(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(samples_have_the_exact_mean_and_error),
      cmocka_unit_test(commuting_groups_have_the_exact_mean_and_error),
      cmocka_unit_test(shots_by_variance_have_a_smaller_error),
      cmocka_unit_test(few_shots_by_variance_have_no_bias),
      cmocka_unit_test(sector_state_samples_as_full_space),
      cmocka_unit_test(same_stream_gives_same_sample),
      cmocka_unit_test(eigenstate_has_no_variance),
      cmocka_unit_test(another_pauli_sum_replaces_the_first),
      cmocka_unit_test(no_shots_and_too_many_qubits_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
