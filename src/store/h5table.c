#include "store/h5table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "store/array_types.h"
#include "store/h5error.h"
#include "vqe/experiment.h"

/* Data sets up to this size live in their object header, which is written
 * with it and checksummed. */
#define COMPACT_BYTES 8192
#define CHUNK_BYTES ((size_t)1 << 20)
#define MAX_FIELDS 64
/* Wider texts than this are no text of ours. */
#define MAX_TEXT ((size_t)1 << 28)
/* Column that tells a missing text from an empty one. */
#define NULLS "null_texts"

/* Where each field lies in a packed row. */
struct layout {
  size_t nfield;
  size_t offsets[MAX_FIELDS];
  size_t widths[MAX_FIELDS];
  size_t nulls; /* offset of the mask of missing texts */
  size_t row;   /* bytes */
  size_t block; /* rows that are packed at a time */
};

static size_t kind_width(const struct field *field)
{
  switch (field->kind) {
  case FIELD_INT:
  case FIELD_U32:
  case FIELD_STATUS:
    return 4;
  case FIELD_BOOL:
    return 1;
  case FIELD_CHARS:
    return field->size;
  case FIELD_TEXT:
    return 1;
  default:
    return 8;
  }
}

static int layout_finish(struct layout *layout, const struct table *table,
                         size_t count)
{
  size_t at = 0;
  for (size_t k = 0; k < layout->nfield; k++) {
    layout->offsets[k] = at;
    if (layout->widths[k] > MAX_TEXT) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "result table '%s', column '%s': texts of %zu "
                           "bytes are too long",
                           table->name, table->fields[k].name,
                           layout->widths[k]);
    }
    at += layout->widths[k];
  }
  layout->nulls = at;
  layout->row = at + sizeof(uint64_t);
  layout->block = layout->row < CHUNK_BYTES ? CHUNK_BYTES / layout->row : 1;
  if (layout->block > count) {
    layout->block = count;
  }
  return VQE_OK;
}

static void layout_start(struct layout *layout, const struct table *table)
{
  memset(layout, 0, sizeof *layout);
  for (const struct field *field = table->fields; field->name != NULL;
       field++) {
    layout->widths[layout->nfield] = kind_width(field);
    layout->nfield++;
  }
}

static const char *text_of(const void *object, const struct field *field)
{
  const char *text;
  memcpy(&text, (const char *)object + field->offset, sizeof text);
  return text;
}

static void pack_row(uint8_t *row, const struct layout *layout,
                     const struct table *table, const void *object)
{
  uint64_t nulls = 0;
  memset(row, 0, layout->row);
  for (size_t k = 0; k < layout->nfield; k++) {
    const struct field *field = &table->fields[k];
    const char *from = (const char *)object + field->offset;
    uint8_t *to = row + layout->offsets[k];
    if (field->kind == FIELD_TEXT) {
      const char *text = text_of(object, field);
      if (text == NULL) {
        nulls |= (uint64_t)1 << k;
      } else {
        memcpy(to, text, strlen(text));
      }
    } else if (field->kind == FIELD_CHARS) {
      memcpy(to, from, strnlen(from, field->size - 1));
    } else {
      memcpy(to, from, layout->widths[k]);
    }
  }
  memcpy(row + layout->nulls, &nulls, sizeof nulls);
}

static int unpack_row(void *object, const struct layout *layout,
                      const struct table *table, const uint8_t *row)
{
  uint64_t nulls;
  memcpy(&nulls, row + layout->nulls, sizeof nulls);
  for (size_t k = 0; k < layout->nfield; k++) {
    const struct field *field = &table->fields[k];
    char *to = (char *)object + field->offset;
    const uint8_t *from = row + layout->offsets[k];
    size_t length = strnlen((const char *)from, layout->widths[k]);
    if (field->kind == FIELD_TEXT) {
      char *text = NULL;
      if ((nulls >> k & 1) == 0) {
        int status =
            vqe_memory_alloc(&text, length + 1, 1, "a text of a result");
        if (status != VQE_OK) {
          return status;
        }
        memcpy(text, from, length);
      }
      memcpy(to, &text, sizeof text);
    } else if (field->kind == FIELD_CHARS) {
      length = length < field->size ? length : field->size - 1;
      memcpy(to, from, length);
      to[length] = '\0';
    } else if (field->kind == FIELD_BOOL) {
      bool value = *from != 0;
      memcpy(to, &value, sizeof value);
    } else {
      memcpy(to, from, layout->widths[k]);
    }
  }
  return VQE_OK;
}

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

