#include "store/arrays.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "record/fields.h"
#include "store/array_types.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5table.h"
#include "vqe/operators.h"
#include "vqe/property.h"

/* One data set, made and filled; closes `type` unless it is a predefined
 * one. */
static int write_array(hid_t group, const char *path, const char *name,
                       hid_t type, bool close, int rank, const hsize_t *dims,
                       const void *data, const char *units)
{
  hid_t dataset = H5I_INVALID_HID;
  int status;
  if (type < 0) {
    return vqe_h5error_set(VQE_ERR_IO, path, "cannot make a type");
  }
  status = vqe_h5dataset_create(&dataset, group, path, name, type, rank, dims,
                                units);
  if (status == VQE_OK &&
      H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write a data set");
  }
  if (dataset >= 0) {
    H5Dclose(dataset);
  }
  if (close) {
    vqe_h5dataset_close(type);
  }
  return status;
}

static int write_doubles(hid_t group, const char *path, const char *name,
                         const double *values, int rank, const hsize_t *dims)
{
  if (values == NULL || dims[0] == 0 || dims[rank - 1] == 0) {
    return VQE_OK;
  }
  return write_array(group, path, name, H5T_NATIVE_DOUBLE, false, rank, dims,
                     values, "rad");
}

static int incomplete(const char *path, const struct vqe_result *result,
                      const char *what)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "result file '%s': experiment %s counts %s that it "
                       "does not hold",
                       path, result->experiment->id, what);
}

/* The array of `member`. */
static const double *array_of(const struct vqe_result *result,
                              const struct vqe_member *member)
{
  const double *values;
  memcpy(&values, (const char *)result + member->offset, sizeof values);
  return values;
}

static int write_evaluations(hid_t group, const char *path,
                             const struct vqe_result *result)
{
  const struct vqe_members *members = &vqe_members_evaluations;
  const size_t width = vqe_evaluation_width();
  union vqe_evaluation_cell *cells = NULL;
  char *units = NULL;
  hsize_t dims[1] = {result->neval};
  if (result->neval == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&cells, result->neval, width * sizeof *cells,
                                "evaluations");
  for (size_t k = 0; status == VQE_OK && k < result->neval; k++) {
    cells[k * width].iteration = (int64_t)k + 1;
  }
  for (size_t i = 0; status == VQE_OK && i < members->count; i++) {
    const double *values = array_of(result, &members->list[i]);
    if (values == NULL) {
      status = incomplete(path, result, "evaluations");
    }
    for (size_t k = 0; values != NULL && k < result->neval; k++) {
      cells[k * width + 1 + i].value = values[k];
    }
  }
  if (status == VQE_OK) {
    status = vqe_h5table_units(&units, members);
  }
  if (status == VQE_OK) {
    status = write_array(group, path, "evaluations", vqe_type_evaluation(),
                         true, 1, dims, cells, units);
  }
  free(units);
  free(cells);
  return status;
}

static int write_hamiltonian(hid_t group, const char *path,
                             const struct vqe_result *result)
{
  uint8_t *rows = NULL;
  char label[2 * VQE_MAX_ORBITALS + 1];
  hsize_t dims[1] = {result->nterm};
  if (result->nterm == 0) {
    return VQE_OK;
  }
  if (result->term_x == NULL || result->term_z == NULL ||
      result->term_coeff == NULL) {
    return incomplete(path, result, "Pauli terms");
  }
  if (result->num_qubits < 1 || result->num_qubits > 2 * VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "result file '%s': Pauli terms on %d qubits", path,
                         result->num_qubits);
  }
  size_t width = (size_t)result->num_qubits;
  size_t row = width + VQE_COEFFICIENT_BYTES;
  int status = vqe_memory_alloc(&rows, result->nterm, row, "Pauli terms");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < result->nterm; k++) {
    vqe_pauli_label(label, result->num_qubits, result->term_x[k],
                    result->term_z[k]);
    memcpy(rows + k * row, label, width);
    memcpy(rows + k * row + width, &result->term_coeff[k],
           VQE_COEFFICIENT_BYTES);
  }
  status = write_array(group, path, "hamiltonian", vqe_type_term(width), true,
                       1, dims, rows, "{\"coefficient\": \"hartree\"}");
  free(rows);
  return status;
}

static int write_geometry(hid_t group, const char *path,
                          const struct vqe_molecule *molecule)
{
  struct vqe_h5table_atom *rows = NULL;
  char units[96];
  if (molecule == NULL || molecule->natom == 0) {
    return VQE_OK;
  }
  hsize_t dims[1] = {molecule->natom};
  int status = vqe_memory_alloc(&rows, molecule->natom, sizeof *rows, "atoms");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < molecule->natom; k++) {
    memcpy(rows[k].symbol, molecule->symbols[k], sizeof rows[k].symbol);
    rows[k].atomic_number = molecule->z[k];
    rows[k].x = molecule->coords[3 * k];
    rows[k].y = molecule->coords[3 * k + 1];
    rows[k].z = molecule->coords[3 * k + 2];
    rows[k].mass = molecule->masses != NULL ? molecule->masses[k] : 0.0;
  }
  const char *length = molecule->units == VQE_BOHR ? "bohr" : "angstrom";
  snprintf(units, sizeof units,
           "{\"x\": \"%s\", \"y\": \"%s\", \"z\": \"%s\", \"mass\": \"u\"}",
           length, length, length);
  status = write_array(group, path, "geometry", vqe_type_atom(), true, 1, dims,
                       rows, units);
  free(rows);
  return status;
}

