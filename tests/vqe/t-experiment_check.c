/* Whatever a caller leaves out is an error that names it, never a crash: each
 * pointer argument of each public function, each pointer field of what they
 * read. */
#include "vqe_fixture.h"

#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/operators.h"
#include "vqe/optimize.h"
#include "vqe/sim.h"
#include "vqe/team.h"

#define H2                                                                    \
  "{\"symbols\":[\"H\",\"H\"],\"coords\":[[0,0,0],[0,0,0.74]],"               \
  "\"multiplicity\":1,\"charge\":0,\"units\":\"angstrom\"}"

/* `call` fails as bad input and says something. */
#define REFUSED(call)                                                         \
  do {                                                                        \
    assert_int_equal(call, VQE_ERR_INPUT);                                    \
    assert_true(vqe_error_message()[0] != '\0');                              \
  } while (0)

/* The same, naming `name`. */
#define REFUSED_NAMING(call, name)                                            \
  do {                                                                        \
    assert_int_equal(call, VQE_ERR_INPUT);                                    \
    if (strstr(vqe_error_message(), name) == NULL) {                          \
      fail_msg("'%s' does not name %s", vqe_error_message(), name);           \
    }                                                                         \
  } while (0)

/* What all need: H2, its integrals and what is made of them. */
struct world {
  struct vqe_experiment *experiment;
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz_options form;
  struct vqe_ansatz *ansatz, *pool;
  struct vqe_pauli_sum *paulis;
  struct vqe_estimator_options how;
  struct vqe_estimator *estimator;
};

static int setup(void **state)
{
  struct world *w = calloc(1, sizeof *w);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  assert_non_null(w);
  w->experiment = new_experiment(H2);
  assert_int_equal(
      vqe_chem_run(&w->integrals, w->experiment->molecule, &options), VQE_OK);
  assert_int_equal(vqe_hamiltonian_create(&w->hamiltonian, 2,
                                          w->integrals->h1e, w->integrals->eri,
                                          0.0, true, 0.0),
                   VQE_OK);
  vqe_ansatz_options_init(&w->form);
  w->form.name = "UCCSD";
  w->form.reps = 1;
  w->form.norb = 2;
  w->form.nalpha = 1;
  w->form.nbeta = 1;
  w->form.restricted = true;
  w->form.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&w->ansatz, &w->form), VQE_OK);
  assert_int_equal(vqe_ansatz_pool_create(&w->pool, &w->form), VQE_OK);
  assert_int_equal(vqe_pauli_sum_jordan_wigner(&w->paulis, w->hamiltonian, 0),
                   VQE_OK);
  vqe_estimator_options_init(&w->how);
  assert_int_equal(
      vqe_estimator_create(&w->estimator, w->hamiltonian, w->ansatz, &w->how),
      VQE_OK);
  *state = w;
  return 0;
}

static int teardown(void **state)
{
  struct world *w = *state;
  vqe_estimator_free(w->estimator);
  vqe_pauli_sum_free(w->paulis);
  vqe_ansatz_free(w->pool);
  vqe_ansatz_free(w->ansatz);
  vqe_hamiltonian_free(w->hamiltonian);
  vqe_integrals_free(w->integrals);
  vqe_experiment_free(w->experiment);
  free(w);
  return 0;
}

