/* Nuclear repulsion, HF and MP2 against PySCF 2.14.0 (tests/data), and what
 * must hold for the integrals of any molecule. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/notes.h"
#include "chem/reference.h"
#include "vqe/chem.h"
#include "vqe/error.h"

static json_t *systems;

static int load(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/energies.json", 0, &error);
  if (root == NULL) {
    return 1;
  }
  systems = json_incref(json_object_get(root, "systems"));
  json_decref(root);
  return json_array_size(systems) < 20;
}

static int unload(void **state)
{
  (void)state;
  json_decref(systems);
  return 0;
}

static double number(const json_t *system, const char *key)
{
  const json_t *value = json_object_get(system, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

/* A molecule out of rows ["O", x, y, z]. */
static struct vqe_molecule *make(const json_t *system)
{
  json_t *list = json_array();
  json_t *object = json_object();
  json_t *symbols = json_array();
  json_t *coords = json_array();
  size_t k;
  json_t *row;
  json_array_foreach(json_object_get(system, "geometry"), k, row)
  {
    json_array_append(symbols, json_array_get(row, 0));
    json_array_append_new(coords, json_pack("[O,O,O]", json_array_get(row, 1),
                                            json_array_get(row, 2),
                                            json_array_get(row, 3)));
  }
  json_object_set_new(object, "symbols", symbols);
  json_object_set_new(object, "coords", coords);
  json_object_set(object, "units", json_object_get(system, "units"));
  json_object_set(object, "charge", json_object_get(system, "charge"));
  json_object_set(object, "name", json_object_get(system, "name"));
  json_object_set(object, "multiplicity",
                  json_object_get(system, "multiplicity"));
  json_array_append_new(list, object);
  char *text = json_dumps(list, JSON_REAL_PRECISION(17));
  struct vqe_molecule_list *molecules = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&molecules, text, strlen(text), "json", "test"),
      0);
  assert_null(molecules->entries[0].reason);
  struct vqe_molecule *molecule = NULL;
  assert_int_equal(
      vqe_molecule_copy(&molecule, molecules->entries[0].molecule), 0);
  vqe_molecule_list_free(molecules);
  free(text);
  json_decref(list);
  return molecule;
}

static const json_t *find(const char *name)
{
  size_t k;
  json_t *system;
  json_array_foreach(systems, k, system)
  {
    if (strcmp(json_string_value(json_object_get(system, "name")), name) ==
        0) {
      return system;
    }
  }
  fail_msg("no system %s", name);
  return NULL;
}

static struct vqe_integrals *run(const json_t *system)
{
  struct vqe_molecule *molecule = make(system);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.basis = json_string_value(json_object_get(system, "basis"));
  options.frozen_core = (int)number(system, "frozen_core_orbitals");
  struct vqe_integrals *integrals = NULL;
  int status = vqe_chem_run(&integrals, molecule, &options);
  if (status != 0) {
    fail_msg("%s", vqe_error_message());
  }
  vqe_molecule_free(molecule);
  return integrals;
}

static void energies_are_those_of_the_reference(void **state)
{
  (void)state;
  size_t k;
  json_t *system;
  json_array_foreach(systems, k, system)
  {
    const char *name = json_string_value(json_object_get(system, "name"));
    struct vqe_integrals *x = run(system);
    assert_true(fabs(x->nuclear_repulsion - number(system, "e_nuc")) < 1e-8);
    /* O2 has a lower, symmetry-broken solution: either is accepted */
    if (fabs(x->hf_energy - number(system, "e_hf")) > 1e-8 &&
        fabs(x->hf_energy - number(system, "e_hf_default_guess")) > 1e-8) {
      fail_msg("%s: HF %.12f", name, x->hf_energy);
    }
    assert_int_equal(x->norb, (int)number(system, "n_active_orbitals"));
    assert_int_equal(x->has_mp2,
                     json_is_number(json_object_get(system, "e_mp2")));
    if (x->has_mp2) {
      assert_true(fabs(x->mp2_energy - number(system, "e_mp2")) < 1e-7);
    }
    /* the integrals hold the same determinant as SCF */
    assert_true(fabs(vqe_reference_energy(x) - x->hf_energy) < 1e-9);
    vqe_integrals_free(x);
  }
}

