#include "store/hdf5_open.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5guard.h"
#include "store/h5header.h"
#include "store/hdf5.h"

#define FORMAT "vqe_batch result"
#define METADATA_BLOCK ((hsize_t)1 << 13)

/* Locks are for several writers. What is written here is ours alone until the
 * rename, what is read was renamed whole, and not every cluster file system
 * has locks. */
static herr_t leave_out_locks(hid_t access)
{
#if H5_VERSION_GE(1, 10, 7)
  return H5Pset_file_locking(access, false, true);
#else
  (void)setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
  return access >= 0 ? 0 : -1;
#endif
}

/* ---- making ---- */

/* Attributes of the root that say what the file is. */
static int write_root(hid_t file, const char *path)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  const int32_t version = VQE_HDF5_LAYOUT_VERSION;
  vqe_clock_rfc3339(now);
  int status = vqe_h5dataset_attribute(file, path, "format", FORMAT);
  if (status == VQE_OK) {
    status = vqe_h5dataset_attribute(file, path, "created_by",
                                     "vqe_batch " VQE_VERSION);
  }
  if (status == VQE_OK) {
    status = vqe_h5dataset_attribute(file, path, "written_at", now);
  }
  if (status != VQE_OK) {
    return status;
  }
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = H5Acreate2(file, "layout_version", H5T_STD_I32LE, space,
                               H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_INT32, &version) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write the version");
  }
  vqe_h5dataset_close(attribute);
  vqe_h5dataset_close(space);
  return status;
}

/* A new file in the format whose metadata HDF5 checksums. HDF5 opens by name:
 * by that of the open file, which leads nowhere else, where /proc is there.
 * Closing the properties would clear HDF5's errors: they are read before. */
int vqe_hdf5_new(hid_t *out, const char *path, const struct vqe_aside *aside)
{
  char name[64];
  int status = VQE_OK;
  snprintf(name, sizeof name, "/proc/self/fd/%d", aside->descriptor);
  bool by_descriptor = access(name, W_OK) == 0;
  hid_t how = H5Pcreate(H5P_FILE_ACCESS);
  *out = H5I_INVALID_HID;
  if (how >= 0 && leave_out_locks(how) >= 0 &&
      H5Pset_meta_block_size(how, METADATA_BLOCK) >= 0 &&
      H5Pset_libver_bounds(how, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0) {
    *out = H5Fcreate(by_descriptor ? name : aside->name, H5F_ACC_TRUNC,
                     H5P_DEFAULT, how);
  }
  if (*out < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot be written");
  }
  vqe_h5dataset_close(how);
  return status;
}

int vqe_hdf5_create(hid_t *out, const char *path,
                    const struct vqe_aside *aside)
{
  int status = vqe_hdf5_new(out, path, aside);
  return status == VQE_OK ? write_root(*out, path) : status;
}

/* ---- opening ---- */

/* Why a file could not be opened, by what HDF5 has on its stack. */
static int cannot_open(const char *path)
{
  if (vqe_h5error_is_open_elsewhere()) {
    return vqe_h5error_set(VQE_ERR_IO, path,
                           "is open in another program, or that program died "
                           "while it wrote; close it there, or copy the file "
                           "and run h5clear -s on it");
  }
  if (vqe_h5error_is_system()) {
    return vqe_h5error_set(VQE_ERR_IO, path, "cannot be read");
  }
  return vqe_h5error_set(VQE_ERR_INPUT, path,
                         "is damaged or no HDF5 file; move it away or name "
                         "another output");
}

static int open_file(hid_t *out, const char *path)
{
  int status = VQE_OK;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  *out = H5I_INVALID_HID;
  if (access >= 0 && leave_out_locks(access) >= 0) {
    *out = H5Fopen(path, H5F_ACC_RDONLY, access);
  }
  if (*out < 0) {
    status = cannot_open(path);
  }
  vqe_h5dataset_close(access);
  return status;
}

/* VQE_ERR_NOT_FOUND when there is nothing, or an empty file as mktemp
 * leaves it. */
static int look(const char *path)
{
  struct stat info;
  if (stat(path, &info) != 0) {
    int code =
        errno == ENOENT || errno == ENOTDIR ? VQE_ERR_NOT_FOUND : VQE_ERR_IO;
    return vqe_error_set(code, "result file '%s': %s", path, strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "result file '%s' is not a regular file; name "
                         "another",
                         path);
  }
  if (info.st_size == 0) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "result file '%s' is empty", path);
  }
  return VQE_OK;
}

static bool text_is(hid_t attribute, const char *expected)
{
  char text[64] = "";
  bool same = false;
  hid_t type = H5Aget_type(attribute);
  if (type >= 0 && H5Tget_class(type) == H5T_STRING &&
      H5Tget_size(type) < sizeof text && H5Aread(attribute, type, text) >= 0) {
    same = strcmp(text, expected) == 0;
  }
  vqe_h5dataset_close(type);
  return same;
}

/* A number; false for anything else. */
static bool read_number(int32_t *out, hid_t attribute)
{
  hid_t type = H5Aget_type(attribute);
  bool read = type >= 0 && H5Tget_class(type) == H5T_INTEGER &&
              H5Aread(attribute, H5T_NATIVE_INT32, out) >= 0;
  vqe_h5dataset_close(type);
  return read;
}

/* Is the file a result, and of a layout that this program knows? */
static int check_root(hid_t file, const char *path)
{
  int32_t version = 0;
  hid_t format = H5I_INVALID_HID;
  hid_t layout = H5I_INVALID_HID;
  int status = vqe_h5guard_file(file, path);
  if (status == VQE_OK) {
    status = vqe_h5guard_attribute(&format, file, path, "format");
  }
  if (status == VQE_OK) {
    status = vqe_h5guard_attribute(&layout, file, path, "layout_version");
  }
  if (status == VQE_OK && (format < 0 || !text_is(format, FORMAT) ||
                           layout < 0 || !read_number(&version, layout))) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' is an HDF5 file, but no result of vqe_batch; "
                           "move it away or name another output",
                           path);
  }
  if (status == VQE_OK && (version < 1 || version > VQE_HDF5_LAYOUT_VERSION)) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "result file '%s' has layout version %d, this "
                           "program knows up to %d; use a newer vqe_batch or "
                           "name another output",
                           path, (int)version, VQE_HDF5_LAYOUT_VERSION);
  }
  vqe_h5dataset_close(layout);
  vqe_h5dataset_close(format);
  return status;
}

int vqe_hdf5_open(hid_t *out, const char *path)
{
  int status = look(path);
  if (status != VQE_OK) {
    return status;
  }
  if (access(path, R_OK) != 0) {
    return vqe_error_set(VQE_ERR_IO, "cannot read result file '%s': %s", path,
                         strerror(errno));
  }
  hid_t file;
  status = vqe_h5header_root(path);
  if (status == VQE_OK) {
    status = open_file(&file, path);
  }
  if (status == VQE_OK) {
    status = check_root(file, path);
    if (status != VQE_OK) {
      H5Fclose(file);
      return status;
    }
    *out = file;
  }
  return status;
}
