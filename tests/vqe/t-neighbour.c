/* Runs that start from one at a nearby geometry. */
#include "vqe/vqe_fixture.h"

static struct vqe_experiment *dinitrogen(double distance, const char *ansatz)
{
  char json[160];
  snprintf(json, sizeof json,
           "{\"name\": \"N2\", \"symbols\": [\"N\", \"N\"], \"coords\": "
           "[[0,0,0], [0,0,%.12g]]}",
           distance);
  struct vqe_experiment *experiment = new_experiment(json);
  set(&experiment->ansatz_name, ansatz);
  if (strcmp(ansatz, "ADAPT-VQE") == 0) {
    set(&experiment->init_strategy, "hf");
  }
  assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                   VQE_OK);
  return experiment;
}

/* From a neighbour, which is freed; *left is the next one. */
static struct vqe_result *run_beside(struct vqe_neighbour **left,
                                     const struct vqe_experiment *experiment)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_neighbour *next = NULL;
  struct vqe_result *result = NULL;
  options.neighbour = *left;
  options.left = &next;
  if (vqe_experiment_run(&result, experiment, &options, NULL) != VQE_OK) {
    fail_msg("run: %s", vqe_error_message());
  }
  assert_non_null(result);
  vqe_neighbour_free(*left);
  *left = next;
  return result;
}

static double error_of(const struct vqe_result *result)
{
  return 1e3 * (result->minimum + result->nuclear_repulsion_energy -
                result->fci_energy);
}

/* From 1.5 angstrom on another Hartree-Fock solution of N2 is the lowest, from
 * which UCCSD ends 130 mHa and more above the exact energy; that of the
 * equilibrium leads to 15 mHa at most, in a sixth of the evaluations. */
static void solution_is_followed_along_a_bond(void **state)
{
  (void)state;
  struct vqe_neighbour *left = NULL;
  char last[VQE_EXPERIMENT_ID_SIZE] = "";
  size_t evaluations = 0;
  double before = 0.0;
  for (int k = 0; k < 6; k++) {
    struct vqe_experiment *experiment = dinitrogen(1.3 + 0.2 * k, "UCCSD");
    struct vqe_result *result = run_beside(&left, experiment);
    assert_int_equal(result->status, VQE_EXPERIMENT_OK);
    assert_non_null(left);
    if (!(error_of(result) < 15.0)) {
      fail_msg("%g: %g mHa", 1.3 + 0.2 * k, error_of(result));
    }
    if (k == 0) {
      assert_null(result->neighbour);
    } else {
      assert_string_equal(result->neighbour, last);
      /* a smooth curve of one Hartree-Fock solution */
      assert_true(result->hf_energy - before > 0.05 &&
                  result->hf_energy - before < 0.2);
    }
    before = result->hf_energy;
    memcpy(last, experiment->id, sizeof last);
    evaluations += result->neval;
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  assert_true(evaluations < 100);
  vqe_neighbour_free(left);
}

/* Operators, parameters and what was learned of the curvature go on. */
static void adapt_goes_on_with_its_operators(void **state)
{
  (void)state;
  struct vqe_neighbour *left = NULL;
  struct vqe_experiment *first = dinitrogen(1.1, "ADAPT-VQE");
  struct vqe_experiment *second = dinitrogen(1.12, "ADAPT-VQE");
  struct vqe_result *alone = run(second, NULL);
  struct vqe_result *result = run_beside(&left, first);
  int operators = result->nparam;
  vqe_result_free(result);
  result = run_beside(&left, second);
  assert_string_equal(result->neighbour, first->id);
  assert_true(result->success);
  assert_true(result->nparam >= operators);
  assert_true(error_of(result) < 0.1 && error_of(result) > -1e-6);
  near(result->hf_energy, alone->hf_energy, 1e-8);
  /* a third and less, but rounding decides on the way of each */
  if (!(result->neval < alone->neval)) {
    fail_msg("%zu evaluations, %zu alone", result->neval, alone->neval);
  }
  vqe_result_free(result);
  vqe_result_free(alone);
  vqe_experiment_free(first);
  vqe_experiment_free(second);
  vqe_neighbour_free(left);
}

/* Other functions or another circuit: the run is what it is alone. */
static void stranger_is_no_start(void **state)
{
  (void)state;
  struct vqe_neighbour *left = NULL;
  struct vqe_experiment *first = dinitrogen(1.1, "UCCSD");
  struct vqe_experiment *h2 = new_experiment(
      "{\"symbols\": [\"H\", \"H\"], \"coords\": [[0,0,0], [0,0,0.74]]}");
  struct vqe_result *result = run_beside(&left, first);
  vqe_result_free(result);
  result = run_beside(&left, h2);
  assert_null(result->neighbour);
  near(error_of(result), 0.0, 1e-4);
  vqe_result_free(result);
  vqe_neighbour_free(left);
  left = NULL;
  result = run_beside(&left, first);
  vqe_result_free(result);
  set(&first->ansatz_name, "k-UpCCGSD");
  set(&first->init_strategy, "hf");
  result = run_beside(&left, first);
  assert_null(result->neighbour);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  vqe_result_free(result);
  vqe_experiment_free(first);
  vqe_experiment_free(h2);
  vqe_neighbour_free(left);
}

/* A failed run leaves nothing, and an open shell is followed too. */
static void open_shell_is_followed(void **state)
{
  (void)state;
  struct vqe_neighbour *left = NULL;
  for (int k = 0; k < 3; k++) {
    char json[128];
    snprintf(json, sizeof json,
             "{\"symbols\": [\"O\", \"H\"], \"multiplicity\": 2, "
             "\"coords\": [[0,0,0], [0,0,%.1f]]}",
             1.6 + 0.3 * k);
    struct vqe_experiment *experiment = new_experiment(json);
    struct vqe_result *result = run_beside(&left, experiment);
    assert_string_equal(result->reference_method, "ROHF");
    assert_true((result->neighbour != NULL) == (k > 0));
    assert_true(error_of(result) < 0.1 && error_of(result) > -1e-6);
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  vqe_neighbour_free(left);
}

/* Methane with one bond pulled has three planes of symmetry, and rounding
 * decides which one the molecule's frame has: that of the neighbour is kept,
 * or its degenerate orbitals would be mixtures of ours. */
static void equivalent_frames_are_followed(void **state)
{
  (void)state;
  struct vqe_neighbour *left = NULL;
  for (int k = 0; k < 8; k++) {
    char json[400];
    double x = (0.8 + 0.2 * k) / sqrt(3.0);
    snprintf(json, sizeof json,
             "{\"symbols\": [\"C\", \"H\", \"H\", \"H\", \"H\"], "
             "\"coords\": [[0,0,0], [%.12g,%.12g,%.12g], [0.627580,-0.627580,"
             "-0.627580], [-0.627580,0.627580,-0.627580], [-0.627580,"
             "-0.627580,0.627580]]}",
             x, x, x);
    struct vqe_experiment *experiment = new_experiment(json);
    struct vqe_result *result = run_beside(&left, experiment);
    if ((result->neighbour != NULL) != (k > 0)) {
      fail_msg("point %d does not start from its neighbour", k);
    }
    assert_true(error_of(result) < 1.6 && error_of(result) > -1e-6);
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  vqe_neighbour_free(left);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solution_is_followed_along_a_bond),
      cmocka_unit_test(adapt_goes_on_with_its_operators),
      cmocka_unit_test(stranger_is_no_start),
      cmocka_unit_test(open_shell_is_followed),
      cmocka_unit_test(equivalent_frames_are_followed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
