/* What an experiment would take, before it runs: amplitudes, Pauli terms,
 * memory and time as symmetry leaves them. */
#include "vqe/vqe_fixture.h"

#define N2 "{\"symbols\": [\"N\", \"N\"], \"coords\": [[0,0,0], [0,0,1.1]]}"
#define H2 "{\"symbols\": [\"H\", \"H\"], \"coords\": [[0,0,0], [0,0,0.74]]}"
#define BE "{\"symbols\": [\"Be\"], \"coords\": [[0,0,0]]}"
#define HF "{\"symbols\": [\"H\", \"F\"], \"coords\": [[0,0,0], [0,0,0.92]]}"
#define OH                                                                    \
  "{\"symbols\": [\"O\", \"H\"], \"coords\": [[0,0,0], [0,0,0.97]], "         \
  "\"multiplicity\": 2}"
#define WATER                                                                 \
  "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "          \
  "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}"
/* no operation holds */
#define PEROXIDE                                                              \
  "{\"symbols\": [\"H\", \"O\", \"O\", \"F\"], \"coords\": [[0,0.9,0.9], "    \
  "[0,0.7,0], [0,-0.7,0], [1.3,-0.9,0.3]], \"multiplicity\": 1}"

static struct vqe_experiment_estimate
estimate_of(const struct vqe_experiment *experiment)
{
  struct vqe_experiment_estimate out;
  if (vqe_experiment_estimate(&out, experiment) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return out;
}

/* The run counts its own determinants. */
static void amplitudes_are_those_of_the_run(void **state)
{
  (void)state;
  static const struct {
    const char *molecule, *basis;
    int frozen;
    bool symmetry;
    const char *ansatz;
  } cases[] = {
      {N2, "sto3g", 0, true, "UCCSD"},
      {N2, "sto3g", 2, true, "UCCSD"},
      {N2, "sto3g", 2, false, "UCCSD"},
      {WATER, "6-31g", 1, true, "UCCSD"},
      {BE, "cc-pvdz", 1, true, "UCCSD"},
      {HF, "6-31g", 1, true, "UCCSD"},
      {H2, "cc-pvtz", 0, true, "UCCSD"},
      {H2, "sto3g", 0, true, "UCCSD"},
      {OH, "sto3g", 1, true, "UCCSD"},
      {PEROXIDE, "sto3g", 9, true, "UCCSD"},
      {WATER, "sto3g", 0, true, "k-UpCCGSD"},
      {WATER, "sto3g", 0, true, "EfficientSU2"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_experiment *experiment = new_experiment(cases[k].molecule);
    set(&experiment->basis_set, cases[k].basis);
    set(&experiment->ansatz_name, cases[k].ansatz);
    if (strcmp(cases[k].ansatz, "UCCSD") != 0) {
      set(&experiment->init_strategy, "hf");
    }
    experiment->frozen_core = cases[k].frozen;
    experiment->symmetry = cases[k].symmetry;
    experiment->max_evaluations = 1;
    experiment->references = 0;
    struct vqe_experiment_estimate estimate = estimate_of(experiment);
    struct vqe_result *result = run(experiment, NULL);
    if (result->status != VQE_EXPERIMENT_OK) {
      fail_msg("%s: %s", cases[k].molecule, result->reason);
    }
    /* of an open shell the irrep is not known: the largest */
    bool open = result->nalpha != result->nbeta;
    if (open ? estimate.amplitudes < result->determinants ||
                   estimate.amplitudes > 2 * result->determinants
             : estimate.amplitudes != result->determinants) {
      fail_msg("%s %s %s: %llu amplitudes said, %llu taken", cases[k].molecule,
               cases[k].basis, cases[k].ansatz,
               (unsigned long long)estimate.amplitudes,
               (unsigned long long)result->determinants);
    }
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
}

static void nitrogen_in_52_qubits_takes_gigabytes_not_tens(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = new_experiment(N2);
  set(&experiment->basis_set, "cc-pvdz");
  experiment->frozen_core = 2;
  experiment->references = 0;
  struct vqe_experiment_estimate estimate = estimate_of(experiment);
  assert_int_equal(estimate.num_qubits, 52);
  /* C(26, 5)^2 = 4.33e9 before symmetry; a run peaks at 9 GB */
  near((double)estimate.amplitudes, 5.41e8, 0.02e8);
  assert_true(estimate.bytes > 8e9 && estimate.bytes < 12e9);
  /* each of four ranks has a quarter of two vectors and what it fetches */
  struct vqe_experiment_estimate shared;
  assert_int_equal(vqe_experiment_estimate_team(&shared, experiment, 4),
                   VQE_OK);
  assert_true(shared.bytes > 2e9 &&
              shared.bytes < 0.5 * (double)estimate.bytes);
  vqe_experiment_free(experiment);
}

static void few_electrons_in_many_orbitals_are_cheap(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = new_experiment(BE);
  set(&experiment->basis_set, "cc-pvqz");
  experiment->frozen_core = 1;
  struct vqe_experiment_estimate estimate = estimate_of(experiment);
  assert_int_equal(estimate.num_qubits, 108);
  assert_int_equal(estimate.amplitudes, 440);
  assert_true(estimate.cost > 0.5 && estimate.cost < 10.0);
  /* its 1.5 million Pauli terms are most of it */
  assert_true(estimate.bytes > 2e8 && estimate.bytes < 6e8);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(amplitudes_are_those_of_the_run),
      cmocka_unit_test(nitrogen_in_52_qubits_takes_gigabytes_not_tens),
      cmocka_unit_test(few_electrons_in_many_orbitals_are_cheap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
