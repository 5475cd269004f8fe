#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/notes.h"
#include "molecule/molecule_scan.h"
#include "report/json_file.h"
#include "report/property_lines.h"
#include "report/report.h"
#include "report/report_json.h"
#include "vqe/checks.h"

static json_t *text_or_null(const char *text)
{
  /* names come from users' files: what is no UTF-8 is not lost, but marked */
  json_t *value = text != NULL ? json_string(text) : json_null();
  return value != NULL ? value : json_string("(not UTF-8)");
}

static json_t *number_or_null(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

/* A count that is kept as a double. */
static json_t *whole_or_null(double value)
{
  return value >= 0.0 && value < 9e15 ? json_integer((json_int_t)value)
                                      : json_null();
}

/* A failed one has no count of anything. */
static json_t *count_or_null(bool known, json_int_t value)
{
  return known ? json_integer(value) : json_null();
}

static const char *status_text(enum vqe_experiment_status status)
{
  switch (status) {
  case VQE_EXPERIMENT_OK:
    return "ok";
  case VQE_EXPERIMENT_FAILED:
    return "failed";
  default:
    return "ok"; /* restored: it was ok when it ran */
  }
}

static json_t *truth_or_null(int truth)
{
  return truth < 0 ? json_null() : json_boolean(truth);
}

json_t *vqe_report_numbers(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && values != NULL && k < count; k++) {
    if (json_array_append_new(array, number_or_null(values[k])) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

static json_t *notes_of(const char *notes)
{
  struct vqe_notes_line line;
  json_t *array = json_array();
  while (array != NULL && vqe_notes_next(&line, &notes)) {
    json_t *item =
        json_pack("{s:s%, s:s%}", "code", line.code, line.code_length, "text",
                  line.text, line.text_length);
    if (json_array_append_new(array, item) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

static double dipole_debye(const double dipole[3])
{
  return VQE_DEBYE * sqrt(dipole[0] * dipole[0] + dipole[1] * dipole[1] +
                          dipole[2] * dipole[2]);
}

/* A text of the result as JSON again. */
static json_t *json_of(const char *text)
{
  json_t *value = text != NULL ? vqe_json_parse_any(text, strlen(text)) : NULL;
  return value != NULL ? value : json_null();
}

/* Values of the point of a scan. */
static json_t *scan_of(const struct vqe_experiment *experiment)
{
  double values[VQE_SCAN_MOST];
  size_t count;
  (void)vqe_scan_point_values(values, &count, experiment->scan);
  return vqe_report_numbers(values, count);
}

/* The first `ndim` indices as lists in lists. */
static json_t *nested(const double **values, const uint64_t *shape, int ndim)
{
  if (ndim == 1) {
    json_t *row = vqe_report_numbers(*values, (size_t)shape[0]);
    *values += shape[0];
    return row;
  }
  json_t *array = json_array();
  for (uint64_t k = 0; array != NULL && k < shape[0]; k++) {
    if (json_array_append_new(array, nested(values, shape + 1, ndim - 1)) !=
        0) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

/* Null where none were computed, else an object with an array for each. */
static json_t *properties_of(const struct vqe_result *result)
{
  json_t *object = result->nproperty > 0 ? json_object() : json_null();
  for (size_t k = 0; object != NULL && k < result->nproperty; k++) {
    const struct vqe_property *property = &result->properties[k];
    const double *values = property->values;
    if (json_object_set_new(
            object, property->name,
            nested(&values, property->shape, property->ndim)) != 0) {
      json_decref(object);
      object = NULL;
    }
  }
  return object;
}

/* Energies are total ones, as all of the summary. */
static json_t *landscape_of(const struct vqe_result *result)
{
  const struct vqe_landscape *landscape = &result->landscape;
  return isnan(landscape->points)
             ? json_null()
             : json_pack("{s:o, s:o, s:o, s:o}", "points",
                         whole_or_null(landscape->points), "energy_mean",
                         number_or_null(landscape->energy_mean +
                                        result->nuclear_repulsion_energy),
                         "energy_variance",
                         number_or_null(landscape->energy_variance),
                         "gradient_variance",
                         number_or_null(landscape->gradient_variance));
}

/* Names of how shots were taken; null: equally, qubit by qubit. */
static json_t *measurement_of(const struct vqe_experiment *experiment)
{
  unsigned how = experiment->measurement;
  json_t *list = how != 0 ? json_array() : json_null();
  bool failed = list == NULL;
  if ((how & VQE_MEASUREMENT_COMMUTING) != 0) {
    failed |= json_array_append_new(list, json_string("commuting")) != 0;
  }
  if ((how & VQE_MEASUREMENT_VARIANCE) != 0) {
    failed |= json_array_append_new(list, json_string("variance")) != 0;
  }
  if (failed) {
    json_decref(list);
  }
  return failed ? NULL : list;
}

/* A property of one number. */
static json_t *property_or_null(const struct vqe_result *result,
                                const char *name)
{
  const struct vqe_property *property = vqe_result_property(result, name);
  return property != NULL ? number_or_null(property->values[0]) : json_null();
}

/* In the published order; json_object_set_new takes the value
 * over and fails on NULL. */
json_t *vqe_report_summary_of(const struct vqe_result *result, bool restored)
{
  const struct vqe_experiment *experiment = result->experiment;
  const struct vqe_circuit_cost *cost = &result->circuit;
  double energy = result->minimum + result->nuclear_repulsion_energy;
  bool known = result->num_qubits > 0;
  bool ran = known && result->status != VQE_EXPERIMENT_FAILED;
  struct {
    const char *key;
    json_t *value;
  } fields[] = {
      {"experiment_id", text_or_null(experiment->id)},
      {"name", text_or_null(experiment->name)},
      {"status", json_string(status_text(result->status))},
      {"reason", text_or_null(result->reason)},
      {"basis", text_or_null(experiment->basis_set)},
      {"n_qubits", count_or_null(known, result->num_qubits)},
      {"n_electrons", count_or_null(known, result->nalpha + result->nbeta)},
      {"ansatz", text_or_null(experiment->ansatz_name)},
      {"n_parameters", count_or_null(known, result->nparam)},
      {"optimizer", text_or_null(experiment->optimizer)},
      {"init", text_or_null(experiment->init_strategy)},
      {"seed", json_integer(experiment->seed)},
      {"n_evaluations", json_integer((json_int_t)result->neval)},
      {"converged", ran ? json_boolean(result->success) : json_null()},
      {"nuclear_repulsion", number_or_null(result->nuclear_repulsion_energy)},
      {"energy", number_or_null(energy)},
      {"energy_hf", number_or_null(result->hf_energy)},
      {"energy_mp2", number_or_null(result->mp2_energy)},
      {"energy_fci", number_or_null(result->fci_energy)},
      {"error_mha", number_or_null(1e3 * (energy - result->fci_energy))},
      {"s2", number_or_null(result->s2_expectation)},
      {"n_expectation", number_or_null(result->n_expectation)},
      {"n_pauli_terms",
       count_or_null(known && result->nterm > 0, (json_int_t)result->nterm)},
      {"pauli_one_norm",
       known ? number_or_null(result->pauli_one_norm) : json_null()},
      {"seconds_scf", number_or_null(result->seconds_scf)},
      {"seconds_mapping", number_or_null(result->seconds_mapping)},
      {"seconds_vqe", number_or_null(result->seconds_vqe)},
      {"device",
       text_or_null(result->device[0] != '\0' ? result->device : NULL)},
      {"peak_memory_mb", number_or_null(result->peak_memory_mb)},
      {"restored", json_boolean(restored)},
      {"state_ok", truth_or_null(vqe_result_state_ok(result))},
      {"notes", notes_of(result->notes)},
      {"energy_std", number_or_null(result->energy_std)},
      {"energy_exact", number_or_null(result->energy_exact +
                                      result->nuclear_repulsion_energy)},
      {"total_shots",
       count_or_null(result->total_shots > 0, result->total_shots)},
      {"scan", scan_of(experiment)},
      {"dipole_debye", number_or_null(dipole_debye(result->dipole))},
      {"natural_occupations",
       vqe_report_numbers(result->natural_occupations, result->noccupation)},
      {"two_qubit_gates", whole_or_null(cost->two_qubit_gates)},
      {"depth", whole_or_null(cost->depth)},
      {"starts", json_of(result->starts)},
      {"active_space", json_of(experiment->active_space)},
      {"orbitals", json_of(result->orbitals)},
      {"one_qubit_gates", whole_or_null(cost->one_qubit_gates)},
      {"two_qubit_depth", whole_or_null(cost->two_qubit_depth)},
      {"t_count", whole_or_null(cost->t_count)},
      {"measurement_groups", whole_or_null(cost->measurement_groups)},
      {"chemical_accuracy_shots", whole_or_null(cost->shots)},
      {"started_from", text_or_null(result->neighbour)},
      {"properties", properties_of(result)},
      {"landscape", landscape_of(result)},
      {"noise_backend", text_or_null(experiment->noise_backend)},
      {"noise_energy", property_or_null(result, "noise_energy")},
      {"noise_error", property_or_null(result, "noise_error")},
      {"measurement", measurement_of(experiment)},
  };
  json_t *object = json_object();
  bool failed = object == NULL;
  for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
    if (failed) {
      json_decref(fields[k].value);
    } else if (json_object_set_new(object, fields[k].key, fields[k].value) !=
               0) {
      failed = true;
    }
  }
  if (failed) {
    json_decref(object);
    object = NULL;
  }
  return object;
}

int vqe_report_summary(const char *path, struct vqe_result *const *results,
                       const bool *restored, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && k < count; k++) {
    if (json_array_append_new(
            array, vqe_report_summary_of(results[k], restored != NULL &&
                                                         restored[k])) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  int status = vqe_report_write_json(path, array);
  json_decref(array);
  return status;
}
