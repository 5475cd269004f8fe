/* Nuclear repulsion, HF and MP2 against PySCF 2.14.0 (tests/data), and what
 * must hold for the integrals of any molecule. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

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

static void test_reference_energies(void **state)
{
  (void)state;
  size_t k;
  json_t *system;
  json_array_foreach(systems, k, system)
  {
    const char *name = json_string_value(json_object_get(system, "name"));
    struct vqe_integrals *x = run(system);
    print_message("%-20s hf %+.1e", name, x->e_hf - number(system, "e_hf"));
    if (x->has_mp2) {
      print_message(" mp2 %+.1e", x->e_mp2 - number(system, "e_mp2"));
    }
    print_message(" cycles %d %.2f %.2f %.2f ms %s\n", x->scf_cycles,
                  1e3 * x->seconds_integrals, 1e3 * x->seconds_scf,
                  1e3 * x->seconds_transform, x->scf_note);
    assert_true(fabs(x->nuclear_repulsion - number(system, "e_nuc")) < 1e-8);
    /* O2 has a lower, symmetry-broken solution: either is accepted */
    assert_true(fabs(x->e_hf - number(system, "e_hf")) < 1e-8 ||
                fabs(x->e_hf - number(system, "e_hf_default_guess")) < 1e-8);
    assert_int_equal(x->norb, (int)number(system, "n_active_orbitals"));
    assert_int_equal(x->has_mp2,
                     json_is_number(json_object_get(system, "e_mp2")));
    if (x->has_mp2) {
      assert_true(fabs(x->e_mp2 - number(system, "e_mp2")) < 1e-7);
    }
    /* the integrals hold the same determinant as SCF */
    assert_true(fabs(vqe_reference_energy(x) - x->e_hf) < 1e-9);
    vqe_integrals_free(x);
  }
}

int main(void)
{
  (void)find;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference_energies),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
