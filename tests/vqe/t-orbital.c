/* Orbital optimisation: complete-active-space energies where the ansatz is
 * exact, no dependence on the orbitals that a run starts from, and records of
 * circuit parameters followed by angles. */
#include "vqe/vqe_fixture.h"

#include <unistd.h>

#include "chem/rotation.h"
#include "vqe/operators.h"

/* With the option; of a geometry, or of an FCIDUMP when `path` is one. */
static struct vqe_experiment *optimised(const char *molecule_json,
                                        const char *path, const char *ansatz)
{
  struct vqe_experiment *experiment = new_experiment(molecule_json);
  if (path != NULL) {
    vqe_molecule_free(experiment->molecule);
    experiment->molecule = NULL;
    set(&experiment->fcidump, path);
    set(&experiment->basis_set, "fcidump");
  }
  set(&experiment->ansatz_name, ansatz);
  set(&experiment->init_strategy, "hf");
  experiment->gtol = 1e-6;
  experiment->ftol = 1e-10;
  experiment->ansatz_options.items =
      calloc(1, sizeof *experiment->ansatz_options.items);
  assert_non_null(experiment->ansatz_options.items);
  experiment->ansatz_options.count = 1;
  experiment->ansatz_options.items[0].key = copy("orbital_optimization");
  experiment->ansatz_options.items[0].json = copy("true");
  assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                   VQE_OK);
  return experiment;
}

#define H2 "{\"symbols\": [\"H\", \"H\"], \"coords\": [[0,0,0], [0,0,0.74]]}"

static double total(const struct vqe_result *result)
{
  if (result->status != VQE_EXPERIMENT_OK || !result->success) {
    fail_msg("%s", result->reason);
  }
  return result->minimum + result->nuclear_repulsion_energy;
}

static void check_casscf(const json_t *entry, const char *ansatz)
{
  json_t *molecule = json_pack("{s:O, s:O, s:O}", "symbols",
                               json_object_get(entry, "symbols"), "coords",
                               json_object_get(entry, "coords"), "charge",
                               json_object_get(entry, "charge"));
  char *text = json_dumps(molecule, 0);
  const char *basis = json_string_value(json_object_get(entry, "basis"));
  struct vqe_experiment *experiment = optimised(text, NULL, ansatz);
  set(&experiment->basis_set, strcmp(basis, "sto-3g") == 0 ? "sto3g" : basis);
  experiment->active_electrons = 2;
  experiment->active_orbitals = 2;
  /* the file holds the minima within the symmetry of the molecule */
  experiment->escape_saddles = VQE_ESCAPE_NEVER;
  struct vqe_result *result = run(experiment, NULL);
  double energy = total(result);
  near(energy, json_real_value(json_object_get(entry, "energy")), 1e-7);
  near(result->hf_energy, json_real_value(json_object_get(entry, "hf")), 1e-7);
  /* the reference is that of the first orbitals */
  assert_true(energy < result->fci_energy - 1e-6 &&
              result->fci_energy < result->hf_energy);
  assert_int_equal(result->nfrozen,
                   json_integer_value(json_object_get(entry, "frozen")));
  for (int k = 0; k < 3; k++) {
    const json_t *dipole = json_object_get(entry, "dipole");
    near(result->dipole[k],
         json_number_value(json_array_get(dipole, (size_t)k)), 1e-4);
  }
  /* the last evaluation of least energy is the optimum, angles included */
  bool found = false;
  assert_true(result->nparam > 1);
  for (size_t k = 0; k < result->neval && !found; k++) {
    found = memcmp(result->eval_parameters + k * (size_t)result->nparam,
                   result->optimal_parameters,
                   (size_t)result->nparam * sizeof(double)) == 0 &&
            result->eval_energy[k] == result->minimum;
  }
  assert_true(found);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
  free(text);
  json_decref(molecule);
}

static void optimised_orbitals_give_casscf_energies(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/casscf.json", 0, &error);
  assert_non_null(root);
  assert_int_equal(json_array_size(root), 4);
  for (size_t k = 0; k < json_array_size(root); k++) {
    check_casscf(json_array_get(root, k), "UCCSD");
  }
  check_casscf(json_array_get(root, 0), "k-UpCCGSD");
  json_decref(root);
}

/* PySCF 2.14.0, CASSCF of water from orbitals turned at random, the same from
 * six starts: with the symmetry of the molecule 32.4 mHa higher for (4,4), as
 * an orbital of another irrep cannot enter the active space. */
