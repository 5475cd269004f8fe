#include "store/hdf5.h"

#include <errno.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/arrays.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5table.h"
#include "store/result_rows.h"

#define FORMAT "vqe_batch result"
#define METADATA_BLOCK ((hsize_t)1 << 13)

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
  if (attribute >= 0) {
    H5Aclose(attribute);
  }
  H5Sclose(space);
  return status;
}

static int write_tables(hid_t file, const char *path,
                        struct vqe_result *const *results, size_t count)
{
  const void **objects = NULL;
  struct vqe_molecule_row *molecules = NULL;
  struct vqe_summary_row *summaries = NULL;
  int status =
      vqe_memory_alloc(&objects, count, sizeof *objects, "result rows");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&molecules, count, sizeof *molecules, "result rows");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&summaries, count, sizeof *summaries, "result rows");
  }
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    vqe_rows_summary(&summaries[k], results[k]);
    objects[k] = &summaries[k];
  }
  status = vqe_h5table_write(file, path, &vqe_h5table_summary, objects, count);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    objects[k] = results[k];
  }
  status = vqe_h5table_write(file, path, &vqe_h5table_results, objects, count);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    objects[k] = results[k]->experiment;
  }
  status =
      vqe_h5table_write(file, path, &vqe_h5table_settings, objects, count);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    vqe_rows_molecule(&molecules[k], results[k]->experiment->molecule);
    objects[k] = &molecules[k];
  }
  status =
      vqe_h5table_write(file, path, &vqe_h5table_molecules, objects, count);
out:
  free(summaries);
  free(molecules);
  free(objects);
  return status;
}

/* Locks are for several writers; this file is ours alone until the rename,
 * and not every cluster file system has them. */
static herr_t ignore_missing_locks(hid_t access)
{
#if H5_VERSION_GE(1, 10, 7)
  return H5Pset_file_locking(access, true, true);
#else
  return access >= 0 ? 0 : -1;
#endif
}

/* A new file in the format whose metadata HDF5 checksums. */
static hid_t create_file(const char *path)
{
  hid_t file = H5I_INVALID_HID;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access >= 0 && ignore_missing_locks(access) >= 0 &&
      H5Pset_meta_block_size(access, METADATA_BLOCK) >= 0 &&
      H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0) {
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  }
  if (access >= 0) {
    H5Pclose(access);
  }
  return file;
}

static hid_t open_file(const char *path)
{
  hid_t file = H5I_INVALID_HID;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access >= 0 && ignore_missing_locks(access) >= 0) {
    file = H5Fopen(path, H5F_ACC_RDONLY, access);
  }
  if (access >= 0) {
    H5Pclose(access);
  }
  return file;
}

/* ---- writing ---- */

struct vqe_hdf5_writer {
  char *path, *aside;
  hid_t file;
  hid_t group;                     /* of the experiments */
  size_t capacity;                 /* of `added` */
  const struct vqe_result **added; /* by index; NULL: not yet */
};

static void writer_free(struct vqe_hdf5_writer *writer)
{
  if (writer->group >= 0) {
    H5Gclose(writer->group);
  }
  if (writer->file >= 0) {
    H5Fclose(writer->file);
    unlink(writer->aside);
  }
  free(writer->added);
  free(writer->path);
  free(writer->aside);
  free(writer);
}

void vqe_hdf5_abandon(struct vqe_hdf5_writer *writer)
{
  struct vqe_h5quiet quiet;
  if (writer == NULL) {
    return;
  }
  vqe_h5quiet_begin(&quiet);
  writer_free(writer);
  vqe_h5quiet_end(&quiet);
}

static int open_writer(struct vqe_hdf5_writer *writer)
{
  writer->file = create_file(writer->aside);
  if (writer->file < 0) {
    return vqe_h5error_set(VQE_ERR_IO, writer->path, "cannot be written");
  }
  int status = write_root(writer->file, writer->path);
  if (status != VQE_OK) {
    return status;
  }
  writer->group = H5Gcreate2(writer->file, "experiments", H5P_DEFAULT,
                             H5P_DEFAULT, H5P_DEFAULT);
  return writer->group >= 0 ? VQE_OK
                            : vqe_h5error_set(VQE_ERR_IO, writer->path,
                                              "cannot make a group");
}

