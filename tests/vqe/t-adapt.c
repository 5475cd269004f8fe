/* ADAPT-VQE: to FCI, how it ends, what it records, and that it resumes. */
#include "vqe/vqe_fixture.h"

static void set_option(struct vqe_experiment *experiment, const char *key,
                       const char *json)
{
  struct vqe_option_list *options = &experiment->ansatz_options;
  options->items =
      realloc(options->items, (options->count + 1) * sizeof *options->items);
  assert_non_null(options->items);
  options->items[options->count].key = copy(key);
  options->items[options->count].json = copy(json);
  options->count++;
}

static struct vqe_experiment *adapt(const char *name, const char *pool)
{
  static const char *const chain =
      "{\"symbols\": [\"H\", \"H\", \"H\", \"H\"], \"coords\": [[0,0,0], "
      "[0,0,1.8], [0,0,3.6], [0,0,5.4]]}";
  struct vqe_experiment *experiment =
      strcmp(name, "H4") == 0 ? new_experiment(chain) : reference(NULL, name);
  char json[32];
  snprintf(json, sizeof json, "\"%s\"", pool);
  set(&experiment->ansatz_name, "ADAPT-VQE");
  set(&experiment->init_strategy, "hf");
  set_option(experiment, "pool", json);
  return experiment;
}

/* PySCF 2.14.0, FCI in STO-3G of a chain of four H atoms 1.8 angstrom apart,
 * where UCCSD stays 3 mHa above it. */
#define H4_FCI -1.9244306381367238

static void check_to(const char *norm, const char *name, const char *pool,
                     double least_mha)
{
  struct vqe_experiment *experiment = adapt(name, pool);
  experiment->gtol = 0.1 * strtod(norm, NULL);
  set_option(experiment, "gradient_norm", norm);
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  if (!result->success || strstr(result->reason, "gradient_norm") == NULL) {
    fail_msg("%s %s: %s", name, pool, result->reason);
  }
  double error =
      result->minimum + result->nuclear_repulsion_energy - result->fci_energy;
  assert_true(error > -1e-8);
  if (!(error * 1e3 <= least_mha)) {
    fail_msg("%s %s: %g mHa above FCI", name, pool, error * 1e3);
  }
  near(result->s2_expectation, 0.0, 1e-3);
  if (strcmp(name, "H4") == 0) {
    near(result->fci_energy, H4_FCI, 1e-7);
  }
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void check_exact(const char *name, const char *pool, double least_mha)
{
  check_to("1e-5", name, pool, least_mha);
}

static void adapt_reaches_the_exact_energy(void **state)
{
  (void)state;
  check_exact("H4", "GSD", 1e-3);
  check_exact("H4", "QEB", 1e-3);
  check_exact("LiH", "GSD", 1e-3);
  check_exact("LiH", "QEB", 1e-3);
  /* its best is UCCSD's, in another order */
  check_exact("LiH", "UCCSD", 0.011);
  check_exact("H4", "SAGSD", 1e-3);
  /* flat in the end: rounding decides whether a line search ends */
  check_to("1e-4", "LiH", "SAGSD", 2e-3);
  check_exact("H4", "OVP-CEO", 1e-3);
  check_exact("LiH", "MVP-CEO", 1e-3);
  check_exact("LiH", "DVG-CEO", 1e-3);
}

/* Every evaluation of spin-adapted operators, converged or not, is of a state
 * of the molecule's spin. */
static void spin_adapted_growth_keeps_the_spin(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    double s2;
  } cases[] = {{"H4", 0.0}, {"OH_radical_0.9697", 0.75}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    for (int most = 2; most <= 8; most += 3) {
      for (int tetris = 0; tetris < 2; tetris++) {
        char limit[16];
        struct vqe_experiment *experiment = adapt(cases[k].name, "SAGSD");
        snprintf(limit, sizeof limit, "%d", most);
        set_option(experiment, "max_operators", limit);
        set_option(experiment, "tetris", tetris ? "true" : "false");
        struct vqe_result *result = run(experiment, NULL);
        near(result->s2_expectation, cases[k].s2, 1e-11);
        assert_true(result->minimum + result->nuclear_repulsion_energy <
                    result->hf_energy - 1e-4);
        vqe_result_free(result);
        vqe_experiment_free(experiment);
      }
    }
  }
}