static int write_options(hid_t group, const char *path, const char *name,
                         const struct vqe_option_list *list)
{
  size_t key = 1;
  size_t value = 1;
  char *rows = NULL;
  hsize_t dims[1] = {list->count};
  if (list->count == 0) {
    return VQE_OK;
  }
  for (size_t k = 0; k < list->count; k++) {
    size_t length = strlen(list->items[k].key);
    key = length > key ? length : key;
    length = strlen(list->items[k].json);
    value = length > value ? length : value;
  }
  int status = vqe_memory_alloc(&rows, list->count, key + value, "options");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < list->count; k++) {
    char *row = rows + k * (key + value);
    memcpy(row, list->items[k].key, strlen(list->items[k].key));
    memcpy(row + key, list->items[k].json, strlen(list->items[k].json));
  }
  status = write_array(group, path, name, vqe_type_option(key, value), true, 1,
                       dims, rows, NULL);
  free(rows);
  return status;
}

static int write_qasm(hid_t group, const char *path, const char *qasm)
{
  hsize_t dims[1] = {1};
  if (qasm == NULL) {
    return VQE_OK;
  }
  size_t length = strlen(qasm);
  return write_array(group, path, "ansatz", vqe_h5dataset_text(length), true,
                     1, dims, qasm, NULL);
}

/* A group with a data set for each. */
static int write_properties(hid_t place, const char *path,
                            const struct vqe_result *result)
{
  int status = VQE_OK;
  if (result->nproperty == 0) {
    return VQE_OK;
  }
  hid_t group =
      H5Gcreate2(place, "properties", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) {
    return vqe_h5error_set(VQE_ERR_IO, path, "cannot make a group");
  }
  for (size_t k = 0; status == VQE_OK && k < result->nproperty; k++) {
    const struct vqe_property *property = &result->properties[k];
    const struct vqe_property_kind *kind = vqe_property_find(property->name);
    hsize_t dims[VQE_PROPERTY_DIMS];
    for (int i = 0; i < VQE_PROPERTY_DIMS; i++) {
      dims[i] = property->shape[i];
    }
    status =
        kind == NULL
            ? incomplete(path, result, "properties")
            : write_array(group, path, kind->name, H5T_NATIVE_DOUBLE, false,
                          property->ndim, dims, property->values, kind->unit);
  }
  H5Gclose(group);
  return status;
}

int vqe_arrays_write(hid_t place, const char *path, const char *name,
                     const struct vqe_result *result)
{
  static const char *const statuses[] = {"ok", "failed", "skipped"};
  const struct vqe_experiment *experiment = result->experiment;
  hsize_t nparam = result->nparam > 0 ? (hsize_t)result->nparam : 0;
  hsize_t shape[2] = {result->neval, nparam};
  hid_t group = H5Gcreate2(place, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) {
    return vqe_h5error_set(VQE_ERR_IO, path, "cannot make a group");
  }
  int status =
      vqe_h5dataset_attribute(group, path, "experiment_id", experiment->id);
  if (status == VQE_OK) {
    status = vqe_h5dataset_attribute(group, path, "status",
                                     statuses[result->status]);
  }
  if (status == VQE_OK && experiment->name != NULL) {
    status = vqe_h5dataset_attribute(group, path, "name", experiment->name);
  }
  if (status == VQE_OK) {
    status = write_geometry(group, path, experiment->molecule);
  }
  if (status == VQE_OK) {
    status = write_options(group, path, "ansatz_options",
                           &experiment->ansatz_options);
  }
  if (status == VQE_OK) {
    status = write_options(group, path, "optimizer_options",
                           &experiment->optimizer_options);
  }
  if (status == VQE_OK) {
    status = write_hamiltonian(group, path, result);
  }
  if (status == VQE_OK) {
    status = write_qasm(group, path, result->ansatz_qasm);
  }
  if (status == VQE_OK) {
    status = write_doubles(group, path, "initial_parameters",
                           result->initial_parameters, 1, &shape[1]);
  }
  if (status == VQE_OK) {
    status = write_doubles(group, path, "optimal_parameters",
                           result->optimal_parameters, 1, &shape[1]);
  }
  if (status == VQE_OK) {
    hsize_t occupations = result->noccupation;
    status = write_doubles(group, path, "natural_occupations",
                           result->natural_occupations, 1, &occupations);
  }
  if (status == VQE_OK) {
    status = write_properties(group, path, result);
  }
  if (status == VQE_OK) {
    status = write_evaluations(group, path, result);
  }
  if (status == VQE_OK) {
    status = write_doubles(group, path, "parameters", result->eval_parameters,
                           2, shape);
  }
  H5Gclose(group);
  return status;
}
