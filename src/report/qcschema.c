#include "report/qcschema.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/notes.h"
#include "report/json_file.h"
#include "report/report_json.h"

/* A member where the number is known; the schema has no NaN. */
static void put_number(json_t *object, const char *key, double value)
{
  if (isfinite(value)) {
    json_object_set_new(object, key, json_real(value));
  }
}

/* Texts come from users' files: what is no UTF-8 is marked. */
static void put_text(json_t *object, const char *key, const char *text)
{
  if (text != NULL) {
    json_t *value = json_string(text);
    json_object_set_new(object, key,
                        value != NULL ? value : json_string("(not UTF-8)"));
  }
}

static json_t *provenance(void)
{
  return json_pack("{s:s, s:s, s:s}", "creator", "vqe_batch", "version",
                   vqe_version(), "routine", "vqe_batch");
}

static json_t *molecule_of(const struct vqe_molecule *molecule, int version)
{
  double scale = molecule->units == VQE_BOHR ? 1.0 : 1.0 / VQE_BOHR_ANGSTROM;
  json_t *symbols = json_array();
  json_t *geometry = json_array();
  json_t *masses = molecule->masses != NULL ? json_array() : NULL;
  json_t *object = json_object();
  for (size_t a = 0; a < molecule->natom; a++) {
    json_array_append_new(symbols, json_string(molecule->symbols[a]));
    for (size_t k = 0; k < 3; k++) {
      json_array_append_new(geometry,
                            json_real(molecule->coords[3 * a + k] * scale));
    }
    if (masses != NULL) {
      json_array_append_new(masses, json_real(molecule->masses[a]));
    }
  }
  put_text(object, "schema_name", "qcschema_molecule");
  json_object_set_new(object, "schema_version", json_integer(version + 1));
  json_object_set_new(object, "symbols", symbols);
  json_object_set_new(object, "geometry", geometry);
  if (masses != NULL) {
    json_object_set_new(object, "masses", masses);
  }
  put_text(object, "name", molecule->name);
  put_number(object, "molecular_charge", molecule->charge);
  json_object_set_new(object, "molecular_multiplicity",
                      json_integer(molecule->multiplicity));
  /* the dipole and further properties are of this frame */
  json_object_set_new(object, "fix_com", json_true());
  json_object_set_new(object, "fix_orientation", json_true());
  json_object_set_new(object, "provenance", provenance());
  return object;
}

/* The stored spelling is the schema's but for this one. */
static const char *basis_name(const char *basis)
{
  return basis != NULL && strcmp(basis, "sto3g") == 0 ? "sto-3g" : basis;
}

/* What another program has to know to compute the same energy exactly. */
static json_t *keywords_of(const struct vqe_experiment *experiment)
{
  json_t *object = json_object();
  json_object_set_new(object, "frozen_core",
                      json_integer(experiment->frozen_core));
  if (experiment->active_space != NULL) {
    json_object_set_new(object, "active_space",
                        vqe_json_parse_any(experiment->active_space,
                                           strlen(experiment->active_space)));
  } else if (experiment->active_orbitals >= 0) {
    json_object_set_new(object, "active_space",
                        json_pack("{s:i, s:i}", "electrons",
                                  experiment->active_electrons, "orbitals",
                                  experiment->active_orbitals));
  }
  return object;
}

static void put_head(json_t *object, const char *schema, int version)
{
  put_text(object, "schema_name", schema);
  json_object_set_new(object, "schema_version", json_integer(version));
}

/* What is asked for: part of an input of version 1, an object of its own in
 * version 2. */
static void put_request(json_t *object,
                        const struct vqe_experiment *experiment)
{
  json_t *model = json_object();
  put_text(model, "method", "vqe");
  put_text(model, "basis", basis_name(experiment->basis_set));
  put_text(object, "driver", "energy");
  json_object_set_new(object, "model", model);
  json_object_set_new(object, "keywords", keywords_of(experiment));
}

/* What an AtomicInput holds. */
static json_t *input_of(const struct vqe_experiment *experiment, int version)
{
  json_t *object = json_object();
  put_text(object, "id", experiment->id);
  put_head(object, version == 2 ? "qcschema_atomic_input" : "qcschema_input",
           version);
  json_object_set_new(object, "molecule",
                      molecule_of(experiment->molecule, version));
  if (version == 2) {
    json_t *specification = json_object();
    put_text(specification, "schema_name", "qcschema_atomic_specification");
    put_text(specification, "program", "vqe_batch");
    put_request(specification, experiment);
    json_object_set_new(object, "specification", specification);
  } else {
    put_request(object, experiment);
  }
  json_object_set_new(object, "provenance", provenance());
  return object;
}