/* Operators that share no orbital enter in one growth: fewer optimisations, a
 * shallower circuit, and the same energy in the end. */
static void tetris_grows_in_fewer_steps(void **state)
{
  (void)state;
  double evaluations[2];
  double depth[2];
  for (int tetris = 0; tetris < 2; tetris++) {
    struct vqe_experiment *experiment = adapt("LiH", "OVP-CEO");
    set_option(experiment, "tetris", tetris ? "true" : "false");
    struct vqe_result *result = run(experiment, NULL);
    assert_true(result->success);
    double error = result->minimum + result->nuclear_repulsion_energy -
                   result->fci_energy;
    assert_true(error > -1e-8 && error < 2e-5);
    evaluations[tetris] = (double)result->neval;
    depth[tetris] =
        result->circuit.two_qubit_depth / result->circuit.parameters;
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  assert_true(evaluations[1] < evaluations[0]);
  assert_true(depth[1] < depth[0]);
}

/* A doublet: spins have operators of their own. */
static void adapt_reaches_the_exact_energy_of_a_doublet(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = adapt("OH_radical_0.9697", "GSD");
  struct vqe_result *result = run(experiment, NULL);
  assert_true(result->success);
  double error =
      result->minimum + result->nuclear_repulsion_energy - result->fci_energy;
  assert_true(error > -1e-8);
  assert_true(error < 1e-4);
  near(result->s2_expectation, 0.75, 1e-3);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* ---- saddle points ---- */

/* PySCF 2.14.0, FCI in STO-3G of four H atoms far apart: a chain of 5
 * angstrom, a tetrahedron of 5.66. */
static const struct {
  const char *coords;
  double fci;
} far_apart[] = {
    {"[0,0,0], [0,0,5], [0,0,10], [0,0,15]", -1.8663274666423124},
    {"[2,2,2], [2,-2,-2], [-2,2,-2], [-2,-2,2]", -1.8663274018467684},
    {"[0,0,0], [0,0,3], [0,0,6], [0,0,9]", -1.8672913724013782},
};

static struct vqe_experiment *hydrogens(const char *coords, const char *key,
                                        const char *json)
{
  char text[256];
  snprintf(text, sizeof text,
           "{\"symbols\": [\"H\", \"H\", \"H\", \"H\"], \"coords\": [%s]}",
           coords);
  struct vqe_experiment *experiment = new_experiment(text);
  set(&experiment->ansatz_name, "ADAPT-VQE");
  set(&experiment->init_strategy, "hf");
  if (key != NULL) {
    set_option(experiment, key, json);
  }
  return experiment;
}

/* Where all slopes vanish by symmetry the growth goes on along a curvature,
 * and a state of mixed spin is not said to have converged. */
static void saddle_points_of_the_pool_are_left(void **state)
{
  (void)state;
  static const char *const variants[][2] = {
      {NULL, NULL},
      {"pool", "\"QEB\""},
      {"pool", "\"UCCSD\""},
      {"gradient_norm", "1e-6"},
      {"operators_at_a_time", "4"},
      {"pool", "\"SAGSD\""},
      {"tetris", "true"},
  };
  int counted = 0;
  for (size_t m = 0; m < sizeof far_apart / sizeof far_apart[0]; m++) {
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
      struct vqe_experiment *experiment =
          hydrogens(far_apart[m].coords, variants[v][0], variants[v][1]);
      struct vqe_result *result = run(experiment, NULL);
      double error = result->minimum + result->nuclear_repulsion_energy -
                     far_apart[m].fci;
      near(result->fci_energy, far_apart[m].fci, 1e-7);
      if (!(error > -1e-7 && error < 1.6e-3)) {
        fail_msg("molecule %zu, variant %zu: %g mHa above FCI, %s", m, v,
                 1e3 * error, result->reason);
      }
      /* tests of the whole pool are no records, but counted */
      assert_true(result->nfev >= (int)result->neval);
      counted += result->nfev > (int)result->neval;
      if (result->success) {
        near(result->s2_expectation, 0.0, 1e-3);
      } else {
        assert_non_null(strstr(result->reason, "<S^2>"));
      }
      vqe_result_free(result);
      vqe_experiment_free(experiment);
    }
  }
  assert_true(counted > 0);
}

static void
saddle_point_that_must_be_kept_is_not_said_to_converge(void **state)
{
  (void)state;
  struct vqe_experiment *experiment =
      hydrogens(far_apart[0].coords, NULL, NULL);
  experiment->escape_saddles = VQE_ESCAPE_NEVER;
  struct vqe_result *result = run(experiment, NULL);
  double error =
      result->minimum + result->nuclear_repulsion_energy - far_apart[0].fci;
  assert_true(error > 0.02);
  assert_false(result->success);
  vqe_result_free(result);
  experiment->escape_saddles = VQE_ESCAPE_AUTO;
  set_option(experiment, "pool", "\"UCCSD\"");
  set_option(experiment, "max_operators", "4");
  result = run(experiment, NULL);
  assert_false(result->success);
  assert_true(result->nparam <= 4);
  if (strstr(result->reason, "saddle point") == NULL) {
    fail_msg("%s", result->reason);
  }
  assert_non_null(strstr(result->notes, "saddle_point"));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* Squares of H4, first with the atoms on the diagonals, then on the axes. */
static void energies_do_not_depend_on_the_orientation(void **state)
{
  (void)state;
  static const double sides[] = {1.233, 2.0, 3.0};
  for (size_t k = 0; k < sizeof sides / sizeof sides[0]; k++) {
    double total[2];
    for (int turned = 0; turned < 2; turned++) {
      char coords[160];
      double a = turned ? sides[k] * 0.70710678118654752 : sides[k] / 2.0;
      double b = turned ? 0.0 : a;
      snprintf(coords, sizeof coords,
               "[%.15g,%.15g,0], [%.15g,%.15g,0], [%.15g,%.15g,0], "
               "[%.15g,%.15g,0]",
               a, b, -b, a, -a, -b, b, -a);
      struct vqe_experiment *experiment = hydrogens(coords, NULL, NULL);
      struct vqe_result *result = run(experiment, NULL);
      total[turned] = result->minimum + result->nuclear_repulsion_energy;
      assert_true(result->success);
      near(total[turned], result->fci_energy, 1.6e-3);
      near(result->s2_expectation, 0.0, 1e-3);
      vqe_result_free(result);
      vqe_experiment_free(experiment);
    }
    near(total[1], total[0], 1e-8);
  }
}

/* ---- how it ends ---- */

static void check_end(const char *key, const char *json, const char *words,
                      bool success, int least, int most)
{
  struct vqe_experiment *experiment = adapt("LiH", "GSD");
  set_option(experiment, key, json);
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  if (strstr(result->reason, words) == NULL) {
    fail_msg("expected '%s' in '%s'", words, result->reason);
  }
  assert_true(result->success == success);
  if (result->nparam < least || result->nparam > most) {
    fail_msg("%s %s: %d operators", key, json, result->nparam);
  }
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void every_limit_ends_the_growth(void **state)
{
  (void)state;
  check_end("gradient_norm", "10", "gradient_norm", true, 0, 0);
  check_end("gradient_norm", "0.1", "gradient_norm", true, 1, 6);
  check_end("gradient_norm", "0.01", "gradient_norm", true, 4, 20);
  check_end("gradient_norm", "0", "gtol", true, 12, 60);
  check_end("max_operators", "3", "limit of 3 operators", false, 3, 3);
  check_end("energy_change", "1e-3", "energy_change", true, 2, 12);
  check_end("operators_at_a_time", "5", "gradient_norm", true, 12, 60);

  struct vqe_experiment *experiment = adapt("LiH", "GSD");
  experiment->max_evaluations = 20;
  struct vqe_result *result = run(experiment, NULL);
  assert_false(result->success);
  /* that of the job, not of the optimisation that it ended */
  assert_non_null(strstr(result->reason, "limit of 20 evaluations reached "
                                         "(max_evaluations)"));
  assert_int_equal(result->neval, 20);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void requests_that_adapt_cannot_serve_are_refused(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = adapt("H2", "GSD");
  char *text = NULL;
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  assert_int_equal(vqe_experiment_qasm(&text, experiment, &options),
                   VQE_ERR_UNSUPPORTED);
  assert_null(text);
  set(&experiment->init_strategy, "random");
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(result->reason, "Hartree-Fock"));
  vqe_result_free(result);
  set(&experiment->init_strategy, "hf");
  set_option(experiment, "pools", "1");
  result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(result->reason, "'pools'"));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void estimate_takes_the_limit_of_operators(void **state)
{
  (void)state;
  struct vqe_experiment_estimate estimate;
  struct vqe_experiment *experiment = adapt("LiH", "GSD");
  set_option(experiment, "max_operators", "77");
  assert_int_equal(vqe_experiment_estimate(&estimate, experiment), VQE_OK);
  assert_int_equal(estimate.nparam, 77);
  assert_int_equal(estimate.amplitudes, 69); /* of the reference's irrep */
  vqe_experiment_free(experiment);
}

/* ---- the record ---- */

/* Rows have the final length: a parameter is zero until it is there, and once
 * there it moves. */
static void recorded_rows_are_padded_by_zeros(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = adapt("LiH", "GSD");
  struct vqe_result *result = run(experiment, NULL);
  size_t n = (size_t)result->nparam;
  size_t shown = 0;
  assert_true(n > 10);
  for (size_t k = 0; k < n; k++) {
    assert_true(result->initial_parameters[k] == 0.0);
  }
  near(result->eval_energy[0] + result->nuclear_repulsion_energy,
       result->hf_energy, 1e-9);
  size_t best = 0;
  for (size_t row = 0; row < result->neval; row++) {
    const double *values = result->eval_parameters + row * n;
    size_t last = n;
    double sum = 0.0;
    while (last > 0 && values[last - 1] == 0.0) {
      last--;
    }
    assert_true(last >= shown || last + 1 == shown);
    shown = last > shown ? last : shown;
    for (size_t k = 0; row > 0 && k < n; k++) {
      double step = values[k] - values[(long)k - (long)n];
      sum += step * step;
    }
    if (row > 0) {
      near(result->eval_parameter_delta_norm[row], sqrt(sum), 1e-14);
    }
    best = result->eval_energy[row] < result->eval_energy[best] ? row : best;
  }
  assert_int_equal(shown, n);
  assert_true(result->eval_energy[best] == result->minimum);
  assert_memory_equal(result->optimal_parameters,
                      result->eval_parameters + best * n, n * sizeof(double));
  /* every operator is in the circuit, no other inputs */
  char input[40];
  snprintf(input, sizeof input, "t%05zu;", n - 1);
  assert_non_null(strstr(result->ansatz_qasm, input));
  snprintf(input, sizeof input, "t%05zu;", n);
  assert_null(strstr(result->ansatz_qasm, input));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* ---- stopping and resuming ---- */

struct seen {
  int nparam;
  double energy;
  double *values; /* parameters, gradient */
  bool gradient;
};

struct journal {
  size_t count, replayed, made;
  size_t stop_after; /* evaluations made here; 0: never */
  struct seen items[4096];
};

static int on_evaluation(void *ctx, const struct vqe_experiment *experiment,
                         int iteration, int nparam, const double *parameters,
                         double energy, double std, const double *gradient)
{
  struct journal *journal = ctx;
  size_t n = (size_t)nparam;
  (void)experiment;
  (void)std;
  assert_int_equal(iteration, journal->count + 1);
  assert_true(journal->count < 4096);
  struct seen *item = &journal->items[journal->count++];
  item->nparam = nparam;
  item->energy = energy;
  item->gradient = gradient != NULL;
  item->values = calloc(2 * n + 1, sizeof(double));
  assert_non_null(item->values);
  memcpy(item->values, parameters, n * sizeof(double));
  if (gradient != NULL) {
    memcpy(item->values + n, gradient, n * sizeof(double));
  }
  journal->made++;
  return VQE_OK;
}

static int on_replay(void *ctx, const struct vqe_experiment *experiment,
                     int iteration, int nparam, const double *parameters,
                     double *energy, double *std, double *gradient)
{
  struct journal *journal = ctx;
  size_t n = (size_t)nparam;
  (void)experiment;
  if ((size_t)iteration > journal->count) {
    return 0;
  }
  const struct seen *item = &journal->items[iteration - 1];
  assert_int_equal(item->nparam, nparam);
  assert_memory_equal(item->values, parameters, n * sizeof(double));
  assert_true(item->gradient == (gradient != NULL));
  *energy = item->energy;
  *std = 0.0;
  if (gradient != NULL) {
    memcpy(gradient, item->values + n, n * sizeof(double));
  }
  journal->replayed++;
  return 1;
}

static bool on_should_stop(void *ctx)
{
  const struct journal *journal = ctx;
  return journal->stop_after > 0 && journal->made >= journal->stop_after;
}

/* Stopped while it grows, it goes on from what was seen: the same bits. */
static void resumed_growth_repeats_the_bits(void **state)
{
  (void)state;
  static struct journal journal;
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_experiment *experiment = adapt("H2O", "QEB");
  struct vqe_result *whole = run(experiment, NULL);
  struct vqe_callbacks callbacks = {.size = sizeof callbacks,
                                    .ctx = &journal,
                                    .evaluation = on_evaluation,
                                    .replay = on_replay,
                                    .should_stop = on_should_stop};
  struct vqe_result *result = NULL;
  assert_true(whole->neval > 120);
  for (size_t stop = 0; stop < 2; stop++) {
    journal.stop_after = 53;
    journal.made = 0;
    assert_int_equal(
        vqe_experiment_run(&result, experiment, &options, &callbacks),
        VQE_ERR_INTERRUPTED);
    assert_null(result);
    assert_int_equal(journal.count, 53 * (stop + 1));
  }
  assert_int_equal(journal.replayed, 53);
  journal.stop_after = 0;
  result = run(experiment, &callbacks);
  assert_int_equal(journal.replayed, 53 + 106);
  assert_int_equal(result->neval, whole->neval);
  assert_int_equal(result->nparam, whole->nparam);
  assert_memory_equal(result->eval_energy, whole->eval_energy,
                      whole->neval * sizeof(double));
  assert_memory_equal(result->eval_parameters, whole->eval_parameters,
                      whole->neval * (size_t)whole->nparam * sizeof(double));
  assert_string_equal(result->ansatz_qasm, whole->ansatz_qasm);
  for (size_t k = 0; k < journal.count; k++) {
    free(journal.items[k].values);
  }
  vqe_result_free(result);
  vqe_result_free(whole);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adapt_reaches_the_exact_energy),
      cmocka_unit_test(adapt_reaches_the_exact_energy_of_a_doublet),
      cmocka_unit_test(spin_adapted_growth_keeps_the_spin),
      cmocka_unit_test(tetris_grows_in_fewer_steps),
      cmocka_unit_test(saddle_points_of_the_pool_are_left),
      cmocka_unit_test(saddle_point_that_must_be_kept_is_not_said_to_converge),
      cmocka_unit_test(energies_do_not_depend_on_the_orientation),
      cmocka_unit_test(every_limit_ends_the_growth),
      cmocka_unit_test(requests_that_adapt_cannot_serve_are_refused),
      cmocka_unit_test(estimate_takes_the_limit_of_operators),
      cmocka_unit_test(recorded_rows_are_padded_by_zeros),
      cmocka_unit_test(resumed_growth_repeats_the_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