static void saddle_points_of_orbitals_are_left(void **state)
{
  (void)state;
  static const struct {
    int active;
    bool symmetry;
    double energy;
  } cases[] = {{4, true, -75.00856886},
               {4, false, -75.00856886},
               {2, true, -74.98320233}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_experiment *experiment = optimised(
        "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "
        "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}",
        NULL, "UCCSD");
    experiment->active_electrons = cases[k].active;
    experiment->active_orbitals = cases[k].active;
    experiment->symmetry = cases[k].symmetry;
    experiment->escape_saddles = VQE_ESCAPE_ALWAYS;
    struct vqe_result *result = run(experiment, NULL);
    double energy = total(result);
    /* UCCSD is not quite exact for four electrons */
    assert_true(energy > cases[k].energy - 1e-7);
    near(energy, cases[k].energy, 2e-5);
    /* what was recorded before symmetry was left has zeros in new columns */
    size_t n = (size_t)result->nparam;
    double lowest = INFINITY;
    for (size_t row = 0; row < result->neval; row++) {
      lowest = fmin(lowest, result->eval_energy[row]);
    }
    assert_true(lowest == result->minimum);
    assert_true(result->initial_parameters[n - 1] == 0.0);
    near(result->eval_energy[0] + result->nuclear_repulsion_energy,
         result->hf_energy, 1e-9);
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
}

/* PySCF 2.14.0, CASSCF (4,4) of water from its own orbitals: the minimum
 * within the symmetry of the molecule. */
static void run_that_stays_in_its_symmetry_says_so(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = optimised(
      "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "
      "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}",
      NULL, "UCCSD");
  experiment->active_electrons = 4;
  experiment->active_orbitals = 4;
  struct vqe_result *result = run(experiment, NULL);
  near(total(result), -74.97612534083606, 2e-5);
  assert_non_null(strstr(result->notes, "saddle_point: "));
  int evaluations = result->nfev;
  vqe_result_free(result);
  experiment->escape_saddles = VQE_ESCAPE_NEVER;
  result = run(experiment, NULL);
  assert_int_equal(result->nfev, evaluations);
  assert_true(result->notes == NULL ||
              strstr(result->notes, "saddle_point: ") == NULL);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* Several starts, of which the first may leave symmetry. */
static void starts_keep_their_parameters_when_symmetry_is_left(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = optimised(
      "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "
      "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}",
      NULL, "UCCSD");
  experiment->active_electrons = 4;
  experiment->active_orbitals = 4;
  experiment->restarts = 3;
  experiment->escape_saddles = VQE_ESCAPE_ALWAYS;
  struct vqe_result *result = run(experiment, NULL);
  double energy = total(result);
  near(energy, -75.00856886, 2e-5);
  /* the reported parameters are those of the lowest evaluation */
  size_t n = (size_t)result->nparam;
  bool found = false;
  for (size_t row = 0; row < result->neval && !found; row++) {
    found = result->eval_energy[row] == result->minimum &&
            memcmp(result->eval_parameters + row * n,
                   result->optimal_parameters, n * sizeof(double)) == 0;
  }
  assert_true(found);
  json_t *starts = json_loads(result->starts, 0, NULL);
  assert_int_equal(json_array_size(starts), 3);
  json_decref(starts);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* The FCIDUMP with its orbitals turned within their irreps. */
static void write_turned(const char *path, const char *source, double size)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_rotation *rotation = NULL;
  options.keep_all = true;
  assert_int_equal(vqe_fcidump_read(&integrals, source, &options), VQE_OK);
  assert_int_equal(vqe_hamiltonian_create(&hamiltonian, integrals->norb,
                                          integrals->h1e, integrals->eri, 0.0,
                                          true, 0.0),
                   VQE_OK);
  assert_int_equal(
      vqe_rotation_create(&rotation, integrals, hamiltonian->irrep), VQE_OK);
  double angles[36];
  assert_true(rotation->nangle > 3 && rotation->nangle < 36);
  for (int k = 0; k < rotation->nangle; k++) {
    angles[k] = size * sin(k + 1.0);
  }
  assert_int_equal(vqe_rotation_apply(rotation, angles), VQE_OK);
  struct vqe_integrals turned = *integrals;
  turned.h1e = rotation->h1e;
  turned.eri = rotation->eri;
  assert_int_equal(vqe_fcidump_write(&turned, path), VQE_OK);
  vqe_rotation_free(rotation);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void energy_does_not_depend_on_the_first_orbitals(void **state)
{
  (void)state;
  char path[] = "turned_XXXXXX";
  int file = mkstemp(path);
  assert_true(file >= 0);
  close(file);
  const char *source = VQE_TEST_DATA "/LiH.fcidump";
  double energy[2];
  double start[2];
  write_turned(path, source, 0.2);
  for (int k = 0; k < 2; k++) {
    struct vqe_experiment *experiment =
        optimised(H2, k == 0 ? source : path, "UCCSD");
    struct vqe_result *result = run(experiment, NULL);
    energy[k] = total(result);
    start[k] = result->hf_energy;
    /* amplitudes, and pairs of one irrep: (4 choose 2) sigma orbitals */
    assert_int_equal(result->nparam, 21 + 6);
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  unlink(path);
  assert_true(start[1] > start[0] + 1e-3);
  near(energy[0], energy[1], 1e-6);
}

static void option_needs_exact_energies_and_can_be_off(void **state)
{
  (void)state;
  struct vqe_experiment *experiment =
      optimised(H2, VQE_TEST_DATA "/H2.fcidump", "UCCSD");
  experiment->shots = 10;
  set(&experiment->optimizer, "COBYLA");
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(result->reason, "orbital_optimization"));
  vqe_result_free(result);
  /* without the option: no angles */
  experiment->shots = 0;
  set(&experiment->ansatz_options.items[0].json, "false");
  result = run(experiment, NULL);
  assert_int_equal(result->nparam, 1);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(optimised_orbitals_give_casscf_energies),
      cmocka_unit_test(saddle_points_of_orbitals_are_left),
      cmocka_unit_test(run_that_stays_in_its_symmetry_says_so),
      cmocka_unit_test(starts_keep_their_parameters_when_symmetry_is_left),
      cmocka_unit_test(energy_does_not_depend_on_the_first_orbitals),
      cmocka_unit_test(option_needs_exact_energies_and_can_be_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
