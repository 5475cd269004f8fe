/* The estimator whose gates are a library's against that of the CPU: every
 * ansatz in the full space, every kind of gate, single precision, growth of
 * ADAPT-VQE, and what does not fit or is not there. */
#include "sim/sim_fixture.h"

#include <jansson.h>

#include "device/device_estimators.h"
#include "device_fixture.h"

static struct vqe_estimator_options options_of(bool library, bool single)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.representation = VQE_REPRESENTATION_FULL;
  options.device = library ? VQE_DEVICE_CUDA : VQE_DEVICE_CPU;
  options.gates = library ? VQE_GATES_CUSTATEVEC : VQE_GATES_AUTO;
  options.single = single;
  return options;
}

static struct vqe_estimator *estimator_of(const struct problem *problem,
                                          bool library, bool single)
{
  struct vqe_estimator_options options = options_of(library, single);
  struct vqe_estimator *out = NULL;
  assert_ok(vqe_estimator_create(&out, problem->hamiltonian, problem->ansatz,
                                 &options));
  return out;
}

static void compare(struct vqe_estimator *cpu, struct vqe_estimator *library,
                    const struct problem *problem, double limit,
                    double gradient_limit)
{
  size_t n = (size_t)problem->ansatz->nparam;
  double *wanted = oracle_new(n);
  double *gradient = oracle_new(n);
  double energy;
  double plain;
  double again;
  double worst = 0.0;
  assert_ok(vqe_estimator_gradient(cpu, &energy, wanted, problem->parameters));
  assert_ok(vqe_estimator_energy(library, &plain, problem->parameters));
  assert_ok(
      vqe_estimator_gradient(library, &again, gradient, problem->parameters));
  for (size_t k = 0; k < n; k++) {
    worst = fmax(worst, fabs(gradient[k] - wanted[k]));
  }
  print_message("%s, %zu parameters: energy differs by %.1e, by %.1e beside "
                "the gradient, gradient by %.1e\n",
                problem->ansatz->name, n, fabs(plain - energy),
                fabs(again - energy), worst);
  assert_close(plain, energy, limit);
  assert_close(again, energy, limit);
  assert_true(worst < gradient_limit);
  /* the energy again, from the rows that the gradient has used */
  assert_ok(vqe_estimator_energy(library, &again, problem->parameters));
  assert_true(plain == again);
  free(gradient);
  free(wanted);
}

static void check(const char *molecule, const char *ansatz, int reps,
                  bool single, double limit, double gradient_limit)
{
  struct problem problem = problem_of(molecule, ansatz, reps, true);
  struct vqe_estimator *cpu = estimator_of(&problem, false, false);
  struct vqe_estimator *library = estimator_of(&problem, true, single);
  assert_string_equal(vqe_estimator_backend(library), "vqe_cuda_statevector");
  compare(cpu, library, &problem, limit, gradient_limit);
  vqe_estimator_free(library);
  vqe_estimator_free(cpu);
  problem_clear(&problem);
}

static void every_ansatz_agrees_with_cpu(void **state)
{
  (void)state;
  static const char *const names[] = {
      "EfficientSU2", "RealAmplitudes", "ExcitationPreserving",
      "UCCSD",        "k-UpCCGSD",      "LUCJ"};
  if (no_library()) {
    skip();
  }
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    check("H2", names[k], 2, false, 1e-10, 1e-9);
    check("LiH", names[k], 1, false, 1e-10, 1e-9);
  }
  check("H2O", "EfficientSU2", 2, false, 1e-10, 1e-9);
}

static void single_precision_agrees_within_rounding(void **state)
{
  (void)state;
  if (no_library()) {
    skip();
  }
  check("LiH", "EfficientSU2", 2, true, 3e-4, 3e-4);
  check("LiH", "UCCSD", 1, true, 3e-4, 3e-4);
}

/* A number of a molecule of energies.json. */
static double reference(const char *molecule, const char *key)
{
  json_t *root = json_load_file(VQE_TEST_DATA "/energies.json", 0, NULL);
  double out = (double)NAN;
  size_t at;
  json_t *system;
  assert_non_null(root);
  json_array_foreach(json_object_get(root, "systems"), at, system)
  {
    if (strcmp(json_string_value(json_object_get(system, "name")), molecule) ==
        0) {
      out = json_number_value(json_object_get(system, key));
    }
  }
  json_decref(root);
  return out;
}

/* PySCF's energies: at the Hartree-Fock state of each ansatz, and FCI where
 * UCCSD is exact. */
