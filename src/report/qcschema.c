#include "report/qcschema.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/notes.h"
#include "report/json_file.h"

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

static json_t *molecule_of(const struct vqe_molecule *molecule)
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
  json_object_set_new(object, "schema_version", json_integer(2));
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
  if (experiment->active_orbitals >= 0) {
    json_object_set_new(object, "active_space",
                        json_pack("{s:i, s:i}", "electrons",
                                  experiment->active_electrons, "orbitals",
                                  experiment->active_orbitals));
  }
  return object;
}

/* What an AtomicInput holds. */
static json_t *input_of(const struct vqe_experiment *experiment,
                        const char *schema)
{
  json_t *object = json_object();
  json_t *model = json_object();
  put_text(model, "method", "vqe");
  put_text(model, "basis", basis_name(experiment->basis_set));
  put_text(object, "id", experiment->id);
  put_text(object, "schema_name", schema);
  json_object_set_new(object, "schema_version", json_integer(1));
  json_object_set_new(object, "molecule", molecule_of(experiment->molecule));
  put_text(object, "driver", "energy");
  json_object_set_new(object, "model", model);
  json_object_set_new(object, "keywords", keywords_of(experiment));
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

/* NULL: no memory. */
static json_t *result_of(const struct vqe_result *result)
{
  double energy = result->minimum + result->nuclear_repulsion_energy;
  if (result->status == VQE_EXPERIMENT_FAILED || !isfinite(energy)) {
    json_t *input = input_of(result->experiment, "qcschema_input");
    json_t *error = json_object();
    put_text(error, "error_type", "execution_error");
    put_text(error, "error_message",
             result->reason != NULL ? result->reason : "no energy");
    return json_pack("{s:s, s:b, s:o, s:o}", "id", result->experiment->id,
                     "success", 0, "input_data", input, "error", error);
  }
  json_t *object = input_of(result->experiment, "qcschema_output");
  json_object_set_new(object, "properties", properties_of(result));
  put_number(object, "return_result", energy);
  json_object_set_new(object, "success", json_true());
  json_object_set_new(object, "extras", extras_of(result));
  return object;
}

/* A failure without a molecule has only its reason. */
static json_t *bare_failure(const struct vqe_result *result)
{
  json_t *error = json_object();
  put_text(error, "error_type", "input_error");
  put_text(error, "error_message",
           result->reason != NULL ? result->reason : "no molecule");
  return json_pack("{s:s, s:b, s:n, s:o}", "id", result->experiment->id,
                   "success", 0, "input_data", "error", error);
}

int vqe_report_qcschema(const char *path, size_t *left_out,
                        struct vqe_result *const *results, size_t count)
{
  json_t *array = json_array();
  *left_out = 0;
  for (size_t k = 0; array != NULL && k < count; k++) {
    const struct vqe_experiment *experiment = results[k]->experiment;
    if (experiment->fcidump != NULL) {
      (*left_out)++;
    } else if (json_array_append_new(array, experiment->molecule != NULL
                                                ? result_of(results[k])
                                                : bare_failure(results[k])) !=
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
