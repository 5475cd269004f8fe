/* Penalties on electron number and spin, against N and S^2 made of ladder
 * operators on dense vectors, and their gradients. */
#include "sim/sim_fixture.h"

/* ---- by ladder operators ---- */

/* out += a+_to a_from in, signs by the occupied qubits below each. */
static void hop(double complex *out, const double complex *in, size_t size,
                int to, int from)
{
  for (size_t x = 0; x < size; x++) {
    size_t a = (size_t)1 << from;
    size_t b = (size_t)1 << to;
    if ((x & a) == 0) {
      continue;
    }
    int odd = __builtin_parityll(x & (a - 1));
    size_t y = x ^ a;
    if ((y & b) != 0) {
      continue;
    }
    odd ^= __builtin_parityll(y & (b - 1));
    out[y | b] += odd ? -in[x] : in[x];
  }
}

/* S+ (raise) or S- of `in`. */
static double complex *ladder(const double complex *in, int norb, bool raise)
{
  size_t size = (size_t)1 << (2 * norb);
  double complex *out = calloc(size, sizeof *out);
  assert_non_null(out);
  for (int p = 0; p < norb; p++) {
    hop(out, in, size, raise ? p : p + norb, raise ? p + norb : p);
  }
  return out;
}

static double sz_of(size_t x, int norb)
{
  size_t low = ((size_t)1 << norb) - 1;
  return 0.5 *
         (__builtin_popcountll(x & low) - __builtin_popcountll(x >> norb));
}

/* <(S^2 - s)^2>, S^2 = S- S+ + S_z (S_z + 1). */
static double spin_by_ladders(const double complex *psi, int norb, double s)
{
  size_t size = (size_t)1 << (2 * norb);
  double complex *up = ladder(psi, norb, true);
  double complex *out = ladder(up, norb, false);
  double sum = 0.0;
  for (size_t x = 0; x < size; x++) {
    double m = sz_of(x, norb);
    double complex value = out[x] + (m * (m + 1.0) - s) * psi[x];
    sum += creal(conj(value) * value);
  }
  free(up);
  free(out);
  return sum;
}

static double number_by_counting(const double complex *psi, int norb, int n)
{
  size_t size = (size_t)1 << (2 * norb);
  double sum = 0.0;
  for (size_t x = 0; x < size; x++) {
    double off = __builtin_popcountll(x) - n;
    sum += off * off * creal(conj(psi[x]) * psi[x]);
  }
  return sum;
}

/* Circuits that leave the electron number, mix spins, are real or complex. */
static const struct {
  const char *name;
  int norb, na, nb;
} cases[] = {{"EfficientSU2", 2, 1, 1},
             {"RealAmplitudes", 3, 2, 1},
             {"ExcitationPreserving", 3, 1, 1},
             {"UCCSD", 3, 2, 1},
             {"LUCJ", 3, 2, 1}};

#define CASES (sizeof cases / sizeof cases[0])

static void penalty_is_that_of_ladder_operators(void **state)
{
  (void)state;
  for (size_t k = 0; k < CASES; k++) {
    struct fixture_case c =
        fixture_case_make(cases[k].name, 1, cases[k].norb, cases[k].na,
                          cases[k].nb, VQE_REPRESENTATION_FULL);
    int norb = cases[k].norb;
    double complex *psi = fixture_state(c.estimator, c.ansatz, c.parameters);
    double exact;
    assert_ok(vqe_estimator_energy(c.estimator, &exact, c.parameters));
    for (int pick = 1; pick < 4; pick++) {
      const struct vqe_penalty what = {.number = pick & 1 ? 0.7 : 0.0,
                                       .spin = pick & 2 ? 0.4 : 0.0,
                                       .electrons = 4,
                                       .s2 = 0.75};
      double wanted = what.number * number_by_counting(psi, norb, 4) +
                      what.spin * spin_by_ladders(psi, norb, 0.75);
      double energy;
      double penalty;
      assert_ok(vqe_estimator_penalised(c.estimator, &energy, &penalty, NULL,
                                        c.parameters, &what));
      assert_close(energy, exact, 1e-12);
      assert_close(penalty, wanted, 1e-12);
      assert_true(wanted > 1e-3);
    }
    free(psi);
    fixture_case_clear(&c);
  }
}