int vqe_hdf5_begin(struct vqe_hdf5_writer **out, const char *path,
                   const char *aside)
{
  struct vqe_h5quiet quiet;
  struct vqe_hdf5_writer *writer = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&writer, 1, sizeof *writer, "result file");
  if (status != VQE_OK) {
    return status;
  }
  writer->file = H5I_INVALID_HID;
  writer->group = H5I_INVALID_HID;
  vqe_h5quiet_begin(&quiet);
  status = vqe_memory_strdup(&writer->path, path);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&writer->aside, aside);
  }
  if (status == VQE_OK) {
    status = open_writer(writer);
  }
  if (status == VQE_OK) {
    *out = writer;
  } else {
    writer_free(writer);
  }
  vqe_h5quiet_end(&quiet);
  return status;
}

static int write_experiment(struct vqe_hdf5_writer *writer, size_t index,
                            const struct vqe_result *result)
{
  char name[32];
  snprintf(name, sizeof name, "%06zu", index);
  return vqe_arrays_write(writer->group, writer->path, name, result);
}

int vqe_hdf5_add(struct vqe_hdf5_writer *writer, size_t index,
                 const struct vqe_result *result)
{
  struct vqe_h5quiet quiet;
  int status = VQE_OK;
  if (index >= writer->capacity) {
    size_t capacity = 2 * index + 64;
    status = vqe_memory_grow(&writer->added, writer->capacity, capacity,
                             sizeof(struct vqe_result *), "result file");
    if (status != VQE_OK) {
      return status;
    }
    writer->capacity = capacity;
  }
  vqe_h5quiet_begin(&quiet);
  status = write_experiment(writer, index, result);
  vqe_h5quiet_end(&quiet);
  writer->added[index] = result;
  return status;
}

bool vqe_hdf5_fits(const struct vqe_hdf5_writer *writer,
                   struct vqe_result *const *results, size_t count)
{
  for (size_t k = 0; k < writer->capacity; k++) {
    if (writer->added[k] != NULL &&
        (k >= count || writer->added[k] != results[k])) {
      return false;
    }
  }
  return true;
}

static int write_rest(struct vqe_hdf5_writer *writer,
                      struct vqe_result *const *results, size_t count)
{
  int status = write_tables(writer->file, writer->path, results, count);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (k >= writer->capacity || writer->added[k] == NULL) {
      status = write_experiment(writer, k, results[k]);
    }
  }
  return status;
}

/* Close the file and give it its name. */
static int put_in_place(struct vqe_hdf5_writer *writer)
{
  /* closing reports no full disk, flushing does */
  if (H5Gclose(writer->group) < 0 ||
      H5Fflush(writer->file, H5F_SCOPE_GLOBAL) < 0) {
    writer->group = H5I_INVALID_HID;
    return vqe_h5error_set(VQE_ERR_IO, writer->path, "cannot be finished");
  }
  writer->group = H5I_INVALID_HID;
  herr_t closed = H5Fclose(writer->file);
  writer->file = H5I_INVALID_HID;
  int status = closed < 0 ? vqe_h5error_set(VQE_ERR_IO, writer->path,
                                            "cannot be closed")
                          : vqe_file_sync(writer->aside);
  if (status == VQE_OK && rename(writer->aside, writer->path) != 0) {
    status = vqe_error_set(VQE_ERR_IO,
                           "result file '%s' cannot be put in place: %s",
                           writer->path, strerror(errno));
  }
  if (status != VQE_OK) {
    unlink(writer->aside);
    return status;
  }
  vqe_file_sync_parent(writer->path);
  return VQE_OK;
}

int vqe_hdf5_finish(struct vqe_hdf5_writer *writer,
                    struct vqe_result *const *results, size_t count)
{
  struct vqe_h5quiet quiet;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (results[k] == NULL || results[k]->experiment == NULL) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "result file '%s': result %zu is missing",
                             writer->path, k);
    }
  }
  if (status == VQE_OK && !vqe_hdf5_fits(writer, results, count)) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "result file '%s': a result was added under "
                           "another number",
                           writer->path);
  }
  vqe_h5quiet_begin(&quiet);
  if (status == VQE_OK) {
    status = write_rest(writer, results, count);
  }
  if (status == VQE_OK) {
    status = put_in_place(writer);
  }
  writer_free(writer);
  vqe_h5quiet_end(&quiet);
  return status;
}

int vqe_hdf5_write(const char *path, struct vqe_result *const *results,
                   size_t count)
{
  struct vqe_hdf5_writer *writer = NULL;
  char *aside = NULL;
  if (asprintf(&aside, "%s.%ld.tmp", path, (long)getpid()) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  int status = vqe_hdf5_begin(&writer, path, aside);
  if (status == VQE_OK) {
    status = vqe_hdf5_finish(writer, results, count);
  }
  free(aside);
  return status;
}

/* ---- reading ---- */

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
                         "result file '%s' is not a regular file", path);
  }
  if (info.st_size == 0) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "result file '%s' is empty", path);
  }
  return VQE_OK;
}

