/* What is opened of a result file, which may come from anybody: only what is
 * in the file itself and no larger than the file can hold.
 *
 * Refused, before any of it is read: links that are not hard, data kept in
 * other files (external storage, virtual layouts), filters beyond shuffle,
 * deflate and fletcher32, named types, types other than numbers, texts of
 * fixed width and rows of these, and sizes that the bytes of the file cannot
 * fill. Messages name file, object and remedy; statuses are VQE_ERR_INPUT. */
#ifndef VQE_STORE_H5GUARD_H
#define VQE_STORE_H5GUARD_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Refuse a file as a whole: metadata shared between objects and cache images,
 * which no result has. */
int vqe_h5guard_file(hid_t file, const char *path);

/* Open the group or the data set `name`, relative to `place`; slashes part its
 * components. *out is invalid after an error. */
int vqe_h5guard_group(hid_t *out, hid_t place, const char *path,
                      const char *name);
int vqe_h5guard_dataset(hid_t *out, hid_t place, const char *path,
                        const char *name);

/* Open an attribute of one element; *out is invalid, and there is no error,
 * where there is none of that name. */
int vqe_h5guard_attribute(hid_t *out, hid_t object, const char *path,
                          const char *name);

/* Is a result of `rows` rows too many for the file, which has a group for
 * each? */
int vqe_h5guard_rows(hid_t file, const char *path, const char *name,
                     size_t rows);

/* Refuse to read all of `dataset` into `count` elements of `size` bytes where
 * the data set is much smaller: memory is bounded by what is stored. */
int vqe_h5guard_memory(hid_t dataset, const char *path, const char *name,
                       size_t count, size_t size);

#endif