static void energies_agree_with_reference(void **state)
{
  (void)state;
  static const char *const molecules[] = {"H2", "HeH+", "LiH", "BeH2", "H2O"};
  static const char *const names[] = {"UCCSD", "EfficientSU2"};
  if (no_library()) {
    skip();
  }
  for (size_t m = 0; m < sizeof molecules / sizeof molecules[0]; m++) {
    for (size_t a = 0; a < 2; a++) {
      struct problem problem = problem_of(molecules[m], names[a], 1, true);
      struct vqe_estimator *library = estimator_of(&problem, true, false);
      double energy;
      vqe_ansatz_hf_parameters(problem.parameters, problem.ansatz);
      assert_ok(vqe_estimator_energy(library, &energy, problem.parameters));
      assert_close(energy, reference(molecules[m], "e_hf"), 1e-8);
      vqe_estimator_free(library);
      problem_clear(&problem);
    }
  }
  for (size_t m = 0; m < 2; m++) {
    struct problem problem = problem_of(molecules[m], "UCCSD", 1, true);
    struct vqe_estimator *library = estimator_of(&problem, true, false);
    double *gradient = oracle_new((size_t)problem.ansatz->nparam);
    double energy = 0.0;
    for (int step = 0; step < 300; step++) {
      assert_ok(vqe_estimator_gradient(library, &energy, gradient,
                                       problem.parameters));
      for (int k = 0; k < problem.ansatz->nparam; k++) {
        problem.parameters[k] -= 0.2 * gradient[k];
      }
    }
    assert_close(energy, reference(molecules[m], "e_fci"), 1e-8);
    free(gradient);
    vqe_estimator_free(library);
    problem_clear(&problem);
  }
}

/* Gates appended while the estimator is there: fermionic and qubit
 * excitations, and slopes of the pool they come from. */
static void grown_ansatz_agrees_with_cpu(void **state)
{
  (void)state;
  static const char *const pools[] = {"GSD", "QEB", "SAGSD", "OVP-CEO"};
  if (no_library()) {
    skip();
  }
  for (size_t p = 0; p < sizeof pools / sizeof pools[0]; p++) {
    struct problem problem = problem_of("LiH", "ADAPT-VQE", 1, true);
    struct vqe_ansatz_options options = {.size = sizeof options,
                                         .name = "ADAPT-VQE",
                                         .reps = 1,
                                         .norb = problem.ansatz->norb,
                                         .nalpha = problem.ansatz->nalpha,
                                         .nbeta = problem.ansatz->nbeta,
                                         .restricted = true,
                                         .nirrep = problem.hamiltonian->nirrep,
                                         .irrep = problem.hamiltonian->irrep,
                                         .adapt = {.pool = pools[p]}};
    struct vqe_ansatz *pool = NULL;
    assert_ok(vqe_ansatz_pool_create(&pool, &options));
    struct vqe_estimator *cpu = estimator_of(&problem, false, false);
    struct vqe_estimator *library = estimator_of(&problem, true, false);
    for (int k = 0; k < 6; k++) {
      /* doubles lie behind singles */
      assert_ok(vqe_ansatz_append(problem.ansatz, pool,
                                  k % 2 == 0 ? k : pool->nparam - 1 - k));
      assert_ok(vqe_estimator_extend(cpu));
      assert_ok(vqe_estimator_extend(library));
      free(problem.parameters);
      problem.parameters = fixture_parameters(problem.ansatz->nparam, 0.4, 3);
      compare(cpu, library, &problem, 1e-10, 1e-9);
    }
    double *wanted = oracle_new((size_t)pool->nparam);
    double *found = oracle_new((size_t)pool->nparam);
    assert_ok(
        vqe_estimator_pool_gradient(cpu, wanted, problem.parameters, pool));
    assert_ok(
        vqe_estimator_pool_gradient(library, found, problem.parameters, pool));
    for (int k = 0; k < pool->nparam; k++) {
      assert_close(found[k], wanted[k], 1e-10);
    }
    free(found);
    free(wanted);
    vqe_estimator_free(library);
    vqe_estimator_free(cpu);
    vqe_ansatz_free(pool);
    problem_clear(&problem);
  }
}

/* What a section reads is not what it writes: threads and blocks in falling
 * order give the same bits. */
static void order_of_threads_does_not_change_bits(void **state)
{
  (void)state;
  static const char *const names[] = {"UCCSD", "EfficientSU2", "LUCJ"};
  if (not_emulated()) {
    skip();
  }
  for (size_t a = 0; a < 3; a++) {
    struct problem problem = problem_of("LiH", names[a], 1, true);
    size_t n = (size_t)problem.ansatz->nparam;
    double *gradients = oracle_new(2 * n);
    double energies[2];
    for (int order = 0; order < 2; order++) {
      vqe_emulated_backwards = order == 1;
      struct vqe_estimator *library = estimator_of(&problem, true, false);
      assert_ok(vqe_estimator_gradient(library, &energies[order],
                                       gradients + (size_t)order * n,
                                       problem.parameters));
      vqe_estimator_free(library);
    }
    vqe_emulated_backwards = false;
    assert_true(energies[0] == energies[1]);
    assert_memory_equal(gradients, gradients + n, n * sizeof *gradients);
    free(gradients);
    problem_clear(&problem);
  }
}

