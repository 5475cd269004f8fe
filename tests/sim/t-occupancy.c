/* Densities and entropies of orbitals against partial traces of the whole
 * state, and the variance against dense matrices. */
#include "sim/sim_fixture.h"

/* Sign of bringing the qubits `first` (in this order) in front of all others:
 * the swaps that an occupied one needs past occupied ones before it. */
static int front_sign(uint64_t bits, const int *first, int count)
{
  int parity = 0;
  uint64_t done = 0;
  for (int k = 0; k < count; k++) {
    uint64_t bit = UINT64_C(1) << first[k];
    if ((bits & bit) != 0) {
      parity ^= __builtin_parityll(bits & (bit - 1) & ~done);
    }
    done |= bit;
  }
  return parity ? -1 : 1;
}

static int numbers_of(int local, int orbitals)
{
  int low = local & ((1 << orbitals) - 1);
  return 8 * __builtin_popcount((unsigned)low) +
         __builtin_popcount((unsigned)(local >> orbitals));
}

/* Entropy of the orbitals `list`: the partial trace over all others, elements
 * between other electron numbers left out. */
static double traced(const double complex *psi, int norb, const int *list,
                     int orbitals)
{
  int qubits[4];
  int states = 1 << (2 * orbitals);
  size_t n = (size_t)1 << (2 * norb);
  size_t width = 2 * (size_t)states;
  uint64_t mask = 0;
  double *real = oracle_new(width * width);
  double *values = oracle_new(width);
  double entropy = 0.0;
  for (int k = 0; k < 2 * orbitals; k++) {
    qubits[k] = list[k % orbitals] + (k < orbitals ? 0 : norb);
    mask |= UINT64_C(1) << qubits[k];
  }
  for (uint64_t rest = 0; rest < n; rest++) {
    if ((rest & mask) != 0) {
      continue;
    }
    double complex local[16];
    for (int a = 0; a < states; a++) {
      uint64_t bits = rest;
      for (int k = 0; k < 2 * orbitals; k++) {
        bits |= (uint64_t)(a >> k & 1) << qubits[k];
      }
      local[a] = front_sign(bits, qubits, 2 * orbitals) * psi[bits];
    }
    for (int a = 0; a < states; a++) {
      for (int b = 0; b < states; b++) {
        double complex value = local[a] * conj(local[b]);
        if (numbers_of(a, orbitals) != numbers_of(b, orbitals)) {
          continue;
        }
        size_t i = (size_t)a;
        size_t j = (size_t)b;
        size_t s = (size_t)states;
        real[i * width + j] += creal(value);
        real[(i + s) * width + j + s] += creal(value);
        real[i * width + j + s] -= cimag(value);
        real[(i + s) * width + j] += cimag(value);
      }
    }
  }
  /* the eigenvalues of a Hermitian matrix, each twice */
  oracle_eigenvalues(values, real, width);
  for (size_t k = 0; k < width; k++) {
    entropy -= values[k] > 1e-300 ? 0.5 * values[k] * log(values[k]) : 0.0;
  }
  free(values);
  free(real);
  return entropy;
}

static double complex transition(const double complex *psi, int norb, int p,
                                 int q)
{
  double complex sum = 0.0;
  for (size_t x = 0; x < (size_t)1 << (2 * norb); x++) {
    uint64_t y = x;
    int sign = oracle_move(&y, p, q);
    if (sign != 0) {
      sum += sign * conj(psi[y]) * psi[x];
    }
  }
  return sum;
}

/* The square of H - <H> applied. */
static double dense_variance(const double complex *psi, const double *h,
                             size_t n)
{
  double energy = oracle_expectation(h, psi, n);
  double sum = 0.0;
  for (size_t x = 0; x < n; x++) {
    double complex value = -energy * psi[x];
    for (size_t y = 0; y < n; y++) {
      value += h[x * n + y] * psi[y];
    }
    sum += creal(value) * creal(value) + cimag(value) * cimag(value);
  }
  return sum;
}

