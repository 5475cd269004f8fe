#include "store/h5table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5guard.h"
#include "vqe/experiment.h"

#define BLOCK_BYTES ((size_t)1 << 20)
#define MOST_COLUMNS 128
/* Texts stand in columns of the mask's bits. */
#define MOST_TEXT_COLUMNS 64
/* Wider texts than this are no text of ours. */
#define MAX_TEXT ((size_t)1 << 28)
/* Column that parts a missing text from an empty one. */
#define NULLS "null_texts"

/* ---- rows in memory ---- */

struct column {
  const struct vqe_member *member;
  size_t offset; /* in a packed row */
  size_t width;  /* 0: the file lacks it */
  unsigned bit;  /* of the mask of missing texts */
};

struct layout {
  size_t ncolumn;
  struct column columns[MOST_COLUMNS];
  size_t nulls; /* offset of the mask of missing texts */
  size_t row;   /* bytes */
  size_t block; /* rows that are packed at a time */
};

static size_t kind_width(const struct vqe_member *member)
{
  switch (member->kind) {
  case VQE_MEMBER_INT:
  case VQE_MEMBER_QUBITS:
  case VQE_MEMBER_NPARAM:
  case VQE_MEMBER_U32:
  case VQE_MEMBER_STATUS:
    return 4;
  case VQE_MEMBER_BOOL:
  case VQE_MEMBER_TEXT:
    return 1;
  case VQE_MEMBER_CHARS:
    return member->size;
  default:
    return 8;
  }
}

/* The columns with their least widths. */
static int layout_start(struct layout *layout, const struct vqe_h5table *table)
{
  const struct vqe_members *members = table->members;
  memset(layout, 0, sizeof *layout);
  for (size_t k = 0; k < members->count; k++) {
    const struct vqe_member *member = &members->list[k];
    if (member->column == NULL) {
      continue;
    }
    if (layout->ncolumn == MOST_COLUMNS ||
        (member->kind == VQE_MEMBER_TEXT &&
         layout->ncolumn >= MOST_TEXT_COLUMNS)) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "result table '%s' has too many columns",
                           table->name);
    }
    layout->columns[layout->ncolumn] =
        (struct column){.member = member,
                        .width = kind_width(member),
                        .bit = (unsigned)layout->ncolumn};
    layout->ncolumn++;
  }
  return VQE_OK;
}

static int layout_finish(struct layout *layout,
                         const struct vqe_h5table *table, size_t count)
{
  size_t at = 0;
  for (size_t k = 0; k < layout->ncolumn; k++) {
    struct column *column = &layout->columns[k];
    column->offset = at;
    if (column->width > MAX_TEXT) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "result table '%s', column '%s': texts of %zu "
                           "bytes are too long",
                           table->name, column->member->column, column->width);
    }
    at += column->width;
  }
  layout->nulls = at;
  layout->row = at + sizeof(uint64_t);
  layout->block = layout->row < BLOCK_BYTES ? BLOCK_BYTES / layout->row : 1;
  if (layout->block > count) {
    layout->block = count;
  }
  return VQE_OK;
}

static const char *text_of(const void *object, const struct vqe_member *member)
{
  const char *text;
  memcpy(&text, (const char *)object + member->offset, sizeof text);
  return text;
}

static void widen_texts(struct layout *layout, const void *const *objects,
                        size_t count)
{
  for (size_t k = 0; k < layout->ncolumn; k++) {
    struct column *column = &layout->columns[k];
    for (size_t row = 0;
         column->member->kind == VQE_MEMBER_TEXT && row < count; row++) {
      const char *text = text_of(objects[row], column->member);
      if (text != NULL && strlen(text) > column->width) {
        column->width = strlen(text);
      }
    }
  }
}

static void pack_row(uint8_t *row, const struct layout *layout,
                     const void *object)
{
  uint64_t nulls = 0;
  VQE_ASSERT(layout->nulls + sizeof nulls <= layout->row);
  memset(row, 0, layout->row);
  for (size_t k = 0; k < layout->ncolumn; k++) {
    const struct column *column = &layout->columns[k];
    VQE_ASSERT(column->offset + column->width <= layout->row);
    const struct vqe_member *member = column->member;
    const char *from = (const char *)object + member->offset;
    uint8_t *to = row + column->offset;
    if (member->kind == VQE_MEMBER_TEXT) {
      const char *text = text_of(object, member);
      if (text == NULL) {
        nulls |= (uint64_t)1 << column->bit;
      } else {
        memcpy(to, text, strnlen(text, column->width));
      }
    } else if (member->kind == VQE_MEMBER_CHARS) {
      memcpy(to, from, strnlen(from, member->size - 1));
    } else {
      memcpy(to, from, column->width);
    }
  }
  memcpy(row + layout->nulls, &nulls, sizeof nulls);
}

