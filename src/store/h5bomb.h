/* Chunks of a data set that are missing, or that inflate to more than a chunk:
 * HDF5 would take the memory for all that deflate gives before it looks. */
#ifndef VQE_STORE_H5BOMB_H
#define VQE_STORE_H5BOMB_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Deflate cannot give more bytes than this for one. */
#define VQE_H5BOMB_DEFLATE_RATIO 1032

/* A chunked data set of one or two dimensions that is not empty. */
struct vqe_h5bomb_chunks {
  int rank;
  hsize_t dims[2], chunk[2];
  size_t element; /* bytes */
  size_t bytes;   /* of a chunk */
  bool deflated;
  unsigned deflate_at; /* its number among the filters */
  bool checksum_last;  /* fletcher32 is the last filter */
};

/* What is wrong with the stored chunks, NULL: nothing. */
const char *vqe_h5bomb_flaw(hid_t dataset,
                            const struct vqe_h5bomb_chunks *chunks);

#endif
