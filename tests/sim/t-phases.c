/* Phases exp(i t n) and exp(i t n n) among excitations: the states of both
 * representations against exponentials of dense operators, energies,
 * gradients and properties against dense matrices and differences. */
#include "sim/sim_fixture.h"

#define NPARAM 9

/* Random gates over few parameters, so that some share one; runs of phases
 * and rotations in turns. */
static struct vqe_ansatz *random_ansatz(int norb, int na, int nb, int rounds,
                                        const uint8_t *irrep, uint64_t seed)
{
  struct vqe_ansatz *ansatz = calloc(1, sizeof *ansatz);
  assert_non_null(ansatz);
  ansatz->gates = calloc(256, sizeof *ansatz->gates);
  assert_non_null(ansatz->gates);
  snprintf(ansatz->name, sizeof ansatz->name, "phases");
  ansatz->reps = 1;
  ansatz->norb = norb;
  ansatz->nqubit = 2 * norb;
  ansatz->nalpha = na;
  ansatz->nbeta = nb;
  ansatz->conserves = true;
  ansatz->nparam = NPARAM;
  for (int p = 0; p < na + nb; p++) {
    struct vqe_gate gate = {VQE_GATE_X, {p < na ? p : norb + p - na}, -1, 0.0};
    ansatz->gates[ansatz->ngate++] = gate;
  }
  for (int round = 0; round < rounds; round++) {
    for (int k = 0; k < 8; k++) {
      struct vqe_gate gate = {.scale = 1.5 * oracle_random(&seed)};
      int p = (int)(fabs(oracle_random(&seed)) * norb);
      int q = (int)(fabs(oracle_random(&seed)) * norb);
      int spin = oracle_random(&seed) > 0.0 ? norb : 0;
      int other = oracle_random(&seed) > 0.0 ? norb : 0;
      gate.param = (int)(fabs(oracle_random(&seed)) * NPARAM);
      gate.q[0] = p + spin;
      gate.q[1] = q + (k < 5 ? other : spin);
      if (k < 5) {
        gate.kind = gate.q[0] == gate.q[1] ? VQE_GATE_PHASE : VQE_GATE_CPHASE;
      } else if (p == q || (irrep != NULL && irrep[p] != irrep[q])) {
        continue;
      } else {
        gate.kind = VQE_GATE_SINGLE;
        if (spin != other) {
          gate.kind = VQE_GATE_DOUBLE;
          gate.q[2] = p + other;
          gate.q[3] = q + other;
        }
      }
      ansatz->gates[ansatz->ngate++] = gate;
    }
  }
  return ansatz;
}

static double complex *reference(const struct vqe_ansatz *ansatz,
                                 const double *parameters)
{
  size_t n = (size_t)1 << ansatz->nqubit;
  double *plane[2] = {oracle_new(n), oracle_new(n)};
  double complex *psi = calloc(n, sizeof *psi);
  assert_non_null(psi);
  size_t start = 0;
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind == VQE_GATE_X) {
      start |= (size_t)1 << gate->q[0];
      plane[0][start] = 1.0;
      if (start & (start - 1)) {
        plane[0][start & ~((size_t)1 << gate->q[0])] = 0.0;
      }
      continue;
    }
    double angle = gate->scale * parameters[gate->param];
    if (gate->kind == VQE_GATE_PHASE || gate->kind == VQE_GATE_CPHASE) {
      size_t mask = (size_t)1 << gate->q[0];
      if (gate->kind == VQE_GATE_CPHASE) {
        mask |= (size_t)1 << gate->q[1];
      }
      for (size_t x = 0; x < n; x++) {
        double complex value = plane[0][x] + I * plane[1][x];
        value *= (x & mask) == mask ? cexp(I * angle) : 1.0;
        plane[0][x] = creal(value);
        plane[1][x] = cimag(value);
      }
      continue;
    }
    bool pair = gate->kind == VQE_GATE_DOUBLE;
    double *generator =
        oracle_excitation(ansatz->nqubit, gate->q[0], gate->q[1],
                          pair ? gate->q[2] : -1, pair ? gate->q[3] : -1);
    oracle_exp_apply(plane[0], generator, angle, n);
    oracle_exp_apply(plane[1], generator, angle, n);
    free(generator);
  }
  if (start == 0) {
    plane[0][0] = 1.0;
  }
  for (size_t x = 0; x < n; x++) {
    psi[x] = plane[0][x] + I * plane[1][x];
  }
  free(plane[0]);
  free(plane[1]);
  return psi;
}