static int unpack_row(void *object, const struct layout *layout,
                      const uint8_t *row)
{
  uint64_t nulls;
  int status = VQE_OK;
  VQE_ASSERT(layout->nulls + sizeof nulls <= layout->row);
  memcpy(&nulls, row + layout->nulls, sizeof nulls);
  for (size_t k = 0; status == VQE_OK && k < layout->ncolumn; k++) {
    const struct column *column = &layout->columns[k];
    VQE_ASSERT(column->offset + column->width <= layout->row);
    const struct vqe_member *member = column->member;
    char *to = (char *)object + member->offset;
    const uint8_t *from = row + column->offset;
    size_t length = strnlen((const char *)from, column->width);
    char *text = NULL;
    if (column->width == 0) {
      vqe_member_set_absent(member, object);
    } else if (member->kind == VQE_MEMBER_TEXT) {
      if ((nulls >> column->bit & 1) == 0) {
        status = vqe_h5dataset_copy_text(&text, (const char *)from, length);
        memcpy(to, &text, sizeof text);
      }
    } else if (member->kind == VQE_MEMBER_CHARS) {
      length = length < member->size ? length : member->size - 1;
      memcpy(to, from, length);
      to[length] = '\0';
    } else if (member->kind == VQE_MEMBER_BOOL) {
      bool value = *from != 0;
      memcpy(to, &value, sizeof value);
    } else {
      memcpy(to, from, column->width);
    }
  }
  return status;
}

/* ---- rows in the file ---- */

