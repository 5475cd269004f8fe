#include "operators/qubits.h"
#include "store/arrays.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "record/fields.h"
#include "store/array_types.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5guard.h"
#include "vqe/operators.h"
#include "vqe/property.h"

#define MOST_DIMS 2 /* of an array of the file */

static int damaged(const char *path, const char *group, const char *name,
                   const char *what)
{
  char text[160];
  snprintf(text, sizeof text, "'%s/%s' %s", group, name, what);
  return vqe_h5error_set(VQE_ERR_INPUT, path, text);
}

/* Where a read is: for messages and for finding the data set. */
struct source {
  const char *path;
  const char *name; /* of the group */
  hid_t group;
};

/* Open a data set if it is there (*out stays invalid if not) and check its
 * shape; dims 0 takes what is there. */
static int open_array(hid_t *out, const struct source *from, const char *name,
                      int rank, hsize_t *dims)
{
  hsize_t held[MOST_DIMS] = {0};
  *out = H5I_INVALID_HID;
  VQE_ASSERT(rank <= MOST_DIMS);
  if (H5Lexists(from->group, name, H5P_DEFAULT) == 0) {
    return VQE_OK;
  }
  hid_t dataset;
  int status = vqe_h5guard_dataset(&dataset, from->group, from->path, name);
  if (status != VQE_OK) {
    return status;
  }
  hid_t space = H5Dget_space(dataset);
  if (space < 0 || H5Sget_simple_extent_ndims(space) != rank ||
      H5Sget_simple_extent_dims(space, held, NULL) != rank) {
    status = damaged(from->path, from->name, name, "cannot be opened");
  }
  for (int k = 0; status == VQE_OK && k < rank && k < MOST_DIMS; k++) {
    if (dims[k] == 0) {
      dims[k] = held[k];
    }
    if (held[k] != dims[k] || held[k] == 0) {
      status = damaged(from->path, from->name, name, "has another size");
    }
  }
  if (space >= 0) {
    H5Sclose(space);
  }
  if (status != VQE_OK && dataset >= 0) {
    H5Dclose(dataset);
  } else {
    *out = dataset;
  }
  return status;
}

/* New memory for `count` elements of `size` bytes, read as `type`; closes
 * the data set, and the type where `close` says so. */
static int read_array(void *out, hid_t dataset, const struct source *from,
                      const char *name, hid_t type, bool close, size_t count,
                      size_t size)
{
  void *data = NULL;
  int status = VQE_OK;
  if (type < 0) {
    status = damaged(from->path, from->name, name, "has an unknown type");
  }
  if (status == VQE_OK) {
    status = vqe_h5guard_memory(dataset, from->path, name, count, size);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&data, count, size, name);
  }
  if (status == VQE_OK &&
      H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
    status = damaged(from->path, from->name, name, "cannot be read");
  }
  if (status != VQE_OK) {
    free(data);
  } else {
    memcpy(out, &data, sizeof data);
  }
  if (close) {
    vqe_h5dataset_close(type);
  }
  H5Dclose(dataset);
  return status;
}

static int read_doubles(double **out, const struct source *from,
                        const char *name, int rank, hsize_t *dims)
{
  hid_t dataset;
  size_t count = (size_t)dims[0];
  if (dims[0] == 0 || dims[rank - 1] == 0) {
    return VQE_OK;
  }
  if (rank == 2 && !vqe_memory_mul(&count, count, (size_t)dims[1])) {
    return damaged(from->path, from->name, name, "is too large");
  }
  int status = open_array(&dataset, from, name, rank, dims);
  if (status != VQE_OK || dataset < 0) {
    return status;
  }
  return read_array(out, dataset, from, name, H5T_NATIVE_DOUBLE, false, count,
                    sizeof **out);
}

/* Does the data set have a column of this name? */
static bool has_column(hid_t dataset, const char *name)
{
  hid_t type = H5Dget_type(dataset);
  bool has = type >= 0 && H5Tget_class(type) == H5T_COMPOUND &&
             H5Tget_member_index(type, name) >= 0;
  vqe_h5dataset_close(type);
  return has;
}

/* Column `index` of the evaluations into an array of the result; NaN where
 * the file does not hold it. */
static int take_column(struct vqe_result *result, size_t index,
                       const union vqe_evaluation_cell *cells, bool held)
{
  const struct vqe_member *member = &vqe_members_evaluations.list[index];
  const size_t width = vqe_evaluation_width();
  double *values = NULL;
  int status =
      vqe_memory_alloc(&values, result->neval, sizeof *values, "evaluations");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < result->neval; k++) {
    values[k] = held ? cells[k * width + 1 + index].value : NAN;
  }
  memcpy((char *)result + member->offset, &values, sizeof values);
  return VQE_OK;
}