static bool text_attribute_is(hid_t object, const char *name,
                              const char *expected)
{
  char text[64] = "";
  bool same = false;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
  if (type >= 0 && H5Tget_class(type) == H5T_STRING &&
      H5Tis_variable_str(type) == 0 && H5Tget_size(type) < sizeof text &&
      H5Aread(attribute, type, text) >= 0) {
    same = strcmp(text, expected) == 0;
  }
  if (type >= 0) {
    H5Tclose(type);
  }
  if (attribute >= 0) {
    H5Aclose(attribute);
  }
  return same;
}

static int open_result(hid_t *out, const char *path)
{
  int32_t version = 0;
  int status = look(path);
  if (status != VQE_OK) {
    return status;
  }
  if (access(path, R_OK) != 0) {
    return vqe_error_set(VQE_ERR_IO, "cannot read result file '%s': %s", path,
                         strerror(errno));
  }
  hid_t file = open_file(path);
  if (file < 0) {
    return vqe_h5error_set(VQE_ERR_INPUT, path,
                           "is damaged or no HDF5 file; move it away or name "
                           "another output");
  }
  hid_t attribute = H5I_INVALID_HID;
  if (text_attribute_is(file, "format", FORMAT)) {
    attribute = H5Aopen(file, "layout_version", H5P_DEFAULT);
  }
  if (attribute < 0 || H5Aread(attribute, H5T_NATIVE_INT32, &version) < 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' is an HDF5 file, but no result of vqe_batch; "
                           "move it away or name another output",
                           path);
  } else if (version < 1 || version > VQE_HDF5_LAYOUT_VERSION) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "result file '%s' has layout version %d, this "
                           "program knows up to %d; use a newer vqe_batch or "
                           "name another output",
                           path, (int)version, VQE_HDF5_LAYOUT_VERSION);
  }
  if (attribute >= 0) {
    H5Aclose(attribute);
  }
  if (status != VQE_OK) {
    H5Fclose(file);
    return status;
  }
  *out = file;
  return VQE_OK;
}

static int new_results(struct vqe_result **results, size_t count)
{
  for (size_t k = 0; k < count; k++) {
    int status =
        vqe_memory_alloc(&results[k], 1, sizeof *results[k], "a result");
    if (status == VQE_OK) {
      status = vqe_memory_alloc(&results[k]->experiment, 1,
                                sizeof *results[k]->experiment, "a result");
    }
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

static int read_tables(struct vqe_result **results,
                       struct vqe_molecule_row *molecules, size_t count,
                       hid_t file, const char *path)
{
  void **objects = NULL;
  int status =
      vqe_memory_alloc(&objects, count, sizeof *objects, "result rows");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < count; k++) {
    objects[k] = results[k];
  }
  status = vqe_h5table_read(file, path, &vqe_h5table_results, objects, count);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    objects[k] = results[k]->experiment;
  }
  status = vqe_h5table_read(file, path, &vqe_h5table_settings, objects, count);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t k = 0; k < count; k++) {
    objects[k] = &molecules[k];
  }
  status =
      vqe_h5table_read(file, path, &vqe_h5table_molecules, objects, count);
out:
  free(objects);
  return status;
}

/* A result file whose scalars are in memory. */
struct reading {
  const char *path;
  hid_t file;
  struct vqe_result **results;
  struct vqe_molecule_row *molecules;
  size_t count;
};

static int start_reading(struct reading *reading, const char *path)
{
  *reading = (struct reading){.path = path, .file = H5I_INVALID_HID};
  size_t count = 0;
  int status = open_result(&reading->file, path);
  if (status == VQE_OK) {
    status =
        vqe_h5table_count(&count, reading->file, path, &vqe_h5table_results);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&reading->results, count,
                              sizeof *reading->results, "results");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&reading->molecules, count,
                              sizeof *reading->molecules, "result rows");
  }
  if (status == VQE_OK) {
    reading->count = count;
    status = new_results(reading->results, count);
  }
  if (status == VQE_OK) {
    status = read_tables(reading->results, reading->molecules, count,
                         reading->file, path);
  }
  return status;
}

static int read_arrays(const struct reading *reading, size_t index)
{
  char name[48];
  snprintf(name, sizeof name, "experiments/%06zu", index);
  return vqe_arrays_read(reading->results[index], &reading->molecules[index],
                         reading->file, reading->path, name);
}