static json_t *properties_of(const struct vqe_result *result)
{
  json_t *object = json_object();
  json_object_set_new(
      object, "calcinfo_natom",
      json_integer((json_int_t)result->experiment->molecule->natom));
  json_object_set_new(object, "calcinfo_nalpha",
                      json_integer(result->nalpha + result->nfrozen));
  json_object_set_new(object, "calcinfo_nbeta",
                      json_integer(result->nbeta + result->nfrozen));
  put_number(object, "nuclear_repulsion_energy",
             result->nuclear_repulsion_energy);
  put_number(object, "return_energy",
             result->minimum + result->nuclear_repulsion_energy);
  put_number(object, "scf_total_energy", result->hf_energy);
  put_number(object, "mp2_total_energy", result->mp2_energy);
  put_number(object, "mp2_correlation_energy",
             result->mp2_energy - result->hf_energy);
  return object;
}

/* What the schema has no place for. */
static json_t *extras_of(const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  json_t *object = json_object();
  json_t *notes = json_array();
  const char *at = result->notes;
  struct vqe_notes_line line;
  while (vqe_notes_next(&line, &at)) {
    json_t *code = json_stringn(line.code, line.code_length);
    json_t *text = json_stringn(line.text, line.text_length);
    json_array_append_new(
        notes, json_pack("{s:o*, s:o*}", "code", code, "text", text));
  }
  put_text(object, "experiment_id", experiment->id);
  put_text(object, "ansatz", experiment->ansatz_name);
  json_object_set_new(object, "reps", json_integer(experiment->ansatz_reps));
  put_text(object, "optimizer", experiment->optimizer);
  put_text(object, "init", experiment->init_strategy);
  json_object_set_new(object, "seed", json_integer(experiment->seed));
  json_object_set_new(object, "shots",
                      experiment->shots > 0 ? json_integer(experiment->shots)
                                            : json_null());
  json_object_set_new(object, "converged", json_boolean(result->success));
  put_text(object, "ended", result->reason);
  put_number(object, "fci_total_energy", result->fci_energy);
  put_number(object, "energy_std", result->energy_std);
  put_number(object, "n_expectation", result->n_expectation);
  put_number(object, "s2", result->s2_expectation);
  json_object_set_new(object, "num_qubits", json_integer(result->num_qubits));
  json_object_set_new(object, "num_parameters", json_integer(result->nparam));
  json_object_set_new(object, "num_evaluations",
                      json_integer((json_int_t)result->neval));
  json_object_set_new(object, "notes", notes);
  return json_pack("{s:o}", "vqe_batch", object);
}

/* A FailedOperation; NULL: no memory. */
static json_t *failure_of(const struct vqe_result *result, json_t *input,
                          const char *type, int version)
{
  json_t *object = json_object();
  json_t *error = json_object();
  put_text(error, "error_type", type);
  put_text(error, "error_message",
           result->reason != NULL ? result->reason : "no energy");
  if (version == 2) {
    put_head(object, "qcschema_failed_operation", version);
  }
  put_text(object, "id", result->experiment->id);
  json_object_set_new(object, "success", json_false());
  json_object_set_new(object, "input_data", input);
  json_object_set_new(object, "error", error);
  return object;
}

json_t *vqe_report_qcschema_of(const struct vqe_result *result, int version)
{
  double energy = result->minimum + result->nuclear_repulsion_energy;
  const struct vqe_experiment *experiment = result->experiment;
  if (experiment->molecule == NULL) {
    /* a failure without a molecule has only its reason */
    return failure_of(result, json_null(), "input_error", version);
  }
  json_t *object = input_of(experiment, version);
  if (result->status == VQE_EXPERIMENT_FAILED || !isfinite(energy)) {
    return failure_of(result, object, "execution_error", version);
  }
  if (version == 2) {
    json_t *input = object;
    object = json_object();
    put_text(object, "id", experiment->id);
    put_head(object, "qcschema_atomic_result", version);
    json_object_set_new(object, "input_data", input);
    json_object_set_new(object, "molecule",
                        molecule_of(experiment->molecule, version));
    json_object_set_new(object, "provenance", provenance());
  } else {
    put_head(object, "qcschema_output", version);
  }
  json_object_set_new(object, "properties", properties_of(result));
  put_number(object, "return_result", energy);
  json_object_set_new(object, "success", json_true());
  json_object_set_new(object, "extras", extras_of(result));
  return object;
}

int vqe_report_qcschema(const char *path, size_t *left_out,
                        struct vqe_result *const *results, const int *versions,
                        size_t count)
{
  json_t *array = json_array();
  *left_out = 0;
  for (size_t k = 0; array != NULL && k < count; k++) {
    const struct vqe_experiment *experiment = results[k]->experiment;
    if (experiment->fcidump != NULL) {
      (*left_out)++;
    } else if (json_array_append_new(
                   array, vqe_report_qcschema_of(
                              results[k],
                              versions != NULL && versions[k] == 2 ? 2 : 1)) !=
               0) {
      json_decref(array);
      array = NULL;
    }
  }
  const json_t *root =
      json_array_size(array) == 1 ? json_array_get(array, 0) : array;
  int status = vqe_report_write_json(path, root);
  json_decref(array);
  return status;
}
