#include "record/record_json_write.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error_message.h"

/* What cannot be made is NULL, and json_pack of a NULL fails: one check at the
 * end sees everything. */

static json_t *number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *maybe_int(struct vqe_maybe_int value)
{
  return value.set ? json_integer(value.value) : json_null();
}

static json_t *text(const char *value)
{
  return value == NULL ? json_null() : json_string(value);
}

static json_t *maybe_bool(enum vqe_maybe_bool value)
{
  return value == VQE_MAYBE_NULL ? json_null()
                                 : json_boolean(value == VQE_MAYBE_TRUE);
}

static json_t *numbers(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++) {
    if (json_array_append_new(array, number(values[k])) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

/* Append or give up the whole array. */
static json_t *append(json_t *array, json_t *item)
{
  if (array == NULL || json_array_append_new(array, item) != 0) {
    json_decref(array);
    return NULL;
  }
  return array;
}

static json_t *hamiltonian(const struct vqe_record *record)
{
  json_t *array = json_array();
  for (size_t k = 0; k < record->nterm && array != NULL; k++) {
    const struct vqe_record_term *term = &record->terms[k];
    array =
        append(array, json_pack("{s:s, s:{s:o, s:o}}", "label", term->label,
                                "coefficients", "real", number(term->real),
                                "imaginary", number(term->imaginary)));
  }
  return array;
}

static json_t *iterations(const struct vqe_record *record)
{
  json_t *array = json_array();
  for (size_t k = 0; k < record->niteration && array != NULL; k++) {
    const struct vqe_record_iteration *one = &record->iterations[k];
    array = append(
        array,
        json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "iteration",
                  one->iteration, "parameters",
                  numbers(one->parameters, one->nparam), "result",
                  number(one->result), "std", number(one->std), "energy_delta",
                  number(one->energy_delta), "parameter_delta_norm",
                  number(one->parameter_delta_norm), "cumulative_min_energy",
                  number(one->cumulative_min_energy)));
  }
  return array;
}

static json_t *initial_data(const struct vqe_record *record)
{
  return json_pack(
      "{s:s, s:i, s:o, s:i, s:o, s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, "
      "s:b}",
      "backend", record->backend, "num_qubits", record->num_qubits,
      "hamiltonian", hamiltonian(record), "num_parameters",
      record->num_parameters, "initial_parameters",
      numbers(record->initial_parameters, record->ninitial), "optimizer",
      record->optimizer, "ansatz", record->ansatz_qasm, "noise_backend",
      record->noise_backend, "default_shots", maybe_int(record->default_shots),
      "ansatz_reps", record->ansatz_reps, "init_strategy",
      text(record->init_strategy), "seed", maybe_int(record->seed),
      "ansatz_name", text(record->ansatz_name), "exact_estimator",
      (int)record->exact_estimator);
}

static json_t *result(const struct vqe_record *record)
{
  return json_pack(
      "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "initial_data",
      initial_data(record), "iteration_list", iterations(record), "minimum",
      number(record->minimum), "optimal_parameters",
      numbers(record->optimal_parameters, record->noptimal), "maxcv",
      number(record->maxcv), "minimization_time",
      number(record->minimization_time), "nuclear_repulsion_energy",
      number(record->nuclear_repulsion_energy), "success",
      maybe_bool(record->success), "nfev", maybe_int(record->nfev), "nit",
      maybe_int(record->nit));
}

static json_t *molecule(const struct vqe_record *record)
{
  json_t *symbols = json_array();
  json_t *coords = json_array();
  const double *row = record->coords;
  for (size_t k = 0; k < record->natom && symbols != NULL; k++) {
    symbols = append(symbols, json_string(record->symbols[k]));
  }
  for (size_t k = 0; k < record->ncoord && coords != NULL; k++) {
    coords = append(coords, numbers(row, record->coord_lengths[k]));
    row += record->coord_lengths[k];
  }
  return json_pack("{s:{s:o, s:o, s:i, s:i, s:s, s:o}}", "molecule_data",
                   "symbols", symbols, "coords", coords, "multiplicity",
                   record->multiplicity, "charge", record->charge, "units",
                   record->units, "masses",
                   record->has_masses ? numbers(record->masses, record->nmass)
                                      : json_null());
}

static json_t *references(const struct vqe_record *record)
{
  if (!record->has_references) {
    return json_null();
  }
  return json_pack("{s:o, s:o, s:o, s:s}", "hf_energy",
                   number(record->hf_energy), "mp2_energy",
                   number(record->mp2_energy), "fci_energy",
                   number(record->fci_energy), "reference_method",
                   record->reference_method);
}

static json_t *provenance(const struct vqe_record *record)
{
  if (!record->has_provenance) {
    return json_null();
  }
  return json_pack("{s:s, s:s, s:s, s:o, s:i, s:i, s:s, s:s}", "code_version",
                   record->code_version, "hostname", record->hostname,
                   "device", record->device, "job_id", text(record->job_id),
                   "mpi_ranks", record->mpi_ranks, "threads", record->threads,
                   "started_at", record->started_at, "finished_at",
                   record->finished_at);
}

int vqe_record_json_write(char **out, size_t *size,
                          const struct vqe_record *record)
{
  json_t *root = json_pack(
      "{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o}",
      "vqe_result", result(record), "molecule", molecule(record), "basis_set",
      record->basis_set, "hamiltonian_time", number(record->hamiltonian_time),
      "mapping_time", number(record->mapping_time), "vqe_time",
      number(record->vqe_time), "total_time", number(record->total_time),
      "molecule_id", record->molecule_id, "performance_start",
      text(record->performance_start), "performance_end",
      text(record->performance_end), "experiment_id",
      text(record->experiment_id), "references", references(record),
      "provenance", provenance(record));
  *out = root == NULL
             ? NULL
             : json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (*out == NULL) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "experiment %s cannot be written as JSON: no memory, "
        "or a text that is no UTF-8",
        record->experiment_id == NULL ? "(no id)" : record->experiment_id);
  }
  *size = strlen(*out);
  return VQE_OK;
}
