#include "record/record.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/canonical.h"
#include "vqe/operators.h"

int vqe_record_create(struct vqe_record **out)
{
  struct vqe_record *record;
  int status = vqe_memory_alloc(&record, 1, sizeof *record, "a result record");
  if (status != VQE_OK) {
    return status;
  }
  record->minimum = NAN;
  record->maxcv = NAN;
  record->nuclear_repulsion_energy = NAN;
  record->success = VQE_MAYBE_NULL;
  record->hf_energy = NAN;
  record->mp2_energy = NAN;
  record->fci_energy = NAN;
  *out = record;
  return VQE_OK;
}

void vqe_record_free(struct vqe_record *record)
{
  if (record == NULL) {
    return;
  }
  for (size_t k = 0; record->terms != NULL && k < record->nterm; k++) {
    free(record->terms[k].label);
  }
  for (size_t k = 0; record->symbols != NULL && k < record->natom; k++) {
    free(record->symbols[k]);
  }
  free(record->backend);
  free(record->terms);
  free(record->initial_parameters);
  free(record->optimizer);
  free(record->ansatz_qasm);
  free(record->noise_backend);
  free(record->init_strategy);
  free(record->ansatz_name);
  free(record->iterations);
  free(record->iteration_parameters);
  free(record->optimal_parameters);
  free(record->symbols);
  free(record->coord_lengths);
  free(record->coords);
  free(record->units);
  free(record->masses);
  free(record->basis_set);
  free(record->performance_start);
  free(record->performance_end);
  free(record->experiment_id);
  free(record->reference_method);
  free(record->code_version);
  free(record->hostname);
  free(record->device);
  free(record->job_id);
  free(record->started_at);
  free(record->finished_at);
  free(record);
}

/* ---- from a result of ours ---- */

static int copy_doubles(double **out, const double *values, size_t count,
                        const char *what)
{
  if (count == 0) {
    return VQE_OK;
  }
  if (values == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "a result lacks its %s", what);
  }
  int status = vqe_memory_alloc(out, count, sizeof **out, what);
  if (status == VQE_OK) {
    memcpy(*out, values, count * sizeof **out);
  }
  return status;
}

static int copy_terms(struct vqe_record *record,
                      const struct vqe_result *result)
{
  char label[2 * VQE_MAX_ORBITALS + 1];
  int status = vqe_memory_alloc(&record->terms, result->nterm,
                                sizeof *record->terms, "Hamiltonian terms");
  if (status != VQE_OK) {
    return status;
  }
  if (result->num_qubits > 2 * VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_INPUT, "a result has %d qubits, above %d",
                         result->num_qubits, 2 * VQE_MAX_ORBITALS);
  }
  record->nterm = result->nterm;
  for (size_t k = 0; status == VQE_OK && k < result->nterm; k++) {
    vqe_pauli_label(label, result->num_qubits, result->term_x[k],
                    result->term_z[k]);
    record->terms[k].real = result->term_coeff[k];
    status = vqe_memory_strdup(&record->terms[k].label, label);
  }
  return status;
}

static int copy_iterations(struct vqe_record *record,
                           const struct vqe_result *result)
{
  size_t nparam = (size_t)result->nparam;
  size_t total;
  if (!vqe_memory_mul(&total, result->neval, nparam)) {
    return vqe_error_set(VQE_ERR_MEMORY, "iteration parameters overflow");
  }
  int status =
      copy_doubles(&record->iteration_parameters, result->eval_parameters,
                   total, "iteration parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&record->iterations, result->neval,
                              sizeof *record->iterations, "iterations");
  }
  if (status != VQE_OK) {
    return status;
  }
  record->niteration = result->neval;
  for (size_t k = 0; k < result->neval; k++) {
    struct vqe_record_iteration *iteration = &record->iterations[k];
    iteration->iteration = (int32_t)(k + 1);
    iteration->nparam = nparam;
    iteration->parameters =
        nparam > 0 ? record->iteration_parameters + k * nparam : NULL;
    iteration->result = result->eval_energy[k];
    iteration->std = result->eval_std[k];
    iteration->energy_delta = result->eval_delta[k];
    iteration->parameter_delta_norm = result->eval_parameter_delta[k];
    iteration->cumulative_min_energy = result->eval_cumulative_min[k];
  }
  return VQE_OK;
}

