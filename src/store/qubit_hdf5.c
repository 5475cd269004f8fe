/* The Hamiltonian on qubits as an HDF5 file. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/aside.h"
#include "base/file.h"
#include "base/memory.h"
#include "operators/qubits.h"
#include "store/array_types.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/hdf5_open.h"
#include "store/qubit_file.h"
#include "vqe/error.h"
#include "vqe/operators.h"

#define FORMAT "vqe_batch hamiltonian"
#define LAYOUT_VERSION 1
#define ORDER "all alpha, then all beta spin orbitals; qubit 0 rightmost"
#define WIDTH ((size_t)2 * VQE_MAX_ORBITALS)

static int put_number(hid_t file, const char *path, const char *name,
                      hid_t type, const void *value)
{
  int status = VQE_OK;
  hid_t attribute = H5I_INVALID_HID;
  hid_t space = H5Screate(H5S_SCALAR);
  if (space >= 0) {
    attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  }
  if (attribute < 0 || H5Awrite(attribute, type, value) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write an attribute");
  }
  vqe_h5dataset_close(attribute);
  vqe_h5dataset_close(space);
  return status;
}

/* A basis state, qubit 0 rightmost. */
static void state_text(char out[WIDTH + 1], int nqubit, vqe_qubits state)
{
  for (int k = 0; k < nqubit; k++) {
    out[k] = vqe_qubits_has(state, nqubit - 1 - k) ? '1' : '0';
  }
  out[nqubit] = '\0';
}

static int put_attributes(hid_t file, const char *path,
                          const struct vqe_qubit_hamiltonian *hamiltonian)
{
  char reference[WIDTH + 1];
  state_text(reference, hamiltonian->sum->nqubit, hamiltonian->reference);
  const struct {
    const char *name, *text;
  } texts[] = {{"format", FORMAT},
               {"created_by", "vqe_batch " VQE_VERSION},
               {"mapping", vqe_mapping_name(hamiltonian->mapping)},
               {"order", ORDER},
               {"taper", vqe_taper_name(hamiltonian->kind)},
               {"reference_state", reference}};
  const struct {
    const char *name;
    int32_t value;
  } counts[] = {{"layout_version", LAYOUT_VERSION},
                {"num_qubits", hamiltonian->sum->nqubit},
                {"num_orbitals", hamiltonian->norb},
                {"num_alpha", hamiltonian->nalpha},
                {"num_beta", hamiltonian->nbeta}};
  const struct {
    const char *name;
    double value;
  } energies[] = {{"nuclear_repulsion_energy", hamiltonian->nuclear_repulsion},
                  {"hf_energy", hamiltonian->hf_energy}};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof texts / sizeof texts[0];
       k++) {
    status = vqe_h5dataset_attribute(file, path, texts[k].name, texts[k].text);
  }
  for (size_t k = 0; status == VQE_OK && k < sizeof counts / sizeof counts[0];
       k++) {
    status = put_number(file, path, counts[k].name, H5T_NATIVE_INT32,
                        &counts[k].value);
  }
  for (size_t k = 0;
       status == VQE_OK && k < sizeof energies / sizeof energies[0]; k++) {
    status = put_number(file, path, energies[k].name, H5T_NATIVE_DOUBLE,
                        &energies[k].value);
  }
  return status;
}

/* Make and fill a data set of rows; closes `type`. */
static int put_rows(hid_t file, const char *path, const char *name, hid_t type,
                    size_t count, const void *rows, const char *units)
{
  hid_t dataset = H5I_INVALID_HID;
  hsize_t dims[1] = {count};
  int status = type < 0
                   ? vqe_h5error_set(VQE_ERR_IO, path, "cannot make a type")
                   : vqe_h5dataset_create(&dataset, file, path, name, type, 1,
                                          dims, units);
  if (status == VQE_OK &&
      H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write a data set");
  }
  vqe_h5dataset_close(dataset);
  vqe_h5dataset_close(type);
  return status;
}

