#include "record/record_node.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* ---- the two kinds of tree ---- */

/* Step into the branch of a union. In JSON a branch may be wrapped in an
 * object with the branch's name as its only key. */
static struct vqe_node resolve(struct vqe_node node)
{
  static const char *const branches[] = {
      "null",   "boolean", "int",        "long",       "float", "double",
      "string", "array",   "References", "Provenance", NULL};
  if (!node.is_json) {
    avro_value_t branch;
    if (avro_value_get_type(&node.avro) == AVRO_UNION &&
        avro_value_get_current_branch(&node.avro, &branch) == 0) {
      node.avro = branch;
    }
    return node;
  }
  if (json_is_object(node.json) && json_object_size(node.json) == 1) {
    void *only = json_object_iter(node.json);
    const char *key = json_object_iter_key(only);
    for (int k = 0; branches[k] != NULL; k++) {
      if (strcmp(key, branches[k]) == 0) {
        node.json = json_object_iter_value(only);
        break;
      }
    }
  }
  return node;
}

static bool is_null(const struct vqe_node *node)
{
  if (node->is_json) {
    return node->json == NULL || json_is_null(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_NULL;
}

/* Field by name; false when there is none. */
static bool field(struct vqe_node *out, const struct vqe_node *node,
                  const char *name)
{
  out->is_json = node->is_json;
  if (node->is_json) {
    out->json =
        json_is_object(node->json) ? json_object_get(node->json, name) : NULL;
    if (out->json == NULL) {
      return false;
    }
  } else if (avro_value_get_type(&node->avro) != AVRO_RECORD ||
             avro_value_get_by_name(&node->avro, name, &out->avro, NULL) !=
                 0) {
    return false;
  }
  *out = resolve(*out);
  return true;
}

static bool array_size(size_t *out, const struct vqe_node *node)
{
  if (node->is_json) {
    *out = json_array_size(node->json);
    return json_is_array(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_ARRAY &&
         avro_value_get_size(&node->avro, out) == 0;
}

static struct vqe_node element(const struct vqe_node *node, size_t index)
{
  struct vqe_node out = {.is_json = node->is_json};
  if (node->is_json) {
    out.json = json_array_get(node->json, index);
  } else {
    (void)avro_value_get_by_index(&node->avro, index, &out.avro, NULL);
  }
  return resolve(out);
}

static bool as_double(double *out, const struct vqe_node *node)
{
  if (node->is_json) {
    if (!json_is_number(node->json)) {
      return false;
    }
    *out = json_number_value(node->json);
    return true;
  }
  float narrow;
  int32_t small;
  int64_t wide;
  switch (avro_value_get_type(&node->avro)) {
  case AVRO_DOUBLE:
    return avro_value_get_double(&node->avro, out) == 0;
  case AVRO_FLOAT:
    if (avro_value_get_float(&node->avro, &narrow) != 0) {
      return false;
    }
    *out = narrow;
    return true;
  case AVRO_INT32:
    if (avro_value_get_int(&node->avro, &small) != 0) {
      return false;
    }
    *out = small;
    return true;
  case AVRO_INT64:
    if (avro_value_get_long(&node->avro, &wide) != 0) {
      return false;
    }
    *out = (double)wide;
    return true;
  default:
    return false;
  }
}

static bool as_int(int32_t *out, const struct vqe_node *node)
{
  double value;
  /* whole doubles too: JSON does not tell 3 from 3.0 */
  if (!as_double(&value, node) || value != floor(value) || value < INT32_MIN ||
      value > INT32_MAX) {
    return false;
  }
  *out = (int32_t)value;
  return true;
}

static bool as_bool(bool *out, const struct vqe_node *node)
{
  int value;
  if (node->is_json) {
    *out = json_is_true(node->json);
    return json_is_boolean(node->json);
  }
  if (avro_value_get_type(&node->avro) != AVRO_BOOLEAN ||
      avro_value_get_boolean(&node->avro, &value) != 0) {
    return false;
  }
  *out = value != 0;
  return true;
}

static bool as_text(const char **out, const struct vqe_node *node)
{
  size_t size;
  if (node->is_json) {
    *out = json_string_value(node->json);
    return *out != NULL && strlen(*out) == json_string_length(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_STRING &&
         avro_value_get_string(&node->avro, out, &size) == 0 &&
         strlen(*out) + 1 == size;
}

/* ---- fields with the contract's types ---- */

struct reader {
  const char *where;
  int status; /* sticky: the first failure wins */
};

static void refuse(struct reader *reader, const char *name, const char *what)
{
  if (reader->status == VQE_OK) {
    reader->status = vqe_error_set(VQE_ERR_INPUT, "%s, field '%s': %s",
                                   reader->where, name, what);
  }
}

/* The node of a field that must be there. */
static bool need(struct reader *reader, struct vqe_node *out,
                 const struct vqe_node *node, const char *name)
{
  if (reader->status != VQE_OK) {
    return false;
  }
  if (!field(out, node, name)) {
    refuse(reader, name, "is missing");
    return false;
  }
  return true;
}

/* A double that must be there; JSON writes NaN as null. */
static void get_double(struct reader *reader, double *out,
                       const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  if (!need(reader, &at, node, name)) {
    return;
  }
  *out = NAN;
  if (!(at.is_json && is_null(&at)) && !as_double(out, &at)) {
    refuse(reader, name, "is not a number");
  }
}

static void get_maybe_double(struct reader *reader, double *out,
                             const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  *out = NAN;
  if (reader->status == VQE_OK && field(&at, node, name) && !is_null(&at) &&
      !as_double(out, &at)) {
    refuse(reader, name, "is neither a number nor null");
  }
}

static void get_int(struct reader *reader, int32_t *out,
                    const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  if (need(reader, &at, node, name) && !as_int(out, &at)) {
    refuse(reader, name, "is not a 32-bit integer");
  }
}

static void get_maybe_int(struct reader *reader, struct vqe_maybe_int *out,
                          const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  out->set = false;
  if (reader->status != VQE_OK || !field(&at, node, name) || is_null(&at)) {
    return;
  }
  out->set = as_int(&out->value, &at);
  if (!out->set) {
    refuse(reader, name, "is neither a 32-bit integer nor null");
  }
}

static void copy_text(struct reader *reader, char **out, const char *text)
{
  free(*out);
  reader->status = vqe_memory_strdup(out, text);
}

static void get_text(struct reader *reader, char **out,
                     const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  const char *text;
  if (!need(reader, &at, node, name)) {
    return;
  }
  if (as_text(&text, &at)) {
    copy_text(reader, out, text);
  } else {
    refuse(reader, name, "is not a text");
  }
}

/* Nullable text; `missing` is the schema's default. */
static void get_maybe_text(struct reader *reader, char **out,
                           const struct vqe_node *node, const char *name,
                           const char *missing)
{
  struct vqe_node at;
  const char *text = missing;
  if (reader->status != VQE_OK) {
    return;
  }
  if (field(&at, node, name)) {
    text = NULL;
    if (!is_null(&at) && !as_text(&text, &at)) {
      refuse(reader, name, "is neither a text nor null");
      return;
    }
  }
  if (text != NULL) {
    copy_text(reader, out, text);
  }
}

/* Values of an array into memory of its own. */
static void copy_doubles(struct reader *reader, double *to,
                         const struct vqe_node *array, size_t count,
                         const char *name)
{
  for (size_t k = 0; k < count && reader->status == VQE_OK; k++) {
    struct vqe_node at = element(array, k);
    to[k] = NAN;
    if (!(at.is_json && is_null(&at)) && !as_double(&to[k], &at)) {
      refuse(reader, name, "holds something that is not a number");
    }
  }
}

static void get_doubles(struct reader *reader, double **out, size_t *count,
                        const struct vqe_node *node, const char *name)
{
  struct vqe_node at;
  if (!need(reader, &at, node, name)) {
    return;
  }
  if (!array_size(count, &at)) {
    *count = 0;
    refuse(reader, name, "is not an array");
    return;
  }
  reader->status = vqe_memory_alloc(out, *count, sizeof **out, name);
  if (reader->status == VQE_OK) {
    copy_doubles(reader, *out, &at, *count, name);
  }
}

/* ---- parts of the record ---- */

static void read_hamiltonian(struct reader *reader, struct vqe_record *record,
                             const struct vqe_node *node)
{
  struct vqe_node terms;
  size_t count;
  if (!need(reader, &terms, node, "hamiltonian")) {
    return;
  }
  if (!array_size(&count, &terms)) {
    refuse(reader, "hamiltonian", "is not an array");
    return;
  }
  reader->status = vqe_memory_alloc(&record->terms, count,
                                    sizeof *record->terms, "hamiltonian");
  if (reader->status != VQE_OK) {
    return;
  }
  record->nterm = count;
  for (size_t k = 0; k < count && reader->status == VQE_OK; k++) {
    struct vqe_node term = element(&terms, k);
    struct vqe_node coefficients;
    get_text(reader, &record->terms[k].label, &term, "label");
    if (need(reader, &coefficients, &term, "coefficients")) {
      get_double(reader, &record->terms[k].real, &coefficients, "real");
      get_double(reader, &record->terms[k].imaginary, &coefficients,
                 "imaginary");
    }
  }
}

static void read_initial_data(struct reader *reader, struct vqe_record *record,
                              const struct vqe_node *node)
{
  struct vqe_node at;
  get_text(reader, &record->backend, node, "backend");
  get_int(reader, &record->num_qubits, node, "num_qubits");
  read_hamiltonian(reader, record, node);
  get_int(reader, &record->num_parameters, node, "num_parameters");
  get_doubles(reader, &record->initial_parameters, &record->ninitial, node,
              "initial_parameters");
  get_text(reader, &record->optimizer, node, "optimizer");
  get_text(reader, &record->ansatz_qasm, node, "ansatz");
  get_text(reader, &record->noise_backend, node, "noise_backend");
  get_maybe_int(reader, &record->default_shots, node, "default_shots");
  get_int(reader, &record->ansatz_reps, node, "ansatz_reps");
  get_maybe_text(reader, &record->init_strategy, node, "init_strategy",
                 "random");
  get_maybe_int(reader, &record->seed, node, "seed");
  get_maybe_text(reader, &record->ansatz_name, node, "ansatz_name", NULL);
  if (reader->status == VQE_OK && field(&at, node, "exact_estimator") &&
      !as_bool(&record->exact_estimator, &at)) {
    refuse(reader, "exact_estimator", "is not a boolean");
  }
}

/* Parameters of all iterations go into one array, so count them first. */
static void read_iterations(struct reader *reader, struct vqe_record *record,
                            const struct vqe_node *node)
{
  struct vqe_node list;
  size_t count = 0;
  size_t total = 0;
  if (!need(reader, &list, node, "iteration_list")) {
    return;
  }
  if (!array_size(&count, &list)) {
    refuse(reader, "iteration_list", "is not an array");
    return;
  }
  reader->status =
      vqe_memory_alloc(&record->iterations, count, sizeof *record->iterations,
                       "iteration_list");
  for (size_t k = 0; k < count && reader->status == VQE_OK; k++) {
    struct vqe_node item = element(&list, k);
    struct vqe_node parameters;
    if (need(reader, &parameters, &item, "parameters") &&
        !array_size(&record->iterations[k].nparam, &parameters)) {
      refuse(reader, "parameters", "is not an array");
    }
    total += record->iterations[k].nparam;
  }
  if (reader->status == VQE_OK) {
    reader->status = vqe_memory_alloc(&record->iteration_parameters, total,
                                      sizeof(double), "iteration parameters");
  }
  if (reader->status != VQE_OK) {
    return;
  }
  record->niteration = count;
  double *to = record->iteration_parameters;
  for (size_t k = 0; k < count && reader->status == VQE_OK; k++) {
    struct vqe_node item = element(&list, k);
    struct vqe_node parameters;
    struct vqe_record_iteration *iteration = &record->iterations[k];
    get_int(reader, &iteration->iteration, &item, "iteration");
    get_double(reader, &iteration->result, &item, "result");
    get_double(reader, &iteration->std, &item, "std");
    get_maybe_double(reader, &iteration->energy_delta, &item, "energy_delta");
    get_maybe_double(reader, &iteration->parameter_delta_norm, &item,
                     "parameter_delta_norm");
    get_maybe_double(reader, &iteration->cumulative_min_energy, &item,
                     "cumulative_min_energy");
    if (need(reader, &parameters, &item, "parameters")) {
      copy_doubles(reader, to, &parameters, iteration->nparam, "parameters");
    }
    iteration->parameters = to;
    to += iteration->nparam;
  }
}

static void read_result(struct reader *reader, struct vqe_record *record,
                        const struct vqe_node *node)
{
  struct vqe_node at;
  if (need(reader, &at, node, "initial_data")) {
    read_initial_data(reader, record, &at);
  }
  read_iterations(reader, record, node);
  get_double(reader, &record->minimum, node, "minimum");
  get_doubles(reader, &record->optimal_parameters, &record->noptimal, node,
              "optimal_parameters");
  get_maybe_double(reader, &record->maxcv, node, "maxcv");
  get_double(reader, &record->minimization_time, node, "minimization_time");
  get_maybe_double(reader, &record->nuclear_repulsion_energy, node,
                   "nuclear_repulsion_energy");
  record->success = VQE_MAYBE_NULL;
  if (reader->status == VQE_OK && field(&at, node, "success") &&
      !is_null(&at)) {
    bool value = false;
    if (!as_bool(&value, &at)) {
      refuse(reader, "success", "is neither a boolean nor null");
    }
    record->success = value ? VQE_MAYBE_TRUE : VQE_MAYBE_FALSE;
  }
  get_maybe_int(reader, &record->nfev, node, "nfev");
  get_maybe_int(reader, &record->nit, node, "nit");
}

static void read_symbols(struct reader *reader, struct vqe_record *record,
                         const struct vqe_node *node)
{
  struct vqe_node symbols;
  size_t count;
  if (!need(reader, &symbols, node, "symbols")) {
    return;
  }
  if (!array_size(&count, &symbols)) {
    refuse(reader, "symbols", "is not an array");
    return;
  }
  reader->status = vqe_memory_alloc(&record->symbols, count,
                                    sizeof *record->symbols, "symbols");
  if (reader->status != VQE_OK) {
    return;
  }
  record->natom = count;
  for (size_t k = 0; k < count && reader->status == VQE_OK; k++) {
    struct vqe_node at = element(&symbols, k);
    const char *text;
    if (as_text(&text, &at)) {
      copy_text(reader, &record->symbols[k], text);
    } else {
      refuse(reader, "symbols", "holds something that is not a text");
    }
  }
}

static void read_coords(struct reader *reader, struct vqe_record *record,
                        const struct vqe_node *node)
{
  struct vqe_node coords;
  size_t rows = 0;
  size_t total = 0;
  if (!need(reader, &coords, node, "coords")) {
    return;
  }
  if (!array_size(&rows, &coords)) {
    refuse(reader, "coords", "is not an array");
    return;
  }
  reader->status =
      vqe_memory_alloc(&record->coord_lengths, rows,
                       sizeof *record->coord_lengths, "coordinates");
  for (size_t k = 0; k < rows && reader->status == VQE_OK; k++) {
    struct vqe_node row = element(&coords, k);
    if (!array_size(&record->coord_lengths[k], &row)) {
      refuse(reader, "coords", "holds something that is not an array");
      return;
    }
    total += record->coord_lengths[k];
  }
  if (reader->status == VQE_OK) {
    reader->status = vqe_memory_alloc(&record->coords, total, sizeof(double),
                                      "coordinates");
  }
  if (reader->status != VQE_OK) {
    return;
  }
  record->ncoord = rows;
  double *to = record->coords;
  for (size_t k = 0; k < rows && reader->status == VQE_OK; k++) {
    struct vqe_node row = element(&coords, k);
    copy_doubles(reader, to, &row, record->coord_lengths[k], "coords");
    to += record->coord_lengths[k];
  }
}

static void read_molecule(struct reader *reader, struct vqe_record *record,
                          const struct vqe_node *node)
{
  struct vqe_node data;
  struct vqe_node masses;
  if (!need(reader, &data, node, "molecule_data")) {
    return;
  }
  read_symbols(reader, record, &data);
  read_coords(reader, record, &data);
  get_int(reader, &record->multiplicity, &data, "multiplicity");
  get_int(reader, &record->charge, &data, "charge");
  get_text(reader, &record->units, &data, "units");
  if (reader->status == VQE_OK && field(&masses, &data, "masses") &&
      !is_null(&masses)) {
    record->has_masses = true;
    get_doubles(reader, &record->masses, &record->nmass, &data, "masses");
  }
}

static void read_additions(struct reader *reader, struct vqe_record *record,
                           const struct vqe_node *root)
{
  struct vqe_node at;
  get_maybe_text(reader, &record->experiment_id, root, "experiment_id", NULL);
  if (reader->status == VQE_OK && field(&at, root, "references") &&
      !is_null(&at)) {
    record->has_references = true;
    get_double(reader, &record->hf_energy, &at, "hf_energy");
    get_maybe_double(reader, &record->mp2_energy, &at, "mp2_energy");
    get_maybe_double(reader, &record->fci_energy, &at, "fci_energy");
    get_text(reader, &record->reference_method, &at, "reference_method");
  }
  if (reader->status == VQE_OK && field(&at, root, "provenance") &&
      !is_null(&at)) {
    record->has_provenance = true;
    get_text(reader, &record->code_version, &at, "code_version");
    get_text(reader, &record->hostname, &at, "hostname");
    get_text(reader, &record->device, &at, "device");
    get_maybe_text(reader, &record->job_id, &at, "job_id", NULL);
    get_int(reader, &record->mpi_ranks, &at, "mpi_ranks");
    get_int(reader, &record->threads, &at, "threads");
    get_text(reader, &record->started_at, &at, "started_at");
    get_text(reader, &record->finished_at, &at, "finished_at");
  }
}

int vqe_record_from_node(struct vqe_record **out, const struct vqe_node *root,
                         const char *where)
{
  struct reader reader = {where, VQE_OK};
  struct vqe_record *record = NULL;
  struct vqe_node at;
  *out = NULL;
  int status = vqe_record_create(&record);
  if (status != VQE_OK) {
    return status;
  }
  if (need(&reader, &at, root, "vqe_result")) {
    read_result(&reader, record, &at);
  }
  if (need(&reader, &at, root, "molecule")) {
    read_molecule(&reader, record, &at);
  }
  get_text(&reader, &record->basis_set, root, "basis_set");
  get_double(&reader, &record->hamiltonian_time, root, "hamiltonian_time");
  get_double(&reader, &record->mapping_time, root, "mapping_time");
  get_double(&reader, &record->vqe_time, root, "vqe_time");
  get_double(&reader, &record->total_time, root, "total_time");
  get_int(&reader, &record->molecule_id, root, "molecule_id");
  get_maybe_text(&reader, &record->performance_start, root,
                 "performance_start", NULL);
  get_maybe_text(&reader, &record->performance_end, root, "performance_end",
                 NULL);
  read_additions(&reader, record, root);
  if (reader.status == VQE_OK) {
    reader.status = vqe_record_validate(record, where);
  }
  if (reader.status != VQE_OK) {
    vqe_record_free(record);
    return reader.status;
  }
  *out = record;
  return VQE_OK;
}
