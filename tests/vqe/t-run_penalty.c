/* Circuits that leave the electron number or the spin, held by penalties.
 * Energies: PySCF 2.14.0, FCI in STO-3G. */
#include "vqe/vqe_fixture.h"

#define ION                                                                   \
  "{\"symbols\": [\"H\", \"H\"], \"coords\": [[0, 0, 0], [0, 0, 0.74]], "     \
  "\"charge\": 1, \"multiplicity\": 2, \"name\": \"H2+\"}"
#define TRIPLET                                                               \
  "{\"symbols\": [\"H\", \"H\"], \"coords\": [[0, 0, 0], [0, 0, 0.74]], "     \
  "\"charge\": 0, \"multiplicity\": 3, \"name\": \"H2 triplet\"}"
#define HYDRIDE                                                               \
  "{\"symbols\": [\"He\", \"H\"], \"coords\": [[0, 0, 0], [0, 0, 0.9]], "     \
  "\"charge\": 1, \"multiplicity\": 1, \"name\": \"HeH+\"}"

#define H3                                                                    \
  "{\"symbols\": [\"H\", \"H\", \"H\"], \"coords\": [[0, 0, 0], "             \
  "[0, 0, 1.2], [0, 1, 0.6]], \"charge\": 1, \"name\": \"H3+\"}"

#define H2_IN_STO3G -1.13728383
#define H3_IN_STO3G -1.25209963

static struct vqe_experiment *circuit(const char *molecule, const char *ansatz,
                                      double number, double spin)
{
  struct vqe_experiment *experiment = new_experiment(molecule);
  set(&experiment->ansatz_name, ansatz);
  experiment->ansatz_reps = 2;
  set(&experiment->init_strategy, "random");
  experiment->entanglement = copy("reverse_linear");
  experiment->penalty_number = number;
  experiment->penalty_spin = spin;
  assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                   VQE_OK);
  return experiment;
}

static double energy_of(struct vqe_experiment *experiment, double *n,
                        double *s2)
{
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  double energy = result->minimum + result->nuclear_repulsion_energy;
  *n = result->n_expectation;
  *s2 = result->s2_expectation;
  /* the best recorded point, and its energy without the penalty */
  bool seen = false;
  for (size_t k = 0; k < result->neval; k++) {
    seen = seen || fabs(result->eval_energy[k] - result->minimum) < 1e-12;
  }
  assert_true(seen);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
  return energy;
}

static void number_is_held_by_its_penalty(void **state)
{
  (void)state;
  static const char *const names[] = {"EfficientSU2", "RealAmplitudes"};
  double n;
  double s2;
  for (int k = 0; k < 2; k++) {
    /* H2+ takes the electron that it lacks */
    near(energy_of(circuit(ION, names[k], 0.0, 0.0), &n, &s2), H2_IN_STO3G,
         1e-5);
    near(n, 2.0, 1e-3);
    near(energy_of(circuit(ION, names[k], 1.0, 0.0), &n, &s2), -0.53820545,
         1e-5);
    near(n, 1.0, 1e-3);
    near(s2, 0.75, 1e-3);
  }
  /* HeH+ goes on to the neutral molecule, with 0.25 hartree to gain */
  double neutral =
      energy_of(circuit(HYDRIDE, "EfficientSU2", 0.0, 0.0), &n, &s2);
  assert_true(neutral < -3.0);
  near(n, 3.0, 1e-3);
  near(energy_of(circuit(HYDRIDE, "EfficientSU2", 1.0, 1.0), &n, &s2),
       -2.86261758, 1e-3);
  near(n, 2.0, 1e-3);
  near(s2, 0.0, 1e-3);
}

static void spin_is_held_by_its_penalty(void **state)
{
  (void)state;
  double n;
  double s2;
  near(energy_of(circuit(TRIPLET, "EfficientSU2", 0.0, 0.0), &n, &s2),
       H2_IN_STO3G, 1e-5);
  near(s2, 0.0, 1e-3);
  /* by the number alone it stays a singlet, by the spin too it is none */
  near(energy_of(circuit(TRIPLET, "EfficientSU2", 1.0, 0.0), &n, &s2),
       H2_IN_STO3G, 1e-5);
  near(energy_of(circuit(TRIPLET, "EfficientSU2", 1.0, 1.0), &n, &s2),
       -0.53077336, 1e-5);
  near(n, 2.0, 1e-3);
  near(s2, 2.0, 1e-3);
}

/* Without a start at the minimum of the energy alone, runs with weights of one
 * hartree end up to 1.0 hartree above the exact energy. */
static void steep_penalties_do_not_trap_a_run(void **state)
{
  (void)state;
  for (int64_t seed = 1; seed <= 6; seed++) {
    struct vqe_experiment *experiment =
        circuit(H3, "RealAmplitudes", 1.0, 1.0);
    double n;
    double s2;
    experiment->seed = seed;
    assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                     VQE_OK);
    near(energy_of(experiment, &n, &s2), H3_IN_STO3G, 0.04);
    near(n, 2.0, 1e-3);
    near(s2, 0.0, 1e-3);
  }
}

