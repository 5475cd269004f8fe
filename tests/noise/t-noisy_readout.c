/* Errors of the measurement against outcomes counted by hand. */
#include "noise_fixture.h"

#include "noise/noisy_readout.h"
#include "operators/qubits.h"

static struct fixture f;

/* Two bits, each read falsely: e0 of a 0, e1 of a 1. */
static void measured_terms_are_those_of_the_outcomes_read(void **state)
{
  (void)state;
  const double one = 0.02;
  const double zero = 0.07;
  struct vqe_pauli_sum *measured = NULL;
  fixture_begin(&f, 2, "{\"readout\": [0.02, 0.07]}");
  fixture_term(&f, 0, 0, 5.0);
  fixture_term(&f, 0, 1, 1.0);
  fixture_term(&f, 0, 3, 10.0);
  assert_int_equal(vqe_noisy_readout_sum(&measured, &f.sum, &f.model), VQE_OK);
  for (unsigned b = 0; b < 4; b++) {
    double mean[2];
    double found = 0.0;
    for (int q = 0; q < 2; q++) {
      mean[q] = (b >> q & 1) != 0 ? 2.0 * zero - 1.0 : 1.0 - 2.0 * one;
    }
    for (size_t k = 0; k < measured->nterm; k++) {
      assert_true(measured->x[k] == 0);
      found +=
          __builtin_popcountll(vqe_qubits_word(measured->z[k]) & b) % 2 == 0
              ? measured->coeff[k]
              : -measured->coeff[k];
    }
    near(found, 5.0 + mean[0] + 10.0 * mean[0] * mean[1], 1e-12);
  }
  assert_int_equal(measured->nterm, 4);
  vqe_pauli_sum_free(measured);
}

/* XY is one term, measured as X and as Y are. */
static void equal_errors_scale_terms(void **state)
{
  (void)state;
  struct vqe_pauli_sum *measured = NULL;
  fixture_begin(&f, 2, "{\"readout\": 0.1}");
  fixture_term(&f, 3, 2, 1.0);
  assert_int_equal(vqe_noisy_readout_sum(&measured, &f.sum, &f.model), VQE_OK);
  assert_int_equal(measured->nterm, 1);
  assert_true(measured->x[0] == 3 && measured->z[0] == 2);
  near(measured->coeff[0], 0.64, 1e-12);
  vqe_pauli_sum_free(measured);
}

static void probabilities_are_confused_qubit_by_qubit(void **state)
{
  (void)state;
  double p[4] = {0.0, 0.0, 1.0, 0.0}; /* qubit 1 is 1 */
  fixture_begin(&f, 2, "{\"readout\": [0.02, 0.07]}");
  vqe_noisy_readout_confuse(p, 2, &f.model);
  near(p[0], 0.98 * 0.07, 1e-15);
  near(p[1], 0.02 * 0.07, 1e-15);
  near(p[2], 0.98 * 0.93, 1e-15);
  near(p[3], 0.02 * 0.93, 1e-15);
}

/* 2^24 terms of one are more than memory is taken for. */
static void terms_beyond_the_limit_are_refused(void **state)
{
  (void)state;
  struct vqe_pauli_sum *measured = NULL;
  fixture_begin(&f, 24, "{\"readout\": [0.02, 0.07]}");
  fixture_term(&f, 0, 0xffffff, 1.0);
  assert_int_equal(vqe_noisy_readout_sum(&measured, &f.sum, &f.model),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "one number"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(measured_terms_are_those_of_the_outcomes_read),
      cmocka_unit_test(equal_errors_scale_terms),
      cmocka_unit_test(probabilities_are_confused_qubit_by_qubit),
      cmocka_unit_test(terms_beyond_the_limit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
