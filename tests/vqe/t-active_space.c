/* Active spaces by rules against PySCF: sizes, complete-active-space energies,
 * MP2 natural occupations; nothing depends on how the molecule lies. */
#include "vqe/vqe_fixture.h"

#include <lapacke.h>

#include "chem/env.h"
#include "chem/natural.h"
#include "chem/reference.h"
#include "vqe/chem.h"
#include "vqe/operators.h"

static json_t *spaces;

static int load(void **state)
{
  (void)state;
  json_error_t error;
  spaces = json_load_file(VQE_TEST_DATA "/active_spaces.json", 0, &error);
  return spaces == NULL;
}

static int unload(void **state)
{
  (void)state;
  json_decref(spaces);
  return 0;
}

static double number(const json_t *entry, const char *key)
{
  const json_t *value = json_object_get(entry, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

/* The molecule of an entry: its atoms in another order, turned about an axis
 * that is none of its own. */
static struct vqe_molecule *molecule_of(const json_t *entry, bool turned)
{
  static const double q[4] = {0.8, 0.36, -0.48, 0.0}; /* of length 1 */
  const double r[3][3] = {
      {1 - 2 * (q[2] * q[2] + q[3] * q[3]), 2 * (q[1] * q[2] - q[0] * q[3]),
       2 * (q[1] * q[3] + q[0] * q[2])},
      {2 * (q[1] * q[2] + q[0] * q[3]), 1 - 2 * (q[1] * q[1] + q[3] * q[3]),
       2 * (q[2] * q[3] - q[0] * q[1])},
      {2 * (q[1] * q[3] - q[0] * q[2]), 2 * (q[2] * q[3] + q[0] * q[1]),
       1 - 2 * (q[1] * q[1] + q[2] * q[2])}};
  const json_t *symbols = json_object_get(entry, "symbols");
  const json_t *coords = json_object_get(entry, "coords");
  json_t *list = json_array();
  json_t *places = json_array();
  size_t count = json_array_size(symbols);
  for (size_t k = 0; k < count; k++) {
    size_t from = turned ? count - 1 - k : k;
    const json_t *at = json_array_get(coords, from);
    double x[3];
    for (size_t i = 0; i < 3; i++) {
      x[i] = json_number_value(json_array_get(at, i));
    }
    json_t *place = json_array();
    for (size_t i = 0; i < 3; i++) {
      double sum = 0.3;
      for (size_t j = 0; j < 3; j++) {
        sum += r[i][j] * x[j];
      }
      json_array_append_new(place, json_real(turned ? sum : x[i]));
    }
    json_array_append_new(places, place);
    json_array_append(list, json_array_get(symbols, from));
  }
  json_t *object =
      json_pack("{s:o, s:o, s:O}", "symbols", list, "coords", places,
                "multiplicity", json_object_get(entry, "multiplicity"));
  char *text = json_dumps(object, 0);
  struct vqe_molecule_list *found = NULL;
  struct vqe_molecule *molecule = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&found, text, strlen(text), "json", "test"),
      VQE_OK);
  assert_int_equal(vqe_molecule_copy(&molecule, found->entries[0].molecule),
                   VQE_OK);
  vqe_molecule_list_free(found);
  free(text);
  json_decref(object);
  return molecule;
}

/* Status of vqe_chem_run; `rule` NULL: of the entry. */
static int try_rule(struct vqe_integrals **out, const json_t *entry,
                    const char *rule, bool turned)
{
  struct vqe_molecule *molecule = molecule_of(entry, turned);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char *own = json_dumps(json_object_get(entry, "rule"), JSON_ENCODE_ANY);
  options.basis = json_string_value(json_object_get(entry, "basis"));
  options.frozen_core = (int)number(entry, "frozen_core");
  options.active_space = rule != NULL ? rule : own;
  options.label_orbitals = true;
  *out = NULL;
  int status = vqe_chem_run(out, molecule, &options);
  vqe_molecule_free(molecule);
  free(own);
  return status;
}

