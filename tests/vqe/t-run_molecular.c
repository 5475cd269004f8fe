/* Properties of exact states against PySCF's FCI and CASCI
 * (tests/data/make_properties.py), and the energy from the densities. */
#include "vqe/vqe_fixture.h"

#include "vqe/chem.h"
#include "vqe/property.h"

#define TOLERANCE 1e-6

static struct vqe_experiment *experiment_of(json_t *entry, unsigned properties)
{
  json_t *molecule = json_object();
  static const char *const keys[] = {"name", "symbols", "coords", "charge",
                                     "multiplicity"};
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    json_object_set(molecule, keys[k], json_object_get(entry, keys[k]));
  }
  char *text = json_dumps(molecule, 0);
  struct vqe_experiment *experiment = new_experiment(text);
  json_t *space = json_object_get(entry, "active_space");
  const char *basis = NULL;
  assert_int_equal(
      vqe_basis_canonical(&basis,
                          json_string_value(json_object_get(entry, "basis"))),
      VQE_OK);
  set(&experiment->basis_set, basis);
  experiment->active_electrons =
      (int)json_integer_value(json_object_get(space, "electrons"));
  experiment->active_orbitals =
      (int)json_integer_value(json_object_get(space, "orbitals"));
  experiment->gtol = 1e-9;
  experiment->ftol = 0.0;
  experiment->properties = properties;
  free(text);
  json_decref(molecule);
  return experiment;
}

static void add_option(struct vqe_experiment *experiment, const char *key,
                       const char *json)
{
  struct vqe_option_list *list = &experiment->ansatz_options;
  struct vqe_option *items =
      realloc(list->items, (list->count + 1) * sizeof *items);
  assert_non_null(items);
  items[list->count].key = copy(key);
  items[list->count].json = copy(json);
  list->items = items;
  list->count++;
}

/* Every number of a list in lists, in order. */
static void same_numbers(const double **at, const json_t *expected)
{
  if (!json_is_array(expected)) {
    near(**at, json_number_value(expected), TOLERANCE);
    ++*at;
    return;
  }
  for (size_t k = 0; k < json_array_size(expected); k++) {
    same_numbers(at, json_array_get(expected, k));
  }
}

static void same_property(const struct vqe_result *result, json_t *entry,
                          const char *name)
{
  const struct vqe_property *property = vqe_result_property(result, name);
  const struct vqe_property_kind *kind = vqe_property_find(name);
  size_t size = 0;
  assert_non_null(property);
  assert_non_null(kind);
  assert_int_equal(property->ndim, kind->ndim);
  assert_true(vqe_property_size(&size, property));
  const double *at = property->values;
  same_numbers(&at, json_object_get(entry, name));
  assert_int_equal(at - property->values, size);
}

static void exact_states_have_pyscfs_properties(void **state)
{
  (void)state;
  static const char *const names[] = {"origin",
                                      "dipole",
                                      "quadrupole",
                                      "mulliken_charges",
                                      "mulliken_spins",
                                      "lowdin_charges",
                                      "lowdin_spins",
                                      "orbital_entropies",
                                      "mutual_information",
                                      "rdm1_ao_alpha",
                                      "rdm1_ao_beta"};
  json_t *cases = json_load_file(VQE_TEST_DATA "/properties.json", 0, NULL);
  assert_true(json_array_size(cases) >= 5);
  for (size_t k = 0; k < json_array_size(cases); k++) {
    json_t *entry = json_array_get(cases, k);
    struct vqe_experiment *experiment = experiment_of(entry, VQE_PROPERTY_ALL);
    if (experiment->molecule->multiplicity > 1) {
      /* goes on until the state is exact */
      set(&experiment->ansatz_name, "ADAPT-VQE");
      add_option(experiment, "gradient_norm", "1e-9");
    }
    struct vqe_result *result = run(experiment, NULL);
    print_message("%s\n", json_string_value(json_object_get(entry, "name")));
    assert_int_equal(result->status, VQE_EXPERIMENT_OK);
    near(result->minimum + result->nuclear_repulsion_energy,
         value(entry, "energy"), 1e-9);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
      same_property(result, entry, names[i]);
    }
    const double *at = result->natural_occupations;
    same_numbers(&at, json_object_get(entry, "natural_occupations"));
    const struct vqe_property *variance =
        vqe_result_property(result, "energy_variance");
    assert_non_null(variance);
    assert_true(variance->values[0] >= 0.0 && variance->values[0] < 1e-13);
    assert_null(vqe_result_property(result, "rdm2"));
    vqe_result_free(result);
    vqe_experiment_free(experiment);
  }
  json_decref(cases);
}