static void check(const char *name, int norb, int na, int nb,
                  const uint8_t *irrep, enum vqe_representation representation)
{
  double *h1e;
  double *eri;
  size_t n = (size_t)1 << (2 * norb);
  size_t m = (size_t)norb;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, irrep != NULL, 0.3, 8);
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, NULL, 1, hamiltonian, na, nb);
  double *parameters = fixture_parameters(ansatz->nparam, 1.0, 4);
  double *dense = oracle_hamiltonian(norb, h1e, eri, 0.3);
  for (int threads = 1; threads <= 3; threads += 2) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, representation, threads);
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    double *rdm1 = oracle_new(2 * m * m);
    double *entropies = oracle_new(m);
    double *information = oracle_new(m * m);
    double variance;
    assert_ok(vqe_estimator_orbitals(estimator, rdm1, entropies, information,
                                     parameters));
    assert_ok(vqe_estimator_variance(estimator, &variance, parameters));
    assert_close(variance, dense_variance(psi, dense, n), 1e-11);
    for (int p = 0; p < norb; p++) {
      assert_close(entropies[p], traced(psi, norb, &p, 1), 1e-11);
      assert_close(information[p * norb + p], 0.0, 0.0);
      for (int q = 0; q < norb; q++) {
        const int both[2] = {p, q};
        size_t at = (size_t)(p * norb + q);
        assert_close(rdm1[at], creal(transition(psi, norb, p, q)), 1e-12);
        assert_close(rdm1[m * m + at],
                     creal(transition(psi, norb, p + norb, q + norb)), 1e-12);
        if (p != q) {
          assert_close(
              information[at],
              0.5 * (entropies[p] + entropies[q] - traced(psi, norb, both, 2)),
              1e-11);
        }
      }
    }
    free(information);
    free(entropies);
    free(rdm1);
    free(psi);
    vqe_estimator_free(estimator);
  }
  free(dense);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void sectors_agree_with_partial_traces(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  static const uint8_t many[4] = {0, 1, 2, 3};
  for (int na = 1; na <= 4; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check("UCCSD", 4, na, nb, NULL, VQE_REPRESENTATION_SECTOR);
      check("UCCSD", 4, na, nb, irrep, VQE_REPRESENTATION_SECTOR);
    }
  }
  check("UCCSD", 4, 2, 2, many, VQE_REPRESENTATION_SECTOR);
  check("k-UpCCGSD", 3, 2, 1, NULL, VQE_REPRESENTATION_SECTOR);
  check("UCCSD", 2, 1, 1, NULL, VQE_REPRESENTATION_SECTOR);
  check("UCCSD", 1, 1, 0, NULL, VQE_REPRESENTATION_SECTOR);
}

static void complex_states_agree_with_partial_traces(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  check("LUCJ", 4, 2, 2, NULL, VQE_REPRESENTATION_SECTOR);
  check("LUCJ", 4, 3, 1, irrep, VQE_REPRESENTATION_SECTOR);
}

static void full_space_agrees_with_partial_traces(void **state)
{
  (void)state;
  static const uint8_t irrep[3] = {0, 1, 0};
  check("EfficientSU2", 3, 2, 1, NULL, VQE_REPRESENTATION_FULL);
  check("EfficientSU2", 3, 2, 1, irrep, VQE_REPRESENTATION_FULL);
  check("RealAmplitudes", 3, 1, 1, irrep, VQE_REPRESENTATION_FULL);
  check("UCCSD", 3, 2, 2, NULL, VQE_REPRESENTATION_FULL);
}

/* Two electrons in two orbitals, (cos t |20> - sin t |02>): s = -c^2 ln c^2 -
 * s^2 ln s^2 of each orbital, and the pair of all orbitals is pure, so that
 * the mutual information is s. */
static void two_orbitals_have_a_closed_formula(void **state)
{
  (void)state;
  static const uint8_t irrep[2] = {0, 1};
  double *h1e;
  double *eri;
  double rdm1[8];
  double entropies[2];
  double information[4];
  double parameters[3] = {0.4, 0.0, 0.0};
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 2, irrep, true, 0.0, 3);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, 1, hamiltonian, 1, 1);
  assert_int_equal(ansatz->nparam, 1);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
  assert_ok(vqe_estimator_orbitals(estimator, rdm1, entropies, information,
                                   parameters));
  double c = rdm1[0];
  double expected = -c * log(c) - (1.0 - c) * log(1.0 - c);
  assert_true(c > 0.5 && c < 0.99);
  assert_close(entropies[0], expected, 1e-13);
  assert_close(entropies[1], expected, 1e-13);
  assert_close(information[1], expected, 1e-13);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sectors_agree_with_partial_traces),
      cmocka_unit_test(complex_states_agree_with_partial_traces),
      cmocka_unit_test(full_space_agrees_with_partial_traces),
      cmocka_unit_test(two_orbitals_have_a_closed_formula),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