static int put_terms(hid_t file, const char *path,
                     const struct vqe_pauli_sum *sum)
{
  char label[WIDTH + 1];
  uint8_t *rows = NULL;
  size_t width = (size_t)sum->nqubit;
  size_t row = width + VQE_COEFFICIENT_BYTES;
  int status = vqe_memory_alloc(&rows, sum->nterm, row, "Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < sum->nterm; k++) {
    vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
    memcpy(rows + k * row, label, width);
    memcpy(rows + k * row + width, &sum->coeff[k], VQE_COEFFICIENT_BYTES);
  }
  if (status == VQE_OK) {
    status = put_rows(file, path, "hamiltonian", vqe_type_term(width),
                      sum->nterm, rows, "{\"coefficient\": \"hartree\"}");
  }
  free(rows);
  return status;
}

struct symmetry {
  char generator[WIDTH]; /* a Pauli string on the qubits of the mapping */
  int32_t qubit, eigenvalue;
};

static hid_t symmetry_type(void)
{
  hid_t text = vqe_h5dataset_text(WIDTH);
  hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct symmetry));
  if (type >= 0 &&
      (H5Tinsert(type, "generator", offsetof(struct symmetry, generator),
                 text) < 0 ||
       H5Tinsert(type, "qubit", offsetof(struct symmetry, qubit),
                 H5T_NATIVE_INT32) < 0 ||
       H5Tinsert(type, "eigenvalue", offsetof(struct symmetry, eigenvalue),
                 H5T_NATIVE_INT32) < 0)) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  vqe_h5dataset_close(text);
  return type;
}

static int put_symmetries(hid_t file, const char *path,
                          const struct vqe_qubit_hamiltonian *hamiltonian)
{
  const struct vqe_taper *taper = &hamiltonian->taper;
  struct symmetry rows[WIDTH];
  char label[WIDTH + 1];
  int nqubit = hamiltonian->sum->nqubit + taper->count;
  memset(rows, 0, sizeof rows);
  for (int k = 0; k < taper->count; k++) {
    vqe_pauli_label(label, nqubit, 0, taper->generator[k]);
    memcpy(rows[k].generator, label, strlen(label));
    rows[k].qubit = taper->qubit[k];
    rows[k].eigenvalue = taper->odd[k] ? -1 : 1;
  }
  return taper->count == 0
             ? VQE_OK
             : put_rows(file, path, "symmetries", symmetry_type(),
                        (size_t)taper->count, rows, NULL);
}

static int fill(hid_t file, const char *path,
                const struct vqe_qubit_hamiltonian *hamiltonian)
{
  int status = put_attributes(file, path, hamiltonian);
  if (status == VQE_OK) {
    status = put_terms(file, path, hamiltonian->sum);
  }
  if (status == VQE_OK) {
    status = put_symmetries(file, path, hamiltonian);
  }
  /* closing reports no full disk, flushing does */
  if (status == VQE_OK && H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot be finished");
  }
  return status;
}

static int write_aside(struct vqe_aside *aside, const char *path,
                       const struct vqe_qubit_hamiltonian *hamiltonian)
{
  struct vqe_h5quiet quiet;
  hid_t file = H5I_INVALID_HID;
  vqe_h5quiet_begin(&quiet);
  int status = vqe_hdf5_new(&file, path, aside);
  if (status == VQE_OK) {
    status = fill(file, path, hamiltonian);
  }
  herr_t closed = file >= 0 ? H5Fclose(file) : 0;
  if (status == VQE_OK && closed < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot be closed");
  }
  vqe_h5quiet_end(&quiet);
  return status;
}

int vqe_qubitfile_hdf5(const char *path,
                       const struct vqe_qubit_hamiltonian *hamiltonian)
{
  struct vqe_aside aside = VQE_ASIDE_INIT;
  char *target = NULL;
  int status = vqe_file_follow(&target, path);
  if (status == VQE_OK) {
    status = vqe_aside_open(&aside, target);
  }
  if (status == VQE_OK) {
    status = write_aside(&aside, path, hamiltonian);
  }
  if (status == VQE_OK) {
    status = vqe_aside_publish(&aside, target);
  }
  vqe_aside_close(&aside);
  free(target);
  return status;
}