struct atom {
  const char *symbol;
  double x, y, z; /* angstrom */
};

/* Like make(), from C. */
static struct vqe_molecule *build(const char *name, const struct atom *atoms,
                                  size_t natom, int charge, int multiplicity)
{
  char text[2048];
  int used =
      snprintf(text, sizeof text, "%zu\nname=%s charge=%d multiplicity=%d\n",
               natom, name, charge, multiplicity);
  for (size_t a = 0; a < natom; a++) {
    used += snprintf(text + used, sizeof text - (size_t)used,
                     "%s %.17g %.17g %.17g\n", atoms[a].symbol, atoms[a].x,
                     atoms[a].y, atoms[a].z);
  }
  struct vqe_molecule_list *list = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&list, text, (size_t)used, "xyz", "test"), 0);
  if (list->entries[0].reason != NULL) {
    fail_msg("%s", list->entries[0].reason);
  }
  struct vqe_molecule *molecule = list->entries[0].molecule;
  list->entries[0].molecule = NULL;
  vqe_molecule_list_free(list);
  return molecule;
}

static const struct atom water[] = {{"O", 0, 0, 0.1173},
                                    {"H", 0, 0.7572, -0.4692},
                                    {"H", 0, -0.7572, -0.4692}};

/* PySCF 2.14.0, conv_tol 1e-13. */
static void energies_in_larger_bases_are_pyscfs(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    struct atom atoms[3];
    size_t natom;
    int charge, multiplicity;
    const char *basis;
    int active_orbitals;
    double hf_energy, mp2_energy; /* 0: none */
  } cases[] = {
      {"water",
       {{"O", 0, 0, 0.1173},
        {"H", 0, 0.7572, -0.4692},
        {"H", 0, -0.7572, -0.4692}},
       3,
       0,
       1,
       "6-31G",
       -1,
       -75.98397447272195,
       -76.11282538994105},
      {"water",
       {{"O", 0, 0, 0.1173},
        {"H", 0, 0.7572, -0.4692},
        {"H", 0, -0.7572, -0.4692}},
       3,
       0,
       1,
       "cc-pVDZ",
       -1,
       -76.02677205339418,
       -76.23077561722712},
      {"carbon dioxide",
       {{"C", 0, 0, 0}, {"O", 0, 0, 1.16}, {"O", 0, 0, -1.16}},
       3,
       0,
       1,
       "cc-pvdz",
       14,
       -187.65110770987692,
       0},
      {"argonium",
       {{"Ar", 0, 0, 0}, {"H", 0, 0, 1.28}},
       2,
       1,
       1,
       "ccpvdz",
       -1,
       -526.9379642591786,
       0},
      {"sodium fluoride",
       {{"Na", 0, 0, 0}, {"F", 0, 0, 1.93}},
       2,
       0,
       1,
       "cc-pvdz",
       -1,
       -261.3274717537301,
       0},
      {"magnesia",
       {{"Mg", 0, 0, 0}, {"O", 0, 0, 1.75}},
       2,
       0,
       1,
       "6-31g",
       -1,
       -274.30262510840646,
       0},
      {"silylene",
       {{"Si", 0, 0, 0}, {"H", 1.1, 0, 1.0}, {"H", -1.1, 0, 1.0}},
       3,
       0,
       3,
       "6-31g",
       -1,
       -289.9547263107204,
       0},
      {"nitric oxide",
       {{"N", 0, 0, 0}, {"O", 0, 0, 1.15}},
       2,
       0,
       2,
       "cc-pvdz",
       -1,
       -129.25375966950742,
       0},
      {"chloroniumyl",
       {{"Cl", 0, 0, 0}, {"H", 0.3, 0.4, 1.2}},
       2,
       1,
       2,
       "cc-pvdz",
       -1,
       -459.66026318281166,
       0},
      {"hydrogen",
       {{"H", 0, 0, 0}},
       1,
       0,
       2,
       "cc-pvdz",
       -1,
       -0.49927840341958307,
       0},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_molecule *molecule =
        build(cases[k].name, cases[k].atoms, cases[k].natom, cases[k].charge,
              cases[k].multiplicity);
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    options.basis = cases[k].basis;
    options.active_orbitals = cases[k].active_orbitals;
    options.threads = 2;
    if (vqe_chem_run(&x, molecule, &options) != 0) {
      fail_msg("%s", vqe_error_message());
    }
    if (fabs(x->hf_energy - cases[k].hf_energy) > 1e-8 ||
        (cases[k].mp2_energy != 0.0 &&
         fabs(x->mp2_energy - cases[k].mp2_energy) > 1e-7)) {
      fail_msg("%s: hf %.12f mp2 %.12f", cases[k].name, x->hf_energy,
               x->mp2_energy);
    }
    assert_true(fabs(vqe_reference_energy(x) - x->hf_energy) < 1e-8);
    vqe_integrals_free(x);
    vqe_molecule_free(molecule);
  }
}

