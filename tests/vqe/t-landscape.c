/* Energies and gradients at random parameters: NumPy's points, their moments
 * by another way, and what is known of a landscape in closed form. */
#include "vqe/vqe_fixture.h"

#include "base/notes.h"
#include "vqe/landscape.h"

static struct vqe_experiment *hydrogen(const char *ansatz, int points,
                                       int64_t seed)
{
  struct vqe_experiment *experiment =
      new_experiment("{\"symbols\": [\"H\", \"H\"], \"coords\": [[0,0,0], "
                     "[0,0,0.74]]}");
  set(&experiment->ansatz_name, ansatz);
  set(&experiment->optimizer, VQE_LANDSCAPE);
  set(&experiment->init_strategy, "random");
  if (strcmp(ansatz, "EfficientSU2") == 0) {
    set(&experiment->entanglement, "reverse_linear");
  }
  experiment->max_evaluations = points;
  experiment->seed = seed;
  return experiment;
}

/* numpy.random.default_rng(7).random(3), of NumPy 2.4.6 */
static void points_are_those_of_numpy(void **state)
{
  (void)state;
  static const double numpy[] = {0.625095466604667, 0.8972138009695755,
                                 0.7756856902451935};
  struct vqe_experiment *experiment = hydrogen("UCCSD", 3, 7);
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->nparam, 1); /* symmetry leaves the pair alone */
  assert_int_equal(result->neval, 3);
  for (size_t k = 0; k < 3; k++) {
    near(result->eval_parameters[k], 6.283185307179586 * numpy[k], 1e-14);
  }
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void moments_are_those_of_the_points(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = hydrogen("EfficientSU2", 50, 3);
  struct vqe_result *result = run(experiment, NULL);
  double mean = 0.0;
  double squares = 0.0;
  double lowest = INFINITY;
  assert_int_equal(result->neval, 50);
  for (size_t k = 0; k < 50; k++) {
    mean += result->eval_energy[k] / 50.0;
    lowest = fmin(lowest, result->eval_energy[k]);
  }
  for (size_t k = 0; k < 50; k++) {
    squares += pow(result->eval_energy[k] - mean, 2.0);
  }
  near(result->landscape.points, 50.0, 0.0);
  near(result->landscape.energy_mean, mean, 1e-13);
  near(result->landscape.energy_variance, squares / 49.0, 1e-13);
  near(result->minimum, lowest, 0.0);
  assert_true(result->success);
  assert_true(vqe_notes_has(result->notes, VQE_NOTE_LANDSCAPE));
  assert_false(vqe_notes_has(result->notes, VQE_NOTE_ABOVE_ACCURACY));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* The energy of the one pair of H2 is c + A cos(2 t + p), its lowest value the
 * exact one: over a turn its variance is A^2 / 2, that of the slope 2 A^2.
 * Within five standard errors or more of 4000 points. */
static void variances_are_those_of_a_cosine(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = hydrogen("UCCSD", 4000, 1);
  struct vqe_result *result = run(experiment, NULL);
  const struct vqe_landscape *landscape = &result->landscape;
  double amplitude = landscape->energy_mean +
                     result->nuclear_repulsion_energy - result->fci_energy;
  double half = amplitude * amplitude / 2.0;
  near(landscape->energy_variance / half, 1.0, 0.1);
  near(landscape->gradient_variance / half, 4.0, 0.4);
  near(landscape->gradient_variance / landscape->energy_variance, 4.0, 0.2);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void what_has_no_landscape_is_refused(void **state)
{
  (void)state;
  for (int which = 0; which < 4; which++) {
    struct vqe_experiment *experiment = hydrogen("UCCSD", 3, 1);
    if (which == 0) {
      set(&experiment->ansatz_name, "ADAPT-VQE");
    } else if (which == 1) {
      experiment->shots = 10;
    } else if (which == 2) {
      experiment->restarts = 2;
    } else {
      experiment->penalty_spin = 1.0;
    }
    assert_int_equal(vqe_landscape_check(experiment), VQE_ERR_INPUT);
    struct vqe_result *result = run(experiment, NULL);
    assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
    assert_non_null(strstr(result->reason, "a landscape cannot be had"));
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
}

/* The points that fit, with their moments. */
static void limit_of_time_ends_it(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = hydrogen("EfficientSU2", 100000000, 1);
  experiment->max_seconds = 0.2;
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_false(result->success);
  assert_true(result->neval > 0);
  near(result->landscape.points, (double)result->neval, 0.0);
  assert_non_null(strstr(result->reason, "max_seconds"));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(points_are_those_of_numpy),
      cmocka_unit_test(moments_are_those_of_the_points),
      cmocka_unit_test(variances_are_those_of_a_cosine),
      cmocka_unit_test(what_has_no_landscape_is_refused),
      cmocka_unit_test(limit_of_time_ends_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