static struct vqe_integrals *solve(const json_t *entry, bool turned)
{
  struct vqe_integrals *integrals = NULL;
  if (try_rule(&integrals, entry, NULL, turned) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return integrals;
}

static double casci(const struct vqe_integrals *x)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result found;
  options.tolerance = 1e-8;
  options.multiplicity = x->nalpha - x->nbeta + 1;
  assert_int_equal(vqe_hamiltonian_create(&hamiltonian, x->norb, x->h1e,
                                          x->eri, x->e_core, true, 0.0),
                   VQE_OK);
  if (vqe_fci_solve(&found, hamiltonian, x->nalpha, x->nbeta, &options) !=
      VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  vqe_hamiltonian_free(hamiltonian);
  return found.energy + x->nuclear_repulsion;
}

static const json_t *entry_of(const char *name, const char *basis)
{
  size_t k;
  json_t *entry;
  json_array_foreach(spaces, k, entry)
  {
    if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0 &&
        strcmp(json_string_value(json_object_get(entry, "basis")), basis) ==
            0) {
      return entry;
    }
  }
  fail_msg("no entry %s, %s", name, basis);
  return NULL;
}

static void check(const json_t *entry, const struct vqe_integrals *x)
{
  assert_int_equal(x->norb, (int)number(entry, "orbitals"));
  assert_int_equal(x->nalpha + x->nbeta, (int)number(entry, "electrons"));
  near(x->hf_energy, number(entry, "hf"), 1e-8);
  near(casci(x), number(entry, "casci"), 1e-8);
}

/* Atoms are named by their place. */
static bool counts_atoms(const json_t *entry)
{
  const json_t *avas = json_object_get(json_object_get(entry, "rule"), "avas");
  const json_t *shell = json_array_get(json_object_get(avas, "shells"), 0);
  const char *text = json_string_value(shell);
  return text != NULL && text[0] == '0';
}

/* However the molecule lies, and in whatever order its atoms come. */
static void sizes_and_energies_are_those_of_pyscf(void **state)
{
  (void)state;
  size_t k;
  json_t *entry;
  assert_int_equal(json_array_size(spaces), 22);
  json_array_foreach(spaces, k, entry)
  {
    struct vqe_integrals *x = solve(entry, false);
    check(entry, x);
    bool small = json_array_size(json_object_get(entry, "symbols")) <= 4;
    bool turns = small || json_is_string(json_object_get(entry, "rule"));
    if (turns && !counts_atoms(entry)) {
      struct vqe_integrals *y = solve(entry, true);
      check(entry, y);
      for (int p = 0; p < x->norb; p++) {
        near(x->orbitals[p].energy, y->orbitals[p].energy, 1e-6);
        near(x->orbitals[p].occupation, y->orbitals[p].occupation, 1e-6);
        assert_string_equal(x->orbitals[p].irrep, y->orbitals[p].irrep);
      }
      vqe_integrals_free(y);
    }
    vqe_integrals_free(x);
  }
}

/* The density is that of MP2 in PySCF: its eigenvalues over the orbitals of
 * SCF, of which functions are made here. */
