/* Reading a result file, whole or experiment by experiment. */
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/arrays.h"
#include "store/h5error.h"
#include "store/h5table.h"
#include "store/hdf5.h"
#include "store/hdf5_open.h"
#include "store/result_rows.h"

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
                       struct vqe_h5table_molecule *molecules, size_t count,
                       hid_t file, const char *path)
{
  void **objects = NULL;
  int status =
      vqe_memory_alloc(&objects, count, sizeof *objects, "result rows");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    objects[k] = results[k];
  }
  if (status == VQE_OK) {
    status =
        vqe_h5table_read(file, path, &vqe_h5table_results, objects, count);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    objects[k] = results[k]->experiment;
  }
  if (status == VQE_OK) {
    status =
        vqe_h5table_read(file, path, &vqe_h5table_settings, objects, count);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    objects[k] = &molecules[k];
  }
  if (status == VQE_OK) {
    status =
        vqe_h5table_read(file, path, &vqe_h5table_molecules, objects, count);
  }
  free(objects);
  return status;
}

/* A result file whose scalars are in memory. */
struct reading {
  const char *path;
  hid_t file;
  struct vqe_result **results;
  struct vqe_h5table_molecule *molecules;
  size_t count;
};

static int start_reading(struct reading *reading, const char *path)
{
  *reading = (struct reading){.path = path, .file = H5I_INVALID_HID};
  size_t count = 0;
  size_t shown = 0;
  int status = vqe_hdf5_open(&reading->file, path);
  /* not read here, but a file that is wrong anywhere is not to be trusted */
  if (status == VQE_OK) {
    status =
        vqe_h5table_count(&shown, reading->file, path, &vqe_h5table_summary);
  }
  if (status == VQE_OK) {
    status =
        vqe_h5table_count(&count, reading->file, path, &vqe_h5table_results);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&reading->results, count,
                              sizeof(struct vqe_result *), "results");
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

/* Read all of a file: with `visit` one experiment at a time, without it into
 * *out, which takes all of them. */
static int read_file(struct vqe_result ***out, size_t *count, const char *path,
                     vqe_hdf5_visitor visit, void *ctx)
{
  struct vqe_h5quiet quiet;
  struct reading reading;
  vqe_h5quiet_begin(&quiet);
  int status = start_reading(&reading, path);
  for (size_t k = 0; status == VQE_OK && k < reading.count; k++) {
    status = read_arrays(&reading, k);
    if (status == VQE_OK && visit != NULL) {
      status = visit(ctx, k, reading.results[k]);
    }
    if (visit != NULL) {
      vqe_result_free(reading.results[k]);
      reading.results[k] = NULL;
    }
  }
  if (status == VQE_OK && out != NULL && count != NULL) {
    *out = reading.results;
    *count = reading.count;
    reading.results = NULL;
  }
  end_reading(&reading);
  vqe_h5quiet_end(&quiet);
  return status;
}

int vqe_hdf5_read(struct vqe_result ***out, size_t *count, const char *path)
{
  return read_file(out, count, path, NULL, NULL);
}

int vqe_hdf5_visit(const char *path, vqe_hdf5_visitor visit, void *ctx)
{
  return read_file(NULL, NULL, path, visit, ctx);
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
  int status = vqe_hdf5_open(&file, path);
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

/* clang-format off */
#define ROW(column, kind, member)                                             \
  VQE_MEMBER_COLUMN(column, kind, struct vqe_hdf5_row, member, NULL)
static const struct vqe_member row_summary_list[] = {
    ROW("experiment_id", CHARS, id),
    ROW("name", TEXT, name),
    ROW("status", STATUS, status),
    ROW("reason", TEXT, reason),
    ROW("basis", TEXT, basis_set),
    ROW("n_qubits", INT, num_qubits),
    ROW("ansatz", TEXT, ansatz_name),
    ROW("optimizer", TEXT, optimizer),
    ROW("init", TEXT, init_strategy),
    ROW("seed", I64, seed),
    ROW("n_evaluations", COUNT, neval),
    ROW("converged", BOOL, converged),
    ROW("energy", F64, energy),
    ROW("energy_fci", F64, fci_energy),
    ROW("error_mha", F64, error_mha),
    ROW("seconds", F64, seconds_total),
};
static const struct vqe_member row_results_list[] = {
    ROW("mpi_rank", INT, mpi_rank),
    ROW("mpi_ranks", INT, mpi_ranks),
    ROW("started_at", CHARS, started_at),
    ROW("finished_at", CHARS, finished_at),
};
#undef ROW
/* clang-format on */

/* Both tables into the same rows. */
static int read_rows(struct vqe_hdf5_row *rows, size_t count, hid_t file,
                     const char *path)
{
  static const struct vqe_members members[] = {
      {.count = sizeof row_summary_list / sizeof row_summary_list[0],
       .list = row_summary_list},
      {.count = sizeof row_results_list / sizeof row_results_list[0],
       .list = row_results_list}};
  static const struct vqe_h5table tables[] = {{"summary", &members[0]},
                                              {"results", &members[1]}};
  void **objects = NULL;
  int status = vqe_memory_alloc(&objects, count, sizeof *objects, "a list");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    objects[k] = &rows[k];
  }
  for (size_t t = 0; status == VQE_OK && t < 2; t++) {
    size_t there = 0;
    status = vqe_h5table_count(&there, file, path, &tables[t]);
    if (status == VQE_OK && there != count) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "result file '%s' is damaged: its tables differ "
                             "in length",
                             path);
    }
    if (status == VQE_OK) {
      status = vqe_h5table_read(file, path, &tables[t], objects, count);
    }
  }
  free(objects);
  return status;
}

