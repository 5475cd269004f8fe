/* Making and opening result files: format, version, access. HDF5 is kept
 * quiet by the caller. */
#ifndef VQE_STORE_HDF5_OPEN_H
#define VQE_STORE_HDF5_OPEN_H

#include <hdf5.h>

#include "base/aside.h"

/* Make the empty file `aside`, which is open, an HDF5 file without anything in
 * it; messages name `path`, which it will become. */
int vqe_hdf5_new(hid_t *out, const char *path, const struct vqe_aside *aside);

/* Make the empty file `aside`, which is open, one with the attributes of the
 * root; messages name `path`, which it will become. */
int vqe_hdf5_create(hid_t *out, const char *path,
                    const struct vqe_aside *aside);

/* Open a result of ours for reading. VQE_ERR_NOT_FOUND when there is none,
 * VQE_ERR_INPUT for another file or a newer layout. */
int vqe_hdf5_open(hid_t *out, const char *path);

#endif