/* Dipole of water out of the integrals; PySCF: dip_moment(unit='au'). */
static void dipole_of_water_is_pyscfs(void **state)
{
  (void)state;
  static const struct {
    const char *basis;
    int frozen;
    double z;
  } cases[] = {{"sto-3g", 0, -0.678787265},
               {"sto-3g", 1, -0.678787265},
               {"cc-pvdz", 0, -0.809428072}};
  struct vqe_molecule *molecule = build("water", water, 3, 0, 1);
  for (size_t k = 0; k < 3; k++) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    options.basis = cases[k].basis;
    options.frozen_core = cases[k].frozen;
    assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
    double expected[3] = {0.0, 0.0, cases[k].z};
    for (int axis = 0; axis < 3; axis++) {
      double dipole = x->dipole_core[axis];
      for (int i = 0; i < x->nalpha; i++) {
        dipole -= 2.0 * x->dipole_ints[(axis * x->norb + i) * x->norb + i];
      }
      assert_true(fabs(dipole - expected[axis]) < 1e-8);
    }
    vqe_integrals_free(x);
  }
  vqe_molecule_free(molecule);
}

/* Rotate and shift a molecule. */
static void turn(struct vqe_molecule *molecule)
{
  static const double angles[3] = {0.3, 1.1, 2.2};
  for (size_t a = 0; a < molecule->natom; a++) {
    double *r = molecule->coords + 3 * a;
    for (int k = 0; k < 3; k++) {
      double c = cos(angles[k]);
      double s = sin(angles[k]);
      double x = r[k];
      double y = r[(k + 1) % 3];
      r[k] = c * x - s * y + 0.1;
      r[(k + 1) % 3] = s * x + c * y - 0.2;
    }
  }
}

static size_t largest_parity(const struct vqe_integrals *x)
{
  size_t best = 1;
  /* Label each orbital by +-1 so that every non-zero integral has a positive
   * product: Gaussian elimination over GF(2), the constraint rows as bits. */
  uint32_t rows[32] = {0};
  size_t npair = (size_t)x->norb * (size_t)(x->norb + 1) / 2;
  size_t pq = 0;
  int rank = 0;
  for (int p = 0; p < x->norb; p++) {
    for (int q = 0; q <= p; q++, pq++) {
      size_t rs = 0;
      for (int r = 0; r < x->norb; r++) {
        for (int s = 0; s <= r; s++, rs++) {
          double value = fabs(x->eri[pq * npair + rs]);
          /* either zero to rounding, or far from it */
          assert_true(value < 1e-12 || value > 1e-9);
          uint32_t row = 1u << p ^ 1u << q ^ 1u << r ^ 1u << s;
          while (value > 1e-9 && row != 0) {
            int lead = 31 - __builtin_clz(row);
            if (rows[lead] == 0) {
              rows[lead] = row;
              rank++;
              break;
            }
            row ^= rows[lead];
          }
        }
      }
    }
  }
  /* one labeling too many: all orbitals odd is always allowed */
  for (int k = 0; k < x->norb - rank - 1; k++) {
    best *= 2;
  }
  return best;
}

