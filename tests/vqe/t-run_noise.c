/* Noise of a run: without any strength the energy of the run, whatever its
 * circuit and orbitals; part of the identity; what is not to be had is said.
 */
#include "vqe/vqe_fixture.h"

static double number(const struct vqe_result *result, const char *name)
{
  const struct vqe_property *property = vqe_result_property(result, name);
  if (property == NULL) {
    fail_msg("there is no %s: %s", name, result->notes);
    return 0.0;
  }
  return property->values[0];
}

static struct vqe_experiment *with_noise(const char *molecule,
                                         const char *noise)
{
  struct vqe_experiment *experiment = reference(NULL, molecule);
  experiment->noise = copy(noise);
  experiment->noise_backend = copy("test");
  return experiment;
}

static void add_option(struct vqe_experiment *experiment, const char *key,
                       const char *json)
{
  experiment->ansatz_options.items =
      calloc(1, sizeof *experiment->ansatz_options.items);
  assert_non_null(experiment->ansatz_options.items);
  experiment->ansatz_options.items[0].key = copy(key);
  experiment->ansatz_options.items[0].json = copy(json);
  experiment->ansatz_options.count = 1;
}

/* The program of every ansatz, its parameters and the Hamiltonian belong
 * together. */
static void noise_of_no_strength_gives_the_energy(void **state)
{
  (void)state;
  static const struct {
    const char *ansatz;
    bool moves; /* orbitals are optimised */
  } cases[] = {{"UCCSD", false},         {"UCCSD", true},
               {"ADAPT-VQE", false},     {"k-UpCCGSD", false},
               {"LUCJ", false},          {"EfficientSU2", false},
               {"RealAmplitudes", false}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_experiment *experiment =
        with_noise("LiH", "{\"readout\": 0.01, \"strength\": 0}");
    experiment->active_electrons = 2;
    experiment->active_orbitals = 3;
    set(&experiment->ansatz_name, cases[k].ansatz);
    set(&experiment->init_strategy, "hf");
    experiment->max_evaluations = 30;
    if (cases[k].moves) {
      add_option(experiment, "orbital_optimization", "true");
    }
    if (strncmp(cases[k].ansatz, "E", 1) == 0 ||
        strncmp(cases[k].ansatz, "R", 1) == 0) {
      experiment->entanglement = copy("linear");
    }
    struct vqe_result *result = run(experiment, NULL);
    assert_int_equal(result->status, VQE_EXPERIMENT_OK);
    near(number(result, "noise_energy"),
         result->minimum + result->nuclear_repulsion_energy, 1e-9);
    near(number(result, "noise_fidelity"), 1.0, 1e-9);
    near(number(result, "noise_purity"), 1.0, 1e-9);
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
}

/* What is optimised depends on random numbers, and they on the experiment
 * without its noise: strengths can be compared. */
static void noise_does_not_change_the_run(void **state)
{
  (void)state;
  static const char *const ansatze[] = {"EfficientSU2", "LUCJ", "UCCSD"};
  for (size_t k = 0; k < 3; k++) {
    double energy = NAN;
    for (int shots = 0; shots <= (k == 0 ? 64 : 0); shots += 64) {
      for (int which = 0; which < 3; which++) {
        struct vqe_experiment *experiment = reference(NULL, "H2");
        set(&experiment->ansatz_name, ansatze[k]);
        set(&experiment->init_strategy, "hf");
        experiment->init_noise = k < 2 ? 0.05 : 0.0;
        experiment->entanglement = k == 0   ? copy("linear")
                                   : k == 1 ? copy("square")
                                            : NULL;
        experiment->shots = shots;
        experiment->max_evaluations = shots > 0 ? 100 : 300;
        if (shots > 0) {
          set(&experiment->optimizer, "SPSA");
        }
        if (which > 0) {
          experiment->noise = copy(which == 1 ? "{\"depolarizing\": 0.001}"
                                              : "{\"depolarizing\": 0.002}");
          experiment->noise_backend = copy("depolarizing");
        }
        assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                         VQE_OK);
        struct vqe_result *result = run(experiment, NULL);
        assert_int_equal(result->status, VQE_EXPERIMENT_OK);
        if (which > 0) {
          near(result->minimum, energy, 0.0);
        }
        energy = result->minimum;
        vqe_result_free(result);
        vqe_experiment_free(experiment);
      }
    }
  }
}

/* <H> of the mixture of all states is the trace: the identity's coefficient.
 */
static void much_noise_gives_the_trace(void **state)
{
  (void)state;
  struct vqe_experiment *experiment =
      with_noise("H2", "{\"depolarizing\": 1, \"postselect\": true}");
  struct vqe_result *result = run(experiment, NULL);
  double trace = 0.0;
  for (size_t k = 0; k < result->nterm; k++) {
    trace += result->term_x[k] == 0 && result->term_z[k] == 0
                 ? result->term_coeff[k]
                 : 0.0;
  }
  near(number(result, "noise_energy"),
       trace + result->nuclear_repulsion_energy, 1e-9);
  /* 4 of 16 determinants have one electron of each spin */
  near(number(result, "noise_kept"), 0.25, 1e-9);
  near(number(result, "noise_purity"), 1.0 / 16.0, 1e-9);
  assert_true(number(result, "noise_kept_energy") >= result->fci_energy);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void noise_is_part_of_the_identity(void **state)
{
  (void)state;
  char ids[3][VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  struct vqe_experiment *experiment =
      with_noise("H2", "{\"readout\":0.01,\"strength\":1}");
  assert_int_equal(vqe_experiment_id(ids[0], &text, experiment), VQE_OK);
  assert_non_null(strstr(text, "\"noise_backend\":\"test\""));
  free(text);
  set(&experiment->noise, "{\"readout\":0.01,\"strength\":2}");
  assert_int_equal(vqe_experiment_id(ids[1], NULL, experiment), VQE_OK);
  set(&experiment->noise, "{\"readout\":1e-2, \"strength\":2.0}");
  assert_int_equal(vqe_experiment_id(ids[2], NULL, experiment), VQE_OK);
  assert_string_not_equal(ids[0], ids[1]);
  assert_string_equal(ids[1], ids[2]);
  vqe_experiment_free(experiment);
}

/* The energy without noise is there all the same. */
static void what_cannot_be_had_is_a_note(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = with_noise(
      "H2", "{\"calibration\": {\"name\": \"x\", \"qubits\": [[100, 100, 0, "
            "0, 0, 0], [100, 100, 0, 0, 0, 0]], \"pairs\": [], \"pair\": "
            "[0.01, 100]}}");
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_null(vqe_result_property(result, "noise_energy"));
  assert_non_null(strstr(result->notes,
                         "properties_left_out: noise: the calibration 'x' "
                         "has 2 qubits, and the circuit 4"));
  assert_true(result->success);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(noise_of_no_strength_gives_the_energy),
      cmocka_unit_test(noise_does_not_change_the_run),
      cmocka_unit_test(much_noise_gives_the_trace),
      cmocka_unit_test(noise_is_part_of_the_identity),
      cmocka_unit_test(what_cannot_be_had_is_a_note),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