static hid_t field_type(const struct field *field, size_t width)
{
  switch (field->kind) {
  case FIELD_INT:
    return H5Tcopy(H5T_NATIVE_INT32);
  case FIELD_I64:
    return H5Tcopy(H5T_NATIVE_INT64);
  case FIELD_U32:
    return H5Tcopy(H5T_NATIVE_UINT32);
  case FIELD_U64:
  case FIELD_SIZE:
    return H5Tcopy(H5T_NATIVE_UINT64);
  case FIELD_F64:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case FIELD_BOOL:
    return bool_type();
  case FIELD_STATUS:
    return status_type();
  default:
    return vqe_type_text(width);
  }
}

static hid_t row_type(const struct layout *layout, const struct table *table)
{
  hid_t type = H5Tcreate(H5T_COMPOUND, layout->row);
  for (size_t k = 0; type >= 0 && k < layout->nfield; k++) {
    hid_t member = field_type(&table->fields[k], layout->widths[k]);
    if (member < 0 || H5Tinsert(type, table->fields[k].name,
                                layout->offsets[k], member) < 0) {
      H5Tclose(type);
      type = H5I_INVALID_HID;
    }
    if (member >= 0) {
      H5Tclose(member);
    }
  }
  if (type >= 0 &&
      H5Tinsert(type, NULLS, layout->nulls, H5T_NATIVE_UINT64) < 0) {
    H5Tclose(type);
    type = H5I_INVALID_HID;
  }
  return type;
}

