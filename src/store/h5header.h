/* Object headers of a result file, looked at before HDF5 parses them: its
 * decoders believe the lengths that stand in them (1.10.8 reads a fill value
 * of any size from behind the header).
 *
 * Every message must lie in its chunk, and be of a kind and of lengths that an
 * object of a result may have. Headers of versions 1 and 2; B-trees and heaps
 * are left to HDF5. */
#ifndef VQE_STORE_H5HEADER_H
#define VQE_STORE_H5HEADER_H

#include <hdf5.h>
#include <stdint.h>

/* The start of the file `path`: superblock and root group. What is no HDF5
 * file at all passes, for HDF5 to say so. VQE_ERR_INPUT. */
int vqe_h5header_root(const char *path);

/* The header at `address` of an open file; `name` is for the message. */
int vqe_h5header_object(hid_t object, uint64_t address, const char *path,
                        const char *name);

#endif