/* What h5py knows as a boolean. */
static hid_t bool_type(void)
{
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t values[2] = {0, 1};
  if (type >= 0 && (H5Tenum_insert(type, "FALSE", &values[0]) < 0 ||
                    H5Tenum_insert(type, "TRUE", &values[1]) < 0)) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

static hid_t status_type(void)
{
  hid_t type = H5Tenum_create(H5T_NATIVE_INT32);
  const int32_t values[3] = {VQE_EXPERIMENT_OK, VQE_EXPERIMENT_FAILED,
                             VQE_EXPERIMENT_SKIPPED};
  if (type >= 0 && (H5Tenum_insert(type, "ok", &values[0]) < 0 ||
                    H5Tenum_insert(type, "failed", &values[1]) < 0 ||
                    H5Tenum_insert(type, "skipped", &values[2]) < 0)) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

static hid_t column_type(const struct column *column)
{
  switch (column->member->kind) {
  case VQE_MEMBER_INT:
  case VQE_MEMBER_QUBITS:
  case VQE_MEMBER_NPARAM:
    return H5Tcopy(H5T_NATIVE_INT32);
  case VQE_MEMBER_I64:
    return H5Tcopy(H5T_NATIVE_INT64);
  case VQE_MEMBER_U32:
    return H5Tcopy(H5T_NATIVE_UINT32);
  case VQE_MEMBER_U64:
  case VQE_MEMBER_COUNT:
    return H5Tcopy(H5T_NATIVE_UINT64);
  case VQE_MEMBER_F64:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case VQE_MEMBER_BOOL:
    return bool_type();
  case VQE_MEMBER_STATUS:
    return status_type();
  case VQE_MEMBER_TEXT:
  case VQE_MEMBER_CHARS:
    return vqe_h5dataset_text(column->width);
  default:
    return H5I_INVALID_HID; /* arrays are no columns */
  }
}

static hid_t row_type(const struct layout *layout)
{
  hid_t type = H5Tcreate(H5T_COMPOUND, layout->row);
  herr_t done = type >= 0 ? 0 : -1;
  for (size_t k = 0; done >= 0 && k < layout->ncolumn; k++) {
    const struct column *column = &layout->columns[k];
    if (column->width == 0) {
      continue; /* not in this file */
    }
    hid_t member = column_type(column);
    done = member >= 0 ? H5Tinsert(type, column->member->column,
                                   column->offset, member)
                       : -1;
    vqe_h5dataset_close(member);
  }
  if (done >= 0) {
    done = H5Tinsert(type, NULLS, layout->nulls, H5T_NATIVE_UINT64);
  }
  if (done < 0) {
    vqe_h5dataset_close(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

/* Names and units need no escapes. */
int vqe_h5table_units(char **out, const struct vqe_members *members)
{
  size_t size = 0;
  FILE *stream = open_memstream(out, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a text");
  }
  const char *before = "{";
  for (size_t k = 0; k < members->count; k++) {
    const struct vqe_member *member = &members->list[k];
    if (member->column != NULL && member->unit != NULL) {
      fprintf(stream, "%s\"%s\": \"%s\"", before, member->column,
              member->unit);
      before = ", ";
    }
  }
  fprintf(stream, "%s}", before[0] == '{' ? "{" : "");
  if (fclose(stream) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a text");
  }
  return VQE_OK;
}

static int damaged(int status, const char *path,
                   const struct vqe_h5table *table, const char *what)
{
  char text[160];
  snprintf(text, sizeof text, "table '%s' %s", table->name, what);
  return vqe_h5error_set(status, path, text);
}

/* A table that is being written or read, a block of rows at a time. */
struct transfer {
  const struct vqe_h5table *table;
  const char *path;
  bool write;
  struct layout layout;
  hid_t dataset;
  hid_t type; /* of the rows in memory */
  uint8_t *rows;
};

static void end_transfer(struct transfer *transfer)
{
  vqe_h5dataset_close(transfer->type);
  vqe_h5dataset_close(transfer->dataset);
  free(transfer->rows);
}

/* Rows first, ..., first + count - 1 between memory and the file. */
static int move_rows(const struct transfer *transfer, size_t first,
                     size_t count)
{
  int status = VQE_OK;
  hsize_t start[1] = {first};
  hsize_t length[1] = {count};
  herr_t done = -1;
  hid_t there = H5Dget_space(transfer->dataset);
  hid_t here = H5Screate_simple(1, length, NULL);
  if (there >= 0 && here >= 0 &&
      H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL, length, NULL) >=
          0) {
    done = transfer->write ? H5Dwrite(transfer->dataset, transfer->type, here,
                                      there, H5P_DEFAULT, transfer->rows)
                           : H5Dread(transfer->dataset, transfer->type, here,
                                     there, H5P_DEFAULT, transfer->rows);
  }
  if (done < 0) {
    status = damaged(transfer->write ? VQE_ERR_IO : VQE_ERR_INPUT,
                     transfer->path, transfer->table,
                     transfer->write ? "cannot be written" : "cannot be read");
  }
  vqe_h5dataset_close(here);
  vqe_h5dataset_close(there);
  return status;
}

static int write_rows(const struct transfer *transfer,
                      const void *const *objects, size_t count)
{
  const struct layout *layout = &transfer->layout;
  int status = VQE_OK;
  for (size_t first = 0; status == VQE_OK && first < count;
       first += layout->block) {
    size_t left = count - first;
    size_t some = left < layout->block ? left : layout->block;
    for (size_t k = 0; k < some; k++) {
      pack_row(transfer->rows + k * layout->row, layout, objects[first + k]);
    }
    status = move_rows(transfer, first, some);
  }
  return status;
}

static int read_rows(const struct transfer *transfer, void *const *objects,
                     size_t count)
{
  const struct layout *layout = &transfer->layout;
  int status = VQE_OK;
  for (size_t first = 0; status == VQE_OK && first < count;
       first += layout->block) {
    size_t left = count - first;
    size_t some = left < layout->block ? left : layout->block;
    status = move_rows(transfer, first, some);
    for (size_t k = 0; status == VQE_OK && k < some; k++) {
      status = unpack_row(objects[first + k], layout,
                          transfer->rows + k * layout->row);
    }
  }
  return status;
}

/* Memory and type of the rows, whose widths are known. */
static int make_rows(struct transfer *transfer, size_t count)
{
  struct layout *layout = &transfer->layout;
  int status = layout_finish(layout, transfer->table, count);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&transfer->rows, layout->block, layout->row,
                              "result rows");
  }
  if (status == VQE_OK) {
    transfer->type = row_type(layout);
  }
  return status;
}

int vqe_h5table_write(hid_t file, const char *path,
                      const struct vqe_h5table *table,
                      const void *const *objects, size_t count)
{
  struct transfer transfer = {.table = table,
                              .path = path,
                              .write = true,
                              .dataset = H5I_INVALID_HID,
                              .type = H5I_INVALID_HID};
  char *units = NULL;
  hsize_t dims[1] = {count};
  int status = layout_start(&transfer.layout, table);
  if (status == VQE_OK) {
    widen_texts(&transfer.layout, objects, count);
    status = make_rows(&transfer, count);
  }
  if (status == VQE_OK) {
    status = vqe_h5table_units(&units, table->members);
  }
  if (status == VQE_OK && transfer.type < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot make a row type");
  }
  if (status == VQE_OK) {
    status = vqe_h5dataset_create(&transfer.dataset, file, path, table->name,
                                  transfer.type, 1, dims, units);
  }
  if (status == VQE_OK) {
    status = write_rows(&transfer, objects, count);
  }
  end_transfer(&transfer);
  free(units);
  return status;
}

static int rows_of(size_t *count, hid_t dataset)
{
  hsize_t dims[1] = {0};
  hid_t space = H5Dget_space(dataset);
  if (space < 0) {
    return -1;
  }
  int rank = H5Sget_simple_extent_ndims(space);
  if (rank == 1) {
    rank = H5Sget_simple_extent_dims(space, dims, NULL);
  } else {
    rank = -1;
  }
  H5Sclose(space);
  *count = (size_t)dims[0];
  return rank;
}

int vqe_h5table_count(size_t *count, hid_t file, const char *path,
                      const struct vqe_h5table *table)
{
  hid_t dataset;
  int status = vqe_h5guard_dataset(&dataset, file, path, table->name);
  if (status == VQE_OK && rows_of(count, dataset) < 0) {
    status = damaged(VQE_ERR_INPUT, path, table, "cannot be opened");
  }
  if (status == VQE_OK) {
    status = vqe_h5guard_rows(file, path, table->name, *count);
  }
  vqe_h5dataset_close(dataset);
  return status;
}

/* Width of a text column as the file has it. */
static int text_width(size_t *width, hid_t type, const char *name)
{
  int found = -1;
  int index = H5Tget_member_index(type, name);
  hid_t member =
      index >= 0 ? H5Tget_member_type(type, (unsigned)index) : H5I_INVALID_HID;
  if (member >= 0 && H5Tget_class(member) == H5T_STRING &&
      H5Tis_variable_str(member) == 0) {
    *width = H5Tget_size(member);
    found = *width > 0 && *width <= MAX_TEXT ? 0 : -1;
  }
  vqe_h5dataset_close(member);
  return found;
}

/* Widths and places of the columns as the file has them; one that came later
 * may be missing. */
static int fit_layout(struct transfer *transfer, hid_t stored)
{
  struct layout *layout = &transfer->layout;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < layout->ncolumn; k++) {
    struct column *column = &layout->columns[k];
    const struct vqe_member *member = column->member;
    int index = H5Tget_member_index(stored, member->column);
    bool text = member->kind == VQE_MEMBER_TEXT;
    bool missing =
        index < 0 || index >= (text ? MOST_TEXT_COLUMNS : MOST_COLUMNS);
    if (missing && member->since > 1) {
      column->width = 0;
      continue;
    }
    column->bit = missing ? 0 : (unsigned)index;
    if (!missing && text) {
      missing = text_width(&column->width, stored, member->column) < 0;
    }
    if (missing) {
      char what[96];
      snprintf(what, sizeof what, "lacks the column '%s'", member->column);
      status = damaged(VQE_ERR_INPUT, transfer->path, transfer->table, what);
    }
  }
  return status;
}

/* The data set, which must be a table of `count` rows. */
static int open_rows(struct transfer *transfer, hid_t file, size_t count)
{
  const struct vqe_h5table *table = transfer->table;
  size_t held = 0;
  int status = vqe_h5guard_dataset(&transfer->dataset, file, transfer->path,
                                   table->name);
  if (status == VQE_OK &&
      (rows_of(&held, transfer->dataset) < 0 || held != count)) {
    status = damaged(VQE_ERR_INPUT, transfer->path, table,
                     "cannot be opened, or its length changed");
  }
  if (status != VQE_OK) {
    return status;
  }
  hid_t stored = H5Dget_type(transfer->dataset);
  if (stored < 0 || H5Tget_class(stored) != H5T_COMPOUND ||
      H5Tget_member_index(stored, NULLS) < 0) {
    status = damaged(VQE_ERR_INPUT, transfer->path, table,
                     "is no table of results");
  } else {
    status = fit_layout(transfer, stored);
  }
  vqe_h5dataset_close(stored);
  return status;
}

int vqe_h5table_read(hid_t file, const char *path,
                     const struct vqe_h5table *table, void *const *objects,
                     size_t count)
{
  struct transfer transfer = {.table = table,
                              .path = path,
                              .dataset = H5I_INVALID_HID,
                              .type = H5I_INVALID_HID};
  int status = layout_start(&transfer.layout, table);
  if (status == VQE_OK) {
    status = open_rows(&transfer, file, count);
  }
  if (status == VQE_OK) {
    status = make_rows(&transfer, count);
  }
  if (status == VQE_OK && transfer.type < 0) {
    status = damaged(VQE_ERR_INPUT, path, table, "cannot make a row type");
  }
  if (status == VQE_OK) {
    status = read_rows(&transfer, objects, count);
  }
  end_transfer(&transfer);
  return status;
}