int vqe_attribute_text(hid_t object, const char *path, const char *name,
                       const char *text)
{
  int status = VQE_OK;
  size_t length = strlen(text);
  hid_t type = vqe_type_text(length > 0 ? length : 1);
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = H5I_INVALID_HID;
  if (type >= 0 && space >= 0) {
    attribute =
        H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  }
  if (attribute < 0 || H5Awrite(attribute, type, text) < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot write an attribute");
  }
  if (attribute >= 0) {
    H5Aclose(attribute);
  }
  if (space >= 0) {
    H5Sclose(space);
  }
  if (type >= 0) {
    H5Tclose(type);
  }
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

int vqe_dataset_create(hid_t *out, hid_t place, const char *path,
                       const char *name, hid_t type, int rank,
                       const hsize_t *dims, const char *units)
{
  int status = VQE_OK;
  hsize_t chunk[2] = {1, 1};
  hsize_t count = 1;
  size_t element = H5Tget_size(type);
  hid_t dataset = H5I_INVALID_HID;
  hid_t space = H5Screate_simple(rank, dims, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  herr_t set = space >= 0 && how >= 0 ? 0 : -1;
  for (int k = 0; k < rank; k++) {
    count *= dims[k];
  }
  if (set >= 0 && count * element <= COMPACT_BYTES) {
    set = H5Pset_layout(how, H5D_COMPACT);
  } else if (set >= 0) {
    chunk_shape(chunk, rank, dims, element);
    set = H5Pset_chunk(how, rank, chunk);
    if (set >= 0) {
      set = H5Pset_shuffle(how);
    }
    if (set >= 0) {
      set = H5Pset_deflate(how, 4);
    }
    if (set >= 0) {
      set = H5Pset_fletcher32(how);
    }
  }
  if (set >= 0) {
    set = H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  }
  if (set >= 0) {
    /* nobody asks when a data set was made; the run's times are in it */
    set = H5Pset_obj_track_times(how, false);
  }
  if (set >= 0) {
    dataset =
        H5Dcreate2(place, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  }
  if (dataset < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot make a data set");
  } else if (units != NULL) {
    status = vqe_attribute_text(dataset, path, "units", units);
  }
  if (status != VQE_OK && dataset >= 0) {
    H5Dclose(dataset);
  } else {
    *out = dataset;
  }
  if (how >= 0) {
    H5Pclose(how);
  }
  if (space >= 0) {
    H5Sclose(space);
  }
  return status;
}

/* {"column": "unit", ...}: names and units need no escapes. */
static int units_text(char **out, const struct table *table)
{
  size_t size = 0;
  FILE *stream = open_memstream(out, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a text");
  }
  const char *before = "{";
  for (const struct field *field = table->fields; field->name != NULL;
       field++) {
    if (field->unit != NULL) {
      fprintf(stream, "%s\"%s\": \"%s\"", before, field->name, field->unit);
      before = ", ";
    }
  }
  fprintf(stream, "%s}", before[0] == '{' ? "{" : "");
  if (fclose(stream) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a text");
  }
  return VQE_OK;
}

static int damaged(int status, const char *path, const struct table *table,
                   const char *what)
{
  char text[160];
  snprintf(text, sizeof text, "table '%s' %s", table->name, what);
  return vqe_h5error_set(status, path, text);
}

/* One block of rows between memory and the file. */
static int move_rows(bool write, hid_t dataset, const char *path,
                     const struct table *table, hid_t type, size_t first,
                     size_t count, uint8_t *rows)
{
  int status = VQE_OK;
  hsize_t start[1] = {first};
  hsize_t length[1] = {count};
  herr_t done = -1;
  hid_t there = H5Dget_space(dataset);
  hid_t here = H5Screate_simple(1, length, NULL);
  if (there >= 0 && here >= 0 &&
      H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL, length, NULL) >=
          0) {
    done = write ? H5Dwrite(dataset, type, here, there, H5P_DEFAULT, rows)
                 : H5Dread(dataset, type, here, there, H5P_DEFAULT, rows);
  }
  if (done < 0) {
    status = damaged(write ? VQE_ERR_IO : VQE_ERR_INPUT, path, table,
                     write ? "cannot be written" : "cannot be read");
  }
  if (here >= 0) {
    H5Sclose(here);
  }
  if (there >= 0) {
    H5Sclose(there);
  }
  return status;
}

int vqe_h5table_write(hid_t file, const char *path, const struct table *table,
                    const void *const *objects, size_t count)
{
  struct layout layout;
  uint8_t *rows = NULL;
  char *units = NULL;
  hid_t type = H5I_INVALID_HID;
  hid_t dataset = H5I_INVALID_HID;
  hsize_t dims[1] = {count};
  layout_start(&layout, table);
  for (size_t k = 0; k < layout.nfield; k++) {
    for (size_t row = 0; row < count; row++) {
      const char *text = NULL;
      if (table->fields[k].kind == FIELD_TEXT) {
        text = text_of(objects[row], &table->fields[k]);
      }
      if (text != NULL && strlen(text) > layout.widths[k]) {
        layout.widths[k] = strlen(text);
      }
    }
  }
  int status = layout_finish(&layout, table, count);
  if (status != VQE_OK) {
    goto out;
  }
  status = vqe_memory_alloc(&rows, layout.block, layout.row, "result rows");
  if (status != VQE_OK) {
    goto out;
  }
  status = units_text(&units, table);
  if (status != VQE_OK) {
    goto out;
  }
  type = row_type(&layout, table);
  if (type < 0) {
    status = vqe_h5error_set(VQE_ERR_IO, path, "cannot make a row type");
    goto out;
  }
  status = vqe_dataset_create(&dataset, file, path, table->name, type, 1, dims,
                              units);
  if (status != VQE_OK) {
    goto out;
  }
  for (size_t first = 0; first < count; first += layout.block) {
    size_t some = count - first;
    some = some < layout.block ? some : layout.block;
    for (size_t k = 0; k < some; k++) {
      pack_row(rows + k * layout.row, &layout, table, objects[first + k]);
    }
    status = move_rows(true, dataset, path, table, type, first, some, rows);
    if (status != VQE_OK) {
      goto out;
    }
  }
out:
  if (dataset >= 0) {
    H5Dclose(dataset);
  }
  if (type >= 0) {
    H5Tclose(type);
  }
  free(units);
  free(rows);
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
                    const struct table *table)
{
  int status = VQE_OK;
  hid_t dataset = H5Dopen2(file, table->name, H5P_DEFAULT);
  if (dataset < 0 || rows_of(count, dataset) < 0) {
    status = damaged(VQE_ERR_INPUT, path, table, "cannot be opened");
  }
  if (dataset >= 0) {
    H5Dclose(dataset);
  }
  return status;
}

/* Width of a text column as the file has it. */
static int text_width(size_t *width, hid_t type, const char *name)
{
  int index = H5Tget_member_index(type, name);
  if (index < 0) {
    return -1;
  }
  hid_t member = H5Tget_member_type(type, (unsigned)index);
  int found = -1;
  if (member >= 0 && H5Tget_class(member) == H5T_STRING &&
      H5Tis_variable_str(member) == 0) {
    *width = H5Tget_size(member);
    found = *width > 0 && *width <= MAX_TEXT ? 0 : -1;
  }
  if (member >= 0) {
    H5Tclose(member);
  }
  return found;
}

int vqe_h5table_read(hid_t file, const char *path, const struct table *table,
                   void *const *objects, size_t count)
{
  struct layout layout;
  uint8_t *rows = NULL;
  hid_t stored = H5I_INVALID_HID;
  hid_t type = H5I_INVALID_HID;
  size_t held = 0;
  int status;
  layout_start(&layout, table);
  hid_t dataset = H5Dopen2(file, table->name, H5P_DEFAULT);
  if (dataset < 0 || rows_of(&held, dataset) < 0 || held != count) {
    status = damaged(VQE_ERR_INPUT, path, table,
                     "cannot be opened, or its length changed");
    goto out;
  }
  stored = H5Dget_type(dataset);
  if (stored < 0 || H5Tget_class(stored) != H5T_COMPOUND ||
      H5Tget_member_index(stored, NULLS) < 0) {
    status = damaged(VQE_ERR_INPUT, path, table, "is no table of results");
    goto out;
  }
  for (size_t k = 0; k < layout.nfield; k++) {
    const struct field *field = &table->fields[k];
    bool missing = H5Tget_member_index(stored, field->name) < 0;
    if (!missing && field->kind == FIELD_TEXT) {
      missing = text_width(&layout.widths[k], stored, field->name) < 0;
    }
    if (missing) {
      char what[96];
      snprintf(what, sizeof what, "lacks the column '%s'", field->name);
      status = damaged(VQE_ERR_INPUT, path, table, what);
      goto out;
    }
  }
  status = layout_finish(&layout, table, count);
  if (status != VQE_OK) {
    goto out;
  }
  status = vqe_memory_alloc(&rows, layout.block, layout.row, "result rows");
  if (status != VQE_OK) {
    goto out;
  }
  type = row_type(&layout, table);
  if (type < 0) {
    status = damaged(VQE_ERR_INPUT, path, table, "cannot make a row type");
    goto out;
  }
  for (size_t first = 0; first < count; first += layout.block) {
    size_t some = count - first;
    some = some < layout.block ? some : layout.block;
    status = move_rows(false, dataset, path, table, type, first, some, rows);
    if (status != VQE_OK) {
      goto out;
    }
    for (size_t k = 0; k < some; k++) {
      status = unpack_row(objects[first + k], &layout, table,
                          rows + k * layout.row);
      if (status != VQE_OK) {
        goto out;
      }
    }
  }
out:
  if (type >= 0) {
    H5Tclose(type);
  }
  if (stored >= 0) {
    H5Tclose(stored);
  }
  if (dataset >= 0) {
    H5Dclose(dataset);
  }
  free(rows);
  return status;
}