static void molecules_and_integrals(void **state)
{
  struct world *w = *state;
  struct vqe_molecule_list *list = NULL;
  struct vqe_molecule *molecule = NULL;
  struct vqe_integrals *integrals = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  const char *name = NULL;
  REFUSED(vqe_molecule_list_read(NULL, "a.xyz"));
  REFUSED(vqe_molecule_list_read(&list, NULL));
  REFUSED(vqe_molecule_list_parse(NULL, "", 0, "xyz", "test"));
  REFUSED(vqe_molecule_list_parse(&list, NULL, 0, "xyz", "test"));
  REFUSED(vqe_molecule_list_parse(&list, "", 0, NULL, "test"));
  REFUSED(vqe_molecule_list_parse(&list, "", 0, "xyz", NULL));
  REFUSED(vqe_molecule_copy(NULL, w->experiment->molecule));
  REFUSED(vqe_molecule_copy(&molecule, NULL));
  REFUSED(vqe_molecule_validate(NULL, "test"));
  REFUSED(vqe_molecule_validate(w->experiment->molecule, NULL));
  assert_int_equal(vqe_molecule_electrons(NULL), 0);
  assert_true(vqe_molecule_nuclear_repulsion(NULL) == 0.0);
  assert_int_equal(vqe_element_z(NULL), 0);
  REFUSED(vqe_basis_canonical(NULL, "sto3g"));
  REFUSED(vqe_basis_canonical(&name, NULL));
  REFUSED(vqe_chem_run(NULL, w->experiment->molecule, &options));
  REFUSED(vqe_chem_run(&integrals, NULL, &options));
  REFUSED(vqe_chem_run(&integrals, w->experiment->molecule, NULL));
  options.basis = NULL;
  REFUSED_NAMING(vqe_chem_run(&integrals, w->experiment->molecule, &options),
                 "basis");
  options.basis = "";
  REFUSED(vqe_chem_run(&integrals, w->experiment->molecule, &options));
  options.basis = "sto3g";
  REFUSED(vqe_fcidump_read(NULL, "a", &options));
  REFUSED(vqe_fcidump_read(&integrals, NULL, &options));
  REFUSED(vqe_fcidump_read(&integrals, "a", NULL));
  REFUSED(vqe_fcidump_parse(NULL, "", 0, "test", &options));
  REFUSED(vqe_fcidump_parse(&integrals, NULL, 0, "test", &options));
  REFUSED(vqe_fcidump_parse(&integrals, "", 0, NULL, &options));
  REFUSED(vqe_fcidump_parse(&integrals, "", 0, "test", NULL));
  REFUSED(vqe_fcidump_parse(&integrals, "", 0, "test", &options));
  REFUSED(vqe_fcidump_write(NULL, "a"));
  REFUSED(vqe_fcidump_write(w->integrals, NULL));
}

static void fields_of_molecules(void **state)
{
  struct world *w = *state;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_run_options how = VQE_RUN_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  struct vqe_result *result = NULL;
  struct vqe_molecule *copy = NULL;
  struct vqe_molecule *whole = w->experiment->molecule;
  char id[VQE_EXPERIMENT_ID_SIZE];
  for (int k = 0; k < 3; k++) {
    static const char *const names[] = {"symbols", "z", "coords"};
    struct vqe_molecule part = *whole;
    part.symbols = k == 0 ? NULL : part.symbols;
    part.z = k == 1 ? NULL : part.z;
    part.coords = k == 2 ? NULL : part.coords;
    REFUSED_NAMING(vqe_molecule_validate(&part, "test"), names[k]);
    REFUSED_NAMING(vqe_molecule_copy(&copy, &part), names[k]);
    REFUSED_NAMING(vqe_chem_run(&integrals, &part, &options), names[k]);
    (void)vqe_molecule_electrons(&part);
    (void)vqe_molecule_nuclear_repulsion(&part);
    w->experiment->molecule = &part;
    REFUSED_NAMING(vqe_experiment_run(&result, w->experiment, &how, NULL),
                   names[k]);
    if (k != 1) {
      REFUSED_NAMING(vqe_experiment_id(id, NULL, w->experiment), names[k]);
    }
    w->experiment->molecule = whole;
  }
  struct vqe_molecule nobody = *whole;
  nobody.name = NULL;
  nobody.natom = 0;
  REFUSED(vqe_molecule_validate(&nobody, "test"));
  REFUSED(vqe_chem_run(&integrals, &nobody, &options));
  nobody.natom = whole->natom;
  assert_int_equal(vqe_molecule_copy(&copy, &nobody), VQE_OK);
  vqe_molecule_free(copy);
}

