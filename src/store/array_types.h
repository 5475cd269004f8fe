/* Rows and HDF5 types of the arrays of an experiment; memory and file have
 * the same. The functions give an invalid id when HDF5 fails. */
#ifndef VQE_STORE_ARRAY_TYPES_H
#define VQE_STORE_ARRAY_TYPES_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* A Pauli term: label of one letter a qubit, then its coefficient. */
#define VQE_COEFFICIENT_BYTES sizeof(double)

/* An evaluation: its number, then the values of vqe_members_evaluations. */
union vqe_evaluation_cell {
  int64_t iteration; /* from 1; the first */
  double value;
};

struct vqe_h5table_atom {
  char symbol[4];
  int32_t atomic_number;
  double x, y, z, mass;
};

/* Cells of a row. */
size_t vqe_evaluation_width(void);

hid_t vqe_type_evaluation(void);
hid_t vqe_type_atom(void);
hid_t vqe_type_term(size_t width);
hid_t vqe_type_option(size_t key, size_t value);

#endif