static int copy_molecule(struct vqe_record *record,
                         const struct vqe_result *result)
{
  const struct vqe_molecule *molecule = result->experiment->molecule;
  int status = VQE_OK;
  if (molecule == NULL) {
    /* an FCIDUMP has no atoms */
    record->multiplicity = result->nalpha - result->nbeta + 1;
    return vqe_memory_strdup(&record->units, "angstrom");
  }
  size_t natom = molecule->natom;
  record->multiplicity = molecule->multiplicity;
  record->charge = molecule->charge;
  status = vqe_memory_strdup(
      &record->units, molecule->units == VQE_BOHR ? "bohr" : "angstrom");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&record->symbols, natom, sizeof(char *),
                              "symbols of a molecule");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&record->coord_lengths, natom, sizeof(size_t),
                              "coordinates of a molecule");
  }
  if (status != VQE_OK) {
    return status;
  }
  record->natom = natom;
  record->ncoord = natom;
  for (size_t k = 0; status == VQE_OK && k < natom; k++) {
    record->coord_lengths[k] = 3;
    status = vqe_memory_strdup(&record->symbols[k], molecule->symbols[k]);
  }
  if (status == VQE_OK) {
    status = copy_doubles(&record->coords, molecule->coords, 3 * natom,
                          "coordinates");
  }
  if (status == VQE_OK && molecule->masses != NULL) {
    record->has_masses = true;
    record->nmass = natom;
    status = copy_doubles(&record->masses, molecule->masses, natom, "masses");
  }
  return status;
}

/* A basis file is named by its own name and the start of its hash: paths say
 * nothing to others, and two files may share a name. */
static int copy_basis(struct vqe_record *record,
                      const struct vqe_experiment *experiment)
{
  if (experiment->basis_sha256 == NULL) {
    return vqe_memory_strdup(&record->basis_set, experiment->basis_set);
  }
  const char *slash = strrchr(experiment->basis_set, '/');
  if (asprintf(&record->basis_set, "%s:%.12s",
               slash != NULL ? slash + 1 : experiment->basis_set,
               experiment->basis_sha256) < 0) {
    record->basis_set = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a name");
  }
  return VQE_OK;
}

static int copy_texts(struct vqe_record *record,
                      const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  const struct {
    char **out;
    const char *text;
  } texts[] = {
      {&record->backend, result->backend},
      {&record->optimizer, experiment->optimizer},
      {&record->ansatz_qasm, result->ansatz_qasm != NULL ? result->ansatz_qasm : ""},
      {&record->noise_backend, "undef"},
      {&record->init_strategy, experiment->init_strategy},
      {&record->ansatz_name, experiment->ansatz_name},
      {&record->performance_start, result->performance_start},
      {&record->performance_end, result->performance_end},
      {&record->experiment_id, experiment->id},
      {&record->reference_method, result->reference_method},
      {&record->code_version, result->code_version},
      {&record->hostname, result->hostname},
      {&record->device, result->device},
      {&record->job_id, result->job_id[0] != '\0' ? result->job_id : NULL},
      {&record->started_at, result->started_at},
      {&record->finished_at, result->finished_at},
  };
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof texts / sizeof texts[0];
       k++) {
    status = vqe_memory_strdup(texts[k].out, texts[k].text);
  }
  return status;
}

static void copy_numbers(struct vqe_record *record,
                         const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  record->num_qubits = result->num_qubits;
  record->num_parameters = result->nparam;
  record->default_shots.set = experiment->shots > 0;
  record->default_shots.value = experiment->shots;
  record->ansatz_reps = experiment->ansatz_reps;
  record->seed.set = true;
  record->seed.value = (int32_t)experiment->seed;
  record->exact_estimator = experiment->shots <= 0;
  record->minimum = result->minimum;
  record->maxcv = result->maxcv;
  record->minimization_time = result->seconds_vqe;
  record->nuclear_repulsion_energy = result->nuclear_repulsion_energy;
  record->success = result->success ? VQE_MAYBE_TRUE : VQE_MAYBE_FALSE;
  record->nfev.set = true;
  record->nfev.value = result->nfev;
  record->nit.set = result->nit >= 0;
  record->nit.value = result->nit;
  record->hamiltonian_time = result->seconds_integrals + result->seconds_scf +
                             result->seconds_transform;
  record->mapping_time = result->seconds_mapping;
  record->vqe_time = result->seconds_vqe;
  record->total_time = result->seconds_total;
  record->molecule_id = experiment->molecule_id;
  /* hf_energy of the record is not nullable */
  record->has_references = !isnan(result->hf_energy);
  record->hf_energy = result->hf_energy;
  record->mp2_energy = result->mp2_energy;
  record->fci_energy = result->fci_energy;
  record->has_provenance = true;
  record->mpi_ranks = result->mpi_ranks;
  record->threads = result->threads;
}

