/* The scales of UCCSD's parameters against second differences of the energy,
 * the start from MP2 amplitudes of open shells, and the default start. */
#include "oracle.h"

#include "base/notes.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/experiment.h"
#include "vqe/initial.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

static void check(const char *name)
{
  struct vqe_chem_options chem = VQE_CHEM_OPTIONS_INIT;
  struct vqe_estimator_options estimator_options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_ansatz *ansatz = NULL;
  struct vqe_estimator *estimator = NULL;
  struct vqe_ansatz_options options;
  double *scale = NULL;
  char path[512];
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", name);
  assert_int_equal(vqe_fcidump_read(&integrals, path, &chem), VQE_OK);
  assert_int_equal(vqe_hamiltonian_create(&hamiltonian, integrals->norb,
                                          integrals->h1e, integrals->eri, 0.0,
                                          true, 0.0),
                   VQE_OK);
  vqe_ansatz_options_init(&options);
  options.name = "UCCSD";
  options.reps = 1;
  options.norb = integrals->norb;
  options.nalpha = integrals->nalpha;
  options.nbeta = integrals->nbeta;
  options.restricted = true;
  options.nirrep = hamiltonian->nirrep;
  options.irrep = hamiltonian->irrep;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(vqe_estimator_create(&estimator, hamiltonian, ansatz,
                                        &estimator_options),
                   VQE_OK);
  assert_int_equal(vqe_initial_scale(&scale, ansatz, integrals), VQE_OK);
  assert_non_null(scale);
  double *x = oracle_new((size_t)ansatz->nparam);
  double middle;
  assert_int_equal(vqe_estimator_energy(estimator, &middle, x), VQE_OK);
  for (int k = 0; k < ansatz->nparam; k++) {
    const double step = 1e-2;
    double up;
    double down;
    x[k] = step;
    assert_int_equal(vqe_estimator_energy(estimator, &up, x), VQE_OK);
    x[k] = -step;
    assert_int_equal(vqe_estimator_energy(estimator, &down, x), VQE_OK);
    x[k] = 0.0;
    double curvature = (up - 2.0 * middle + down) / (step * step);
    /* orbital energies leave out what the moved electrons do to each other */
    double ratio = curvature * scale[k] * scale[k];
    if (!(ratio > 0.3 && ratio < 1.5)) {
      fail_msg("%s, parameter %d: curvature %g is %g of what is expected",
               name, k, curvature, ratio);
    }
  }
  free(x);
  free(scale);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void scales_are_inverse_roots_of_curvature(void **state)
{
  (void)state;
  check("H2");
  check("LiH");
  check("H2O");
  check("N2");
}

/* Orbital energies that promise nothing: no scales. */
static void flat_directions_give_no_scales(void **state)
{
  (void)state;
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  double energies[2] = {-0.5, -0.49};
  struct vqe_integrals integrals = {.orbital_energies = energies};
  double *scale = energies;
  vqe_ansatz_options_init(&options);
  options.name = "UCCSD";
  options.reps = 1;
  options.norb = 2;
  options.nalpha = 1;
  options.nbeta = 1;
  options.restricted = true;
  options.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(vqe_initial_scale(&scale, ansatz, &integrals), VQE_OK);
  assert_null(scale);
  vqe_ansatz_free(ansatz);
}

/* Degenerate orbitals have no MP2 amplitudes: a start that nobody asked for
 * becomes the Hartree-Fock state and says so, one asked for is an error. */
static void default_start_falls_back_where_mp2_diverges(void **state)
{
  (void)state;
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  double energies[2] = {-0.5, -0.5};
  double eri[9] = {0.7, 0.0, 0.45, 0.0, 0.2, 0.0, 0.45, 0.0, 0.7};
  struct vqe_integrals integrals = {.orbital_energies = energies, .eri = eri};
  struct vqe_experiment experiment = {.init_strategy = "mp2",
                                      .init_default = true};
  char *notes = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "UCCSD";
  options.reps = 1;
  options.norb = 2;
  options.nalpha = 1;
  options.nbeta = 1;
  options.restricted = true;
  options.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  double *x = oracle_new((size_t)ansatz->nparam);
  for (int k = 0; k < ansatz->nparam; k++) {
    x[k] = 1.0;
  }
  assert_int_equal(
      vqe_initial_parameters(x, &notes, &experiment, ansatz, 0, &integrals, 0),
      VQE_OK);
  assert_true(vqe_notes_has(notes, VQE_NOTE_START_FELL_BACK));
  for (int k = 0; k < ansatz->nparam; k++) {
    assert_true(x[k] == 0.0);
  }
  free(notes);
  notes = NULL;
  energies[1] = -0.4999; /* nearly degenerate: amplitudes of 1000 */
  assert_int_equal(
      vqe_initial_parameters(x, &notes, &experiment, ansatz, 0, &integrals, 0),
      VQE_OK);
  assert_true(vqe_notes_has(notes, VQE_NOTE_START_FELL_BACK));
  free(notes);
  notes = NULL;
  energies[1] = -0.5;
  experiment.init_default = false;
  assert_int_equal(
      vqe_initial_parameters(x, &notes, &experiment, ansatz, 0, &integrals, 0),
      VQE_ERR_NUMERIC);
  assert_null(notes);
  free(x);
  vqe_ansatz_free(ansatz);
}

static struct vqe_integrals *solve(const char *molecule_json)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_molecule_list *list = NULL;
  struct vqe_integrals *integrals = NULL;
  assert_int_equal(vqe_molecule_list_parse(&list, molecule_json,
                                           strlen(molecule_json), "json",
                                           "test"),
                   VQE_OK);
  assert_int_equal(
      vqe_chem_run(&integrals, list->entries[0].molecule, &options), VQE_OK);
  vqe_molecule_list_free(list);
  return integrals;
}