static void operators_and_circuits(void **state)
{
  struct world *w = *state;
  const double *h1e = w->integrals->h1e;
  const double *eri = w->integrals->eri;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_hamiltonian part = *w->hamiltonian;
  struct vqe_pauli_sum *paulis = NULL;
  struct vqe_pauli_sum terms = *w->paulis;
  struct vqe_ansatz *ansatz = NULL;
  struct vqe_ansatz_options form = w->form;
  const char *name = NULL;
  char *text = NULL;
  double numbers[4];
  int count = 0;
  int group[64];
  REFUSED(vqe_hamiltonian_create(NULL, 2, h1e, eri, 0.0, true, 0.0));
  REFUSED(vqe_hamiltonian_create(&hamiltonian, 2, NULL, eri, 0.0, true, 0.0));
  REFUSED(vqe_hamiltonian_create(&hamiltonian, 2, h1e, NULL, 0.0, true, 0.0));
  vqe_hamiltonian_label(NULL, 1, w->hamiltonian->irrep);
  vqe_hamiltonian_label(w->hamiltonian, 1, NULL);
  vqe_hamiltonian_update(NULL, h1e, eri, 0.0);
  vqe_hamiltonian_update(w->hamiltonian, NULL, eri, 0.0);
  vqe_hamiltonian_update(w->hamiltonian, h1e, NULL, 0.0);
  REFUSED(vqe_pauli_sum_jordan_wigner(NULL, w->hamiltonian, 0.0));
  REFUSED(vqe_pauli_sum_jordan_wigner(&paulis, NULL, 0.0));
  part.w = NULL;
  REFUSED_NAMING(vqe_pauli_sum_jordan_wigner(&paulis, &part, 0.0), "w");
  assert_true(vqe_pauli_sum_one_norm(NULL) == 0.0);
  vqe_pauli_label(NULL, 4, 0, 0);
  REFUSED(vqe_pauli_group_qwc(NULL, group, &count));
  REFUSED(vqe_pauli_group_qwc(w->paulis, NULL, &count));
  REFUSED(vqe_pauli_group_qwc(w->paulis, group, NULL));
  terms.coeff = NULL;
  REFUSED_NAMING(vqe_pauli_group_qwc(&terms, group, &count), "coeff");
  assert_true(vqe_pauli_sum_one_norm(&terms) == 0.0);

  REFUSED(vqe_ansatz_canonical(NULL, "UCCSD"));
  REFUSED(vqe_ansatz_canonical(&name, NULL));
  REFUSED(vqe_entanglement_canonical(NULL, "UCCSD", NULL));
  REFUSED(vqe_entanglement_canonical(&name, NULL, NULL));
  assert_false(vqe_ansatz_conserves(NULL) || vqe_ansatz_real(NULL) ||
               vqe_ansatz_has_mp2(NULL));
  (void)vqe_ansatz_default_reps(NULL);
  REFUSED(vqe_ansatz_option_set(NULL, "pool", "\"GSD\""));
  REFUSED(vqe_ansatz_option_set(&form, NULL, "\"GSD\""));
  REFUSED(vqe_ansatz_option_set(&form, "pool", NULL));
  REFUSED(vqe_ansatz_create(NULL, &form));
  REFUSED(vqe_ansatz_create(&ansatz, NULL));
  form.name = NULL;
  REFUSED_NAMING(vqe_ansatz_create(&ansatz, &form), "name");
  REFUSED(vqe_ansatz_option_set(&form, "pool", "\"GSD\""));
  form = w->form;
  form.nirrep = 4;
  form.irrep = NULL;
  REFUSED_NAMING(vqe_ansatz_create(&ansatz, &form), "irrep");
  REFUSED_NAMING(vqe_ansatz_pool_create(&ansatz, &form), "irrep");
  form = w->form;
  form.adapt.pool = NULL;
  REFUSED_NAMING(vqe_ansatz_pool_create(&ansatz, &form), "pool");
  REFUSED(vqe_ansatz_pool_create(NULL, &w->form));
  REFUSED(vqe_ansatz_pool_create(&ansatz, NULL));
  REFUSED(vqe_ansatz_append(NULL, w->pool, 0));
  REFUSED(vqe_ansatz_append(w->ansatz, NULL, 0));
  REFUSED(vqe_ansatz_qasm(NULL, w->ansatz, 0));
  REFUSED(vqe_ansatz_qasm(&text, NULL, 0));
  struct vqe_ansatz bare = *w->ansatz;
  bare.gates = NULL;
  REFUSED_NAMING(vqe_ansatz_qasm(&text, &bare, 0), "gates");
  const double *levels = w->integrals->orbital_energies;
  REFUSED(vqe_ansatz_mp2_parameters(NULL, w->ansatz, eri, levels));
  REFUSED(vqe_ansatz_mp2_parameters(numbers, NULL, eri, levels));
  REFUSED(vqe_ansatz_mp2_parameters(numbers, w->ansatz, NULL, levels));
  REFUSED(vqe_ansatz_mp2_parameters(numbers, w->ansatz, eri, NULL));
  vqe_ansatz_hf_parameters(NULL, w->ansatz);
  vqe_ansatz_hf_parameters(numbers, NULL);
}