static void end_reading(struct reading *reading)
{
  for (size_t k = 0; k < reading->count; k++) {
    free(reading->molecules[k].name);
  }
  free(reading->molecules);
  vqe_hdf5_free(reading->results, reading->count);
  if (reading->file >= 0) {
    H5Fclose(reading->file);
  }
}

int vqe_hdf5_read(struct vqe_result ***out, size_t *count, const char *path)
{
  struct vqe_h5quiet quiet;
  struct reading reading;
  vqe_h5quiet_begin(&quiet);
  int status = start_reading(&reading, path);
  for (size_t k = 0; status == VQE_OK && k < reading.count; k++) {
    status = read_arrays(&reading, k);
  }
  if (status == VQE_OK) {
    *out = reading.results;
    *count = reading.count;
    reading.results = NULL;
  }
  end_reading(&reading);
  vqe_h5quiet_end(&quiet);
  return status;
}

int vqe_hdf5_visit(const char *path, vqe_hdf5_visitor visit, void *ctx)
{
  struct vqe_h5quiet quiet;
  struct reading reading;
  vqe_h5quiet_begin(&quiet);
  int status = start_reading(&reading, path);
  for (size_t k = 0; status == VQE_OK && k < reading.count; k++) {
    status = read_arrays(&reading, k);
    if (status == VQE_OK) {
      status = visit(ctx, k, reading.results[k]);
    }
    vqe_result_free(reading.results[k]);
    reading.results[k] = NULL;
  }
  end_reading(&reading);
  vqe_h5quiet_end(&quiet);
  return status;
}

void vqe_hdf5_free(struct vqe_result **results, size_t count)
{
  if (results == NULL) {
    return;
  }
  for (size_t k = 0; k < count; k++) {
    vqe_result_free(results[k]);
  }
  free(results);
}

static const struct vqe_member entry_list[] = {
    VQE_MEMBER_COLUMN("experiment_id", CHARS, struct vqe_hdf5_entry, id, NULL),
    VQE_MEMBER_COLUMN("status", STATUS, struct vqe_hdf5_entry, status, NULL)};
static const struct vqe_members entry_members = {
    .count = sizeof entry_list / sizeof entry_list[0], .list = entry_list};
static const struct vqe_h5table entry_table = {"summary", &entry_members};

int vqe_hdf5_list(struct vqe_hdf5_entry **out, size_t *count, const char *path)
{
  struct vqe_h5quiet quiet;
  struct vqe_hdf5_entry *entries = NULL;
  void **objects = NULL;
  hid_t file = H5I_INVALID_HID;
  size_t rows = 0;
  vqe_h5quiet_begin(&quiet);
  int status = open_result(&file, path);
  if (status == VQE_OK) {
    status = vqe_h5table_count(&rows, file, path, &entry_table);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&entries, rows, sizeof *entries, "a list");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&objects, rows, sizeof *objects, "a list");
  }
  for (size_t k = 0; status == VQE_OK && k < rows; k++) {
    objects[k] = &entries[k];
  }
  if (status == VQE_OK) {
    status = vqe_h5table_read(file, path, &entry_table, objects, rows);
  }
  if (status == VQE_OK) {
    *out = entries;
    *count = rows;
    entries = NULL;
  }
  free(objects);
  free(entries);
  if (file >= 0) {
    H5Fclose(file);
  }
  vqe_h5quiet_end(&quiet);
  return status;
}

int vqe_hdf5_check_writable(const char *path)
{
  struct vqe_h5quiet quiet;
  char *aside = NULL;
  hid_t file = H5I_INVALID_HID;
  if (path[0] == '\0' || path[strlen(path) - 1] == '/') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "result file '%s': name a file, not a folder", path);
  }
  vqe_h5quiet_begin(&quiet);
  int status = open_result(&file, path);
  if (file >= 0) {
    H5Fclose(file);
  }
  vqe_h5quiet_end(&quiet);
  if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
    return status;
  }
  /* only trying tells on network and read-only file systems */
  if (asprintf(&aside, "%s.XXXXXX", path) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  int descriptor = mkstemp(aside);
  if (descriptor < 0) {
    status = vqe_error_set(VQE_ERR_IO,
                           "result file '%s' cannot be written: %s; make its "
                           "folder, or name another with --output",
                           path, strerror(errno));
  } else {
    close(descriptor);
    unlink(aside);
    status = VQE_OK;
  }
  free(aside);
  return status;
}
