/* Which backend an estimator gets, and what is refused; on a machine without
 * a device. */
#include "sim/sim_fixture.h"

#include "estimator/estimator_choose.h"

struct problem {
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz *ansatz;
};

static struct problem make(const char *ansatz)
{
  struct problem out;
  out.integrals = fixture_read("H2");
  out.hamiltonian = fixture_total(out.integrals, true);
  out.ansatz = fixture_ansatz(ansatz, NULL, 1, out.hamiltonian, 1, 1);
  return out;
}

static void problem_clear(struct problem *problem)
{
  vqe_ansatz_free(problem->ansatz);
  vqe_hamiltonian_free(problem->hamiltonian);
  vqe_integrals_free(problem->integrals);
}

static void expect_backend(const char *ansatz,
                           const struct vqe_estimator_options *options,
                           const char *backend)
{
  struct problem problem = make(ansatz);
  struct vqe_estimator_choice chosen = {0};
  assert_ok(vqe_estimator_choose(&chosen, problem.hamiltonian, problem.ansatz,
                                 options));
  assert_string_equal(chosen.ops->name, backend);
  assert_null(chosen.device);
  assert_string_equal(chosen.note, "");
  chosen.ops->free(chosen.backend);
  problem_clear(&problem);
}

static void expect_refusal(const char *ansatz,
                           const struct vqe_estimator_options *options,
                           const char *words)
{
  struct problem problem = make(ansatz);
  struct vqe_estimator_choice chosen = {0};
  assert_int_equal(vqe_estimator_choose(&chosen, problem.hamiltonian,
                                        problem.ansatz, options),
                   VQE_ERR_UNSUPPORTED);
  if (strstr(vqe_error_message(), words) == NULL) {
    fail_msg("message \"%s\" lacks \"%s\"", vqe_error_message(), words);
  }
  assert_null(chosen.backend);
  problem_clear(&problem);
}

static void ansatz_decides_between_sector_and_full_space(void **state)
{
  (void)state;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.device = VQE_DEVICE_CPU;
  expect_backend("UCCSD", &options, "vqe_cpu_sector");
  expect_backend("EfficientSU2", &options, "vqe_cpu_statevector");
  options.representation = VQE_REPRESENTATION_FULL;
  expect_backend("UCCSD", &options, "vqe_cpu_statevector");
}

static void small_state_stays_on_the_cpu(void **state)
{
  (void)state;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.device = VQE_DEVICE_AUTO;
  expect_backend("UCCSD", &options, "vqe_cpu_sector");
}

static void combinations_that_nothing_serves_are_refused(void **state)
{
  (void)state;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.representation = VQE_REPRESENTATION_SECTOR;
  expect_refusal("EfficientSU2", &options, "leaves the sector");
  options.gates = VQE_GATES_CUSTATEVEC;
  expect_refusal("UCCSD", &options, "no particle-number sectors");
  options.representation = VQE_REPRESENTATION_AUTO;
  options.device = VQE_DEVICE_CPU;
  expect_refusal("UCCSD", &options, "use --device cuda");
  options.gates = VQE_GATES_AUTO;
  options.single = true;
  expect_refusal("UCCSD", &options, "precision 'single'");
}

static void split_state_has_no_device(void **state)
{
  (void)state;
  const struct vqe_team team = {.size = 2};
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.team = &team;
  options.device = VQE_DEVICE_CUDA;
  expect_refusal("UCCSD", &options, "split over ranks");
}

static void missing_device_is_named(void **state)
{
  (void)state;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  if (vqe_devices(NULL) > 0) {
    print_message("skipped: there is a device\n");
    return;
  }
  options.device = VQE_DEVICE_CUDA;
  expect_refusal("UCCSD", &options, "no CUDA device");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ansatz_decides_between_sector_and_full_space),
      cmocka_unit_test(small_state_stays_on_the_cpu),
      cmocka_unit_test(combinations_that_nothing_serves_are_refused),
      cmocka_unit_test(split_state_has_no_device),
      cmocka_unit_test(missing_device_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