static void making_estimators(void **state)
{
  struct world *w = *state;
  const struct vqe_hamiltonian *h = w->hamiltonian;
  struct vqe_hamiltonian part = *h;
  struct vqe_ansatz bare = *w->ansatz;
  struct vqe_estimator *estimator = NULL;
  struct vqe_estimator_options how = w->how;
  struct vqe_fci_options options;
  struct vqe_fci_result found;
  struct vqe_team team = {.rank = 0, .size = 2};
  uint64_t size = 0;
  vqe_fci_options_init(&options);
  REFUSED(vqe_estimator_size(NULL, &size, h, w->ansatz, &how));
  REFUSED(vqe_estimator_size(&size, NULL, h, w->ansatz, &how));
  REFUSED(vqe_estimator_size(&size, &size, NULL, w->ansatz, &how));
  REFUSED(vqe_estimator_size(&size, &size, h, NULL, &how));
  REFUSED(vqe_estimator_size(&size, &size, h, w->ansatz, NULL));
  REFUSED(vqe_estimator_create(NULL, h, w->ansatz, &how));
  REFUSED(vqe_estimator_create(&estimator, NULL, w->ansatz, &how));
  REFUSED(vqe_estimator_create(&estimator, h, NULL, &how));
  REFUSED(vqe_estimator_create(&estimator, h, w->ansatz, NULL));
  part.f = NULL;
  REFUSED_NAMING(vqe_estimator_create(&estimator, &part, w->ansatz, &how),
                 "f");
  REFUSED(vqe_fci_solve(&found, &part, 1, 1, &options));
  bare.gates = NULL;
  REFUSED_NAMING(vqe_estimator_create(&estimator, h, &bare, &how), "gates");
  how.team = &team;
  REFUSED_NAMING(vqe_estimator_create(&estimator, h, w->ansatz, &how), "team");
  vqe_team_serve(NULL, 1);
  vqe_team_serve(&team, 1);
  vqe_team_dismiss(NULL);
  vqe_team_dismiss(&team);
  REFUSED(vqe_fci_size(NULL, h, 1, 1, &options));
  REFUSED(vqe_fci_size(&size, NULL, 1, 1, &options));
  REFUSED(vqe_fci_size(&size, h, 1, 1, NULL));
  REFUSED(vqe_fci_solve(NULL, h, 1, 1, &options));
  REFUSED(vqe_fci_solve(&found, NULL, 1, 1, &options));
  REFUSED(vqe_fci_solve(&found, h, 1, 1, NULL));
  REFUSED(vqe_combiner_create(NULL));
  REFUSED(vqe_device_summarize(NULL, 0));
  REFUSED(vqe_custatevec_version(NULL, 0));
  (void)vqe_devices(NULL);
}