static int read_evaluations(struct vqe_result *result,
                            const struct source *from)
{
  const struct vqe_members *members = &vqe_members_evaluations;
  union vqe_evaluation_cell *cells = NULL;
  uint64_t held = 0;
  hsize_t dims[1] = {result->neval};
  hid_t dataset;
  if (result->neval == 0) {
    return VQE_OK;
  }
  int status = open_array(&dataset, from, "evaluations", 1, dims);
  if (status == VQE_OK && dataset < 0) {
    status = damaged(from->path, from->name, "evaluations", "is missing");
  }
  for (size_t k = 0; status == VQE_OK && k < members->count; k++) {
    bool later = members->list[k].since > 1;
    if (!later || has_column(dataset, members->list[k].column)) {
      held |= (uint64_t)1 << k;
    }
  }
  if (status == VQE_OK) {
    status = read_array(&cells, dataset, from, "evaluations",
                        vqe_type_evaluation(), true, result->neval,
                        vqe_evaluation_width() * sizeof *cells);
  }
  for (size_t k = 0; status == VQE_OK && k < members->count; k++) {
    status = take_column(result, k, cells, (held >> k & 1) != 0);
  }
  free(cells);
  return status;
}

static bool parse_label(vqe_qubits *x, vqe_qubits *z, const uint8_t *label,
                        size_t width)
{
  *x = 0;
  *z = 0;
  for (size_t k = 0; k < width; k++) {
    vqe_qubits bit = vqe_qubits_bit((int)(width - 1 - k));
    char letter = (char)label[k];
    if (strchr("IXYZ", letter) == NULL || letter == '\0') {
      return false;
    }
    *x |= letter == 'X' || letter == 'Y' ? bit : 0;
    *z |= letter == 'Z' || letter == 'Y' ? bit : 0;
  }
  return true;
}

static int read_hamiltonian(struct vqe_result *result,
                            const struct source *from)
{
  uint8_t *rows = NULL;
  hsize_t dims[1] = {result->nterm};
  hid_t dataset;
  size_t count = result->nterm;
  if (count == 0) {
    return VQE_OK;
  }
  int status = open_array(&dataset, from, "hamiltonian", 1, dims);
  if (status == VQE_OK && dataset < 0) {
    status = damaged(from->path, from->name, "hamiltonian", "is missing");
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t width = (size_t)result->num_qubits;
  size_t row = width + VQE_COEFFICIENT_BYTES;
  status = read_array(&rows, dataset, from, "hamiltonian",
                      width > 0 ? vqe_type_term(width) : H5I_INVALID_HID, true,
                      count, row);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&result->term_x, count, sizeof *result->term_x,
                              "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&result->term_z, count, sizeof *result->term_z,
                              "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&result->term_coeff, count, 8, "Pauli terms");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const uint8_t *label = rows + k * row;
    if (!parse_label(&result->term_x[k], &result->term_z[k], label, width)) {
      status = damaged(from->path, from->name, "hamiltonian",
                       "holds a label that is no Pauli string");
    }
    memcpy(&result->term_coeff[k], label + width, VQE_COEFFICIENT_BYTES);
  }
  free(rows);
  return status;
}