static void natural_occupations_are_those_of_pyscf(void **state)
{
  (void)state;
  size_t k;
  json_t *entry;
  int checked = 0;
  json_array_foreach(spaces, k, entry)
  {
    const json_t *wanted = json_object_get(entry, "occupations");
    if (wanted == NULL) {
      continue;
    }
    struct vqe_molecule *molecule = molecule_of(entry, false);
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    options.basis = json_string_value(json_object_get(entry, "basis"));
    options.keep_all = true;
    options.active_electrons = 2;
    options.active_orbitals = 2;
    if (vqe_chem_run(&x, molecule, &options) != VQE_OK) {
      fail_msg("%s", vqe_error_message());
    }
    size_t n = (size_t)x->whole->norb;
    double *identity = calloc(n * n, sizeof *identity);
    double *density = calloc(n * n, sizeof *density);
    double *energies = calloc(n, sizeof *energies);
    double *occupations = calloc(n, sizeof *occupations);
    size_t npair = n * (n + 1) / 2;
    double *eri = calloc(npair * (npair + 1) / 2, sizeof *eri);
    assert_true(identity != NULL && density != NULL && energies != NULL &&
                occupations != NULL && eri != NULL);
    double coupling, mixing;
    vqe_reference_fock(energies, &coupling, &mixing, x->whole);
    for (size_t p = 0; p < n; p++) {
      identity[p * n + p] = 1.0;
    }
    for (size_t pq = 0; pq < npair; pq++) {
      for (size_t rs = 0; rs <= pq; rs++) {
        eri[vqe_pair(pq, rs)] = x->whole->eri[pq * npair + rs];
      }
    }
    const struct vqe_natural_input input = {
        .name = "test",
        .nao = (int)n,
        .nmo = (int)n,
        .nalpha = x->whole->nalpha,
        .nbeta = x->whole->nbeta,
        .nfrozen = (int)number(entry, "frozen_core"),
        .mo_coeff = identity,
        .mo_energy = energies,
        .eri = eri,
        .threads = 2};
    assert_int_equal(vqe_natural_density(density, &input), VQE_OK);
    assert_int_equal(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'L', (int)n, density,
                                   (int)n, occupations),
                     0);
    assert_int_equal(json_array_size(wanted), n);
    for (size_t p = 0; p < n; p++) {
      near(occupations[n - 1 - p],
           json_number_value(json_array_get(wanted, p)), 1e-8);
    }
    checked++;
    free(identity);
    free(density);
    free(energies);
    free(occupations);
    free(eri);
    vqe_integrals_free(x);
    vqe_molecule_free(molecule);
  }
  assert_int_equal(checked, 6);
}

/* Textbook labels: 2a1 1b2 3a1 1b1 of water in its plane yz, au and bg of
 * butadiene's pi electrons, and those of D2h for the bonds of N2. */