/* ---- how runs with penalties are steered ---- */

struct journal {
  int count;
  double energies[2000];
  double *gradients;
};

static int keep(void *ctx, const struct vqe_experiment *experiment,
                int iteration, int nparam, const double *parameters,
                double energy, double std, const double *gradient)
{
  struct journal *journal = ctx;
  (void)experiment;
  (void)parameters;
  (void)std;
  assert_true(iteration <= 2000);
  journal->count = iteration;
  journal->energies[iteration - 1] = energy;
  size_t n = (size_t)nparam;
  if (gradient != NULL) { /* steps from a saddle point have none */
    memcpy(journal->gradients + n * (size_t)(iteration - 1), gradient,
           n * sizeof *gradient);
  }
  return 0;
}

static int serve(void *ctx, const struct vqe_experiment *experiment,
                 int iteration, int nparam, const double *parameters,
                 double *energy, double *std, double *gradient)
{
  struct journal *journal = ctx;
  (void)experiment;
  (void)parameters;
  if (iteration > journal->count / 2) {
    return 0;
  }
  *energy = journal->energies[iteration - 1];
  *std = 0.0;
  size_t n = (size_t)nparam;
  if (gradient != NULL) {
    memcpy(gradient, journal->gradients + n * (size_t)(iteration - 1),
           n * sizeof *gradient);
  }
  return 1;
}

/* What is recorded is the energy alone; a run that goes on from the first half
 * of it walks the same way. */
static void interrupted_run_repeats_the_bits(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = circuit(ION, "RealAmplitudes", 1.0, 0.5);
  struct journal *journal = calloc(1, sizeof *journal);
  assert_non_null(journal);
  journal->gradients = calloc(2000 * 12, sizeof(double));
  assert_non_null(journal->gradients);
  struct vqe_callbacks callbacks = VQE_CALLBACKS_INIT;
  callbacks.ctx = journal;
  callbacks.evaluation = keep;
  struct vqe_result *whole = run(experiment, &callbacks);
  assert_int_equal(whole->nparam, 12);
  assert_memory_equal(whole->eval_energy, journal->energies,
                      whole->neval * sizeof(double));
  callbacks.evaluation = NULL;
  callbacks.replay = serve;
  struct vqe_result *again = run(experiment, &callbacks);
  assert_true(again->neval == whole->neval && whole->neval > 10);
  assert_memory_equal(again->eval_energy, whole->eval_energy,
                      whole->neval * sizeof(double));
  assert_true(again->minimum == whole->minimum);
  vqe_result_free(whole);
  vqe_result_free(again);
  vqe_experiment_free(experiment);
  free(journal->gradients);
  free(journal);
}

static void expect(struct vqe_experiment *experiment, const char *words)
{
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  if (strstr(result->reason, words) == NULL) {
    fail_msg("expected '%s' in '%s'", words, result->reason);
  }
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

static void what_cannot_be_had_is_refused(void **state)
{
  (void)state;
  expect(circuit(ION, "EfficientSU2", -1.0, 0.0), "zero or more hartree");
  expect(circuit(ION, "EfficientSU2", NAN, 0.0), "zero or more hartree");
  struct vqe_experiment *experiment = circuit(ION, "EfficientSU2", 1.0, 0.0);
  experiment->shots = 100;
  expect(experiment, "100 shots");
  /* the same where the ansatz would pay nothing */
  experiment = reference(NULL, "H2");
  experiment->penalty_number = 1.0;
  experiment->shots = 100;
  expect(experiment, "cannot be had with 100 shots");
  experiment = circuit(ION, "EfficientSU2", 1.0, 0.0);
  set(&experiment->device, "cuda");
  expect(experiment, "--device cpu");
}

/* An ansatz with the electron number built in pays nothing for it and stays in
 * its sector; for its spin it goes to the full space. */
static void conserving_ansatz_pays_for_spin_alone(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "H2");
  struct vqe_result *plain = run(experiment, NULL);
  experiment->penalty_number = 1.0;
  struct vqe_result *number = run(experiment, NULL);
  assert_string_equal(number->backend, plain->backend);
  assert_true(number->minimum == plain->minimum);
  experiment->penalty_spin = 1.0;
  struct vqe_result *spin = run(experiment, NULL);
  assert_string_equal(spin->backend, "vqe_cpu_statevector");
  near(spin->minimum, plain->minimum, 1e-7);
  vqe_result_free(plain);
  vqe_result_free(number);
  vqe_result_free(spin);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(number_is_held_by_its_penalty),
      cmocka_unit_test(spin_is_held_by_its_penalty),
      cmocka_unit_test(steep_penalties_do_not_trap_a_run),
      cmocka_unit_test(interrupted_run_repeats_the_bits),
      cmocka_unit_test(what_cannot_be_had_is_refused),
      cmocka_unit_test(conserving_ansatz_pays_for_spin_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
