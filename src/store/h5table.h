/* Tables of the result file: one compound row an experiment, described by a
 * list of fields, packed into rows and unpacked again.
 *
 * Texts are stored in fixed width, as wide as the longest of the column, so
 * that no global heap (which HDF5 does not checksum) is needed. */
#ifndef VQE_STORE_H5TABLE_H
#define VQE_STORE_H5TABLE_H

#include <hdf5.h>
#include <stddef.h>

#include <stdbool.h>

enum field_kind {
  FIELD_INT,
  FIELD_I64,
  FIELD_U32,
  FIELD_U64,
  FIELD_SIZE, /* size_t, stored as 64 bits */
  FIELD_F64,
  FIELD_BOOL,
  FIELD_STATUS, /* enum vqe_experiment_status */
  FIELD_TEXT,   /* char *, may be NULL */
  FIELD_CHARS   /* char[size] */
};

struct field {
  const char *name;
  enum field_kind kind;
  size_t offset; /* in the object that a row is made of */
  size_t size;   /* FIELD_CHARS: bytes of the array */
  const char *unit;
};

/* `name` of the data set, its fields ended by name NULL, and how to get at
 * the object of a row. */
struct table {
  const char *name;
  const struct field *fields;
};

/* Write `count` rows; objects[k] is what row k is made of. */
int vqe_h5table_write(hid_t file, const char *path, const struct table *table,
                    const void *const *objects, size_t count);

/* Rows that the table of this name holds. */
int vqe_h5table_count(size_t *count, hid_t file, const char *path,
                    const struct table *table);

/* Fill objects[k] from row k; texts are new strings. `count` as told by
 * vqe_h5table_count. Fields that the file lacks are an error. */
int vqe_h5table_read(hid_t file, const char *path, const struct table *table,
                   void *const *objects, size_t count);

/* Shared by everything that writes data sets: compact when small, else
 * chunks with shuffle, deflate and checksum. `units` may be NULL. */
int vqe_dataset_create(hid_t *out, hid_t place, const char *path,
                       const char *name, hid_t type, int rank,
                       const hsize_t *dims, const char *units);

/* Text attribute of fixed length. */
int vqe_attribute_text(hid_t object, const char *path, const char *name,
                       const char *text);

#endif