static size_t packed(size_t p, size_t q)
{
  return p >= q ? p * (p + 1) / 2 + q : q * (q + 1) / 2 + p;
}

/* sum h_pq D_pq + sum (pq|rs) d_pqrs / 2, and the numbers of electrons that
 * the densities hold. */
static void check_energy(const struct vqe_experiment *experiment)
{
  struct vqe_result *result = run(experiment, NULL);
  struct vqe_integrals *integrals = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.basis = experiment->basis_set;
  options.frozen_core = experiment->frozen_core;
  options.active_electrons = experiment->active_electrons;
  options.active_orbitals = experiment->active_orbitals;
  assert_int_equal(vqe_chem_run(&integrals, experiment->molecule, &options),
                   VQE_OK);
  const struct vqe_property *alpha = vqe_result_property(result, "rdm1_alpha");
  const struct vqe_property *beta = vqe_result_property(result, "rdm1_beta");
  const struct vqe_property *two = vqe_result_property(result, "rdm2");
  assert_non_null(alpha);
  assert_non_null(beta);
  assert_non_null(two);
  size_t n = (size_t)integrals->norb;
  size_t npair = n * (n + 1) / 2;
  double energy = integrals->e_core;
  double na = 0.0;
  double nb = 0.0;
  double pairs = 0.0;
  for (size_t p = 0; p < n; p++) {
    na += alpha->values[p * n + p];
    nb += beta->values[p * n + p];
    for (size_t q = 0; q < n; q++) {
      energy += integrals->h1e[p * n + q] *
                (alpha->values[p * n + q] + beta->values[p * n + q]);
      pairs += two->values[((p * n + p) * n + q) * n + q];
      for (size_t r = 0; r < n; r++) {
        for (size_t s = 0; s < n; s++) {
          energy += 0.5 * integrals->eri[packed(p, q) * npair + packed(r, s)] *
                    two->values[((p * n + q) * n + r) * n + s];
        }
      }
    }
  }
  double electrons = integrals->nalpha + integrals->nbeta;
  near(na, integrals->nalpha, 1e-10);
  near(nb, integrals->nbeta, 1e-10);
  near(pairs, electrons * (electrons - 1.0), 1e-9);
  near(energy, result->minimum, 1e-10);
  vqe_integrals_free(integrals);
  vqe_result_free(result);
}

/* Also of states that are not exact, and of complex ones. */
static void energy_comes_from_the_densities(void **state)
{
  (void)state;
  const unsigned asked = VQE_PROPERTY_RDM1 | VQE_PROPERTY_RDM2;
  static const char *const names[] = {"UCCSD", "k-UpCCGSD", "LUCJ"};
  json_t *cases = json_load_file(VQE_TEST_DATA "/properties.json", 0, NULL);
  for (size_t k = 0; k < 3; k++) {
    struct vqe_experiment *experiment =
        experiment_of(json_array_get(cases, k == 0 ? 4 : 2), asked);
    set(&experiment->ansatz_name, names[k]);
    if (k == 2) {
      experiment->entanglement = copy("square");
    }
    experiment->max_evaluations = 4;
    check_energy(experiment);
    vqe_experiment_free(experiment);
  }
  json_decref(cases);
}