/* Parameters of the start, its energy, and the slope on the way to it at the
 * Hartree-Fock state. */
static double start_energy(double **x, int *count, double *slope,
                           const char *name, int reps,
                           const struct vqe_integrals *integrals)
{
  struct vqe_estimator_options estimator_options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_experiment experiment = {.init_strategy = "mp2",
                                      .init_default = false};
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_estimator *estimator = NULL;
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  char *notes = NULL;
  double energy;
  assert_int_equal(
      vqe_hamiltonian_create(
          &hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
          integrals->e_core + integrals->nuclear_repulsion, true, 0.0),
      VQE_OK);
  vqe_ansatz_options_init(&options);
  options.name = name;
  options.reps = reps;
  options.norb = integrals->norb;
  options.nalpha = integrals->nalpha;
  options.nbeta = integrals->nbeta;
  options.nirrep = hamiltonian->nirrep;
  options.irrep = hamiltonian->irrep;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(vqe_estimator_create(&estimator, hamiltonian, ansatz,
                                        &estimator_options),
                   VQE_OK);
  *x = oracle_new((size_t)ansatz->nparam);
  *count = ansatz->nparam;
  assert_int_equal(
      vqe_initial_parameters(*x, &notes, &experiment, ansatz, 0, integrals, 0),
      VQE_OK);
  assert_null(notes);
  assert_int_equal(vqe_estimator_energy(estimator, &energy, *x), VQE_OK);
  double *part = oracle_new((size_t)*count);
  double sides[2];
  const double step = 1e-4;
  for (int side = 0; side < 2; side++) {
    for (int k = 0; k < *count; k++) {
      part[k] = (side == 0 ? -step : step) * (*x)[k];
    }
    assert_int_equal(vqe_estimator_energy(estimator, &sides[side], part),
                     VQE_OK);
  }
  *slope = (sides[1] - sides[0]) / (2.0 * step);
  free(part);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  return energy;
}

/* d/ds E(exp(s T - s T^+)) at s = 0 is 2 <0|H T|0>, twice the energy of second
 * order, to which every amplitude adds something negative: a wrong sign or a
 * swapped index would show. All start below Hartree-Fock. */
