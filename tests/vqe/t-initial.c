/* The scales of UCCSD's parameters against second differences of the energy,
 * and the default start. */
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scales_are_inverse_roots_of_curvature),
      cmocka_unit_test(flat_directions_give_no_scales),
      cmocka_unit_test(default_start_falls_back_where_mp2_diverges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
