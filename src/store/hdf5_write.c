/* Writing a result file: aside, experiment by experiment, then the tables,
 * then the rename. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/aside.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "store/arrays.h"
#include "store/h5error.h"
#include "store/h5table.h"
#include "store/hdf5.h"
#include "store/hdf5_open.h"
#include "store/result_rows.h"

/* ---- tables: every result, a row each ---- */

static int write_table(hid_t file, const char *path,
                       const struct vqe_h5table *table, const void **objects,
                       size_t count, const void *(*row)(void *ctx, size_t k),
                       void *ctx)
{
  for (size_t k = 0; k < count; k++) {
    objects[k] = row(ctx, k);
  }
  return vqe_h5table_write(file, path, table, objects, count);
}

/* What the rows of the tables are made of. */
struct rows {
  struct vqe_result *const *results;
  struct vqe_h5table_molecule *molecules;
  struct vqe_summary_row *summaries;
};

static const void *result_row(void *ctx, size_t k)
{
  const struct rows *rows = ctx;
  return rows->results[k];
}

static const void *settings_row(void *ctx, size_t k)
{
  const struct rows *rows = ctx;
  return rows->results[k]->experiment;
}

static const void *molecule_row(void *ctx, size_t k)
{
  const struct rows *rows = ctx;
  vqe_rows_molecule(&rows->molecules[k],
                    rows->results[k]->experiment->molecule);
  return &rows->molecules[k];
}

static const void *summary_row(void *ctx, size_t k)
{
  const struct rows *rows = ctx;
  vqe_rows_summary(&rows->summaries[k], rows->results[k]);
  return &rows->summaries[k];
}

static int write_tables(hid_t file, const char *path,
                        struct vqe_result *const *results, size_t count)
{
  const struct {
    const struct vqe_h5table *table;
    const void *(*row)(void *ctx, size_t k);
  } tables[] = {{&vqe_h5table_summary, summary_row},
                {&vqe_h5table_results, result_row},
                {&vqe_h5table_settings, settings_row},
                {&vqe_h5table_molecules, molecule_row}};
  struct rows rows = {.results = results};
  const void **objects = NULL;
  int status =
      vqe_memory_alloc(&objects, count, sizeof(void *), "result rows");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rows.molecules, count, sizeof *rows.molecules,
                              "result rows");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rows.summaries, count, sizeof *rows.summaries,
                              "result rows");
  }
  for (size_t t = 0; status == VQE_OK && t < sizeof tables / sizeof tables[0];
       t++) {
    status = write_table(file, path, tables[t].table, objects, count,
                         tables[t].row, &rows);
  }
  free(rows.summaries);
  free(rows.molecules);
  free(objects);
  return status;
}

/* ---- the writer ---- */

struct vqe_hdf5_writer {
  char *path;
  struct vqe_aside aside;
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
  }
  vqe_aside_close(&writer->aside);
  free(writer->added);
  free(writer->path);
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
  int status = vqe_hdf5_create(&writer->file, writer->path, &writer->aside);
  if (status != VQE_OK) {
    return status;
  }
  writer->group = H5Gcreate2(writer->file, "experiments", H5P_DEFAULT,
                             H5P_DEFAULT, H5P_DEFAULT);
  return writer->group >= 0 ? VQE_OK
                            : vqe_h5error_set(VQE_ERR_IO, writer->path,
                                              "cannot make a group");
}

/* `open` makes the file by the name `name`. */
static int begin(struct vqe_hdf5_writer **out, const char *path,
                 int (*open)(struct vqe_aside *aside, const char *name),
                 const char *name)
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
  writer->aside = (struct vqe_aside)VQE_ASIDE_INIT;
  vqe_h5quiet_begin(&quiet);
  status = vqe_memory_strdup(&writer->path, path);
  if (status == VQE_OK) {
    status = open(&writer->aside, name);
    if (status != VQE_OK) {
      status = vqe_error_context(status, "result file '%s'", path);
    }
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

int vqe_hdf5_begin(struct vqe_hdf5_writer **out, const char *path,
                   const char *aside)
{
  return begin(out, path, vqe_aside_open_as, aside);
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
  VQE_ASSERT(index < writer->capacity);
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
  VQE_ASSERT(writer->group >= 0 && writer->file >= 0);
  /* closing reports no full disk, flushing does */
  if (H5Gclose(writer->group) < 0 ||
      H5Fflush(writer->file, H5F_SCOPE_GLOBAL) < 0) {
    writer->group = H5I_INVALID_HID;
    return vqe_h5error_set(VQE_ERR_IO, writer->path, "cannot be finished");
  }
  writer->group = H5I_INVALID_HID;
  herr_t closed = H5Fclose(writer->file);
  writer->file = H5I_INVALID_HID;
  return closed < 0
             ? vqe_h5error_set(VQE_ERR_IO, writer->path, "cannot be closed")
             : vqe_aside_publish(&writer->aside, writer->path);
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
  /* what is left of a run that was killed while it wrote */
  vqe_aside_sweep(path);
  int status = begin(&writer, path, vqe_aside_open, path);
  if (status == VQE_OK) {
    status = vqe_hdf5_finish(writer, results, count);
  }
  return status;
}