static int read_geometry(struct vqe_molecule **out,
                         struct vqe_h5table_molecule *row,
                         const struct source *from)
{
  struct vqe_molecule *molecule = NULL;
  struct vqe_h5table_atom *atoms = NULL;
  hsize_t dims[1] = {row->natom};
  hid_t dataset = H5I_INVALID_HID;
  if (!row->present) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&molecule, 1, sizeof *molecule, "a molecule");
  if (status != VQE_OK) {
    return status;
  }
  *out = molecule;
  molecule->name = row->name;
  row->name = NULL;
  molecule->multiplicity = row->multiplicity;
  molecule->charge = row->charge;
  molecule->units = strcmp(row->units, "bohr") == 0 ? VQE_BOHR : VQE_ANGSTROM;
  if (molecule->name == NULL) {
    return damaged(from->path, from->name, "geometry", "has no name");
  }
  if (row->natom == 0) {
    return VQE_OK;
  }
  status = open_array(&dataset, from, "geometry", 1, dims);
  if (status == VQE_OK && dataset < 0) {
    status = damaged(from->path, from->name, "geometry", "is missing");
  }
  if (status != VQE_OK) {
    return status;
  }
  status = read_array(&atoms, dataset, from, "geometry", vqe_type_atom(), true,
                      row->natom, sizeof *atoms);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->symbols, row->natom,
                              sizeof *molecule->symbols, "atoms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->z, row->natom, sizeof *molecule->z,
                              "atoms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->coords, row->natom,
                              3 * sizeof *molecule->coords, "atoms");
  }
  if (status == VQE_OK && row->has_masses) {
    status = vqe_memory_alloc(&molecule->masses, row->natom,
                              sizeof *molecule->masses, "atoms");
  }
  if (status == VQE_OK) {
    molecule->natom = row->natom;
  }
  for (size_t k = 0; status == VQE_OK && k < row->natom; k++) {
    memcpy(molecule->symbols[k], atoms[k].symbol, sizeof atoms[k].symbol);
    molecule->symbols[k][sizeof atoms[k].symbol - 1] = '\0';
    molecule->z[k] = atoms[k].atomic_number;
    molecule->coords[3 * k] = atoms[k].x;
    molecule->coords[3 * k + 1] = atoms[k].y;
    molecule->coords[3 * k + 2] = atoms[k].z;
    if (row->has_masses) {
      molecule->masses[k] = atoms[k].mass;
    }
  }
  free(atoms);
  return status;
}

/* Width of a text member, or of the type itself when `name` is NULL; 0 when
 * it is no text. */
static size_t text_width(hid_t dataset, const char *name)
{
  size_t width = 0;
  hid_t member = H5I_INVALID_HID;
  hid_t type = H5Dget_type(dataset);
  if (type >= 0 && name == NULL) {
    member = H5Tcopy(type);
  } else if (type >= 0 && H5Tget_class(type) == H5T_COMPOUND &&
             H5Tget_member_index(type, name) >= 0) {
    member =
        H5Tget_member_type(type, (unsigned)H5Tget_member_index(type, name));
  }
  if (member >= 0 && H5Tget_class(member) == H5T_STRING &&
      H5Tis_variable_str(member) == 0) {
    width = H5Tget_size(member);
  }
  vqe_h5dataset_close(member);
  vqe_h5dataset_close(type);
  return width;
}

static int read_options(struct vqe_option_list *list,
                        const struct source *from, const char *name)
{
  char *rows = NULL;
  hsize_t dims[1] = {0};
  hid_t dataset;
  int status = open_array(&dataset, from, name, 1, dims);
  if (status != VQE_OK || dataset < 0) {
    return status;
  }
  size_t count = (size_t)dims[0];
  size_t key = text_width(dataset, "key");
  size_t value = text_width(dataset, "json");
  hid_t type = H5I_INVALID_HID;
  if (key > 0 && value > 0) {
    type = vqe_type_option(key, value);
  }
  status =
      read_array(&rows, dataset, from, name, type, true, count, key + value);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&list->items, count, sizeof *list->items, "options");
  }
  if (status == VQE_OK) {
    list->count = count;
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const char *row = rows + k * (key + value);
    status = vqe_h5dataset_copy_text(&list->items[k].key, row, key);
    if (status == VQE_OK) {
      status = vqe_h5dataset_copy_text(&list->items[k].json, row + key, value);
    }
  }
  free(rows);
  return status;
}

static int read_qasm(char **out, const struct source *from)
{
  char *text = NULL;
  hsize_t dims[1] = {1};
  hid_t dataset;
  int status = open_array(&dataset, from, "ansatz", 1, dims);
  if (status != VQE_OK || dataset < 0) {
    return status;
  }
  size_t width = text_width(dataset, NULL);
  status = read_array(&text, dataset, from, "ansatz",
                      width > 0 ? vqe_h5dataset_text(width) : H5I_INVALID_HID,
                      true, 1, width);
  if (status == VQE_OK) {
    status = vqe_h5dataset_copy_text(out, text, width);
  }
  free(text);
  return status;
}

