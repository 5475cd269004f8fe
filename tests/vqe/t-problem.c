/* An experiment up to its estimator: its energies are those of the run, its
 * gradient that of differences. */
#include "vqe/vqe_fixture.h"

#include "vqe/problem.h"

static struct vqe_problem *make(const struct vqe_experiment *experiment)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_problem *problem = NULL;
  if (vqe_problem_create(&problem, experiment, &options, NULL) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return problem;
}

static void energies_are_those_of_the_run(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "LiH");
  struct vqe_result *result = run(experiment, NULL);
  struct vqe_problem *problem = make(experiment);
  size_t bytes = (size_t)result->nparam * sizeof(double);
  double energy = NAN;
  /* the problem has a copy */
  vqe_experiment_free(experiment);
  assert_int_equal(problem->ansatz->nparam, result->nparam);
  assert_memory_equal(problem->initial_parameters, result->initial_parameters,
                      bytes);
  assert_int_equal(problem->paulis->nterm, result->nterm);
  near(problem->integrals->hf_energy, result->hf_energy, 1e-12);
  assert_int_equal(vqe_estimator_energy(problem->estimator, &energy,
                                        result->optimal_parameters),
                   VQE_OK);
  near(energy, result->minimum, 1e-12);
  assert_int_equal(vqe_estimator_energy(problem->estimator, &energy,
                                        problem->initial_parameters),
                   VQE_OK);
  near(energy, result->eval_energy[0], 1e-12);
  vqe_problem_free(problem);
  vqe_result_free(result);
}

static void gradient_is_that_of_differences(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "H2");
  set(&experiment->ansatz_name, "EfficientSU2");
  set(&experiment->init_strategy, "random");
  experiment->entanglement = copy("reverse_linear");
  struct vqe_problem *problem = make(experiment);
  int nparam = problem->ansatz->nparam;
  double gradient[64];
  double energy;
  assert_in_range(nparam, 2, 64);
  assert_int_equal(vqe_estimator_gradient(problem->estimator, &energy,
                                          gradient,
                                          problem->initial_parameters),
                   VQE_OK);
  for (int k = 0; k < nparam; k++) {
    double point[64], up, down;
    memcpy(point, problem->initial_parameters, (size_t)nparam * sizeof *point);
    point[k] += 1e-4;
    assert_int_equal(vqe_estimator_energy(problem->estimator, &up, point), 0);
    point[k] -= 2e-4;
    assert_int_equal(vqe_estimator_energy(problem->estimator, &down, point),
                     0);
    near(gradient[k], (up - down) / 2e-4, 1e-7);
  }
  vqe_problem_free(problem);
  vqe_experiment_free(experiment);
}

struct asking {
  bool stop; /* what is answered */
  int asked;
};

static bool answer(void *ctx)
{
  struct asking *asking = ctx;
  asking->asked++;
  return asking->stop;
}

static void stop_asked_for_ends_an_evaluation(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "CO2");
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_callbacks callbacks = VQE_CALLBACKS_INIT;
  struct vqe_problem *problem = NULL;
  struct asking asking = {.stop = true};
  double energy;
  callbacks.ctx = &asking;
  callbacks.should_stop = answer;
  assert_int_equal(
      vqe_problem_create(&problem, experiment, &options, &callbacks),
      VQE_ERR_INTERRUPTED);
  assert_null(problem);
  asking.stop = false;
  assert_int_equal(
      vqe_problem_create(&problem, experiment, &options, &callbacks), VQE_OK);
  asking = (struct asking){.stop = true};
  assert_int_equal(vqe_estimator_energy(problem->estimator, &energy,
                                        problem->initial_parameters),
                   VQE_ERR_INTERRUPTED);
  assert_true(asking.asked > 0);
  vqe_problem_free(problem);
  vqe_experiment_free(experiment);
}

static void refused(const struct vqe_experiment *experiment, int status,
                    const char *says)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_problem *problem = (struct vqe_problem *)&options;
  assert_int_equal(vqe_problem_create(&problem, experiment, &options, NULL),
                   status);
  assert_null(problem);
  if (strstr(vqe_error_message(), says) == NULL) {
    fail_msg("\"%s\" without \"%s\"", vqe_error_message(), says);
  }
}

static void what_only_a_run_has_is_refused(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "H2");
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_problem *problem = NULL;
  set(&experiment->init_strategy, "hf");
  set(&experiment->ansatz_name, "ADAPT-VQE");
  refused(experiment, VQE_ERR_UNSUPPORTED, "ADAPT-VQE");
  set(&experiment->ansatz_name, "EfficientSU2");
  experiment->entanglement = copy("reverse_linear");
  experiment->penalty_number = 1.0;
  refused(experiment, VQE_ERR_UNSUPPORTED, "a penalty");
  experiment->penalty_number = 0.0;
  set(&experiment->basis_set, "no-such-basis");
  refused(experiment, VQE_ERR_INPUT, "no-such-basis");
  assert_int_equal(vqe_problem_create(&problem, NULL, &options, NULL),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_problem_create(NULL, experiment, &options, NULL),
                   VQE_ERR_INPUT);
  options.threads = 0;
  assert_int_equal(vqe_problem_create(&problem, experiment, &options, NULL),
                   VQE_ERR_INPUT);
  options.size = 0;
  assert_int_equal(vqe_problem_create(&problem, experiment, &options, NULL),
                   VQE_ERR_INPUT);
  vqe_problem_free(NULL);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energies_are_those_of_the_run),
      cmocka_unit_test(gradient_is_that_of_differences),
      cmocka_unit_test(stop_asked_for_ends_an_evaluation),
      cmocka_unit_test(what_only_a_run_has_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
