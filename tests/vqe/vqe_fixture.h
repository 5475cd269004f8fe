/* Experiments made by hand and the energies that they are checked against. */
#ifndef VQE_TEST_VQE_FIXTURE_H
#define VQE_TEST_VQE_FIXTURE_H

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

#include "vqe/error.h"
#include "vqe/experiment.h"

#define REFERENCES VQE_TEST_DATA "/energies.json"

static inline void near(double got, double wanted, double tolerance)
{
  if (!(fabs(got - wanted) <= tolerance)) {
    fail_msg("%.15g is not within %.1g of %.15g", got, tolerance, wanted);
  }
}

/* ---- experiments by hand ---- */

static inline char *copy(const char *text)
{
  char *out = strdup(text);
  assert_non_null(out);
  return out;
}

static inline struct vqe_experiment *new_experiment(const char *molecule_json)
{
  struct vqe_molecule_list *list = NULL;
  struct vqe_experiment *experiment = calloc(1, sizeof *experiment);
  assert_non_null(experiment);
  assert_int_equal(vqe_molecule_list_parse(&list, molecule_json,
                                           strlen(molecule_json), "json",
                                           "test"),
                   VQE_OK);
  assert_int_equal(list->count, 1);
  assert_non_null(list->entries[0].molecule);
  assert_int_equal(
      vqe_molecule_copy(&experiment->molecule, list->entries[0].molecule),
      VQE_OK);
  vqe_molecule_list_free(list);
  bool closed = experiment->molecule->multiplicity == 1;
  experiment->source = copy("test");
  experiment->name = copy(experiment->molecule->name);
  experiment->basis_set = copy("sto3g");
  experiment->active_electrons = -1;
  experiment->active_orbitals = -1;
  experiment->symmetry = true;
  experiment->ansatz_name = copy("UCCSD");
  experiment->ansatz_reps = 1;
  experiment->optimizer = copy("L-BFGS-B");
  experiment->max_evaluations = 10000;
  experiment->gtol = 1e-4;
  experiment->ftol = 1e-8;
  experiment->init_strategy = copy(closed ? "mp2" : "hf");
  experiment->seed = 1;
  experiment->references = VQE_REFERENCE_ALL;
  experiment->device = copy("auto");
  experiment->precision = copy("double");
  assert_int_equal(vqe_experiment_id(experiment->id, NULL, experiment),
                   VQE_OK);
  return experiment;
}

static inline void set(char **member, const char *value)
{
  free(*member);
  *member = copy(value);
}

static inline struct vqe_result *run(const struct vqe_experiment *experiment,
                                     const struct vqe_callbacks *callbacks)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_result *result = NULL;
  int status = vqe_experiment_run(&result, experiment, &options, callbacks);
  if (status != VQE_OK) {
    fail_msg("run: %s", vqe_error_message());
  }
  assert_non_null(result);
  return result;
}

/* Entry of energies.json as a molecule of ours. */
static inline struct vqe_experiment *reference(json_t **entry,
                                               const char *name)
{
  json_error_t error;
  json_t *root = json_load_file(REFERENCES, 0, &error);
  assert_non_null(root);
  json_t *systems = json_object_get(root, "systems");
  size_t at;
  json_t *system;
  struct vqe_experiment *experiment = NULL;
  json_array_foreach(systems, at, system)
  {
    if (strcmp(json_string_value(json_object_get(system, "name")), name) !=
        0) {
      continue;
    }
    json_t *symbols = json_array();
    json_t *coords = json_array();
    size_t k;
    json_t *atom;
    json_array_foreach(json_object_get(system, "geometry"), k, atom)
    {
      json_array_append(symbols, json_array_get(atom, 0));
      json_array_append_new(
          coords, json_pack("[O,O,O]", json_array_get(atom, 1),
                            json_array_get(atom, 2), json_array_get(atom, 3)));
    }
    json_t *molecule = json_pack(
        "{s:o, s:o, s:O, s:O, s:O, s:s}", "symbols", symbols, "coords", coords,
        "charge", json_object_get(system, "charge"), "multiplicity",
        json_object_get(system, "multiplicity"), "units",
        json_object_get(system, "units"), "name", name);
    assert_non_null(molecule);
    char *text = json_dumps(molecule, 0);
    experiment = new_experiment(text);
    free(text);
    json_decref(molecule);
    if (entry != NULL) {
      *entry = json_incref(system);
    }
  }
  json_decref(root);
  assert_non_null(experiment);
  return experiment;
}

static inline double value(const json_t *entry, const char *key)
{
  const json_t *found = json_object_get(entry, key);
  assert_true(json_is_number(found));
  return json_number_value(found);
}

#endif