/* The property of that kind, if the group has it, to *out. */
static int read_property(struct vqe_property *out, bool *found,
                         const struct source *from,
                         const struct vqe_property_kind *kind)
{
  _Static_assert(VQE_PROPERTY_DIMS <= MOST_DIMS, "a property is an array");
  hsize_t dims[MOST_DIMS] = {0};
  hid_t dataset;
  size_t size = 0;
  int status = open_array(&dataset, from, kind->name, kind->ndim, dims);
  *found = status == VQE_OK && dataset >= 0;
  if (!*found) {
    return status;
  }
  snprintf(out->name, sizeof out->name, "%s", kind->name);
  out->ndim = kind->ndim;
  for (int k = 0; k < VQE_PROPERTY_DIMS; k++) {
    out->shape[k] = k < kind->ndim ? dims[k] : 1;
  }
  if (!vqe_property_size(&size, out)) {
    H5Dclose(dataset);
    return damaged(from->path, from->name, kind->name, "is too large");
  }
  return read_array(&out->values, dataset, from, kind->name, H5T_NATIVE_DOUBLE,
                    false, size, sizeof *out->values);
}

/* As many as the row of the results counts. */
static int read_properties(struct vqe_result *result,
                           const struct source *from)
{
  struct source group = {.path = from->path, .name = from->name};
  size_t counted = result->nproperty;
  result->nproperty = 0;
  if (counted == 0) {
    return VQE_OK;
  }
  if (counted > vqe_property_count ||
      H5Lexists(from->group, "properties", H5P_DEFAULT) <= 0) {
    return damaged(from->path, from->name, "properties",
                   "is missing or of a newer version");
  }
  int status = vqe_memory_alloc(&result->properties, counted,
                                sizeof *result->properties, "properties");
  if (status == VQE_OK) {
    status =
        vqe_h5guard_group(&group.group, from->group, from->path, "properties");
  }
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; status == VQE_OK && k < vqe_property_count; k++) {
    struct vqe_property property = {.values = NULL};
    bool found = false;
    status = read_property(&property, &found, &group, &vqe_property_kinds[k]);
    if (status == VQE_OK && found && result->nproperty == counted) {
      free(property.values);
      status = damaged(from->path, from->name, "properties",
                       "holds more than its row counts");
    } else if (status == VQE_OK && found) {
      result->properties[result->nproperty++] = property;
    }
  }
  H5Gclose(group.group);
  if (status == VQE_OK && result->nproperty < counted) {
    status = damaged(from->path, from->name, "properties",
                     "holds less than its row counts");
  }
  return status;
}

int vqe_arrays_read(struct vqe_result *result,
                    struct vqe_h5table_molecule *molecule, hid_t place,
                    const char *path, const char *name)
{
  struct source from = {.path = path, .name = name};
  hsize_t shape[2] = {result->neval, (hsize_t)result->nparam};
  if (result->nparam < 0 || result->num_qubits < 0 ||
      result->num_qubits > 2 * VQE_MAX_ORBITALS ||
      (int)result->status < VQE_EXPERIMENT_OK ||
      (int)result->status > VQE_EXPERIMENT_SKIPPED) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "result file '%s', '%s': its row in 'results' has a "
                         "status, qubit or parameter count out of range",
                         path, name);
  }
  int status = vqe_h5guard_group(&from.group, place, path, name);
  if (status != VQE_OK) {
    return status;
  }
  status = read_geometry(&result->experiment->molecule, molecule, &from);
  if (status == VQE_OK) {
    status = read_options(&result->experiment->ansatz_options, &from,
                          "ansatz_options");
  }
  if (status == VQE_OK) {
    status = read_options(&result->experiment->optimizer_options, &from,
                          "optimizer_options");
  }
  if (status == VQE_OK) {
    status = read_hamiltonian(result, &from);
  }
  if (status == VQE_OK) {
    status = read_qasm(&result->ansatz_qasm, &from);
  }
  if (status == VQE_OK) {
    status = read_doubles(&result->initial_parameters, &from,
                          "initial_parameters", 1, &shape[1]);
  }
  if (status == VQE_OK) {
    status = read_doubles(&result->optimal_parameters, &from,
                          "optimal_parameters", 1, &shape[1]);
  }
  if (status == VQE_OK) {
    hsize_t occupations = result->noccupation;
    status = read_doubles(&result->natural_occupations, &from,
                          "natural_occupations", 1, &occupations);
    if (status == VQE_OK && occupations > 0 &&
        result->natural_occupations == NULL) {
      status = damaged(path, name, "natural_occupations", "is missing");
    }
  }
  if (status == VQE_OK) {
    status = read_properties(result, &from);
  }
  if (status == VQE_OK) {
    status = read_evaluations(result, &from);
  }
  if (status == VQE_OK) {
    status =
        read_doubles(&result->eval_parameters, &from, "parameters", 2, shape);
  }
  H5Gclose(from.group);
  return status;
}
