/* Pieces of an HDF5 file that tables and arrays are made of: text types, data
 * sets in our layout, attributes. */
#ifndef VQE_STORE_H5DATASET_H
#define VQE_STORE_H5DATASET_H

#include <hdf5.h>
#include <stddef.h>

/* Close whatever `id` is; an invalid one is fine. */
void vqe_h5dataset_close(hid_t id);

/* UTF-8 of fixed width, filled with NUL; invalid when HDF5 fails. */
hid_t vqe_h5dataset_text(size_t width);

/* Make a data set: compact when small, else chunks with shuffle, deflate and
 * checksum. `units` may be NULL. */
int vqe_h5dataset_create(hid_t *out, hid_t place, const char *path,
                         const char *name, hid_t type, int rank,
                         const hsize_t *dims, const char *units);

/* Text attribute of fixed length. */
int vqe_h5dataset_attribute(hid_t object, const char *path, const char *name,
                            const char *text);

/* New string of a text of that width; free *out by free(). */
int vqe_h5dataset_copy_text(char **out, const char *text, size_t width);

#endif