int vqe_record_from_result(struct vqe_record **out,
                           const struct vqe_result *result)
{
  struct vqe_record *record = NULL;
  size_t nparam = (size_t)(result->nparam > 0 ? result->nparam : 0);
  if (result->status == VQE_EXPERIMENT_FAILED || result->neval == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "experiment %s did not finish: it has no record",
                         result->experiment->id);
  }
  int status = vqe_record_create(&record);
  if (status != VQE_OK) {
    return status;
  }
  copy_numbers(record, result);
  status = copy_texts(record, result);
  if (status == VQE_OK) {
    status = copy_basis(record, result->experiment);
  }
  if (status == VQE_OK) {
    status = copy_molecule(record, result);
  }
  if (status == VQE_OK) {
    status = copy_terms(record, result);
  }
  if (status == VQE_OK) {
    record->ninitial = nparam;
    status =
        copy_doubles(&record->initial_parameters, result->initial_parameters,
                     nparam, "initial parameters");
  }
  if (status == VQE_OK) {
    record->noptimal = nparam;
    status =
        copy_doubles(&record->optimal_parameters, result->optimal_parameters,
                     nparam, "optimal parameters");
  }
  if (status == VQE_OK) {
    status = copy_iterations(record, result);
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    return status;
  }
  *out = record;
  return VQE_OK;
}

/* ---- validation ---- */

static bool is_utf8(const char *text)
{
  json_t *value = json_string(text);
  bool valid = value != NULL;
  json_decref(value);
  return valid;
}

int vqe_record_validate(const struct vqe_record *record, const char *where)
{
  const struct {
    const char *name, *text;
    bool required;
  } texts[] = {
      {"backend", record->backend, true},
      {"optimizer", record->optimizer, true},
      {"ansatz", record->ansatz_qasm, true},
      {"noise_backend", record->noise_backend, true},
      {"init_strategy", record->init_strategy, false},
      {"ansatz_name", record->ansatz_name, false},
      {"units", record->units, true},
      {"basis_set", record->basis_set, true},
      {"performance_start", record->performance_start, false},
      {"performance_end", record->performance_end, false},
      {"experiment_id", record->experiment_id, false},
      {"reference_method", record->reference_method, record->has_references},
      {"code_version", record->code_version, record->has_provenance},
      {"hostname", record->hostname, record->has_provenance},
      {"device", record->device, record->has_provenance},
      {"job_id", record->job_id, false},
      {"started_at", record->started_at, record->has_provenance},
      {"finished_at", record->finished_at, record->has_provenance},
  };
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    if (texts[k].text == NULL && texts[k].required) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: '%s' is missing", where,
                           texts[k].name);
    }
    if (texts[k].text != NULL && !is_utf8(texts[k].text)) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: '%s' is not UTF-8", where,
                           texts[k].name);
    }
  }
  for (size_t k = 0; k < record->natom; k++) {
    if (record->symbols[k] == NULL || !is_utf8(record->symbols[k])) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: symbol %zu is no text", where,
                           k);
    }
  }
  for (size_t k = 0; k < record->nterm; k++) {
    if (record->terms[k].label == NULL || !is_utf8(record->terms[k].label)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: the label of Hamiltonian term %zu is no text",
                           where, k);
    }
  }
  for (size_t k = 0; k < record->niteration; k++) {
    const struct vqe_record_iteration *iteration = &record->iterations[k];
    if (iteration->iteration < 1 ||
        (k > 0 && iteration->iteration <= iteration[-1].iteration)) {
      /* the step is part of the row's key */
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: iteration %zu is numbered %d; numbers start "
                           "at 1 and rise",
                           where, k, (int)iteration->iteration);
    }
  }
  return VQE_OK;
}

/* ---- identity ---- */