static void labels_are_those_of_textbooks(void **state)
{
  (void)state;
  static const struct {
    const char *name, *basis, *rule;
    const char *irreps, *characters;
  } cases[] = {
      {"water", "6-31g", "\"valence\"", "A1 B2 A1 B1 A1 B2 ",
       "sigma O 2s|sigma O 2py|sigma O 2pz|pi O 2px|sigma H 1s|sigma H 1s|"},
      {"butadiene", "6-31g", "\"pi\"", "Au Bg Au Bg ",
       "pi C 2pz|pi C 2pz|pi C 2pz|pi C 2pz|"},
      {"benzene", "sto-3g", "\"pi\"", "B3u B1g B2g Au B3u B2g ",
       "pi C 2pz|pi C 2pz|pi C 2pz|pi C 2pz|pi C 2pz|pi C 2pz|"},
      {"N2", "6-31g", "\"valence\"", "Ag B1u Ag B2u B3u B3g B2g B1u ",
       "sigma N 2s|sigma N 2s|sigma N 2pz|pi N 2py|pi N 2px|pi N 2py|"
       "pi N 2px|sigma N 2pz|"},
      {"formaldehyde", "cc-pvdz", "{\"indices\": [8, 7, \"9\"]}", "B1 B2 B1 ",
       "pi O 2pz|sigma O 2py|pi C 2pz|"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x = NULL;
    char irreps[200] = "";
    char characters[200] = "";
    if (try_rule(&x, entry_of(cases[k].name, cases[k].basis), cases[k].rule,
                 false) != VQE_OK) {
      fail_msg("%s", vqe_error_message());
    }
    for (int p = 0; p < x->norb; p++) {
      size_t used = strlen(irreps);
      snprintf(irreps + used, sizeof irreps - used, "%s ",
               x->orbitals[p].irrep);
      used = strlen(characters);
      snprintf(characters + used, sizeof characters - used, "%s|",
               x->orbitals[p].character);
    }
    assert_string_equal(irreps, cases[k].irreps);
    assert_string_equal(characters, cases[k].characters);
    vqe_integrals_free(x);
  }
}

/* The same orbitals by number and by count; what is left out in between is
 * frozen or missing, as PySCF's sort_mo leaves it. */
static void indices_choose_what_counts_choose(void **state)
{
  (void)state;
  const json_t *entry = entry_of("water", "6-31g");
  struct vqe_integrals *by_index = NULL;
  struct vqe_integrals *by_count = NULL;
  struct vqe_molecule *molecule = molecule_of(entry, false);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.basis = "6-31g";
  options.active_electrons = 4;
  options.active_orbitals = 4;
  assert_int_equal(vqe_chem_run(&by_count, molecule, &options), VQE_OK);
  assert_int_equal(try_rule(&by_index, entry, "{\"indices\": \"4-7\"}", false),
                   VQE_OK);
  assert_int_equal(by_index->nfrozen, by_count->nfrozen);
  assert_int_equal(by_index->nalpha, by_count->nalpha);
  near(by_index->e_core, by_count->e_core, 1e-12);
  for (size_t k = 0; k < 16; k++) {
    near(by_index->h1e[k], by_count->h1e[k], 1e-12);
  }
  near(casci(by_index), casci(by_count), 1e-12);
  vqe_integrals_free(by_index);
  /* 1b2 and 2b2 alone: PySCF 2.14.0, CASCI(2,2) after sort_mo([3, 7]) */
  assert_int_equal(try_rule(&by_index, entry,
                            "{\"indices\": [3, 7], \"electrons\": 2}", false),
                   VQE_OK);
  assert_int_equal(by_index->nfrozen, 4);
  assert_int_equal(by_index->orbitals[0].number, 3);
  assert_int_equal(by_index->orbitals[1].number, 7);
  near(casci(by_index), -75.98726043757564, 1e-8);
  vqe_integrals_free(by_index);
  vqe_integrals_free(by_count);
  vqe_molecule_free(molecule);
}

/* Numbers that part a degenerate pair are noted, rules refused with the sizes
 * that are whole. */
static void degenerate_orbitals_are_not_parted_by_a_rule(void **state)
{
  (void)state;
  struct vqe_integrals *x = NULL;
  const json_t *n2 = entry_of("N2", "cc-pvdz");
  assert_int_equal(try_rule(&x, n2, "{\"indices\": \"5-8\"}", false), VQE_OK);
  assert_non_null(x->notes);
  assert_non_null(strstr(x->notes, "active_space_splits: "));
  vqe_integrals_free(x);
  static const struct {
    const char *rule, *words;
  } cases[] = {
      {"{\"auto\": {\"electrons\": 4, \"orbitals\": 3}}",
       "4 electrons in 3 orbitals split degenerate empty orbitals; whole are "
       "4 electrons in 2 orbitals and 4 electrons in 4 orbitals"},
      {"{\"auto\": {\"electrons\": 2, \"orbitals\": 2}}",
       "split degenerate occupied and empty orbitals; whole is 4 electrons in "
       "4 orbitals"},
      {"{\"auto\": 3}", "whole are"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    assert_int_equal(try_rule(&x, n2, cases[k].rule, false), VQE_ERR_INPUT);
    if (strstr(vqe_error_message(), cases[k].words) == NULL) {
      fail_msg("%s", vqe_error_message());
    }
  }
}

static void what_cannot_be_chosen_is_refused(void **state)
{
  (void)state;
  static const struct {
    const char *name, *basis, *rule, *words;
  } cases[] = {
      {"N2", "cc-pvdz", "{\"indices\": [40]}", "orbital 40 is not there"},
      {"N2", "cc-pvdz", "{\"indices\": [7, 8], \"electrons\": 4}",
       "hold 2 electrons, and 'electrons' is 4"},
      {"NH", "6-31g", "{\"indices\": [3, 4]}",
       "singly occupied orbitals 4 to 5"},
      {"NH", "6-31g", "{\"auto\": {\"electrons\": 5, \"orbitals\": 5}}",
       "beside 2 with one electron"},
      {"NH", "6-31g", "{\"auto\": 1}", "beside 2 with one electron"},
      {"N2", "cc-pvdz", "{\"avas\": [\"C 2p\"]}", "names C"},
      {"CO", "sto-3g", "{\"avas\": [\"1 C 2p\"]}", "that one is O"},
      {"N2", "cc-pvdz", "{\"avas\": [\"N 3d\"]}", "no such shell"},
      {"N2", "cc-pvdz", "{\"natural\": 1.0}", "chooses no orbital"},
      {"N2", "cc-pvdz", "{\"auto\": {\"electrons\": 3, \"orbitals\": 3}}",
       "two electrons or none"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x = NULL;
    int status = try_rule(&x, entry_of(cases[k].name, cases[k].basis),
                          cases[k].rule, false);
    if (status != VQE_ERR_INPUT ||
        strstr(vqe_error_message(), cases[k].words) == NULL) {
      fail_msg("%s: %d, %s", cases[k].rule, status, vqe_error_message());
    }
  }
  struct vqe_experiment *bent = new_experiment(
      "{\"symbols\": [\"O\", \"O\", \"H\", \"H\"], \"coords\": "
      "[[0,0.7,0], [0,-0.7,0], [0.7,0.9,0.5], [-0.7,-0.9,0.5]]}");
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_result *space = NULL;
  set(&bent->active_space, "\"pi\"");
  assert_int_equal(vqe_experiment_space(&space, bent, &options),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "neither planar nor linear"));
  vqe_experiment_free(bent);
}

/* Where integrals over functions do not fit they are computed as needed, also
 * for MP2. */
static void direct_integrals_give_the_same_space(void **state)
{
  (void)state;
  const json_t *entry = NULL;
  size_t k;
  json_t *each;
  json_array_foreach(spaces, k, each)
  {
    bool small =
        strcmp(json_string_value(json_object_get(each, "name")), "water") == 0;
    if (small && json_object_get(each, "occupations") != NULL &&
        entry == NULL) {
      entry = each;
    }
  }
  assert_non_null(entry);
  struct vqe_molecule *molecule = molecule_of(entry, false);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  char *rule = json_dumps(json_object_get(entry, "rule"), JSON_ENCODE_ANY);
  options.basis = json_string_value(json_object_get(entry, "basis"));
  options.active_space = rule;
  options.memory_limit = 1;
  assert_int_equal(vqe_chem_run(&x, molecule, &options), VQE_OK);
  assert_null(x->orbitals);
  assert_int_equal(x->norb, (int)number(entry, "orbitals"));
  near(casci(x), number(entry, "casci"), 1e-7);
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
  free(rule);
}

/* A run keeps the orbitals, and its exact energy is that of the space; what is
 * known before SCF is the right size for rules that count. */
static void a_run_in_a_chosen_space_is_recorded(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = new_experiment(
      "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "
      "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}");
  set(&experiment->basis_set, "6-31g");
  set(&experiment->active_space, "\"valence\"");
  experiment->frozen_core = 1;
  struct vqe_experiment_estimate estimate;
  assert_int_equal(vqe_experiment_estimate(&estimate, experiment), VQE_OK);
  assert_int_equal(estimate.norb, 6);
  assert_int_equal(estimate.nalpha + estimate.nbeta, 8);
  struct vqe_result *result = run(experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  near(result->fci_energy, number(entry_of("water", "6-31g"), "casci"), 1e-7);
  assert_int_equal(result->norb, 6);
  json_t *orbitals = json_loads(result->orbitals, 0, NULL);
  assert_int_equal(json_array_size(orbitals), 6);
  const json_t *first = json_array_get(orbitals, 0);
  assert_true(json_is_null(json_object_get(first, "number")));
  assert_string_equal(json_string_value(json_object_get(first, "irrep")),
                      "A1");
  assert_string_equal(json_string_value(json_object_get(first, "character")),
                      "sigma O 2s");
  near(json_number_value(json_object_get(first, "occupation")), 2.0, 0.0);
  json_decref(orbitals);
  vqe_result_free(result);
  vqe_experiment_free(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_energies_are_those_of_pyscf),
      cmocka_unit_test(natural_occupations_are_those_of_pyscf),
      cmocka_unit_test(labels_are_those_of_textbooks),
      cmocka_unit_test(indices_choose_what_counts_choose),
      cmocka_unit_test(degenerate_orbitals_are_not_parted_by_a_rule),
      cmocka_unit_test(what_cannot_be_chosen_is_refused),
      cmocka_unit_test(direct_integrals_give_the_same_space),
      cmocka_unit_test(a_run_in_a_chosen_space_is_recorded),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