static void using_estimators(void **state)
{
  struct world *w = *state;
  struct vqe_estimator *e = w->estimator;
  const struct vqe_pauli_sum *p = w->paulis;
  struct vqe_properties properties;
  struct vqe_estimator_usage usage;
  double x[64] = {0.0};
  double y[64];
  double value;
  REFUSED(vqe_estimator_energy(NULL, &value, x));
  REFUSED(vqe_estimator_energy(e, NULL, x));
  REFUSED(vqe_estimator_energy(e, &value, NULL));
  REFUSED(vqe_estimator_gradient(NULL, &value, y, x));
  REFUSED(vqe_estimator_gradient(e, NULL, y, x));
  REFUSED(vqe_estimator_gradient(e, &value, NULL, x));
  REFUSED(vqe_estimator_gradient(e, &value, y, NULL));
  REFUSED(vqe_estimator_extend(NULL));
  REFUSED(vqe_estimator_refresh(NULL));
  REFUSED(vqe_estimator_pool_gradient(NULL, y, x, w->pool));
  REFUSED(vqe_estimator_pool_gradient(e, NULL, x, w->pool));
  REFUSED(vqe_estimator_pool_gradient(e, y, NULL, w->pool));
  REFUSED(vqe_estimator_pool_gradient(e, y, x, NULL));
  REFUSED(vqe_estimator_many(NULL, y, NULL, x, 1));
  REFUSED(vqe_estimator_many(e, NULL, NULL, x, 1));
  REFUSED(vqe_estimator_many(e, y, NULL, NULL, 1));
  REFUSED(vqe_estimator_sample(NULL, &value, y, x, p, 10, "a", 0));
  REFUSED(vqe_estimator_sample(e, NULL, y, x, p, 10, "a", 0));
  REFUSED(vqe_estimator_sample(e, &value, NULL, x, p, 10, "a", 0));
  REFUSED(vqe_estimator_sample(e, &value, y, NULL, p, 10, "a", 0));
  REFUSED(vqe_estimator_sample(e, &value, y, x, NULL, 10, "a", 0));
  REFUSED(vqe_estimator_sample(e, &value, y, x, p, 10, NULL, 0));
  REFUSED(vqe_estimator_sample(e, &value, y, x, p, 0, "a", 0));
  struct vqe_penalty penalty = {0};
  REFUSED(vqe_estimator_penalised(NULL, &value, y, NULL, x, &penalty));
  REFUSED(vqe_estimator_penalised(e, NULL, y, NULL, x, &penalty));
  REFUSED(vqe_estimator_penalised(e, &value, NULL, NULL, x, &penalty));
  REFUSED(vqe_estimator_penalised(e, &value, y, NULL, NULL, &penalty));
  REFUSED(vqe_estimator_penalised(e, &value, y, NULL, x, NULL));
  int groups;
  REFUSED(vqe_estimator_groups(NULL, &groups, p));
  REFUSED(vqe_estimator_groups(e, NULL, p));
  REFUSED(vqe_estimator_groups(e, &groups, NULL));
  REFUSED(vqe_estimator_sample_gradient(NULL, &value, y, y, NULL, x, p, 10,
                                        "a", 0));
  REFUSED(
      vqe_estimator_sample_gradient(e, NULL, y, y, NULL, x, p, 10, "a", 0));
  REFUSED(vqe_estimator_sample_gradient(e, &value, NULL, y, NULL, x, p, 10,
                                        "a", 0));
  REFUSED(vqe_estimator_sample_gradient(e, &value, y, NULL, NULL, x, p, 10,
                                        "a", 0));
  REFUSED(vqe_estimator_sample_gradient(e, &value, y, y, NULL, NULL, p, 10,
                                        "a", 0));
  REFUSED(vqe_estimator_sample_gradient(e, &value, y, y, NULL, x, NULL, 10,
                                        "a", 0));
  REFUSED(
      vqe_estimator_sample_gradient(e, &value, y, y, NULL, x, p, 10, NULL, 0));
  REFUSED(vqe_estimator_properties(NULL, &properties, NULL, x));
  REFUSED(vqe_estimator_properties(e, NULL, NULL, x));
  REFUSED(vqe_estimator_properties(e, &properties, NULL, NULL));
  REFUSED(vqe_estimator_densities(NULL, y, y, x));
  REFUSED(vqe_estimator_densities(e, NULL, y, x));
  REFUSED(vqe_estimator_densities(e, y, NULL, x));
  REFUSED(vqe_estimator_densities(e, y, y, NULL));
  REFUSED(vqe_estimator_state(NULL, y, x));
  REFUSED(vqe_estimator_state(e, NULL, x));
  REFUSED(vqe_estimator_state(e, y, NULL));
  assert_string_equal(vqe_estimator_backend(NULL), "");
  vqe_estimator_describe(NULL, e);
  vqe_estimator_describe(&usage, NULL);
}

static int square(void *ctx, int n, const double *x, double *f,
                  double *gradient)
{
  (void)ctx;
  (void)n;
  *f = x[0] * x[0];
  if (gradient != NULL) {
    gradient[0] = 2.0 * x[0];
  }
  return VQE_OK;
}

static void optimizers(void **state)
{
  (void)state;
  const struct vqe_optimizer_info *info = NULL;
  struct vqe_optimizer_options o;
  struct vqe_optimize_result out;
  double x[1] = {1.0};
  vqe_optimizer_options_init(&o);
  REFUSED(vqe_optimizer_find(NULL, "CG"));
  REFUSED(vqe_optimizer_find(&info, NULL));
  REFUSED(vqe_optimizer_option_set(NULL, "CG", "threshold", 0.0));
  REFUSED(vqe_optimizer_option_set(&o, NULL, "threshold", 0.0));
  REFUSED(vqe_optimizer_option_set(&o, "CG", NULL, 0.0));
  assert_string_equal(vqe_optimizer_native(NULL, false), "");
  REFUSED(vqe_optimize(NULL, "CG", 1, x, square, NULL, &o));
  REFUSED(vqe_optimize(&out, NULL, 1, x, square, NULL, &o));
  REFUSED(vqe_optimize(&out, "CG", 1, NULL, square, NULL, &o));
  REFUSED(vqe_optimize(&out, "CG", 1, x, NULL, NULL, &o));
  REFUSED(vqe_optimize(&out, "CG", 1, x, square, NULL, NULL));
  REFUSED(vqe_optimize(&out, "", 1, x, square, NULL, &o));
}