static void check(int norb, int na, int nb, const uint8_t *irrep,
                  uint64_t seed)
{
  double *h1e;
  double *eri;
  size_t n = (size_t)1 << (2 * norb);
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, true, 0.5, seed);
  struct vqe_ansatz *ansatz = random_ansatz(norb, na, nb, 6, irrep, seed + 7);
  double *parameters = fixture_parameters(NPARAM, 1.5, seed + 1);
  double complex *expected = reference(ansatz, parameters);
  double *dense = oracle_hamiltonian(norb, h1e, eri, 0.5);
  double *spin = oracle_spin(norb);
  double energy = oracle_expectation(dense, expected, n);
  double s2 = oracle_expectation(spin, expected, n);
  double imaginary = 0.0;
  double slope = 0.0;
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    struct vqe_properties properties;
    double rdm1[16];
    double gradient[NPARAM];
    double got;
    for (size_t x = 0; x < n; x++) {
      assert_close(creal(psi[x]), creal(expected[x]), 1e-12);
      assert_close(cimag(psi[x]), cimag(expected[x]), 1e-12);
      imaginary = fmax(imaginary, fabs(cimag(psi[x])));
    }
    assert_ok(vqe_estimator_energy(estimator, &got, parameters));
    assert_close(got, energy, 1e-12);
    assert_ok(vqe_estimator_gradient(estimator, &got, gradient, parameters));
    assert_close(got, energy, 1e-12);
    for (int k = 0; k < NPARAM; k++) {
      double value = fixture_difference(estimator, parameters, k);
      assert_close(gradient[k], value, 1e-7);
      slope = fmax(slope, fabs(value));
    }
    assert_ok(
        vqe_estimator_properties(estimator, &properties, rdm1, parameters));
    assert_close(properties.n, na + nb, 1e-12);
    assert_close(properties.sz, 0.5 * (na - nb), 1e-12);
    assert_close(properties.s2, s2, 1e-12);
    for (int p = 0; p < norb; p++) {
      for (int q = 0; q < norb; q++) {
        double complex element = 0.0;
        for (size_t x = 0; x < n; x++) {
          for (int shift = 0; shift <= norb; shift += norb) {
            uint64_t y = x;
            int sign = oracle_move(&y, p + shift, q + shift);
            element += sign == 0 ? 0 : sign * conj(expected[y]) * expected[x];
          }
        }
        assert_close(rdm1[p * norb + q], creal(element), 1e-12);
      }
    }
    free(psi);
    vqe_estimator_free(estimator);
  }
  if (na + nb > 1 && na < norb) { /* more than one determinant of alpha */
    assert_true(imaginary > 1e-2 && slope > 1e-2);
  }
  free(spin);
  free(dense);
  free(expected);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void phases_agree_with_dense_diagonal(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  for (int na = 1; na <= 3; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check(3, na, nb, NULL, (uint64_t)(100 + 10 * na + nb));
    }
  }
  check(4, 2, 2, NULL, 3);
  check(4, 3, 2, NULL, 4);
  check(4, 2, 2, irrep, 5);
  check(4, 2, 1, irrep, 6);
}

/* Many orbitals: parts of the column bits, pieces of a sweep, threads. */
static void phases_of_large_blocks_agree_with_dense_diagonal(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("NH3");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, false);
  struct vqe_ansatz *ansatz = random_ansatz(8, 5, 5, 6, NULL, 11);
  double *parameters = fixture_parameters(NPARAM, 1.0, 12);
  double gradient[4][NPARAM];
  double energy[4];
  for (int k = 0; k < 4; k++) {
    struct vqe_estimator *estimator = fixture_estimator(
        hamiltonian, ansatz,
        k == 0 ? VQE_REPRESENTATION_FULL : VQE_REPRESENTATION_SECTOR,
        k == 0 ? 2 : k);
    assert_ok(vqe_estimator_gradient(estimator, &energy[k], gradient[k],
                                     parameters));
    vqe_estimator_free(estimator);
  }
  assert_close(energy[0], energy[1], 1e-10);
  for (int k = 0; k < NPARAM; k++) {
    assert_close(gradient[0][k], gradient[1][k], 1e-10);
  }
  for (int k = 2; k < 4; k++) {
    assert_true(energy[k] == energy[1]);
    assert_memory_equal(gradient[k], gradient[1], sizeof gradient[1]);
  }
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* A circuit that calls itself real cannot hold phases. */
static void phases_in_real_ansatz_are_refused(void **state)
{
  (void)state;
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 2, NULL, true, 0.0, 1);
  struct vqe_ansatz *ansatz = random_ansatz(2, 1, 1, 1, NULL, 2);
  ansatz->real = true;
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator_options options = {.size = sizeof options,
                                            .representation =
                                                (enum vqe_representation)r,
                                            .threads = 1,
                                            .device = fixture_device};
    struct vqe_estimator *estimator = NULL;
    assert_int_equal(
        vqe_estimator_create(&estimator, hamiltonian, ansatz, &options),
        VQE_ERR_UNSUPPORTED);
    assert_null(estimator);
  }
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(phases_agree_with_dense_diagonal),
      cmocka_unit_test(phases_of_large_blocks_agree_with_dense_diagonal),
      cmocka_unit_test(phases_in_real_ansatz_are_refused),
  };
  return FIXTURE_RUN(tests);
}
