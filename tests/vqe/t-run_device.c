/* Whole experiments on a device: the numbers of the CPU, and what is recorded
 * of the device. */
#include "vqe/vqe_fixture.h"

#include "vqe/sim.h"

static struct vqe_result *run_with(enum vqe_gates_choice gates,
                                   const char *device, const char *precision,
                                   const char *ansatz)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  options.gates = gates;
  struct vqe_experiment *experiment = reference(NULL, "LiH");
  set(&experiment->device, device);
  set(&experiment->precision, precision);
  set(&experiment->ansatz_name, ansatz);
  if (strcmp(ansatz, "UCCSD") != 0) {
    set(&experiment->init_strategy, "hf");
    experiment->init_noise = 0.05;
    experiment->ansatz_reps = 1;
    experiment->max_evaluations = 12;
  }
  struct vqe_result *result = NULL;
  assert_int_equal(vqe_experiment_run(&result, experiment, &options, NULL),
                   VQE_OK);
  if (result->status != VQE_EXPERIMENT_OK) {
    fail_msg("%s", result->reason);
  }
  vqe_experiment_free(experiment);
  return result;
}

static struct vqe_result *run_on(const char *device, const char *precision,
                                 const char *ansatz)
{
  return run_with(VQE_GATES_AUTO, device, precision, ansatz);
}

static double text_number(json_t *object, const char *key)
{
  json_t *item = json_object_get(object, key);
  assert_true(json_is_number(item));
  return json_number_value(item);
}

static void check_provenance(const struct vqe_result *result,
                             const char *backend)
{
  struct vqe_device_summary device;
  json_t *end = json_loads(result->performance_end, 0, NULL);
  json_t *gpu = json_object_get(end, "gpu");
  assert_int_equal(vqe_device_summarize(&device, 0), VQE_OK);
  assert_string_equal(result->backend, backend);
  assert_string_equal(result->device, device.name);
  assert_string_equal(json_string_value(json_object_get(gpu, "name")),
                      device.name);
  assert_string_equal(json_string_value(json_object_get(gpu, "driver")),
                      device.driver);
  assert_true(text_number(gpu, "memory_mb") > 0.0);
  assert_true(text_number(gpu, "held_mb") > 0.0);
  /* what a launch takes in and gives back, no state among it */
  assert_true(text_number(gpu, "received_mb") <
              1e-3 + (double)result->neval * (result->nparam + 1) * 8e-6);
  assert_true(text_number(gpu, "launches") >= 1.0);
  json_decref(end);
}

static void check_gates(const struct vqe_result *result, const char *gates)
{
  json_t *end = json_loads(result->performance_end, 0, NULL);
  json_t *gpu = json_object_get(end, "gpu");
  assert_string_equal(json_string_value(json_object_get(gpu, "gates")), gates);
  json_decref(end);
}

static void device_gives_the_numbers_of_the_cpu(void **state)
{
  (void)state;
  static const char *const ansatz[] = {"UCCSD", "EfficientSU2"};
  static const char *const backends[] = {"vqe_cuda_sector",
                                         "vqe_cuda_statevector"};
  const char *reason = NULL;
  if (vqe_devices(&reason) == 0) {
    print_message("skipped: %s\n", reason);
    skip();
  }
  for (size_t k = 0; k < 2; k++) {
    struct vqe_result *cpu = run_on("cpu", "double", ansatz[k]);
    struct vqe_result *gpu = run_on("cuda", "double", ansatz[k]);
    struct vqe_result *single = run_on("cuda", "single", ansatz[k]);
    check_provenance(gpu, backends[k]);
    near(gpu->eval_energy[0], cpu->eval_energy[0], 1e-10);
    near(gpu->minimum, cpu->minimum, 1e-7);
    near(single->eval_energy[0], cpu->eval_energy[0], 1e-4);
    near(gpu->s2_expectation, cpu->s2_expectation, 1e-6);
    vqe_result_free(single);
    vqe_result_free(gpu);
    vqe_result_free(cpu);
  }
}

/* Gates of cuStateVec: what conserves runs in the full space too, and which
 * gates they were is recorded. */
static void gate_library_takes_sectors_and_is_recorded(void **state)
{
  (void)state;
  static const char *const ansatz[] = {"UCCSD", "EfficientSU2"};
  char version[16];
  char gates[32];
  if (vqe_custatevec_version(version, sizeof version) != VQE_OK ||
      vqe_devices(NULL) == 0) {
    print_message("skipped: no device with cuStateVec\n");
    skip();
  }
  snprintf(gates, sizeof gates, "cuStateVec %s", version);
  for (size_t k = 0; k < 2; k++) {
    struct vqe_result *own = run_on("cuda", "double", ansatz[k]);
    struct vqe_result *library =
        run_with(VQE_GATES_CUSTATEVEC, "auto", "double", ansatz[k]);
    check_gates(own, "own");
    check_gates(library, gates);
    assert_string_equal(library->backend, "vqe_cuda_statevector");
    near(library->eval_energy[0], own->eval_energy[0], 1e-10);
    near(library->minimum, own->minimum, 1e-7);
    vqe_result_free(library);
    vqe_result_free(own);
  }
}

/* Both sides of a probe of SPSA are one launch, and two records. */
static void both_sides_of_a_probe_are_one_launch(void **state)
{
  (void)state;
  enum { EVALUATIONS = 60 };
  struct vqe_result *results[2];
  const char *reason = NULL;
  if (vqe_devices(&reason) == 0) {
    print_message("skipped: %s\n", reason);
    skip();
  }
  for (int k = 0; k < 2; k++) {
    struct vqe_experiment *experiment = reference(NULL, "LiH");
    set(&experiment->device, k == 0 ? "cpu" : "cuda");
    set(&experiment->optimizer, "SPSA");
    experiment->max_evaluations = EVALUATIONS;
    results[k] = run(experiment, NULL);
    assert_int_equal(results[k]->status, VQE_EXPERIMENT_OK);
    vqe_experiment_free(experiment);
  }
  assert_int_equal(results[0]->neval, EVALUATIONS);
  assert_int_equal(results[1]->neval, EVALUATIONS);
  for (size_t k = 0; k < EVALUATIONS; k++) {
    near(results[1]->eval_energy[k], results[0]->eval_energy[k], 1e-7);
  }
  json_t *end = json_loads(results[1]->performance_end, 0, NULL);
  double launches = text_number(json_object_get(end, "gpu"), "launches");
  assert_true(launches < 0.6 * EVALUATIONS);
  json_decref(end);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

/* Small states stay on the CPU unless a device is asked for. */
static void small_states_stay_on_the_cpu(void **state)
{
  (void)state;
  struct vqe_result *result = run_on("auto", "double", "UCCSD");
  json_t *end = json_loads(result->performance_end, 0, NULL);
  assert_string_equal(result->backend, "vqe_cpu_sector");
  assert_true(json_is_null(json_object_get(end, "gpu")));
  json_decref(end);
  vqe_result_free(result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(device_gives_the_numbers_of_the_cpu),
      cmocka_unit_test(gate_library_takes_sectors_and_is_recorded),
      cmocka_unit_test(both_sides_of_a_probe_are_one_launch),
      cmocka_unit_test(small_states_stay_on_the_cpu),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
