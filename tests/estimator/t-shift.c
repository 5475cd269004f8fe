/* The parameter-shift rule against the adjoint gradient, and its samples. */
#include "sim/sim_fixture.h"

#include "estimator/shift.h"

/* Every kind of gate with an angle is in one of these. Parameters are shared
 * between gates in UCCSD (spins, repetitions), k-UpCCGSD and LUCJ. */
static const struct {
  const char *name;
  int reps, norb, na, nb;
} cases[] = {
    {"UCCSD", 2, 3, 2, 1},
    {"UCCSD", 1, 4, 2, 2},
    {"k-UpCCGSD", 2, 3, 1, 1},
    {"LUCJ", 2, 3, 2, 1},
    {"EfficientSU2", 1, 2, 1, 1},
    {"RealAmplitudes", 1, 3, 1, 1},
    {"ExcitationPreserving", 1, 3, 1, 1},
};

#define CASES (sizeof cases / sizeof cases[0])

/* Exact energies at the shifted angles of the circuit whose gates have a
 * parameter each. */
static void exact_shifts_give_the_adjoint_gradient(void **state)
{
  (void)state;
  for (size_t k = 0; k < CASES; k++) {
    struct fixture_case c =
        fixture_case_make(cases[k].name, cases[k].reps, cases[k].norb,
                          cases[k].na, cases[k].nb, VQE_REPRESENTATION_AUTO);
    struct vqe_ansatz *unshared = NULL;
    assert_ok(vqe_shift_unshare(&unshared, c.ansatz));
    struct vqe_estimator *shifted =
        fixture_estimator(c.hamiltonian, unshared, VQE_REPRESENTATION_AUTO, 1);
    double *angles = oracle_new((size_t)unshared->nparam);
    double *gradient = oracle_new((size_t)c.ansatz->nparam);
    double *sum = oracle_new((size_t)c.ansatz->nparam);
    double energy;
    double same;
    int at = 0;
    uint64_t energies = 0;
    vqe_shift_angles(angles, c.ansatz, c.parameters);
    assert_ok(
        vqe_estimator_gradient(c.estimator, &energy, gradient, c.parameters));
    assert_ok(vqe_estimator_energy(shifted, &same, angles));
    assert_close(same, energy, 1e-11);
    for (size_t g = 0; g < c.ansatz->ngate; g++) {
      const struct vqe_gate *gate = &c.ansatz->gates[g];
      if (gate->param < 0) {
        continue;
      }
      const struct vqe_shift_rule *rule = vqe_shift_rule_of(gate->kind);
      double angle = angles[at];
      for (int j = 0; j < rule->count; j++) {
        double plus;
        double minus;
        angles[at] = angle + rule->angle[j];
        assert_ok(vqe_estimator_energy(shifted, &plus, angles));
        angles[at] = angle - rule->angle[j];
        assert_ok(vqe_estimator_energy(shifted, &minus, angles));
        sum[gate->param] += gate->scale * rule->factor[j] * (plus - minus);
        energies += 2;
      }
      angles[at++] = angle;
    }
    assert_int_equal(at, unshared->nparam);
    assert_true(energies == vqe_estimator_shifts(c.ansatz));
    for (int p = 0; p < c.ansatz->nparam; p++) {
      assert_close(sum[p], gradient[p], 1e-9);
    }
    free(angles);
    free(gradient);
    free(sum);
    vqe_estimator_free(shifted);
    vqe_ansatz_free(unshared);
    fixture_case_clear(&c);
  }
}

/* Means over many sampled gradients, and the spread that they say they have;
 * one more after the first uses the same circuit. */
static void sampled_gradients_have_the_exact_mean_and_error(void **state)
{
  (void)state;
  enum { ROUNDS = 100 };
  for (size_t k = 2; k < CASES; k += 2) {
    struct fixture_case c =
        fixture_case_make(cases[k].name, cases[k].reps, cases[k].norb,
                          cases[k].na, cases[k].nb, VQE_REPRESENTATION_AUTO);
    size_t n = (size_t)c.ansatz->nparam;
    struct vqe_pauli_sum *paulis = NULL;
    double *exact = oracle_new(n);
    double *gradient = oracle_new(n);
    double *std = oracle_new(n);
    double *sum = oracle_new(n);
    double *square = oracle_new(n);
    double *said = oracle_new(n);
    double energy;
    double e;
    double e_std;
    double plain;
    assert_ok(vqe_pauli_sum_jordan_wigner(&paulis, c.hamiltonian, 0.0));
    assert_ok(
        vqe_estimator_gradient(c.estimator, &energy, exact, c.parameters));
    for (int round = 1; round <= ROUNDS; round++) {
      assert_ok(vqe_estimator_sample_gradient(c.estimator, &e, &e_std,
                                              gradient, std, c.parameters,
                                              paulis, 40, "id", round));
      assert_ok(vqe_estimator_sample(c.estimator, &plain, &e_std, c.parameters,
                                     paulis, 40, "id", round));
      assert_true(plain == e);
      for (size_t p = 0; p < n; p++) {
        double off = gradient[p] - exact[p];
        sum[p] += off / ROUNDS;
        square[p] += off * off / ROUNDS;
        said[p] += std[p] * std[p] / ROUNDS;
      }
    }
    for (size_t p = 0; p < n; p++) {
      assert_true(square[p] > 1e-8);
      assert_true(fabs(sum[p]) < 5.0 * sqrt(square[p] / ROUNDS));
      assert_close(sqrt(said[p] / square[p]), 1.0, 0.25);
    }
    free(exact);
    free(gradient);
    free(std);
    free(sum);
    free(square);
    free(said);
    vqe_pauli_sum_free(paulis);
    fixture_case_clear(&c);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_shifts_give_the_adjoint_gradient),
      cmocka_unit_test(sampled_gradients_have_the_exact_mean_and_error),
  };
  return FIXTURE_RUN(tests);
}