/* The same density by another way: <N> and <S_z> of the state. */
static void circuits_have_densities_too(void **state)
{
  (void)state;
  json_t *cases = json_load_file(VQE_TEST_DATA "/properties.json", 0, NULL);
  struct vqe_experiment *experiment = experiment_of(
      json_array_get(cases, 3), VQE_PROPERTY_ALL | VQE_PROPERTY_RDM2);
  set(&experiment->ansatz_name, "EfficientSU2");
  experiment->entanglement = copy("linear");
  set(&experiment->init_strategy, "random");
  experiment->max_evaluations = 3;
  struct vqe_result *result = run(experiment, NULL);
  const struct vqe_property *alpha = vqe_result_property(result, "rdm1_alpha");
  const struct vqe_property *beta = vqe_result_property(result, "rdm1_beta");
  const struct vqe_property *charges =
      vqe_result_property(result, "mulliken_charges");
  assert_non_null(alpha);
  assert_non_null(beta);
  assert_non_null(charges);
  double na = 0.0;
  double nb = 0.0;
  double charge = 0.0;
  for (size_t p = 0; p < 3; p++) {
    na += alpha->values[4 * p];
    nb += beta->values[4 * p];
    charge += charges->values[p];
  }
  near(na + nb, result->n_expectation, 1e-10);
  near(0.5 * (na - nb), result->sz_expectation, 1e-10);
  near(charge, 2.0 - result->n_expectation, 1e-9);
  assert_null(vqe_result_property(result, "rdm2"));
  assert_non_null(strstr(result->notes, "properties_left_out: rdm2"));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
  json_decref(cases);
}

static void fcidumps_say_what_is_left_out(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = reference(NULL, "LiH");
  vqe_molecule_free(experiment->molecule);
  experiment->molecule = NULL;
  experiment->fcidump = copy(VQE_TEST_DATA "/LiH.fcidump");
  set(&experiment->basis_set, "fcidump");
  experiment->properties = VQE_PROPERTY_ALL;
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_non_null(vqe_result_property(result, "rdm1_alpha"));
  assert_non_null(vqe_result_property(result, "orbital_entropies"));
  assert_null(vqe_result_property(result, "dipole"));
  assert_null(vqe_result_property(result, "natural_orbitals"));
  assert_non_null(strstr(result->notes, "properties_left_out: moments"));
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

/* Columns are orthonormal over the overlap: their density gives the number of
 * electrons, and no property is there that nobody asked for. */
static void only_what_is_asked_for_is_computed(void **state)
{
  (void)state;
  json_t *cases = json_load_file(VQE_TEST_DATA "/properties.json", 0, NULL);
  struct vqe_experiment *experiment =
      experiment_of(json_array_get(cases, 3), VQE_PROPERTY_MOMENTS);
  experiment->max_evaluations = 3;
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->nproperty, 3);
  assert_non_null(vqe_result_property(result, "origin"));
  assert_non_null(vqe_result_property(result, "dipole"));
  assert_non_null(vqe_result_property(result, "quadrupole"));
  /* of a neutral molecule the origin does not matter */
  for (size_t k = 0; k < 3; k++) {
    near(vqe_result_property(result, "dipole")->values[k], result->dipole[k],
         1e-9);
  }
  vqe_result_free(result);
  experiment->properties = 0;
  result = run(experiment, NULL);
  assert_int_equal(result->nproperty, 0);
  assert_null(result->properties);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
  json_decref(cases);
}

/* Optimised orbitals: the dipole by functions is that by rotated integrals. */
static void optimised_orbitals_carry_the_density(void **state)
{
  (void)state;
  json_t *cases = json_load_file(VQE_TEST_DATA "/properties.json", 0, NULL);
  struct vqe_experiment *experiment =
      experiment_of(json_array_get(cases, 3), VQE_PROPERTY_MOMENTS);
  experiment->active_electrons = 4;
  add_option(experiment, "orbital_optimization", "true");
  experiment->max_evaluations = 20;
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  for (size_t k = 0; k < 3; k++) {
    near(vqe_result_property(result, "dipole")->values[k], result->dipole[k],
         1e-9);
  }
  vqe_result_free(result);
  vqe_experiment_free(experiment);
  json_decref(cases);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_states_have_pyscfs_properties),
      cmocka_unit_test(energy_comes_from_the_densities),
      cmocka_unit_test(circuits_have_densities_too),
      cmocka_unit_test(fcidumps_say_what_is_left_out),
      cmocka_unit_test(only_what_is_asked_for_is_computed),
      cmocka_unit_test(optimised_orbitals_carry_the_density),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
