/* Rows and HDF5 types of the arrays of an experiment; memory and file have
 * the same. The functions give an invalid id when HDF5 fails. */
#ifndef VQE_STORE_ARRAY_TYPES_H
#define VQE_STORE_ARRAY_TYPES_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

#define VQE_MAX_QUBITS 64
/* A Pauli term: label of one letter a qubit, then its coefficient. */
#define VQE_COEFFICIENT_BYTES sizeof(double)

struct evaluation_row {
  int64_t iteration; /* from 1 */
  double energy, std, delta, parameter_delta, cumulative_min, seconds;
};

struct atom_row {
  char symbol[4];
  int32_t atomic_number;
  double x, y, z, mass;
};

/* UTF-8 of fixed width, filled with NUL. */
hid_t vqe_type_text(size_t width);
hid_t vqe_type_evaluation(void);
hid_t vqe_type_atom(void);
hid_t vqe_type_term(size_t width);
hid_t vqe_type_option(size_t key, size_t value);
void vqe_type_close(hid_t type);

#endif