/* All that takes an experiment refuses this one, naming `field`. */
static void refused_everywhere(const struct vqe_experiment *experiment,
                               const char *field)
{
  struct vqe_run_options how = VQE_RUN_OPTIONS_INIT;
  struct vqe_experiment_estimate estimate;
  struct vqe_result *result = NULL;
  char *text = NULL;
  REFUSED_NAMING(vqe_experiment_run(&result, experiment, &how, NULL), field);
  assert_null(result);
  REFUSED_NAMING(vqe_experiment_estimate(&estimate, experiment), field);
  REFUSED_NAMING(vqe_experiment_qasm(&text, experiment, &how), field);
  REFUSED_NAMING(vqe_experiment_fcidump("/nowhere", experiment, &how), field);
}

static void fields_of_experiments(void **state)
{
  struct world *w = *state;
  static const struct {
    const char *name;
    size_t offset;
    bool needed;
  } texts[] = {
#define TEXT(member, needed)                                                  \
  {#member, offsetof(struct vqe_experiment, member), needed}
      TEXT(source, false),
      TEXT(input_error, false),
      TEXT(name, false),
      TEXT(fcidump, false),
      TEXT(fcidump_sha256, false),
      TEXT(basis_set, true),
      TEXT(basis_sha256, false),
      TEXT(ansatz_name, true),
      TEXT(entanglement, false),
      TEXT(optimizer, true),
      TEXT(init_strategy, true),
      TEXT(init_file, false),
      TEXT(init_file_sha256, false),
      TEXT(device, true),
      TEXT(precision, true),
      TEXT(notes, false)};
  char id[VQE_EXPERIMENT_ID_SIZE];
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    struct vqe_experiment part = *w->experiment;
    char *nothing = NULL;
    memcpy((char *)&part + texts[k].offset, &nothing, sizeof nothing);
    struct vqe_experiment *copy = NULL;
    assert_int_equal(vqe_experiment_copy(&copy, &part), VQE_OK);
    vqe_experiment_free(copy);
    assert_int_equal(vqe_experiment_id(id, NULL, &part), VQE_OK);
    if (texts[k].needed) {
      char empty[1] = "";
      char *value = empty;
      refused_everywhere(&part, texts[k].name);
      memcpy((char *)&part + texts[k].offset, &value, sizeof value);
      refused_everywhere(&part, texts[k].name);
    } else {
      vqe_result_free(run(&part, NULL));
    }
  }
  struct vqe_experiment part = *w->experiment;
  part.molecule = NULL;
  refused_everywhere(&part, "molecule");
  part = *w->experiment;
  char file[] = "file";
  part.init_strategy = file;
  refused_everywhere(&part, "init_file");
  char other[] = "gpu";
  part = *w->experiment;
  part.device = other;
  refused_everywhere(&part, "device");
}

static void options_of_experiments(void **state)
{
  struct world *w = *state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char key[] = "threshold";
  for (int k = 0; k < 6; k++) {
    struct vqe_experiment part = *w->experiment;
    struct vqe_option item = {k % 3 == 1 ? NULL : key, NULL};
    struct vqe_option_list list = {1, k % 3 == 0 ? NULL : &item};
    *(k < 3 ? &part.ansatz_options : &part.optimizer_options) = list;
    refused_everywhere(&part, k < 3 ? "ansatz_options" : "optimizer_options");
    REFUSED(vqe_experiment_id(id, NULL, &part));
    struct vqe_experiment *copy = NULL;
    assert_int_equal(vqe_experiment_copy(&copy, &part), VQE_OK);
    vqe_experiment_free(copy);
  }
}