static void gradient_is_that_of_energy_and_penalty(void **state)
{
  (void)state;
  const struct vqe_penalty what = {
      .number = 0.7, .spin = 0.4, .electrons = 2, .s2 = 0.0};
  for (size_t k = 0; k < CASES; k++) {
    struct fixture_case c =
        fixture_case_make(cases[k].name, 1, cases[k].norb, cases[k].na,
                          cases[k].nb, VQE_REPRESENTATION_FULL);
    size_t n = (size_t)c.ansatz->nparam;
    double *gradient = oracle_new(n);
    double energy;
    double penalty;
    double again;
    assert_ok(vqe_estimator_penalised(c.estimator, &energy, &penalty, gradient,
                                      c.parameters, &what));
    assert_ok(vqe_estimator_penalised(c.estimator, &energy, &again, NULL,
                                      c.parameters, &what));
    assert_true(again == penalty);
    for (size_t p = 0; p < n; p++) {
      static const double at[4] = {-2, -1, 1, 2};
      static const double weight[4] = {1, -8, 8, -1};
      const double step = 5e-3;
      double x = c.parameters[p];
      double slope = 0.0;
      for (int j = 0; j < 4; j++) {
        c.parameters[p] = x + at[j] * step;
        assert_ok(vqe_estimator_penalised(c.estimator, &energy, &penalty, NULL,
                                          c.parameters, &what));
        slope += weight[j] * (energy + penalty) / (12.0 * step);
      }
      c.parameters[p] = x;
      assert_close(gradient[p], slope, 1e-7);
    }
    free(gradient);
    fixture_case_clear(&c);
  }
}

/* The Hartree-Fock determinant of the molecule pays nothing; of a cation,
 * one electron squared and a doublet's spin. */
static void determinants_pay_for_what_they_are_off(void **state)
{
  (void)state;
  struct fixture_case c =
      fixture_case_make("RealAmplitudes", 1, 3, 2, 2, VQE_REPRESENTATION_FULL);
  double energy;
  double penalty;
  vqe_ansatz_hf_parameters(c.parameters, c.ansatz);
  struct vqe_penalty what = {
      .number = 2.0, .spin = 3.0, .electrons = 4, .s2 = 0.0};
  assert_ok(vqe_estimator_penalised(c.estimator, &energy, &penalty, NULL,
                                    c.parameters, &what));
  assert_close(penalty, 0.0, 1e-12);
  what.electrons = 3;
  what.s2 = 0.75;
  assert_ok(vqe_estimator_penalised(c.estimator, &energy, &penalty, NULL,
                                    c.parameters, &what));
  assert_close(penalty, 2.0 + 3.0 * 0.75 * 0.75, 1e-12);
  fixture_case_clear(&c);
}

static void sectors_have_no_penalties(void **state)
{
  (void)state;
  struct fixture_case c =
      fixture_case_make("UCCSD", 1, 2, 1, 1, VQE_REPRESENTATION_FULL);
  const struct vqe_penalty what = {.spin = 1.0, .electrons = 2};
  double energy;
  double penalty;
  vqe_estimator_free(c.estimator);
  c.estimator =
      fixture_estimator(c.hamiltonian, c.ansatz, VQE_REPRESENTATION_SECTOR, 1);
  assert_int_equal(vqe_estimator_penalised(c.estimator, &energy, &penalty,
                                           NULL, c.parameters, &what),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "full space on the CPU"));
  fixture_case_clear(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(penalty_is_that_of_ladder_operators),
      cmocka_unit_test(gradient_is_that_of_energy_and_penalty),
      cmocka_unit_test(determinants_pay_for_what_they_are_off),
      cmocka_unit_test(sectors_have_no_penalties),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