static json_t *doubles_json(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++) {
    if (json_array_append_new(array, vqe_canonical_double(values[k])) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

static json_t *maybe_json(struct vqe_maybe_int maybe)
{
  return maybe.set ? json_integer(maybe.value) : json_null();
}

static json_t *text_json(const char *text)
{
  return text != NULL ? json_string(text) : json_null();
}

static json_t *molecule_json(const struct vqe_record *record)
{
  json_t *symbols = json_array();
  json_t *coords = json_array();
  size_t at = 0;
  int failed = 0;
  for (size_t k = 0; k < record->natom; k++) {
    failed |= json_array_append_new(symbols, json_string(record->symbols[k]));
  }
  for (size_t k = 0; k < record->ncoord; k++) {
    failed |= json_array_append_new(
        coords, doubles_json(record->coords + at, record->coord_lengths[k]));
    at += record->coord_lengths[k];
  }
  json_t *molecule = json_pack(
      "{s:o, s:o, s:i, s:i, s:s, s:o}", "symbols", symbols, "coords", coords,
      "multiplicity", (int)record->multiplicity, "charge", (int)record->charge,
      "units", record->units, "masses",
      record->has_masses ? doubles_json(record->masses, record->nmass)
                         : json_null());
  if (failed != 0) {
    json_decref(molecule);
    return NULL;
  }
  return molecule;
}

static json_t *terms_json(const struct vqe_record *record)
{
  json_t *terms = json_array();
  for (size_t k = 0; k < record->nterm; k++) {
    const struct vqe_record_term *term = &record->terms[k];
    json_t *item =
        json_pack("{s:s, s:{s:o, s:o}}", "label", term->label, "coefficients",
                  "real", vqe_canonical_double(term->real), "imaginary",
                  vqe_canonical_double(term->imaginary));
    if (json_array_append_new(terms, item) != 0) {
      json_decref(terms);
      return NULL;
    }
  }
  return terms;
}

int vqe_record_identify(struct vqe_record *record)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  if (record->experiment_id != NULL) {
    return VQE_OK;
  }
  json_t *initial = json_pack(
      "{s:s, s:i, s:o, s:i, s:o, s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:b}",
      "backend", record->backend, "num_qubits", (int)record->num_qubits,
      "hamiltonian", terms_json(record), "num_parameters",
      (int)record->num_parameters, "initial_parameters",
      doubles_json(record->initial_parameters, record->ninitial), "optimizer",
      record->optimizer, "ansatz", record->ansatz_qasm, "noise_backend",
      record->noise_backend, "default_shots",
      maybe_json(record->default_shots), "ansatz_reps",
      (int)record->ansatz_reps, "init_strategy",
      text_json(record->init_strategy), "seed", maybe_json(record->seed),
      "ansatz_name", text_json(record->ansatz_name), "exact_estimator",
      (int)record->exact_estimator);
  json_t *whole =
      json_pack("{s:o, s:s, s:o}", "molecule_data", molecule_json(record),
                "basis_set", record->basis_set, "initial_data", initial);
  if (whole == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a record's identity");
  }
  int status = vqe_canonical_dump(id, &text, whole);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&record->experiment_id, id);
  }
  free(text);
  json_decref(whole);
  return status;
}

/* ---- non-finite numbers ---- */

static size_t count_bad(const double *values, size_t count)
{
  size_t bad = 0;
  for (size_t k = 0; k < count; k++) {
    bad += !isfinite(values[k]);
  }
  return bad;
}

static size_t count_infinite(const double *values, size_t count)
{
  size_t bad = 0;
  for (size_t k = 0; k < count; k++) {
    bad += isinf(values[k]) != 0;
  }
  return bad;
}

size_t vqe_record_nonfinite(const struct vqe_record *record)
{
  size_t ncoordinate = 0;
  size_t bad = 0;
  const double required[] = {
      record->minimum,          record->minimization_time,
      record->hamiltonian_time, record->mapping_time,
      record->vqe_time,         record->total_time};
  const double nullable[] = {record->maxcv, record->nuclear_repulsion_energy,
                             record->mp2_energy, record->fci_energy};
  for (size_t k = 0; k < record->ncoord; k++) {
    ncoordinate += record->coord_lengths[k];
  }
  bad += count_bad(required, sizeof required / sizeof required[0]);
  bad += count_infinite(nullable, sizeof nullable / sizeof nullable[0]);
  bad += record->has_references && !isfinite(record->hf_energy);
  bad += count_bad(record->coords, ncoordinate);
  bad += count_bad(record->masses, record->nmass);
  bad += count_bad(record->initial_parameters, record->ninitial);
  bad += count_bad(record->optimal_parameters, record->noptimal);
  for (size_t k = 0; k < record->nterm; k++) {
    bad += !isfinite(record->terms[k].real);
    bad += !isfinite(record->terms[k].imaginary);
  }
  for (size_t k = 0; k < record->niteration; k++) {
    const struct vqe_record_iteration *iteration = &record->iterations[k];
    const double deltas[] = {iteration->energy_delta,
                             iteration->parameter_delta_norm,
                             iteration->cumulative_min_energy};
    bad += !isfinite(iteration->result);
    bad += !isfinite(iteration->std);
    bad += count_infinite(deltas, sizeof deltas / sizeof deltas[0]);
    bad += count_bad(iteration->parameters, iteration->nparam);
  }
  return bad;
}