/* Symmetric molecules show the Abelian subgroup of D2h they have, in any
 * orientation; energies and MP2 do not depend on it. */
static void symmetry_and_energy_survive_any_orientation(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    size_t irreps; /* that STO-3G orbitals belong to */
  } cases[] = {{"N2", 8},   {"CO2", 8},       {"CH4_sto3g", 4},
               {"H2O", 4},  {"CO_1.1283", 4}, {"O2_triplet_1.2075", 8},
               {"BeH2", 8}, {"NH3", 2},       {"Be_atom_631g", 8}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const json_t *system = find(cases[k].name);
    struct vqe_molecule *molecule = make(system);
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    struct vqe_integrals *y = NULL;
    options.basis = json_string_value(json_object_get(system, "basis"));
    assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
    turn(molecule);
    assert_int_equal(vqe_chem_run(&y, molecule, &options), 0);
    assert_true(fabs(x->hf_energy - y->hf_energy) < 1e-10);
    assert_true(fabs(x->mp2_energy - y->mp2_energy) < 1e-9);
    if (largest_parity(x) != cases[k].irreps ||
        largest_parity(y) != cases[k].irreps) {
      fail_msg("%s: %zu and %zu irreps", cases[k].name, largest_parity(x),
               largest_parity(y));
    }
    for (int p = 0; p < x->norb; p++) {
      assert_true(fabs(x->orbital_energies[p] - y->orbital_energies[p]) <
                  1e-8);
    }
    vqe_integrals_free(x);
    vqe_integrals_free(y);
    vqe_molecule_free(molecule);
  }
}

/* One thread and two give the same bits. */
static void two_threads_give_the_bits_of_one(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = build("water", water, 3, 0, 1);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  struct vqe_integrals *y = NULL;
  options.basis = "cc-pvdz";
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  options.threads = 2;
  assert_int_equal(vqe_chem_run(&y, molecule, &options), 0);
  size_t npair = (size_t)x->norb * (size_t)(x->norb + 1) / 2;
  assert_true(x->hf_energy == y->hf_energy && x->mp2_energy == y->mp2_energy);
  assert_memory_equal(x->eri, y->eri, npair * npair * sizeof(double));
  vqe_integrals_free(x);
  vqe_integrals_free(y);
  vqe_molecule_free(molecule);
}

static void frozen_core_and_active_space_keep_the_energy(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = build("water", water, 3, 0, 1);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  options.frozen_core = VQE_FROZEN_CORE_AUTO;
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  assert_int_equal(x->nfrozen, 1);
  assert_int_equal(x->norb, 6);
  assert_int_equal(x->nalpha, 4);
  assert_true(x->e_core < -50.0);
  assert_true(fabs(vqe_reference_energy(x) - x->hf_energy) < 1e-9);
  vqe_integrals_free(x);
  options.active_electrons = 4;
  options.active_orbitals = 4;
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  assert_int_equal(x->nfrozen, 3);
  assert_int_equal(x->norb, 4);
  assert_true(fabs(x->hf_energy + 74.96302313846289) < 1e-8);
  assert_true(fabs(vqe_reference_energy(x) - x->hf_energy) < 1e-9);
  /* diagonal of the Fock matrix: orbital energies, core field included */
  double diagonal[4];
  double coupling, mixing;
  vqe_reference_fock(diagonal, &coupling, &mixing, x);
  assert_true(coupling < 1e-8);
  for (int p = 0; p < 4; p++) {
    assert_true(fabs(diagonal[p] - x->orbital_energies[p]) < 1e-8);
  }
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
}

