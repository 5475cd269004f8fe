/* Tables of the result file: one compound row an experiment, described by a
 * list of members, packed into rows and unpacked again.
 *
 * Texts are stored in fixed width, as wide as the longest of the column, so
 * that no global heap (which HDF5 does not checksum) is needed. */
#ifndef VQE_STORE_H5TABLE_H
#define VQE_STORE_H5TABLE_H

#include <hdf5.h>
#include <stddef.h>

#include "record/fields.h"

/* A data set and what its rows are made of: the members that have a column,
 * in their order. Scalars and texts alone, 64 at the most. */
struct vqe_h5table {
  const char *name;
  const struct vqe_members *members;
};

/* Write `count` rows; objects[k] is what row k is made of. */
int vqe_h5table_write(hid_t file, const char *path,
                      const struct vqe_h5table *table,
                      const void *const *objects, size_t count);

/* Rows that the table of this name holds. */
int vqe_h5table_count(size_t *count, hid_t file, const char *path,
                      const struct vqe_h5table *table);

/* Fill the zeroed objects[k] from row k; texts are new strings. `count` is
 * what vqe_h5table_count gave. A column that the file lacks is an error, but
 * for those that came after version 1: they are null. */
int vqe_h5table_read(hid_t file, const char *path,
                     const struct vqe_h5table *table, void *const *objects,
                     size_t count);

/* JSON object from column to unit, as the attribute `units` has it; free *out
 * by free(). */
int vqe_h5table_units(char **out, const struct vqe_members *members);

#endif