static void open_shells_start_along_their_mp2_amplitudes(void **state)
{
  (void)state;
  static const char *const molecules[] = {
      "{\"symbols\": [\"N\", \"H\"], \"multiplicity\": 3, "
      "\"coords\": [[0,0,0], [0,0,1.04]]}",
      "{\"symbols\": [\"O\", \"H\"], \"multiplicity\": 2, "
      "\"coords\": [[0,0,0], [0,0,0.97]]}",
      "{\"symbols\": [\"N\", \"H\", \"H\"], \"multiplicity\": 2, "
      "\"coords\": [[0,0,0], [0.8,0,0.64], [-0.8,0,0.64]]}",
      "{\"symbols\": [\"C\", \"H\", \"H\"], \"multiplicity\": 3, "
      "\"coords\": [[0,0,0], [0.98,0,0.45], [-0.98,0,0.45]]}",
      "{\"symbols\": [\"N\", \"O\"], \"multiplicity\": 2, "
      "\"coords\": [[0,0,0], [0,0,1.15]]}",
      "{\"symbols\": [\"O\", \"O\"], \"multiplicity\": 3, "
      "\"coords\": [[0,0,0], [0,0,1.21]]}"};
  for (size_t k = 0; k < sizeof molecules / sizeof molecules[0]; k++) {
    struct vqe_integrals *integrals = solve(molecules[k]);
    assert_true(integrals->has_mp2);
    double correlation = integrals->mp2_energy - integrals->hf_energy;
    double *x = NULL;
    int count;
    double slope;
    double energy = start_energy(&x, &count, &slope, "UCCSD", 1, integrals);
    if (!(correlation < 0.0 && fabs(slope - 2.0 * correlation) < 1e-7 &&
          energy < integrals->hf_energy + 0.5 * correlation)) {
      fail_msg("%s: UCCSD starts at %g, slope %g, of MP2's %g", molecules[k],
               energy - integrals->hf_energy, slope, correlation);
    }
    double *half = NULL;
    int twice;
    (void)start_energy(&half, &twice, &slope, "UCCSD", 2, integrals);
    assert_int_equal(twice, 2 * count);
    for (int p = 0; p < count; p++) {
      assert_true(fabs(half[p] - 0.5 * x[p]) < 0.01); /* noise of reps */
    }
    free(half);
    free(x);
    static const char *const others[] = {"UCCD", "pUCCD", "UCCD0", "k-UpCCGSD",
                                         "k-UpCCGD"};
    for (size_t a = 0; a < sizeof others / sizeof others[0]; a++) {
      energy = start_energy(&x, &count, &slope, others[a], 1, integrals);
      if (!(energy < integrals->hf_energy)) {
        fail_msg("%s: %s starts above Hartree-Fock", molecules[k], others[a]);
      }
      free(x);
    }
    vqe_integrals_free(integrals);
  }
}

/* A singly occupied orbital of the energy of an empty one. */
static void open_start_falls_back_where_mp2_diverges(void **state)
{
  (void)state;
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  double energies[2] = {-0.5, -0.85}; /* alpha: half of (11|11) less */
  double eri[9] = {0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.7};
  struct vqe_integrals integrals = {
      .norb = 2, .nalpha = 1, .orbital_energies = energies, .eri = eri};
  struct vqe_experiment experiment = {.init_strategy = "mp2",
                                      .init_default = true};
  char *notes = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "UCCSD";
  options.reps = 1;
  options.norb = 2;
  options.nalpha = 1;
  options.nbeta = 0;
  options.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  double *x = oracle_new((size_t)ansatz->nparam);
  for (int has_mp2 = 0; has_mp2 < 2; has_mp2++) {
    integrals.has_mp2 = has_mp2 == 1; /* false: not canonical */
    assert_int_equal(vqe_initial_parameters(x, &notes, &experiment, ansatz, 0,
                                            &integrals, 0),
                     VQE_OK);
    assert_true(vqe_notes_has(notes, VQE_NOTE_START_FELL_BACK));
    for (int k = 0; k < ansatz->nparam; k++) {
      assert_true(x[k] == 0.0);
    }
    free(notes);
    notes = NULL;
  }
  experiment.init_default = false;
  assert_int_equal(
      vqe_initial_parameters(x, &notes, &experiment, ansatz, 0, &integrals, 0),
      VQE_ERR_NUMERIC);
  assert_null(notes);
  free(x);
  vqe_ansatz_free(ansatz);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scales_are_inverse_roots_of_curvature),
      cmocka_unit_test(flat_directions_give_no_scales),
      cmocka_unit_test(default_start_falls_back_where_mp2_diverges),
      cmocka_unit_test(open_shells_start_along_their_mp2_amplitudes),
      cmocka_unit_test(open_start_falls_back_where_mp2_diverges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