/* No electrons, and one: results, not errors. */
static void no_electron_and_one_are_results(void **state)
{
  (void)state;
  static const struct atom h2[] = {{"H", 0, 0, 0}, {"H", 0, 0, 1.0}};
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  struct vqe_molecule *molecule = build("bare", h2, 2, 2, 1);
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  assert_int_equal(x->nalpha, 0);
  assert_true(fabs(x->hf_energy - VQE_BOHR_ANGSTROM) < 1e-14);
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
  molecule = build("ion", h2, 2, 1, 2);
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  assert_int_equal(x->nbeta, 0);
  assert_true(x->has_mp2);
  assert_true(fabs(x->hf_energy - x->h1e[0] - x->nuclear_repulsion) < 1e-12);
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
}

/* Nearly coincident nuclei make the basis dependent. PySCF 2.14.0 keeps all
 * functions; the space is the same to its rounding. */
static void dependent_basis_is_cut_and_noted(void **state)
{
  (void)state;
  static const struct atom chain[] = {{"H", 0, 0, 0},   {"H", 0, 0, 0.2},
                                      {"H", 0, 0, 0.4}, {"H", 0, 0, 0.6},
                                      {"H", 0, 0, 0.8}, {"H", 0, 0, 1.0}};
  struct vqe_molecule *molecule = build("chain", chain, 6, 0, 1);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  options.basis = "cc-pvdz";
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  assert_true(fabs(x->hf_energy - 5.856087417486471) < 1e-7);
  assert_true(x->norb < 30);
  assert_non_null(strstr(x->notes, "linear_dependence: "));
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
}

/* PySCF's stability analysis finds triplet O2 in STO-3G to be a saddle point
 * 1.3 millihartree above the lowest ROHF solution, and OH and N2 to be
 * minima. Square H4 has a lower closed shell along its other diagonals. */
static void saddle_points_are_noted_and_minima_not(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    bool stable;
  } cases[] = {{"O2_triplet_1.2075", false},
               {"OH_radical_0.9697", true},
               {"N2", true},
               {"H2O", true}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_integrals *x = run(find(cases[k].name));
    bool stable = !vqe_notes_has(x->notes, VQE_NOTE_UNSTABLE_REFERENCE);
    assert_int_equal(stable, cases[k].stable);
    vqe_integrals_free(x);
  }
  static const struct atom square[] = {{"H", 1.2, 0, 0},
                                       {"H", 0, 1.2, 0},
                                       {"H", -1.2, 0, 0},
                                       {"H", 0, -1.2, 0}};
  struct vqe_molecule *molecule = build("square", square, 4, 0, 1);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  options.basis = "6-31g";
  assert_int_equal(vqe_chem_run(&x, molecule, &options), 0);
  /* PySCF 2.14.0 reaches the lower one */
  assert_true(fabs(x->hf_energy + 1.8635620939541027) < 1e-8 ||
              vqe_notes_has(x->notes, VQE_NOTE_UNSTABLE_REFERENCE));
  vqe_integrals_free(x);
  vqe_molecule_free(molecule);
}

static void what_cannot_be_computed_is_refused(void **state)
{
  (void)state;
  static const struct atom helium[] = {{"He", 0, 0, 0}};
  static const struct atom silver[] = {{"Ag", 0, 0, 0}};
  static const struct atom neon[] = {
      {"Ne", 0, 0, 0}, {"Ne", 0, 0, 3}, {"Ne", 0, 0, 6}};
  const struct {
    const struct atom *atoms;
    size_t natom;
    int charge, multiplicity;
    struct vqe_chem_options options;
    int status;
    const char *message;
  } cases[] = {
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = -1,
        .active_orbitals = -1,
        .scf_max_cycles = 2},
       VQE_ERR_NUMERIC,
       "did not converge in 2 cycles"},
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto9g",
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_INPUT,
       "'sto9g' is not known: did you mean 'sto3g'?"},
      {silver,
       1,
       0,
       2,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_INPUT,
       "no functions for Ag"},
      {helium,
       1,
       0,
       3,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_INPUT,
       "2 alpha electrons"},
      {helium,
       1,
       -2,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_INPUT,
       "larger basis"},
      {neon,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "cc-pvtz",
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_UNSUPPORTED,
       "active_space"},
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = 5,
        .active_orbitals = 5},
       VQE_ERR_INPUT,
       "an even number"},
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .active_electrons = 4,
        .active_orbitals = 9},
       VQE_ERR_INPUT,
       "9 active orbitals"},
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .frozen_core = 6,
        .active_electrons = -1,
        .active_orbitals = -1},
       VQE_ERR_INPUT,
       "frozen_core 6"},
      {water,
       3,
       0,
       1,
       {.size = sizeof(struct vqe_chem_options),
        .basis = "sto3g",
        .frozen_core = 4,
        .active_electrons = 4,
        .active_orbitals = 4},
       VQE_ERR_INPUT,
       "contradicts"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_molecule *molecule =
        build("test", cases[k].atoms, cases[k].natom, cases[k].charge,
              cases[k].multiplicity);
    struct vqe_integrals *x = NULL;
    int status = vqe_chem_run(&x, molecule, &cases[k].options);
    if (status != cases[k].status || x != NULL ||
        strstr(vqe_error_message(), cases[k].message) == NULL) {
      fail_msg("case %zu: %d, '%s'", k, status, vqe_error_message());
    }
    vqe_molecule_free(molecule);
  }
}