static void arguments_of_experiments(void **state)
{
  struct world *w = *state;
  const struct vqe_experiment *e = w->experiment;
  struct vqe_run_options how = VQE_RUN_OPTIONS_INIT;
  struct vqe_experiment_estimate estimate;
  struct vqe_experiment *copy = NULL;
  struct vqe_result *result = NULL;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  REFUSED(vqe_experiment_copy(NULL, e));
  REFUSED(vqe_experiment_copy(&copy, NULL));
  REFUSED(vqe_experiment_id(NULL, NULL, e));
  REFUSED(vqe_experiment_id(id, NULL, NULL));
  REFUSED(vqe_result_create(NULL, e, VQE_EXPERIMENT_OK, NULL));
  REFUSED(vqe_result_create(&result, NULL, VQE_EXPERIMENT_OK, NULL));
  REFUSED(vqe_experiment_run(NULL, e, &how, NULL));
  REFUSED(vqe_experiment_run(&result, NULL, &how, NULL));
  REFUSED(vqe_experiment_run(&result, e, NULL, NULL));
  REFUSED(vqe_experiment_qasm(NULL, e, &how));
  REFUSED(vqe_experiment_qasm(&text, NULL, &how));
  REFUSED(vqe_experiment_qasm(&text, e, NULL));
  REFUSED(vqe_experiment_fcidump(NULL, e, &how));
  REFUSED(vqe_experiment_fcidump("/nowhere", NULL, &how));
  REFUSED(vqe_experiment_fcidump("/nowhere", e, NULL));
  REFUSED(vqe_experiment_estimate(NULL, e));
  REFUSED(vqe_experiment_estimate(&estimate, NULL));
  how.threads = 0;
  REFUSED(vqe_experiment_run(&result, e, &how, NULL));
}

/* Everything that frees takes NULL; everything that initialises too. */
static void null_is_fine_where_nothing_can_fail(void **state)
{
  (void)state;
  vqe_ansatz_free(NULL);
  vqe_combiner_free(NULL);
  vqe_estimator_free(NULL);
  vqe_experiment_free(NULL);
  vqe_hamiltonian_free(NULL);
  vqe_integrals_free(NULL);
  vqe_molecule_free(NULL);
  vqe_molecule_list_free(NULL);
  vqe_pauli_sum_free(NULL);
  vqe_result_free(NULL);
  vqe_ansatz_options_init(NULL);
  vqe_callbacks_init(NULL);
  vqe_chem_options_init(NULL);
  vqe_estimator_options_init(NULL);
  vqe_experiment_init(NULL);
  vqe_fci_options_init(NULL);
  vqe_optimizer_options_init(NULL);
  vqe_run_options_init(NULL);
}

/* What vqe_experiment_init leaves to the caller is enough for a run. */
static void an_initialised_experiment_runs(void **state)
{
  struct world *w = *state;
  struct vqe_experiment experiment;
  char texts[6][16] = {"sto3g", "UCCSD", "L-BFGS-B", "hf", "auto", "double"};
  memset(&experiment, 0x7f, sizeof experiment);
  vqe_experiment_init(&experiment);
  refused_everywhere(&experiment, "molecule");
  experiment.molecule = w->experiment->molecule;
  experiment.basis_set = texts[0];
  experiment.ansatz_name = texts[1];
  experiment.optimizer = texts[2];
  experiment.init_strategy = texts[3];
  experiment.device = texts[4];
  experiment.precision = texts[5];
  struct vqe_result *result = run(&experiment, NULL);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  /* H2 has one double excitation: UCCSD is exact */
  near(result->minimum + result->nuclear_repulsion_energy, result->fci_energy,
       1e-7);
  vqe_result_free(result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(molecules_and_integrals, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(fields_of_molecules, setup, teardown),
      cmocka_unit_test_setup_teardown(operators_and_circuits, setup, teardown),
      cmocka_unit_test_setup_teardown(making_estimators, setup, teardown),
      cmocka_unit_test_setup_teardown(using_estimators, setup, teardown),
      cmocka_unit_test(optimizers),
      cmocka_unit_test_setup_teardown(fields_of_experiments, setup, teardown),
      cmocka_unit_test_setup_teardown(options_of_experiments, setup, teardown),
      cmocka_unit_test_setup_teardown(arguments_of_experiments, setup,
                                      teardown),
      cmocka_unit_test(null_is_fine_where_nothing_can_fail),
      cmocka_unit_test_setup_teardown(an_initialised_experiment_runs, setup,
                                      teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
