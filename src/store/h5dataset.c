#include "store/h5dataset.h"

#include <string.h>

#include "base/memory.h"
#include "store/h5error.h"
#include "vqe/error.h"

/* Data sets up to this size live in their object header, which is written
 * with it and checksummed. */
#define COMPACT_BYTES 8192
#define CHUNK_BYTES ((size_t)1 << 20)
#define MOST_DIMENSIONS 2

void vqe_h5dataset_close(hid_t id)
{
  if (id >= 0) {
    H5Idec_ref(id);
  }
}

hid_t vqe_h5dataset_text(size_t width)
{
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && (H5Tset_size(type, width > 0 ? width : 1) < 0 ||
                    H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
                    H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

int vqe_h5dataset_attribute(hid_t object, const char *path, const char *name,
                            const char *text)
{
  int status = VQE_OK;
  size_t length = strlen(text);
  hid_t type = vqe_h5dataset_text(length > 0 ? length : 1);
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = H5I_INVALID_HID;
  if (type >= 0 && space >= 0) {
    attribute =
        H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  }
  if (attribute < 0 || H5Awrite(attribute, type, text) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write an attribute");
  }
  vqe_h5dataset_close(attribute);
  vqe_h5dataset_close(space);
  vqe_h5dataset_close(type);
  return status;
}

/* Whole rows in a chunk where they fit. */
static void chunk_shape(hsize_t *chunk, int rank, const hsize_t *dims,
                        size_t element)
{
  hsize_t left = CHUNK_BYTES / element;
  for (int k = rank - 1; k >= 0; k--) {
    chunk[k] = dims[k] < left ? dims[k] : left;
    if (chunk[k] == 0) {
      chunk[k] = 1;
    }
    left /= chunk[k];
  }
}

static herr_t set_chunks(hid_t how, int rank, const hsize_t *dims,
                         size_t element)
{
  hsize_t chunk[MOST_DIMENSIONS] = {1, 1};
  chunk_shape(chunk, rank, dims, element);
  return H5Pset_chunk(how, rank, chunk) >= 0 && H5Pset_shuffle(how) >= 0 &&
                 H5Pset_deflate(how, 4) >= 0 && H5Pset_fletcher32(how) >= 0
             ? 0
             : -1;
}

/* How a data set of this size is kept; nobody asks when it was made, and the
 * run's times are in it. */
static hid_t layout_of(int rank, const hsize_t *dims, size_t element)
{
  hsize_t count = 1;
  for (int k = 0; k < rank; k++) {
    count *= dims[k];
  }
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  herr_t set = -1;
  if (how >= 0 && count * element <= COMPACT_BYTES) {
    set = H5Pset_layout(how, H5D_COMPACT);
  } else if (how >= 0) {
    set = set_chunks(how, rank, dims, element);
  }
  if (set < 0 || H5Pset_fill_time(how, H5D_FILL_TIME_NEVER) < 0 ||
      H5Pset_obj_track_times(how, false) < 0) {
    vqe_h5dataset_close(how);
    how = H5I_INVALID_HID;
  }
  return how;
}

int vqe_h5dataset_create(hid_t *out, hid_t place, const char *path,
                         const char *name, hid_t type, int rank,
                         const hsize_t *dims, const char *units)
{
  int status = VQE_OK;
  hid_t dataset = H5I_INVALID_HID;
  hid_t space = H5Screate_simple(rank, dims, NULL);
  hid_t how = layout_of(rank, dims, H5Tget_size(type));
  if (space >= 0 && how >= 0) {
    dataset =
        H5Dcreate2(place, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  }
  if (dataset < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot make a data set");
  } else if (units != NULL) {
    status = vqe_h5dataset_attribute(dataset, path, "units", units);
  }
  if (status != VQE_OK) {
    vqe_h5dataset_close(dataset);
  } else {
    *out = dataset;
  }
  vqe_h5dataset_close(how);
  vqe_h5dataset_close(space);
  return status;
}

int vqe_h5dataset_copy_text(char **out, const char *text, size_t width)
{
  size_t length = strnlen(text, width);
  int status = vqe_memory_alloc(out, length + 1, 1, "a text");
  if (status == VQE_OK) {
    memcpy(*out, text, length);
  }
  return status;
}