static int try_create(const struct problem *problem,
                      struct vqe_estimator_usage *usage)
{
  struct vqe_estimator_options options = options_of(true, false);
  struct vqe_estimator *estimator = NULL;
  int status = vqe_estimator_create(&estimator, problem->hamiltonian,
                                    problem->ansatz, &options);
  if (status == VQE_OK) {
    vqe_estimator_describe(usage, estimator);
  }
  vqe_estimator_free(estimator);
  return status;
}

/* Every allocation fails once; what is allocated is never more than what was
 * checked beforehand. */
static void too_little_memory_is_an_error_or_leads_to_cpu(void **state)
{
  (void)state;
  static const char *const names[] = {"EfficientSU2", "UCCSD", "LUCJ"};
  struct vqe_estimator_usage usage;
  if (not_emulated()) {
    skip();
  }
  const uint64_t all = vqe_emulated_bytes;
  for (size_t a = 0; a < 3; a++) {
    struct problem problem = problem_of("LiH", names[a], 1, true);
    assert_ok(try_create(&problem, &usage));
    assert_true(usage.on_device);
    assert_non_null(strstr(usage.gates, "cuStateVec"));
    uint64_t needed = usage.bytes_held;
    uint64_t step = needed / 97 + 1;
    for (uint64_t bytes = needed - 1; bytes > step; bytes -= step) {
      vqe_emulated_bytes = bytes;
      vqe_emulated_promise = all;
      assert_int_equal(try_create(&problem, &usage), VQE_ERR_MEMORY);
    }
    /* with that much free the check refuses or the allocations succeed */
    vqe_emulated_bytes = needed;
    vqe_emulated_promise = needed - 1;
    assert_int_equal(try_create(&problem, &usage), VQE_ERR_MEMORY);
    assert_non_null(strstr(vqe_error_message(), "are free"));
    vqe_emulated_bytes = all;
    vqe_emulated_promise = 0;
    problem_clear(&problem);
  }
}

static void refused(const struct problem *problem,
                    const struct vqe_estimator_options *options,
                    const char *words)
{
  struct vqe_estimator *estimator = NULL;
  assert_int_equal(vqe_estimator_create(&estimator, problem->hamiltonian,
                                        problem->ansatz, options),
                   VQE_ERR_UNSUPPORTED);
  assert_null(estimator);
  assert_non_null(strstr(vqe_error_message(), words));
}

static void unusable_choices_are_refused(void **state)
{
  (void)state;
  struct problem problem = problem_of("H2", "UCCSD", 1, true);
  struct vqe_estimator_options options = options_of(true, false);
  char version[16];
  options.representation = VQE_REPRESENTATION_SECTOR;
  refused(&problem, &options, "sectors");
  options.representation = VQE_REPRESENTATION_FULL;
  options.device = VQE_DEVICE_CPU;
  refused(&problem, &options, "--device cuda");
  options.device = VQE_DEVICE_AUTO;
  if (vqe_devices(NULL) == 0) {
    refused(&problem, &options, "gates 'custatevec': no CUDA device");
  } else if (vqe_custatevec_version(version, sizeof version) != VQE_OK) {
    refused(&problem, &options, "install");
  } else {
    /* a conserving ansatz too, where nothing else is said */
    struct vqe_estimator_usage usage;
    struct vqe_estimator *estimator = NULL;
    options.representation = VQE_REPRESENTATION_AUTO;
    assert_ok(vqe_estimator_create(&estimator, problem.hamiltonian,
                                   problem.ansatz, &options));
    vqe_estimator_describe(&usage, estimator);
    assert_string_equal(vqe_estimator_backend(estimator),
                        "vqe_cuda_statevector");
    assert_non_null(strstr(usage.gates, version));
    vqe_estimator_free(estimator);
    options.gates = VQE_GATES_OWN;
    options.device = VQE_DEVICE_CUDA;
    assert_ok(vqe_estimator_create(&estimator, problem.hamiltonian,
                                   problem.ansatz, &options));
    vqe_estimator_describe(&usage, estimator);
    assert_string_equal(vqe_estimator_backend(estimator), "vqe_cuda_sector");
    assert_string_equal(usage.gates, "own");
    vqe_estimator_free(estimator);
  }
  if (&vqe_emulated_library != NULL) {
    vqe_emulated_library = false;
    options = options_of(true, false);
    refused(&problem, &options, "no cuStateVec");
    vqe_emulated_library = true;
  }
  problem_clear(&problem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_ansatz_agrees_with_cpu),
      cmocka_unit_test(single_precision_agrees_within_rounding),
      cmocka_unit_test(energies_agree_with_reference),
      cmocka_unit_test(grown_ansatz_agrees_with_cpu),
      cmocka_unit_test(order_of_threads_does_not_change_bits),
      cmocka_unit_test(too_little_memory_is_an_error_or_leads_to_cpu),
      cmocka_unit_test(unusable_choices_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