/* ---- a stop that is asked for ---- */

/* Says yes from its `last`-th question on; 0: never. */
struct patience {
  int asked, last;
};

static bool ask(void *ctx)
{
  struct patience *patience = ctx;
  patience->asked++;
  return patience->last > 0 && patience->asked >= patience->last;
}

/* Helium atoms on a grid, two functions each. */
static struct vqe_molecule *grid(void)
{
  json_t *rows = json_array();
  for (int k = 0; k < 36; k++) {
    json_array_append_new(rows, json_pack("[s, f, f, f]", "He", 1.9 * (k % 3),
                                          2.0 * (k / 3 % 3), 2.1 * (k / 9)));
  }
  json_t *system =
      json_pack("{s: o, s: s, s: i, s: s, s: i}", "geometry", rows, "units",
                "angstrom", "charge", 0, "name", "grid", "multiplicity", 1);
  struct vqe_molecule *molecule = make(system);
  json_decref(system);
  return molecule;
}

/* No question comes after a yes: what is left is skipped. With stored and with
 * direct integrals, in integrals, Fock matrices and the transformation. */
static void a_stop_ends_integrals_and_scf(void **state)
{
  (void)state;
  struct vqe_molecule *molecule = grid();
  for (size_t limit = 0; limit < 2; limit++) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *integrals = NULL;
    struct patience patience = {0, 0};
    options.basis = "6-31g";
    options.active_electrons = 2;
    options.active_orbitals = 2;
    options.memory_limit = limit;
    options.should_stop = ask;
    options.ctx = &patience;
    assert_int_equal(vqe_chem_run(&integrals, molecule, &options), VQE_OK);
    vqe_integrals_free(integrals);
    int all = patience.asked;
    assert_true(all > 8);
    for (int last = 1; last <= all; last += last < 3 ? 1 : all / 5) {
      patience = (struct patience){0, last};
      integrals = NULL;
      assert_int_equal(vqe_chem_run(&integrals, molecule, &options),
                       VQE_ERR_INTERRUPTED);
      assert_null(integrals);
      assert_int_equal(patience.asked, last);
    }
  }
  vqe_molecule_free(molecule);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energies_are_those_of_the_reference),
      cmocka_unit_test(energies_in_larger_bases_are_pyscfs),
      cmocka_unit_test(dipole_of_water_is_pyscfs),
      cmocka_unit_test(symmetry_and_energy_survive_any_orientation),
      cmocka_unit_test(two_threads_give_the_bits_of_one),
      cmocka_unit_test(frozen_core_and_active_space_keep_the_energy),
      cmocka_unit_test(no_electron_and_one_are_results),
      cmocka_unit_test(dependent_basis_is_cut_and_noted),
      cmocka_unit_test(saddle_points_are_noted_and_minima_not),
      cmocka_unit_test(what_cannot_be_computed_is_refused),
      cmocka_unit_test(a_stop_ends_integrals_and_scf),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