int vqe_hdf5_rows(struct vqe_hdf5_row **out, size_t *count, const char *path)
{
  struct vqe_h5quiet quiet;
  struct vqe_hdf5_row *rows = NULL;
  hid_t file = H5I_INVALID_HID;
  size_t number = 0;
  *out = NULL;
  *count = 0;
  vqe_h5quiet_begin(&quiet);
  int status = vqe_hdf5_open(&file, path);
  if (status == VQE_OK) {
    status = vqe_h5table_count(&number, file, path, &entry_table);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rows, number, sizeof *rows, "a list");
  }
  if (status == VQE_OK) {
    status = read_rows(rows, number, file, path);
  }
  if (status == VQE_OK) {
    *out = rows;
    *count = number;
  } else {
    vqe_hdf5_rows_free(rows, rows != NULL ? number : 0);
  }
  if (file >= 0) {
    H5Fclose(file);
  }
  vqe_h5quiet_end(&quiet);
  return status;
}

void vqe_hdf5_rows_free(struct vqe_hdf5_row *rows, size_t count)
{
  for (size_t k = 0; k < count; k++) {
    free(rows[k].name);
    free(rows[k].reason);
    free(rows[k].basis_set);
    free(rows[k].ansatz_name);
    free(rows[k].optimizer);
    free(rows[k].init_strategy);
  }
  free(rows);
}

int vqe_hdf5_check_writable(const char *path)
{
  struct vqe_h5quiet quiet;
  struct stat info;
  hid_t file = H5I_INVALID_HID;
  if (path[0] == '\0' || path[strlen(path) - 1] == '/') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "result file '%s': name a file, not a folder", path);
  }
  if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink > 1) {
    /* it is replaced, and its other names would keep what it was */
    return vqe_error_set(
        VQE_ERR_INPUT,
        "result file '%s' has %lu names (hard links), of which one would get "
        "the results and the others keep the old file; remove the others "
        "(find . -samefile FILE), use symbolic links, or name another output",
        path, (unsigned long)info.st_nlink);
  }
  vqe_h5quiet_begin(&quiet);
  int status = vqe_hdf5_open(&file, path);
  if (file >= 0) {
    H5Fclose(file);
  }
  vqe_h5quiet_end(&quiet);
  if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
    return status;
  }
  /* network and read-only file systems show it by an attempt alone */
  struct vqe_aside probe;
  errno = 0;
  status = vqe_aside_open(&probe, path);
  if (status == VQE_ERR_IO) {
    int code = errno;
    status = vqe_error_set(VQE_ERR_IO,
                           "result file '%s' cannot be written: %s; %s, or "
                           "choose it by --output",
                           path, strerror(code), vqe_file_remedy(code));
  }
  vqe_aside_close(&probe);
  return status;
}
